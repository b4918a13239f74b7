"""Concurrency, rate limit, and pauses after a 429: measured at a server, and computed."""

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
from autoenhance._bulk.rate_limiter import MAX_PAUSES, TICK, RateLimiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from callers import Bulk


@pytest.mark.parametrize("concurrency", [1, 7])
def test_the_concurrency_is_reached_and_never_exceeded(bulk: Bulk, concurrency: int) -> None:
    """An edit that waits for a retry counts. There are no more connections than that."""

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
    """The most requests within any second."""
    times = [one.at for one in requests]
    return max(sum(first <= at < first + 1 for at in times[start:]) for start, first in enumerate(times))


def test_the_rate_limits_all_requests(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all workers, retries included."""
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
    # A busy machine may delay some; the exact limit is tested below.
    assert fullest_second(server.requests) <= 95
    # The rate is reached, too.
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
    """For as long as Retry-After says, or a default time; no edit fails."""
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


def test_a_slot_that_was_reserved_before_a_pause_is_not_used_within_it(bulk: Bulk) -> None:
    with EditServer(refusing("order-0", {"retry-after": "0.3"})) as server:
        outcome = bulk(server.options, edits(2), rate=8)
    assert all(result.ok for result in outcome.results)
    assert [request.at - server.requests[0].at >= 0.3 for request in server.requests] == [False, True, True]


@pytest.mark.slow
def test_pauses_count_neither_towards_the_timeout_nor_as_retries(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of them, together longer than the timeout, with no retry allowed."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.INITIAL_BACKOFF", 0.01)
    with EditServer(refusing("order-1", {"retry-after": "0.3"}, times=3)) as server:
        outcome = bulk({**server.options, "timeout": 0.6, "max_retries": 0}, edits(10), concurrency=3)
    assert outcome.error is None
    assert [result.error for result in outcome.results] == [None] * 10
    assert outcome.of("order-1").attempts == 4
    assert outcome.of("order-1").seconds >= 0.9


def test_a_429_does_not_count_as_a_retry(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always retried, even if the edit gives a new id; a 503 as often as max_retries says."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.INITIAL_BACKOFF", 0.01)
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    statuses = {"order-0": [429, 503, 429, 503, 503, 503], "order-7": [429, 429, 429, 200]}
    with EditServer(lambda request: Response(statuses[request.order_id][request.times - 1])) as server:
        outcome = bulk(server.options, [*edits(1), OrderEdit("order-7", new_order_id="other")])
    failed, moved = outcome.of("order-0"), outcome.of("order-7")
    assert (type(failed.error), failed.attempts) == (errors.InternalServerError, 5)
    assert (moved.ok, moved.attempts) == (True, 4)
    assert len(server.requests) == 9


# --- Computed ---

NOW = 1000.0


def pause_of(
    limiter: RateLimiter, *, sent: float = NOW, now: float = NOW, retry_after: float | None = None, chance: float = 1.0
) -> float | None:
    return limiter.pause(sent=sent, now=now, retry_after=retry_after, chance=chance)


@given(
    st.sampled_from([3.0, 50.0, 250.0]),
    st.lists(st.floats(0, 0.3), min_size=1, max_size=300),
    st.lists(st.integers(0, 40), max_size=300),
)
def test_no_second_exceeds_the_rate(rate: float, gaps: list[float], bursts: list[int]) -> None:
    """However unevenly slots are reserved: a late request may catch up 40 ms, no more."""
    limiter, now, used = RateLimiter(rate), NOW, []
    for number, gap in enumerate(gaps):
        now += gap
        burst = bursts[number] if number < len(bursts) else 1
        used += [max(now, limiter.reserve(now)) for _ in range(burst)]
    used.sort()
    for start, first in enumerate(used):
        within = sum(first <= at < first + 1 for at in used[start:])
        assert within <= rate * (1 + 2 * TICK) + 1


def test_slots_after_a_429_follow_the_pause() -> None:
    limiter = RateLimiter(100)
    limiter.reserve(NOW)
    assert pause_of(limiter, retry_after=2.0) == 2.0
    assert [limiter.reserve(NOW) for _ in range(3)] == pytest.approx([NOW + 2, NOW + 2.01, NOW + 2.02])


def test_without_retry_after_the_pause_doubles() -> None:
    """From 0.5 s to 8 s, of which jitter takes up to a half, so that several runs do not resume together."""
    for chance, share in ((0.0, 0.5), (1.0, 1.0)):
        limiter, now = RateLimiter(100), NOW
        for longest in (0.5, 1, 2, 4, 8, 8, 8, 8):
            pause = pause_of(limiter, sent=now, now=now, chance=chance)
            assert pause == pytest.approx(longest * share)
            now += pause or 0.0
        # Nothing but 429 for so long is not due to the rate.
        assert pause_of(limiter, sent=now, now=now, chance=chance) is None


@pytest.mark.parametrize(
    ("retry_after", "chance", "pause"),
    [(42.0, 1, 42.0), (0.0, 1, 0.5), (0.0, 0, 0.25), (3599.0, 1, 3599.0), (3600.0, 1, None), (1e300, 1, None)],
)
def test_retry_after_can_prolong_a_pause_but_not_shorten_it(
    retry_after: float, chance: float, pause: float | None
) -> None:
    """Services round the rest of a second down to 0; a wait of an hour or more stops the run instead."""
    assert pause_of(RateLimiter(100), retry_after=retry_after, chance=chance) == pause


def test_requests_in_flight_when_a_pause_begins_do_not_prolong_it() -> None:
    """A 429 for each of 32 workers is one pause, unless Retry-After says longer."""
    limiter = RateLimiter(100)
    assert pause_of(limiter) == 0.5
    assert pause_of(limiter, sent=NOW - 1, now=NOW + 0.1) == pytest.approx(0.4)
    assert pause_of(limiter, sent=NOW + 0.2, now=NOW + 0.3) == pytest.approx(0.2)
    assert pause_of(limiter, sent=NOW - 1, now=NOW + 9) == 0.0, "a response that comes after the pause"
    # The next one after the pause is another pause, twice as long.
    assert pause_of(limiter, sent=NOW + 10, now=NOW + 10) == 1.0
    assert pause_of(limiter, sent=NOW - 1, now=NOW + 10, retry_after=3.0) == 3.0
    assert pause_of(limiter, sent=NOW - 1, now=NOW + 10, retry_after=2.0) == 3.0


def test_any_other_response_resets_the_pause() -> None:
    limiter, now = RateLimiter(100), NOW
    for _ in range(10 * MAX_PAUSES):
        pause = pause_of(limiter, sent=now, now=now)
        assert pause == 0.5
        limiter.note_response()
        now += pause
