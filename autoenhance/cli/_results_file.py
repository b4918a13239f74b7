"""The results file: one line for each finished edit, on disk before the edit counts as done.

One run at a time can write it. Except during a write, it has only complete lines.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from autoenhance.cli._error_messages import STOPPED, CommandError, reason_of
from autoenhance.cli._lock import lock
from autoenhance.cli._record import is_torn, line_of, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autoenhance.cli._record import Record

_FREE_SPACE: Final = "Free some space, or correct the cause, and rerun the command to resume."
_ANOTHER_FILE: Final = "Give another file with --results."
# Only for its owner: order names are people's addresses.
_MODE: Final = 0o600
# O_BINARY: Windows must not convert line breaks. O_RDWR: opening a pipe does not block, so that it can be rejected.
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
# A limit, so that a file without line breaks is not read into memory whole.
_MAX_LINE_LENGTH: Final = 2**26
_BOM: Final = codecs.BOM_UTF8


class ResultsError(CommandError):
    """The results could not be written; the file is unchanged."""


def read_results(path: str, on_record: Callable[[Record], object], hint: str = _ANOTHER_FILE) -> None:
    """Read a results file, which another run may be writing.

    Args:
        path: The path of the file.
        on_record: Called with each record. An incomplete last line is ignored.
        hint: The hint of the error if it is not a results file, or cannot be read.

    Raises:
        CommandError: If it is not a results file, or cannot be read.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # /dev/fd/63 must be opened as it is
            end, incomplete = _read(file, path, on_record)
    except (OSError, ValueError) as error:
        raise _file_error(path, "read", error, hint) from None
    complete = _complete_record(incomplete, path, end)
    if complete:
        on_record(record_of(complete))


class ResultsFile:
    """The results file of a run."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        # The size of the file up to its last complete line.
        self._end = 0
        self.unwritten: list[Record] = []
        """The records that could not be written; the next write includes them."""

    @classmethod
    def open(cls, path: str, on_record: Callable[[Record], object], *, table: str | None = None) -> Self:
        """Open or create the file, and lock it.

        An incomplete last line gets its line break if only that is missing, and is removed otherwise. This is done only
        after all other lines were read as results; a file that is not a results file is not changed.

        Args:
            path: The path of the file.
            on_record: Called with each record in the file.
            table: The file with the edits, which must be another file.

        Raises:
            CommandError: If it is not a results file, is in use, or cannot be opened.
        """
        with suppress(OSError, ValueError):  # one of the paths does not exist, or is invalid
            if table is not None and Path(path).samefile(table):
                raise CommandError(f"the results would go into {path!r}, which holds the edits", _ANOTHER_FILE)
        try:
            descriptor = os.open(path, _FLAGS, _MODE)
        except (OSError, ValueError) as error:
            raise _file_error(path, "opened", error) from None
        results = cls(path, descriptor)
        try:
            results._lock_and_read(on_record)
        except BaseException:
            results.close()
            raise
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close and unlock the file."""
        os.close(self._descriptor)

    def write(self, records: Sequence[Record]) -> list[Record]:
        """Write these records and the unwritten ones, all or none, and return those that are now on disk.

        Raises:
            ResultsError: If they cannot be written.
        """
        self.unwritten += records
        data = b"".join(map(line_of, self.unwritten))
        try:
            if data:
                self._discard_incomplete()
                self._append(data)
        except OSError as error:
            with suppress(OSError):
                self._discard_incomplete()
            line = f"the results file {self._path!r} cannot be written: {error.strerror}"
            raise ResultsError(line, _FREE_SPACE, STOPPED) from error
        self._end += len(data)
        written, self.unwritten = self.unwritten, []
        return written

    def is_in_place(self) -> bool:
        """Return whether the file is still at its path, not deleted, moved or replaced."""
        try:
            return os.path.samestat(Path(self._path).stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def _lock_and_read(self, on_record: Callable[[Record], object]) -> None:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise CommandError(
                f"the results file {self._path!r} is a device or a pipe, not a regular file", _ANOTHER_FILE
            )
        try:
            is_ours = lock(self._descriptor)
        except OSError as error:
            raise _file_error(self._path, "locked", error) from None
        if not is_ours:
            line = f"another run uses the results file {self._path!r}"
            raise CommandError(line, "Wait until it has ended, or give another file with --results.")
        # After locking: another run may have been writing.
        try:
            with open(self._descriptor, "rb", closefd=False) as file:
                self._end, incomplete = _read(file, self._path, on_record)
        except OSError as error:
            raise _file_error(self._path, "read", error) from None
        if incomplete:
            self._repair(incomplete, on_record)
        elif not self._end:
            _sync_directory(self._path)

    def _repair(self, line: bytes, on_record: Callable[[Record], object]) -> None:
        complete = _complete_record(line, self._path, self._end)
        if complete:
            on_record(record_of(complete))
        try:
            os.ftruncate(self._descriptor, self._end + len(complete))
            if complete:
                self._append(b"\n")
                self._end += len(complete) + 1
        except OSError as error:
            raise _file_error(self._path, "repaired", error) from None

    def _append(self, data: bytes) -> None:
        remaining = memoryview(data)
        while remaining:
            remaining = remaining[os.write(self._descriptor, remaining) :]
        # fdatasync, which skips timestamps, does not exist on Windows and macOS.
        getattr(os, "fdatasync", os.fsync)(self._descriptor)

    def _discard_incomplete(self) -> None:
        """Remove what follows the last complete line."""
        size = os.fstat(self._descriptor).st_size
        if size < self._end:
            # ftruncate would extend it with zeros.
            raise OSError(errno.EIO, "another program has truncated it")
        if size > self._end:
            os.ftruncate(self._descriptor, self._end)


def _read(file: IO[bytes], path: str, on_record: Callable[[Record], object]) -> tuple[int, bytes]:
    """Read all complete lines; returns the position of their end, and the incomplete line after it."""
    # Editors may add a byte order mark and blank lines.
    end = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
    file.seek(end)
    for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE_LENGTH), b""), 1):
        if not line.endswith(b"\n"):
            if len(line) == _MAX_LINE_LENGTH:
                raise _not_a_record(path, number)
            return end, line
        if text := line.strip():
            try:
                record = record_of(text)
            except ValueError:
                raise _not_a_record(path, number) from None
            on_record(record)
        end += len(line)
    return end, b""


def _complete_record(line: bytes, path: str, end: int) -> bytes:
    """Return the record in an incomplete last line if only its line break is missing, else nothing.

    Args:
        line: The line.
        path: The path of the file.
        end: The position where the complete lines end.

    Raises:
        CommandError: If the line is neither a record nor the beginning of one.
    """
    # After a power failure some file systems leave zeros in the place of unwritten data.
    complete = line.rstrip(b"\0 \t\r")
    try:
        if complete:
            record_of(complete)
    except ValueError:
        if not is_torn(complete):
            raise _not_a_record(path, 0 if end else 1) from None
        return b""
    # A file of nothing but zeros may be another program's.
    if line and not (complete or end):
        raise _not_a_record(path, 1)
    return complete


def _not_a_record(path: str, number: int) -> CommandError:
    if number == 1:
        hint = "Give one that this command has written, or a file that does not exist yet."
        return CommandError(f"{path!r} is not a results file", hint)
    where = f"line {number}" if number else "the last line"
    line = f"{where} of the results file {path!r} is not a record of an edit"
    return CommandError(line, "Correct the line, or remove it: then its edit is sent again.")


def _file_error(path: str, action: str, error: Exception, hint: str = _ANOTHER_FILE) -> CommandError:
    return CommandError(f"the results file {path!r} cannot be {action}: {reason_of(error)}", hint)


def _sync_directory(path: str) -> None:
    """Flush the directory entry to disk."""
    # Where a directory cannot be opened or synced, this is up to the system.
    with suppress(OSError):
        descriptor = os.open(Path(path).resolve().parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
