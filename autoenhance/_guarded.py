"""Makes a deadline hold at the sockets of httpx's own transport, where a proxy leads to the service.

httpx's timeouts begin anew with each read, so that a service that sends a byte now and then is waited for without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from autoenhance._deadline import capped

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

# The socket's own timeout begins anew with each send of a write, so what is written at once must be small.
_PIECE = 4096


class Guarded(httpx.HTTPTransport):
    """httpx's transport to a proxy, of which no wait for a socket goes beyond `_deadline.until`."""

    def __init__(self, context: ssl.SSLContext, proxy: str) -> None:
        super().__init__(verify=context, proxy=proxy, limits=httpx.Limits(max_connections=1))
        # httpcore's pools take a network backend; httpx has no public way to give them one.
        self._pool._network_backend = _Backend(self._pool._network_backend)  # noqa: SLF001


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = capped(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, capped(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], capped(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = capped(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
