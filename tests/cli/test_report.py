"""What is said before a bulk run, and after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bulk import write_table
from records import SERVICE, edited, failed

from autoenhance.cli._arguments import TableOptions
from autoenhance.cli._report import History, Report, edits_to_make, errors_of
from autoenhance.cli._table import Shard, Table, read_table
from autoenhance.cli._progress import EditProgress, per_second

if TYPE_CHECKING:
    from autoenhance.cli._record import Record

SCOPE = "orders.csv, CSV with commas, UTF-8, 1,200 rows"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """A table of 1,200 rows."""
    monkeypatch.chdir(tmp_path)
    path = write_table(Path("orders.csv"), *[f"o-{number},{number}" for number in range(1, 1201)])
    return read_table(path, TableOptions(), {}, lambda _: False)


def report(table: Table, shard: Shard | None = None, *before: Record) -> Report:
    """Of a run over the table, the first order of which was edited before."""
    history = History(SERVICE)
    for record in (edited("o-1", changes={"name": "1"}), *before):
        history.add(record)
    return Report(table, shard, "results", history)


def failure(row: int, order_id: str = "o-9", error: str = "No.", line: int | None = None) -> Record:
    return failed(order_id, error, row=row, line=row if line is None else line)


def progress(edited: int, failed: int = 0) -> EditProgress:
    """What was done of 1,199."""
    counted = EditProgress(1199)
    counted.edited, counted.failed = edited, failed
    return counted


@pytest.mark.parametrize(
    ("counted", "unwritten", "seconds", "said"),
    [
        (progress(1199), 0, 0.96, "1,199 edited, 0 failed, 1 edited before, in 1.0 s."),
        (progress(1199), 0, 4.0, "1,199 edited, 0 failed, 1 edited before, in 4.0 s (300/s)."),
        (progress(3), 0, 2.0, "3 edited, 0 failed, 1,196 not sent, 1 edited before, in 2.0 s (1.5/s)."),
        (
            progress(1000, 9),
            5,
            1234.5,
            "1,000 edited, 9 failed, 5 not in the results, 185 not sent, 1 edited before, in 1,234.5 s (0.8/s).",
        ),
    ],
)
def test_the_summary_accounts_for_every_row(
    table: Table, counted: EditProgress, unwritten: int, *, seconds: float, said: str
) -> None:
    """Edited, failed, not in the results, not sent and edited before are all rows together; zeros are left out."""
    said_of = report(table)
    for number in range(counted.failed):
        said_of.add_failure(failure(number))
    lines = list(said_of.end_lines(counted, unwritten, seconds))
    assert lines[0] == said
    assert "Results: results" in lines


def test_a_shard_speaks_of_its_own_rows(table: Table) -> None:
    """And says which it is."""
    one, two = (report(table, Shard(number, 2)) for number in (1, 2))
    assert list(one.start_lines()) == [f"{SCOPE}, shard 1 of 2: editing 599 orders, 1 edited before."]
    assert list(two.start_lines()) == [f"{SCOPE}, shard 2 of 2: editing 600 orders."]
    assert (
        next(one.dry_run_lines())
        == f"{SCOPE}, shard 1 of 2: 599 orders would be edited, 1 edited before. Nothing was sent."
    )
    assert list(two.dry_run_lines()) == [
        f"{SCOPE}, shard 2 of 2: 600 orders would be edited. Nothing was sent.",
        "Results would go to results",
    ]
    done = report(table, Shard(1, 1200))
    assert list(done.start_lines()) == [
        f"Nothing to do: {SCOPE}, shard 1 of 1200, 1 edited before.",
        "Results: results",
    ]


def test_of_earlier_results_the_latest_counts(table: Table) -> None:
    """A failure after a success is retried, another name is sent, and it is said how many failed before."""
    before = [failed("o-1"), failed("o-2"), edited("o-2", changes={"name": "2"}), edited("o-3", changes={"name": "x"})]
    assert list(report(table, None, *before).start_lines()) == [
        f"{SCOPE}: editing 1,199 orders, 1 of which failed before, 1 edited before."
    ]


def test_results_of_another_service_do_not_count(table: Table) -> None:
    """An order that was edited in a sandbox was not edited; how many results that are is said."""
    before = [
        edited(f"o-{number}", changes={"name": f"{number}"}, service="http://127.0.0.1:8000") for number in (2, 3)
    ]
    assert list(report(table, None, *before).start_lines()) == [
        "2 results of another service (http://127.0.0.1:8000) not counted as done.",
        f"{SCOPE}: editing 1,199 orders, 1 edited before.",
    ]


def test_failures_are_in_the_order_of_the_table(table: Table) -> None:
    """As text that no terminal acts on, and a long id is cut; the row has its line where that differs."""
    said_of = report(table)
    said_of.add_failure(failure(7, "x\x1b" + "y" * 90))
    said_of.add_failure(failure(2, "b", "Not now.", line=3))
    assert list(said_of.end_lines(progress(1197, 2), 0, 0.5))[1:] == [
        "Failed:",
        "  row 2 (line 3), b: Not now.",
        f"  row 7, x\\x1b{'y' * 35}...: No.",
        "Results: results",
        "Rerun the command to retry what failed.",
    ]


def test_of_many_failures_twenty_are_listed(table: Table) -> None:
    """No more are kept, however many there are."""
    said_of = report(table)
    for number in range(1, 1001):
        said_of.add_failure(failure(number))
    lines = list(said_of.end_lines(progress(0, 1000), 0, 0.5))
    assert lines[2:22] == [f"  row {number}, o-9: No." for number in range(1, 21)]
    assert lines[22:] == ["  and 980 more, which the results list", "Results: results"]


def test_each_edit_of_a_dry_run_is_a_line(table: Table) -> None:
    """Those that were made before are left out."""
    lines = list(edits_to_make(report(table).pending))
    assert (len(lines), lines[0], lines[1198]) == (1199, 'o-2: name "2"\n', 'o-1200: name "1200"\n')


def test_errors_have_the_name_of_the_file(tmp_path: Path) -> None:
    """Those that are not shown are counted."""
    path = write_table(tmp_path / "orders.csv", *[",a"] * 1500)
    lines = list(errors_of(read_table(path, TableOptions(), {}, lambda _: False)))
    assert len(lines) == 21
    assert lines[0] == f"{path}: row 2, column A (order_id): is empty; give the id of the order"
    assert lines[20] == "and 1,480 more"


@pytest.mark.parametrize(
    ("rate", "said"), [(0.04, "0.0/s"), (0.4, "0.4/s"), (9.94, "9.9/s"), (10, "10/s"), (1234.5, "1,234/s")]
)
def test_a_rate_has_figures_that_say_something(rate: float, said: str) -> None:
    """Less than one a second is not none."""
    assert per_second(rate) == said
