"""`autoenhance edit-orders` edits what a table says, writes the results, and resumes where it was stopped."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from bulk import names_in, numbered, results_in, rows_of, write_table
from edit_server import EditServer, Request, Response
from odd_servers import nobody

from autoenhance.cli._results_file import ResultsFile
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from terminal import Command, Ran

JSON = {"content-type": "application/json"}
AGAIN = "Rerun the command to retry what failed."


@dataclass
class Edit:
    """Writes the table if rows are given, and edits its orders in the sandbox."""

    command: Command
    sandbox: Sandbox
    table: Path
    results: Path

    def __call__(self, *options: str, rows: Iterable[str] | None = None, columns: str = "order_id,name") -> Ran:
        if rows is not None:
            write_table(self.table, *rows, columns=columns)
        return self.command("edit-orders", str(self.table), *options)


@pytest.fixture
def edit(command: Command, sandbox: Sandbox, table: Path, results: Path) -> Edit:
    """Edits the orders of a table."""
    return Edit(command, sandbox, table, results)


def name_of(sandbox: Sandbox, order_id: str = "o-1") -> object:
    return (sandbox.order(order_id) or {})["name"]


# --- Edits and their results ---


def test_each_row_is_an_edit_and_a_line_of_the_results(edit: Edit) -> None:
    """Beside the table; the summary is on standard error, and nothing on standard output."""
    wanted = numbered(edit.sandbox, 40)
    ran = edit(rows=rows_of(wanted))
    assert (ran.status, ran.out) == (0, "")
    begun, done, where = ran.err.splitlines()
    assert begun == f"{edit.table}, CSV with commas, UTF-8, 40 rows: editing 40 orders."
    assert re.fullmatch(r"40 edited, 0 failed, in \d\.\d s( \([\d.]+/s\))?\.", done)
    assert where == f"Results: {edit.results}"
    assert names_in(edit.sandbox, wanted) == wanted
    lines = {line["order_id"]: line for line in results_in(edit.results)}
    assert {order_id: line["changes"]["name"] for order_id, line in lines.items()} == wanted
    assert {(line["status"], line["error"], line["attempts"]) for line in lines.values()} == {("edited", None, 1)}
    assert (lines["o-7"]["row"], lines["o-7"]["line"], lines["o-7"]["service"]) == (8, 8, edit.sandbox.url)


def test_other_columns_are_copied_to_the_results(edit: Edit) -> None:
    """Whatever they are called; --results says where."""
    numbered(edit.sandbox, 1)
    elsewhere = edit.results.with_name("elsewhere.jsonl")
    ran = edit(
        "--results", str(elsewhere), rows=["Zoë,o-1,a,front; back"], columns="Agent,Order ID,Name,order id (old)"
    )
    assert ran.status == 0
    assert [line["columns"] for line in results_in(elsewhere)] == [{"Agent": "Zoë", "order id (old)": "front; back"}]
    assert not edit.results.exists()


def test_failures_are_listed_with_their_row_and_reason(edit: Edit) -> None:
    """In the order of the table, the first twenty that came; the results have all. The exit status is 1."""
    wanted = numbered(edit.sandbox, 5)
    gone = [f"gone-{number}-{'x' * 60}" for number in range(30)]
    rows = [f'{gone[0]},a,"two\nlines"', *(f"{order_id},a," for order_id in gone[1:])]
    ran = edit(rows=[*rows[:15], *(f"{row}," for row in rows_of(wanted)), *rows[15:]], columns="order_id,name,Notes")
    assert (ran.status, ran.out) == (1, "")
    heading, *listed, more, where, advice = ran.err.splitlines()[2:]
    assert (heading, more, where) == (
        "Failed:",
        "  and 10 more; see the results",
        f"Results: {edit.results}",
    )
    assert advice == AGAIN
    places = ["row 2", *(f"row {row} (line {row + 1})" for row in [*range(3, 17), *range(22, 37)])]
    lines = [
        f"  {place}, {order_id[:40]}...: order '{order_id}' not found (404)"
        for place, order_id in zip(places, gone, strict=True)
    ]
    assert len(listed) == 20
    assert listed == [line for line in lines if line in listed]
    assert "5 edited, 30 failed" in ran.err
    failed = [line for line in results_in(edit.results) if line["status"] == "failed"]
    assert [(line["error_type"], line["status_code"]) for line in failed] == [("NotFoundError", 404)] * 30


def test_what_a_terminal_would_act_on_is_shown_as_text(edit: Edit) -> None:
    """In messages of the service."""
    edit.sandbox.answer_next(400, headers=JSON, body=rb'{"message": "no \u001b[31m\nway"}')
    ran = edit(rows=["o-1,a"])
    assert (ran.status, "\x1b" in ran.err) == (1, False)


def test_an_order_can_get_a_new_id(edit: Edit) -> None:
    """With or without a name; an edit that was done is not sent again, and one whose response was lost may be."""
    numbered(edit.sandbox, 2)
    rows = ["o-1,a,n-1", "o-2,,n-2"]
    assert edit(rows=rows, columns="order_id,name,new_order_id").status == 0
    assert (edit.sandbox.order("o-1"), edit.sandbox.order("o-2")) == (None, None)
    assert (name_of(edit.sandbox, "n-1"), name_of(edit.sandbox, "n-2")) == ("a", None)
    changes = {line["order_id"]: line["changes"] for line in results_in(edit.results)}
    assert changes == {"o-1": {"name": "a", "new_order_id": "n-1"}, "o-2": {"new_order_id": "n-2"}}
    assert edit().err.startswith("Nothing to do: ")
    ran = edit(rows=[*rows, "o-3,,n-3"], columns="order_id,name,new_order_id")
    assert ran.status == 1
    assert " If an earlier run changed its id, it is 'n-3' now." in ran.err


# --- What is refused before the first request ---


def test_every_row_is_checked_before_the_first_request(edit: Edit) -> None:
    """Each error with file, row and column; nothing is sent, and nothing is left behind."""
    numbered(edit.sandbox, 3)
    ran = edit(rows=["o-1,a", ",b", "o-3," + "c" * 300, "o-1,d"])
    assert [error.split(": ")[:2] for error in ran.err.splitlines()[:-2]] == [
        [f"{edit.table}", "row 3, column A (order_id)"],
        [f"{edit.table}", "row 4, column B (name)"],
        [f"{edit.table}", "row 5, column A (order_id)"],
    ]
    assert ran.problem() == (
        f"{edit.table}, CSV with commas, UTF-8: 3 errors; nothing was sent",
        "Correct the file; autoenhance edit-orders --dry-run checks it again.",
    )
    assert name_of(edit.sandbox) is None
    assert list(edit.table.parent.iterdir()) == [edit.table]


def test_of_many_errors_the_first_are_shown(edit: Edit) -> None:
    """And how many more there are."""
    ran = edit(rows=[",a"] * 1500)
    assert len(ran.err.splitlines()) == 20 + 1 + 2
    assert "\nand 1,480 more\n" in ran.err


def test_the_table_is_not_overwritten_by_its_results(edit: Edit) -> None:
    """Nor is another file that holds something else."""
    other = edit.table.with_name("other.csv")
    other.write_text("order_id,name\no-1,a\n")
    line, _ = edit("--results", str(edit.table), rows=["o-1,a"]).problem()
    assert line == f"the results would go into {str(edit.table)!r}, which holds the edits"
    assert edit("--results", str(other)).status == 2
    assert edit.table.read_text() == other.read_text() == "order_id,name\no-1,a\n"


# --- A dry run ---


def test_a_dry_run_shows_the_edits_and_does_nothing(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard output, a line for each edit and nothing else. It needs no key."""
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    wanted = numbered(edit.sandbox, 2)
    rows = ["o-1,a b,", 'o-2,"say ""c""",n-2', "o-3,c\u202ed,n-3"]
    ran = edit("--dry-run", rows=rows, columns="order_id,name,new_order_id")
    assert (ran.status, ran.out.splitlines()) == (
        0,
        [
            'o-1: name "a b"',
            r'o-2: name "say \"c\"", new_order_id "n-2"',
            r'o-3: name "c\u202ed", new_order_id "n-3"',
        ],
    )
    assert ran.err.splitlines() == [
        f"{edit.table}, CSV with commas, UTF-8, 3 rows: 3 orders would be edited. Nothing was sent.",
        f"Results would go to {edit.table}.results.jsonl",
    ]
    assert set(names_in(edit.sandbox, wanted).values()) == {None}
    assert list(edit.table.parent.iterdir()) == [edit.table]


def test_a_dry_run_leaves_out_what_is_done(edit: Edit) -> None:
    """And keeps to its shard."""
    numbered(edit.sandbox, 2)
    assert edit(rows=["o-1,a", "o-2,b", "o-3,c"]).status == 1
    ran = edit("--dry-run")
    assert (ran.status, ran.out) == (0, 'o-3: name "c"\n')
    assert "3 rows: 1 order would be edited, 1 of which failed before, 2 edited before. Nothing was sent." in ran.err
    ran = edit("--dry-run", "--shard", "2/2")
    assert (ran.status, ran.out) == (0, 'o-2: name "b"\n')
    assert "3 rows, shard 2 of 2: 1 order would be edited. Nothing was sent." in ran.err
    assert f"Results would go to {edit.table}.2-of-2.results.jsonl" in ran.err


# --- Resuming ---


def test_what_succeeded_is_not_sent_again_and_what_failed_is(edit: Edit) -> None:
    """And what is new in the table. The results keep a line for each time."""
    numbered(edit.sandbox, 1)
    assert edit(rows=["o-1,a", "o-2,b"]).status == 1
    before = edit.sandbox.order("o-1")
    numbered(edit.sandbox, 3)
    ran = edit(rows=["o-1,a", "o-2,b", "o-3,c"])
    assert ran.status == 0
    assert "3 rows: editing 2 orders, 1 of which failed before, 1 edited before." in ran.err
    assert "2 edited, 0 failed, 1 edited before, in " in ran.err
    assert edit.sandbox.order("o-1") == before
    assert (name_of(edit.sandbox, "o-2"), name_of(edit.sandbox, "o-3")) == ("b", "c")
    found = sorted((line["order_id"], line["status"]) for line in results_in(edit.results))
    assert found == [("o-1", "edited"), ("o-2", "edited"), ("o-2", "failed"), ("o-3", "edited")]


def test_of_earlier_results_the_latest_counts(edit: Edit) -> None:
    """A name that was changed and changed back is sent each time, also if the change failed."""
    numbered(edit.sandbox, 1)
    for name in "aba":
        assert "1 edited" in edit(rows=[f"o-1,{name}"]).err
        assert name_of(edit.sandbox) == name
    assert "Nothing to do" in edit().err
    edit.sandbox.answer_next(422, headers=JSON, body=b"{}")
    assert edit(rows=["o-1,b"]).status == 1
    assert "1 edited" in edit(rows=["o-1,a"]).err


def test_the_order_of_the_rows_and_the_form_of_the_table_do_not_matter(edit: Edit) -> None:
    """A table that was sorted, or saved as something else, is the same table."""
    wanted = numbered(edit.sandbox, 3)
    assert edit(rows=rows_of(wanted)).status == 0
    objects = [json.dumps({"name": name, "order_id": order_id}) for order_id, name in reversed(wanted.items())]
    edit.table.write_text("\n".join(objects))
    assert "Nothing to do" in edit().err


def test_when_all_is_done_no_key_is_needed(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of what was done before is shown, and where the results are."""
    assert edit(rows=["harbour-view-7,a"]).status == 0
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    ran = edit()
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == (
        f"Nothing to do: {edit.table}, CSV with commas, UTF-8, 1 row, 1 edited before.\nResults: {edit.table}.results.jsonl\n"
    )
    assert edit(rows=["harbour-view-7,b"]).problem()[0] == "there is no API key"
    ran = edit(rows=[])
    assert (ran.status, ran.err.splitlines()[0]) == (0, f"Nothing to do: {edit.table}, CSV with commas, UTF-8, 0 rows.")


def test_an_edit_whose_result_is_a_torn_line_is_sent_again(edit: Edit) -> None:
    """It is not known to be on disk. A dry run changes nothing: another run may be about to finish the line."""
    wanted = numbered(edit.sandbox, 3)
    assert edit("--concurrency", "1", rows=rows_of(wanted)).status == 0
    edit.results.write_bytes(edit.results.read_bytes()[:-40])
    before = edit.results.read_bytes(), edit.results.stat()
    assert edit("--dry-run").out == 'o-3: name "3 Acacia Avenue"\n'
    assert (edit.results.read_bytes(), edit.results.stat()) == before
    ran = edit()
    assert ran.status == 0
    assert "editing 1 order, 2 edited before." in ran.err
    assert [line["order_id"] for line in results_in(edit.results)] == ["o-1", "o-2", "o-3"]


def test_what_was_done_in_a_sandbox_is_not_done_at_the_service(edit: Edit) -> None:
    """Results belong to a service; those of another one are counted and kept. --base-url says which it is."""
    wanted = numbered(edit.sandbox, 3)
    with Sandbox() as other:
        numbered(other, 3)
        url = other.url
        assert edit("--base-url", url, rows=rows_of(wanted)).status == 0
        assert names_in(other, wanted) == wanted
    ran = edit()
    assert ran.status == 0
    assert ran.err.splitlines()[:2] == [
        f"3 results of another service ({url}) not counted as done.",
        f"{edit.table}, CSV with commas, UTF-8, 3 rows: editing 3 orders.",
    ]
    assert names_in(edit.sandbox, wanted) == wanted
    assert [line["service"] for line in results_in(edit.results)] == [url] * 3 + [edit.sandbox.url] * 3
    # The same service, written in another way.
    assert "Nothing to do" in edit("--base-url", f"{edit.sandbox.url}/").err


def test_a_second_run_on_the_same_results_is_refused(edit: Edit) -> None:
    """With status 2, while the first one runs, and touches nothing. A dry run does not wait."""
    with ResultsFile.open(str(edit.results), lambda _: None):
        assert edit(rows=["harbour-view-7,a"]).problem() == (
            f"another run uses the results file {str(edit.results)!r}",
            "Wait until it has ended, or give another file with --results.",
        )
        assert edit("--dry-run").status == 0
    assert edit.results.read_bytes() == b""
    assert edit().status == 0


# --- Shards ---


def test_shards_together_are_the_whole_and_leave_each_other_alone(edit: Edit) -> None:
    """Each has results of its own, and resumes by itself."""
    wanted = numbered(edit.sandbox, 10)
    write_table(edit.table, *rows_of(wanted))
    for number, count in ((1, 4), (2, 3), (3, 3)):
        before = names_in(edit.sandbox, wanted)
        ran = edit("--shard", f"{number}/3")
        assert ran.status == 0
        assert f"10 rows, shard {number} of 3: editing {count} orders." in ran.err
        after = names_in(edit.sandbox, wanted)
        assert [order_id for order_id in wanted if before[order_id] != after[order_id]] == [*wanted][number - 1 :: 3]
        assert len(results_in(f"{edit.table}.{number}-of-3.results.jsonl")) == count
    assert names_in(edit.sandbox, wanted) == wanted
    assert "Nothing to do: " in (said := edit("--shard", "2/3").err)
    assert "shard 2 of 3, 3 edited before" in said


def test_a_row_that_gains_changes_moves_no_other_to_another_shard(edit: Edit) -> None:
    """Its results would not know it, and it would be sent again."""
    numbered(edit.sandbox, 4)
    for shard in ("1/2", "2/2"):
        assert edit("--shard", shard, rows=["o-1,", "o-2,b", "o-3,c", "o-4,d"]).status == 0
    rows = ["o-1,a", "o-2,b", "o-3,c", "o-4,d"]
    assert edit("--shard", "1/2", "--dry-run", rows=rows).out == 'o-1: name "a"\n'
    assert edit("--shard", "2/2", "--dry-run").out == ""


# --- Where it stops by itself ---


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "Check the key in AUTOENHANCE_API_KEY, or in the file of --api-key-file."),
        (403, "Check what the API key's account may do."),
        (429, "Retry in a moment, or give a larger --max-retries."),
    ],
)
def test_a_key_that_is_refused_in_the_middle_stops_the_run(edit: Edit, *, status: int, hint: str) -> None:
    """Status 3, and the same command resumes with what was not done."""
    wanted = numbered(edit.sandbox, 6)
    edit.sandbox.answer_next(200, headers=JSON, body=b'{"order_id": "x", "name": "accepted"}', times=2)
    edit.sandbox.answer_next(status, headers={**JSON, "retry-after": "4000"}, body=b"{}")
    ran = edit("--concurrency", "1", rows=rows_of(wanted))
    assert "2 edited, 1 failed, 3 not sent, in " in ran.err
    assert [line["status"] for line in results_in(edit.results)] == ["edited", "edited", "failed"]
    line, advice = ran.problem(3)
    assert line.startswith("bulk run stopped: no further edit can succeed; ")
    assert str(status) in line
    assert advice == f"{hint} Then rerun the command to resume."
    assert AGAIN not in ran.err
    assert "editing 4 orders, 1 of which failed before, 2 edited before." in edit().err
    assert names_in(edit.sandbox, wanted) == {**wanted, "o-1": None, "o-2": None}


def test_a_service_that_cannot_be_reached_stops_the_run(edit: Edit) -> None:
    """After ten rows, not after all; status 3, and the same command resumes when it can."""
    with nobody() as url:
        options = ("--base-url", url, "--max-retries", "0", "--concurrency", "1")
        ran = edit(*options, rows=(f"o-{number},a" for number in range(200)))
    assert "0 edited, 10 failed, 190 not sent, in " in ran.err
    line, hint = ran.problem(3)
    assert re.match(
        "bulk run stopped: 10 edits in a row did not reach the service; order '.*': cannot connect to http", line
    )
    assert hint == "Check the network, and --base-url or AUTOENHANCE_BASE_URL. Then rerun the command to resume."


def test_max_failures_stops_the_run(edit: Edit) -> None:
    """When one more has failed; as many as that are no reason."""
    wanted = numbered(edit.sandbox, 3)
    ran = edit("--concurrency", "1", "--max-failures", "1", rows=["gone-1,a", "gone-2,a", *rows_of(wanted)])
    assert "0 edited, 2 failed, 3 not sent" in ran.err
    line, hint = ran.problem(3)
    assert line.startswith("bulk run stopped: 2 edits failed; order ")
    assert hint == "Rerun the command to resume, with a larger --max-failures to allow more."
    assert edit("--concurrency", "1", "--max-failures", "2").status == 1
    assert names_in(edit.sandbox, wanted) == wanted


def test_whatever_ends_a_run_the_edits_in_flight_are_recorded(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A display that breaks is no reason to lose them."""
    wanted = numbered(edit.sandbox, 200)
    shown = iter(range(3))

    def breaks(_: object) -> None:
        if next(shown, None) is None:
            raise RuntimeError("broken")

    monkeypatch.setattr("autoenhance.cli._progress_display.ProgressDisplay.show", breaks)
    assert edit(rows=rows_of(wanted)).status == 1
    done = {order_id for order_id, name in names_in(edit.sandbox, wanted).items() if name}
    assert {line["order_id"] for line in results_in(edit.results)} == done
    assert len(done) < 200


def test_results_that_are_removed_during_the_run_are_reported(edit: Edit) -> None:
    """They are in a file that has no name any more."""

    def remove(_: Request) -> Response:
        edit.results.unlink()
        return Response()

    with EditServer(remove) as server:
        ran = edit("--base-url", server.url, rows=["o-1,a"])
    assert (
        f"Warning: the results file '{edit.results}' was moved or deleted during the run; the results are not there"
        in ran.err
    )


# --- Options that reach the library ---


def test_max_retries_and_v(edit: Edit) -> None:
    """How often an edit is retried, and a line for each retry; without -v none."""
    for number, (options, status, attempts, told) in enumerate(
        [("--max-retries=0 -v", 1, 1, 0), ("--max-retries=1", 0, 2, 0), ("-v", 0, 2, 1)]
    ):
        edit.sandbox.answer_next(503, headers={**JSON, "retry-after": "0"}, body=b"{}")
        ran = edit(*options.split(), rows=[f"harbour-view-7,{number}"])
        assert ran.status == status
        assert results_in(edit.results)[-1]["attempts"] == attempts
        retries = re.findall(r"^order harbour-view-7: attempt 1 failed \(status 503\), ", ran.err, re.MULTILINE)
        assert len(retries) == told


@pytest.mark.parametrize("most", [1, 3])
def test_concurrency_says_how_many_edits_may_be_in_flight(edit: Edit, most: int) -> None:
    """Not one more, and as many."""
    with EditServer(lambda _: Response(after=0.05)) as server:
        rows = [f"o-{number},a" for number in range(9)]
        assert edit("--concurrency", str(most), "--base-url", server.url, rows=rows).status == 0
    assert server.most_at_once == most


def test_rate_says_how_many_requests_there_may_be(edit: Edit) -> None:
    """At 10 a second, 12 take more than a second, from which on the summary has the rate."""
    wanted = numbered(edit.sandbox, 12)
    ran = edit("--rate", "10", rows=rows_of(wanted))
    assert re.search(r"^12 edited, 0 failed, in [1-9]\.\d s \([\d.]+/s\)\.$", ran.err, re.MULTILINE)


def test_the_key_is_in_neither_output_nor_results(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the service repeats it."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", "planted-key-6d1f")
    edit.sandbox.answer_next(400, headers=JSON, body=b'{"message": "bad planted-key-6d1f"}')
    ran = edit("-v", rows=["harbour-view-7,a"])
    assert ran.status == 1
    assert "planted-key" not in ran.out + ran.err + edit.results.read_text()
