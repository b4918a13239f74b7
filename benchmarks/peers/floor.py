"""The floor: a socket and `json`, with nothing that HTTP asks for beyond this one exchange."""

from __future__ import annotations

import json
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Client(NamedTuple):
    """A connection, and what each request begins with."""

    socket: socket.socket
    before: str
    after: str


def setup(url: str, key: str) -> Client:
    """Connect."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 0
    opened = socket.create_connection((host, port))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if parts.scheme == "https":
        import ssl

        opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
    before = f"PATCH {parts.path}/v3/orders/"
    after = (
        f" HTTP/1.1\r\nhost: {host}:{port}\r\nx-api-key: {key}\r\ncontent-type: application/json\r\ncontent-length: "
    )
    return Client(opened, before, after)


def one(client: Client, order_id: str, name: str) -> Any:
    """Edit one order."""
    body = json.dumps({"name": name}).encode()
    client.socket.sendall(f"{client.before}{order_id}{client.after}{len(body)}\r\n\r\n".encode() + body)
    received = client.socket.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += client.socket.recv(65536)
    length = int(received[:end].lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(received) < end + 4 + length:
        received += client.socket.recv(65536)
    return json.loads(received[end + 4 :])


def close(client: Client) -> None:
    """Close the connection."""
    client.socket.close()


def read(content: bytes) -> Any:
    """Decode an order."""
    return json.loads(content)


def names(order: Any) -> list[str]:
    """The names of its images."""
    return [image["image_name"] for image in order["images"]]
