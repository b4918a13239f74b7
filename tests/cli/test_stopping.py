"""A run that is stopped, killed, or out of disk space loses no result and reports no edit that was not made; rerun, it resumes."""

from __future__ import annotations

import fcntl
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, numbered, results_in, rows_of, wait_for, write_table
from edit_server import EditServer, Response
from soak import mismatches
from terminal import HIDE, SHOW, Terminal, lines_of, started

from autoenhance.cli._report import Report
from autoenhance.cli._signals import handle_signals, print_unbuffered
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal import Command

STOPPING = "Stopping: waiting for the requests in flight. Ctrl-C again does not wait for them."
RESUME = ["Error: stopped before the end", "Hint: Rerun the command to resume."]
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Held:
    """A run of 40 edits, 4 at once, at a service that holds responses."""

    server: EditServer
    arguments: tuple[str, ...]
    env: dict[str, str]
    results: Path
    command: Command
    held_after: int = 0

    def wait_for(self, count: int) -> None:
        """Wait for so many requests."""
        self.server.wait_for(lambda: len(self.server.requests) == count, seconds=20)

    def check(self, count: int) -> None:
        """Check that so many requests were sent, and that the results have their edits and no other."""
        edited = {line["order_id"] for line in results_in(self.results) if line["status"] == "edited"}
        assert (edited, len(self.server.requests)) == (set(self.server.ids()), count)

    def resume(self) -> str:
        """Run the command to the end; returns its standard error."""
        self.server.release()
        ran = self.command(*self.arguments, "--base-url", self.server.url)
        assert (ran.status, ran.out) == (0, "")
        return ran.err


@pytest.fixture
def held(env: dict[str, str], command: Command, table: Path, results: Path) -> Iterator[Held]:
    """A run whose requests are held."""
    write_table(table, *(f"o-{number},{number} Acacia Avenue" for number in range(40)))
    with EditServer(lambda _: Response(held=len(server.requests) > run.held_after)) as server:
        env["AUTOENHANCE_BASE_URL"] = server.url
        run = Held(server, ("edit-orders", str(table), "--concurrency=4"), env, results, command)
        yield run


# --- Ctrl-C and other signals: the first time ---


def test_ctrl_c_waits_for_the_requests_in_flight(held: Held) -> None:
    """Their results are written, the message says how to resume, the cursor is shown; a rerun makes the other edits."""
    held.held_after = 4
    with Terminal(*held.arguments, env=held.env) as terminal:
        held.wait_for(8)
        terminal.read("4 of 40")
        terminal.type("\x03")
        terminal.read("Stopping: ")
        held.server.release()
        assert terminal.end() == 3
    lines = lines_of(terminal.shown)
    assert re.sub(r"\n +", " ", "\n".join(lines)).count(STOPPING) == 1
    assert any(re.match(r"8 edited, 0 failed, 32 not sent, in \d", line) for line in lines)
    assert lines[-3:-1] == RESUME
    assert terminal.shown.rindex(SHOW) > terminal.shown.rindex(HIDE)
    held.check(8)
    assert "editing 32 orders (8 edited before)." in held.resume()
    held.check(40)


@pytest.mark.parametrize(
    ("number", "concurrency", "status", "summary"),
    [
        (signal.SIGTERM, 4, 3, "4 edited, 0 failed, 36 not sent, in "),
        (signal.SIGHUP, 4, 3, "4 edited, 0 failed, 36 not sent, in "),
        # All requests are in flight, so the run is not stopped early.
        (signal.SIGINT, 40, 0, "40 edited, 0 failed, in "),
    ],
)
def test_signals_without_a_terminal(held: Held, number: int, concurrency: int, status: int, summary: str) -> None:
    """As a scheduler, a shutdown or a lost connection sends them."""
    with started(*held.arguments, f"--concurrency={concurrency}", env=held.env) as process:
        held.wait_for(concurrency)
        process.send_signal(number)
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)][1] == f"{STOPPING}\n"
        held.server.release()
        out, err = process.communicate(timeout=20)
    lines = err.splitlines()
    assert (process.returncode, out, lines[0][: len(summary)]) == (status, "", summary)
    assert lines[-2:] == RESUME or not status
    held.check(concurrency)


@pytest.mark.parametrize(("nohup", "status", "count"), [(False, 3, 4), (True, 0, 40)])
def test_a_closed_terminal_is_like_ctrl_c(held: Held, *, nohup: bool, status: int, count: int) -> None:
    """With `nohup` or `disown`, the run continues to the end."""
    ignore = (lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) if nohup else None
    with Terminal(*held.arguments, env=held.env, preexec_fn=ignore) as terminal:
        held.wait_for(4)
        terminal.close()
        time.sleep(0.3)  # until the signal has come
        held.server.release()
        assert terminal.running.wait(20) == status
    held.check(count)


def test_ctrl_c_before_the_first_request(env: dict[str, str], results: Path) -> None:
    """While the table is read, here from a pipe that does not end."""
    with started("edit-orders", "-", "--results", str(results), env=env, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write("order_id,name\n" + "o-1,a\n" * 20_000)  # more than a pipe holds
        process.stdin.flush()
        time.sleep(0.3)  # until it has read this, and waits for more
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.stderr is not None
        assert process.stderr.read() == "Error: stopped; nothing was sent\nHint: Rerun the command.\n"
    assert process.returncode == 3
    assert not results.exists()


def test_ctrl_c_during_the_summary(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is printed to its end, and the run was not stopped."""
    summary = Report.end_lines

    def interrupted(*arguments: Any) -> Iterator[str]:
        first, *others = summary(*arguments)
        yield first
        signal.raise_signal(signal.SIGINT)
        yield from others

    monkeypatch.setattr(Report, "end_lines", interrupted)
    assert re.search(r"^40 edited, 0 failed, in .*\nResults: .*\n\Z", held.resume(), re.MULTILINE)


# --- The second time, and afterwards ---


def test_a_second_ctrl_c_does_not_wait(held: Held) -> None:
    """It says that the edits in flight may have happened; the cursor is shown, and a rerun resumes."""
    with Terminal(*held.arguments, env=held.env) as terminal:
        held.wait_for(4)
        terminal.type("\x03")
        terminal.read("Stopping: ")
        assert terminal.running.poll() is None
        terminal.type("\x03")
        assert terminal.end() == 3
    assert "Stopped: the edits in flight may have happened." in terminal.shown
    assert terminal.shown.rindex(SHOW) > terminal.shown.rindex(HIDE)
    assert "Traceback" not in terminal.shown
    assert held.results.read_bytes() == b""
    held.resume()
    held.check(44)


def test_afterwards_the_signal_handlers_are_restored() -> None:
    """Also after an error."""
    calls: list[str] = []
    before = [signal.getsignal(number) for number in NUMBERS]
    with suppress(ZeroDivisionError), handle_signals(lambda: calls.append("first"), lambda: calls.append("second")):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
        raise ZeroDivisionError
    assert calls == ["first", "second", "second"]
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_the_command_runs_outside_the_main_thread(held: Held) -> None:
    """Where Python does not let it handle signals."""
    thread = threading.Thread(target=held.resume)
    thread.start()
    thread.join()
    held.check(40)


def test_the_last_message_never_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is printed unbuffered; on a full pipe and on a closed stream it is left out."""
    reads, writes = os.pipe()
    with os.fdopen(reads, "rb", buffering=0) as pipe, os.fdopen(writes, "w") as stderr:
        monkeypatch.setattr(sys, "__stderr__", stderr)
        print_unbuffered("Stöpped.\n")
        assert pipe.read(99).decode() == "Stöpped.\n"
        fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
        os.write(writes, b"-" * 4096)
        print_unbuffered("Stopped.\n")
    print_unbuffered("Stopped.\n")
    monkeypatch.setattr(sys, "__stderr__", None)
    print_unbuffered("Stopped.\n")


# --- A full disk ---


@dataclass
class Run:
    """A run that names 60 orders of a sandbox with a database."""

    env: dict[str, str]
    table: Path
    results: Path
    database: Path
    wanted: dict[str, str]

    @contextmanager
    def sandbox(self, **simulation: Any) -> Iterator[Sandbox]:
        """A sandbox with these orders."""
        with Sandbox(db=self.database, rate_limit=None, **simulation) as sandbox:
            self.wanted = numbered(sandbox, 60)
            write_table(self.table, *rows_of(self.wanted))
            self.env["AUTOENHANCE_BASE_URL"] = sandbox.url
            yield sandbox

    def start(self, *options: str, limit: int = 2**30) -> Any:
        """Start it with options and a limit for the size of files."""
        set_limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, 2**30))
        # Coverage could not write its file either.
        env = {name: value for name, value in self.env.items() if not name.startswith("COVERAGE_")}
        return started("edit-orders", str(self.table), *options, env=env, preexec_fn=set_limit)

    def mismatches(self, results: Path | None = None, **options: bool) -> list[str]:
        """Where results and database differ."""
        return [*mismatches(self.wanted, results or self.results, self.database, **options)]

    def edited(self, sandbox: Sandbox) -> set[str]:
        """The orders that have their names."""
        return {order_id for order_id, name in names_in(sandbox, self.wanted).items() if name}

    def size(self) -> int:
        return self.results.stat().st_size if self.results.exists() else 0


@pytest.fixture
def run(env: dict[str, str], table: Path, results: Path, tmp_path: Path) -> Run:
    """A run that names 60 orders."""
    return Run(env, table, results, tmp_path / "sandbox.sqlite3", {})


@pytest.fixture
def unreliable(run: Run) -> Iterator[Sandbox]:
    """Its sandbox, slow and with errors, so that edits are in flight when something happens."""
    with run.sandbox(latency=(0.01, 0.1), fail_rate=0.1, seed=5) as sandbox:
        yield sandbox


def matches(pattern: str, text: str) -> list[Any]:
    return re.findall(pattern, text, re.MULTILINE)


def test_a_full_disk_stops_the_run(run: Run, unreliable: Sandbox) -> None:
    """Each result that could not be written is reported; when there is space again, a rerun resumes."""
    options = ("--concurrency=8", "--max-retries=0")
    with run.start(*options, limit=4096) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, "Traceback" in err) == (3, "", False)
    assert err.splitlines()[-2:] == [
        f"Error: the results file {str(run.results)!r} cannot be written: File too large",
        "Hint: Free some space, or correct the cause, and rerun the command to resume.",
    ]
    # Only whole lines, each for an edit that was made; the other edits that were made are reported.
    before = run.results.read_bytes()
    assert before.endswith(b"}\n")
    assert run.mismatches(is_done=False) == []
    (counts,) = matches(r"^(\d+) edited, (\d+) failed, (\d+) not in the results, (\d+) not sent, in ", err)
    edited, failed, unwritten, unsent = map(int, counts)
    assert edited + failed + unwritten + unsent == 60
    assert min(edited, unwritten, unsent) > 0
    reported: dict[str, str] = dict(matches(r"^Not in the results: order '(\S+)' (was edited|failed \(.*\))$", err))
    assert len(reported) == unwritten
    outcomes = {line["order_id"]: line["error"] or "was edited" for line in results_in(run.results)} | reported
    assert {order_id for order_id, outcome in outcomes.items() if outcome == "was edited"} <= run.edited(unreliable)
    possible = {order_id for order_id, outcome in outcomes.items() if re.search("was edited|may have", outcome)}
    assert run.edited(unreliable) <= possible
    with run.start(*options) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode in {0, 1}
    assert f"editing {60 - edited} orders (" in err
    assert run.results.read_bytes().startswith(before)
    assert run.mismatches() == []


def test_a_disk_that_is_full_from_the_beginning(run: Run, unreliable: Sandbox) -> None:
    """No request is sent beyond those in flight; all edits that were made are reported."""
    with run.start("--concurrency=2", "--max-retries=0", limit=0) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    edited = run.edited(unreliable)
    assert {order_id for order_id, _ in matches(r"^Not in the results: order '(\S+)' (was edited)$", err)} <= edited
    assert 0 < len(edited) < 30
    assert run.results.read_bytes() == b""


def test_a_disk_that_has_space_again_in_time(run: Run) -> None:
    """The results are written with the next ones, none is reported as lost, and the exit status is 0."""
    with run.sandbox(latency=(0.2, 1.2), seed=1) as slow:

        def is_waiting() -> bool:
            written = run.results.read_bytes().count(b"\n") if run.size() else 0
            return written > 0 and len(run.edited(slow)) > written + 5

        with run.start("--concurrency=60", limit=4096) as process:
            wait_for(is_waiting)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2**30, 2**30))
            _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "60 edited, 0 failed, in " in err
    assert "ot in the results" not in err
    assert run.mismatches() == []


# --- kill -9 ---


@pytest.mark.slow
def test_a_run_is_killed_at_random_moments(run: Run, unreliable: Sandbox) -> None:
    """Ten times, mostly during its edits: each result is true, and a rerun resumes."""
    chance = random.Random(1)  # noqa: S311  # no secret
    killed_during_edits = 0
    for number in range(10):
        before = run.size()
        with run.start("--concurrency=2", "--rate=8", "--max-retries=1") as process:
            if number % 4:
                wait_for(lambda: run.size() > before)  # noqa: B023  # it is called in this round
            time.sleep(chance.uniform(0, 0.3))
            killed_during_edits += process.poll() is None and run.size() > before
            process.send_signal(signal.SIGKILL)
            process.communicate()
        # The next run cuts off a torn last line.
        whole = run.results.with_name("whole")
        whole.write_bytes(run.results.read_bytes().rpartition(b"\n")[0] + b"\n" if run.size() else b"")
        assert run.mismatches(whole, is_done=False) == []
    assert killed_during_edits >= 6
    assert len(results_in(whole)) < 58  # there were edits left
    for _ in range(9):
        with run.start() as process:
            process.communicate(timeout=60)
        assert run.mismatches() == []
        if process.returncode == 0:
            break
    assert run.edited(unreliable) == set(run.wanted)
