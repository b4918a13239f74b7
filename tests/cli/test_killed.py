"""A run that is killed at any moment loses no edit and reports none that did not happen; the same command goes on."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from bulk import numbered, results_in, rows_of, wait_for, write_table
from records import edited
from soak import mismatches
from terminal import SCRIPT

from autoenhance.cli._record import line_of
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONCURRENCY = 8
IN_FLIGHT = 2 * CONCURRENCY + 16
"""What is between the table and the results at most."""


class Runs:
    """Runs of the same command, each killed but for the last one."""

    def __init__(self, folder: Path, env: dict[str, str], sandbox: Sandbox, count: int) -> None:
        self.wanted = numbered(sandbox, count)
        self.table = write_table(folder / "orders.csv", *rows_of(self.wanted))
        self.results = folder / "orders.csv.results.jsonl"
        self.database = folder / "sandbox.sqlite3"
        self._env = {**env, "AUTOENHANCE_BASE_URL": sandbox.url}

    def size(self) -> int:
        """How many bytes of results there are."""
        return self.results.stat().st_size if self.results.exists() else 0

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        command = [SCRIPT, "edit-orders", self.table, f"--concurrency={CONCURRENCY}", *options]
        return subprocess.Popen(command, env=self._env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def kill(self, when: Callable[[], None], *options: str) -> bool:
        """Kill a run when that returns; returns whether it was in the middle of its edits."""
        before = self.size()
        with self.start(*options) as process:
            when()
            is_running = process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert not is_running or process.returncode == -signal.SIGKILL
        self.check()
        return is_running and self.size() > before

    def check(self) -> None:
        """Let the results and the database agree, row by row, as far as there are results."""
        if not self.results.exists():
            return
        # What a kill leaves of its last line is cut off by the next run.
        whole = self.results.with_name("whole")
        whole.write_bytes(self.results.read_bytes().rpartition(b"\n")[0] + b"\n" if self.size() else b"")
        assert list(mismatches(self.wanted, whole, self.database, is_done=False)) == []

    def finish(self) -> None:
        """Go on to the end, as often as something fails."""
        for _ in range(9):
            with self.start() as process:
                _, err = process.communicate(timeout=60)
            assert process.returncode in {0, 1}, err
            assert list(mismatches(self.wanted, self.results, self.database)) == []
            if process.returncode == 0:
                break
        assert {line["order_id"] for line in results_in(self.results) if line["status"] == "edited"} == set(self.wanted)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "fail_rate"), [(1, 0.0), (2, 0.1)])
def test_a_run_may_be_killed_at_any_moment(env: dict[str, str], tmp_path: Path, *, seed: int, fail_rate: float) -> None:
    """Twenty times, most of them in the middle of its edits, and some before the first."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    path = tmp_path / "sandbox.sqlite3"
    with Sandbox(latency=(0.02, 0.1), fail_rate=fail_rate, seed=seed, db=path, rate_limit=None) as sandbox:
        runs = Runs(tmp_path, env, sandbox, 800)
        in_the_middle = 0

        def when() -> None:
            size = runs.size()
            if chance.random() < 0.2:
                time.sleep(chance.uniform(0, 1))
            else:
                wait_for(lambda: runs.size() > size)
                time.sleep(chance.uniform(0, 0.3))

        for _ in range(20):
            in_the_middle += runs.kill(when, "--rate=100", "--max-retries=1")
        done = len(results_in(runs.results))
        assert in_the_middle >= 12
        runs.finish()
        sent = sum(sandbox._simulation._seen.values())
    # The kills came while there was something to do.
    assert done < 790
    if not fail_rate:
        # Nothing was sent twice but what was on its way.
        assert len(runs.wanted) <= sent <= len(runs.wanted) + 20 * IN_FLIGHT


@pytest.mark.slow
def test_a_run_may_be_killed_while_it_reads_what_was_done(env: dict[str, str], tmp_path: Path) -> None:
    """Ten times. Nothing of what earlier runs have written is lost, a torn last line apart."""
    chance = random.Random(3)  # noqa: S311  # no secret
    with Sandbox(latency=0.05, db=tmp_path / "sandbox.sqlite3", rate_limit=None) as sandbox:
        runs = Runs(tmp_path, env, sandbox, 20_000)
        done = [
            edited(order_id, row=number, service=sandbox.url, changes={"name": name})
            for number, (order_id, name) in enumerate(runs.wanted.items(), 2)
        ][:-300]
        with closing(sqlite3.connect(runs.database)) as opened, opened:
            query = "UPDATE orders SET document = json_set(document, '$.name', ?) WHERE order_id = ?"
            opened.executemany(query, [(record.changes["name"], record.order_id) for record in done])
        lines = b"".join(map(line_of, done))
        # With a last line that was torn, which opening the file mends.
        runs.results.write_bytes(lines + lines[:100])
        size = runs.size()
        begun = time.monotonic()
        assert runs.kill(lambda: wait_for(lambda: runs.size() > size), "--rate=20")
        until_the_first_edit = time.monotonic() - begun
        before_it = 0
        for _ in range(9):
            before_it += not runs.kill(lambda: time.sleep(chance.uniform(0.4, 1) * until_the_first_edit), "--rate=20")
            assert runs.results.read_bytes().startswith(lines)
        assert before_it
        assert runs.results.read_bytes().count(b"\n") < 20_000
        runs.finish()
