"""A run that is killed, or whose disk is full, loses no finished edit and reports none that was not made; rerun, it resumes."""

from __future__ import annotations

import random
import re
import resource
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, results_in, rows_of, wait_for, write_table
from soak import mismatches
from terminal import started

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the sandbox has its orders."""
    return tmp_path / "sandbox.sqlite3"


@pytest.fixture
def wanted() -> dict[str, str]:
    """The names of 60 orders."""
    return {f"o-{number}": f"{number} Acacia Avenue" for number in range(60)}


@pytest.fixture
def start(env: dict[str, str], table: Path, wanted: dict[str, str]) -> Callable[..., Any]:
    """Starts a run that gives these orders of a sandbox their names, with options and the size that no file may exceed."""
    arguments = ("edit-orders", write_table(table, *rows_of(wanted)))
    # Coverage would have no room for its file either.
    plain = {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}

    def run(sandbox: Sandbox, *options: str, limit: int = 2**30) -> Any:
        at = {**plain, "AUTOENHANCE_BASE_URL": sandbox.url}
        set_limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, 2**30))
        return started(*arguments, *options, env=at, preexec_fn=set_limit)

    return run


@pytest.fixture
def unreliable(database: Path, wanted: dict[str, str]) -> Iterator[Sandbox]:
    """A sandbox with these orders that is slow and fails, so that edits are in flight when something happens."""
    with Sandbox(latency=(0.01, 0.1), fail_rate=0.1, seed=5, db=database, rate_limit=None) as made:
        made.add_orders(wanted)
        yield made


def matches(pattern: str, text: str) -> list[Any]:
    return re.findall(pattern, text, re.MULTILINE)


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def made_in(sandbox: Sandbox, wanted: dict[str, str]) -> set[str]:
    """The orders that have their names."""
    return {order_id for order_id, name in names_in(sandbox, wanted).items() if name}


# --- A full disk ---


def test_a_disk_that_is_full_stops_the_run(
    start: Callable[..., Any], unreliable: Sandbox, wanted: dict[str, str], database: Path, results: Path
) -> None:
    """What could not be written is reported, edit by edit; when there is room again, the same command resumes."""
    options = ("--concurrency=8", "--max-retries=0")
    with start(unreliable, *options, limit=4096) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert "Traceback" not in err
    assert err.splitlines()[-2:] == [
        f"Error: the results file {str(results)!r} cannot be written: File too large",
        "Hint: Free some space, or correct the cause, and rerun the command to resume.",
    ]
    # Whole lines only, each for an edit that was done; the others that were done are named.
    before = results.read_bytes()
    assert before.endswith(b"}\n")
    assert [*mismatches(wanted, results, database, is_done=False)] == []
    (counts,) = matches(r"^(\d+) edited, (\d+) failed, (\d+) not in the results, (\d+) not sent, in ", err)
    edited, failed, unwritten, left = map(int, counts)
    assert edited + failed + unwritten + left == 60
    assert min(edited, unwritten, left) > 0
    named: dict[str, str] = dict(matches(r"^Not in the results: order '(\S+)' (was edited|failed \(.*\))$", err))
    assert len(named) == unwritten
    reported = {line["order_id"]: line["error"] or "was edited" for line in results_in(results)} | named
    made = made_in(unreliable, wanted)
    assert {order_id for order_id, became in reported.items() if became == "was edited"} <= made
    assert made <= {order_id for order_id, became in reported.items() if re.search("was edited|may have", became)}
    with start(unreliable, *options) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode in {0, 1}
    assert f"editing {60 - edited} orders, " in err
    assert results.read_bytes().startswith(before)
    assert [*mismatches(wanted, results, database)] == []


def test_a_disk_that_is_full_from_the_beginning_sends_no_more_than_is_in_flight(
    start: Callable[..., Any], unreliable: Sandbox, wanted: dict[str, str], results: Path
) -> None:
    """Nothing can be written; all that was done is named."""
    with start(unreliable, "--concurrency=2", "--max-retries=0", limit=0) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    named = {order_id for order_id, _ in matches(r"^Not in the results: order '(\S+)' (was edited)$", err)}
    assert named <= made_in(unreliable, wanted)
    assert 0 < len(made_in(unreliable, wanted)) < 30
    assert results.read_bytes() == b""


def test_results_that_could_not_be_written_are_when_there_is_room_in_time(
    start: Callable[..., Any], wanted: dict[str, str], database: Path, results: Path
) -> None:
    """With those that come after them. Nothing is reported as lost, and if all is done then, all is well."""

    def are_unwritten() -> bool:
        written = results.read_bytes().count(b"\n") if results.exists() else 0
        return written > 0 and len(made_in(slow, wanted)) > written + 5

    with Sandbox(latency=(0.2, 1.2), seed=1, db=database) as slow:
        slow.add_orders(wanted)
        with start(slow, "--concurrency=60", limit=4096) as process:
            wait_for(are_unwritten)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2**30, 2**30))
            _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "60 edited, 0 failed, in " in err
    assert "ot in the results" not in err
    assert [*mismatches(wanted, results, database)] == []


# --- kill -9 ---


@pytest.mark.slow
def test_a_run_may_be_killed_at_any_moment(
    start: Callable[..., Any], unreliable: Sandbox, wanted: dict[str, str], database: Path, results: Path
) -> None:
    """Ten times, most of them in the middle of its edits: each result is true, and the same command resumes."""
    chance = random.Random(1)  # noqa: S311  # no secret
    in_the_middle = 0
    for number in range(10):
        before = size(results)
        with start(unreliable, "--concurrency=2", "--rate=8", "--max-retries=1") as process:
            if number % 4:
                wait_for(lambda: size(results) > before)  # noqa: B023  # it is called in this round
            time.sleep(chance.uniform(0, 0.3))
            in_the_middle += process.poll() is None and size(results) > before
            process.send_signal(signal.SIGKILL)
            process.communicate()
        # What a kill leaves of its last line is cut off by the next run.
        whole = results.with_name("whole")
        whole.write_bytes(results.read_bytes().rpartition(b"\n")[0] + b"\n" if size(results) else b"")
        assert [*mismatches(wanted, whole, database, is_done=False)] == []
    assert in_the_middle >= 6
    assert len(results_in(whole)) < 58  # the kills came while there was something to do
    for _ in range(9):
        with start(unreliable) as process:
            process.communicate(timeout=60)
        assert [*mismatches(wanted, results, database)] == []
        if process.returncode == 0:
            break
    assert made_in(unreliable, wanted) == set(wanted)
