"""How far a run has got: a bar on a terminal, else a line every few seconds. On standard error."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.cli._voice import Voice

SHOW_EVERY: Final = 0.25
_SAY_EVERY: Final = 5.0
_RATE_OVER: Final = 5.0
_MINUTE: Final = 60
_HOUR: Final = 3600


class Tally:
    """What was done so far, and how fast."""

    def __init__(self, total: int, now: float) -> None:
        self.total = total
        self.edited = 0
        self.failed = 0
        self.retrying: set[str] = set()
        self._lately: deque[tuple[float, int]] = deque([(now, 0)])

    @property
    def done(self) -> int:
        """How many edits are finished and written down."""
        return self.edited + self.failed

    def rate(self, now: float) -> float:
        """Finished edits a second, over the last seconds."""
        self._lately.append((now, self.done))
        while len(self._lately) > 2 and self._lately[1][0] <= now - _RATE_OVER:  # noqa: PLR2004  # the first and the last
            self._lately.popleft()
        since, before = self._lately[0]
        return (self.done - before) / (now - since) if now > since else 0.0

    def words(self, now: float) -> str:
        """The rest of it in a few words."""
        rate = self.rate(now)
        words = [f"{rate:,.0f}/s"]
        words += [f"{self.failed:,} failed"] if self.failed else []
        words += [f"{len(self.retrying):,} retrying"] if self.retrying else []
        words += [f"{_duration((self.total - self.done) / rate)} left"] if rate else []
        return ", ".join(words)


class Display(Protocol):
    """Shows a tally."""

    def show(self) -> None:
        """Show it as it is now, if it is time."""

    def end(self) -> None:
        """Show how it ended, and leave the terminal as it was; ending twice is fine."""


@contextmanager
def progress(tally: Tally, voice: Voice) -> Iterator[Display]:
    """Show how far a run has got, as far as whoever reads standard error can see it."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    display: Display = _Bar(tally) if is_terminal else _Lines(tally, voice)
    try:
        yield display
    finally:
        display.end()


class _Bar:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._progress = Progress(
            BarColumn(bar_width=None),
            TextColumn("{task.fields[text]}", markup=False),
            console=Console(stderr=True),
            expand=True,
            # Drawn when there is something to show, and by no thread of its own.
            auto_refresh=False,
        )
        self._task = self._progress.add_task("", total=tally.total, text="")
        self._next = 0.0
        self._progress.start()

    def show(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SHOW_EVERY
            self._draw(now)

    def end(self) -> None:
        self._draw(time.monotonic())
        self._progress.stop()

    def _draw(self, now: float) -> None:
        text = f"{self._tally.done:,} of {self._tally.total:,}, {self._tally.words(now)}"
        self._progress.update(self._task, completed=self._tally.done, text=text)
        self._progress.refresh()


class _Lines:
    def __init__(self, tally: Tally, voice: Voice) -> None:
        self._tally = tally
        self._voice = voice
        self._next = time.monotonic() + _SAY_EVERY

    def show(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SAY_EVERY
            self._voice.say(f"{self._tally.done:,} of {self._tally.total:,}, {self._tally.words(now)}")

    def end(self) -> None:
        """Nothing is left to be shown: a summary follows."""


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:02.0f} s"
    return f"{seconds // _HOUR:,.0f} h {seconds % _HOUR // _MINUTE:02.0f} min"
