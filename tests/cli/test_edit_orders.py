"""`autoenhance edit-orders` edits what a table says, writes down what came of it, and goes on where it was stopped."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from bulk import names_in, numbered, results_in, rows_of, running, wait_for, write_table
from odd_servers import nobody
from terminal import SCRIPT, Terminal, process

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from terminal import Command, Ran


JSON = {"content-type": "application/json"}
ACCEPTED = b'{"order_id": "x", "name": "accepted"}'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Where the table is."""
    return tmp_path / "orders.csv"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where its results go."""
    return tmp_path / "orders.csv.results.jsonl"


def last(ran: Ran) -> list[str]:
    """The last two lines that were said: what went wrong, and what to do."""
    return ran.err.splitlines()[-2:]


# --- What it does ---


def test_each_row_is_an_edit_and_a_line_of_the_results(
    command: Command, sandbox: Sandbox, table: Path, results: Path
) -> None:
    """Beside the table; what was done is said on standard error, and nothing on standard output."""
    wanted = numbered(sandbox, 40)
    ran = command("edit-orders", write_table(table, *rows_of(wanted)))
    assert (ran.status, ran.out) == (0, "")
    begun, done, where = ran.err.splitlines()
    assert begun == f"{table}, CSV with commas, UTF-8, 40 rows: editing 40 orders."
    assert re.fullmatch(r"40 edited, 0 failed, in \d\.\d s( \([\d.]+/s\))?\.", done)
    assert where == f"Results: {results}"
    assert names_in(sandbox, wanted) == wanted
    lines = {line["order_id"]: line for line in results_in(results)}
    assert {order_id: line["changes"] for order_id, line in lines.items()} == {
        order_id: {"name": name} for order_id, name in wanted.items()
    }
    assert {(line["status"], line["error"], line["attempts"]) for line in lines.values()} == {("edited", None, 1)}
    assert (lines["o-7"]["row"], lines["o-7"]["line"], lines["o-7"]["service"]) == (8, 8, sandbox.url)


def test_other_columns_are_copied_to_the_results(command: Command, sandbox: Sandbox, table: Path) -> None:
    """Whatever they are called; --results says where."""
    numbered(sandbox, 1)
    write_table(table, "Zoë,o-1,a,front; back", columns="Agent,Order ID,Name,order id (old)")
    elsewhere = table.with_name("elsewhere.jsonl")
    assert command("edit-orders", str(table), "--results", str(elsewhere)).status == 0
    assert [line["columns"] for line in results_in(elsewhere)] == [{"Agent": "Zoë", "order id (old)": "front; back"}]
    assert not table.with_name("orders.csv.results.jsonl").exists()


def test_failures_are_listed_with_their_row_and_reason(
    command: Command, sandbox: Sandbox, table: Path, results: Path
) -> None:
    """In the order of the table, the first twenty of them; the results have all. The exit status is 1."""
    wanted = numbered(sandbox, 5)
    missing = [f"gone-{number},a" for number in range(30)]
    ran = command("edit-orders", write_table(table, *missing[:15], *rows_of(wanted), *missing[15:]))
    assert (ran.status, ran.out) == (1, "")
    listed = re.findall(
        r"^  row (\d+), gone-(\d+): The service refused to edit order 'gone-\2' \(404 Not Found\)\.$",
        ran.err,
        re.MULTILINE,
    )
    assert len(listed) == 20
    assert [int(line) for line, _ in listed] == sorted(int(line) for line, _ in listed)
    assert all(int(line) == int(number) + (2 if int(number) < 15 else 7) for line, number in listed)
    assert "\n  and 10 more, which the results list\n" in ran.err
    assert "5 edited, 30 failed" in ran.err
    assert last(ran) == [f"Results: {results}", "Rerun the command to retry what failed."]
    failed = [line for line in results_in(results) if line["status"] == "failed"]
    assert len(failed) == 30
    assert {(line["error_type"], line["status_code"]) for line in failed} == {("NotFoundError", 404)}


def test_what_a_terminal_would_act_on_is_shown_as_text(command: Command, sandbox: Sandbox, table: Path) -> None:
    """In errors, and in what the service says."""
    body = json.dumps({"message": "no \x1b[31m\nway"}).encode()
    sandbox.answer_next(400, headers=JSON, body=body)
    ran = command("edit-orders", write_table(table, "o-1,a"))
    assert ran.status == 1
    assert not {"\x1b", "\u202e"} & set(ran.err)
    ran = command("edit-orders", write_table(table, "o\u202e-1,a"))
    assert ran.status == 2
    assert r"'o\u202e-1' has an invisible character; remove it" in ran.err


def test_a_new_id_is_given(command: Command, sandbox: Sandbox, table: Path, results: Path) -> None:
    """With or without a name; and an edit of a table that was done is not tried again under the old id."""
    numbered(sandbox, 2)
    write_table(table, "o-1,a,n-1", "o-2,,n-2", columns="order_id,name,new_order_id")
    assert command("edit-orders", str(table)).status == 0
    assert (sandbox.order("o-1"), sandbox.order("o-2")) == (None, None)
    assert [(sandbox.order(order_id) or {})["name"] for order_id in ("n-1", "n-2")] == ["a", None]
    assert {line["order_id"]: line["changes"] for line in results_in(results)} == {
        "o-1": {"name": "a", "new_order_id": "n-1"},
        "o-2": {"new_order_id": "n-2"},
    }
    assert command("edit-orders", str(table)).err.startswith("Nothing to do: ")


def test_an_order_that_may_have_its_new_id_already_is_told_so(command: Command, table: Path) -> None:
    """An answer that was lost leaves it under the new one, where the old one is not found."""
    ran = command("edit-orders", write_table(table, "gone,new", columns="order_id,new_order_id"))
    assert ran.status == 1
    assert " If an earlier run gave it its new id, it is 'new' now." in ran.err


def test_a_table_without_rows_is_nothing_to_do(command: Command, table: Path) -> None:
    """And no error."""
    ran = command("edit-orders", write_table(table))
    assert (ran.status, ran.err.splitlines()[0]) == (0, f"Nothing to do: {table}, CSV with commas, UTF-8, 0 rows.")


@pytest.mark.slow
def test_standard_input_is_a_table(env: dict[str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    """Its results have a place of their own."""
    wanted = numbered(sandbox, 3)
    elsewhere = tmp_path / "results.jsonl"
    lines = [json.dumps({"order_id": order_id, "name": name}) for order_id, name in wanted.items()]
    with (tmp_path / "piped").open("w+b") as stdin:
        stdin.write("\n".join(lines).encode())
        stdin.seek(0)
        ran = process("edit-orders", "-", "--results", str(elsewhere), env=env, stdin=stdin)
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert ran.stderr.startswith(b"standard input, JSON Lines, UTF-8, 3 rows: editing 3 orders.\n")
    assert names_in(sandbox, wanted) == wanted
    assert len(results_in(elsewhere)) == 3


# --- What it refuses before the first request ---


BROKEN = ["o-1,a", ",b", "o-3," + "c" * 300, "o-1,d"]


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_every_row_is_checked_before_the_first_request(
    command: Command, sandbox: Sandbox, table: Path, options: list[str]
) -> None:
    """Each error with file, row and column; nothing is sent, and nothing is left behind."""
    numbered(sandbox, 3)
    ran = command("edit-orders", write_table(table, *BROKEN), *options)
    assert (ran.status, ran.out) == (2, "")
    errors = ran.err.splitlines()[:-2]
    assert [error.split(": ")[:2] for error in errors] == [
        [f"{table}", "row 3, column A (order_id)"],
        [f"{table}", "row 4, column B (name)"],
        [f"{table}", "row 5, column A (order_id)"],
    ]
    assert last(ran) == [
        f"Error: {table}, CSV with commas, UTF-8: 3 errors; nothing was sent",
        "Hint: Correct the file; autoenhance edit-orders --dry-run checks it again.",
    ]
    assert (sandbox.order("o-1") or {})["name"] is None
    assert list(table.parent.iterdir()) == [table]


def test_of_many_errors_the_first_are_shown(command: Command, table: Path) -> None:
    """And how many more there are."""
    ran = command("edit-orders", write_table(table, *[",a"] * 33))
    assert len(ran.err.splitlines()) == 20 + 1 + 2
    assert "\nand 13 more\n" in ran.err


def test_how_long_a_name_may_be_can_be_told(command: Command, sandbox: Sandbox, table: Path) -> None:
    """By default 255 characters."""
    numbered(sandbox, 1)
    write_table(table, f"o-1,{'c' * 300}")
    assert command("edit-orders", str(table), "--max-name-length", "300").status == 0
    assert command("edit-orders", str(table), "--max-name-length", "299").status == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "3/2"], "--shard '3/2' is invalid"),
        (["--shard", "0/2"], "--shard '0/2' is invalid"),
        (["--rate", "0"], "--rate is 0.0; it must be above 0"),
        (["--rate", "nan"], "--rate is nan"),
        (["--concurrency", "0"], "Invalid value for '--concurrency'"),
        (["--max-failures", "-1"], "Invalid value for '--max-failures'"),
        (["--max-name-length", "0"], "Invalid value for '--max-name-length'"),
        (["--timeout", "0"], "--timeout 0 is invalid"),
        (["--results", "-"], "--results takes a file; a run cannot resume from standard output"),
        (["--results", ""], "--results takes a file; a run cannot resume from standard output"),
        (["--results", "/nowhere/results"], "the results file '/nowhere/results' cannot be opened: "),
        (["--base-url", "x"], "--base-url (or AUTOENHANCE_BASE_URL) is no URL"),
        (["--api-key-file", "/nowhere/key"], "the key file '/nowhere/key' cannot be read: "),
    ],
)
def test_usage_that_makes_no_sense_is_status_2(
    command: Command, sandbox: Sandbox, table: Path, options: list[str], said: str
) -> None:
    """One line and a hint, nothing else, and nothing is sent."""
    wanted = numbered(sandbox, 2)
    ran = command("edit-orders", write_table(table, *rows_of(wanted)), *options)
    assert (ran.status, ran.out) == (2, "")
    line, hint = ran.err.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert hint.startswith("Hint: ")
    assert set(names_in(sandbox, wanted).values()) == {None}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-"], "standard input needs --results"),
        (["/nowhere.csv"], "'/nowhere.csv' cannot be read: No such file or directory"),
        ([], "Missing argument 'FILE'"),
    ],
)
def test_a_table_is_needed(command: Command, arguments: list[str], said: str) -> None:
    """And for standard input, a place for the results."""
    ran = command("edit-orders", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {said}")


def test_the_table_is_not_overwritten_by_its_results(command: Command, table: Path) -> None:
    """Nor is another file that holds something else."""
    write_table(table, "o-1,a")
    before = table.read_bytes()
    assert command("edit-orders", str(table), "--results", str(table)).status == 2
    other = table.with_name("other.csv")
    other.write_bytes(before)
    assert command("edit-orders", str(table), "--results", str(other)).status == 2
    assert table.read_bytes() == other.read_bytes() == before


# --- A dry run ---


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(
    command: Command, sandbox: Sandbox, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard output, a line for each edit and nothing else. It needs no key."""
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    wanted = numbered(sandbox, 2)
    write_table(table, "o-1,a b,", 'o-2,"say ""c""",n-2', "o-3,c\u202ed,n-3", columns="order_id,name,new_order_id")
    ran = command("edit-orders", str(table), "--dry-run")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        'o-1: name "a b"',
        r'o-2: name "say \"c\"", new_order_id "n-2"',
        r'o-3: name "c\u202ed", new_order_id "n-3"',
    ]
    assert ran.err.splitlines() == [
        f"{table}, CSV with commas, UTF-8, 3 rows: 3 orders would be edited. Nothing was sent.",
        f"Results would go to {table}.results.jsonl",
    ]
    assert set(names_in(sandbox, wanted).values()) == {None}
    assert list(table.parent.iterdir()) == [table]


def test_a_dry_run_leaves_out_what_is_done(command: Command, sandbox: Sandbox, table: Path) -> None:
    """And keeps to its shard."""
    numbered(sandbox, 2)
    write_table(table, "o-1,a", "o-2,b", "o-3,c")
    assert command("edit-orders", str(table)).status == 1
    ran = command("edit-orders", str(table), "--dry-run")
    assert (ran.status, ran.out) == (0, 'o-3: name "c"\n')
    assert "3 rows: 1 order would be edited, 1 of which failed before, 2 edited before. Nothing was sent." in ran.err
    ran = command("edit-orders", str(table), "--dry-run", "--shard", "2/2")
    assert (ran.status, ran.out) == (0, 'o-2: name "b"\n')
    assert "3 rows, shard 2 of 2: 1 order would be edited. Nothing was sent." in ran.err
    assert f"Results would go to {table}.2-of-2.results.jsonl" in ran.err


def test_a_reader_that_leaves_a_dry_run_is_no_error(env: dict[str, str], table: Path) -> None:
    """As `head` does."""
    write_table(table, *[f"o-{number},{'a' * 90}" for number in range(5000)])
    line = f'"{SCRIPT}" edit-orders "{table}" --dry-run | head -1; exit ${{PIPESTATUS[0]}}'
    ran = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=False)  # noqa: S607
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f'o-0: name "{"a" * 90}"\n'


# --- Going on ---


def test_what_succeeded_is_not_sent_again_and_what_failed_is(
    command: Command, sandbox: Sandbox, table: Path, results: Path
) -> None:
    """And what is new in the table. The results keep a line for each time."""
    numbered(sandbox, 1)
    write_table(table, "o-1,a", "o-2,b")
    assert command("edit-orders", str(table)).status == 1
    before = sandbox.order("o-1")
    numbered(sandbox, 3)
    write_table(table, "o-1,a", "o-2,b", "o-3,c")
    ran = command("edit-orders", str(table))
    assert ran.status == 0
    assert "3 rows: editing 2 orders, 1 of which failed before, 1 edited before." in ran.err
    assert "2 edited, 0 failed, 1 edited before, in " in ran.err
    assert sandbox.order("o-1") == before
    assert [(sandbox.order(order_id) or {})["name"] for order_id in ("o-2", "o-3")] == ["b", "c"]
    assert sorted((line["order_id"], line["status"]) for line in results_in(results)) == [
        ("o-1", "edited"),
        ("o-2", "edited"),
        ("o-2", "failed"),
        ("o-3", "edited"),
    ]


def test_a_name_that_was_changed_and_changed_back_is_sent_each_time(
    command: Command, sandbox: Sandbox, table: Path
) -> None:
    """What counts is what the order was given last."""
    numbered(sandbox, 1)
    for name in ("a", "b", "a"):
        assert "1 edited" in command("edit-orders", write_table(table, f"o-1,{name}")).err
        assert (sandbox.order("o-1") or {})["name"] == name
    assert "Nothing to do" in command("edit-orders", str(table)).err


def test_an_edit_that_failed_after_it_had_succeeded_is_sent_again(
    command: Command, sandbox: Sandbox, table: Path
) -> None:
    """The last word counts, although an earlier one was the same name."""
    numbered(sandbox, 1)
    assert command("edit-orders", write_table(table, "o-1,a")).status == 0
    sandbox.answer_next(422, headers=JSON, body=b"{}")
    assert command("edit-orders", write_table(table, "o-1,b")).status == 1
    assert "1 edited" in command("edit-orders", write_table(table, "o-1,a")).err


def test_the_order_of_the_rows_and_the_form_of_the_table_do_not_matter(
    command: Command, sandbox: Sandbox, table: Path
) -> None:
    """A table that was sorted, or saved as something else, is the same table."""
    wanted = numbered(sandbox, 3)
    assert command("edit-orders", write_table(table, *rows_of(wanted))).status == 0
    objects = [json.dumps({"name": name, "order_id": order_id}) for order_id, name in reversed(wanted.items())]
    table.write_text("\n".join(objects))
    assert "Nothing to do" in command("edit-orders", str(table)).err


def test_when_all_is_done_no_key_is_needed(command: Command, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what was done before, and where the results are."""
    write_table(table, "harbour-view-7,a")
    assert command("edit-orders", str(table)).status == 0
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    ran = command("edit-orders", str(table))
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == (
        f"Nothing to do: {table}, CSV with commas, UTF-8, 1 row, 1 edited before.\nResults: {table}.results.jsonl\n"
    )


def test_a_last_line_that_was_torn_is_an_edit_that_is_sent_again(
    command: Command, sandbox: Sandbox, table: Path, results: Path
) -> None:
    """It is not known to be on disk, and nothing of it stays in the way."""
    wanted = numbered(sandbox, 3)
    assert command("edit-orders", write_table(table, *rows_of(wanted)), "--concurrency", "1").status == 0
    results.write_bytes(results.read_bytes()[:-40])
    ran = command("edit-orders", str(table))
    assert "editing 1 order, 2 edited before." in ran.err
    assert ran.status == 0
    assert [line["order_id"] for line in results_in(results)] == ["o-1", "o-2", "o-3"]


def test_what_was_done_in_a_sandbox_is_not_done_at_the_service(
    command: Command, sandbox: Sandbox, table: Path, results: Path
) -> None:
    """Results belong to a service; those of another one are counted and kept."""
    wanted = numbered(sandbox, 3)
    write_table(table, *rows_of(wanted))
    with Sandbox() as other:
        numbered(other, 3)
        elsewhere = other.url
        assert command("edit-orders", str(table), "--base-url", elsewhere).status == 0
    ran = command("edit-orders", str(table))
    assert ran.status == 0
    assert ran.err.splitlines()[:2] == [
        f"3 results of another service ({elsewhere}) not counted as done.",
        f"{table}, CSV with commas, UTF-8, 3 rows: editing 3 orders.",
    ]
    assert names_in(sandbox, wanted) == wanted
    assert [line["service"] for line in results_in(results)] == [elsewhere] * 3 + [sandbox.url] * 3
    # The same service, written in another way.
    assert "Nothing to do" in command("edit-orders", str(table), "--base-url", f"{sandbox.url}/").err


def test_a_dry_run_changes_no_file(command: Command, table: Path, results: Path) -> None:
    """Not even a torn last line, which a run that is going on may be about to finish."""
    write_table(table, "harbour-view-7,a", "o-2,b")
    assert command("edit-orders", str(table)).status == 1
    results.write_bytes(results.read_bytes()[:-7])
    before = results.read_bytes(), results.stat()
    assert command("edit-orders", str(table), "--dry-run").status == 0
    assert (results.read_bytes(), results.stat()) == before


def test_a_warning_is_one_line_however_many_rows_have_it(command: Command, table: Path) -> None:
    """Whatever they hold; the first is shown."""
    write_table(table, *[f"o-{number},O'Brien's KÃ¶nigstraÃŸe {number}" for number in range(1, 1001)])
    ran = command("edit-orders", str(table), "--dry-run")
    assert ran.err.splitlines()[0] == (
        f"Warning: {table}: row 2, column B (name): 'O'Brien's KÃ¶nigstraÃŸe 1' was probably decoded twice; "
        "is it 'O'Brien's Königstraße 1'? (and 999 more)"
    )
    assert len(ran.err.splitlines()) == 3


def test_rows_without_changes_are_skipped_and_counted(command: Command, sandbox: Sandbox, table: Path) -> None:
    """--strict makes them errors."""
    numbered(sandbox, 2)
    write_table(table, "o-1,a", "o-2,", ",,a remark", ",,", columns="order_id,name,Agent")
    ran = command("edit-orders", str(table), "--strict")
    assert (ran.status, ran.err.count("no changes given")) == (2, 2)
    ran = command("edit-orders", str(table))
    assert ran.status == 0
    assert "1 row, 2 rows without changes skipped: editing 1 order.\n" in ran.err


# --- Shards ---


def test_shards_together_are_the_whole_and_leave_each_other_alone(
    command: Command, sandbox: Sandbox, table: Path
) -> None:
    """Each has results of its own, and goes on by itself."""
    wanted = numbered(sandbox, 10)
    write_table(table, *rows_of(wanted))
    for number, count in ((1, 4), (2, 3), (3, 3)):
        before = names_in(sandbox, wanted)
        ran = command("edit-orders", str(table), "--shard", f"{number}/3")
        assert ran.status == 0
        assert f"10 rows, shard {number} of 3: editing {count} orders." in ran.err
        after = names_in(sandbox, wanted)
        changed = [order_id for order_id in wanted if before[order_id] != after[order_id]]
        assert changed == list(wanted)[number - 1 :: 3]
        assert len(results_in(f"{table}.{number}-of-3.results.jsonl")) == count
    assert names_in(sandbox, wanted) == wanted
    assert f"shard 2 of 3, {3} edited before" in command("edit-orders", str(table), "--shard", "2/3").err


def test_a_row_that_gains_changes_moves_no_other_to_another_shard(
    command: Command, sandbox: Sandbox, table: Path
) -> None:
    """Its results would not know it, and it would be sent again."""
    numbered(sandbox, 4)
    write_table(table, "o-1,", "o-2,b", "o-3,c", "o-4,d")
    for shard in ("1/2", "2/2"):
        assert command("edit-orders", str(table), "--shard", shard).status == 0
    write_table(table, "o-1,a", "o-2,b", "o-3,c", "o-4,d")
    edits = [command("edit-orders", str(table), "--shard", shard, "--dry-run").out for shard in ("1/2", "2/2")]
    assert edits == ['o-1: name "a"\n', ""]


@pytest.mark.slow
def test_shards_may_run_at_once(env: dict[str, str], sandbox: Sandbox, table: Path) -> None:
    """That is what they are for."""
    wanted = numbered(sandbox, 8)
    write_table(table, *rows_of(wanted))
    with running(str(table), "--shard", "1/2", env=env) as one, running(str(table), "--shard", "2/2", env=env) as two:
        assert (one.wait(20), two.wait(20)) == (0, 0)
    assert names_in(sandbox, wanted) == wanted


# --- Where it stops by itself ---


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "Check the key in AUTOENHANCE_API_KEY, or in the file of --api-key-file."),
        (403, "Check what the key's account may do."),
        (429, "Try again in a moment; a larger --max-retries tries more often."),
    ],
)
def test_a_key_that_is_refused_in_the_middle_stops_the_run(
    command: Command, sandbox: Sandbox, table: Path, *, status: int, hint: str
) -> None:
    """Status 3, and the same command goes on with what was not done."""
    wanted = numbered(sandbox, 6)
    write_table(table, *rows_of(wanted))
    sandbox.answer_next(200, headers=JSON, body=ACCEPTED, times=2)
    sandbox.answer_next(status, headers={**JSON, "retry-after": "4000"}, body=b"{}")
    ran = command("edit-orders", str(table), "--concurrency", "1")
    assert (ran.status, ran.out) == (3, "")
    assert "2 edited, 1 failed, 3 not sent, in " in ran.err
    assert [line["status"] for line in results_in(f"{table}.results.jsonl")] == ["edited", "edited", "failed"]
    line, advice = last(ran)
    assert line.startswith("Error: The run stopped, because no further edit can succeed. ")
    assert str(status) in line
    assert advice == f"Hint: {hint} Then rerun the command to resume."
    assert "Rerun the command to retry what failed." not in ran.err
    assert "editing 4 orders, 1 of which failed before, 2 edited before." in command("edit-orders", str(table)).err
    assert names_in(sandbox, wanted) == {**wanted, "o-1": None, "o-2": None}


def test_a_service_that_cannot_be_reached_stops_the_run(command: Command, table: Path) -> None:
    """After ten rows, not after all; status 3, and the same command resumes when it can."""
    write_table(table, *(f"o-{number},a" for number in range(200)))
    with nobody() as url:
        options = ("--base-url", url, "--max-retries", "0", "--concurrency", "1")
        ran = command("edit-orders", str(table), *options)
    assert ran.status == 3
    assert "0 edited, 10 failed, 190 not sent, in " in ran.err
    line, hint = last(ran)
    assert line.startswith(
        f"Error: The run stopped, because 10 edits in a row did not reach the service. {url} could not be reached"
    )
    assert hint == "Hint: Check the network, and --base-url or AUTOENHANCE_BASE_URL. Then rerun the command to resume."


def test_max_failures_stops_the_run(command: Command, sandbox: Sandbox, table: Path) -> None:
    """When one more has failed; as many as that are no reason."""
    wanted = numbered(sandbox, 3)
    gone = ["gone-1,a", "gone-2,a"]
    write_table(table, *gone, *rows_of(wanted))
    ran = command("edit-orders", str(table), "--concurrency", "1", "--max-failures", "1")
    assert ran.status == 3
    assert "0 edited, 2 failed, 3 not sent" in ran.err
    line, hint = last(ran)
    assert line.startswith("Error: The run stopped, because 2 edits failed; the last: The service refused to edit ")
    assert hint == "Hint: Rerun the command to resume; --max-failures allows more."
    assert command("edit-orders", str(table), "--concurrency", "1", "--max-failures", "2").status == 1
    assert names_in(sandbox, wanted) == wanted


# --- Key, service, patience ---


def test_the_key_may_be_in_a_file(
    command: Command, sandbox: Sandbox, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is refused as an argument."""
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    key = table.with_name("key")
    key.write_text(sandbox.api_key)
    key.chmod(0o600)
    write_table(table, "harbour-view-7,a")
    assert command("edit-orders", str(table), "--api-key", sandbox.api_key).status == 2
    assert command("edit-orders", str(table)).err.splitlines() == [
        "Error: there is no API key",
        "Hint: Set AUTOENHANCE_API_KEY, or give --api-key-file FILE.",
    ]
    assert command("edit-orders", str(table), "--api-key-file", str(key)).status == 0


def test_on_a_terminal_the_key_is_asked_for(env: dict[str, str], sandbox: Sandbox, table: Path) -> None:
    """Before anything is said to be done, and it is not shown."""
    del env["AUTOENHANCE_API_KEY"]
    with Terminal("edit-orders", write_table(table, "harbour-view-7,a"), env=env) as terminal:
        assert terminal.read("shown.: ") == "API key (not shown): "
        terminal.type(f"{sandbox.api_key}\n".encode())
        assert terminal.end() == 0
    assert sandbox.api_key not in terminal.shown
    assert "1 edited" in terminal.shown


def test_the_service_is_where_base_url_says(command: Command, table: Path) -> None:
    """Not where the environment says."""
    write_table(table, "harbour-view-7,elsewhere")
    with Sandbox() as other:
        assert command("edit-orders", str(table), "--base-url", other.url).status == 0
        assert (other.order("harbour-view-7") or {})["name"] == "elsewhere"


@pytest.mark.parametrize(("options", "attempts"), [(["--max-retries", "0"], 1), (["--max-retries", "1"], 2)])
def test_max_retries_says_how_often_an_edit_is_tried_again(
    command: Command, sandbox: Sandbox, table: Path, results: Path, *, options: list[str], attempts: int
) -> None:
    """When all of them fail, the edit has."""
    sandbox.answer_next(503, headers=JSON, body=b"{}", times=5)
    assert command("edit-orders", write_table(table, "harbour-view-7,a"), *options).status == 1
    assert [line["attempts"] for line in results_in(results)] == [attempts]


@pytest.mark.slow
def test_timeout_says_how_long_an_edit_may_take(command: Command, table: Path, results: Path) -> None:
    """Then it has failed, and may have happened."""
    with Sandbox(latency=2) as slow:
        write_table(table, "harbour-view-7,a")
        ran = command("edit-orders", str(table), "--timeout", "0.2", "--base-url", slow.url)
    assert ran.status == 1
    assert [line["error_type"] for line in results_in(results)] == ["APITimeoutError"]


@pytest.mark.slow
@pytest.mark.parametrize(("options", "most"), [(["--concurrency", "1"], 1), (["--concurrency", "3"], 3)])
def test_concurrency_says_how_many_edits_may_be_on_their_way(
    env: dict[str, str], table: Path, options: list[str], most: int
) -> None:
    """Not one more, and as many."""
    with Sandbox(latency=30) as slow:
        wanted = numbered(slow, 9)
        write_table(table, *rows_of(wanted))
        with running(str(table), *options, env={**env, "AUTOENHANCE_BASE_URL": slow.url}):
            wait_for(lambda: len(slow._simulation._seen) >= most)
            time.sleep(0.3)
            assert len(slow._simulation._seen) == most


def test_rate_says_how_many_requests_there_may_be(command: Command, sandbox: Sandbox, table: Path) -> None:
    """At 20 a second, 12 take more than half a second."""
    wanted = numbered(sandbox, 12)
    begun = time.monotonic()
    assert command("edit-orders", write_table(table, *rows_of(wanted)), "--rate", "20").status == 0
    assert time.monotonic() - begun >= 0.5


def test_v_tells_of_retries(command: Command, sandbox: Sandbox, table: Path) -> None:
    """A line for each; without it none."""
    for options, told in (([], 0), (["-v"], 2)):
        sandbox.answer_next(503, headers=JSON, body=b"{}", times=2)
        write_table(table, f"harbour-view-7,{told}")
        ran = command("edit-orders", str(table), *options)
        assert ran.status == 0
        assert (
            len(re.findall(r"^order harbour-view-7: attempt \d failed \(status 503\), ", ran.err, re.MULTILINE)) == told
        )


def test_the_key_is_in_neither_output_nor_results(
    command: Command, sandbox: Sandbox, table: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the service repeats it."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", "planted-key-6d1f")
    sandbox.answer_next(400, headers=JSON, body=b'{"message": "bad planted-key-6d1f"}')
    ran = command("edit-orders", write_table(table, "harbour-view-7,a"), "-v")
    assert ran.status == 1
    assert "planted-key" not in ran.out + ran.err + results.read_text()


# --- Two runs, and files that go away ---


def test_a_second_run_on_the_same_results_refuses(
    env: dict[str, str], command: Command, table: Path, results: Path
) -> None:
    """With status 2, while the first one runs, and touches nothing. A dry run does not wait, and changes nothing."""
    with Sandbox(latency=30) as slow:
        wanted = numbered(slow, 3)
        write_table(table, *rows_of(wanted), "harbour-view-7,a")
        with running(str(table), env={**env, "AUTOENHANCE_BASE_URL": slow.url}) as first:
            wait_for(lambda: len(slow._simulation._seen) == 4)
            ran = command("edit-orders", str(table))
            assert (ran.status, ran.out) == (2, "")
            assert ran.err.splitlines() == [
                f"Error: another run uses the results file {str(results)!r}",
                "Hint: Wait until it has ended, or give another file with --results.",
            ]
            ran = command("edit-orders", str(table), "--dry-run")
            assert (ran.status, ran.out.count("\n")) == (0, 4)
            first.send_signal(signal.SIGKILL)
            first.wait()
    assert results.read_bytes() == b""
    # The lock went with the process, whatever it died of.
    assert command("edit-orders", str(table)).status == 1


@pytest.mark.slow
def test_results_that_are_taken_away_meanwhile_are_missed(env: dict[str, str], table: Path, results: Path) -> None:
    """What was written down is in a file that has no name any more; that is said."""
    with Sandbox(latency=0.5) as slow:
        write_table(table, "harbour-view-7,a")
        with running(str(table), env={**env, "AUTOENHANCE_BASE_URL": slow.url}) as process:
            wait_for(lambda: slow._simulation._seen)
            results.unlink()
            _, err = process.communicate(timeout=20)
    assert f"Warning: {results} was moved or removed meanwhile; the results are not there." in err


def test_without_standard_error_it_does_the_same(
    env: dict[str, str], sandbox: Sandbox, table: Path, results: Path
) -> None:
    """Closed, or a pipe that nobody reads any more: the edits are made and written down."""
    for redirected, status in (("2>&-", 1), ("2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}", 1)):
        wanted = numbered(sandbox, 5)
        write_table(table, *rows_of(wanted), "gone,a")
        line = f'"{SCRIPT}" edit-orders "{table}" {redirected}'
        ran = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=False)  # noqa: S607
        assert (ran.returncode, ran.stdout, ran.stderr) == (status, "", "")
        assert names_in(sandbox, wanted) == wanted
        assert len(results_in(results)) == 6
        results.unlink()
        sandbox.reset()
