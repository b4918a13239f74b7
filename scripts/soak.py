"""`make soak`: makes many edits in a slow and failing sandbox, and compares its database with the results file.

It writes a table, starts the sandbox and the command as processes, watches the command's memory, and compares the
sandbox's database with the results file row by row. Exit status: 0 all checks passed, 1 a check failed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COMMAND: Final = str(Path(sys.executable).parent / "autoenhance")
_SIMULATION: Final = ("--latency", "0.05-0.2", "--fail-rate", "0.05", "--rate-limit", "300")
_MAX_MEMORY: Final = 150.0
_MAX_GROWTH: Final = 1.1
_STEADY_FROM: Final = 10_000
_SAMPLE_INTERVAL: Final = 0.5
_MAX_SHOWN: Final = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak test, print its checks, and return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/soak.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000, metavar="NUMBER", help="How many orders to edit.")
    parser.add_argument("--seed", type=int, default=1, metavar="NUMBER", help="The seed of the simulated errors.")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="autoenhance-soak-") as folder:
        return soak(Path(folder), rows=options.rows, seed=options.seed)


def soak(folder: Path, *, rows: int, seed: int) -> int:
    """Edit that many orders, print the checks, and return the exit status."""
    table, results, database = folder / "orders.csv", folder / "results.jsonl", folder / "sandbox.sqlite3"
    wanted = {f"order-{number:06}": f"{number} Acacia Avenue" for number in range(1, rows + 1)}
    write_table(table, wanted)
    began = time.monotonic()
    with sandbox(table, database, *_SIMULATION, "--seed", str(seed)) as environment:
        command = [COMMAND, "edit-orders", str(table), "--results", str(results)]
        with subprocess.Popen(command, env={**os.environ, **environment}) as running:
            memory = Memory(running.pid, results, steady_from=min(_STEADY_FROM, rows // 2))
            while running.poll() is None:
                memory.look()
                time.sleep(_SAMPLE_INTERVAL)
    seconds = time.monotonic() - began
    differences = list(islice(mismatches(wanted, results, database), _MAX_SHOWN))
    edited, failed = count(results)
    checks = {
        "Status": (f"{running.returncode}", running.returncode in {0, 1}),
        "Edits": (f"{rows:,} rows: {edited:,} edited, {failed:,} failed", edited + failed == rows),
        "Time": (f"{seconds:,.1f} s ({rows / seconds:,.0f}/s)", True),
        "Memory": (str(memory), memory.is_fine()),
        "Agreement": (f"{len(differences) or 'no'} differences between database and results", not differences),
    }
    print()
    for name, (result, is_fine) in checks.items():
        print(f"{name:<10}  {result}{'' if is_fine else '  <- WRONG'}")
    for line in differences:
        print(f"  {line}")
    return 0 if all(is_fine for _, is_fine in checks.values()) else 1


class Memory:
    """The resident memory of a process, in MB, as its results file grows.

    Args:
        process: The process id.
        results: The results file.
        steady_from: From this number of edits on, memory must no longer grow.
    """

    def __init__(self, process: int, results: Path, *, steady_from: int) -> None:
        self._status = Path(f"/proc/{process}/status")
        self._results = results
        self._steady_from = steady_from
        self._read = 0
        self._done = 0
        self.peak = self.steady = self.last = 0.0

    def look(self) -> None:
        """Take a sample, if the process still runs."""
        sample = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", self._status.read_text(), re.MULTILINE))
        if not sample:  # a zombie: it has ended, and its parent has not waited for it yet
            return
        self._count()
        self.peak, self.last = int(sample["VmHWM"]) / 1024, int(sample["VmRSS"]) / 1024
        if not self.steady and self._done >= self._steady_from:
            self.steady = self.last

    def is_fine(self) -> bool:
        """Return whether the peak is within the limit, and growth after the steady point, too."""
        return 0 < self.peak < _MAX_MEMORY and 0 < self.last <= self.steady * _MAX_GROWTH

    def __str__(self) -> str:
        steady = f"{self.steady:.0f} MB at {self._steady_from:,} edits"
        return f"{self.peak:.0f} MB at the most, {steady}, {self.last:.0f} MB at the end"

    def _count(self) -> None:
        if self._results.exists():
            with self._results.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            self._read += len(new)
            self._done += new.count(b"\n")


def write_table(path: Path, wanted: Mapping[str, str]) -> None:
    """Write a CSV file that gives these orders these names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "name", "agent"])
        writer.writerows([order_id, name, "Zoë"] for order_id, name in wanted.items())


@contextmanager
def sandbox(table: Path, database: Path, *options: str) -> Iterator[dict[str, str]]:
    """Run a sandbox process with the orders of a table; yields the environment variables that point to it."""
    command = [COMMAND, "sandbox", "--port", "0", "--db", str(database), "--orders", str(table), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None  # noqa: S101  # it is a pipe
            output = "".join(islice(running.stdout, 5))
            variables = dict(re.findall(r"^export (\w+)=(\S+)$", output, re.MULTILINE))
            if not variables:
                raise SystemExit(1)  # it has printed why
            yield variables
        finally:
            running.terminate()


def count(results: Path) -> tuple[int, int]:
    """Return how many orders were edited, and how many failed, by the last result of each."""
    last = _last_results(results)
    edited = sum(record["status"] == "edited" for record in last.values())
    return edited, len(last) - edited


def mismatches(wanted: Mapping[str, str], results: Path, database: Path, *, is_done: bool = True) -> Iterator[str]:
    """Yield a line for each order whose result and name in the database do not agree.

    Args:
        wanted: The name of each order in the table, by its id.
        results: The results file.
        database: The sandbox's database, in which these orders had no name at first.
        is_done: Whether each order must have a result. If not, one without a result may have its new name or none.
    """
    last, names = _last_results(results), _names(database)
    for order_id, name in wanted.items():
        record, current = last.pop(order_id, None), names.pop(order_id, "no such order")
        if current not in {name, None}:
            yield f"{order_id}: the name is {current!r}"
        elif record is not None:
            yield from (f"{order_id}: {problem}" for problem in _problems(record, name, is_named=current is not None))
        elif is_done:
            yield f"{order_id}: no result"
    for order_id in last:
        yield f"{order_id}: it has a result, but no row in the table"
    own = json.loads(files("autoenhance.sandbox").joinpath("orders.json").read_text(encoding="utf-8"))
    untouched = {order["order_id"]: order["name"] for order in own}
    for order_id, current in names.items():
        if order_id not in untouched or current != untouched[order_id]:
            yield f"{order_id}: the name is {current!r}, but no row changes it"


def _problems(record: Mapping[str, Any], name: str, *, is_named: bool) -> Iterator[str]:
    """Yield what is wrong with an order's last result; the order has its new name (`is_named`) or none."""
    if record["changes"] != {"name": name}:
        yield f"the result is for other changes, {record['changes']}"
    if record["status"] == "edited":
        if not is_named:
            yield "the result is 'edited', but the order has no name"
    elif not record["error"]:
        yield "the result is 'failed', without an error"
    elif is_named and "may have happened" not in record["error"]:
        yield f"the order has its new name, but the result is an error: {record['error']}"


def _last_results(results: Path) -> dict[str, Any]:
    with results.open(encoding="utf-8", newline="\n") as lines:
        return {record["order_id"]: record for record in map(json.loads, lines)}


def _names(database: Path) -> dict[str, str | None]:
    query = "SELECT order_id, json_extract(document, '$.name') FROM orders"
    with closing(sqlite3.connect(database)) as opened:
        return dict(opened.execute(query))


if __name__ == "__main__":
    sys.exit(main())
