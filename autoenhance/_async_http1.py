"""One HTTP/1.1 connection of an asyncio event loop, below httpx's transport for async callers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import h11
import httpx

from autoenhance._http1 import PIECE, Protocol, answer, as_httpx, is_httpx_own

if TYPE_CHECKING:
    import ssl

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
        self._stand_in: httpx.AsyncHTTPTransport | None = None
        self._reader: _Reader
        self._writer: asyncio.StreamWriter | None = None
        self._protocol: Protocol
        self._read_timeout: float | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return its answer as soon as its head is there."""
        if not is_httpx_own(httpx.AsyncHTTPTransport.handle_async_request):
            self._stand_in = self._stand_in or httpx.AsyncHTTPTransport(verify=self._context)
            return await self._stand_in.handle_async_request(request)
        timeouts = request.extensions.get("timeout", {})
        self._read_timeout = timeouts.get("read")
        content = b"".join([part async for part in request.stream])  # type: ignore[union-attr]  # an async client's
        try:
            if not self._is_usable():
                await self._connect(request.url, timeouts.get("connect"))
            # Not waited for: a service that answers early may not read the rest, and its answer is what matters.
            self._open_writer().write(self._protocol.request(request, content))
            return answer(await self._receive(), _Body(self))
        except BaseException:
            self._abort()
            raise

    async def body_part(self) -> bytes | None:
        """The next part of the answer's body, None at its end."""
        try:
            event = await self._receive()
        except BaseException:
            self._abort()
            raise
        return bytes(event.data) if type(event) is h11.Data else None

    def finish(self) -> None:
        """Make ready for another request; an answer that was not read to its end takes the connection with it."""
        # What is not sent yet belongs to a request that was answered early.
        if self._writer is not None and (
            self._writer.transport.get_write_buffer_size() or not self._protocol.next_cycle()
        ):
            self._abort()

    async def aclose(self) -> None:
        """Close the connection."""
        if self._stand_in is not None:
            await self._stand_in.aclose()
        writer = self._writer
        self._abort()
        if writer is not None:
            with suppress(OSError):  # what ended it is of no interest any more
                await writer.wait_closed()

    def _is_usable(self) -> bool:
        if self._writer is None:
            return False
        # Bytes that come unasked would be taken for the answer to the next request.
        is_odd = self._writer.is_closing() or self._reader.unread or self._reader.at_eof() or self._reader.exception()
        if is_odd:
            self._abort()
        return self._writer is not None

    async def _connect(self, url: httpx.URL, patience: float | None) -> None:
        is_https = url.scheme == "https"
        loop = asyncio.get_running_loop()
        self._reader = _Reader(PIECE, loop)
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
        self._protocol = Protocol()

    async def _receive(self) -> Any:
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                self._protocol.receive(await self._read())
        except (OSError, h11.RemoteProtocolError) as error:
            raise as_httpx(error) from error
        return event

    async def _read(self) -> bytes:
        if self._read_timeout is None:
            return await self._reader.read(PIECE)
        # Not asyncio.timeout, which would cancel this task: nobody else's cancelling can be mistaken for it like that.
        late = asyncio.get_running_loop().call_later(self._read_timeout, self._reader.set_exception, TimeoutError())
        try:
            return await self._reader.read(PIECE)
        finally:
            late.cancel()

    def _open_writer(self) -> asyncio.StreamWriter:
        assert self._writer is not None  # noqa: S101  # only called while there is one
        return self._writer

    def _abort(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None


class _Body(AsyncIterator[bytes], httpx.AsyncByteStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __anext__(self) -> bytes:
        part = await self._connection.body_part()
        if part is None:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        self._connection.finish()
