"""What a traceback with local variables shows of the library and of what it calls."""

from __future__ import annotations

import traceback
from itertools import dropwhile
from pathlib import Path

import autoenhance

_LIBRARY = str(Path(autoenhance.__file__).parent)


def locals_of_library(error: BaseException) -> list[str]:
    """The local variables of every frame from the first of the library's on, of an error and of its causes.

    What calls the library has been given the key, and holds it.
    """
    found: list[str] = []
    shown: traceback.TracebackException | None = traceback.TracebackException.from_exception(error, capture_locals=True)
    while shown:
        frames = dropwhile(lambda frame: not frame.filename.startswith(_LIBRARY), shown.stack)
        found += [str(frame.locals) for frame in frames]
        shown = shown.__cause__ or shown.__context__
    return found
