"""`autoenhance edit-orders` edits the orders of a table, writes their results, and resumes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from bulk import names_in, numbered, results_in, rows_of, write_table
from edit_server import EditServer, Request, Response
from odd_servers import unreachable

from autoenhance.cli._results_file import ResultsFile
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from terminal import Command, Ran

JSON = {"content-type": "application/json"}
RERUN = "Rerun the command to retry what failed."


@dataclass
class Edit:
    """Edits the orders of a table in the sandbox."""

    command: Command
    sandbox: Sandbox
    table: Path
    results: Path

    def __call__(
        self, *options: str, rows: Iterable[str] | None = None, columns: str = "order_id,name", **variables: None
    ) -> Ran:
        """Write the table, if rows are given, and run the command."""
        if rows is not None:
            write_table(self.table, *rows, columns=columns)
        return self.command("edit-orders", str(self.table), *options, **variables)

    def name(self, order_id: str = "o-1") -> object:
        """The name of an order."""
        return (self.sandbox.order(order_id) or {})["name"]


@pytest.fixture
def edit(command: Command, sandbox: Sandbox, table: Path, results: Path) -> Edit:
    """Edits the orders of a table."""
    return Edit(command, sandbox, table, results)


# --- Edits and their results ---


def test_each_row_is_an_edit_and_a_result(edit: Edit) -> None:
    """The results are beside the table, the summary is on standard error, and standard output is empty."""
    wanted = numbered(edit.sandbox, 40)
    ran = edit(rows=rows_of(wanted))
    assert (ran.status, ran.out) == (0, "")
    begin, summary, where = ran.err.splitlines()
    assert begin == f"{edit.table}, CSV with commas, UTF-8, 40 rows: editing 40 orders."
    assert re.fullmatch(r"40 edited, 0 failed, in \d\.\d s( \([\d.]+/s\))?\.", summary)
    assert where == f"Results: {edit.results}"
    assert names_in(edit.sandbox, wanted) == wanted
    lines = {line["order_id"]: line for line in results_in(edit.results)}
    assert {order_id: line["changes"]["name"] for order_id, line in lines.items()} == wanted
    assert {(line["status"], line["error"], line["attempts"]) for line in lines.values()} == {("edited", None, 1)}
    assert (lines["o-7"]["row"], lines["o-7"]["line"], lines["o-7"]["service"]) == (8, 8, edit.sandbox.url)


def test_other_columns_are_copied_to_the_results(edit: Edit) -> None:
    """Whatever their names; --results says where."""
    numbered(edit.sandbox, 1)
    other = edit.results.with_name("other.jsonl")
    columns = "Agent,Order ID,Name,order id (old)"
    assert edit("--results", str(other), rows=["Zoë,o-1,a,front; back"], columns=columns).status == 0
    assert [line["columns"] for line in results_in(other)] == [{"Agent": "Zoë", "order id (old)": "front; back"}]
    assert not edit.results.exists()


def test_failures_are_listed_with_row_and_error(edit: Edit) -> None:
    """The first twenty that came, in the order of the table; the results have all. The exit status is 1."""
    wanted = numbered(edit.sandbox, 5)
    gone = [f"gone-{number}-{'x' * 60}" for number in range(30)]
    rows = [f'{gone[0]},a,"two\nlines"', *(f"{order_id},a," for order_id in gone[1:])]
    ran = edit(rows=[*rows[:15], *(f"{row}," for row in rows_of(wanted)), *rows[15:]], columns="order_id,name,Notes")
    assert (ran.status, ran.out) == (1, "")
    assert "5 edited, 30 failed" in ran.err
    heading, *listed, more, where, advice = ran.err.splitlines()[2:]
    assert (heading, more) == ("Failed:", "  and 10 more; see the results")
    assert (where, advice) == (f"Results: {edit.results}", RERUN)
    places = ["row 2", *(f"row {row} (line {row + 1})" for row in [*range(3, 17), *range(22, 37)])]
    lines = [f"  {place}, {order_id[:40]}...: not found (404)" for place, order_id in zip(places, gone, strict=True)]
    assert len(listed) == 20
    assert listed == [line for line in lines if line in listed]
    failed = [line for line in results_in(edit.results) if line["status"] == "failed"]
    assert [(line["error_type"], line["status_code"]) for line in failed] == [("NotFoundError", 404)] * 30


def test_an_error_response_shows_neither_key_nor_control_characters(edit: Edit) -> None:
    """Even if the service repeats the key."""
    edit.sandbox.answer_next(400, headers=JSON, body=rb'{"message": "bad sandbox-key \u001b[31m"}')
    ran = edit("-v", rows=["harbour-view-7,a"])
    assert (ran.status, "\x1b" in ran.err) == (1, False)
    assert "sandbox-key" not in ran.out + ran.err + edit.results.read_text()


def test_an_order_can_get_a_new_id(edit: Edit) -> None:
    """With or without a name; a hint says that an edit without a response may have been made."""
    numbered(edit.sandbox, 2)
    rows, columns = ["o-1,a,n-1", "o-2,,n-2"], "order_id,name,new_order_id"
    assert edit(rows=rows, columns=columns).status == 0
    assert (edit.sandbox.order("o-1"), edit.sandbox.order("o-2")) == (None, None)
    assert (edit.name("n-1"), edit.name("n-2")) == ("a", None)
    changes = {line["order_id"]: line["changes"] for line in results_in(edit.results)}
    assert changes == {"o-1": {"name": "a", "new_order_id": "n-1"}, "o-2": {"new_order_id": "n-2"}}
    assert edit().err.startswith("Nothing to do: ")
    ran = edit(rows=[*rows, "o-3,,n-3"], columns=columns)
    assert (ran.status, "; if an earlier run changed its id, it is 'n-3' now\n" in ran.err) == (1, True)


# --- Before the first request ---


def test_all_rows_are_checked_before_the_first_request(edit: Edit) -> None:
    """Each error has file, row and column; no request is sent, and no file is written."""
    numbered(edit.sandbox, 3)
    ran = edit(rows=["o-1,a", ",b", "o-3," + "c" * 300, "o-1,d"])
    places = ["row 3, column A (order_id)", "row 4, column B (name)", "row 5, column A (order_id)"]
    assert [error.split(": ")[:2] for error in ran.err.splitlines()[:-2]] == [[str(edit.table), at] for at in places]
    assert ran.problem() == (
        f"{edit.table}, CSV with commas, UTF-8: 3 errors; nothing was sent",
        "Correct the file; autoenhance edit-orders --dry-run checks it again.",
    )
    assert edit.name() is None
    assert list(edit.table.parent.iterdir()) == [edit.table]


def test_a_dry_run_prints_the_edits(edit: Edit) -> None:
    """A line each on standard output. It needs no key, sends no request, and writes no file."""
    wanted = numbered(edit.sandbox, 2)
    rows = ["o-1,a b,", 'o-2,"say ""c""",n-2', "o-3,c\u202ed,n-3"]
    ran = edit("--dry-run", rows=rows, columns="order_id,name,new_order_id", AUTOENHANCE_API_KEY=None)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        'o-1: name "a b"',
        r'o-2: name "say \"c\"", new_order_id "n-2"',
        r'o-3: name "c\u202ed", new_order_id "n-3"',
    ]
    assert ran.err.splitlines() == [
        f"{edit.table}, CSV with commas, UTF-8, 3 rows: 3 orders would be edited. Nothing was sent.",
        f"Results would go to {edit.table}.results.jsonl",
    ]
    assert set(names_in(edit.sandbox, wanted).values()) == {None}
    assert list(edit.table.parent.iterdir()) == [edit.table]


def test_a_dry_run_leaves_out_what_was_edited_before(edit: Edit) -> None:
    """And other shards."""
    numbered(edit.sandbox, 2)
    assert edit(rows=["o-1,a", "o-2,b", "o-3,c"]).status == 1
    ran = edit("--dry-run")
    assert (ran.status, ran.out) == (0, 'o-3: name "c"\n')
    assert "3 rows: 1 order would be edited (2 edited before, 1 failed before). Nothing was sent." in ran.err
    ran = edit("--dry-run", "--shard", "2/2")
    assert (ran.status, ran.out) == (0, 'o-2: name "b"\n')
    assert "3 rows, shard 2 of 2: 1 order would be edited. Nothing was sent." in ran.err
    assert f"Results would go to {edit.table}.2-of-2.results.jsonl" in ran.err


# --- Resuming ---


def test_a_rerun_sends_what_failed_and_what_is_new(edit: Edit) -> None:
    """And nothing else. The results have a line for each run."""
    numbered(edit.sandbox, 1)
    assert edit(rows=["o-1,a", "o-2,b"]).status == 1
    before = edit.sandbox.order("o-1")
    numbered(edit.sandbox, 3)
    ran = edit(rows=["o-1,a", "o-2,b", "o-3,c"])
    assert ran.status == 0
    assert "3 rows: editing 2 orders (1 edited before, 1 failed before)." in ran.err
    assert "2 edited, 0 failed, 1 edited before, in " in ran.err
    assert edit.sandbox.order("o-1") == before
    assert (edit.name("o-2"), edit.name("o-3")) == ("b", "c")
    results = sorted((line["order_id"], line["status"]) for line in results_in(edit.results))
    assert results == [("o-1", "edited"), ("o-2", "edited"), ("o-2", "failed"), ("o-3", "edited")]


def test_the_latest_result_counts(edit: Edit) -> None:
    """A name that is changed and changed back is sent each time, also if the change failed."""
    numbered(edit.sandbox, 1)
    for name in "aba":
        assert "1 edited" in edit(rows=[f"o-1,{name}"]).err
        assert edit.name() == name
    assert "Nothing to do" in edit().err
    edit.sandbox.answer_next(422, headers=JSON, body=b"{}")
    assert edit(rows=["o-1,b"]).status == 1
    assert "1 edited" in edit(rows=["o-1,a"]).err


def test_a_sorted_or_converted_table_is_the_same(edit: Edit) -> None:
    wanted = numbered(edit.sandbox, 3)
    assert edit(rows=rows_of(wanted)).status == 0
    objects = [json.dumps({"name": name, "order_id": order_id}) for order_id, name in reversed(wanted.items())]
    edit.table.write_text("\n".join(objects))
    assert "Nothing to do" in edit().err


def test_with_nothing_to_do_no_key_is_needed(edit: Edit) -> None:
    """The message counts what was edited before, and says where the results are."""
    assert edit(rows=["harbour-view-7,a"]).status == 0
    ran = edit(AUTOENHANCE_API_KEY=None)
    nothing = f"Nothing to do: {edit.table}, CSV with commas, UTF-8"
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == f"{nothing}, 1 row (1 edited before).\nResults: {edit.table}.results.jsonl\n"
    assert edit(rows=["harbour-view-7,b"], AUTOENHANCE_API_KEY=None).problem()[0] == "there is no API key"
    ran = edit(rows=[])
    assert (ran.status, ran.err.splitlines()[0]) == (0, f"{nothing}, 0 rows.")


def test_an_edit_with_a_torn_result_is_sent_again(edit: Edit) -> None:
    """A dry run leaves the line alone: another run may be writing it."""
    wanted = numbered(edit.sandbox, 3)
    assert edit("--concurrency", "1", rows=rows_of(wanted)).status == 0
    edit.results.write_bytes(edit.results.read_bytes()[:-40])
    before = edit.results.read_bytes(), edit.results.stat()
    assert edit("--dry-run").out == 'o-3: name "3 Acacia Avenue"\n'
    assert (edit.results.read_bytes(), edit.results.stat()) == before
    assert "editing 1 order (2 edited before)." in edit().err
    assert [line["order_id"] for line in results_in(edit.results)] == ["o-1", "o-2", "o-3"]


def test_results_of_another_service_do_not_count(edit: Edit) -> None:
    """Such as a sandbox's; they are kept. --base-url says which service it is."""
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
    """A dry run is not."""
    with ResultsFile.open(str(edit.results), lambda _: None):
        assert edit(rows=["harbour-view-7,a"]).problem() == (
            f"another run uses the results file {str(edit.results)!r}",
            "Wait until it has ended, or give another file with --results.",
        )
        assert edit("--dry-run").status == 0
    assert edit.results.read_bytes() == b""
    assert edit().status == 0


# --- Shards ---


def test_each_row_is_in_one_shard(edit: Edit) -> None:
    """Each shard has its own results, and resumes by itself."""
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
    assert re.search(r"^Nothing to do: .*shard 2 of 3 \(3 edited before\)\.", edit("--shard", "2/3").err)


def test_a_row_without_changes_keeps_the_other_rows_in_their_shards(edit: Edit) -> None:
    """When it gets changes, no other row is sent again."""
    numbered(edit.sandbox, 4)
    for shard in ("1/2", "2/2"):
        assert edit("--shard", shard, rows=["o-1,", "o-2,b", "o-3,c", "o-4,d"]).status == 0
    rows = ["o-1,a", "o-2,b", "o-3,c", "o-4,d"]
    assert edit("--shard", "1/2", "--dry-run", rows=rows).out == 'o-1: name "a"\n'
    assert edit("--shard", "2/2", "--dry-run").out == ""


# --- A run that stops by itself ---


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "Check the key in AUTOENHANCE_API_KEY, or in the file of --api-key-file."),
        (403, "Check what the API key's account may do."),
        (429, "Retry in a moment, or give a larger --max-retries."),
    ],
)
def test_a_fatal_response_stops_the_run(edit: Edit, *, status: int, hint: str) -> None:
    """With exit status 3; a rerun resumes."""
    wanted = numbered(edit.sandbox, 6)
    edit.sandbox.answer_next(200, headers=JSON, body=b'{"order_id": "x", "name": "accepted"}', times=2)
    edit.sandbox.answer_next(status, headers={**JSON, "retry-after": "4000"}, body=b"{}")
    ran = edit("--concurrency", "1", rows=rows_of(wanted))
    assert "2 edited, 1 failed, 3 not sent, in " in ran.err
    assert [line["status"] for line in results_in(edit.results)] == ["edited", "edited", "failed"]
    line, advice = ran.problem(3)
    assert re.match(f"bulk run stopped: no further edit can succeed; .*{status}", line)
    assert advice == f"{hint} Then rerun the command to resume."
    assert RERUN not in ran.err
    assert "editing 4 orders (2 edited before, 1 failed before)." in edit().err
    assert names_in(edit.sandbox, wanted) == {**wanted, "o-1": None, "o-2": None}


def test_a_service_that_cannot_be_reached_stops_the_run(edit: Edit) -> None:
    """After ten rows, not after all; with exit status 3."""
    with unreachable() as url:
        options = ("--base-url", url, "--max-retries", "0", "--concurrency", "1")
        ran = edit(*options, rows=(f"o-{number},a" for number in range(200)))
    assert "0 edited, 10 failed, 190 not sent, in " in ran.err
    line, hint = ran.problem(3)
    assert re.match("bulk run stopped: 10 edits in a row did not reach the service; order '.*': cannot connect", line)
    assert hint == "Check the network, and --base-url or AUTOENHANCE_BASE_URL. Then rerun the command to resume."


def test_max_failures_stops_the_run(edit: Edit) -> None:
    """When one more has failed."""
    wanted = numbered(edit.sandbox, 3)
    ran = edit("--concurrency", "1", "--max-failures", "1", rows=["gone-1,a", "gone-2,a", *rows_of(wanted)])
    assert "0 edited, 2 failed, 3 not sent" in ran.err
    line, hint = ran.problem(3)
    assert line.startswith("bulk run stopped: 2 edits failed; order ")
    assert hint == "Rerun the command to resume, with a larger --max-failures to allow more."
    assert edit("--concurrency", "1", "--max-failures", "2").status == 1
    assert names_in(edit.sandbox, wanted) == wanted


def test_an_unexpected_error_loses_no_result(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here of the display: the results of the edits in flight are written."""
    wanted = numbered(edit.sandbox, 200)
    shown = iter(range(3))

    def breaks(_: object) -> None:
        if next(shown, None) is None:
            raise RuntimeError("broken")

    monkeypatch.setattr("autoenhance.cli._progress_display.ProgressDisplay.show", breaks)
    assert edit(rows=rows_of(wanted)).status == 1
    edited = {order_id for order_id, name in names_in(edit.sandbox, wanted).items() if name}
    assert {line["order_id"] for line in results_in(edit.results)} == edited
    assert len(edited) < 200


def test_a_results_file_that_is_deleted_during_the_run_is_a_warning(edit: Edit) -> None:

    def remove(_: Request) -> Response:
        edit.results.unlink()
        return Response()

    with EditServer(remove) as server:
        ran = edit("--base-url", server.url, rows=["o-1,a"])
    assert f"Warning: the results file '{edit.results}' was moved or deleted during the run; the results" in ran.err


# --- Options of the library ---


@pytest.mark.parametrize("most", [1, 3])
def test_concurrency_is_the_number_of_edits_in_flight(edit: Edit, most: int) -> None:
    with EditServer(lambda _: Response(after=0.05)) as server:
        rows = [f"o-{number},a" for number in range(9)]
        assert edit("--concurrency", str(most), "--base-url", server.url, rows=rows).status == 0
    assert server.most_at_once == most


def test_rate_limits_the_requests(edit: Edit) -> None:
    """At 10 a second, 12 take more than a second, and the summary has the rate."""
    wanted = numbered(edit.sandbox, 12)
    ran = edit("--rate", "10", rows=rows_of(wanted))
    assert re.search(r"^12 edited, 0 failed, in [1-9]\.\d s \([\d.]+/s\)\.$", ran.err, re.MULTILINE)
