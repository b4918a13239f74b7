"""`autoenhance results` makes a table for Excel of a results file, with the latest result of each order."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from records import NOON, SERVICE, edited, failed, room_for
from terminal import on_terminal, process

from autoenhance.cli._record import line_of

if TYPE_CHECKING:
    from pathlib import Path

    from terminal import Command

    from autoenhance.cli._record import Record

RECORDS = [
    failed("o-2", "Not now.", row=3, columns={"Agent": "Grace"}),
    edited("o-1", row=2, changes={"name": "Zoë's, 12", "new_order_id": "0012"}, columns={"Agent": "Ada", "Fee": 7}),
    edited("o-2", row=3, changes={"name": "3 Harbour View"}, columns={"Agent": "Grace"}),
    failed("o-3", "There is no order 'o-3'.", row=4, changes={"name": "a\tb"}, columns={}),
]
TABLE = [
    ["order_id", "name", "new_order_id", "Agent", "Fee", "status", "error", "finished_at", "service"],
    ["o-1", "Zoë's, 12", "0012", "Ada", "7", "edited", "", NOON, SERVICE],
    ["o-2", "3 Harbour View", "", "Grace", "", "edited", "", NOON, SERVICE],
    ["o-3", "a\tb", "", "", "", "failed", "There is no order 'o-3'.", NOON, SERVICE],
]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Where the table goes."""
    return tmp_path / "report.csv"


def write(results: Path, *records: Record) -> str:
    """Write a results file, by default of RECORDS."""
    results.write_bytes(b"".join(map(line_of, records or RECORDS)))
    return str(results)


def rows_in(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-16"), newline=""), dialect="excel-tab"))


def test_each_order_is_a_row_with_its_latest_result(results: Path, env: dict[str, str]) -> None:
    """In UTF-16 with tabs and a byte order mark, which Excel opens as a table; it needs no key."""
    del env["AUTOENHANCE_API_KEY"]
    ran = process("results", write(results), env=env)
    assert (ran.returncode, ran.stderr, ran.stdout[:2]) == (0, b"", b"\xff\xfe")
    assert rows_in(ran.stdout) == TABLE


def test_the_same_order_of_two_services_is_two_rows(results: Path, report: Path, command: Command) -> None:
    """Such as of a sandbox."""
    path = write(results, failed("o-1"), edited("o-1", service="http://127.0.0.1"))
    assert command("results", path, "--output", str(report)).status == 0
    rows = [(row[-1], row[-4]) for row in rows_in(report.read_bytes())[1:]]
    assert sorted(rows) == [("http://127.0.0.1", "edited"), (SERVICE, "failed")]


def test_output_is_a_new_file(results: Path, report: Path, command: Command) -> None:
    """An existing file is not overwritten, and an output that does not fit on the disk leaves none."""
    path = write(results)
    with room_for(50):
        ran = command("results", path, "--output", str(report))
    assert "cannot be written: File too large" in ran.problem()[0]
    assert not report.exists()
    ran = command("results", path, "--output", str(report))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert rows_in(report.read_bytes()) == TABLE
    problem = command("results", path, "--output", path).problem()
    assert problem == (f"{path!r} cannot be written: it exists already", "Give another file with --output.")


def test_control_characters_and_formulas_are_escaped(results: Path, env: dict[str, str]) -> None:
    """On a terminal and in Excel. A column of the table with a name that is in use is renamed."""
    nasty = {"Notes": "\x1b]0;owned\x07", "status": "=1+1", "More": "@SUM(A1)"}
    path = write(results, edited("o-1", changes={"name": "-Zoë's\u202e"}, columns=nasty))
    shown = on_terminal("results", path, env=env).out
    assert "-Zoë's" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    header, row = rows_in(process("results", path, env=env).stdout)
    assert header[1:5] == ["name", "Notes", "status (table)", "More"]
    assert (row[1], row[3], row[4]) == ("'-Zoë's\u202e", "'=1+1", "'@SUM(A1)")


def test_edit_orders_reads_the_table(results: Path, report: Path, command: Command) -> None:
    """With the zeros of ids, unless Excel has saved it."""
    command("results", write(results, *RECORDS[:3], edited("0013")), "--output", str(report))
    ran = command("edit-orders", str(report), "--dry-run")
    assert (ran.status, ran.out.splitlines()[0]) == (0, 'o-1: name "Zoë\'s, 12", new_order_id "0012"')
    assert '0013: name "12 Acacia Avenue"' in ran.out


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"order_id,name\n", "is not a results file"),
        (line_of(RECORDS[0]) + b"{}\n", "line 2 of the results file"),
        (None, "cannot be read: No such file or directory"),
    ],
    ids=range(3),
)
def test_another_file_is_refused(results: Path, command: Command, content: bytes | None, error: str) -> None:
    if content is not None:
        results.write_bytes(content)
    assert error in command("results", str(results)).problem()[0]
