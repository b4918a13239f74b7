"""Ctrl-C and other signals that end a process: the first waits for the requests in flight, the second does not."""

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

# The last is what closing a terminal sends.
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def handle_signals(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """Call one function at the first signal that ends a process, and another at the second.

    In another thread than the main one nothing is changed: signals are not for it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    count = 0

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        (first if count == 1 else second)()

    found = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    # What is ignored stays so: nohup says it like that, and a shell that starts something in the background.
    before = {number: signal.getsignal(number) for number in found if signal.getsignal(number) != signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, handle)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_unbuffered(text: str) -> None:
    """Say something on standard error in the middle of saying something else, which streams do not allow.

    Where that would have to wait, nothing is said.
    """
    # Not simply 2: where standard error was closed, another file may have that number.
    if sys.__stderr__ is not None:
        with suppress(OSError, ValueError):
            descriptor = sys.__stderr__.fileno()
            if select.select([], [descriptor], [], 0)[1]:
                os.write(descriptor, text.encode())
