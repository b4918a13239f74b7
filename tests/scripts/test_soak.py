"""`make soak` finds differences between the results and the database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soak
from records import edited, failed

from autoenhance.cli._record import line_of
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

WANTED = {"o-1": "a", "o-2": "b", "o-3": "c", "o-4": "d"}
UNKNOWN = "The service failed. The edit may have happened; making it twice is harmless."


def result(order_id: str, name: str, error: str | None = None) -> bytes:
    """A line of the results: of an edit that succeeded, or that failed with an error."""
    changes = {"name": name}
    return line_of(edited(order_id, changes=changes) if error is None else failed(order_id, error, changes=changes))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The results of four edits: two that succeeded, one that failed, and one that may have been made."""
    path = tmp_path / "results.jsonl"
    lines = [result("o-1", "a"), result("o-2", "b", "No."), result("o-2", "b"), result("o-3", "c", "No.")]
    path.write_bytes(b"".join([*lines, result("o-4", "d", UNKNOWN)]))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database that agrees with these results."""
    path = tmp_path / "sandbox.sqlite3"
    with Sandbox(db=path) as sandbox:
        sandbox.add_orders(WANTED)
    for order_id in ("o-1", "o-2", "o-4"):
        rename(path, order_id, WANTED[order_id])
    return path


def rename(database: Path, order_id: str, name: str | None) -> None:
    with closing(sqlite3.connect(database)) as opened, opened:
        document = json.dumps({"order_id": order_id, "name": name})
        opened.execute("INSERT OR REPLACE INTO orders VALUES (?, ?)", (order_id, document))


def append(line: bytes) -> Callable[[Path, Path], object]:
    return lambda results, _: results.write_bytes(results.read_bytes() + line)


def test_without_differences(results: Path, database: Path) -> None:
    """Of an edit that may have been made, the order may have either name."""
    assert list(soak.mismatches(WANTED, results, database)) == []
    assert soak.count(results) == (2, 2)
    rename(database, "o-4", None)
    assert list(soak.mismatches(WANTED, results, database)) == []


MADE = "o-3: the order has its new name, but the result is an error: No."


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda _, database: rename(database, "o-1", None), "o-1: the result is 'edited', but the order has no name"),
        (lambda _, database: rename(database, "o-1", "b"), "o-1: the name is 'b'"),
        (lambda _, database: rename(database, "o-3", "c"), MADE),
        (lambda _, database: rename(database, "o-4", "x"), "o-4: the name is 'x'"),
        (lambda _, database: rename(database, "o-5", None), "o-5: the name is None, but no row changes it"),
        (append(result("o-2", "x")), "o-2: the result is for other changes, {'name': 'x'}"),
        (append(result("o-3", "c", "")), "o-3: the result is 'failed', without an error"),
        (append(result("o-9", "a")), "o-9: it has a result, but no row in the table"),
        (lambda results, _: results.write_bytes(result("o-1", "a")), "o-2: no result"),
    ],
)
def test_differences(results: Path, database: Path, change: Callable[[Path, Path], object], difference: str) -> None:
    change(results, database)
    assert difference in list(soak.mismatches(WANTED, results, database))


def test_before_the_end_an_order_needs_no_result(results: Path, database: Path) -> None:
    """It may have its new name, but no other."""
    results.write_bytes(b"")
    assert list(soak.mismatches(WANTED, results, database, is_done=False)) == []
    rename(database, "o-1", "x")
    assert list(soak.mismatches(WANTED, results, database, is_done=False)) == ["o-1: the name is 'x'"]


@pytest.mark.parametrize(
    ("peak", "steady", "last", "is_fine"),
    [(60, 50, 54, True), (151, 50, 50, False), (60, 50, 56, False), (60, 0, 50, False), (0, 0, 0, False)],
)
def test_memory_is_small_and_constant(results: Path, *, peak: int, steady: int, last: int, is_fine: bool) -> None:
    """And measured."""
    memory = soak.Memory(0, results, steady_from=1)
    memory.peak, memory.steady, memory.last = peak, steady, last
    assert memory.is_fine() is is_fine


@pytest.mark.slow
def test_a_small_soak() -> None:
    """2,000 edits at a slow service with errors and a rate limit."""
    command = [sys.executable, str(Path(soak.__file__)), "--rows", "2000", "--seed", "3"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Edits       2,000 rows: " in ran.stdout
    assert "Agreement   no differences between database and results\n" in ran.stdout
    assert "2,000 rows: editing 2,000 orders." in ran.stderr
