"""The display of a run's progress on standard error: a bar on a terminal, else a line every five seconds."""

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
# The narrowest bar of rich, and a space.
_MIN_BAR_WIDTH: Final = 5


@contextmanager
def show_progress(progress: EditProgress, console: Console) -> Iterator[ProgressDisplay]:
    """Display the progress of a run while the context is open."""
    display = ProgressDisplay(progress, console)
    try:
        yield display
    finally:
        display.end()


class ProgressDisplay:
    """A bar on a terminal, else a line every five seconds."""

    def __init__(self, progress: EditProgress, console: Console) -> None:
        self._progress = progress
        self._console = console
        width = terminal_width() if "COLUMNS" in os.environ else None
        self._terminal = terminal = rich.console.Console(stderr=True, width=width)
        # is_interactive alone is not enough: with FORCE_COLOR rich takes a file for a terminal.
        self._is_bar = is_tty(sys.stderr) and terminal.is_interactive
        self.undo = "\n\x1b[?25h" if self._is_bar else ""
        """The escape codes that restore the terminal if `end` cannot be called: a line below the bar, with a cursor."""
        self._interval = SHOW_EVERY if self._is_bar else _PRINT_EVERY
        self._next_update = 0.0 if self._is_bar else time.monotonic() + _PRINT_EVERY
        columns = BarColumn(bar_width=None), TextColumn("{task.fields[text]}", markup=False)
        # Without a thread of its own: it is drawn in `show`.
        self._bar = Progress(*columns, console=terminal, expand=True, auto_refresh=False)
        self._task = self._bar.add_task("", total=progress.total, text=f"{progress.done:,} of {progress.total:,}")
        if self._is_bar:
            with suppress(OSError, ValueError):
                self._bar.start()

    def show(self) -> None:
        """Update the display, if the last update is long enough ago."""
        now = time.monotonic()
        if now >= self._next_update:
            self._next_update = now + self._interval
            if self._is_bar:
                self._draw(now)
            else:
                self._console.print(self._progress.text(now))

    def end(self) -> None:
        """Draw the bar a last time and restore the terminal. Calling it twice is safe; without a bar it does nothing."""
        if self._is_bar:
            self._draw(time.monotonic())
            with suppress(OSError, ValueError):
                self._bar.stop()

    def _draw(self, now: float) -> None:
        text = self._progress.text(now, self._terminal.width - _MIN_BAR_WIDTH)
        self._bar.update(self._task, completed=self._progress.done, text=text)
        # The terminal may have been closed; the run goes on.
        with suppress(OSError, ValueError):
            self._bar.refresh()
