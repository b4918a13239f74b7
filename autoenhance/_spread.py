"""Many connections for many requests at once: each has one for itself. What a call needs of an httpx client, and no more.

httpx's pool looks at all its connections for each request: with 96 at once that alone is more CPU than there is. Its client
does for each request what an edit has no use for: cookies (which could tie a run to one of the service's machines), hooks,
authentication, redirects.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

T = TypeVar("T", httpx.BaseTransport, httpx.AsyncBaseTransport)

# As httpx: a connection that was idle for longer is not trusted to be there still.
LONGEST_IDLE: Final = 5.0


class _Idle(Generic[T]):
    """Transports that no request uses. The last one is the first to be used, so that few are used often."""

    def __init__(self) -> None:
        self._all: deque[tuple[float, T]] = deque()

    def put(self, transport: T) -> None:
        self._all.append((time.monotonic(), transport))

    def take(self) -> T | None:
        return self._all.pop()[1] if self._all else None

    def take_old(self, longest: float = LONGEST_IDLE) -> Iterator[T]:
        """Those that have been idle for longer than some seconds; whoever stops leaves the others here."""
        since = time.monotonic() - longest
        while self._all and self._all[0][0] <= since:
            yield self._all.popleft()[1]


def build_request(*, timeout: httpx.Timeout, **wanted: Any) -> httpx.Request:
    """A request as httpx's client builds it, with nothing of the client's own."""
    return httpx.Request(**wanted, extensions={"timeout": timeout.as_dict()})


class SyncSpread:
    """Gives each request a transport that no other uses, and makes one if all are in use. Threads may share it."""

    def __init__(self, make: Callable[[], httpx.BaseTransport]) -> None:
        self._make = make
        self._idle: _Idle[httpx.BaseTransport] = _Idle()
        self._lock = threading.Lock()
        self._is_closed = False

    build_request = staticmethod(build_request)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request on a transport of its own, and return its answer as soon as its head is there."""
        with self._lock:
            old, transport = [*self._idle.take_old()], self._idle.take()
        for one in old:
            one.close()
        transport = transport or self._make()
        try:
            response = transport.handle_request(request)
        except BaseException:
            self._give_back(transport)
            raise
        if response.is_closed:  # what stands for httpx in a test may have read it
            self._give_back(transport)
        else:
            response.stream = _Returned(response.stream, partial(self._give_back, transport))
        return response

    def close(self) -> None:
        """Close the idle ones now, and those in use when they come back."""
        with self._lock:
            self._is_closed = True
            idle = [*self._idle.take_old(0)]
        for transport in idle:
            transport.close()

    def _give_back(self, transport: httpx.BaseTransport) -> None:
        with self._lock:
            self._idle.put(transport)
        if self._is_closed:
            self.close()


class Spread:
    """The same for the async callers of an event loop.

    Args:
        make: Makes a transport.
        most: How many requests may be under way at once; others wait for their turn. None for any number.
    """

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport], most: int | None = None) -> None:
        import anyio  # the sync client has no use for it

        self._make = make
        self._idle: _Idle[httpx.AsyncBaseTransport] = _Idle()
        self._is_closed = False
        self._turns = None if most is None else anyio.Semaphore(most)

    build_request = staticmethod(build_request)

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request on a transport of its own, and return its answer as soon as its head is there.

        Raises:
            httpx.PoolTimeout: If its turn does not come in time.
        """
        await self._wait_for_turn(request.extensions["timeout"]["pool"])
        transport: httpx.AsyncBaseTransport | None = None
        try:
            for old in self._idle.take_old():
                await old.aclose()
            transport = self._idle.take() or self._make()
            response = await transport.handle_async_request(request)
        except BaseException:
            await self._give_back(transport)
            raise
        if response.is_closed:  # what stands for httpx in a test may have read it
            await self._give_back(transport)
        else:
            response.stream = _AsyncReturned(response.stream, partial(self._give_back, transport))
        return response

    async def aclose(self) -> None:
        """Close the idle ones now, and those in use when they come back."""
        self._is_closed = True
        for transport in self._idle.take_old(0):
            await transport.aclose()

    async def _wait_for_turn(self, patience: float | None) -> None:
        if self._turns is None:
            return
        import anyio

        try:
            self._turns.acquire_nowait()
        except anyio.WouldBlock:
            try:
                with anyio.fail_after(patience):
                    await self._turns.acquire()
            except TimeoutError:
                raise httpx.PoolTimeout("too many requests are under way") from None

    async def _give_back(self, transport: httpx.AsyncBaseTransport | None) -> None:
        if self._turns is not None:
            self._turns.release()
        if transport is not None:
            self._idle.put(transport)
        if self._is_closed:
            await self.aclose()


class _Returned(httpx.SyncByteStream):
    """An answer's body; after it the transport is idle."""

    def __init__(self, stream: Any, back: Callable[[], object]) -> None:
        self._stream = stream
        self._back = back

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._back()


class _AsyncReturned(httpx.AsyncByteStream):
    """The same for async callers."""

    def __init__(self, stream: Any, back: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._back = back

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self._back()
