"""How long connections live, and who may use them: which process, which event loop."""

from __future__ import annotations

import os
import weakref
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from autoenhance._deadline import guard
from autoenhance._received import hide_location
from autoenhance._tls import tls_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from autoenhance._settings import Settings
    from autoenhance._spread import Spread

# A proxy of the environment's tunnels https, but it would read what goes over http, and the API key with it.
_NO_PROXY_FOR_HTTP: dict[str, None] = {"http://": None}


class Connections:
    """The connections of sync clients: an httpx client of ours for each process, or the caller's own."""

    def __init__(self, own: httpx.Client | None, settings: Settings) -> None:
        if own is not None and not isinstance(own, httpx.Client):
            raise TypeError(f"http_client is an httpx.Client, not {type(own).__name__}")
        self._own = own
        self._settings = settings
        self._process = os.getpid()
        self._closed = False
        # Inherited from a parent process: kept, because dropping them would close what is the parent's.
        self._inherited: list[httpx.Client] = []
        self._client = own if own is not None else self._open()

    def get(self) -> httpx.Client:
        """The httpx client for this process.

        Raises:
            RuntimeError: If it is closed, or is the caller's own and was made in a parent process.
        """
        if self._closed or self._client.is_closed:
            raise RuntimeError("this client is closed; make a new one")
        if os.getpid() != self._process:
            if self._own is not None:
                raise RuntimeError(_FORKED)
            # The parent's pool is not touched: its locks may be held by threads that this process does not have.
            self._inherited.append(self._client)
            self._process = os.getpid()
            self._client = self._open()
        return self._client

    def check_bulk(self) -> None:
        """Make sure that a bulk run may open connections like these, for itself.

        Raises:
            RuntimeError: If they are closed.
            ValueError: If they are the caller's own, who wants no others.
        """
        if self._own is not None:
            raise ValueError(
                "edit_orders makes many edits at once, which the http_client of this client cannot; "
                "use AsyncAutoenhance, with an httpx.AsyncClient as its http_client, or leave http_client out"
            )
        self.get()

    def close(self) -> None:
        """Close the connections, unless they are the caller's own."""
        self._closed = True
        if self._own is None and os.getpid() == self._process:
            self._client.close()

    def _open(self) -> httpx.Client:
        hooks = {"response": [hide_location]}
        client = httpx.Client(verify=tls_context(self._settings), mounts=_NO_PROXY_FOR_HTTP, event_hooks=hooks)
        guard(client)
        # For a client that is dropped without being closed.
        weakref.finalize(self, _close_if_ours, client, os.getpid())
        return client


class AsyncConnections:
    """The connections of async clients: an httpx client of ours for each event loop, or the caller's own."""

    def __init__(self, own: httpx.AsyncClient | None, settings: Settings) -> None:
        if own is not None and not isinstance(own, httpx.AsyncClient):
            raise TypeError(f"http_client is an httpx.AsyncClient, not {type(own).__name__}")
        self._own = own
        self._settings = settings
        self._process = os.getpid()
        self._closed = False
        self._loop_of_own: weakref.ref[Any] | None = None
        self._clients: weakref.WeakKeyDictionary[Any, tuple[httpx.AsyncClient, AsyncGenerator[None, None]]]
        self._clients = weakref.WeakKeyDictionary()

    async def get(self) -> httpx.AsyncClient:
        """The httpx client for this event loop.

        Raises:
            RuntimeError: If it is closed, or is the caller's own and was used in another event loop or process.
        """
        self._check_open()
        loop = running_loop()
        if self._own is not None:
            return self._check_own(self._own, loop)
        if loop not in self._clients:
            client = _open_async(verify=tls_context(self._settings))
            guardian = _closing_with_the_loop(client)
            self._clients[loop] = client, guardian
            await anext(guardian)
        return self._clients[loop][0]

    @asynccontextmanager
    async def many(self) -> AsyncIterator[httpx.AsyncClient | Spread]:
        """Connections for many requests at once, closed afterwards; or the caller's own.

        Raises:
            RuntimeError: See `get`.
        """
        if self._own is not None:
            yield await self.get()
            return
        self._check_open()
        from autoenhance._spread import open_spread

        async with open_spread(running_loop(), tls_context(self._settings), _open_async) as spread:
            yield spread

    async def aclose(self) -> None:
        """Close the connections of this event loop, unless they are the caller's own; other loops close theirs."""
        self._closed = True
        _, guardian = self._clients.pop(running_loop(), (None, None))
        if guardian is not None:
            await guardian.aclose()

    def _check_open(self) -> None:
        if self._closed or (self._own is not None and self._own.is_closed):
            raise RuntimeError("this client is closed; make a new one")

    def _check_own(self, own: httpx.AsyncClient, loop: Any) -> httpx.AsyncClient:
        if os.getpid() != self._process:
            raise RuntimeError(_FORKED)
        if self._loop_of_own is None:
            self._loop_of_own = weakref.ref(loop)
        if self._loop_of_own() is not loop:
            raise RuntimeError(
                "http_client was used in another event loop, and its connections belong to that one; "
                "make a client for each loop, or leave http_client out"
            )
        return own


def _open_async(**options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(mounts=_NO_PROXY_FOR_HTTP, event_hooks={"response": [_hide_location_async]}, **options)


def running_loop() -> Any:
    """The event loop that this runs in: asyncio's, or trio's token."""
    from anyio.lowlevel import current_token

    token = current_token()
    # Newer versions of anyio wrap what older ones return: the loop of asyncio, or trio's token.
    return getattr(token, "native_token", token)


async def _closing_with_the_loop(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Close a client when its event loop ends, or when nobody holds this any more.

    An event loop closes the async generators that were begun in it before it ends, and that is the only notice it gives.
    """
    try:
        yield
    finally:
        await client.aclose()


async def _hide_location_async(response: httpx.Response) -> None:
    hide_location(response)


def _close_if_ours(client: httpx.Client, process: int) -> None:
    if os.getpid() == process:
        client.close()


_FORKED = (
    "http_client was made in a parent process, and its connections belong to that one; "
    "make a client in each process, or leave http_client out"
)
