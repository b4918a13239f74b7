"""Pure: how much of a run is done, and how fast, in figures and in words."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

_RATE_OVER: Final = 5.0
_MINUTE: Final = 60
_HOUR: Final = 3600
_MANY: Final = 10


class EditProgress:
    """What was done so far, and how fast."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.edited = 0
        self.failed = 0
        self.retrying: set[str] = set()
        self._lately: deque[tuple[float, int]] = deque()

    @property
    def done(self) -> int:
        """How many edits are finished and written down."""
        return self.edited + self.failed

    def start(self, now: float) -> None:
        """Count the time from here on."""
        self._lately.append((now, self.done))

    def rate(self, now: float) -> float:
        """Finished edits a second, over the last seconds."""
        self._lately.append((now, self.done))
        while len(self._lately) > 2 and self._lately[1][0] <= now - _RATE_OVER:  # noqa: PLR2004  # the first and the last
            self._lately.popleft()
        since, before = self._lately[0]
        return (self.done - before) / (now - since) if now > since else 0.0

    def text(self, now: float, width: float = math.inf) -> str:
        """It in a few words, of which the less important are left out where there is no room for all."""
        rate = self.rate(now)
        words = {"done": f"{self.done:,} of {self.total:,}", "rate": per_second(rate)}
        words |= {"failed": f"{self.failed:,} failed"} if self.failed else {}
        words |= {"retrying": f"{len(self.retrying):,} retrying"} if self.retrying else {}
        left = self.total - self.done
        words |= {"left": f"{_duration(left / rate)} left"} if left and rate else {}
        for less_important in ("retrying", "rate", "left", "failed"):
            if len(", ".join(words.values())) > width:
                words.pop(less_important, None)
        return ", ".join(words.values())


def per_second(rate: float) -> str:
    """A rate in figures that say something."""
    return f"{rate:,.0f}/s" if rate >= _MANY else f"{rate:.1f}/s"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE:02} min"
