"""Replaces a directory atomically, so that a kill at any moment leaves either the old or the new one complete."""

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
    """Move `new` to `target`, and a previous `target` to `aside`, which must not exist yet.

    All three must be on one file system. If the system cannot exchange two names atomically, the old directory is renamed
    to `aside` first: a kill between the two renames leaves no `target`, and `restore` repairs that.

    Raises:
        OSError: If a rename fails; `target` is unchanged.
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


def _exchange(left: Path, right: Path) -> bool:
    """Exchange two names atomically; return False if the system or the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(left), os.fsencode(right)
    try:
        if sys.platform == "darwin":
            return bool(libc.renamex_np(*names, _RENAME_SWAP) == 0)
        return bool(libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)
    except AttributeError:
        return False
