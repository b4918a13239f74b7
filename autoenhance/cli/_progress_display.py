"""How far a run has got: a bar on a terminal, else a line every few seconds. On standard error."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import rich.console
from rich.progress import BarColumn, Progress, TextColumn

from autoenhance.cli._console import is_tty, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.cli._console import Console
    from autoenhance.cli._progress import EditProgress

SHOW_EVERY: Final = 0.25
_PRINT_EVERY: Final = 5.0
# The narrowest bar that rich draws, and a space.
_LEAST_BAR: Final = 5


@contextmanager
def show_progress(progress: EditProgress, console: Console) -> Iterator[ProgressDisplay]:
    """Show how far a run has got, as far as whoever reads standard error can see it."""
    display = ProgressDisplay(progress, console)
    try:
        yield display
    finally:
        display.end()


class ProgressDisplay:
    """A bar on a terminal, else a line every few seconds."""

    def __init__(self, progress: EditProgress, console: Console) -> None:
        self._progress = progress
        self._console = console
        width = terminal_width() if "COLUMNS" in os.environ else None
        self._terminal = terminal = rich.console.Console(stderr=True, width=width)
        # Not what rich says alone: FORCE_COLOR makes a file a terminal for it.
        self._is_bar = is_tty(sys.stderr) and terminal.is_interactive
        self.undo = "\n\x1b[?25h" if self._is_bar else ""
        """What leaves the terminal as it was, if there is no time to end: below the bar, and with a cursor."""
        self._every = SHOW_EVERY if self._is_bar else _PRINT_EVERY
        self._next = 0.0 if self._is_bar else time.monotonic() + _PRINT_EVERY
        columns = BarColumn(bar_width=None), TextColumn("{task.fields[text]}", markup=False)
        # Drawn when there is something to show, and by no thread of its own.
        self._bar = Progress(*columns, console=terminal, expand=True, auto_refresh=False)
        self._task = self._bar.add_task("", total=progress.total, text=f"{progress.done:,} of {progress.total:,}")
        if self._is_bar:
            with suppress(OSError, ValueError):
                self._bar.start()

    def show(self) -> None:
        """Show it as it is now, if it is time."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._every
            if self._is_bar:
                self._draw(now)
            else:
                self._console.print(self._progress.text(now))

    def end(self) -> None:
        """Show how it ended, and leave the terminal as it was; ending twice is fine. After lines a summary follows."""
        if self._is_bar:
            self._draw(time.monotonic())
            with suppress(OSError, ValueError):
                self._bar.stop()

    def _draw(self, now: float) -> None:
        text = self._progress.text(now, self._terminal.width - _LEAST_BAR)
        self._bar.update(self._task, completed=self._progress.done, text=text)
        # The terminal may have been closed. The edits in flight come back all the same.
        with suppress(OSError, ValueError):
            self._bar.refresh()
