"""Bound the sync client's waits for sockets by the deadline of the call. Async calls are cancelled instead.

httpx's timeouts begin anew with each read, so a service that sends a byte now and then would be waited for without end.
"""

from __future__ import annotations

import math
import socket
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

_deadline: ContextVar[float] = ContextVar("_deadline", default=math.inf)
# A socket's timeout begins anew with each send of a write, so what is written at once must be small.
_MAX_WRITE: Final = 4096
# The share of the remaining time for an address that does not respond, while there are others.
_CONNECT_SHARE: Final = 0.1
_MAX_CONNECT_SECONDS: Final = 10.0


@contextmanager
def apply_deadline(deadline: float) -> Iterator[None]:
    """Bound every wait for a socket on this thread by a time of `time.monotonic()`."""
    token = _deadline.set(deadline)
    try:
        yield
    finally:
        _deadline.reset(token)


def _capped(timeout: float | None, late: type[Exception]) -> float | None:
    """Return a socket's timeout, cut at the deadline; None for no limit.

    Raises:
        Exception: What is given as `late`, if there is no time left: a socket takes no timeout below 0.
    """
    left = min(_deadline.get() - time.monotonic(), math.inf if timeout is None else timeout)
    if left <= 0:
        raise late("deadline exceeded")
    return None if left == math.inf else left


class DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's network backend with waits bounded by the deadline, shared among the host's addresses."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()
        self._last_addresses: dict[str, str] = {}

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of a host that responds, starting with the one that did last time."""
        until = math.inf if timeout is None else time.monotonic() + timeout
        addresses = _addresses(host, port)
        addresses.sort(key=lambda address: address != self._last_addresses.get(host))
        for address in addresses:
            left = _capped(until - time.monotonic(), httpcore.ConnectTimeout)
            is_last = address == addresses[-1]
            limit = (
                left if is_last else min(_MAX_CONNECT_SECONDS, _CONNECT_SHARE * (math.inf if left is None else left))
            )
            try:
                stream = self._backend.connect_tcp(address, port, limit, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if is_last:
                    raise
            else:
                self._last_addresses[host] = address
                return _DeadlineStream(stream)
        raise httpcore.ConnectError(f"no address for {host}")


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _capped(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _MAX_WRITE):
            self._stream.write(buffer[start : start + _MAX_WRITE], _capped(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _capped(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    try:
        results = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in results))
