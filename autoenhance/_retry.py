"""Pure: the retry policy. Whether a failure is retried, and after how many seconds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

INITIAL_BACKOFF: Final = 0.5
MAX_BACKOFF: Final = 8.0
MAX_WAIT: Final = 3600.0
TOO_MANY_REQUESTS: Final = 429
SERVICE_UNAVAILABLE: Final = 503
# Proxies such as Cloudflare respond 520 to 529 when the service behind them fails.
RETRIED_STATUSES: Final = frozenset({408, TOO_MANY_REQUESTS, 500, 502, SERVICE_UNAVAILABLE, 504, *range(520, 530)})
NOT_PROCESSED: Final = frozenset({TOO_MANY_REQUESTS})
"""Of these: the statuses after which the service certainly did not act on the request."""


class Failure(NamedTuple):
    """A failed attempt that may be retried."""

    reason: str
    nothing_was_done: bool
    """Whether the service certainly did not act on the request."""
    retry_after: float | None = None
    is_rate_limit: bool = False
    """Whether there were too many requests, and nothing is wrong with this one."""
    was_shared: bool = False
    """Whether other requests used the broken connection at the same time (HTTP/2)."""


class RetryPolicy(NamedTuple):
    """The retry policy of one call."""

    max_retries: int
    gives_new_id: bool
    """Whether a repeat could fail because the order already has its new id."""

    def wait(self, failure: Failure, *, attempt: int, left: float, chance: float) -> float | None:
        """Return the seconds until the next attempt, or None to give up.

        Args:
            failure: The last attempt's failure.
            attempt: Its number, from 1.
            left: Seconds until the call's deadline, infinite without one.
            chance: A random number from 0 to 1, for the jitter.
        """
        if attempt > self.max_retries or (self.gives_new_id and not failure.nothing_was_done):
            return None
        if failure.retry_after is not None:
            wait = failure.retry_after
        else:
            # A large attempt number must not overflow: past 2**16 the longest backoff applies anyway.
            wait = chance * min(MAX_BACKOFF, INITIAL_BACKOFF * 2 ** min(attempt - 1, 16))
        return wait if wait < min(left, MAX_WAIT) else None


def failure_of_status(status: int, retry_after: float | None) -> Failure | None:
    """Return the failure of a status that may be retried; None if another attempt would get the same response."""
    if status not in RETRIED_STATUSES:
        return None
    nothing_was_done = status in NOT_PROCESSED or (status == SERVICE_UNAVAILABLE and retry_after is not None)
    return Failure(
        f"status {status}",
        nothing_was_done=nothing_was_done,
        retry_after=retry_after,
        is_rate_limit=status == TOO_MANY_REQUESTS,
    )


def read_retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds of `retry-after-ms` or `Retry-After`; None without a valid one.

    Args:
        headers: The response's headers, by lower-case name.
        now: The time in seconds since 1970, for a `Retry-After` that is a date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        if date.tzinfo is None:  # HTTP's dates are UTC
            date = date.replace(tzinfo=UTC)
        return max(0.0, date.timestamp() - now)
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
