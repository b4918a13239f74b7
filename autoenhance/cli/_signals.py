"""Handlers for Ctrl-C and other signals that end a process, with another action for the second signal."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# SIGHUP is sent when a terminal is closed.
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def handle_signals(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """Call one function at the first signal that ends a process, and another at each further one.

    Do nothing outside the main thread, which is the only one that receives signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    count = 0

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        (first if count == 1 else second)()

    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # Ignored signals stay ignored: nohup and shells ignore them for a process in the background.
    old_handlers = {
        number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        for number in old_handlers:
            signal.signal(number, handle)
        yield
    finally:
        for number, handler in old_handlers.items():
            signal.signal(number, handler)


def print_unbuffered(text: str) -> None:
    """Print on standard error from a signal handler, which may have interrupted a write to the stream.

    Print nothing if that would block.
    """
    # Not descriptor 2: if standard error was closed, that may be another file.
    if sys.__stderr__ is not None:
        with suppress(OSError, ValueError):
            descriptor = sys.__stderr__.fileno()
            if select.select([], [descriptor], [], 0)[1]:
                os.write(descriptor, text.encode())
