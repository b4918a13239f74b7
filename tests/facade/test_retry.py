"""The retry policy: backoff, Retry-After, and which failures are retried."""

from __future__ import annotations

from typing import Any

import pytest

from autoenhance._retry import Failure, RetryPolicy, failure_of_status, read_retry_after

LOST = Failure("the connection broke", nothing_was_done=False)
REFUSED = Failure("no connection", nothing_was_done=True)
NOW = 1_790_000_000.0


def wait(failure: Failure = LOST, **given: Any) -> float | None:
    policy = RetryPolicy(given.pop("max_retries", 9), given.pop("gives_new_id", False))
    return policy.wait(failure, **{"attempt": 1, "left": 100.0, "chance": 1.0, **given})


@pytest.mark.parametrize(("attempt", "longest"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 8), (9, 8)])
def test_exponential_backoff(attempt: int, longest: float) -> None:
    """From 0.5 s to 8 s, with full jitter."""
    assert wait(attempt=attempt, chance=1.0) == longest
    assert wait(attempt=attempt, chance=0.25) == longest / 4
    assert wait(attempt=attempt, chance=0.0) == 0


def asks_for(seconds: float) -> Failure:
    return Failure("429", nothing_was_done=True, retry_after=seconds)


INFINITE = float("inf")


@pytest.mark.parametrize(
    ("failure", "given", "seconds"),
    [
        # The number of retries.
        (LOST, {"attempt": 5000, "max_retries": 10_000}, 8),
        (LOST, {"attempt": 2, "max_retries": 2}, 1),
        (LOST, {"attempt": 3, "max_retries": 2}, None),
        (LOST, {"attempt": 1, "max_retries": 0}, None),
        # Retry-After instead of the backoff.
        (asks_for(42.0), {}, 42),
        (asks_for(0.0), {}, 0),
        # Only waits that end before the deadline.
        (asks_for(42.0), {"left": 42.0}, None),
        (LOST, {"left": 0.5}, None),
        (LOST, {"left": 0.51}, 0.5),
        (LOST, {"left": INFINITE}, 0.5),
        # Only waits of less than an hour, even without a deadline.
        (asks_for(3599.0), {"left": INFINITE}, 3599),
        (asks_for(3600.0), {"left": INFINITE}, None),
        (asks_for(1e300), {"left": INFINITE}, None),
        # After a lost response the order may have its new id already.
        (LOST, {"gives_new_id": True}, None),
        (REFUSED, {"gives_new_id": True}, 0.5),
    ],
)
def test_limits_of_waits(failure: Failure, given: dict[str, Any], seconds: float | None) -> None:
    """None if there is no retry."""
    assert wait(failure, **given) == seconds


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 522, 524, 529])
def test_temporary_failures_are_retried(status: int) -> None:
    """Only 429, and 503 with Retry-After, prove that nothing was done."""
    for retry_after in (None, 1.0):
        failure = failure_of_status(status, retry_after)
        assert failure is not None
        assert failure.reason == f"status {status}"
        assert failure.nothing_was_done is (status == 429 or (status, retry_after) == (503, 1.0))


@pytest.mark.parametrize("status", [300, 307, 400, 401, 403, 404, 405, 409, 413, 422, 499, 501, 505, 530, 599])
def test_permanent_failures_are_not_retried(status: int) -> None:
    assert failure_of_status(status, 1.0) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 3 "}, 3.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"}, 10.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:10 GMT"}, 0.0),
        ({"retry-after": "Mon, 21 Sep 2026 14:13:30"}, 10.0),
        ({}, None),
        *(({"retry-after": invalid}, None) for invalid in ("", "soon", "-3", "nan", "inf")),
        *(({"retry-after": f"Mon, {date} 14:13:30 GMT"}, None) for date in ("99 Foo 2026", "21 Sep 99999999")),
    ],
)
def test_retry_after_is_parsed(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates; anything else is ignored."""
    assert read_retry_after(headers, NOW) == seconds
