"""Send a request through a transport of httpx, the caller's client, or what a program has put in their place."""

from __future__ import annotations

import operator
import threading
import time
import weakref
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore
import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autoenhance._deadline import DeadlineBackend
    from autoenhance._network import Network


class _ConnectionState:
    """Whether a client's connections are multiplexed, and the lock that serializes requests on them."""

    def __init__(self, *, is_known: bool) -> None:
        self.is_multiplexed = False
        self.is_known = is_known
        self.lock = threading.RLock()  # a hook of the caller's client may send, too


# One for each caller's client, because several of ours may share it, for two accounts, say.
_connection_states: weakref.WeakKeyDictionary[httpx.Client, _ConnectionState] = weakref.WeakKeyDictionary()


class Sender:
    """Sends the requests of sync calls: through a transport of ours, or the caller's client. Threads may share it.

    It calls the transport directly, because httpx's client does work that an edit does not need; unless something has replaced
    that client.
    """

    def __init__(self, *, transport: httpx.BaseTransport | None = None, client: httpx.Client | None = None) -> None:
        self._transport = transport
        self._client = client
        self.build_request: Callable[..., httpx.Request] = client.build_request if client else _build_request
        self._is_closed = False
        self._connections = (
            _ConnectionState(is_known=True)
            if client is None
            else _connection_states.setdefault(client, _ConnectionState(is_known=False))
        )

    @property
    def is_closed(self) -> bool:
        """Whether nothing more may be sent: a closed pool would open connections that are never closed."""
        return self._is_closed or bool(self._transport is None and self._client and self._client.is_closed)

    @property
    def is_multiplexed(self) -> bool:
        """Whether requests share a connection (HTTP/2), as far as is known."""
        return self._connections.is_multiplexed

    @is_multiplexed.setter
    def is_multiplexed(self, is_multiplexed: bool) -> None:
        self._connections.is_multiplexed = is_multiplexed

    @property
    def is_serial(self) -> bool:
        """Whether requests go one after another, because they share a connection, or may do so."""
        return self._connections.is_multiplexed or not self._connections.is_known

    @contextmanager
    def serialized(self, deadline: float) -> Iterator[None]:
        """Hold the lock for one request, from sending to closing, unless it has a connection of its own.

        httpcore does not lock the state of a sync HTTP/2 connection: two threads can send under one stream, and an order gets
        the name of another.

        Raises:
            httpx.PoolTimeout: If the deadline passes first.
        """
        connections = self._connections
        is_exclusive = self.is_serial
        if is_exclusive and not connections.lock.acquire(
            timeout=min(max(deadline - time.monotonic(), 0), threading.TIMEOUT_MAX)
        ):
            raise httpx.PoolTimeout("another request was in flight")
        if is_exclusive and not self.is_serial:  # it became known while waiting
            connections.lock.release()
            is_exclusive = False
        try:
            yield
        finally:
            if is_exclusive:
                connections.lock.release()

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its response as soon as its headers are received."""
        if self._transport is not None and not is_replaced(httpx.Client):
            return self._transport.handle_request(request)
        if self._transport is not None and type(self._client) is not httpx.Client:
            self._client = httpx.Client(transport=self._transport, trust_env=False)
        client = cast("httpx.Client", self._client)
        response = client.send(request, stream=True, follow_redirects=False)
        self.is_multiplexed |= _is_http2(response)
        self._connections.is_known = True
        return response

    def close(self) -> None:
        """Close the connections, unless they are the caller's."""
        self._is_closed = True
        if self._transport is not None:
            self._transport.close()


class AsyncSender:
    """`Sender` for async calls. Tasks of one event loop may share it."""

    def __init__(
        self, *, transport: httpx.AsyncBaseTransport | None = None, client: httpx.AsyncClient | None = None
    ) -> None:
        self._transport = transport
        self._client = client
        self.build_request: Callable[..., httpx.Request] = client.build_request if client else _build_request
        self.is_multiplexed = False
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether nothing more may be sent: a closed pool would open connections that are never closed."""
        return self._is_closed or bool(self._transport is None and self._client and self._client.is_closed)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its response as soon as its headers are received."""
        if self._transport is not None and not is_replaced(httpx.AsyncClient):
            return await self._transport.handle_async_request(request)
        if self._transport is not None and type(self._client) is not httpx.AsyncClient:
            self._client = httpx.AsyncClient(transport=self._transport, trust_env=False)
        client = cast("httpx.AsyncClient", self._client)
        response = await client.send(request, stream=True, follow_redirects=False)
        self.is_multiplexed |= _is_http2(response)
        return response

    async def aclose(self) -> None:
        """Close the connections, unless they are the caller's."""
        self._is_closed = True
        if self._transport is not None:
            await self._transport.aclose()


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's transport with waits for sockets bounded by `_deadline.apply_deadline`.

    It is a subclass, and sends as its base does, so that VCR, pytest-httpx, respx and OpenTelemetry work, which replace
    its methods or those of httpcore's pool below it.
    """

    def __init__(self, network: Network, backend: DeadlineBackend, connections: int) -> None:
        context, proxy = network
        super().__init__(verify=context, proxy=proxy)
        # httpcore's pools take a network backend, and httpx has no public way to give them one.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            proxy=httpcore.Proxy(str(proxy.url), proxy.raw_auth, proxy.headers.raw, proxy.ssl_context)
            if proxy
            else None,
            max_connections=connections,
            keepalive_expiry=httpx.Limits().keepalive_expiry,
            network_backend=backend,
        )


def _build_request(*, timeout: httpx.Timeout, **wanted: Any) -> httpx.Request:
    return httpx.Request(**wanted, extensions={"timeout": timeout.as_dict()})


def _is_http2(response: httpx.Response) -> bool:
    return response.extensions.get("http_version") == b"HTTP/2"


# contextlib defines the decorator of `stream`.
_ORIGINAL_PACKAGES: Final = frozenset({"httpx", "contextlib"})
_unchanged: dict[type, tuple[object, ...]] = {}


def is_replaced(owner: Any) -> bool:
    """Whether something has replaced a client class of httpx, or a method of it, in order to see requests.

    Sentry, pook and mocks replace methods of `httpx.Client`. What replaces methods of the transports needs no check,
    because requests go through these.
    """
    if type(owner) is not type or owner.__module__ != httpx.__name__:
        return True
    attributes = tuple(vars(owner).values())
    known = _unchanged.get(owner, ())
    # By identity, because some wrappers compare equal to what they wrap.
    if len(known) == len(attributes) and all(map(operator.is_, known, attributes)):
        return False
    if not all(map(_is_of_httpx, attributes)):
        return True
    _unchanged[owner] = attributes
    return False


def _is_of_httpx(attribute: object) -> bool:
    """Whether httpx defines a class's attribute: wrappers and mocks are functions of other modules, or not functions."""
    function: Any = getattr(attribute, "__func__", attribute)
    if not callable(function):
        return True
    # Not __module__, which wrappers copy from what they wrap; nor isinstance, which some wrappers imitate.
    return (
        type(function) is FunctionType
        and str(function.__globals__.get("__name__")).partition(".")[0] in _ORIGINAL_PACKAGES
    )
