"""Ctrl-C, and what else ends a process: the first time it finishes the requests in flight, the second time it ends."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from bulk import results_in, write_table
from edit_server import EditServer, Response
from terminal import Terminal, lines_of, started

from autoenhance.cli._report import Report
from autoenhance.cli._signals import handle_signals, print_unbuffered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal import Command

STOPPING = "Stopping: waiting for the requests in flight. Ctrl-C again does not wait for them."
RESUME = ["Error: stopped before the end", "Hint: Rerun the command to resume."]
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def holding(env: dict[str, str], after: int) -> Iterator[EditServer]:
    """A service that, after so many responses, holds the next ones until `release`; `env` leads to it."""
    with EditServer(lambda _: Response(held=len(server.requests) > after)) as server:
        env["AUTOENHANCE_BASE_URL"] = server.url
        yield server


@pytest.fixture
def arguments(table: Path) -> list[str]:
    """A run of 40 edits, of which 4 are in flight at once."""
    write_table(table, *(f"o-{number},{number} Acacia Avenue" for number in range(40)))
    return ["edit-orders", str(table), "--concurrency=4"]


def in_flight(server: EditServer, count: int) -> None:
    """Wait until so many requests have come in all."""
    server.wait_for(lambda: len(server.requests) == count, seconds=20)


def check_results(results: Path, server: EditServer, count: int) -> None:
    """So many orders were edited, and the results have these and no other."""
    assert {line["order_id"] for line in results_in(results) if line["status"] == "edited"} == set(server.ids())
    assert len(server.requests) == count


# --- Once ---


def test_ctrl_c_finishes_the_requests_in_flight_and_says_how_to_resume(
    env: dict[str, str], command: Command, arguments: list[str], results: Path
) -> None:
    """Written, counted and reported, on a terminal whose cursor is back; the same command makes the other edits."""
    with holding(env, after=4) as server:
        with Terminal(*arguments, env=env) as terminal:
            in_flight(server, 8)
            terminal.read("4 of 40")
            terminal.type(b"\x03")
            terminal.read("Stopping: ")
            server.release()
            assert terminal.end() == 3
        lines = lines_of(terminal.shown)
        assert re.sub(r"\n +", " ", "\n".join(lines)).count(STOPPING) == 1
        assert any(re.match(r"8 edited, 0 failed, 32 not sent, in \d", line) for line in lines)
        assert lines[-3:-1] == RESUME
        assert terminal.shown.rindex(SHOW) > terminal.shown.rindex(HIDE)
        check_results(results, server, 8)
        ran = command(*arguments, "--base-url", server.url)
        assert (ran.status, ran.out) == (0, "")
        assert "editing 32 orders, 8 edited before." in ran.err
        check_results(results, server, 40)


@pytest.mark.parametrize(
    ("number", "concurrency", "status", "said"),
    [
        (signal.SIGTERM, 4, 3, "4 edited, 0 failed, 36 not sent, in "),
        (signal.SIGHUP, 4, 3, "4 edited, 0 failed, 36 not sent, in "),
        # All are in flight, and done: it is no early end.
        (signal.SIGINT, 40, 0, "40 edited, 0 failed, in "),
    ],
)
def test_without_a_terminal_signals_do_the_same(
    env: dict[str, str], arguments: list[str], results: Path, *, number: int, concurrency: int, status: int, said: str
) -> None:
    """As a scheduler, a shutdown or a lost connection sends them."""
    options = f"--concurrency={concurrency}"
    with holding(env, after=0) as server, started(*arguments, options, env=env) as process:
        in_flight(server, concurrency)
        process.send_signal(number)
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)][1] == f"{STOPPING}\n"
        server.release()
        out, err = process.communicate(timeout=20)
    lines = err.splitlines()
    assert (process.returncode, out, lines[0][: len(said)]) == (status, "", said)
    assert lines[-2:] == RESUME or not status
    check_results(results, server, concurrency)


@pytest.mark.parametrize(("nohup", "status", "count"), [(False, 3, 4), (True, 0, 40)])
def test_a_terminal_that_is_closed_loses_no_edit(
    env: dict[str, str], arguments: list[str], results: Path, *, nohup: bool, status: int, count: int
) -> None:
    """The hangup is as Ctrl-C; where it is ignored, as `nohup` and `disown` ask, the run goes on to its end."""
    ignore = (lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) if nohup else None
    with holding(env, after=0) as server, Terminal(*arguments, env=env, preexec_fn=ignore) as terminal:
        in_flight(server, 4)
        terminal.close()
        time.sleep(0.3)  # until the hangup has come
        server.release()
        assert terminal.running.wait(20) == status
    check_results(results, server, count)


def test_ctrl_c_before_the_first_request_says_that_nothing_was_sent(env: dict[str, str], results: Path) -> None:
    """While the table is read, here from a pipe that does not end."""
    arguments = ("edit-orders", "-", "--results", str(results))
    with started(*arguments, env=env, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write("order_id,name\n" + "o-1,a\n" * 20_000)  # more than a pipe holds
        process.stdin.flush()
        time.sleep(0.3)  # until it has read this, and waits for more
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 3
    assert said == "Error: stopped; nothing was sent\nHint: Rerun the command.\n"
    assert not results.exists()


def test_ctrl_c_in_the_summary_does_not_take_it_back(
    command: Command, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary is written to its end, and not that nothing was sent."""
    summary = Report.end_lines

    def interrupted(*given: Any) -> Iterator[str]:
        first, *others = summary(*given)
        yield first
        signal.raise_signal(signal.SIGINT)
        yield from others

    monkeypatch.setattr(Report, "end_lines", interrupted)
    with EditServer() as server:
        ran = command(*arguments, "--base-url", server.url)
    assert ran.status == 0
    assert re.search(r"^40 edited, 0 failed, in .*\nResults: .*\n\Z", ran.err, re.MULTILINE)


# --- Twice ---


def test_a_second_ctrl_c_does_not_wait(
    env: dict[str, str], command: Command, arguments: list[str], results: Path
) -> None:
    """It says what may have happened; the cursor is back, and the same command resumes."""
    with holding(env, after=0) as server, Terminal(*arguments, env=env) as terminal:
        in_flight(server, 4)
        terminal.type(b"\x03")
        terminal.read("Stopping: ")
        assert terminal.running.poll() is None
        terminal.type(b"\x03")
        assert terminal.end() == 3
    assert "Stopped: the edits in flight may have happened." in terminal.shown
    assert terminal.shown.rindex(SHOW) > terminal.shown.rindex(HIDE)
    assert "Traceback" not in terminal.shown
    assert results.read_bytes() == b""
    with EditServer() as server:
        assert command(*arguments, "--base-url", server.url).status == 0
    check_results(results, server, 40)


# --- In this process ---


def test_afterwards_signals_do_what_they_did() -> None:
    """Also after an error; the first and the second are told apart."""
    told: list[str] = []
    before = [signal.getsignal(number) for number in NUMBERS]
    with suppress(ZeroDivisionError), handle_signals(lambda: told.append("first"), lambda: told.append("second")):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
        raise ZeroDivisionError
    assert told == ["first", "second", "second"]
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_in_another_thread_signals_stay_as_they_are(command: Command, arguments: list[str]) -> None:
    """They are for the main one, and Python lets no other set them."""
    ran = []
    with EditServer() as server:
        thread = threading.Thread(target=lambda: ran.append(command(*arguments, "--base-url", server.url)))
        thread.start()
        thread.join()
    assert [one.status for one in ran] == [0]


def test_the_last_words_need_nobody_who_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come through in the middle of others, and where they would have to wait they are left out."""
    reads, writes = os.pipe()
    with os.fdopen(reads, "rb", buffering=0) as heard, os.fdopen(writes, "w") as stderr:
        monkeypatch.setattr(sys, "__stderr__", stderr)
        print_unbuffered("Stöpped.\n")
        assert heard.read(99).decode() == "Stöpped.\n"
        fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
        os.write(writes, b"-" * 4096)
        print_unbuffered("Stopped.\n")
    print_unbuffered("Stopped.\n")  # it is closed
    monkeypatch.setattr(sys, "__stderr__", None)
    print_unbuffered("Stopped.\n")
