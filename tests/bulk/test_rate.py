"""How many at once, how many a second, and what a 429 does: seen from the service, and by the clock."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from callers import edits
from edit_server import CUT, EditServer, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from autoenhance import OrderEdit, errors
from autoenhance._bulk.rate_limiter import MOST_PAUSES, TICK, RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from callers import Bulk


@pytest.mark.parametrize("concurrency", [1, 7])
def test_the_concurrency_is_reached_and_never_exceeded(bulk: Bulk, concurrency: int) -> None:
    """Retries included: an edit that waits for another attempt keeps its place. No more connections than that are made."""

    def respond(request: Request) -> Response:
        fails = request.order_id == "order-3" and request.times == 1
        return Response(503, {"retry-after": "0.01"}) if fails else Response(after=0.02)

    with EditServer(respond) as server:
        outcome = bulk(server.options, edits(20), concurrency=concurrency, rate=1000)
    assert all(result.ok for result in outcome.results)
    assert server.most_at_once == concurrency
    if concurrency == 1:
        assert server.ids()[2:6] == ["order-2", "order-3", "order-3", "order-4"]
    assert server.connections <= concurrency


def fullest_second(requests: list[Request]) -> int:
    """The most requests that came within a second, wherever it begins."""
    times = [one.at for one in requests]
    return max(sum(first <= at < first + 1 for at in times[start:]) for start, first in enumerate(times))


def test_the_rate_is_a_ceiling_over_all_workers_and_retries_count(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many work at once, and however often they try."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)

    def respond(request: Request) -> Response | None:
        number = int(request.order_id.removeprefix("order-"))
        if request.times == 1 and number % 3 == 0:
            return Response(503)
        return CUT if request.times == 1 and number % 3 == 1 else Response()

    start = time.monotonic()
    with EditServer(respond) as server:
        outcome = bulk(server.options, edits(60), rate=80)  # 100 requests
    assert all(result.ok for result in outcome.results)
    assert len(server.requests) == 100
    # To the request it is held by the clock, below; here a busy machine may hold some of them up.
    assert fullest_second(server.requests) <= 95
    # It is not only kept, but reached.
    assert 1.1 < time.monotonic() - start < 3.5


def refusing(
    order_id: str, headers: dict[str, str], *, after: float = 0.0, times: int = 1
) -> Callable[[Request], Response]:
    """Refuse an order with 429 a few times, and take everything else."""

    def respond(request: Request) -> Response:
        if request.order_id == order_id and request.times <= times:
            return Response(429, headers)
        return Response(after=after)

    return respond


@pytest.mark.parametrize("headers", [{"retry-after": "0.3"}, {}])
def test_a_429_pauses_all_workers(bulk: Bulk, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For as long as the service asks, or a while of our own; then all go on, and no edit has failed."""
    monkeypatch.setattr("autoenhance._bulk.scheduler.random.random", lambda: 0.2)
    with EditServer(refusing("order-10", headers, after=0.02)) as server:
        outcome = bulk(server.options, edits(24), concurrency=4, rate=200)
    assert all(result.ok for result in outcome.results)
    assert {result.attempts for result in outcome.results} == {1, 2}
    assert outcome.of("order-10").attempts == 2
    pauses = [later.at - earlier.at for earlier, later in pairwise(server.requests)]
    assert 0.25 < max(pauses) < 0.7
    assert sorted(pauses)[-2] < 0.2
    # Those in flight when it came, and no more, are before the pause.
    before = pauses.index(max(pauses)) + 1
    assert server.ids().index("order-10") < before <= server.ids().index("order-10") + 4


def test_an_edit_that_has_a_turn_already_waits_for_the_end_of_the_pause(bulk: Bulk) -> None:
    """A turn that was taken before the 429 came is not used within the pause."""
    with EditServer(refusing("order-0", {"retry-after": "0.3"})) as server:
        outcome = bulk(server.options, edits(2), rate=8)
    assert all(result.ok for result in outcome.results)
    assert [request.at - server.requests[0].at >= 0.3 for request in server.requests] == [False, True, True]


@pytest.mark.slow
def test_pauses_cost_an_edit_neither_its_time_nor_its_retries(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, longer than the timeout, with no retry allowed: it is the run that waits."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.01)
    with EditServer(refusing("order-1", {"retry-after": "0.3"}, times=3)) as server:
        outcome = bulk({**server.options, "timeout": 0.6, "max_retries": 0}, edits(10), concurrency=3)
    assert outcome.error is None
    assert [result.error for result in outcome.results] == [None] * 10
    assert outcome.of("order-1").attempts == 4
    assert outcome.of("order-1").seconds >= 0.9


def test_a_429_costs_an_edit_no_retry(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 503 is retried as often as max_retries says, and no more; a 429 always, even if the edit gives another id."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.01)
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    statuses = {"order-0": [429, 503, 429, 503, 503, 503], "order-7": [429, 429, 429, 200]}
    with EditServer(lambda request: Response(statuses[request.order_id][request.times - 1])) as server:
        outcome = bulk(server.options, [*edits(1), OrderEdit("order-7", new_order_id="other")])
    failed, moved = outcome.of("order-0"), outcome.of("order-7")
    assert (type(failed.error), failed.attempts) == (errors.InternalServerError, 5)
    assert (moved.ok, moved.attempts) == (True, 4)
    assert len(server.requests) == 9


# --- By the clock ---

NOW = 1000.0


def refused(
    pace: RateLimiter, *, sent: float = NOW, now: float = NOW, retry_after: float | None = None, chance: float = 1.0
) -> float | None:
    return pace.pause(sent=sent, now=now, retry_after=retry_after, chance=chance)


def test_who_was_late_catches_up_a_little_and_no_more() -> None:
    """After a minute without requests there is no burst of a minute's requests."""
    pace = RateLimiter(250)
    pace.reserve(NOW)
    turns = [pace.reserve(NOW + 60) for _ in range(50)]
    assert sum(slot <= NOW + 60 for slot in turns) == 11  # what 40 ms hold, and the one that is due


@given(
    st.sampled_from([3.0, 50.0, 250.0]),
    st.lists(st.floats(0, 0.3), min_size=1, max_size=300),
    st.lists(st.integers(0, 40), max_size=300),
)
def test_over_any_second_the_rate_holds(rate: float, gaps: list[float], bursts: list[int]) -> None:
    """However unevenly turns are asked for: no second has more than the rate and what may be caught up."""
    pace, now, used = RateLimiter(rate), NOW, []
    for number, gap in enumerate(gaps):
        now += gap
        burst = bursts[number] if number < len(bursts) else 1
        # Whoever is told a time that has passed goes at once; the others go when it comes.
        used += [max(now, pace.reserve(now)) for _ in range(burst)]
    used.sort()
    for start, first in enumerate(used):
        within = sum(first <= at < first + 1 for at in used[start:])
        assert within <= rate * (1 + 2 * TICK) + 1


def test_a_429_pauses_every_worker() -> None:
    """No turn comes before the pause is over, and one that was taken earlier does not hold."""
    pace = RateLimiter(100)
    taken = [pace.reserve(NOW) for _ in range(10)]
    assert refused(pace, retry_after=2.0) == 2.0
    assert not any(pace.is_valid(slot) for slot in taken)
    later = [pace.reserve(NOW) for _ in range(3)]
    assert later == pytest.approx([NOW + 2, NOW + 2.01, NOW + 2.02])
    assert all(pace.is_valid(slot) for slot in later)


def test_without_retry_after_the_pause_grows_and_is_never_nothing() -> None:
    """From half a second to eight, of which chance takes up to a half, so that several runs do not go on together."""
    for chance, share in ((0.0, 0.5), (1.0, 1.0)):
        pace, now = RateLimiter(100), NOW
        for longest in (0.5, 1, 2, 4, 8, 8, 8, 8):
            pause = refused(pace, sent=now, now=now, chance=chance)
            assert pause == pytest.approx(longest * share)
            now += pause or 0.0
        # Nothing but 429 for so long is no matter of rate: there is no use in another pause.
        assert refused(pace, sent=now, now=now, chance=chance) is None


@pytest.mark.parametrize(
    ("retry_after", "chance", "pause"),
    [(42.0, 1, 42.0), (0.0, 1, 0.5), (0.0, 0, 0.25), (3599.0, 1, 3599.0), (3600.0, 1, None), (1e300, 1, None)],
)
def test_retry_after_may_ask_for_more_than_the_growing_pause_but_not_for_less(
    retry_after: float, chance: float, pause: float | None
) -> None:
    """Services round what is left of a second down to 0: going on at once would use up the patience in a moment.

    A wait of hours is not begun: whoever is to come back tomorrow wants to know it today.
    """
    assert refused(RateLimiter(100), retry_after=retry_after, chance=chance) == pause


def test_requests_in_flight_when_the_pause_begins_do_not_prolong_it() -> None:
    """Thirty-two workers that are refused at the same time are one pause, unless the service asks to wait longer."""
    pace = RateLimiter(100)
    assert refused(pace) == 0.5
    assert refused(pace, sent=NOW - 1, now=NOW + 0.1) == pytest.approx(0.4)
    assert refused(pace, sent=NOW + 0.2, now=NOW + 0.3) == pytest.approx(0.2)
    assert refused(pace, sent=NOW - 1, now=NOW + 9) == 0.0, "a response that comes after the pause"
    # The next one after the pause is a pause of its own, and twice as long.
    assert refused(pace, sent=NOW + 10, now=NOW + 10) == 1.0
    assert refused(pace, sent=NOW - 1, now=NOW + 10, retry_after=3.0) == 3.0
    assert refused(pace, sent=NOW - 1, now=NOW + 10, retry_after=2.0) == 3.0


def test_a_response_in_between_begins_the_count_anew() -> None:
    """A service that serves has patience with us, and we with it."""
    pace, now = RateLimiter(100), NOW
    for _ in range(10 * MOST_PAUSES):
        pause = refused(pace, sent=now, now=now)
        assert pause == 0.5
        pace.note_response()
        now += pause
