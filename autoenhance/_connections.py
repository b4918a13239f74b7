"""How long connections live, and who may use them: which process, which event loop."""

from __future__ import annotations

import os
import weakref
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx

from autoenhance._proxy import proxy_of
from autoenhance._spread import Spread, SyncSpread
from autoenhance._tls import tls_context

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from autoenhance._settings import Settings

# As httpx: of the edits that one event loop makes at once, so many are on their way and the others wait.
_MOST: Final = 100


class Connections:
    """The connections of sync clients: ours, others in each process, or the caller's own."""

    def __init__(self, own: httpx.Client | None, settings: Settings) -> None:
        if own is not None and not isinstance(own, httpx.Client):
            raise TypeError(f"http_client is an httpx.Client, not {type(own).__name__}")
        self._own = own
        self._settings = settings
        self._process = os.getpid()
        self._is_closed = False
        # Inherited from a parent process: kept, because dropping them would close what is the parent's.
        self._inherited: list[object] = []
        self._client: httpx.Client | SyncSpread
        self._client = own if own is not None else self._open()

    def get(self) -> httpx.Client | SyncSpread:
        """The connections for this process.

        Raises:
            RuntimeError: If they are closed, or are the caller's own and were made in a parent process.
        """
        if self._is_closed or self._client.is_closed:
            raise RuntimeError("this client is closed; make a new one")
        if os.getpid() != self._process:
            if self._own is not None:
                raise RuntimeError(_FORKED)
            # The parent's are not touched: their locks may be held by threads that this process does not have.
            self._inherited.append(self._client)
            # The process last: another thread that sees it must not find the parent's connections beside it.
            self._client = self._open()
            self._process = os.getpid()
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
        self._is_closed = True
        if self._own is None and os.getpid() == self._process:
            self._client.close()

    def _open(self) -> SyncSpread:
        spread = SyncSpread(_maker(self._settings))
        # For a client that is dropped without being closed.
        weakref.finalize(self, _close_if_ours, spread, os.getpid())
        return spread


def _maker(settings: Settings) -> Callable[[], httpx.BaseTransport]:
    context, proxy = tls_context(settings), proxy_of(settings)
    if proxy is None:
        from autoenhance._sync_http1 import Connection

        return partial(Connection, context)
    from autoenhance._guarded import Guarded

    Guarded(context, proxy).close()  # raises at once if there is no such proxy
    return partial(Guarded, context, proxy)


class AsyncConnections:
    """The connections of async clients: an httpx client of ours for each event loop, or the caller's own."""

    def __init__(self, own: httpx.AsyncClient | None, settings: Settings) -> None:
        if own is not None and not isinstance(own, httpx.AsyncClient):
            raise TypeError(f"http_client is an httpx.AsyncClient, not {type(own).__name__}")
        self._own = own
        self._settings = settings
        self._process = os.getpid()
        self._is_closed = False
        self._loop_of_own: weakref.ref[Any] | None = None
        self._spreads: weakref.WeakKeyDictionary[Any, tuple[Spread, AsyncGenerator[None, None]]]
        self._spreads = weakref.WeakKeyDictionary()

    async def get(self) -> httpx.AsyncClient | Spread:
        """The connections for this event loop.

        Raises:
            RuntimeError: If they are closed, or are the caller's own and were used in another event loop or process.
        """
        self._check_open()
        loop = running_loop()
        if self._own is not None:
            return self._check_own(self._own, loop)
        if loop not in self._spreads:
            spread = Spread(_async_maker(self._settings, loop), _MOST)
            guardian = _closing_with_the_loop(spread)
            self._spreads[loop] = spread, guardian
            await anext(guardian)
        return self._spreads[loop][0]

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
        spread = Spread(_async_maker(self._settings, running_loop()))
        try:
            yield spread
        finally:
            import anyio

            with anyio.CancelScope(shield=True):
                await spread.aclose()

    async def aclose(self) -> None:
        """Close the connections of this event loop, unless they are the caller's own; other loops close theirs."""
        self._is_closed = True
        _, guardian = self._spreads.pop(running_loop(), (None, None))
        if guardian is not None:
            await guardian.aclose()

    def _check_open(self) -> None:
        if self._is_closed or (self._own is not None and self._own.is_closed):
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


def _async_maker(settings: Settings, loop: Any) -> Callable[[], httpx.AsyncBaseTransport]:
    import asyncio

    context, proxy = tls_context(settings), proxy_of(settings)
    if proxy is None and isinstance(loop, asyncio.AbstractEventLoop):
        from autoenhance._async_http1 import Connection

        return partial(Connection, context)
    # httpx's own connections, for what ours do not know: trio, and proxies.
    return partial(httpx.AsyncHTTPTransport, verify=context, proxy=proxy, limits=httpx.Limits(max_connections=1))


def running_loop() -> Any:
    """The event loop that this runs in: asyncio's, or trio's token."""
    from anyio.lowlevel import current_token

    token = current_token()
    # Newer versions of anyio wrap what older ones return: the loop of asyncio, or trio's token.
    return getattr(token, "native_token", token)


async def _closing_with_the_loop(spread: Spread) -> AsyncGenerator[None, None]:
    """Close connections when their event loop ends, or when nobody holds this any more.

    An event loop closes the async generators that were begun in it before it ends, and that is the only notice it gives.
    """
    try:
        yield
    finally:
        await spread.aclose()


def _close_if_ours(spread: SyncSpread, process: int) -> None:
    if os.getpid() == process:
        spread.close()


_FORKED = (
    "http_client was made in a parent process, and its connections belong to that one; "
    "make a client in each process, or leave http_client out"
)
