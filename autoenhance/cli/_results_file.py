"""The results file: one line for each finished edit, on disk before the edit counts as done.

While it is open nobody else writes it, and it holds whole lines only, but for the time of a write.
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
# It holds names, which are people's addresses.
_MODE: Final = 0o600
# Windows is to leave line breaks as they are. To read and write, a pipe is opened at once, and can be refused.
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
# So that a file of another kind, without line breaks, is not read into memory whole.
_LONGEST_LINE: Final = 2**26
_BOM: Final = codecs.BOM_UTF8


class ResultsError(CommandError):
    """The results could not be written, none of them; the file is as it was before."""


def read_results(path: str, seen: Callable[[Record], object], hint: str = _ANOTHER_FILE) -> None:
    """Read a file that may be in use, and change nothing.

    Args:
        path: Where it is.
        seen: Gets each record. A last line that is not finished is left out.
        hint: What to do if it is no results file, or cannot be read.

    Raises:
        CommandError: If it is no results file, or cannot be read.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # what it says may be /dev/fd/63, which must be opened as it is
            end, rest = _read(file, path, seen)
    except (OSError, ValueError) as error:
        raise _unusable(path, "read", error, hint) from None
    kept = _kept(rest, path, end)
    if kept:
        seen(record_of(kept))


class ResultsFile:
    """The results file of one run."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        # Where the lines end that are written.
        self._end = 0
        self.unwritten: list[Record] = []
        """What could not be written; the next write tries again."""

    @classmethod
    def open(cls, path: str, seen: Callable[[Record], object], *, table: str | None = None) -> Self:
        """Open the file, or create it, for this run alone.

        A last line that was torn is completed if nothing but its line break is missing, else cut off. Only after all
        of the file was found to be a results file: every other one stays as it is.

        Args:
            path: Where it is.
            seen: Gets each record that it has.
            table: The file that the edits come from, which it must not be.

        Raises:
            CommandError: If it is no results file, is in use, or cannot be opened.
        """
        with suppress(OSError, ValueError):  # one of them does not exist, or cannot
            if table is not None and Path(path).samefile(table):
                raise CommandError(f"the results would go into {path!r}, which holds the edits", _ANOTHER_FILE)
        try:
            descriptor = os.open(path, _FLAGS, _MODE)
        except (OSError, ValueError) as error:
            raise _unusable(path, "opened", error) from None
        results = cls(path, descriptor)
        try:
            results._take(seen)
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

    def write(self, records: Sequence[Record]) -> list[Record]:
        """Write all of these and of those that could not be written, or none of them; returns which are on disk now.

        Raises:
            ResultsError: If that is not possible.
        """
        self.unwritten += records
        data = b"".join(map(line_of, self.unwritten))
        try:
            if data:
                self._cut()
                self._append(data)
        except OSError as error:
            with suppress(OSError):
                self._cut()
            line = f"the results file {self._path!r} cannot be written: {error.strerror}"
            raise ResultsError(line, _FREE_SPACE, STOPPED) from error
        self._end += len(data)
        written, self.unwritten = self.unwritten, []
        return written

    def is_in_place(self) -> bool:
        """Whether the file is still the one at its path, and not deleted, moved or replaced."""
        try:
            return os.path.samestat(Path(self._path).stat(), os.fstat(self._descriptor))
        except OSError:
            return False

    def _take(self, seen: Callable[[Record], object]) -> None:
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            raise CommandError(f"{self._path!r} is a device or a pipe, and keeps no results", _ANOTHER_FILE)
        try:
            is_ours = lock(self._descriptor)
        except OSError as error:
            raise _unusable(self._path, "locked", error) from None
        if not is_ours:
            line = f"another run uses the results file {self._path!r}"
            raise CommandError(line, "Wait until it has ended, or give another file with --results.")
        # Only now: the other run may have been writing.
        try:
            with open(self._descriptor, "rb", closefd=False) as file:
                self._end, rest = _read(file, self._path, seen)
        except OSError as error:
            raise _unusable(self._path, "read", error) from None
        if rest:
            self._mend(rest, seen)
        elif not self._end:
            _keep_name(self._path)

    def _mend(self, line: bytes, seen: Callable[[Record], object]) -> None:
        kept = _kept(line, self._path, self._end)
        if kept:
            seen(record_of(kept))
        try:
            os.ftruncate(self._descriptor, self._end + len(kept))
            if kept:
                self._append(b"\n")
                self._end += len(kept) + 1
        except OSError as error:
            raise _unusable(self._path, "repaired", error) from None

    def _append(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
        # Windows and macOS have no fdatasync, which leaves out times.
        getattr(os, "fdatasync", os.fsync)(self._descriptor)

    def _cut(self) -> None:
        """Take away what is behind the lines that are written."""
        size = os.fstat(self._descriptor).st_size
        if size < self._end:
            # It would be filled up with zeros.
            raise OSError(errno.EIO, "Something else has shortened it")
        if size > self._end:
            os.ftruncate(self._descriptor, self._end)


def _read(file: IO[bytes], path: str, seen: Callable[[Record], object]) -> tuple[int, bytes]:
    """Read all lines that have an end; returns where they end, and what is behind them."""
    # Editors leave a byte order mark and blank lines.
    end = len(_BOM) if file.read(len(_BOM)) == _BOM else 0
    file.seek(end)
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
        if not line.endswith(b"\n"):
            if len(line) == _LONGEST_LINE:
                raise _no_record(path, number)
            return end, line
        if text := line.strip():
            try:
                record = record_of(text)
            except ValueError:
                raise _no_record(path, number) from None
            seen(record)
        end += len(line)
    return end, b""


def _kept(line: bytes, path: str, end: int) -> bytes:
    """What a last line without an end has of a record: all of it, or nothing.

    Args:
        line: The line.
        path: The file.
        end: Where the lines before it end.

    Raises:
        CommandError: If it is neither a record nor the beginning of one.
    """
    # Some file systems leave zeros after a power failure, in the place of what was not written yet.
    kept = line.rstrip(b"\0 \t\r")
    try:
        if kept:
            record_of(kept)
    except ValueError:
        if not is_torn(kept):
            raise _no_record(path, 0 if end else 1) from None
        return b""
    # A file of nothing but zeros may be anybody's.
    if line and not (kept or end):
        raise _no_record(path, 1)
    return kept


def _no_record(path: str, number: int) -> CommandError:
    if number == 1:
        hint = "Give one that this command has written, or a file that does not exist yet."
        return CommandError(f"{path!r} is not a results file", hint)
    where = f"line {number}" if number else "the last line"
    line = f"{where} of the results file {path!r} is not a record of an edit"
    return CommandError(line, "Correct the line, or remove it: then its edit is sent again.")


def _unusable(path: str, done: str, error: Exception, hint: str = _ANOTHER_FILE) -> CommandError:
    return CommandError(f"the results file {path!r} cannot be {done}: {reason_of(error)}", hint)


def _keep_name(path: str) -> None:
    """Let the folder's entry be on disk too."""
    # Where a folder cannot be opened, or not synced, the system sees to it or nobody does.
    with suppress(OSError):
        descriptor = os.open(Path(path).resolve().parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
