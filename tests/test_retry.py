"""The pure policy: after this failure, wait how long, or give up?"""

from __future__ import annotations

from typing import Any

import pytest

from autoenhance._retry import Failure, Policy, failure_of_status, read_retry_after

LOST = Failure("the connection broke", nothing_was_done=False)
REFUSED = Failure("no connection", nothing_was_done=True)
NOW = 1_790_000_000.0


def wait(failure: Failure = LOST, **given: Any) -> float | None:
    policy = Policy(given.pop("max_retries", 9), given.pop("gives_new_id", False))
    return policy.wait(failure, **{"attempt": 1, "left": 100.0, "chance": 1.0, **given})


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 8), (9, 8)])
def test_the_backoff_doubles_from_half_a_second_to_eight(attempt: int, longest: float) -> None:
    """Exponential backoff with full jitter: anything from nothing to the whole backoff."""
    assert wait(attempt=attempt, chance=1.0) == longest
    assert wait(attempt=attempt, chance=0.25) == longest / 4
    assert wait(attempt=attempt, chance=0.0) == 0


def test_a_thousand_attempts_do_not_overflow() -> None:
    """The longest backoff holds however many retries are allowed."""
    assert wait(attempt=5000, max_retries=10_000) == 8


def test_it_gives_up_after_max_retries() -> None:
    """max_retries counts the tries after the first."""
    assert wait(attempt=2, max_retries=2) is not None
    assert wait(attempt=3, max_retries=2) is None
    assert wait(attempt=1, max_retries=0) is None


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    """Retry-After beats the backoff, longer or shorter."""
    assert wait(Failure("429", nothing_was_done=True, retry_after=42.0)) == 42.0
    assert wait(Failure("429", nothing_was_done=True, retry_after=0.0)) == 0.0


def test_a_wait_that_does_not_fit_before_the_deadline_is_not_begun() -> None:
    """The caller learns at once what waiting would only delay."""
    assert wait(Failure("429", nothing_was_done=True, retry_after=42.0), left=42.0) is None
    assert wait(left=0.5) is None
    assert wait(left=0.51) == 0.5
    assert wait(left=float("inf")) == 0.5


def test_a_wait_of_an_hour_is_not_begun_even_without_a_deadline() -> None:
    """Nobody means to sleep until tomorrow, and clocks overflow at some point."""
    assert wait(Failure("429", nothing_was_done=True, retry_after=3599.0), left=float("inf")) == 3599.0
    assert wait(Failure("429", nothing_was_done=True, retry_after=3600.0), left=float("inf")) is None
    assert wait(Failure("429", nothing_was_done=True, retry_after=1e300), left=float("inf")) is None


def test_an_edit_that_may_move_the_order_is_repeated_only_if_nothing_was_done() -> None:
    """After a lost answer the order may live under its new id; a repeat would report that it does not exist."""
    assert wait(LOST, gives_new_id=True) is None
    assert wait(REFUSED, gives_new_id=True) is not None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 522, 524, 529])
def test_passing_failures_are_retried(status: int) -> None:
    """Another try may get another answer."""
    failure = failure_of_status(status, None)
    assert failure is not None
    assert failure.reason == f"status {status}"


@pytest.mark.parametrize("status", [300, 307, 400, 401, 403, 404, 405, 409, 413, 422, 499, 501, 505, 530, 599])
def test_lasting_failures_are_not_retried(status: int) -> None:
    """Another try would get the same answer."""
    assert failure_of_status(status, 1.0) is None


@pytest.mark.parametrize(
    ("status", "retry_after", "nothing"),
    [(429, None, True), (503, 1.0, True), (503, None, False), (500, 1.0, False), (408, None, False)],
)
def test_only_some_answers_prove_that_nothing_was_done(
    status: int,
    retry_after: float | None,
    nothing: bool,  # noqa: FBT001
) -> None:
    """429, and 503 with Retry-After, are refusals; other failures may come after the work."""
    failure = failure_of_status(status, retry_after)
    assert failure is not None
    assert failure.nothing_was_done is nothing


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"}, 10.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:10 GMT"}, 0.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:30"}, 10.0),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Mon, 99 Foo 2026 14:13:30 GMT"}, None),
        ({"retry-after": "Mon, 21 Sep 99999999 14:13:30 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_every_form_and_junk_is_ignored(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, fractions, milliseconds and dates count; what is no sensible wait is as if it were not there."""
    assert read_retry_after(headers, NOW) == seconds
