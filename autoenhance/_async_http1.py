"""One HTTP/1.1 connection of an asyncio event loop, below httpx's transport for async callers."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import h11
import httpx

from autoenhance._http1 import PIECE, Protocol, answer, as_httpx, is_replaced

if TYPE_CHECKING:
    import ssl


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
        if is_replaced("handle_async_request", transport="AsyncHTTPTransport", pool="AsyncConnectionPool"):
            self._stand_in = self._stand_in or httpx.AsyncHTTPTransport(verify=self._context)
            return await self._stand_in.handle_async_request(request)
        timeouts = request.extensions.get("timeout", {})
        self._read_timeout = timeouts.get("read")
        content = b"".join([part async for part in request.stream])  # type: ignore[union-attr]  # an async client's
        try:
            if not await self._is_usable():
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

    async def _is_usable(self) -> bool:
        if self._writer is None:
            return False
        if _is_readable(self._writer.get_extra_info("socket")):
            # The event loop has not looked since it came: it does in the first turn, and takes it in the second.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
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
        host = url.raw_host.decode()
        try:
            async with asyncio.timeout(patience):
                opened = await _open(host, url.port or (443 if is_https else 80), patience)
                try:
                    transport, _ = await loop.create_connection(
                        lambda: protocol,
                        sock=opened,
                        ssl=self._context if is_https else None,
                        server_hostname=host if is_https else None,
                    )
                except BaseException:
                    opened.close()
                    raise
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


async def _open(host: str, port: int, patience: float | None) -> socket.socket:
    """A socket to one of a host's addresses; one that does not answer leaves time for the others.

    Not by `create_connection`'s happy eyeballs: cancelling those leaves sockets open (Python 3.11).
    """
    loop = asyncio.get_running_loop()
    until = None if patience is None else loop.time() + patience
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError(f"there is no address for {host}")
    for number, (family, kind, number_of_protocol, _, address) in enumerate(addresses):
        opened = socket.socket(family, kind, number_of_protocol)
        try:
            opened.setblocking(False)  # noqa: FBT003  # its only argument
            share = None if until is None else (until - loop.time()) / (len(addresses) - number)
            async with asyncio.timeout(share):
                await loop.sock_connect(opened, address)
        except OSError as error:
            opened.close()
            failure = error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise failure


def _is_readable(opened: Any) -> bool:
    """Whether something came on a socket, or its end: at once, without the event loop."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(opened.fileno(), select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([opened.fileno()], [], [], 0)[0])
