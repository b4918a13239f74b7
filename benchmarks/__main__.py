"""`make bench`: this client beside everything that a user would take instead, on the same work, in one run.

What is measured, and by whom, stands in parts.py and roster.py; README.md beside this says what is to be known of it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import facts, picture, report
from benchmarks import record as records
from benchmarks.environments import prepare, python_of
from benchmarks.parts import PARTS, Run, measured
from benchmarks.processes import HERE, ROOT, Peer, Service, cores
from benchmarks.roster import PEERS, PINS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.record import Record

# A million edits take longer than all the rest together.
USUAL: Final = [name for name in PARTS if name != "million"]
ROUNDS: Final = 7
# It shows some of the figures.
PAGE: Final = ROOT / "docs/performance.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write down, and show."""
    told = _parser().parse_args(arguments)
    is_whole = not told.quick and told.rounds is None and told.peers == list(PEERS)
    folder = told.out or (HERE if is_whole or told.render else ROOT / "build/bench")
    folder.mkdir(parents=True, exist_ok=True)
    before = folder / "results.json"
    kept = records.read(before.read_text("utf-8")) if before.exists() else None
    if told.render:
        if kept is None:
            sys.exit(f"There is no {before.name} to render.")
        found = kept
    else:
        newer = measure(told)
        found = kept.updated(newer) if kept else newer
    publish(found, folder)
    print(report.markdown(found))


def measure(told: argparse.Namespace) -> Record:
    """Measure what was asked for."""
    only = told.only or [*USUAL, *(["million"] if told.quick else [])]
    prepare(["ours", *told.peers])
    ours, theirs = cores()
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder), theirs) as service:
        run = Run(
            rounds=told.rounds or (2 if told.quick else ROUNDS),
            is_quick=told.quick,
            peers=told.peers,
            service=service,
            folder=Path(folder),
            core=ours,
            million=told.edits or (20_000 if told.quick else 1_000_000),
        )
        parts = {}
        for name in only:
            try:
                parts[name] = records.Part(facts.today(), facts.commit(), measured(name, run))
            except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
                # What was measured before is kept, and so is what comes after.
                print(f"{name} could not be measured: {error}", file=sys.stderr)
    packages = {}
    for peer in told.peers:
        name = PINS.get(peer, peer)
        if name not in packages:
            with Peer(python_of(peer), peer) as child:
                packages[name] = child.ask("packages")
    return records.Record(facts.machine(), packages, parts)


def publish(found: Record, folder: Path) -> None:
    """Write the record, the page and the picture; and what other pages show of it, if they are the committed ones."""
    (folder / "results.json").write_text(records.write(found), "utf-8")
    (folder / "results.md").write_text(report.markdown(found), "utf-8")
    (folder / "results.svg").write_text(picture.svg(found), "utf-8")
    if folder == HERE:
        before = PAGE.read_text("utf-8")
        after = report.with_figures(before, found)
        if after != before:
            PAGE.write_text(after, "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=f"Only a whole run writes to benchmarks/: all peers, {ROUNDS} rounds, not quick. "
        "Other runs write to build/bench/.",
    )
    parser.add_argument("--only", type=_some(PARTS), metavar="PART,…", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--peers", type=_some(PEERS), default=list(PEERS), metavar="PEER,…", help=f"of {', '.join(PEERS)}"
    )
    parser.add_argument("--rounds", type=int, help=f"{ROUNDS} by default")
    parser.add_argument("--quick", action="store_true", help="2 rounds of less work: whether all of it runs")
    parser.add_argument("--edits", type=int, help="how many `million` makes")
    parser.add_argument("--out", type=Path, help="where the results go")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing: make results.md, .svg and docs/performance.md anew"
    )
    return parser


class _some:  # noqa: N801  # read as a word where it is used
    """Reads a list of names, with commas between them."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names

    def __call__(self, text: str) -> list[str]:
        wanted = text.split(",")
        unknown = [name for name in wanted if name not in self._names]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(self._names)}")
        return [name for name in self._names if name in wanted]


if __name__ == "__main__":
    main()
