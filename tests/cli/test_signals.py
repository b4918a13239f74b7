"""Ctrl-C, and what else tells a process to end: the first time it finishes what is on its way, the second time it ends."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from bulk import names_in, numbered, results_in, rows_of, running, wait_for, write_table
from terminal import Terminal, lines_of

from autoenhance.cli._signals import print_unbuffered, handle_signals
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal import Command

SHOW = "\x1b[?25h"
STOPPING = "Stopping: waiting for the requests in flight. Ctrl-C again does not wait for them."
GOES_ON = ["Error: stopped before the end", "Hint: Rerun the command to resume."]


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A sandbox that takes a second for each edit."""
    with Sandbox(latency=1) as made:
        yield made


@pytest.fixture
def stuck() -> Iterator[Sandbox]:
    """A sandbox that answers nothing in time."""
    with Sandbox(latency=60) as made:
        yield made


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 40 edits."""
    path = tmp_path / "o.csv"
    write_table(path, *rows_of({f"o-{number}": f"{number} Acacia Avenue" for number in range(1, 41)}))
    return path


def at(sandbox: Sandbox, env: dict[str, str]) -> dict[str, str]:
    return {**env, "AUTOENHANCE_BASE_URL": sandbox.url}


def sent_to(sandbox: Sandbox) -> int:
    """How many requests have come."""
    return sum(sandbox._simulation._seen.values())


def check_agreement(sandbox: Sandbox, table: Path, count: int) -> None:
    """So many orders were edited, and the results say so of these and of no other."""
    wanted = {f"o-{number}": f"{number} Acacia Avenue" for number in range(1, 41)}
    edited = {line["order_id"] for line in results_in(f"{table}.results.jsonl") if line["status"] == "edited"}
    assert edited == {order_id for order_id, name in names_in(sandbox, wanted).items() if name == wanted[order_id]}
    assert len(edited) == count


# --- Once ---


def test_ctrl_c_finishes_what_is_on_its_way_and_says_how_to_go_on(
    env: dict[str, str], command: Command, slow: Sandbox, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written down, counted and told, on a terminal whose cursor is back; the same command makes the others."""
    numbered(slow, 40)
    with Terminal("edit-orders", "o.csv", "--concurrency=4", env=at(slow, env), cwd=table.parent) as terminal:
        terminal.read("4 of 40")
        wait_for(lambda: sent_to(slow) == 8)
        terminal.type(b"\x03")
        assert terminal.end() == 3
    lines = lines_of(terminal.shown)
    assert re.sub(r"\n +", " ", "\n".join(lines)).count(STOPPING) == 1
    assert any(re.match(r"8 edited, 0 failed, 32 not sent, in \d", line) for line in lines)
    assert lines[-3:-1] == GOES_ON
    assert terminal.shown.rindex(SHOW) > terminal.shown.rindex("\x1b[?25l")
    check_agreement(slow, table, 8)
    assert sent_to(slow) == 8
    monkeypatch.chdir(table.parent)
    ran = command("edit-orders", "o.csv", "--base-url", slow.url)
    assert (ran.status, ran.out) == (0, "")
    assert "editing 32 orders, 8 edited before." in ran.err
    check_agreement(slow, table, 40)
    assert sent_to(slow) == 40


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_what_else_tells_it_to_end_does_the_same(
    env: dict[str, str], slow: Sandbox, table: Path, number: signal.Signals
) -> None:
    """As a scheduler, a shutdown or a lost connection does."""
    numbered(slow, 40)
    with running(str(table), "--concurrency=4", env=at(slow, env)) as process:
        wait_for(lambda: sent_to(slow) == 4)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (3, "")
    lines = err.splitlines()
    assert lines[1] == STOPPING
    assert lines[2].startswith("4 edited, 0 failed, 36 not sent, in ")
    assert lines[-2:] == GOES_ON
    check_agreement(slow, table, 4)


@pytest.mark.slow
def test_a_terminal_that_is_closed_loses_no_edit(env: dict[str, str], slow: Sandbox, table: Path) -> None:
    """There is nobody to tell; what was on its way is written down."""
    numbered(slow, 40)
    with Terminal("edit-orders", str(table), "--concurrency=4", env=at(slow, env)) as terminal:
        wait_for(lambda: sent_to(slow) == 4)
        terminal.close()
        assert terminal.running.wait(20) == 3
    check_agreement(slow, table, 4)


def test_a_run_that_outlives_its_terminal_goes_on_to_the_end(env: dict[str, str], slow: Sandbox, table: Path) -> None:
    """As `nohup` and `disown` ask: the hangup is ignored, and a bar that cannot be drawn is no reason to end."""
    numbered(slow, 40)
    with Terminal(
        "edit-orders",
        str(table),
        "--concurrency=20",
        env=at(slow, env),
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ) as terminal:
        wait_for(lambda: sent_to(slow) == 20)
        terminal.close()
        assert terminal.running.wait(20) == 0
    check_agreement(slow, table, 40)


@pytest.mark.slow
def test_ctrl_c_when_nothing_is_left_is_no_early_end(env: dict[str, str], slow: Sandbox, table: Path) -> None:
    """All were on their way, and all are done."""
    numbered(slow, 40)
    with running(str(table), "--concurrency=40", env=at(slow, env)) as process:
        wait_for(lambda: sent_to(slow) == 40)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "40 edited, 0 failed, in " in err
    check_agreement(slow, table, 40)


def test_ctrl_c_before_the_first_request_says_that_nothing_was_sent(env: dict[str, str], tmp_path: Path) -> None:
    """While the table is read, here from a pipe that does not end."""
    arguments = ("-", "--results", str(tmp_path / "results"))
    with running(*arguments, env=env, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write("order_id,name\n" + "o-1,a\n" * 20_000)
        process.stdin.flush()
        time.sleep(0.5)  # until it has read this, and waits for more
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 3
    assert said == "Error: stopped; nothing was sent\nHint: Rerun the command.\n"
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_ctrl_c_in_the_summary_does_not_take_it_back(env: dict[str, str], table: Path) -> None:
    """What was done is told to its end, and not that nothing was sent."""
    reads, writes = os.pipe()
    fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, 4096)
    # So that the beginning of what is said has room, and its end has not.
    filler = b"-" * (4096 - 300)
    os.write(writes, filler)
    with Sandbox() as sandbox, running(str(table), env=at(sandbox, env), stderr=writes) as process:
        os.close(writes)
        results = table.with_name("o.csv.results.jsonl")
        wait_for(lambda: results.exists() and len(results.read_bytes().splitlines()) == 40)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        with os.fdopen(reads, "rb") as said:
            told = said.read().removeprefix(filler).decode()
        assert process.wait(20) == 1
    assert "0 edited, 40 failed, in " in told
    assert "Stopped" not in told
    assert told.endswith("\nRerun the command to retry what failed.\n")


# --- Twice ---


def test_a_second_ctrl_c_does_not_wait(env: dict[str, str], command: Command, stuck: Sandbox, table: Path) -> None:
    """It says what may have happened; the cursor is back, and the same command goes on."""
    numbered(stuck, 40)
    with Terminal("edit-orders", "o.csv", "--concurrency=4", env=at(stuck, env), cwd=table.parent) as terminal:
        wait_for(lambda: sent_to(stuck) == 4)
        terminal.type(b"\x03")
        terminal.read("Stopping: ")
        assert terminal.running.poll() is None
        begun = time.monotonic()
        terminal.type(b"\x03")
        assert terminal.end() == 3
        assert time.monotonic() - begun < 10
    assert "Stopped: the edits in flight may have happened." in terminal.shown
    assert terminal.shown.rindex(SHOW) > terminal.shown.rindex("\x1b[?25l")
    assert "Traceback" not in terminal.shown
    check_agreement(stuck, table, 0)
    with Sandbox() as quick:
        numbered(quick, 40)
        assert command("edit-orders", str(table), "--base-url", quick.url).status == 0


@pytest.mark.slow
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_of_any_kind_does_not_wait(
    env: dict[str, str], stuck: Sandbox, table: Path, second: signal.Signals
) -> None:
    """Without a terminal, too."""
    numbered(stuck, 40)
    with running(str(table), "--concurrency=4", env=at(stuck, env)) as process:
        wait_for(lambda: sent_to(stuck) == 4)
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        assert [process.stderr.readline() for _ in range(2)][1] == f"{STOPPING}\n"
        process.send_signal(second)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (3, "")
    assert err == "Stopped: the edits in flight may have happened.\nRerun the command to send them again.\n"


# --- In this process ---


def test_afterwards_signals_do_what_they_did() -> None:
    """Also after an error; the first and the second are told apart."""
    told: list[str] = []
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with suppress(ZeroDivisionError), handle_signals(lambda: told.append("first"), lambda: told.append("second")):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)
        raise ZeroDivisionError
    assert told == ["first", "second", "second"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_in_another_thread_signals_stay_as_they_are() -> None:
    """They are for the main one, and Python lets no other set them."""
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def use() -> None:
        with handle_signals(lambda: None, lambda: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [before]


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
