"""`make soak` finds out whether what was written down is what was done."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import records
import soak

from autoenhance.cli._record import line_of
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

WANTED = {"o-1": "a", "o-2": "b", "o-3": "c", "o-4": "d"}
IT_MAY = "The service failed. The edit may have happened; making it twice is harmless."


def record(order_id: str, name: str, error: str = "", *, edited: bool = False) -> bytes:
    made = records.edited(order_id) if edited else records.failed(order_id, error)
    return line_of(replace(made, error=error, changes={"name": name}))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The results of four edits: two that succeeded, one that failed, and one of which nobody knows."""
    path = tmp_path / "results.jsonl"
    lines = [record("o-1", "a", edited=True), record("o-2", "b", "No."), record("o-2", "b", edited=True)]
    path.write_bytes(b"".join([*lines, record("o-3", "c", "No."), record("o-4", "d", IT_MAY)]))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The database that these results are true of."""
    path = tmp_path / "sandbox.sqlite3"
    with Sandbox(db=path) as sandbox:
        sandbox.add_orders(WANTED)
        for order_id in ("o-1", "o-2", "o-4"):
            sandbox.add_order({"order_id": order_id, "name": WANTED[order_id]})
    return path


def rename(database: Path, order_id: str, name: str | None) -> None:
    with closing(sqlite3.connect(database)) as opened, opened:
        document = json.dumps({"order_id": order_id, "name": name})
        opened.execute("INSERT OR REPLACE INTO orders VALUES (?, ?)", (order_id, document))


def append(*lines: bytes) -> Callable[[Path, Path], object]:
    return lambda results, _: results.write_bytes(results.read_bytes() + b"".join(lines))


def test_what_agrees_is_not_told(results: Path, database: Path) -> None:
    """An edit that failed and may have happened may have happened or not."""
    assert list(soak.mismatches(WANTED, results, database)) == []
    assert soak.count(results) == (2, 2)
    rename(database, "o-4", None)
    assert list(soak.mismatches(WANTED, results, database)) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda _, database: rename(database, "o-1", None), "o-1: edited, says the result, and it has no name"),
        (lambda _, database: rename(database, "o-1", "b"), "o-1: the name is 'b'"),
        (lambda _, database: rename(database, "o-3", "c"), "o-3: it has its name, and the result says: No."),
        (lambda _, database: rename(database, "o-4", "x"), "o-4: the name is 'x'"),
        (lambda _, database: rename(database, "o-5", None), "o-5: the name is None, and nobody asked for it"),
        (
            lambda _, database: rename(database, "harbour-view-7", "a"),
            "harbour-view-7: the name is 'a', and nobody asked for it",
        ),
        (append(record("o-2", "x", edited=True)), "o-2: the result is for other changes, {'name': 'x'}"),
        (append(record("o-3", "c")), "o-3: failed for no reason"),
        (append(record("o-9", "a", edited=True)), "o-9: a result, and no row"),
        (lambda results, _: results.write_bytes(record("o-1", "a", edited=True)), "o-2: no result"),
    ],
)
def test_what_does_not_agree_is_told(
    results: Path, database: Path, spoil: Callable[[Path, Path], object], told: str
) -> None:
    """Whichever of the two is wrong."""
    spoil(results, database)
    assert told in list(soak.mismatches(WANTED, results, database))


def test_before_the_end_an_order_may_have_no_result(results: Path, database: Path) -> None:
    """It may have been edited all the same, but not to another name."""
    results.write_bytes(b"")
    assert list(soak.mismatches(WANTED, results, database, is_done=False)) == []
    rename(database, "o-1", "x")
    assert list(soak.mismatches(WANTED, results, database, is_done=False)) == ["o-1: the name is 'x'"]


@pytest.mark.parametrize(
    ("peak", "steady", "last", "is_fine"),
    [
        (60, 50, 54, True),
        (151, 50, 50, False),
        (60, 50, 56, False),
        (60, 0, 50, False),
        (0, 0, 0, False),
    ],
)
def test_memory_is_to_be_little_and_to_grow_no_more(
    results: Path, *, peak: float, steady: float, last: float, is_fine: bool
) -> None:
    """And what was not measured is not fine."""
    memory = soak.Memory(0, results, steady_from=1)
    memory.peak, memory.steady, memory.last = peak, steady, last
    assert memory.is_fine() is is_fine


def test_the_memory_of_a_process_is_measured_as_its_results_grow(results: Path) -> None:
    """Here of this one, which has more than 10 MB and less than 10 GB."""
    memory = soak.Memory(os.getpid(), results, steady_from=6)
    memory.look()
    assert (memory.steady, 10 < memory.last <= memory.peak < 10_000) == (0, True)
    with results.open("ab") as file:
        file.write(record("o-1", "a", edited=True))
    memory.look()
    assert memory.steady == memory.last
    assert f"MB at the most, {memory.steady:.0f} MB at 6 edits, " in str(memory)


@pytest.mark.slow
def test_a_small_soak_is_as_it_should_be() -> None:
    """2,000 edits of a service that is slow, fails and refuses what is too fast."""
    script = Path(soak.__file__)
    command = [sys.executable, str(script), "--rows", "2000", "--seed", "3"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Edits       2,000 rows: " in ran.stdout
    assert "Agreement   no differences between database and results\n" in ran.stdout
    assert "2,000 rows: editing 2,000 orders." in ran.stderr
