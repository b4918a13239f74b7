"""What a traceback with local variables shows of the library and of what it calls."""

from __future__ import annotations

from itertools import dropwhile
from pathlib import Path
from traceback import TracebackException

import autoenhance

_LIBRARY = str(Path(autoenhance.__file__).parent)


def chain(error: BaseException) -> list[BaseException]:
    """An error and its causes, the first of which is the last."""
    below = error.__cause__ or error.__context__
    return [error, *(chain(below) if below else [])]


def locals_of_library(error: BaseException) -> list[str]:
    """The local variables of every frame from the first of the library's on, of an error and of its causes.

    What calls the library has been given the key, and holds it.
    """
    tracebacks = [TracebackException.from_exception(one, capture_locals=True).stack for one in chain(error)]
    frames = [dropwhile(lambda frame: not frame.filename.startswith(_LIBRARY), stack) for stack in tracebacks]
    return [str(frame.locals) for some in frames for frame in some]
