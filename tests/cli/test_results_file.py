"""The result of each edit is in the results file, whole, whatever happens to the run, the disk or the file."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import stat
import sys
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from records import edited, failed

from autoenhance.cli import _results_file
from autoenhance.cli._error_messages import CommandError, error_message
from autoenhance.cli._lock import lock
from autoenhance.cli._record import Record, is_torn, line_of, record_of
from autoenhance.cli._results_file import ResultsError, ResultsFile, read_results
from autoenhance.cli._text import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EDITED = edited()
FAILED = failed(changes={"new_order_id": "b-2"})
RECORDS = [replace(EDITED if number % 3 else FAILED, order_id=f"o-{number}", row=number) for number in range(2, 6)]
LINES = [line_of(record) for record in RECORDS]
FIRST, CONTENT = LINES[0], b"".join(LINES)
NO_RECORD = "is not a record of an edit"
BOM = b"\xef\xbb\xbf"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the results go."""
    return tmp_path / "orders.results.jsonl"


def opened(path: Path | str, table: Path | None = None) -> ResultsFile:
    """The file, whatever is in it."""
    return ResultsFile.open(str(path), lambda _: None, table=str(table) if table else None)


def read(path: Path) -> list[Record]:
    """What a run finds that opens the file; one that only reads it finds the same."""
    seen: list[Record] = []
    with_lock: list[Record] = []
    if path.exists():
        read_results(str(path), seen.append)
    ResultsFile.open(str(path), with_lock.append).close()
    assert seen == with_lock
    return with_lock


def write(path: Path, *records: Record) -> None:
    """Open the file, write one batch, and close it."""
    with opened(path) as results:
        results.write(records)


def refused(path: Path | str, table: Path | None = None) -> tuple[str, str]:
    """The message and the hint about a file that cannot be opened, with PATH for its path; it is bad input."""
    with pytest.raises(CommandError) as caught:
        opened(path, table)
    problem = error_message(caught.value)
    assert problem.exit_status == 2
    return problem.line.replace(repr(str(path)), "PATH"), problem.hint


@contextmanager
def room_for(length: int) -> Iterator[None]:
    """No file can be longer: as on a full disk, a write stops in the middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# --- Lines ---


def test_a_line_reads_like_this() -> None:
    """In an order that does not change, with null where there is nothing, and times in UTC."""
    assert line_of(EDITED).decode() == (
        '{"order_id": "a-1", "status": "edited", "error": null, "error_type": null, "status_code": 200, "attempts": 1, '
        '"seconds": 0.25, "finished_at": "2026-11-25T12:00:00.123Z", "service": "https://api.autoenhance.ai", '
        '"row": 2, "line": 2, '
        '"changes": {"name": "12 Acacia Avenue"}, "columns": {"agent": "Zoë"}}\n'
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Straße 東京 👩\u200d👧", "Straße 東京 👩\u200d👧"),
        ('a"b\\', r"a\"b\\"),
        ("a\nb\r\x1b\x00", r"a\nb\r\u001b\u0000"),
        ("\x7f\x85\x9b\u2028\u202e\U000e0041", r"\u007f\u0085\u009b\u2028\u202e\udb40\udc41"),
        ("\ud800 \udfff", r"\ud800 \udfff"),
    ],
)
def test_a_name_is_readable_and_harms_no_terminal(name: str, shown: str) -> None:
    """A record is one line for every program, also for those that end lines where Unicode does."""
    line = line_of(replace(EDITED, changes={"name": name}, columns={name: name})).decode()
    assert f'"name": "{shown}"' in line
    assert len(line.splitlines()) == 1
    assert (json.loads(line)["changes"], json.loads(line)["columns"]) == ({"name": name}, {name: name})


# Halves of surrogate pairs too, but none that would be a pair: JSON makes one character of these.
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
def test_every_record_is_read_as_it_was_written_and_a_part_of_it_is_torn(record: Record) -> None:
    """However long the part is; the whole line is not."""
    line = line_of(record)
    whole = line.removesuffix(b"\n")
    assert record_of(line) == record_of(whole) == record
    assert printable_json(line.decode()).encode() == line
    assert not is_torn(whole)
    assert all(is_torn(line[:length]) for length in (*range(80), *range(80, len(whole), 9), len(whole) - 1))


# --- The next run ---


def test_what_was_written_is_there_for_the_next_run(path: Path) -> None:
    """And what that one adds, for the one after it."""
    with opened(path) as results:
        results.write(RECORDS[:1])
        results.write([])
        results.write(RECORDS[1:3])
    assert read(path) == RECORDS[:3]
    write(path, *RECORDS[3:])
    assert path.read_bytes() == CONTENT
    assert read(path) == RECORDS


def test_a_line_of_a_newer_version_or_of_another_program_is_read(path: Path) -> None:
    """More fields, another order, other spaces, and a newer version's line that is torn."""
    newer = {"version": 2, **json.loads(FIRST), "seconds": 1, "more": {"a": [1]}}
    compact = json.dumps(dict(reversed(newer.items())), separators=(",", ":")).encode()
    path.write_bytes(compact + b"\r\n" + json.dumps(newer).encode() + b"\n" + FIRST[:-2] + b', "more": {"a": [1')
    assert read(path) == [replace(RECORDS[0], seconds=1.0)] * 2


def test_a_file_that_an_editor_has_saved_is_read(path: Path) -> None:
    """With a byte order mark, blank lines and other line ends; what is added fits on."""
    saved = BOM + LINES[0].replace(b"\n", b"\r\n") + b"\n  \r\n" + LINES[1] + b"\n"
    path.write_bytes(saved)
    assert read(path) == RECORDS[:2]
    write(path, *RECORDS[2:])
    assert path.read_bytes() == saved + b"".join(LINES[2:])
    for saved in (BOM + LINES[0].rstrip(), LINES[0] + b"  \t"):
        path.write_bytes(saved)
        assert read(path) == RECORDS[:1]


def test_the_file_is_for_its_owner(path: Path) -> None:
    """It holds addresses. What somebody has decided otherwise stays."""
    opened(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    assert read(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_it_is_on_disk_before_it_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the file when it is opened, where a link leads too; the records when write returns."""
    synced: list[tuple[int, int]] = []

    def sync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        synced.append((found.st_ino, found.st_size if stat.S_ISREG(found.st_mode) else -1))

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "fdatasync", sync, raising=False)
    folder = path.parent / "folder"
    folder.mkdir()
    path.symlink_to("folder/results")
    with opened(path) as results:
        assert synced == [(folder.stat().st_ino, -1)]
        results.write(RECORDS)
        assert synced[1:] == [(path.stat().st_ino, len(CONTENT))]
        results.write([])
        assert len(synced) == 2


def test_a_folder_that_cannot_be_synced_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems know no such thing."""
    fail(monkeypatch, os, "fsync", OSError(errno.EINVAL, "Invalid argument"))
    assert read(path) == []


# --- Torn ---


@pytest.mark.parametrize("zeros", [0, 1, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_file_that_was_torn_anywhere_loses_only_what_was_torn(path: Path, zeros: int) -> None:
    """Also with the zeros that a power failure may leave; the next record fits on."""
    for length in {
        *range(1, len(CONTENT), 9),
        *range(len(FIRST) - 3, len(FIRST) + 3),
        *range(len(CONTENT) - 3, len(CONTENT)),
    }:
        path.write_bytes(CONTENT[:length] + bytes(zeros))
        # A line that only its line break is missing from is whole.
        whole = CONTENT[: length + 1].count(b"}}\n")
        assert read(path) == RECORDS[:whole]
        assert path.read_bytes() == b"".join(LINES[:whole])
        write(path, EDITED)
        assert path.read_bytes() == b"".join(LINES[:whole]) + line_of(EDITED)


def test_where_a_torn_line_cannot_be_mended_nothing_is_cut(path: Path) -> None:
    """A whole record whose line break has no room is not lost."""
    path.write_bytes(FIRST[:-1])
    with room_for(len(FIRST) - 1):
        assert refused(path)[0] == "the results file PATH cannot be repaired: File too large"
    assert path.read_bytes() == FIRST[:-1]
    assert read(path) == RECORDS[:1]


# --- Files that are no results files ---

WHOLE = FIRST.decode().rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "order_id,name",
        '{"order_id":"a',
        '{"order_id": "a"}',
        '{"order_id": "a", "customer": "b',
        '{"order_id": "a", "status": nil',
        f"{WHOLE}{WHOLE[:30]}",
        f"{WHOLE} x",
    ],
)
def test_what_is_no_beginning_of_a_record_is_not_cut_off(path: Path, text: str) -> None:
    """Neither alone in a file nor as the last line of a results file: it may be somebody's."""
    for before, said in (
        (b"", "PATH is not a results file"),
        (FIRST, f"the last line of the results file PATH {NO_RECORD}"),
    ):
        path.write_bytes(before + text.encode())
        line, hint = refused(path)
        assert line == said
        assert ("Correct the line" in hint) is bool(before)
        assert path.read_bytes() == before + text.encode()


TORN = LINES[1][:40]


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
)
def test_a_file_that_is_not_ours_stays_as_it_is(path: Path, content: bytes) -> None:
    """Somebody may have named the table, or anything else."""
    path.write_bytes(content)
    hint = "Give one that this command has written, or a file that does not exist yet."
    assert refused(path) == ("PATH is not a results file", hint)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"order_id": "o-3"', '"order_id": 3'),
        ('"changes": {', '"changes": [], "more": {'),
        ('"status": "failed"', '"status": "done"'),
        ('"status_code": 404', '"status_code": "404"'),
        ('"attempts": 1', '"attempts": true'),
        ("2026-11-25T12:00:00.123Z", "2026-11-25T12:00:00.123"),
        ('"o-3"', '"o-\xff"'),
        ("}}", "}} x"),
        ("}}", "}"),
    ],
)
def test_a_broken_line_in_the_middle_is_refused(path: Path, old: str, new: str) -> None:
    """With its number; the file stays as it is, and what is torn at its end too."""
    third = LINES[1].replace(old.encode("latin-1"), new.encode("latin-1"))
    assert third != LINES[1]
    content = LINES[0] + LINES[2] + third + LINES[3] + TORN
    path.write_bytes(content)
    hint = "Correct the line, or remove it: then its edit is sent again."
    assert refused(path) == (f"line 3 of the results file PATH {NO_RECORD}", hint)
    assert path.read_bytes() == content


def test_a_line_without_end_is_not_read_into_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused where it is longer than any record."""
    monkeypatch.setattr(_results_file, "_LONGEST_LINE", 1000)
    # It would be a torn line.
    endless = LINES[1].replace(b"b-2", b"b" * 2000)
    path.write_bytes(FIRST + endless[:1900])
    assert refused(path)[0] == f"line 2 of the results file PATH {NO_RECORD}"
    path.write_bytes(FIRST + endless[:900])
    assert read(path) == RECORDS[:1]


# --- Files that cannot be opened ---


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "the results file PATH cannot be opened: Is a directory"),
        ("nowhere/results", "the results file PATH cannot be opened: No such file or directory"),
        ("a\0b", "the results file PATH cannot be opened: embedded null byte"),
        ("pipe", "the results file PATH is a device or a pipe, not a regular file"),
        ("/dev/null", "the results file PATH is a device or a pipe, not a regular file"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """A pipe that nobody reads is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    assert refused(os.path.join(tmp_path, name)) == (said, "Give another file with --results.")  # noqa: PTH118  # verbatim
    assert list(tmp_path.iterdir()) == [tmp_path / "pipe"]


def test_the_table_is_not_taken_for_the_results(tmp_path: Path, path: Path) -> None:
    """By whatever name, and not even if nothing is in it, which would be a results file."""
    table = tmp_path / "orders.csv"
    table.touch()
    path.symlink_to(table)
    for name in (table, tmp_path / "." / "orders.csv", path):
        said = "the results would go into PATH, which holds the edits"
        assert refused(name, table) == (said, "Give another file with --results.")
    path.unlink()
    opened(path, table).close()
    opened(path, tmp_path / "nowhere").close()


@pytest.mark.parametrize(
    ("module", "function", "error", "said"),
    [
        (os, "open", PermissionError(errno.EACCES, "Permission denied"), "opened: Permission denied"),
        # Two runs could not be told apart there.
        ("fcntl", "flock", OSError(errno.ENOLCK, "No locks available"), "locked: No locks available"),
        (_results_file, "_read", OSError(errno.EIO, "Input/output error"), "read: Input/output error"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, module: Any, function: str, error: OSError, said: str
) -> None:
    """With the system's reason; it stays as it is, and the next run can have it."""
    path.write_bytes(FIRST)
    with monkeypatch.context() as patched:
        fail(patched, sys.modules[module] if isinstance(module, str) else module, function, error)
        assert refused(path)[0] == f"the results file PATH cannot be {said}"
    assert read(path) == RECORDS[:1]


# --- A full disk, and what else can happen during a write ---


def fail(patch: pytest.MonkeyPatch, module: Any, name: str, error: BaseException) -> None:
    """Let a function fail the first time."""
    real, left = getattr(module, name), [error]

    def first_fails(*arguments: Any) -> Any:
        if left:
            raise left.pop()
        return real(*arguments)

    patch.setattr(module, name, first_fails)


@pytest.mark.parametrize("room", [0, 1, len(LINES[1]) - 1, len(LINES[1]), len(LINES[1]) + 1, len(LINES[1]) * 2 + 1])
def test_where_there_is_no_room_nothing_is_written_and_nothing_lost(path: Path, room: int) -> None:
    """The records wait, the file has whole lines only, and once there is room the next write has them too."""
    with opened(path) as results:
        assert results.write(RECORDS[:1]) == RECORDS[:1]
        with room_for(len(FIRST) + room):
            for more in (RECORDS[1:], []):
                with pytest.raises(ResultsError) as caught:
                    results.write(more)
                assert results.unwritten == RECORDS[1:]
                assert path.read_bytes() == FIRST
        assert results.write([]) == RECORDS[1:]
        assert results.unwritten == []
    assert path.read_bytes() == CONTENT
    problem = error_message(caught.value)
    assert problem.line == f"the results file {str(path)!r} cannot be written: File too large"
    assert problem.hint == "Free some space, or correct the cause, and rerun the command to resume."
    assert problem.exit_status == 3


@pytest.mark.parametrize(
    ("function", "error", "room", "left"),
    [
        # A disk may say so only when it is asked; after that, what is there may be anything, and is written anew.
        ("fdatasync", OSError(errno.ENOSPC, "No space left on device"), 2**20, b""),
        # What could not be cut off is cut off by the next write: no record is glued to half of another.
        ("ftruncate", OSError(errno.EIO, "Input/output error"), 50, FIRST[:50]),
        # Ctrl-C: its edits have happened.
        ("write", KeyboardInterrupt(), 2**20, b""),
        ("fdatasync", KeyboardInterrupt(), 2**20, FIRST + LINES[1]),
    ],
)
def test_what_a_write_could_not_do_is_done_by_the_next(
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


def test_a_file_that_something_else_shortens_is_not_filled_with_zeros(path: Path) -> None:
    """The records that come then are kept."""
    with opened(path) as results:
        results.write(RECORDS[:2])
        os.truncate(path, len(FIRST) + 10)
        with pytest.raises(ResultsError, match="another program has truncated it"):
            results.write(RECORDS[2:])
        assert results.unwritten == RECORDS[2:]
    assert path.read_bytes() == FIRST + LINES[1][:10]


def test_a_file_that_is_moved_replaced_or_deleted_is_noticed(path: Path) -> None:
    """What is written then is not where it is looked for."""
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
def test_on_windows_a_byte_far_behind_the_end_is_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, is_taken: bool
) -> None:
    """Others may read what is before it; there, PermissionError says that another has it."""
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
