"""Puts a new directory where another one stands, so that a kill at any moment leaves one of the two, whole."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RENAME_EXCHANGE = 2  # Linux, renameat2(2)
_RENAME_SWAP = 2  # macOS, renamex_np(2)
_AT_FDCWD = -100


def swap_in(new: Path, target: Path, aside: Path) -> None:
    """Put `new` at `target`; what stood there ends up at `aside`, which must not exist yet.

    All three are on one file system. Where the system cannot exchange two names at once, the old directory is renamed to
    `aside` first: a kill between the two renames leaves no `target`, and `restore` mends that.

    Raises:
        OSError: If the names cannot be changed; `target` is then as it was.
    """
    if not target.exists():
        new.rename(target)
    elif _exchange(new, target):
        new.rename(aside)
    else:
        target.rename(aside)
        try:
            new.rename(target)
        except OSError:
            aside.rename(target)
            raise


def restore(target: Path, aside: Path) -> None:
    """Undo the first half of a `swap_in` that was killed between its two renames."""
    if aside.exists() and not target.exists():
        aside.rename(target)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    try:
        if sys.platform == "darwin":
            return bool(libc.renamex_np(*names, _RENAME_SWAP) == 0)
        return bool(libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)
    except AttributeError:
        return False
