"""How many at once, how many a second, and what a 429 does: seen from the service."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from bulk_runs import edits, every_bulk
from edit_server import CUT, Answer, Asked, EditServer

from autoenhance import OrderEdit, errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulk_runs import Bulk


@every_bulk
@pytest.mark.parametrize("concurrency", [1, 7])
def test_the_concurrency_is_reached_and_never_exceeded(bulk: Bulk, concurrency: int) -> None:
    """Retries included: an edit that waits for another attempt keeps its place. No more connections than that are made."""

    def answer(asked: Asked) -> Answer:
        fails = asked.order_id == "order-3" and asked.times == 1
        return Answer(503, {"retry-after": "0.01"}) if fails else Answer(after=0.02)

    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(20), concurrency=concurrency, rate=1000)
    assert all(result.ok for result in outcome.results)
    assert server.most_at_once == concurrency
    if concurrency == 1:
        assert server.ids()[2:6] == ["order-2", "order-3", "order-3", "order-4"]
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
        outcome = bulk(server.options, edits(60), rate=80)  # 100 requests
    assert all(result.ok for result in outcome.results)
    assert len(server.asked) == 100
    # To the request it is held in test_pace; here a busy machine may hold some of them up.
    assert fullest_second(server.asked) <= 95
    # It is not only kept, but reached.
    assert 1.1 < time.monotonic() - start < 3.5


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


@pytest.mark.thorough
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
def test_a_429_costs_an_edit_no_retry(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 503 is retried as often as max_retries says, and no more; a 429 always, even if the edit gives another id."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.01)
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    statuses = {"order-0": [429, 503, 429, 503, 503, 503], "order-7": [429, 429, 429, 200]}
    with EditServer(lambda asked: Answer(statuses[asked.order_id][asked.times - 1])) as server:
        outcome = bulk(server.options, [*edits(1), OrderEdit("order-7", new_order_id="other")])
    failed, moved = outcome.of("order-0"), outcome.of("order-7")
    assert (type(failed.error), failed.attempts) == (errors.InternalServerError, 5)
    assert (moved.ok, moved.attempts) == (True, 4)
    assert len(server.asked) == 9
