"""`make bench`: this client and its alternatives at the same work, in one run. README.md beside this says how."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import chart, report, results
from benchmarks.environments import install, python_of
from benchmarks.parts import PARTS, Run
from benchmarks.peers import LABELS, SHARED
from benchmarks.processes import HERE, ROOT, Worker, serve

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS: Final = 7
PAGE: Final = ROOT / "docs/performance.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the results, and print them."""
    options = _parser().parse_args(arguments)
    is_whole = not options.quick and (options.only, options.peers) == (list(PARTS), list(LABELS))
    directory = options.output or (HERE if is_whole or options.render else ROOT / "build/bench")
    if options.render:
        measured = results.from_json((directory / "results.json").read_text("utf-8"))
    else:
        measured = measure(options)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.json").write_text(results.to_json(measured), "utf-8")
    (directory / "results.md").write_text(report.markdown(measured), "utf-8")
    (directory / "results.svg").write_text(chart.svg(measured), "utf-8")
    if directory == HERE:
        PAGE.write_text(report.with_tables(PAGE.read_text("utf-8"), measured), "utf-8")
    print(report.markdown(measured))


def measure(options: argparse.Namespace) -> results.Results:
    """Measure the selected parts."""
    install(options.peers)
    # Before the run, because that writes into the checkout.
    commit, packages = results.commit(), {}
    for peer in options.peers:
        if peer not in SHARED:
            with Worker(python_of(peer), peer) as worker:
                packages[peer] = worker.run("packages")
    measurements: results.Measurements = {}
    with tempfile.TemporaryDirectory() as directory, serve(Path(directory)) as server:
        run = Run(server, Path(directory), options.peers, 2 if options.quick else ROUNDS, options.quick)
        for name in options.only:
            start = time.monotonic()
            measurements |= PARTS[name](run)
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    return results.Results(results.today(), commit, results.machine(), packages, measurements)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description="A whole run writes to benchmarks/ and docs/performance.md, any other to build/bench/.",
    )
    parser.add_argument("--quick", action="store_true", help="2 rounds of less work, to see whether all of it runs")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts", metavar="PART")
    parser.add_argument("--peers", nargs="+", choices=LABELS, default=list(LABELS), help="some peers", metavar="PEER")
    parser.add_argument("--output", type=Path, help="another directory for the results", metavar="DIRECTORY")
    parser.add_argument("--render", action="store_true", help="measure nothing, and make the tables and the chart anew")
    return parser


if __name__ == "__main__":
    main()
