"""What is said before a bulk run, and after it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from bulk import write_table

from autoenhance.cli._record import Record
from autoenhance.cli._report import Report, edits_to_make, faults_of
from autoenhance.cli._sheet import Shard, Sheet
from autoenhance.cli._tally import Tally, per_second

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def sheet(tmp_path: Path) -> Iterator[Sheet]:
    """A table of 1,200 rows, of which the first was edited before."""
    rows = [f"o-{number},{number}" for number in range(1, 1201)]
    with Sheet.read(write_table(tmp_path / "orders.csv", *rows), longest_name=9) as read:
        read.name = "orders.csv"
        read.settle("o-1", {"name": "1"}, done=True)
        yield read


def failure(line: int, order_id: str = "o-9", error: str = "No.") -> Record:
    return Record(order_id, False, error, "NotFoundError", 404, 1, 0.1, NOON, line, {"name": "a"}, {})  # noqa: FBT003


def tally(edited: int, failed: int = 0) -> Tally:
    """What was done of 1,199."""
    counted = Tally(1199)
    counted.edited, counted.failed = edited, failed
    return counted


@pytest.mark.parametrize(
    ("counted", "unwritten", "seconds", "said"),
    [
        (tally(1199), 0, 0.96, "1,199 edited, 0 failed, 1 was done before, in 1.0 s."),
        (tally(1199), 0, 4.0, "1,199 edited, 0 failed, 1 was done before, in 4.0 s (300/s)."),
        (tally(3), 0, 2.0, "3 edited, 0 failed, 1,196 not begun, 1 was done before, in 2.0 s (1.5/s)."),
        (
            tally(1000, 9),
            5,
            1234.5,
            "1,000 edited, 9 failed, 5 not written down, 185 not begun, 1 was done before, in 1,234.5 s (0.8/s).",
        ),
    ],
)
def test_the_summary_accounts_for_every_row(
    sheet: Sheet, counted: Tally, unwritten: int, *, seconds: float, said: str
) -> None:
    """Edited, failed, not written down, not begun and done before are all rows together; zeros are left out."""
    report = Report(sheet, None, "results")
    for number in range(counted.failed):
        report.note(failure(number))
    lines = list(report.of_end(counted, unwritten, seconds))
    assert lines[0] == said
    assert "Results: results" in lines


def test_a_shard_speaks_of_its_own_rows(sheet: Sheet) -> None:
    """And says which it is."""
    one, two = (Report(sheet, Shard(number, 2), "results") for number in (1, 2))
    scope = "orders.csv, CSV with commas, UTF-8, 1,200 rows"
    assert list(one.of_beginning(599)) == [f"{scope}, shard 1 of 2: editing 599 orders, 1 was done before."]
    assert list(two.of_beginning(1)) == [f"{scope}, shard 2 of 2: editing 1 order."]
    assert next(one.of_dry_run()) == (
        f"{scope}, shard 1 of 2: 599 orders would be edited, 1 was done before. Nothing was sent."
    )
    assert list(two.of_dry_run()) == [
        f"{scope}, shard 2 of 2: 600 orders would be edited. Nothing was sent.",
        "Results would go to results",
    ]
    assert list(one.of_nothing()) == [
        f"Nothing to do: {scope}, shard 1 of 2, 1 was done before.",
        "Results: results",
    ]


def test_what_was_done_before_is_what_was_done_before(sheet: Sheet) -> None:
    """It is counted when the run begins, and what the run does is not in it."""
    report = Report(sheet, None, "results")
    sheet.settle("o-2", {"name": "2"}, done=True)
    assert ", 1 was done before, in " in next(report.of_end(tally(1), 0, 0.5))


def test_failures_stand_in_the_order_of_the_table(sheet: Sheet) -> None:
    """As text that no terminal acts on, and a long id is cut; the command that tries them again is the same."""
    report = Report(sheet, None, "results")
    report.note(failure(7, "x\x1b" + "y" * 90))
    report.note(failure(2, "b", "Not now."))
    assert list(report.of_end(tally(1197, 2), 0, 0.5))[1:] == [
        "Failed:",
        "  line 2, b: Not now.",
        f"  line 7, x\\x1b{'y' * 35}...: No.",
        "Results: results",
        "The same command tries what failed again.",
    ]


def test_of_many_failures_twenty_are_listed(sheet: Sheet) -> None:
    """No more are kept, however many there are."""
    report = Report(sheet, None, "results")
    for number in range(1000):
        report.note(failure(number))
    lines = list(report.of_end(tally(0, 1000), 0, 0.5))
    assert lines[2:22] == [f"  line {number}, o-9: No." for number in range(20)]
    assert lines[22:] == ["  and 980 more, which the results list", "Results: results"]


def test_edits_are_shown_many_at_a_time(sheet: Sheet) -> None:
    """So that a dry run of many does not write line by line, nor hold them all."""
    texts = list(edits_to_make(sheet.pending()))
    assert [text.count("\n") for text in texts] == [500, 500, 199]
    assert texts[0].startswith('o-2: name "2"\no-3: name "3"\n')


def test_faults_have_the_name_of_the_file(tmp_path: Path) -> None:
    """As compilers write it, so that editors find the place; those that are not shown are counted."""
    path = write_table(tmp_path / "orders.csv", *[",a"] * 1500)
    with Sheet.read(path, longest_name=9) as sheet:
        lines = list(faults_of(sheet))
    assert len(lines) == 21
    assert lines[0].startswith(f"{path}:2: column 1 (order_id): it is empty")
    assert lines[20] == "and 1,480 more"


@pytest.mark.parametrize(
    ("rate", "said"), [(0.04, "0.0/s"), (0.4, "0.4/s"), (9.94, "9.9/s"), (10, "10/s"), (1234.5, "1,234/s")]
)
def test_a_rate_has_figures_that_say_something(rate: float, said: str) -> None:
    """Less than one a second is not none."""
    assert per_second(rate) == said
