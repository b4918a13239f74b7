"""How far a run has got: a bar on a terminal, else a line every few seconds. On standard error."""

from __future__ import annotations

import math
import sys
import time
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from autoenhance.cli._report import per_second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.cli._voice import Voice

SHOW_EVERY: Final = 0.25
_SAY_EVERY: Final = 5.0
_RATE_OVER: Final = 5.0
_MINUTE: Final = 60
_HOUR: Final = 3600
# The narrowest bar that rich draws, and a space.
_LEAST_BAR: Final = 5


class Tally:
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

    def begin(self, now: float) -> None:
        """Count the time from here on."""
        self._lately.append((now, self.done))

    def rate(self, now: float) -> float:
        """Finished edits a second, over the last seconds."""
        self._lately.append((now, self.done))
        while len(self._lately) > 2 and self._lately[1][0] <= now - _RATE_OVER:  # noqa: PLR2004  # the first and the last
            self._lately.popleft()
        since, before = self._lately[0]
        return (self.done - before) / (now - since) if now > since else 0.0

    def words(self, now: float, width: float = math.inf) -> str:
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


class Display(Protocol):
    """Shows a tally.

    Attributes:
        undo: What leaves the terminal as it was, if there is no time to end.
    """

    undo: str

    def show(self) -> None:
        """Show it as it is now, if it is time."""

    def end(self) -> None:
        """Show how it ended, and leave the terminal as it was; ending twice is fine."""


@contextmanager
def progress(tally: Tally, voice: Voice) -> Iterator[Display]:
    """Show how far a run has got, as far as whoever reads standard error can see it."""
    console = Console(stderr=True)
    # Not what rich says alone: FORCE_COLOR makes a file a terminal for it.
    can_draw = sys.stderr is not None and sys.stderr.isatty() and console.is_interactive
    display: Display = _Bar(tally, console) if can_draw else _Lines(tally, voice)
    try:
        yield display
    finally:
        display.end()


class _Bar:
    undo = "\n\x1b[?25h"  # below the bar, and with a cursor

    def __init__(self, tally: Tally, console: Console) -> None:
        self._tally = tally
        self._console = console
        self._progress = Progress(
            BarColumn(bar_width=None),
            TextColumn("{task.fields[text]}", markup=False),
            console=console,
            expand=True,
            # Drawn when there is something to show, and by no thread of its own.
            auto_refresh=False,
        )
        self._task = self._progress.add_task("", total=tally.total, text=f"{tally.done:,} of {tally.total:,}")
        self._next = 0.0
        with suppress(OSError):
            self._progress.start()

    def show(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SHOW_EVERY
            self._draw(now)

    def end(self) -> None:
        self._draw(time.monotonic())
        with suppress(OSError):
            self._progress.stop()

    def _draw(self, now: float) -> None:
        text = self._tally.words(now, self._console.width - _LEAST_BAR)
        self._progress.update(self._task, completed=self._tally.done, text=text)
        # The terminal may have been closed. The edits that are on their way come back all the same.
        with suppress(OSError):
            self._progress.refresh()


class _Lines:
    undo = ""

    def __init__(self, tally: Tally, voice: Voice) -> None:
        self._tally = tally
        self._voice = voice
        self._next = time.monotonic() + _SAY_EVERY

    def show(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SAY_EVERY
            self._voice.say(self._tally.words(now))

    def end(self) -> None:
        """Nothing is left to be shown: a summary follows."""


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE:02} min"
