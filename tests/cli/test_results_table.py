"""`autoenhance results` makes a table for Excel of a results file, with what became of each order at last."""

from __future__ import annotations

import csv
import io
import resource
from typing import TYPE_CHECKING

from records import SERVICE, edited, failed
from terminal import on_terminal, process

from autoenhance.cli._record import line_of

if TYPE_CHECKING:
    from pathlib import Path

    from terminal import Command

RECORDS = [
    failed("o-2", "Not now.", row=3, columns={"Agent": "Grace"}),
    edited("o-1", row=2, changes={"name": "Zoë's, 12", "new_order_id": "0012"}, columns={"Agent": "Ada", "Fee": 7}),
    edited("o-2", row=3, changes={"name": "3 Harbour View"}, columns={"Agent": "Grace"}),
    failed("o-3", "There is no order 'o-3'.", row=4, changes={"name": "a\tb"}, columns={}),
]
TABLE = [
    ["order_id", "name", "new_order_id", "Agent", "Fee", "status", "error", "finished_at", "service"],
    ["o-1", "Zoë's, 12", "0012", "Ada", "7", "edited", "", "2026-11-25T12:00:00.123Z", SERVICE],
    ["o-2", "3 Harbour View", "", "Grace", "", "edited", "", "2026-11-25T12:00:00.123Z", SERVICE],
    ["o-3", "a\tb", "", "", "", "failed", "There is no order 'o-3'.", "2026-11-25T12:00:00.123Z", SERVICE],
]


def results_in(folder: Path) -> str:
    path = folder / "orders.results.jsonl"
    path.write_bytes(b"".join(map(line_of, RECORDS)))
    return str(path)


def rows_in(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-16"), newline=""), dialect="excel-tab"))


def test_each_order_is_a_row_and_its_latest_result_counts(tmp_path: Path, env: dict[str, str]) -> None:
    """In UTF-16 with tabs and a byte order mark, which Excel opens as a table; it needs no key."""
    del env["AUTOENHANCE_API_KEY"]
    ran = process("results", results_in(tmp_path), env=env)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"\xff\xfe")
    assert rows_in(ran.stdout) == TABLE


def test_the_same_order_of_two_services_is_two_rows(tmp_path: Path, command: Command) -> None:
    """What was done in a sandbox says nothing of the service."""
    results, report = tmp_path / "results", tmp_path / "report.csv"
    sandbox = "http://127.0.0.1:8000"
    results.write_bytes(line_of(failed("o-1")) + line_of(edited("o-1", service=sandbox)))
    assert command("results", str(results), "--output", str(report)).status == 0
    rows = rows_in(report.read_bytes())
    found = {(row[rows[0].index("service")], row[rows[0].index("status")]) for row in rows[1:]}
    assert found == {(SERVICE, "failed"), (sandbox, "edited")}


def test_output_is_a_new_file(tmp_path: Path, command: Command) -> None:
    """Another file is never overwritten."""
    results, report = results_in(tmp_path), tmp_path / "report.csv"
    ran = command("results", results, "--output", str(report))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert rows_in(report.read_bytes()) == TABLE
    ran = command("results", results, "--output", results)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"Error: {results!r} cannot be written: File exists\nHint: Give another file with --output.\n"
    assert command("results", results, "--output", str(tmp_path / "no" / "x")).status == 2


def test_on_a_terminal_it_is_text(tmp_path: Path, env: dict[str, str]) -> None:
    """Nobody reads UTF-16 there."""
    ran = on_terminal("results", results_in(tmp_path), env=env)
    assert ran.status == 0
    assert "Zoë's, 12" in ran.out


def test_nothing_in_it_acts_on_a_terminal_or_in_excel(tmp_path: Path, env: dict[str, str]) -> None:
    """Notes may come from elsewhere; a title that is taken is told apart."""
    path = tmp_path / "results"
    nasty = {"Notes": "\x1b]0;owned\x07", "status": "=1+1", "More": "@SUM(A1)"}
    path.write_bytes(line_of(edited("o-1", changes={"name": "-1\u202e"}, columns=nasty)))
    shown = on_terminal("results", str(path), env=env).out
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    header, row = rows_in(process("results", str(path), env=env).stdout)
    assert header[1:5] == ["name", "Notes", "status (table)", "More"]
    assert (row[1], row[3], row[4]) == ("'-1\u202e", "'=1+1", "'@SUM(A1)")


def test_an_output_that_does_not_fit_leaves_no_file(tmp_path: Path, command: Command) -> None:
    """The same command can be given again."""
    results, report = results_in(tmp_path), tmp_path / "report.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    try:
        ran = command("results", results, "--output", str(report))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (ran.status, report.exists()) == (2, False)
    assert "cannot be written: File too large" in ran.err


def test_the_table_is_read_like_any_other(tmp_path: Path, command: Command) -> None:
    """By edit-orders, if Excel has not saved it: ids keep their zeros."""
    report = tmp_path / "report.csv"
    command("results", results_in(tmp_path), "--output", str(report))
    ran = command("edit-orders", str(report), "--dry-run")
    assert ran.status == 2
    assert "row 4, column B (name): control character '\\t' in 'a\\tb'; remove it" in ran.err
    report.write_bytes(report.read_bytes().replace("a\tb".encode("utf-16-le"), "a b".encode("utf-16-le")))
    ran = command("edit-orders", str(report), "--dry-run")
    assert ran.out.splitlines()[2] == 'o-3: name "a b"'


def test_what_is_no_results_file_is_refused(tmp_path: Path, command: Command) -> None:
    """It is said which line is not."""
    path = tmp_path / "x"
    for content, said in (
        (b"order_id,name\n", "is not a results file"),
        (line_of(RECORDS[0]) + b"{}\n", "line 2 of the results file"),
        (line_of(RECORDS[0]) + b"hello", "the last line of the results file"),
        (b"hello", "is not a results file"),
        (bytes(50), "is not a results file"),
        (None, "cannot be read: No such file or directory"),
    ):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        ran = command("results", str(path))
        assert (ran.status, ran.out) == (2, "")
        assert said in ran.err
