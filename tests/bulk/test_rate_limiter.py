"""Pure: when the next request may be sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoenhance._bulk.rate_limiter import MOST_PAUSES, TICK, RateLimiter

NOW = 1000.0


def refused(
    pace: RateLimiter, *, sent: float = NOW, now: float = NOW, retry_after: float | None = None, chance: float = 1.0
) -> float | None:
    return pace.pause(sent=sent, now=now, retry_after=retry_after, chance=chance)


def test_who_was_late_catches_up_a_little_and_no_more() -> None:
    """After a minute without requests there is no burst of a minute's requests."""
    pace = RateLimiter(250)
    pace.turn(NOW)
    turns = [pace.turn(NOW + 60) for _ in range(50)]
    assert sum(turn <= NOW + 60 for turn in turns) == 11  # what 40 ms hold, and the one that is due


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
        used += [max(now, pace.turn(now)) for _ in range(burst)]
    used.sort()
    for start, first in enumerate(used):
        within = sum(first <= at < first + 1 for at in used[start:])
        assert within <= rate * (1 + 2 * TICK) + 1


def test_a_429_pauses_every_worker() -> None:
    """No turn comes before the pause is over, and one that was taken earlier does not hold."""
    pace = RateLimiter(100)
    taken = [pace.turn(NOW) for _ in range(10)]
    assert refused(pace, retry_after=2.0) == 2.0
    assert not any(pace.holds(turn) for turn in taken)
    later = [pace.turn(NOW) for _ in range(3)]
    assert later == pytest.approx([NOW + 2, NOW + 2.01, NOW + 2.02])
    assert all(pace.holds(turn) for turn in later)


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
