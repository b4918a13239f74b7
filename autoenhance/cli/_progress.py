"""Pure: the progress of a run: counts, rate and time left."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

_RATE_WINDOW: Final = 5.0
_MINUTE: Final = 60
_HOUR: Final = 3600
_WHOLE_FROM: Final = 10


class EditProgress:
    """The counts of finished edits, and their rate."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.edited = 0
        self.failed = 0
        self.retrying: set[str] = set()
        self._lately: deque[tuple[float, int]] = deque()

    @property
    def done(self) -> int:
        """The number of edits whose result is written."""
        return self.edited + self.failed

    def start(self, now: float) -> None:
        """Start measuring the rate."""
        self._lately.append((now, self.done))

    def rate(self, now: float) -> float:
        """Return the finished edits per second, over the last five seconds."""
        self._lately.append((now, self.done))
        while len(self._lately) > 2 and self._lately[1][0] <= now - _RATE_WINDOW:  # noqa: PLR2004  # a rate needs two
            self._lately.popleft()
        start, done = self._lately[0]
        return (self.done - done) / (now - start) if now > start else 0.0

    def text(self, now: float, width: float = math.inf) -> str:
        """Return the progress as text; the less important parts are left out if it would be wider than `width`."""
        rate = self.rate(now)
        parts = {"done": f"{self.done:,} of {self.total:,}", "rate": per_second(rate)}
        parts |= {"failed": f"{self.failed:,} failed"} if self.failed else {}
        parts |= {"retrying": f"{len(self.retrying):,} retrying"} if self.retrying else {}
        left = self.total - self.done
        parts |= {"left": f"{_duration(left / rate)} left"} if left and rate else {}
        for less_important in ("retrying", "rate", "left", "failed"):
            if len(", ".join(parts.values())) > width:
                parts.pop(less_important, None)
        return ", ".join(parts.values())


def per_second(rate: float) -> str:
    """Format a rate, such as `4.2/s` or `170/s`."""
    return f"{rate:,.0f}/s" if rate >= _WHOLE_FROM else f"{rate:.1f}/s"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE:02} min"
