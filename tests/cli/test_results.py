"""What came of each edit is in the results file, whole, whatever happens to the run, the disk or the file."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import resource
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import records
from records import edited, failed

from autoenhance.cli import _results_file
from autoenhance.cli._error_messages import CommandError, error_message
from autoenhance.cli._record import line_of
from autoenhance.cli._results_file import ResultsFile, ResultsError, read_results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.cli._record import Record

EDITED = edited()
FAILED = failed(changes={"new_order_id": "b-2"})
RECORDS = [replace(EDITED if number % 3 else FAILED, order_id=f"o-{number}", row=number) for number in range(2, 6)]
LINES = [line_of(record) for record in RECORDS]
FIRST = LINES[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the results go."""
    return tmp_path / "orders.results.jsonl"


def read(path: Path) -> list[Record]:
    """What a run finds that opens the file; one that only reads it finds the same."""
    seen: list[Record] = []
    with_lock: list[Record] = []
    if path.exists():
        read_results(str(path), seen.append)
    ResultsFile.open(str(path), with_lock.append).close()
    assert seen == with_lock
    return with_lock


def opened(path: Path | str, table: Path | None = None) -> ResultsFile:
    """The file, whatever is in it."""
    return ResultsFile.open(str(path), lambda _: None, table=str(table) if table else None)


def refused(path: Path | str, table: Path | None = None) -> tuple[str, str]:
    """What is said of a file that cannot be opened; its status is that of bad input."""
    with pytest.raises(CommandError) as caught:
        opened(path, table)
    problem = error_message(caught.value)
    assert problem.exit_status == 2
    return problem.line, problem.hint


# --- The next run ---


def test_what_was_written_is_there_for_the_next_run(path: Path) -> None:
    """And what that one adds, for the one after it; nothing is on standard output."""
    with opened(path) as results:
        results.write(RECORDS[:1])
        results.write([])
        results.write(RECORDS[1:3])
    assert path.read_bytes() == b"".join(LINES[:3])
    assert read(path) == RECORDS[:3]
    with opened(path) as results:
        results.write(RECORDS[3:])
    assert path.read_bytes() == b"".join(LINES)
    assert read(path) == RECORDS


def test_a_line_of_a_newer_version_or_of_another_program_is_read(path: Path) -> None:
    """More fields, another order, other spaces, and a newer version's line that is torn."""
    newer = {"version": 2, **json.loads(FIRST), "seconds": 1, "more": {"a": [1]}}
    compact = json.dumps(dict(reversed(newer.items())), separators=(",", ":")).encode()
    path.write_bytes(compact + b"\r\n" + json.dumps(newer).encode() + b"\n" + FIRST[:-2] + b', "more": {"a": [1')
    assert read(path) == [replace(RECORDS[0], seconds=1.0)] * 2


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
    monkeypatch.chdir(path.parent)
    with opened(path.name) as results:
        expected = [(folder.stat().st_ino, -1)]
        assert synced == expected
        results.write(RECORDS)
        expected.append((path.stat().st_ino, len(b"".join(LINES))))
        assert synced == expected
        results.write([])
        assert synced == expected


def test_a_folder_that_cannot_be_synced_is_no_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some systems know no such thing."""

    def not_supported(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", not_supported)
    assert read(path) == []


def test_a_file_that_an_editor_has_saved_is_read(path: Path) -> None:
    """With a byte order mark, blank lines and other line ends; what is added fits on."""
    saved = b"\xef\xbb\xbf" + LINES[0].replace(b"\n", b"\r\n") + b"\n  \r\n" + LINES[1] + b"\n"
    path.write_bytes(saved)
    assert read(path) == RECORDS[:2]
    with opened(path) as results:
        results.write(RECORDS[2:])
    assert path.read_bytes() == saved + b"".join(LINES[2:])
    assert read(path) == RECORDS
    path.write_bytes(b"\xef\xbb\xbf" + LINES[0].rstrip())
    assert read(path) == RECORDS[:1]
    path.write_bytes(LINES[0] + b"  \t")
    assert read(path) == RECORDS[:1]


# --- Torn ---


@pytest.mark.parametrize("zeros", [0, 1, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_file_that_was_torn_anywhere_loses_only_what_was_torn(path: Path, zeros: int) -> None:
    """At each byte of its last two lines, and with the zeros that a power failure may leave; the next record fits on."""
    content = b"".join(LINES)
    for length in range(len(b"".join(LINES[:-2])), len(content)):
        path.write_bytes(content[:length] + bytes(zeros))
        # A line that only its line break is missing from is whole.
        whole = content[: length + 1].count(b"}}\n")
        assert read(path) == RECORDS[:whole]
        assert path.read_bytes() == b"".join(LINES[:whole])
        with opened(path) as results:
            results.write([EDITED])
        assert path.read_bytes() == b"".join(LINES[:whole]) + line_of(EDITED)


def test_a_first_line_that_was_torn_is_cut_off(path: Path) -> None:
    """The run was killed during its first write."""
    for length in range(len(FIRST) - 1):
        path.write_bytes(FIRST[:length])
        assert read(path) == []
        assert path.read_bytes() == b""


def test_where_a_torn_line_cannot_be_mended_nothing_is_cut(path: Path) -> None:
    """A whole record whose line break has no room is not lost."""
    path.write_bytes(FIRST[:-1])
    with room_for(len(FIRST) - 1):
        line, _ = refused(path)
    assert line == f"the results file {str(path)!r} cannot be repaired: File too large"
    assert path.read_bytes() == FIRST[:-1]
    assert read(path) == RECORDS[:1]


# --- Not ours ---

WHOLE = FIRST.decode().rstrip("\n")
NO_BEGINNINGS = [
    "order_id,name",
    "[",
    '{"order_id":"a',
    "{'order_id': 'a",
    '{"order_id": a',
    '{"order_id": "a"}',
    '{"order_id": "a", "customer": "b',
    '{"order_id": "a", "status": nil',
    f"{WHOLE}{WHOLE[:30]}",
    f"{WHOLE} x",
]


@pytest.mark.parametrize("text", NO_BEGINNINGS)
def test_what_is_no_beginning_of_a_record_is_not_cut_off(path: Path, text: str) -> None:
    """Neither alone in a file nor as the last line of a results file: it may be somebody's."""
    for before in (b"", FIRST):
        path.write_bytes(before + text.encode())
        line, hint = refused(path)
        number = "the last line of the results file" if before else "is not a results file"
        assert number in line
        assert ("Correct the line" in hint) is bool(before)
        assert path.read_bytes() == before + text.encode()


TORN = LINES[1][:40]


@pytest.mark.parametrize(
    "content",
    [
        b"order_id,name\na-1,12 Acacia Avenue\n",
        b"order_id,name\n" + FIRST,
        b'{"order_id": "a-1"}\n',
        b'{"order_id": "a-1"}\n' + TORN,
        json.dumps(json.loads(FIRST), indent=1).encode(),
        b"[" + FIRST.rstrip() + b"]\n",
        b"null\n",
        b'"order_id"\n',
        b"[" * 100_000 + b"\n",
        b"PK\x03\x04\xff\xfe\n\n",
        b"\xff" * 5000,
        bytes(5000),
        bytes(10) + FIRST,
    ],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(path: Path, content: bytes) -> None:
    """To the byte; somebody may have named the table, or anything else."""
    path.write_bytes(content)
    line, hint = refused(path)
    assert line == f"{str(path)!r} is not a results file"
    assert hint == "Give one that this command has written, or a file that does not exist yet."
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"order_id": "o-3"', b'"order_id": 3'),
        (b'"changes": {', b'"changes": [], "more": {'),
        (b'"changes": {"new_order_id": "b-2"}, ', b""),
        (b'"status": "failed"', b'"status": "done"'),
        (b'"status_code": 404', b'"status_code": "404"'),
        (b'"attempts": 1', b'"attempts": true'),
        (b'"attempts": 1', b'"attempts": 1.0'),
        (b'"seconds": 0.25', b'"seconds": null'),
        (b"2026-11-25T12:00:00.123Z", b"2026-11-25T12:00:00.123"),
        (b"2026-11-25T12:00:00.123Z", b"yesterday"),
        (b'"columns": {', b'"columns": [], "more": {'),
        (b'"o-3"', b'"o-\xff"'),
        (b"}}", b"}} x"),
        (b"}}", b"}"),
    ],
)
def test_a_broken_line_in_the_middle_is_refused(path: Path, old: bytes, new: bytes) -> None:
    """With its number; the file stays as it is, and what is torn at its end too."""
    third = LINES[1].replace(old, new)
    assert third != LINES[1]
    content = LINES[0] + LINES[2] + third + LINES[3] + TORN
    path.write_bytes(content)
    line, hint = refused(path)
    assert line == f"line 3 of the results file {str(path)!r} is not a record of an edit"
    assert hint == "Correct the line, or remove it: then its edit is sent again."
    assert path.read_bytes() == content


def test_a_line_without_end_is_not_read_into_memory(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused where it is longer than any record."""
    monkeypatch.setattr(_results_file, "_LONGEST_LINE", 1000)
    # It would be a torn line.
    path.write_bytes(FIRST + LINES[1].replace(b"b-2", b"b" * 2000)[:1900])
    assert refused(path)[0].startswith("line 2 of the results file")
    path.write_bytes(FIRST + LINES[1].replace(b"b-2", b"b" * 2000)[:900])
    assert read(path) == RECORDS[:1]


# --- Not to be opened ---


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "the results file {} cannot be opened: Is a directory"),
        ("nowhere/results", "the results file {} cannot be opened: No such file or directory"),
        ("a\0b", "the results file {} cannot be opened: embedded null byte"),
        ("pipe", "{} is a device or a pipe, and keeps no results"),
        ("/dev/null", "{} is a device or a pipe, and keeps no results"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, name: str, said: str) -> None:
    """A pipe that nobody reads is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    before = list(tmp_path.iterdir())
    path = os.path.join(tmp_path, name)  # noqa: PTH118  # as it is
    assert refused(path) == (said.format(repr(path)), "Give another file with --results.")
    assert list(tmp_path.iterdir()) == before


def test_a_folder_that_one_may_not_write_to_is_refused(path: Path) -> None:
    """With the system's reason; nobody is root here."""
    path.parent.chmod(0o500)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        line, _ = refused(path)
    finally:
        if is_root:
            os.seteuid(0)
        path.parent.chmod(0o700)
    assert line == f"the results file {str(path)!r} cannot be opened: Permission denied"


def test_the_table_is_not_taken_for_the_results(tmp_path: Path, path: Path) -> None:
    """By whatever name, and not even if nothing is in it, which would be a results file."""
    table = tmp_path / "orders.csv"
    table.touch()
    path.symlink_to(table)
    for name in (table, tmp_path / "." / "orders.csv", path):
        line, hint = refused(name, table)
        assert line == f"the results would go into {str(name)!r}, which holds the edits"
        assert hint == "Give another file with --results."
    path.unlink()
    opened(path, table).close()
    opened(path, tmp_path / "nowhere").close()


def test_a_file_system_without_locks_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs could not be told apart there."""

    def no_locks(_: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(_results_file, "lock", no_locks)
    line, _ = refused(path)
    assert line == f"the results file {str(path)!r} cannot be locked: No locks available"


def test_a_file_that_cannot_be_read_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is let go of: the next run can have it."""
    path.write_bytes(FIRST)

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(_results_file, "_read", broken)
        line, _ = refused(path)
    assert line == f"the results file {str(path)!r} cannot be read: Input/output error"
    assert read(path) == RECORDS[:1]


# --- Full, or worse ---


@contextmanager
def room_for(length: int) -> Iterator[None]:
    """No file can be longer: as on a full disk, a write stops in the middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


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
    assert path.read_bytes() == b"".join(LINES)
    problem = error_message(caught.value)
    assert problem.line == f"the results file {str(path)!r} cannot be written: File too large"
    assert problem.hint == "Free some space, or correct the cause, and rerun the command to resume."
    assert problem.exit_status == 3


def fail_once(monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException) -> None:
    """Let a function of `os` fail the first time."""
    real, left = getattr(os, name), [error]

    def fail(*arguments: Any) -> Any:
        if left:
            raise left.pop()
        return real(*arguments)

    monkeypatch.setattr(os, name, fail)


def test_what_did_not_reach_the_disk_is_not_written_down(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may say so only when it is asked; after that, what is there may be anything, and is written anew."""
    with opened(path) as results:
        fail_once(monkeypatch, "fdatasync", OSError(errno.ENOSPC, "No space left on device"))
        with pytest.raises(ResultsError, match="No space left on device"):
            results.write(RECORDS[:2])
        assert path.read_bytes() == b""
        results.write(RECORDS[2:])
    assert read(path) == RECORDS


def test_what_could_not_be_cut_off_is_cut_off_by_the_next_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No record is glued to half of another."""
    with opened(path) as results:
        fail_once(monkeypatch, "ftruncate", OSError(errno.EIO, "Input/output error"))
        with room_for(50), pytest.raises(ResultsError, match="File too large"):
            results.write(RECORDS[:2])
        assert path.read_bytes() == FIRST[:50]
        results.write(RECORDS[2:])
    assert path.read_bytes() == b"".join(LINES)


@pytest.mark.parametrize("name", ["write", "fdatasync"])
def test_a_write_that_ctrl_c_interrupts_is_done_by_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its edits have happened, whoever was to be told."""
    with opened(path) as results:
        fail_once(monkeypatch, name, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            results.write(RECORDS[:2])
        results.write(RECORDS[2:])
        results.write([])
    assert path.read_bytes() == b"".join(LINES)


def test_a_write_that_ctrl_c_interrupts_may_be_the_last(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next that fails has its records too, once."""
    with opened(path) as results:
        fail_once(monkeypatch, "write", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            results.write(RECORDS[:2])
        with room_for(0), pytest.raises(ResultsError):
            results.write([])
        assert results.unwritten == RECORDS[:2]
        results.write(RECORDS[2:])
    assert path.read_bytes() == b"".join(LINES)


def test_a_file_that_something_else_shortens_is_not_filled_with_zeros(path: Path) -> None:
    """The records that come then are kept."""
    with opened(path) as results:
        results.write(RECORDS[:2])
        os.truncate(path, len(FIRST) + 10)
        with pytest.raises(ResultsError, match="Something else has shortened it"):
            results.write(RECORDS[2:])
        assert results.unwritten == RECORDS[2:]
    assert path.read_bytes() == FIRST + LINES[1][:10]


def test_a_file_that_is_deleted_or_replaced_is_noticed(path: Path) -> None:
    """Moved too: what is written then is not where it is looked for."""
    with opened(path) as results:
        assert results.is_in_place()
        path.rename(path.with_suffix(".moved"))
        assert not results.is_in_place()
        path.touch()
        assert not results.is_in_place()
        path.with_suffix(".moved").rename(path)
        assert results.is_in_place()
        path.unlink()
        assert not results.is_in_place()


# --- Processes ---

WRITING = """
import sys
from dataclasses import replace
from records import edited
from autoenhance.cli._results_file import ResultsFile
record = edited(changes={"name": "a" * 100}, columns={"b": "c" * 200})
seen = []
with ResultsFile.open(sys.argv[1], seen.append) as results:
    number = len(seen)
    print("open", flush=True)
    while True:
        batch = [replace(record, order_id=str(number + more)) for more in range(int(sys.argv[2]))]
        results.write(batch)
        number += len(batch)
        print(number, flush=True)
"""


@contextmanager
def writing(path: Path, batch: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes down orders 0, 1, 2 and so on, and says how many it has, until it is killed."""
    command = [sys.executable, "-c", WRITING, str(path), str(batch)]
    env = {**os.environ, "PYTHONPATH": str(Path(records.__file__).parent)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def test_a_second_run_is_refused_until_the_first_is_gone(path: Path) -> None:
    """It touches nothing, and neither a clean end nor kill -9 leaves anything in its way."""
    with writing(path, 1):
        line, hint = refused(path)
        assert line == f"another run uses the results file {str(path)!r}"
        assert hint == "Wait until it has ended, or give another file with --results."
    with opened(path):
        assert refused(path)[0] == line
    read(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_run_that_is_killed_has_lost_nothing_that_it_had_written_down(path: Path) -> None:
    """At any moment, again and again, in small writes and long ones; at most the last write is there in part."""
    chance = random.Random(7)  # noqa: S311  # no secret
    for batch in (1, 2000, 300, 2000):
        with writing(path, batch) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(chance.uniform(0.01, 0.1))
            process.send_signal(signal.SIGKILL)
            # What it was about to say it has not said.
            *_, last = re.findall(rb"(\d+)\n", first + process.stdout.read())
        found = [int(record.order_id) for record in read(path)]
        assert found == list(range(len(found)))
        assert int(last) <= len(found) <= int(last) + batch
