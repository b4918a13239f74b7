"""Runs in the environment of one peer: each line of standard input is a task in JSON, each line of output its measurements.

All peers are treated alike: the garbage collector runs as it does by default.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

EDIT = ("ORDER_ID", "12 Acacia Avenue")
WARM_UP = 10


def packages(_: Any) -> dict[str, str]:
    """The versions of what is installed."""
    return dict(sorted((each.metadata["Name"], each.version) for each in distributions()))


def warm(peer: Any, *, url: str, key: str, count: int) -> dict[str, Any]:
    """Make one edit after another on an open connection; measures the median time of one."""
    if _is_async(peer):
        return {"warm": asyncio.run(_warm_async(peer, url, key, count))}
    client = peer.open_client(url, key)
    seconds = _median_seconds(count, lambda: peer.edit(client, *EDIT))
    peer.close(client)
    return {"warm": seconds}


async def _warm_async(peer: Any, url: str, key: str, count: int) -> float:
    client = await peer.open_client(url, key)
    times = []
    for _ in range(WARM_UP + count):
        start = time.perf_counter()
        await peer.edit(client, *EDIT)
        times.append(time.perf_counter() - start)
    await peer.close(client)
    return median(times[WARM_UP:])


def read(peer: Any, *, path: str, count: int) -> dict[str, Any]:
    """Turn a response into models; measures the median time, and where it can that without decoding the JSON."""
    content = Path(path).read_bytes()
    measurements = {"read": _median_seconds(count, lambda: peer.read(content))}
    if hasattr(peer, "from_dict"):
        data = json.loads(content)
        measurements["models"] = _median_seconds(count, lambda: peer.from_dict(data))
    return measurements


def bulk(peer: Any, *, url: str, key: str, count: int, in_flight: int, samples: int = 0) -> dict[str, Any]:
    """Make many edits, with a client that is opened for them.

    Args:
        peer: The peer's module.
        url: The base URL.
        key: The API key.
        count: How many edits.
        in_flight: How many at once.
        samples: How often to measure the memory on the way.

    Returns:
        Edits per second, CPU seconds per edit, and the samples of the memory.
    """
    memory = []

    def edit(number: int) -> tuple[str, str]:
        if samples and number % (count // samples) == 0:
            memory.append(_resident_mib())
        return f"order-{number}", f"Name {number}"

    # Threads may share a `map` of a `range`, but not a generator.
    edits = map(edit, range(1, count + 1))
    run: Callable[..., Any] = getattr(peer, "bulk", None) or partial(_tasks if _is_async(peer) else _threads, peer)
    start, cpu = time.perf_counter(), time.process_time()
    done = run(url, key, edits, in_flight)
    if _is_async(peer):
        asyncio.run(done)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"throughput": count / seconds, "cpu": cpu / count, "memory": memory}


def _threads(peer: Any, url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int) -> None:
    """As users of a sync client do it: threads, each with a client."""

    def work(_: int) -> None:
        client = peer.open_client(url, key)
        for each in edits:
            peer.edit(client, *each)
        peer.close(client)

    with ThreadPoolExecutor(in_flight) as pool:
        list(pool.map(work, range(in_flight)))


async def _tasks(peer: Any, url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int) -> None:
    """As users of an async client do it: tasks, which share a client."""
    client = await peer.open_client(url, key)

    async def work() -> None:
        for each in edits:
            await peer.edit(client, *each)

    await asyncio.gather(*(work() for _ in range(in_flight)))
    await peer.close(client)


def _is_async(peer: Any) -> bool:
    return getattr(peer, "IS_ASYNC", False)


def _median_seconds(count: int, function: Callable[[], object]) -> float:
    times = []
    for _ in range(WARM_UP + count):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return median(times[WARM_UP:])


def _resident_mib() -> float:
    """The memory that the process holds; where there is no /proc, the most that it held."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text("ascii").split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"packages": packages, "warm": warm, "read": read, "bulk": bulk}


def main() -> None:
    """Do one task after another until standard input ends."""
    peer = import_module(f"peers.{sys.argv[1]}")
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(TASKS[task.pop("task")](peer, **task)), flush=True)


if __name__ == "__main__":
    main()
