"""The results file: one line for each finished edit, on disk before the edit counts as done.

While it is open nobody else writes it, and it holds whole lines only, but for the time of a write.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, Self

from autoenhance.cli._lock import lock
from autoenhance.cli._problems import STOPPED, CommandError
from autoenhance.cli._record import check_line, is_torn, line_of, record_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoenhance.cli._record import Record

_ANOTHER_FILE: Final = "Give another file with --results."
# It holds names, which are people's addresses.
_MODE: Final = 0o600
# Windows is to leave line breaks as they are. To read and write, a pipe is opened at once, and can be refused.
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
_CHUNK: Final = 2**20
# So that a file of another kind, without line breaks, is not read into memory whole.
_LONGEST_LINE: Final = 2**26


class ResultsError(CommandError):
    """These `records` could not be written down, none of them; the file is as it was before."""

    def __init__(self, line: str, records: Sequence[Record]) -> None:
        super().__init__(line, "Make room, or mend what is wrong; then the same command again goes on.", STOPPED)
        self.records = tuple(records)


class Results:
    """The results file of one run."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        # Where the lines end that are written down.
        self._end = 0
        self._unwritten: tuple[Record, ...] = ()

    @classmethod
    def open(cls, path: str, *, table: str | None = None) -> Self:
        """Open the file, or create it, for this run alone.

        A last line that was torn is completed if nothing but its line break is missing, else cut off. Only after all
        of the file was found to be a results file: every other one stays as it is.

        Args:
            path: Where it is.
            table: The file that the edits come from, which it must not be.

        Raises:
            CommandError: If it is no results file, is in use, or cannot be opened.
        """
        with suppress(OSError, ValueError):  # one of them does not exist, or cannot
            if table is not None and Path(path).samefile(table):
                raise CommandError(f"The results would go into {path!r}, which holds the edits.", _ANOTHER_FILE)
        try:
            descriptor = os.open(path, _FLAGS, _MODE)
        except (OSError, ValueError) as error:
            raise _unusable(path, "opened", error) from None
        results = cls(path, descriptor)
        try:
            results._take()
        except BaseException:
            results.close()
            raise
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another run have the file."""
        os.close(self._descriptor)

    def records(self) -> Iterator[Record]:
        """The records that are in the file, one after the other, so that a long file takes no memory.

        Raises:
            CommandError: If it cannot be read, or something else has written into it since it was opened.
        """
        number = 0
        try:
            for line in self._lines(self._end):
                record = record_of(line)
                number += 1
                yield record
        except ValueError:
            self._refuse(number + 1)

    def write(self, records: Sequence[Record]) -> None:
        """Write all of these down, or none of them; they are on disk when this returns.

        After an error it can be tried again, with the same records or with others. After a Ctrl-C in it, the next call
        writes these too. Not for two threads at once.

        Raises:
            ResultsError: If that is not possible.
        """
        self._unwritten += tuple(records)
        data = b"".join(map(line_of, self._unwritten))
        if not data:
            return
        try:
            # First what a write has left that Ctrl-C interrupted.
            self._cut()
            self._append(data)
        except OSError as error:
            with suppress(OSError):
                self._cut()
            failed, self._unwritten = self._unwritten, ()
            line = f"The results file {self._path!r} cannot be written: {error.strerror}."
            raise ResultsError(line, failed) from error
        self._end += len(data)
        self._unwritten = ()

    def is_in_place(self) -> bool:
        """Whether the file is still the one at its path, and not deleted, moved or replaced."""
        try:
            return os.path.samestat(Path(self._path).stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def _take(self) -> None:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise CommandError(f"{self._path!r} is a device or a pipe, and keeps no results.", _ANOTHER_FILE)
        try:
            is_ours = lock(self._descriptor)
        except OSError as error:
            raise _unusable(self._path, "locked", error) from None
        if not is_ours:
            line = f"Another run uses the results file {self._path!r}."
            raise CommandError(line, "Wait until it has ended, or give another file with --results.")
        # Only now: the other run may have been writing.
        size = os.fstat(self._descriptor).st_size
        if size:
            self._check(size)
        else:
            _keep_name(self._path)

    def _check(self, size: int) -> None:
        """Find out whether every line is a record, and mend the last one."""
        number = 0
        try:
            for line in self._lines(size):
                if line.endswith(b"\n"):
                    check_line(line)
                    self._end += len(line)
                else:
                    self._mend(line)
                number += 1
        except ValueError:
            self._refuse(number + 1)

    def _mend(self, line: bytes) -> None:
        # Some file systems leave zeros after a power failure, in the place of what was not written yet.
        kept = line.rstrip(b"\0")
        if not is_torn(kept):
            check_line(kept)
        elif kept or self._end:
            kept = b""
        else:
            raise ValueError("A file of nothing but zeros may be anybody's.")
        try:
            os.ftruncate(self._descriptor, self._end + len(kept))
            if kept:
                self._append(b"\n")
                self._end += len(kept) + 1
        except OSError as error:
            raise _unusable(self._path, "mended", error) from None

    def _lines(self, end: int) -> Iterator[bytes]:
        """The lines up to there, with their line breaks; the last may have none."""
        at, rest = 0, b""
        while at < end and (chunk := self._read(at, min(_CHUNK, end - at))):
            at += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise ValueError("No record is as long.")
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest

    def _read(self, at: int, length: int) -> bytes:
        try:
            # Each time, because writing and other readers move the position.
            os.lseek(self._descriptor, at, os.SEEK_SET)
            return os.read(self._descriptor, length)
        except OSError as error:
            raise _unusable(self._path, "read", error) from None

    def _append(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        # Windows and macOS have no fdatasync, which leaves out times.
        getattr(os, "fdatasync", os.fsync)(self._descriptor)

    def _cut(self) -> None:
        """Take away what is behind the lines that are written down."""
        size = os.fstat(self._descriptor).st_size
        if size < self._end:
            # It would be filled up with zeros.
            raise OSError(errno.EIO, "Something else has shortened it")
        if size > self._end:
            os.ftruncate(self._descriptor, self._end)

    def _refuse(self, number: int) -> NoReturn:
        if number == 1:
            hint = "Give one that this command has written, or a file that does not exist yet."
            raise CommandError(f"{self._path!r} is not a results file.", hint) from None
        line = f"Line {number} of the results file {self._path!r} is no record of an edit."
        raise CommandError(line, "Correct the line, or take it out: its edit is sent again then.") from None


def _unusable(path: str, done: str, error: Exception) -> CommandError:
    # Of a path that cannot be one, Python says why.
    reason = getattr(error, "strerror", None) or error
    return CommandError(f"The results file {path!r} cannot be {done}: {reason}.", _ANOTHER_FILE)


def _keep_name(path: str) -> None:
    """Let the folder's entry be on disk too."""
    # Where a folder cannot be opened, or not synced, the system sees to it or nobody does.
    with suppress(OSError):
        descriptor = os.open(Path(path).resolve().parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
