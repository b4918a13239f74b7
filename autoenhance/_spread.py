"""Many connections for many requests at once: each has one for itself. What a call needs of an httpx client, and no more.

httpx's pool looks at all its connections for each request: with 96 at once that alone is more CPU than there is. Its client
does for each request what bulk has no use for: cookies (which could tie a run to one of the service's machines), hooks,
authentication, redirects.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

import anyio
import httpx

from autoenhance._http1 import Connection

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable


class Spread:
    """Gives each request a transport that no other uses, and makes one if all are in use. Nothing waits here."""

    def __init__(self, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._all: list[httpx.AsyncBaseTransport] = []
        # The last one first, so that a slow run keeps few connections and uses them often.
        self._idle: list[httpx.AsyncBaseTransport] = []

    def build_request(self, *, timeout: httpx.Timeout, **wanted: Any) -> httpx.Request:
        """A request as httpx's client builds it, with nothing of the client's own."""
        return httpx.Request(**wanted, extensions={"timeout": timeout.as_dict()})

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        """Send a request on a transport of its own, and return its answer as soon as its head is there."""
        if not self._idle:
            self._idle.append(self._make())
            self._all.append(self._idle[-1])
        transport = self._idle.pop()
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._idle.append(transport)
            raise
        response.stream = _Returned(response.stream, self._idle, transport)
        return response

    async def aclose(self) -> None:
        """Close them all."""
        for transport in self._all:
            await transport.aclose()


@asynccontextmanager
async def open_spread(
    loop: Any, context: ssl.SSLContext, open_client: Callable[..., httpx.AsyncClient]
) -> AsyncIterator[Spread]:
    """Connections for many requests, closed afterwards.

    Args:
        loop: The event loop that they belong to.
        context: What they trust.
        open_client: Makes an httpx client, for what asyncio and h11 do not know: trio, and the environment's proxies.
    """
    is_direct = isinstance(loop, asyncio.AbstractEventLoop) and getproxies().keys().isdisjoint({"https", "all"})

    def make() -> httpx.AsyncBaseTransport:
        if is_direct:
            return Connection(context)
        return Through(open_client(verify=context, limits=httpx.Limits(max_connections=1)))

    spread = Spread(make)
    try:
        yield spread
    finally:
        with anyio.CancelScope(shield=True):
            await spread.aclose()


class _Returned(httpx.AsyncByteStream):
    """An answer's body; after it the transport is idle."""

    def __init__(self, stream: Any, idle: list[httpx.AsyncBaseTransport], transport: httpx.AsyncBaseTransport) -> None:
        self._stream = stream
        self._idle = idle
        self._transport = transport

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._idle.append(self._transport)


class Through(httpx.AsyncBaseTransport):
    """A client as a transport: what it knows of proxies and event loops is used for one request at a time."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request as the client does."""
        return await self._client.send(request, stream=True, follow_redirects=False)

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose()
