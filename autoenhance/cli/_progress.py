"""How far a run has got: a bar on a terminal, else a line every few seconds. On standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.cli._tally import Tally
    from autoenhance.cli._voice import Voice

SHOW_EVERY: Final = 0.25
_SAY_EVERY: Final = 5.0
# The narrowest bar that rich draws, and a space.
_LEAST_BAR: Final = 5


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
