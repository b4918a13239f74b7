"""How each kind of work is measured. Peers take turns in each round, and the first round is dropped where it warms up."""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.environments import python_of
from benchmarks.processes import HERE, ROOT, Peer, Service, lifetime, pinned
from benchmarks.record import Series
from benchmarks.report import BULK as BULK_CASE
from benchmarks.roster import BULK_ONLY, PEERS
from benchmarks.sample import KEY, content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What a case of `many` may take; who is not done by then is measured by what is.
PATIENCE: Final = 4.0
MANY: Final = ("ours", "ours_async", "aiohttp", "httpx_async", "sdk", "requests_session")
BULK: Final = (*MANY[:4], *BULK_ONLY)
READ: Final = ("ours", "sdk", "floor")
# Without -P the folder that this runs in comes first, and its `autoenhance` would be taken for the SDK's.
ALONE: Final = ("-P", "-c")
IMPORTS: Final = {
    "sdk": (*ALONE, "import autoenhance"),
    "httpx": (*ALONE, "import httpx"),
    "aiohttp": (*ALONE, "import aiohttp"),
    "requests": (*ALONE, "import requests"),
    "urllib3": (*ALONE, "import urllib3"),
    "floor": (*ALONE, "import socket, json"),
}


@dataclass(frozen=True)
class Run:
    """What a measurement is told."""

    rounds: int
    is_quick: bool
    peers: list[str]
    service: Service
    folder: Path
    core: set[int]
    million: int

    def chosen(self, peers: tuple[str, ...]) -> list[str]:
        """Those of some peers that were asked for."""
        return [peer for peer in peers if peer in self.peers]

    @property
    def single(self) -> list[str]:
        """Those that make one edit."""
        return [peer for peer in self.peers if peer not in BULK_ONLY]

    def turns(self, peers: list[str]) -> Iterator[tuple[int, str]]:
        """Every peer once in each round, another one first each time, and one round that is only to warm up: -1."""
        for number in range(-1, self.rounds):
            shift = number % len(peers) if peers else 0
            for peer in peers[shift:] + peers[:shift]:
                yield number, peer


class Found:
    """What is measured, on its way to the record."""

    def __init__(self) -> None:
        self._values: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)

    def add(self, number: int, case: str, peer: str, **measures: float) -> None:
        """Note what a round gave, unless it was the one that warms up."""
        if number >= 0:
            for measure, value in measures.items():
                self._values[case, measure, peer].append(float(f"{value:.5g}"))

    def series(self) -> list[Series]:
        """All of it, the peers in their own order."""
        order = {peer: number for number, peer in enumerate(PEERS)}
        cases = {case: number for number, (case, _, _) in enumerate(reversed(self._values))}
        keys = sorted(self._values, key=lambda key: (-cases[key[0]], key[1], order.get(key[2], len(order))))
        return [Series(*key, self._values[key]) for key in keys]


@contextmanager
def _children(run: Run, peers: list[str]) -> Iterator[dict[str, Peer]]:
    with ExitStack() as stack, pinned(run.core):
        yield {peer: stack.enter_context(Peer(python_of(peer), peer)) for peer in peers}


def cold(run: Run) -> list[Series]:
    """A fresh process until its first edit is done, from its start to its end; caches are warm."""
    found = Found()
    with pinned(run.core):
        for number, peer in run.turns(run.single):
            for scheme in ("http", "https"):
                command: list[str | Path] = [
                    python_of(peer),
                    HERE / "cold.py",
                    peer,
                    run.service.url(scheme=scheme),
                    KEY,
                ]
                trusted = run.service.trusted if scheme == "https" else None
                taken = [lifetime(command, trusted) for _ in range(1 if number < 0 or run.is_quick else 3)]
                seconds, cpu = (statistics.median(values) for values in zip(*taken, strict=True))
                found.add(number, scheme, peer, seconds=seconds, cpu=cpu)
    return found.series()


def warm(run: Run) -> list[Series]:
    """One edit on a connection that is open."""
    found = Found()
    count = 100 if run.is_quick else 400
    with _children(run, run.single) as children:
        for child in children.values():
            child.ask("setup", url=run.service.url(), key=KEY)
        for number, peer in run.turns(run.single):
            told = children[peer].ask("warm", count=count)
            taken = sorted(told["seconds"])
            p99, cpu = taken[int(0.99 * len(taken))], told["cpu"] / len(taken)
            found.add(number, "one edit", peer, median=statistics.median(taken), p99=p99, cpu=cpu)
    return found.series()


def read(run: Run) -> list[Series]:
    """Decoding an order, and asking each image for its name, without the network."""
    return _in_memory(run, "read", run.chosen(READ))


def write(run: Run) -> list[Series]:
    """Turning an order back into a dict."""
    return _in_memory(run, "write", run.chosen(tuple(peer for peer in READ if peer != "floor")))


def _in_memory(run: Run, do: str, peers: list[str]) -> list[Series]:
    found = Found()
    with _children(run, peers) as children:
        for images in (1, 50, 1000, 10_000):
            path = run.folder / f"{images}.json"
            path.write_bytes(content(images))
            repeat = max(2, (200 if run.is_quick else 1000) // images)
            for number, peer in run.turns(peers):
                taken = children[peer].ask(do, path=str(path), repeat=repeat)
                case = f"{images:,} image{'s' if images > 1 else ''}"
                found.add(number, case, peer, seconds=statistics.median(taken))
    return found.series()


def many(run: Run) -> list[Series]:
    """Many edits, at several latencies and with several in flight; no ceiling."""
    found = Found()
    peers = run.chosen(MANY)
    latencies, flights = ((0, 300), (1, 96)) if run.is_quick else ((0, 100, 300), (1, 16, 96, 256))
    with _children(run, peers) as children:
        for latency in latencies:
            for in_flight in flights:
                # At a latency three answers for each that may be in flight; without one, enough to be measured.
                count = in_flight * (5 if in_flight == 1 else 3) if latency else (200 if run.is_quick else 1000)
                url = run.service.url(latency=latency)
                what = {"url": url, "key": KEY, "count": count, "in_flight": in_flight, "limit": PATIENCE}
                for number, peer in run.turns(peers):
                    _many(found, number, f"{latency} ms, {in_flight} in flight", children[peer], rate=None, **what)
    return found.series()


def bulk(run: Run) -> list[Series]:
    """What a user of the service does: 300 ms away, 96 in flight, at the ceiling of 300 a second."""
    found = Found()
    peers = run.chosen(BULK)
    url = run.service.url(latency=300)
    what = {
        "url": url,
        "key": KEY,
        "count": 450 if run.is_quick else 1200,
        "in_flight": 96,
        "limit": 3.0 if run.is_quick else 6.0,
    }
    with _children(run, peers) as children:
        for number, peer in run.turns(peers):
            # To its end, because its first results come late: what is cut off would tell nothing. Fewer are easier for it.
            own = {"count": 3 * 96, "limit": 120.0} if peer in BULK_ONLY else {}
            _many(found, number, BULK_CASE, children[peer], rate=300.0, **(what | own))
    return found.series()


def _many(found: Found, number: int, case: str, peer: Peer, **what: Any) -> None:
    if number < 0:
        what["count"] = 10  # enough for what is imported when it is first used
    told = peer.ask("many", **what)
    found.add(number, case, peer.name, rate=told["done"] / told["seconds"], cpu=told["cpu"] / told["done"])


def memory(run: Run) -> list[Series]:
    """The most that a fresh process holds after some edits, and one at 96 in flight."""
    found = Found()
    for number in range(1 if run.is_quick else min(run.rounds, 3)):
        for peer in run.single:
            with _children(run, [peer]) as children:
                children[peer].ask("setup", url=run.service.url(), key=KEY)
                children[peer].ask("warm", count=50)
                found.add(number, "50 edits", peer, MiB=children[peer].ask("memory")["most"])
    for peer in run.chosen(MANY):
        for number in range(1 if run.is_quick else min(run.rounds, 3)):
            with _children(run, [peer]) as children:
                what = {"url": run.service.url(latency=100), "key": KEY, "count": 300, "in_flight": 96}
                children[peer].ask("many", rate=None, limit=PATIENCE, **what)
                found.add(number, "300 edits, 96 in flight", peer, MiB=children[peer].ask("memory")["most"])
    return found.series()


def million(run: Run) -> list[Series]:
    """What a million edits in bulk hold on the way, in twenty looks."""
    found = Found()
    with _children(run, ["ours"]) as children:
        what = {"url": run.service.url(), "key": KEY, "count": run.million, "in_flight": 32, "rate": None}
        told = children["ours"].ask("many", limit=7200.0, watch=20, **what)
    case = f"{run.million:,} edits"
    for number, value in enumerate(told["resident"]):
        found.add(number, case, "ours", MiB=value)
    found.add(0, case, "ours", rate=told["done"] / told["seconds"], cpu=told["cpu"] / told["done"])
    return found.series()


def imports(run: Run) -> list[Series]:
    """Importing alone, in a fresh process, and the terminal's help."""
    python = python_of("ours")
    commands: list[tuple[str, str, list[str | Path]]] = [
        ("import autoenhance", "ours", [python, *ALONE, "import autoenhance"]),
        ("import its client", "ours", [python, *ALONE, "from autoenhance import Autoenhance"]),
        ("--help", "ours", [python.parent / "autoenhance", "--help"]),
    ]
    commands += [("import its client", peer, [python_of(peer), *code]) for peer, code in IMPORTS.items()]
    found = Found()
    with pinned(run.core):
        for number in range(-1, run.rounds):
            for case, peer, command in commands:
                if peer in run.peers:
                    found.add(number, case, peer, seconds=lifetime(command)[0])
    return found.series()


def regenerate(run: Run) -> list[Series]:
    """Generating `autoenhance_api` from the contract, and comparing it with what is there."""
    found = Found()
    for number in range(1 if run.is_quick else min(run.rounds, 3)):
        seconds, _ = lifetime([ROOT / "scripts/regenerate.sh", "--check"], may_refuse=True)
        found.add(number, "make check-generated", "ours", seconds=seconds)
    return found.series()


PARTS: Final[dict[str, Callable[[Run], list[Series]]]] = {
    "cold": cold,
    "warm": warm,
    "read": read,
    "write": write,
    "many": many,
    "bulk": bulk,
    "memory": memory,
    "import": imports,
    "regenerate": regenerate,
    "million": million,
}


def measured(name: str, run: Run) -> list[Series]:
    """One part, with its progress on standard error."""
    print(f"Measuring {name}", file=sys.stderr)
    began = time.monotonic()
    series = PARTS[name](run)
    print(f"Measured {name} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return series
