"""The process of one peer: it does what it is asked for on standard input, and tells on standard output how long it took.

It stays between the rounds, so that they can take turns with those of other peers while everything is warm. All peers are
treated alike: the garbage collector is as it is by default, and nothing is frozen.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator

EDIT = ("ORDER_ID", "12 Acacia Avenue")
# Edits before the clock runs: connections expire while others have their turn.
WARM_UP = 5


class Child:
    """One peer, and its client."""

    def __init__(self, peer: Any) -> None:
        self._peer = peer
        self._is_async = getattr(peer, "IS_ASYNC", False)
        self._client: Any = None
        self._loop: asyncio.Runner | None = None

    def packages(self) -> dict[str, str]:
        """What is installed beside it, and which version."""
        from importlib.metadata import distributions

        return {found.metadata["Name"]: found.version for found in distributions()}

    def setup(self, url: str, key: str) -> None:
        """Make the client of `warm`."""
        if self._is_async:
            import asyncio

            self._loop = asyncio.Runner()
            self._client = self._loop.run(self._peer.setup(url, key))
        else:
            self._client = self._peer.setup(url, key)

    def close(self) -> None:
        """Close the client of `warm`."""
        if self._loop is not None:
            self._loop.run(self._peer.close(self._client))
            self._loop.close()
        elif self._client is not None:
            self._peer.close(self._client)

    def warm(self, count: int) -> dict[str, Any]:
        """Edit one order after another; returns the seconds of each edit, and the CPU of all."""
        self._edit(WARM_UP)
        cpu = time.process_time()
        taken = self._edit(count)
        return {"seconds": taken, "cpu": time.process_time() - cpu}

    def _edit(self, count: int) -> list[float]:
        if self._loop is not None:
            return self._loop.run(self._edit_async(count))
        one, client, taken = self._peer.one, self._client, []
        for _ in range(count):
            began = time.perf_counter()
            one(client, *EDIT)
            taken.append(time.perf_counter() - began)
        return taken

    async def _edit_async(self, count: int) -> list[float]:
        one, client, taken = self._peer.one, self._client, []
        for _ in range(count):
            began = time.perf_counter()
            await one(client, *EDIT)
            taken.append(time.perf_counter() - began)
        return taken

    def read(self, path: str, repeat: int) -> list[float]:
        """Decode an order and look at each of its images; returns the seconds of each time."""
        with open(path, "rb") as file:  # noqa: PTH123  # pathlib is not everywhere imported, and memory is measured
            content = file.read()
        return [self._timed(lambda: self._peer.names(self._peer.read(content))) for _ in range(repeat)]

    def write(self, path: str, repeat: int) -> list[float]:
        """Turn an order back into a dict; returns the seconds of each time."""
        with open(path, "rb") as file:  # noqa: PTH123
            order = self._peer.read(file.read())
        return [self._timed(lambda: self._peer.write(order)) for _ in range(repeat)]

    def many(
        self, *, url: str, key: str, count: int, in_flight: int, rate: float | None, limit: float, watch: int = 0
    ) -> dict[str, Any]:
        """Edit many orders with clients that are made for it.

        Args:
            url: Where.
            key: The API key.
            count: How many.
            in_flight: How many at once.
            rate: How many a second at most, None for no ceiling.
            limit: Seconds after which no further edit begins.
            watch: How often to look at the memory.
        """
        edits = Edits(count, limit, watch)
        ceiling = float("inf") if rate is None else rate
        began, cpu = time.monotonic(), time.process_time()
        done, ended = self._run(url, key, edits, in_flight, ceiling)
        cpu = time.process_time() - cpu
        return {"done": done, "seconds": ended - began, "cpu": cpu, "resident": edits.resident}

    def _run(self, url: str, key: str, edits: Edits, in_flight: int, rate: float) -> tuple[int, float]:
        """Edit; returns how many edits were done, and when."""
        own = getattr(self._peer, "many", None)
        if self._is_async:
            import asyncio

            if own is not None:
                return asyncio.run(_consume(own(url, key, edits, in_flight, rate)))
            ended = asyncio.run(_at_once(self._peer, url, key, edits=edits, in_flight=in_flight, rate=rate))
            return edits.given, ended
        if own is not None:
            done = 0
            for _ in own(url, key, edits, in_flight, rate):
                done += 1
                ended = time.monotonic()
            return done, ended
        in_threads(self._peer, url, key, edits, in_flight)
        return edits.given, time.monotonic()

    def memory(self) -> dict[str, float]:
        """The MiB that it holds, and held at most."""
        return memory()

    def _timed(self, function: Callable[[], object]) -> float:
        began = time.perf_counter()
        function()
        return time.perf_counter() - began


class Edits:
    """Edits until there were enough, or it took too long. Threads may share it."""

    def __init__(self, count: int, limit: float, watch: int) -> None:
        self.given = 0
        self.resident: list[float] = []
        self._count = count
        self.until = time.monotonic() + limit
        self._each = count // watch if watch else 0
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return self

    def __next__(self) -> tuple[str, str]:
        with self._lock:
            if self.given >= self._count or time.monotonic() > self.until:
                raise StopIteration
            self.given += 1
            if self._each and self.given % self._each == 0:
                self.resident.append(memory()["now"])
            return f"order-{self.given}", f"Name {self.given}"


def in_threads(peer: Any, url: str, key: str, edits: Edits, in_flight: int) -> None:
    """What a user of a sync client does for many edits: threads, each with a client."""
    failures: list[BaseException] = []

    def work() -> None:
        client = None
        try:
            for order_id, name in edits:
                client = client or peer.setup(url, key)
                peer.one(client, order_id, name)
        except BaseException as error:  # noqa: BLE001  # told by the main thread
            failures.append(error)
        finally:
            if client:
                peer.close(client)

    threads = [threading.Thread(target=work) for _ in range(in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


async def _consume(results: Any) -> tuple[int, float]:
    done = 0
    async with aclosing(results):
        async for _ in results:
            done += 1
            ended = time.monotonic()
    return done, ended


async def _at_once(peer: Any, url: str, key: str, *, edits: Edits, in_flight: int, rate: float) -> float:
    """What a user of an async client does for many edits: one client, as many workers as edits may be in flight."""
    import asyncio

    client = await peer.setup(url, key)
    following = 0.0

    async def work() -> None:
        nonlocal following
        for order_id, name in edits:
            now = time.monotonic()
            turn, following = following, max(following, now) + 1 / rate
            if turn > now:
                await asyncio.sleep(turn - now)
            await peer.one(client, order_id, name)

    try:
        await asyncio.gather(*(work() for _ in range(in_flight)))
        return time.monotonic()
    finally:
        await peer.close(client)


def memory() -> dict[str, float]:
    """The MiB that this process holds, and held at most.

    Not what getrusage says, if it can be helped: on Linux that counts what the parent held when it made this process.
    """
    try:
        with open("/proc/self/status", "rb") as file:  # noqa: PTH123
            lines = dict(line.split(b":", 1) for line in file.read().splitlines())
        return {"now": int(lines[b"VmRSS"].split()[0]) / 1024, "most": int(lines[b"VmHWM"].split()[0]) / 1024}
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        return {"now": most, "most": most}


def main() -> None:
    """Answer one line with one line."""
    child = Child(import_module(f"peers.{sys.argv[1]}"))
    for line in sys.stdin:
        wanted = json.loads(line)
        print(json.dumps(getattr(child, wanted.pop("do"))(**wanted)), flush=True)
    child.close()


if __name__ == "__main__":
    main()
