"""One HTTP/1.1 connection of an asyncio event loop, as an httpx transport: h11 knows the protocol, asyncio the sockets.

httpx's own connections cost several times as much CPU, most of it for cancel scopes. That does not matter to one call, and
decides how many edits a second one core can make.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self

import h11
import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

# As httpx: a connection that was idle for longer is not trusted to be there still.
_LONGEST_IDLE: Final = 5.0
_LONGEST_HEAD: Final = 100 * 1024
_PIECE: Final = 64 * 1024
# As browsers: the next of a host's addresses is tried when one has not answered for so long.
_NEXT_ADDRESS: Final = 0.25


class _Reader(asyncio.StreamReader):
    """A reader that knows how many bytes nobody has read yet."""

    unread = 0

    def feed_data(self, data: Any) -> None:
        self.unread += len(data)
        super().feed_data(data)

    async def read(self, n: int = -1) -> bytes:
        data = await super().read(n)
        self.unread -= len(data)
        return data


class Connection(httpx.AsyncBaseTransport):
    """A connection that is opened when it is needed, and again when it is gone. One request at a time."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._reader: _Reader
        self._writer: asyncio.StreamWriter | None = None
        self._protocol: h11.Connection
        self._idle_since = 0.0
        self._read_timeout: float | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its answer as soon as its head is there."""
        timeouts = request.extensions.get("timeout", {})
        self._read_timeout = timeouts.get("read")
        content = b"".join([part async for part in request.stream])  # type: ignore[union-attr]  # an async client's
        try:
            if not self._is_usable():
                await self._connect(request.url, timeouts.get("connect"))
            self._send(request, content)
            event = await self._receive()
            while not isinstance(event, h11.Response):  # 103 and the like come before it
                event = await self._receive()
        except BaseException:
            self._abort()
            raise
        return httpx.Response(
            event.status_code,
            headers=event.headers.raw_items(),
            stream=_Body(self),
            extensions={"http_version": b"HTTP/" + event.http_version, "reason_phrase": event.reason},
        )

    async def body_part(self) -> bytes | None:
        """The next part of the answer's body, None at its end."""
        event = await self._receive()
        return bytes(event.data) if isinstance(event, h11.Data) else None

    def finish(self) -> None:
        """Make ready for another request; an answer that was not read to its end takes the connection with it."""
        done = self._writer is not None and self._protocol.our_state is self._protocol.their_state is h11.DONE
        # What is not sent yet belongs to a request that was answered early.
        if not done or self._protocol.trailing_data[0] or self._open_writer().transport.get_write_buffer_size():
            self._abort()
            return
        self._protocol.start_next_cycle()
        self._idle_since = time.monotonic()

    async def aclose(self) -> None:
        """Close the connection."""
        writer = self._writer
        self._abort()
        if writer is not None:
            with suppress(OSError):  # what ended it is of no interest any more
                await writer.wait_closed()

    def _is_usable(self) -> bool:
        if self._writer is None:
            return False
        is_stale = time.monotonic() - self._idle_since > _LONGEST_IDLE
        # Bytes that come unasked would be taken for the answer to the next request.
        is_odd = self._writer.is_closing() or self._reader.unread or self._reader.at_eof() or self._reader.exception()
        if is_stale or is_odd:
            self._abort()
        return self._writer is not None

    async def _connect(self, url: httpx.URL, patience: float | None) -> None:
        is_https = url.scheme == "https"
        loop = asyncio.get_running_loop()
        self._reader = _Reader(_PIECE, loop)
        protocol = asyncio.StreamReaderProtocol(self._reader, loop=loop)
        # Other loops than asyncio's own, such as uvloop's, have no such argument.
        own: dict[str, Any] = {"happy_eyeballs_delay": _NEXT_ADDRESS} if isinstance(loop, asyncio.BaseEventLoop) else {}
        try:
            async with asyncio.timeout(patience):
                transport, _ = await loop.create_connection(
                    lambda: protocol,
                    url.raw_host.decode(),
                    url.port or (443 if is_https else 80),
                    ssl=self._context if is_https else None,
                    **own,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)

    def _send(self, request: httpx.Request, content: bytes) -> None:
        with _as_httpx():
            head = h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw)
            events = [head, *([h11.Data(data=content)] if content else []), h11.EndOfMessage()]
            # Not waited for: a service that answers early may not read the rest, and its answer is what matters.
            self._open_writer().write(b"".join(self._protocol.send(event) or b"" for event in events))

    async def _receive(self) -> Any:
        with _as_httpx():
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                piece = await self._read()
                if not piece and self._protocol.their_state is h11.SEND_RESPONSE:
                    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
                self._protocol.receive_data(piece)
        return event

    async def _read(self) -> bytes:
        if self._read_timeout is None:
            return await self._reader.read(_PIECE)
        # Not asyncio.timeout, which would cancel this task: nobody else's cancelling can be mistaken for it like that.
        late = asyncio.get_running_loop().call_later(self._read_timeout, self._reader.set_exception, TimeoutError())
        try:
            return await self._reader.read(_PIECE)
        finally:
            late.cancel()

    def _open_writer(self) -> asyncio.StreamWriter:
        assert self._writer is not None  # noqa: S101  # only called while there is one
        return self._writer

    def _abort(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None


class _Body(httpx.AsyncByteStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        part = await self._connection.body_part()
        if part is None:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        self._connection.finish()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise what httpx raises in the place of what asyncio and h11 do."""
    try:
        yield
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error)) from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
    except h11.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
