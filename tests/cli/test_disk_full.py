"""A disk that fills in the middle of a run: no finished edit is lost, and what could not be written down is named."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bulk import names_in, numbered, rows_of, running, wait_for, write_table
from soak import mismatches

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNT = 60


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the sandbox has its orders."""
    return tmp_path / "sandbox.sqlite3"


@pytest.fixture
def slow(database: Path) -> Iterator[Sandbox]:
    """A sandbox that takes its time, so that edits are on their way when the disk is full."""
    with Sandbox(latency=(0.01, 0.1), fail_rate=0.1, seed=5, db=database) as made:
        yield made


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few pages."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount, and not everywhere")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607  # of the system


def limit(size: int) -> None:
    """Let no file of this process grow beyond that."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, 2**30))


def check(
    env: dict[str, str],
    slow: Sandbox,
    database: Path,
    results: Path,
    *,
    said: str,
    preexec_fn: Callable[[], None] | None,
    make_room: Callable[[], object],
) -> None:
    """A run that has no room, and after it one that has."""
    wanted = numbered(slow, COUNT)
    table = write_table(database.with_name("orders.csv"), *rows_of(wanted))
    command = (table, "--results", str(results), "--concurrency=8")
    # Coverage would have no room for its file either.
    environment = {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}
    environment |= {"AUTOENHANCE_BASE_URL": slow.url}
    with running(*command, env=environment, preexec_fn=preexec_fn) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert "Traceback" not in err
    line, hint = err.splitlines()[-2:]
    assert line == f"Error: the results file {str(results)!r} cannot be written: {said}"
    assert hint == "Hint: Free some space, or correct the cause, and rerun the command to resume."
    # Whole lines only, each for an edit that was done; the others that were done are named.
    assert results.read_bytes().endswith(b"}\n")
    assert list(mismatches(wanted, results, database, is_done=False)) == []
    counts = re.search(r"^(\d+) edited, (\d+) failed, (\d+) not in the results, (\d+) not sent, in ", err, re.MULTILINE)
    assert counts
    edited, failed, unwritten, left = map(int, counts.groups())
    assert edited + failed + unwritten + left == COUNT
    assert edited > 0
    assert left > 0
    named = dict(re.findall(r"^Not in the results: order (\S+) (was edited|failed \(.*\))\.$", err, re.MULTILINE))
    assert len(named) == unwritten > 0
    written = {line.split('"')[3] for line in results.read_text().splitlines() if '"status": "edited"' in line}
    in_service = {order_id for order_id, name in wanted.items() if (slow.order(order_id) or {})["name"] == name}
    explained = written | {order_id for order_id, became in named.items() if became == "was edited"}
    assert explained <= in_service
    may_have = {order_id for order_id, became in named.items() if "may have happened" in became}
    may_have |= {line.split('"')[3] for line in results.read_text().splitlines() if "may have happened" in line}
    assert in_service <= explained | may_have
    before = results.read_bytes()
    make_room()
    with running(*command, env=environment) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode in {0, 1}
    assert f"editing {COUNT - edited} orders, {edited} edited before." in err
    assert results.read_bytes().startswith(before)
    assert list(mismatches(wanted, results, database)) == []


@pytest.mark.parametrize("size", [4096, pytest.param(6001, marks=pytest.mark.slow)])
def test_a_file_that_may_not_grow_any_more_stops_the_run(
    env: dict[str, str], slow: Sandbox, database: Path, tmp_path: Path, size: int
) -> None:
    """As `ulimit -f` does it, and a quota."""
    check(
        env,
        slow,
        database,
        tmp_path / "results.jsonl",
        said="File too large",
        preexec_fn=partial(limit, size),
        make_room=lambda: None,
    )


def test_a_disk_that_is_full_stops_the_run(
    env: dict[str, str], slow: Sandbox, database: Path, small_disk: Path
) -> None:
    """When there is room again, the same command goes on."""
    remount = ["mount", "-o", "remount,size=1m", str(small_disk)]
    check(
        env,
        slow,
        database,
        small_disk / "results.jsonl",
        said="No space left on device",
        preexec_fn=None,
        make_room=lambda: subprocess.run(remount, check=True),
    )


def test_a_disk_that_is_full_from_the_beginning_sends_no_more_than_is_on_its_way(
    env: dict[str, str], slow: Sandbox, database: Path, small_disk: Path
) -> None:
    """Nothing could be written down; all that was done is named."""
    wanted = numbered(slow, COUNT)
    table = write_table(database.with_name("orders.csv"), *rows_of(wanted))
    with (small_disk / "other").open("wb", buffering=0) as other:
        while True:
            try:
                other.write(b"-" * 1024)
            except OSError:
                break
    environment = {**env, "AUTOENHANCE_BASE_URL": slow.url}
    arguments = (table, "--results", str(small_disk / "results.jsonl"), "--concurrency=2", "--max-retries=0")
    with running(*arguments, env=environment) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 3
    named = re.findall(r"^Not in the results: order (\S+) was edited\.$", err, re.MULTILINE)
    in_service = {order_id for order_id, name in wanted.items() if (slow.order(order_id) or {})["name"] == name}
    assert set(named) <= in_service
    assert 0 < len(in_service) < COUNT / 2
    assert Path(arguments[2]).read_bytes() == b""


def test_what_could_not_be_written_down_is_when_there_is_room_in_time(
    env: dict[str, str], database: Path, tmp_path: Path
) -> None:
    """With what comes after it. Nothing is left to be told as lost, and if all is done then, all is well."""
    results = tmp_path / "results.jsonl"
    environment = {name: value for name, value in env.items() if not name.startswith("COVERAGE_")}
    with Sandbox(latency=(0.1, 2), seed=1, db=database) as slow:
        wanted = numbered(slow, COUNT)
        table = write_table(tmp_path / "orders.csv", *rows_of(wanted))
        arguments = (table, "--results", str(results), f"--concurrency={COUNT}")

        def are_unwritten() -> bool:
            written = results.read_bytes().count(b"\n") if results.exists() else 0
            return written > 0 and sum(map(bool, names_in(slow, wanted).values())) > written + 5

        with running(
            *arguments, env={**environment, "AUTOENHANCE_BASE_URL": slow.url}, preexec_fn=partial(limit, 4096)
        ) as process:
            wait_for(are_unwritten)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2**30, 2**30))
            _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert f"{COUNT} edited, 0 failed, in " in err
    assert "ot in the results" not in err
    assert list(mismatches(wanted, results, database)) == []
