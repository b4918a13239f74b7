"""A loopback service for bulk runs: it responds as a function says, and remembers the requests, when they came, and how many at once."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from bulk import wait_for

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

KEY = "planted-key-7f3a"


@dataclass(frozen=True)
class Request:
    """One request."""

    at: float
    order_id: str
    body: dict[str, Any]
    headers: dict[str, str]
    times: int
    """How many requests for this order there have been, this one included."""


@dataclass(frozen=True)
class Response:
    """What is sent for a request."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """By default the order."""
    after: float = 0.0
    """Seconds that it takes."""
    held: bool = False
    """Whether it waits for `release`."""


CUT = None
"""No response: the connection is closed."""


class EditServer:
    """Use it in a `with` statement."""

    def __init__(
        self,
        respond: Callable[[Request], Response | None] = lambda _: Response(),
        *,
        context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.requests: list[Request] = []
        self.connections = self.now_open = self.most_open = self.at_once = self.most_at_once = self.port = 0
        self._respond, self._context, self._host = respond, context, host
        self._times: Counter[str] = Counter()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event
        self._released: asyncio.Event

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._context else 'http'}://{host}:{self.port}"

    @property
    def options(self) -> dict[str, Any]:
        """For a client."""
        return {"api_key": KEY, "base_url": self.url}

    def ids(self) -> list[str]:
        """The orders of the requests, in the order in which they came."""
        return [request.order_id for request in self.requests]

    def names(self, order_id: str) -> list[str]:
        """The names that an order was given, one after another."""
        return [request.body["name"] for request in self.requests if request.order_id == order_id]

    def release(self) -> None:
        """Send the responses that are held, now and from now on."""
        self._loop.call_soon_threadsafe(self._released.set)

    wait_for = staticmethod(wait_for)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._over, self._released = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._one, self._host, 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()  # asyncio.run cancels what is in flight

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.now_open += 1
        self.most_open = max(self.most_open, self.now_open)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):  # the client may go first
                while await self._exchange(reader, writer):
                    pass
        finally:
            self.now_open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        order_id = unquote(lines[0].split(" ")[1].rpartition("/")[2])
        self._times[order_id] += 1
        request = Request(time.monotonic(), order_id, body, headers, self._times[order_id])
        self.requests.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            response = self._respond(request)
            if response is not None:
                await asyncio.sleep(response.after)
                if response.held:
                    await self._released.wait()
        finally:
            self.at_once -= 1
        if response is None:
            return False
        order = json.dumps({"order_id": order_id, "name": body.get("name")}).encode()
        content = response.body if response.body is not None else order * (response.status < 300)
        header_lines = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
        writer.write(
            f"HTTP/1.1 {response.status} Odd\r\ncontent-length: {len(content)}\r\n{header_lines}\r\n".encode() + content
        )
        await writer.drain()
        return True
