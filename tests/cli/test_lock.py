"""A file is one process's, until that process ends."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from autoenhance.cli._lock import lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDING = """
import os, sys
from autoenhance.cli._lock import lock
print(lock(os.open(sys.argv[1], os.O_RDWR)), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    """A file, open."""
    opened = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def test_another_process_has_it_until_it_is_killed(tmp_path: Path, descriptor: int) -> None:
    """kill -9 leaves it no time to clean up, and no file is left behind that says it is locked."""
    command = [sys.executable, "-c", HOLDING, str(tmp_path / "file")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"True\n"
        assert not lock(descriptor)
        other.send_signal(signal.SIGKILL)
    assert lock(descriptor)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_program_that_it_starts_does_not_keep_it(tmp_path: Path, descriptor: int) -> None:
    """It may live longer."""
    first = os.open(tmp_path / "file", os.O_RDWR)
    assert lock(first)
    assert not lock(descriptor)
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        os.close(first)
        assert lock(descriptor)
        child.communicate(b"\n")


def test_a_file_system_without_locks_is_an_error(descriptor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that the file is his alone."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(OSError, match="No locks available"):
        lock(descriptor)


@pytest.mark.parametrize("is_taken", [False, True])
def test_on_windows_a_byte_far_behind_the_end_is_locked(
    descriptor: int, monkeypatch: pytest.MonkeyPatch, *, is_taken: bool
) -> None:
    """Others may read what is before it; there, PermissionError says that another has it."""
    locked: list[tuple[int, int, int]] = []

    def locking(descriptor: int, mode: int, length: int) -> None:
        locked.append((os.lseek(descriptor, 0, os.SEEK_CUR), mode, length))
        if is_taken:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    assert lock(descriptor) is not is_taken
    assert locked == [(2**31 - 2, 2, 1)]
