"""How many at once, how many a second, and what a 429 does: seen from the service."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from bulk_runs import edits, every_bulk
from edit_server import CUT, Answer, Asked, EditServer

from autoenhance import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulk_runs import Bulk


@every_bulk
@pytest.mark.parametrize("concurrency", [1, 7])
def test_the_concurrency_is_reached_and_never_exceeded(bulk: Bulk, concurrency: int) -> None:
    """Retries included: whoever waits for another attempt keeps its place."""

    def answer(asked: Asked) -> Answer:
        fails = asked.order_id == "order-3" and asked.times == 1
        return Answer(503, {"retry-after": "0.01"}) if fails else Answer(after=0.05)

    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(20), concurrency=concurrency, rate=1000)
    assert all(result.ok for result in outcome.results)
    assert server.most_at_once == concurrency
    assert server.connections <= concurrency


def fullest_second(asked: list[Asked]) -> int:
    """The most requests that came within a second, wherever it begins."""
    times = [one.at for one in asked]
    return max(sum(first <= at < first + 1 for at in times[start:]) for start, first in enumerate(times))


@every_bulk
def test_the_rate_is_a_ceiling_over_all_workers_and_retries_count(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many work at once, and however often they try."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)

    def answer(asked: Asked) -> Answer | None:
        number = int(asked.order_id.removeprefix("order-"))
        if asked.times == 1 and number % 3 == 0:
            return Answer(503)
        return CUT if asked.times == 1 and number % 3 == 1 else Answer()

    start = time.monotonic()
    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(60), rate=80)
    assert all(result.ok for result in outcome.results)
    assert len(server.asked) == 100
    # To the request it is held in test_pace; here a busy machine may hold some of them up.
    assert fullest_second(server.asked) <= 95
    # It is not only kept, but reached.
    assert 1.1 < time.monotonic() - start < 3.5


@every_bulk
def test_a_run_has_no_more_connections_than_it_needs(bulk: Bulk) -> None:
    """One edit at a time needs one."""
    with EditServer() as server:
        bulk(server.options, edits(30), concurrency=1, rate=1000)
    assert server.connections == 1


def refusing(
    order_id: str, headers: dict[str, str], *, after: float = 0.0, times: int = 1
) -> Callable[[Asked], Answer]:
    """Refuse an order with 429 a few times, and take everything else."""

    def answer(asked: Asked) -> Answer:
        if asked.order_id == order_id and asked.times <= times:
            return Answer(429, headers)
        return Answer(after=after)

    return answer


@every_bulk
@pytest.mark.parametrize("headers", [{"retry-after": "0.3"}, {}])
def test_a_429_pauses_all_workers(bulk: Bulk, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as the service asks, or a while of our own; then all go on, and no edit has failed."""
    monkeypatch.setattr("autoenhance._bulk.scheduler.random.random", lambda: 0.2)
    with EditServer(refusing("order-10", headers, after=0.02)) as server:
        outcome = bulk(server.options, edits(24), concurrency=4, rate=200)
    assert all(result.ok for result in outcome.results)
    assert {result.attempts for result in outcome.results} == {1, 2}
    assert outcome.of("order-10").attempts == 2
    pauses = [later.at - earlier.at for earlier, later in pairwise(server.asked)]
    assert 0.25 < max(pauses) < 0.7
    assert sorted(pauses)[-2] < 0.2
    # Those that were on their way when it came, and no more, are before the pause.
    before = pauses.index(max(pauses)) + 1
    assert server.ids().index("order-10") < before <= server.ids().index("order-10") + 4


@every_bulk
def test_whoever_has_a_turn_already_waits_for_the_end_of_the_pause(bulk: Bulk) -> None:
    """A turn that was taken before the 429 came is not used within the pause."""
    with EditServer(refusing("order-0", {"retry-after": "0.4"})) as server:
        outcome = bulk(server.options, edits(2), rate=5)
    assert all(result.ok for result in outcome.results)
    assert [asked.at - server.asked[0].at >= 0.4 for asked in server.asked] == [False, True, True]


@pytest.mark.slow
@every_bulk
def test_pauses_cost_an_edit_neither_its_time_nor_its_retries(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, longer than the timeout, with no retry allowed: it is the run that waits."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.01)
    with EditServer(refusing("order-1", {"retry-after": "0.3"}, times=3)) as server:
        outcome = bulk({**server.options, "timeout": 0.6, "max_retries": 0}, edits(10), concurrency=3)
    assert outcome.error is None
    assert [result.error for result in outcome.results] == [None] * 10
    assert outcome.of("order-1").attempts == 4
    assert outcome.of("order-1").seconds >= 0.9


@every_bulk
def test_a_refused_edit_has_its_retries_still(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a 429 a 503 is tried again as often as max_retries says, and no more."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.01)
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    statuses = [429, 503, 429, 503, 503, 503]
    with EditServer(lambda asked: Answer(statuses[asked.times - 1])) as server:
        outcome = bulk(server.options, edits(1))
    assert type(outcome.results[0].error) is errors.InternalServerError
    assert outcome.results[0].attempts == 5
    assert len(server.asked) == 5


@every_bulk
def test_an_edit_that_gives_another_id_is_sent_again_after_a_429(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It proves that nothing was done."""
    from autoenhance import OrderEdit

    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.01)
    with EditServer(refusing("order-7", {})) as server:
        outcome = bulk(server.options, [OrderEdit("order-7", new_order_id="other")])
    assert (outcome.results[0].ok, outcome.results[0].attempts) == (True, 2)


@every_bulk
@pytest.mark.parametrize("headers", [{}, {"retry-after": "0"}])
def test_nothing_but_429_stops_the_run(bulk: Bulk, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """After eight pauses, each longer than the last: the rest is untouched, and the error says why."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.0005)
    with EditServer(lambda _: Answer(429, headers)) as server:
        outcome = bulk(server.options, edits(50), concurrency=3)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert str(error).startswith(
        "The run stopped, because no further edit can succeed. The service refused to edit order"
    )
    assert (error.status_code, type(error.__cause__)) == (429, errors.RateLimitError)
    assert {type(result.error) for result in outcome.results} == {errors.RateLimitError}
    assert len(server.asked) >= 9
    # Those that were on their way, tried again and again; of the others the service saw nothing.
    assert set(server.ids()) == {"order-0", "order-1", "order-2"} == {r.edit.order_id for r in outcome.results}
    assert not {edit.order_id for edit in outcome.unsent} & set(server.ids())


@every_bulk
def test_a_service_that_serves_now_and_then_has_the_runs_patience(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many 429 there are in all: answers between them begin the count anew."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.002)
    count = 0

    def answer(_: Asked) -> Answer:
        nonlocal count
        count += 1
        return Answer() if count % 4 == 0 else Answer(429)

    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(12), concurrency=1)
    assert outcome.error is None
    assert [result.attempts for result in outcome.results] == [4] * 12


@every_bulk
def test_a_wait_of_hours_stops_the_run_at_once(bulk: Bulk) -> None:
    """A quota for the day is used up: nobody sleeps until tomorrow."""
    start = time.monotonic()
    with EditServer(
        lambda asked: Answer(429 if asked.order_id == "order-5" else 200, {"retry-after": "7200"})
    ) as server:
        outcome = bulk(server.options, edits(100), concurrency=2)
    assert time.monotonic() - start < 2
    assert type(outcome.error) is errors.BulkStoppedError
    assert "It asks to wait 7200 s" in str(outcome.error)
    assert outcome.of("order-5").attempts == 1
    assert len(server.asked) < 40


@pytest.mark.slow
@every_bulk
def test_after_a_pause_there_is_no_burst(bulk: Bulk) -> None:
    """What was not sent meanwhile is not made up for."""
    with EditServer(refusing("order-3", {"retry-after": "0.4"})) as server:
        bulk(server.options, edits(40), rate=100, concurrency=20)
    resumed = [asked.at for asked in server.asked if asked.at > server.asked[0].at + 0.36]
    assert sum(at < resumed[0] + 0.1 for at in resumed) <= 16
