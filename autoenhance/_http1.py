"""Pure: one HTTP/1.1 connection as h11 knows it, in httpx's words. What is sent and received passes through, on any sockets.

httpx's own connections do several times as much for each request, most of it for locks and cancel scopes. An edit on an open
connection, and how many edits a second one core can make, depend on that.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any, Final

import h11
import httpx

PIECE: Final = 64 * 1024
"""The most bytes that are received at once."""
_LONGEST_HEAD: Final = 100 * 1024


class Protocol:
    """What a connection has sent and received."""

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)

    def request(self, wanted: httpx.Request, content: bytes) -> bytes:
        """The bytes of a request.

        Raises:
            httpx.LocalProtocolError: If it cannot be written.
        """
        try:
            head = h11.Request(method=wanted.method, target=wanted.url.raw_path, headers=wanted.headers.raw)
            events = [head, *([h11.Data(data=content)] if content else []), h11.EndOfMessage()]
            return b"".join([self._h11.send(event) or b"" for event in events])
        except h11.LocalProtocolError as error:
            raise as_httpx(error) from error

    def receive(self, piece: bytes) -> None:
        """Take what was received; nothing is the end of the connection.

        Raises:
            httpx.RemoteProtocolError: If it ends before an answer.
            h11.RemoteProtocolError: If it is no HTTP.
        """
        if not piece and self._h11.their_state is h11.SEND_RESPONSE:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        self._h11.receive_data(piece)

    def next_event(self) -> Any:
        """The next thing that was received whole; `h11.NEED_DATA` if more must be received first.

        Raises:
            h11.RemoteProtocolError: If what was received is no HTTP.
        """
        event = self._h11.next_event()
        while isinstance(event, h11.InformationalResponse):  # 103 and the like come before the answer
            event = self._h11.next_event()
        return event

    def next_cycle(self) -> bool:
        """Make ready for another request; False if it cannot be, because not all of this one was said and heard."""
        # Bytes that nobody has asked for would be taken for the answer to the next request.
        if not (self._h11.our_state is self._h11.their_state is h11.DONE) or self._h11.trailing_data[0]:
            return False
        self._h11.start_next_cycle()
        return True


def answer(head: Any, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    """An answer of which the head was received.

    Raises:
        httpx.RemoteProtocolError: If what was received is no answer, because the service goes on in another protocol.
    """
    if not isinstance(head, h11.Response):
        raise httpx.RemoteProtocolError("Server switched to another protocol.")
    extensions = {"http_version": b"HTTP/" + head.http_version, "reason_phrase": head.reason}
    return httpx.Response(head.status_code, headers=head.headers.raw_items(), stream=stream, extensions=extensions)


def is_replaced(method: str, *, transport: str, pool: str) -> bool:
    """Whether something stands in for httpx's transport or for httpcore's pool below it; it is meant to have our requests.

    VCR, pytest-httpx and OpenTelemetry replace a method of the first, respx of the second.

    Args:
        method: The method that sends a request.
        transport: The name of httpx's class.
        pool: The name of httpcore's, which nothing can have replaced if httpcore was not imported.
    """
    httpcore = sys.modules.get("httpcore")
    owners = (getattr(httpx, transport), getattr(httpcore, pool, None))
    return any(owner is not None and not _is_own(owner, method) for owner in owners)


def _is_own(owner: type, method: str) -> bool:
    """Whether a method is a function of the file that its class is in: wrappers and mocks are not."""
    found: Any = getattr(owner, method)
    home: Any = vars(owner)["__init__"]
    return type(found) is FunctionType and found.__code__.co_filename == home.__code__.co_filename


def as_httpx(error: OSError | h11.ProtocolError) -> httpx.TransportError:
    """What httpx raises in the place of what sockets and h11 do."""
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(str(error))
    if isinstance(error, OSError):
        return httpx.ReadError(str(error))
    if isinstance(error, h11.LocalProtocolError):
        return httpx.LocalProtocolError(str(error))
    return httpx.RemoteProtocolError(str(error))
