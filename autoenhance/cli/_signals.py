"""What Ctrl-C does to a run, and what else tells a process to end: the first time it finishes, the second time it does not."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# The last is what closing a terminal sends.
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def stopping(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """Call one function when the process is told to end, and another when it is told again.

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
