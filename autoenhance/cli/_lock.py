"""A lock on an open file, which the system lets go of when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from typing import Final

# Windows lets nobody read what is locked: one byte where none will be. Its C library counts positions with 31 bits.
_FAR: Final = 2**31 - 2


def lock(descriptor: int) -> bool:
    """Lock the file for this process alone; False if another has it.

    Closing the descriptor lets go.

    Raises:
        OSError: If the file system knows no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second on Windows, and where a network's file system locks
        return False
    return True
