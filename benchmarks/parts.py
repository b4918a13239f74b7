"""The four parts of a run. In each round the peers take turns, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.environments import python_of
from benchmarks.processes import HERE, Worker, seconds_of
from benchmarks.sample import KEY, content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.processes import Server
    from benchmarks.results import Measurements

ONE_EDIT: Final = ("ours", "ours_async", "generated", "sdk", "httpx", "httpx_async", "requests", "aiohttp")
READING: Final = ("ours", "sdk", "json")
BULK: Final = ("ours", "ours_async", "sdk", "httpx_async", "httpx_gather", "requests", "aiohttp")
IMAGES: Final = 20
LATENCY_MS: Final = 300
IN_FLIGHT: Final = 96


@dataclass(frozen=True)
class Run:
    """What the parts of one run share."""

    server: Server
    directory: Path
    peers: Sequence[str]
    rounds: int
    is_quick: bool

    def selected(self, peers: Sequence[str]) -> list[str]:
        """Those of some peers that take part."""
        return [peer for peer in peers if peer in self.peers]


def cold(run: Run) -> Measurements:
    """A fresh process makes one edit over https; from its start to its end."""

    def measure(peer: str) -> dict[str, float]:
        command: list[str | Path] = [python_of(peer), HERE / "cold_start.py", peer, run.server.url(scheme="https"), KEY]
        times = [seconds_of(command, run.server.trusted) for _ in range(1 if run.is_quick else 3)]
        return {"cold": median(times)}

    return _in_turns(run, run.selected(ONE_EDIT), measure)


def warm(run: Run) -> Measurements:
    """One edit after another on an open connection."""
    arguments = {"url": run.server.url(), "key": KEY, "count": 100 if run.is_quick else 400}
    with _workers(run, ONE_EDIT) as workers:
        return _in_turns(run, list(workers), lambda peer: workers[peer].run("warm", **arguments))


def read(run: Run) -> Measurements:
    """A response with 20 images becomes models; no network."""
    path = run.directory / "response.json"
    path.write_bytes(content(IMAGES))
    arguments = {"path": str(path), "count": 100 if run.is_quick else 1000}
    with _workers(run, READING) as workers:
        return _in_turns(run, list(workers), lambda peer: workers[peer].run("read", **arguments))


def bulk(run: Run) -> Measurements:
    """Many edits with 96 in flight and a latency of 300 ms; and the memory of a long run without latency."""
    arguments: dict[str, Any] = {"url": run.server.url(latency=LATENCY_MS), "key": KEY, "in_flight": IN_FLIGHT}
    count = IN_FLIGHT * (2 if run.is_quick else 12)

    def measure(peer: str) -> dict[str, float]:
        # Each edit that waits in httpx's pool slows down all others: 1,152 would take minutes.
        edits = min(count, 3 * IN_FLIGHT) if peer == "httpx_gather" else count
        done = workers[peer].run("bulk", count=edits, **arguments)
        return {metric: done[metric] for metric in ("throughput", "cpu")}

    with _workers(run, BULK) as workers:
        measurements = _in_turns(run, list(workers), measure)
    with _workers(run, ("ours", "ours_async")) as workers:
        long = {"url": run.server.url(), "key": KEY, "in_flight": 32, "samples": 20}
        count = 5_000 if run.is_quick else 100_000
        memory = {peer: worker.run("bulk", count=count, **long)["memory"] for peer, worker in workers.items()}
    return {**measurements, "memory": memory}


PARTS: Final = {"cold": cold, "warm": warm, "read": read, "bulk": bulk}


@contextmanager
def _workers(run: Run, peers: Sequence[str]) -> Iterator[dict[str, Worker]]:
    with ExitStack() as stack:
        yield {peer: stack.enter_context(Worker(python_of(peer), peer)) for peer in run.selected(peers)}


def _in_turns(run: Run, peers: list[str], measure: Callable[[str], dict[str, float]]) -> Measurements:
    """Measure every peer once in each round, another one first each time. The first round warms up and is dropped."""
    measurements: Measurements = {}
    for number in range(run.rounds + 1):
        first = (number - 1) % len(peers)
        for peer in peers[first:] + peers[:first]:
            for metric, value in measure(peer).items():
                if number > 0:
                    measurements.setdefault(metric, {}).setdefault(peer, []).append(float(f"{value:.4g}"))
    return measurements
