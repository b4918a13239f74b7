"""The service that every peer edits orders at: it answers any request with a fixed order, and does nothing else.

How it answers stands in the path of the base URL: `/300/4` is 300 ms later, with an order of 4 images. It tells its ports on
standard output, and ends when its standard input does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
from typing import cast

from benchmarks.sample import content

_answers: dict[str, tuple[float, bytes]] = {}


def answer(place: str) -> tuple[float, bytes]:
    """After how many seconds, and with which bytes, a place of the server answers; made once for each."""
    if place not in _answers:
        milliseconds, images = place.split("/")
        body = content(int(images))
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        _answers[place] = int(milliseconds) / 1000, head.encode() + body
    return _answers[place]


class Service(asyncio.Protocol):
    """One connection. It reads no more of a request than where it ends and what it asks for."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            _, found, length = head.partition(b"content-length:")
            size = end + 4 + (int(length.partition(b"\r\n")[0]) if found else 0)
            if len(self._received) < size:
                return
            place = b"/".join(head.split(b"/", 3)[1:3]).decode()
            self._received = self._received[size:]
            self._answer(*answer(place))

    def _answer(self, seconds: float, content: bytes) -> None:
        if seconds:
            self._loop.call_later(seconds, self._write, content)
        else:
            self._transport.write(content)

    def _write(self, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(content)


async def serve(certificate: str) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plain = await loop.create_server(Service, "127.0.0.1", 0, backlog=1024)
    secure = await loop.create_server(Service, "127.0.0.1", 0, backlog=1024, ssl=context)
    ports = {name: server.sockets[0].getsockname()[1] for name, server in (("http", plain), ("https", secure))}
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("certificate")
    asyncio.run(serve(parser.parse_args().certificate))
