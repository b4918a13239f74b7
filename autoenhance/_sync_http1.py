"""One HTTP/1.1 connection on a socket, below httpx's transport for sync callers."""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import h11
import httpx

from autoenhance._deadline import capped
from autoenhance._http1 import PIECE, Protocol, answer, as_httpx, is_replaced


class Connection(httpx.BaseTransport):
    """A connection that is opened when it is needed, and again when it is gone. One request at a time.

    No wait for the socket goes beyond `_deadline.until`.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._stand_in: httpx.HTTPTransport | None = None
        self._socket: socket.socket | None = None
        self._protocol: Protocol
        self._read_timeout: float | None = None
        self._is_cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its answer as soon as its head is there."""
        if is_replaced("handle_request", transport="HTTPTransport", pool="ConnectionPool"):
            self._stand_in = self._stand_in or httpx.HTTPTransport(verify=self._context)
            return self._stand_in.handle_request(request)
        timeouts = request.extensions.get("timeout", {})
        self._read_timeout = timeouts.get("read")
        content = b"".join(request.stream)  # type: ignore[arg-type]  # a sync client's
        try:
            if not self._is_usable():
                self._connect(request.url, timeouts.get("connect"))
            self._send(self._protocol.request(request, content), timeouts.get("write"))
            return answer(self._receive(), _Body(self))
        except BaseException:
            self.close()
            raise

    def body_part(self) -> bytes | None:
        """The next part of the answer's body, None at its end."""
        try:
            event = self._receive()
        except BaseException:
            self.close()
            raise
        return bytes(event.data) if type(event) is h11.Data else None

    def finish(self) -> None:
        """Make ready for another request; an answer that was not read to its end takes the connection with it."""
        if self._is_cut or not self._protocol.next_cycle():
            self.close()

    def close(self) -> None:
        """Close the connection."""
        if self._stand_in is not None:
            self._stand_in.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _is_usable(self) -> bool:
        if self._socket is None:
            return False
        try:
            self._socket.settimeout(0)
            # An end, or bytes that nobody has asked for: those would be taken for the answer to the next request.
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        self.close()
        return False

    def _connect(self, url: httpx.URL, patience: float | None) -> None:
        host = url.raw_host.decode()
        port = url.port or (443 if url.scheme == "https" else 80)
        until = math.inf if patience is None else time.monotonic() + patience
        try:
            opened = _open(host, port, until)
            try:
                if url.scheme == "https":
                    opened.settimeout(_left(until))
                    opened = self._context.wrap_socket(opened, server_hostname=host)
            except BaseException:
                opened.close()
                raise
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error
        self._socket, self._protocol, self._is_cut = opened, Protocol(), False

    def _send(self, data: bytes, patience: float | None) -> None:
        opened = self._open_socket()
        try:
            while data:
                opened.settimeout(capped(patience, httpx.WriteTimeout))
                data = data[opened.send(data) :]
        except TimeoutError as error:
            raise httpx.WriteTimeout(str(error)) from error
        except OSError:
            # A service that answers early need not read the rest, and its answer is what matters.
            self._is_cut = True

    def _receive(self) -> Any:
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                opened = self._open_socket()
                opened.settimeout(capped(self._read_timeout, httpx.ReadTimeout))
                self._protocol.receive(opened.recv(PIECE))
        except (OSError, h11.RemoteProtocolError) as error:
            raise as_httpx(error) from error
        return event

    def _open_socket(self) -> socket.socket:
        assert self._socket is not None  # noqa: S101  # only called while there is one
        return self._socket


class _Body(Iterator[bytes], httpx.SyncByteStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __next__(self) -> bytes:
        part = self._connection.body_part()
        if part is None:
            raise StopIteration
        return part

    def close(self) -> None:
        self._connection.finish()


def _open(host: str, port: int, until: float) -> socket.socket:
    """A socket to one of a host's addresses; one that does not answer leaves time for the others."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError(f"there is no address for {host}")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        opened = socket.socket(family, kind, protocol)
        try:
            left = _left(until)
            opened.settimeout(None if left is None else left / (len(addresses) - number))
            opened.connect(address)
            # What is sent is whole: waiting for more of it would hold it up.
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            opened.close()
            failure = error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise failure


def _left(until: float) -> float | None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return None if left == math.inf else left
