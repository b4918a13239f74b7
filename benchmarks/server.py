"""The server that every peer edits orders at: it sends the same order for any request, and does nothing else.

The path of the base URL is the latency: `/300` responds after 300 ms. It prints its ports, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from typing import cast

from benchmarks.sample import content

_BODY = content(1)
_RESPONSE = (
    f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n".encode() + _BODY
)


class Connection(asyncio.Protocol):
    """One connection. Of a request it parses the latency and the length."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Respond to each request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            _, separator, length = head.partition(b"content-length:")
            size = end + 4 + (int(length.partition(b"\r\n")[0]) if separator else 0)
            if len(self._received) < size:
                return
            self._received = self._received[size:]
            latency = int(head.split(b"/", 2)[1]) / 1000
            if latency:
                self._loop.call_later(latency, self._respond)
            else:
                self._respond()

    def _respond(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_RESPONSE)


async def serve(certificate: str) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ports = {}
    for scheme, tls in (("http", None), ("https", context)):
        server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024, ssl=tls)
        ports[scheme] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
