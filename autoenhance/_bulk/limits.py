"""Pure: the limits of a bulk run."""

from __future__ import annotations

from typing import Final, NamedTuple

from autoenhance._settings import check_whole_number

DEFAULT_CONCURRENCY: Final = 32
DEFAULT_RATE: Final = 250.0
"""Below the 300 requests a second that the service allows from one address (its rate-limit page)."""


class Limits(NamedTuple):
    """The limits of a bulk run."""

    concurrency: int
    """How many edits may be in flight."""
    rate: float
    """How many requests a second there may be."""
    max_failures: int | None
    """How many edits may fail; None for any number."""

    @property
    def window(self) -> int:
        """How many edits may be between the source and the caller who takes the results: no more are ever in memory."""
        return 2 * self.concurrency + 16


def read_limits(concurrency: int, rate: float, max_failures: int | None) -> Limits:
    """Check the limits of a bulk run.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is out of its range.
    """
    check_whole_number("concurrency", concurrency, 1)
    if max_failures is not None:
        check_whole_number("max_failures", max_failures, 0, none="any number")
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise TypeError(f"rate must be a number, not {type(rate).__name__}")
    if not rate > 0:  # NaN is not, either
        raise ValueError(f"rate is {rate}; it must be above 0 (math.inf for no limit)")
    return Limits(concurrency, rate, max_failures)
