"""The results file has the whole result of each edit, whatever happens to the run, the disk or the file."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from records import edited, failed, room_for

from autoenhance.cli import _results_file
from autoenhance.cli._error_messages import CommandError, error_message
from autoenhance.cli._lock import lock
from autoenhance.cli._record import Record, is_torn, line_of, record_of
from autoenhance.cli._results_file import ResultsError, ResultsFile, read_results
from autoenhance.cli._text import printable_json

if TYPE_CHECKING:
    from pathlib import Path

EDITED = edited()
FAILED = failed(changes={"new_order_id": "b-2"})
RECORDS = [replace(EDITED if number % 3 else FAILED, order_id=f"o-{number}", row=number) for number in range(2, 6)]
LINES = [line_of(record) for record in RECORDS]
FIRST, CONTENT = LINES[0], b"".join(LINES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the results go."""
    return tmp_path / "orders.results.jsonl"


def opened(path: Path | str, table: Path | None = None) -> ResultsFile:
    """The open file, without its records."""
    return ResultsFile.open(str(path), lambda _: None, table=str(table) if table else None)


def read(path: Path) -> list[Record]:
    """The records in the file, with and without a lock."""
    records: list[Record] = []
    with_lock: list[Record] = []
    if path.exists():
        read_results(str(path), records.append)
    ResultsFile.open(str(path), with_lock.append).close()
    assert records == with_lock
    return with_lock


def write(path: Path, *records: Record) -> None:
    """Append records."""
    with opened(path) as results:
        results.write(records)


def refused(path: Path | str, table: Path | None = None) -> tuple[str, str]:
    """The error of opening a file and its hint, with PATH for its path; the exit status is 2."""
    with pytest.raises(CommandError) as caught:
        opened(path, table)
    problem = error_message(caught.value)
    assert problem.exit_status == 2
    return problem.line.replace(repr(str(path)), "PATH"), problem.hint


def fail(patch: pytest.MonkeyPatch, module: Any, name: str, error: BaseException) -> None:
    """Let a function fail the first time."""
    real, errors = getattr(module, name), [error]

    def first_fails(*arguments: Any) -> Any:
        if errors:
            raise errors.pop()
        return real(*arguments)

    patch.setattr(module, name, first_fails)


# --- Lines ---


def test_the_format_of_a_line() -> None:
    """The keys are always the same, with null for no value, and times are in UTC."""
    assert line_of(EDITED).decode() == (
        '{"order_id": "a-1", "status": "edited", "error": null, "error_type": null, "status_code": 200, "attempts": 1, '
        '"seconds": 0.25, "finished_at": "2026-11-25T12:00:00.123Z", "service": "https://api.autoenhance.ai", '
        '"row": 2, "line": 2, '
        '"changes": {"name": "12 Acacia Avenue"}, "columns": {"agent": "Zoë"}}\n'
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Straße 東京 👩\u200d👧", "Straße 東京 👩\u200d👧"),
        ('a"b\\', r"a\"b\\"),
        ("a\nb\r\x1b\x00", r"a\nb\r\u001b\u0000"),
        ("\x7f\x85\x9b\u2028\u202e\U000e0041", r"\u007f\u0085\u009b\u2028\u202e\udb40\udc41"),
        ("\ud800 \udfff", r"\ud800 \udfff"),
    ],
)
def test_names_are_readable_and_without_control_characters(name: str, text: str) -> None:
    """A record is one line, also for programs that know the line separators of Unicode."""
    line = line_of(replace(EDITED, changes={"name": name}, columns={name: name})).decode()
    assert f'"name": "{text}"' in line
    assert len(line.splitlines()) == 1
    assert (json.loads(line)["changes"], json.loads(line)["columns"]) == ({"name": name}, {name: name})


# With lone surrogates, but no pairs, of which JSON makes one character.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12).filter(
    lambda text: not re.search("[\ud800-\udbff][\udc00-\udfff]", text)
)
VALUES = TEXT | st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(TEXT)
NUMBERS = st.integers(0, 10**6)
RECORD = st.builds(
    edited,
    order_id=TEXT,
    **{name: st.none() | TEXT for name in ("error", "error_type")},
    **dict.fromkeys(("attempts", "row", "line"), NUMBERS),
    seconds=NUMBERS.map(lambda number: number / 1000),
    changes=st.dictionaries(TEXT, VALUES | st.dictionaries(TEXT, VALUES)),
    columns=st.dictionaries(TEXT, VALUES),
)
NESTED = {"a": {"b": [{}, [], "}]", "\\"]}, "c": "{"}


@given(RECORD)
@example(EDITED)
@example(replace(EDITED, columns=NESTED))
@example(replace(EDITED, changes=NESTED, columns={}))
def test_every_record_is_read_as_written_and_its_beginning_is_torn(record: Record) -> None:
    """However long the beginning is; the whole line is not torn."""
    line = line_of(record)
    whole = line.removesuffix(b"\n")
    assert record_of(line) == record_of(whole) == record
    assert printable_json(line.decode()).encode() == line
    assert not is_torn(whole)
    assert all(is_torn(line[:length]) for length in (*range(80), *range(80, len(whole), 9), len(whole) - 1))


# --- The next run ---


def test_the_next_run_reads_and_appends(path: Path) -> None:
    """The file is for its owner only, because it has addresses; other permissions are kept."""
    with opened(path) as results:
        results.write(RECORDS[:1])
        results.write([])
        results.write(RECORDS[1:3])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    assert read(path) == RECORDS[:3]
    write(path, *RECORDS[3:])
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_line_of_a_newer_version_or_another_program_is_read(path: Path) -> None:
    """More fields, another order, other spaces, and a torn line of a newer version."""
    newer = {"version": 2, **json.loads(FIRST), "seconds": 1, "more": {"a": [1]}}
    compact = json.dumps(dict(reversed(newer.items())), separators=(",", ":")).encode()
    path.write_bytes(compact + b"\r\n" + json.dumps(newer).encode() + b"\n" + FIRST[:-2] + b', "more": {"a": [1')
    assert read(path) == [replace(RECORDS[0], seconds=1.0)] * 2


def test_a_file_that_an_editor_has_saved_is_read(path: Path) -> None:
    """With a byte order mark, blank lines and other line ends; records can be appended."""
    saved = b"\xef\xbb\xbf" + LINES[0].replace(b"\n", b"\r\n") + b"\n  \r\n" + LINES[1] + b"\n"
    path.write_bytes(saved)
    write(path, *RECORDS[2:])
    assert path.read_bytes() == saved + b"".join(LINES[2:])
    assert read(path) == RECORDS
    for saved in (b"\xef\xbb\xbf" + LINES[0].rstrip(), LINES[0] + b"  \t"):
        path.write_bytes(saved)
        assert read(path) == RECORDS[:1]


def test_records_are_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder when the file is opened, also through a link; the records when `write` returns."""
    synced: list[tuple[int, int]] = []

    def sync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced.append((status.st_ino, status.st_size if stat.S_ISREG(status.st_mode) else -1))

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "fdatasync", sync, raising=False)
    folder = path.parent / "folder"
    folder.mkdir()
    path.symlink_to("folder/results")
    with opened(path) as results:
        assert synced == [(folder.stat().st_ino, -1)]
        results.write(RECORDS)
        results.write([])
        assert synced[1:] == [(path.stat().st_ino, len(CONTENT))]


def test_a_folder_that_cannot_be_synced_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not all file systems support it."""
    fail(monkeypatch, os, "fsync", OSError(errno.EINVAL, "Invalid argument"))
    assert read(path) == []


# --- Torn ---


@pytest.mark.parametrize("zeros", [0, 1, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_file_that_was_torn_anywhere_loses_only_the_torn_line(path: Path, zeros: int) -> None:
    """Also with the zeros that a power failure may leave; records can be appended."""
    first, end = len(FIRST), len(CONTENT)
    for length in {*range(1, end, 9), *range(first - 3, first + 3), *range(end - 3, end)}:
        path.write_bytes(CONTENT[:length] + bytes(zeros))
        # A line is whole if only its line break is missing.
        whole = CONTENT[: length + 1].count(b"}}\n")
        assert read(path) == RECORDS[:whole]
        assert path.read_bytes() == b"".join(LINES[:whole])
        write(path, EDITED)
        assert path.read_bytes() == b"".join(LINES[:whole]) + line_of(EDITED)


def test_a_torn_line_that_cannot_be_repaired_is_kept(path: Path) -> None:
    """It is a whole record, whose line break does not fit on the disk."""
    path.write_bytes(FIRST[:-1])
    with room_for(len(FIRST) - 1):
        assert refused(path)[0] == "the results file PATH cannot be repaired: File too large"
    assert path.read_bytes() == FIRST[:-1]
    assert read(path) == RECORDS[:1]


# --- Files that are not results files ---

WHOLE, TORN = FIRST.rstrip(b"\n"), LINES[1][:40]
OTHER = ("PATH is not a results file", "Give one that this command has written, or a file that does not exist yet.")
CORRECT = "Correct the line, or remove it: then its edit is sent again."


@pytest.mark.parametrize(
    "content",
    [
        b"order_id,name\na-1,12 Acacia Avenue\n",
        b"order_id,name\n" + FIRST,
        b'{"order_id": "a-1"}\n' + TORN,
        json.dumps(json.loads(FIRST), indent=1).encode(),
        b'"order_id"\n',
        b"[" * 100_000 + b"\n",
        b"PK\x03\x04\xff\xfe\n\n",
        bytes(5000),
        bytes(10) + FIRST,
    ],
    ids=range(9),
)
def test_another_file_is_refused_and_unchanged(path: Path, content: bytes) -> None:
    """Such as the table."""
    path.write_bytes(content)
    assert refused(path) == OTHER
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [
        b"order_id,name",
        b'{"order_id":"a',
        b'{"order_id": "a"}',
        b'{"order_id": "a", "customer": "b',
        b'{"order_id": "a", "status": nil',
        WHOLE + WHOLE[:30],
        WHOLE + b" x",
    ],
)
def test_a_last_line_that_is_not_torn_is_refused_and_kept(path: Path, line: bytes) -> None:
    """It may be another program's."""
    last = ("the last line of the results file PATH is not a record of an edit", CORRECT)
    for before, expected in ((b"", OTHER), (FIRST, last)):
        path.write_bytes(before + line)
        assert refused(path) == expected
        assert path.read_bytes() == before + line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"order_id": "o-3"', b'"order_id": 3'),
        (b'"changes": {', b'"changes": [], "more": {'),
        (b'"status": "failed"', b'"status": "done"'),
        (b'"status_code": 404', b'"status_code": "404"'),
        (b'"attempts": 1', b'"attempts": true'),
        (b"2026-11-25T12:00:00.123Z", b"2026-11-25T12:00:00.123"),
        (b'"o-3"', b'"o-\xff"'),
        (b"}}", b"}} x"),
        (b"}}", b"}"),
    ],
)
def test_an_invalid_line_in_the_middle_is_refused(path: Path, old: bytes, new: bytes) -> None:
    """With its number; the file is unchanged, also its torn end."""
    assert old in LINES[1]
    content = LINES[0] + LINES[2] + LINES[1].replace(old, new) + LINES[3] + TORN
    path.write_bytes(content)
    assert refused(path) == ("line 3 of the results file PATH is not a record of an edit", CORRECT)
    assert path.read_bytes() == content


def test_an_endless_line_is_not_read_into_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is longer than any record is refused."""
    monkeypatch.setattr(_results_file, "_MAX_LINE_LENGTH", 1000)
    endless = LINES[1].replace(b"b-2", b"b" * 2000)
    path.write_bytes(FIRST + endless[:1900])
    assert refused(path)[0] == "line 2 of the results file PATH is not a record of an edit"
    path.write_bytes(FIRST + endless[:900])
    assert read(path) == RECORDS[:1]


# --- Files that cannot be opened ---


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "cannot be opened: Is a directory"),
        ("nowhere/results", "cannot be opened: No such file or directory"),
        ("a\0b", "cannot be opened: embedded null byte"),
        ("pipe", "is a device or a pipe, not a regular file"),
        ("/dev/null", "is a device or a pipe, not a regular file"),
    ],
)
def test_only_a_regular_file_is_opened(tmp_path: Path, name: str, error: str) -> None:
    """A pipe that has no reader does not block."""
    os.mkfifo(tmp_path / "pipe")
    path = os.path.join(tmp_path, name)  # noqa: PTH118  # verbatim
    assert refused(path) == (f"the results file PATH {error}", "Give another file with --results.")
    assert list(tmp_path.iterdir()) == [tmp_path / "pipe"]


def test_the_table_is_not_used_for_the_results(tmp_path: Path, path: Path) -> None:
    """By no name, also if it is empty, as a new results file is."""
    table = tmp_path / "orders.csv"
    table.touch()
    path.symlink_to(table)
    error = ("the results would go into PATH, which holds the edits", "Give another file with --results.")
    for name in (table, tmp_path / "." / "orders.csv", path):
        assert refused(name, table) == error
    path.unlink()
    opened(path, table).close()
    opened(path, tmp_path / "nowhere").close()


@pytest.mark.parametrize(
    ("module", "function", "error", "action"),
    [
        (os, "open", PermissionError(errno.EACCES, "Permission denied"), "opened"),
        # Without locks, two runs could write at once.
        (fcntl, "flock", OSError(errno.ENOLCK, "No locks available"), "locked"),
        (_results_file, "_read", OSError(errno.EIO, "Input/output error"), "read"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, module: Any, function: str, error: OSError, action: str
) -> None:
    """With the system's reason; the file is unchanged, and the next run can use it."""
    path.write_bytes(FIRST)
    fail(monkeypatch, module, function, error)
    assert refused(path)[0] == f"the results file PATH cannot be {action}: {error.strerror}"
    assert read(path) == RECORDS[:1]


# --- A full disk, and what else can happen during a write ---


@pytest.mark.parametrize("room", [0, 1, len(LINES[1]) - 1, len(LINES[1]), len(LINES[1]) + 1, len(LINES[1]) * 2 + 1])
def test_records_that_do_not_fit_on_the_disk_are_written_later(path: Path, room: int) -> None:
    """With the next write, once there is space; until then the file has only whole lines."""
    with opened(path) as results:
        assert results.write(RECORDS[:1]) == RECORDS[:1]
        with room_for(len(FIRST) + room):
            for more in (RECORDS[1:], []):
                with pytest.raises(ResultsError, match="File too large"):
                    results.write(more)
                assert results.unwritten == RECORDS[1:]
                assert path.read_bytes() == FIRST
        assert results.write([]) == RECORDS[1:]
        assert results.unwritten == []
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("function", "error", "room", "left"),
    [
        # A disk may be full only at the sync; after that the content is unknown, and is written again.
        ("fdatasync", OSError(errno.ENOSPC, "No space left on device"), 2**20, b""),
        # The next write cuts off what could not be cut off.
        ("ftruncate", OSError(errno.EIO, "Input/output error"), 50, FIRST[:50]),
        # Ctrl-C: the edits were made.
        ("write", KeyboardInterrupt(), 2**20, b""),
        ("fdatasync", KeyboardInterrupt(), 2**20, FIRST + LINES[1]),
    ],
)
def test_the_next_write_completes_one_that_failed(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, function: str, error: BaseException, room: int, left: bytes
) -> None:
    with opened(path) as results:
        fail(monkeypatch, os, function, error)
        with room_for(room), pytest.raises((ResultsError, KeyboardInterrupt)):
            results.write(RECORDS[:2])
        assert path.read_bytes() == left
        results.write(RECORDS[2:])
        results.write([])
    assert path.read_bytes() == CONTENT


def test_a_file_that_another_program_truncates_is_not_filled_with_zeros(path: Path) -> None:
    """Later records are kept."""
    with opened(path) as results:
        results.write(RECORDS[:2])
        os.truncate(path, len(FIRST) + 10)
        with pytest.raises(ResultsError, match="another program has truncated it"):
            results.write(RECORDS[2:])
        assert results.unwritten == RECORDS[2:]
    assert path.read_bytes() == FIRST + LINES[1][:10]


def test_a_file_that_is_moved_replaced_or_deleted_is_noticed(path: Path) -> None:
    """The results are then not at its path."""
    moved = path.with_suffix(".moved")
    with opened(path) as results:
        assert results.is_in_place()
        path.rename(moved)
        assert not results.is_in_place()
        path.touch()
        assert not results.is_in_place()
        moved.rename(path)
        assert results.is_in_place()
        path.unlink()
        assert not results.is_in_place()


@pytest.mark.parametrize("is_taken", [False, True])
def test_the_lock_on_windows(path: Path, monkeypatch: pytest.MonkeyPatch, *, is_taken: bool) -> None:
    """Is on a byte far beyond the end: others can read those before it. PermissionError means that it is locked."""
    locked: list[tuple[int, int, int]] = []

    def locking(descriptor: int, mode: int, length: int) -> None:
        locked.append((os.lseek(descriptor, 0, os.SEEK_CUR), mode, length))
        if is_taken:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with path.open("wb") as file:
        assert lock(file.fileno()) is not is_taken
    assert locked == [(2**31 - 2, 2, 1)]
