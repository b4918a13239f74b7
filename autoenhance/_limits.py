"""Pure: what a bulk run is told."""

from __future__ import annotations

import math
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
    for argument, value in (("concurrency", concurrency), ("max_failures", max_failures)):
        if isinstance(value, bool) or not isinstance(value, int | None):
            raise TypeError(f"{argument} is a whole number, not {type(value).__name__}")
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise TypeError(f"rate is a number, not {type(rate).__name__}")
    if concurrency < 1:
        raise ValueError(f"concurrency is {concurrency}; it must be 1 or more")
    if math.isnan(rate) or rate <= 0:
        raise ValueError(f"rate is {rate}; it must be above 0 (math.inf for no ceiling)")
    if max_failures is not None and max_failures < 0:
        raise ValueError(f"max_failures is {max_failures}; it must be 0 or more, or None for any number")
    return Limits(concurrency, rate, max_failures)
