"""A lock on an open file, which the system releases when the process ends, even if it is killed."""

from __future__ import annotations

import os
import sys
from typing import Final

# Windows lets no other process read locked bytes, so lock one far beyond the end; its C library has 31-bit offsets.
_LOCKED_BYTE: Final = 2**31 - 2


def lock(descriptor: int) -> bool:
    """Lock a file exclusively; False if another process has locked it.

    Closing the descriptor releases the lock.

    Raises:
        OSError: If the file system does not support locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # PermissionError on Windows and some network file systems
        return False
    return True
