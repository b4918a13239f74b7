"""The lifetime of connections: one pool for each process and event loop."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import httpx

from autoenhance._deadline import DeadlineBackend
from autoenhance._network import read_network
from autoenhance._sender import AsyncSender, DeadlineTransport, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from autoenhance._settings import Settings

# As many as httpx allows; but all of them are kept alive while idle, for programs that use all again and again.
_CONNECTIONS: Final = 100
_Client = TypeVar("_Client", httpx.Client, httpx.AsyncClient)


class _BaseTransports(Generic[_Client]):
    """What sync and async transports share: the network settings, and the checks before an edit."""

    def __init__(self, client: _Client | None, kind: type[_Client], settings: Settings) -> None:
        if client is not None and not isinstance(client, kind):
            raise TypeError(f"http_client must be an httpx.{kind.__name__}, not {type(client).__name__}")
        self._client: _Client | None = client
        self._network = read_network(settings.base_url) if client is None else None
        self._process = os.getpid()
        self._is_closed = False

    @property
    def proxy_note(self) -> str:
        """What messages add to the service's URL: the proxy, if there is one."""
        return self._network.proxy_note if self._network else ""

    def check(self) -> None:
        """Check that edits can be made in this process and event loop.

        Raises:
            RuntimeError: If this or the caller's client is closed, or the latter was created in a parent process.
        """
        if self._is_closed or (self._client is not None and self._client.is_closed):
            raise RuntimeError("this client is closed; create a new one")
        if self._client is not None and os.getpid() != self._process:
            raise RuntimeError(
                "http_client was created in a parent process, which owns its connections; "
                "create a client in each process, or leave http_client out"
            )


class Transports(_BaseTransports[httpx.Client]):
    """The senders of sync clients: one of ours for each process, or the caller's client."""

    def __init__(self, client: httpx.Client | None, settings: Settings) -> None:
        super().__init__(client, httpx.Client, settings)
        self._backend = DeadlineBackend()
        # Kept, because the connections of a parent process must not be closed here.
        self._inherited: list[object] = []
        self._sender: Sender = self._make()

    def get(self) -> Sender:
        """Return the sender of this process, for many threads.

        Raises:
            RuntimeError: See `check`.
        """
        self.check()
        if os.getpid() != self._process:
            # The parent's locks may be held by threads that this process does not have, so its sender is not touched.
            self._inherited.append(self._sender)
            # Set last, so that another thread never sees this process with the parent's sender.
            self._sender = self._make()
            self._process = os.getpid()
        return self._sender

    def open(self) -> Sender:
        """Open a sender for one request at a time, which the bulk run closes; or return the caller's client."""
        return self._new(1) if self._client is None else self.get()

    @property
    def is_serial(self) -> bool:
        """Whether a bulk run can make one attempt at a time only."""
        return self._client is not None and self._sender.is_serial

    def close(self) -> None:
        """Close the connections, unless they are the caller's."""
        self._is_closed = True
        if os.getpid() == self._process:
            self._sender.close()

    def _make(self) -> Sender:
        sender = self._new(_CONNECTIONS)
        # For a client that is dropped without being closed.
        weakref.finalize(self, _close_in_its_process, sender, os.getpid())
        return sender

    def _new(self, connections: int) -> Sender:
        if self._network is None:
            return Sender(client=self._client)
        return Sender(transport=DeadlineTransport(self._network, self._backend, connections))


class AsyncTransports(_BaseTransports[httpx.AsyncClient]):
    """The senders of async clients: one of ours for each event loop, or the caller's client."""

    def __init__(self, client: httpx.AsyncClient | None, settings: Settings) -> None:
        super().__init__(client, httpx.AsyncClient, settings)
        self._client_sender = AsyncSender(client=client)
        self._client_loop: weakref.ref[Any] | None = None
        self._senders: weakref.WeakKeyDictionary[Any, tuple[AsyncSender, AsyncGenerator[None, None]]]
        self._senders = weakref.WeakKeyDictionary()

    async def get(self) -> AsyncSender:
        """Return the sender of this event loop, for many tasks.

        Raises:
            RuntimeError: See `check`.
        """
        self.check()
        if self._client is not None:
            return self.open()
        loop = running_loop()
        entry = self._senders.get(loop)
        if entry is None:
            self._forget_closed_loops()
            sender = self.open(_CONNECTIONS)
            guardian = _closing_with_the_loop(weakref.ref(self._senders), sender)
            entry = self._senders[loop] = sender, guardian
            await anext(guardian)
        return entry[0]

    def open(self, connections: int = 1) -> AsyncSender:
        """Open a sender for one request at a time, which the bulk run closes; or return the caller's client."""
        if self._network is None:
            return self._client_sender
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        context, proxy = self._network
        return AsyncSender(transport=httpx.AsyncHTTPTransport(verify=context, proxy=proxy, limits=limits))

    async def aclose(self) -> None:
        """Close the connections of this event loop, unless they are the caller's; other loops close theirs."""
        self._is_closed = True
        _, guardian = self._senders.pop(running_loop(), (None, None))
        if guardian is not None:
            await guardian.aclose()

    def check(self) -> None:
        """Check that edits can be made in this process and event loop.

        Raises:
            RuntimeError: As for sync clients; or if the caller's client was used in another event loop.
        """
        super().check()
        if self._client is None:
            return
        loop = running_loop()
        if self._client_loop is None:
            self._client_loop = weakref.ref(loop)
        if self._client_loop() is not loop:
            raise RuntimeError(
                "http_client was used in another event loop, which owns its connections; "
                "create a client for each loop, or leave http_client out"
            )

    def _forget_closed_loops(self) -> None:
        """Forget asyncio's loops that were closed without closing their async generators."""
        # Threads with loops of their own do this at the same time; keyrefs returns a list, in one step.
        for reference in self._senders.keyrefs():
            loop = reference()
            if loop is not None and hasattr(loop, "is_closed") and loop.is_closed():
                self._senders.pop(loop, None)


def running_loop() -> Any:
    """Return the running event loop: asyncio's loop, or trio's token."""
    from anyio.lowlevel import current_token

    token = current_token()
    # Newer versions of anyio wrap what older ones return: the loop of asyncio, or trio's token.
    return getattr(token, "native_token", token)


async def _closing_with_the_loop(senders: weakref.ref[Any], sender: AsyncSender) -> AsyncGenerator[None, None]:
    """Close connections when their event loop ends, or when this generator is dropped.

    An event loop closes the async generators that were started in it before it ends; it has no other hook.
    """
    try:
        yield
    finally:
        # A reference to the loop would keep it alive.
        by_loop = senders()
        if by_loop is not None:
            by_loop.pop(running_loop(), None)
        await sender.aclose()


def _close_in_its_process(sender: Sender, process: int) -> None:
    if os.getpid() == process:
        sender.close()
