"""Until when the sync client waits at its sockets. Async calls need none of this: they are cancelled."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_deadline: ContextVar[float] = ContextVar("_deadline", default=math.inf)


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Let no socket be waited for beyond the deadline, a time of `time.monotonic()`."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def capped(timeout: float | None, late: type[Exception]) -> float | None:
    """A socket's timeout that is over at the deadline; None if there is none.

    Raises:
        Exception: What is given as `late`, if the deadline has passed.
    """
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise late("the deadline has passed")
    return min(left, math.inf if timeout is None else timeout) if left < math.inf else timeout
