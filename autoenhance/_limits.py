"""Pure: what a bulk run is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a bulk run is told.

    Attributes:
        concurrency: How many edits may be on their way at once.
        rate: How many requests a second there may be.
        max_failures: How many edits may fail; None for any number.
    """

    concurrency: int
    rate: float
    max_failures: int | None

    @property
    def window(self) -> int:
        """How many edits may be between their source and whoever takes their results: no more are ever in memory."""
        return 2 * self.concurrency + 16


def read_limits(concurrency: int, rate: float, max_failures: int | None) -> Limits:
    """Check what a bulk run is told.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is of no use.
    """
    if isinstance(concurrency, bool) or not isinstance(concurrency, int):
        raise TypeError(f"concurrency is a whole number, not {type(concurrency).__name__}")
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise TypeError(f"rate is a number, not {type(rate).__name__}")
    if isinstance(max_failures, bool) or not isinstance(max_failures, int | None):
        raise TypeError(f"max_failures is a whole number or None, not {type(max_failures).__name__}")
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}; it must be 1 or more")
    if not rate > 0:  # NaN is not, either
        raise ValueError(f"rate is {rate}; it must be above 0 (math.inf for no ceiling)")
    if max_failures is not None and max_failures < 0:
        raise ValueError(f"max_failures is {max_failures}; it must be 0 or more, or None for any number")
    return Limits(concurrency, rate, max_failures)
