"""The same promises over https."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

import pytest
import trustme
from odd_servers import read_request, serving

from autoenhance import errors

if TYPE_CHECKING:
    import socket
    import threading
    from pathlib import Path

    from callers import Caller

ORDER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}'


@pytest.fixture
def server_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for this machine, from an authority that httpx is told to trust."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return context


def https(url: str) -> str:
    return url.replace("http://", "https://")


def test_an_order_is_edited_over_https(caller: Caller, server_context: ssl.SSLContext) -> None:
    """Encrypted, with the certificate checked."""

    def answer(connection: socket.socket, _: threading.Event) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            read_request(encrypted)
            encrypted.sendall(ORDER)

    with serving(answer) as url:
        order = caller({"api_key": "key", "base_url": https(url)}, "order", name="a").parsed
    assert order is not None
    assert order.name == "a"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    caller: Caller, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key does not go to a machine that only says that it is the service."""
    monkeypatch.delenv("SSL_CERT_FILE")
    read: list[bytes] = []

    def answer(connection: socket.socket, _: threading.Event) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            read.append(read_request(encrypted))

    with serving(answer) as url, pytest.raises(errors.APIConnectionError, match="ConnectError"):
        caller({"api_key": "key", "base_url": https(url), "max_retries": 0}, "order", name="a")
    assert read == []


@pytest.mark.parametrize("drips", [False, True])
def test_a_handshake_that_does_not_end_is_left_in_time(caller: Caller, *, drips: bool) -> None:
    """No edit can have happened before the connection is encrypted, and the error does not say so."""

    def hang(connection: socket.socket, over: threading.Event) -> None:
        # The head of a TLS record of 16 KiB, which then comes a byte at a time, or not at all.
        connection.sendall(b"\x16\x03\x03\x40\x00")
        while not over.wait(0.02):
            if drips:
                connection.sendall(b"\x02")

    start = time.monotonic()
    with serving(hang) as url:
        with pytest.raises(errors.APITimeoutError) as caught:
            caller({"api_key": "key", "base_url": https(url), "timeout": 0.4, "max_retries": 0}, "order", name="a")
        assert time.monotonic() - start < 0.9
    assert str(caught.value) == f"{https(url)} did not answer the edit of order 'order' within 0.4 s, after 1 attempt."


def test_a_drip_over_tls_is_left_in_time(caller: Caller, server_context: ssl.SSLContext) -> None:
    """Bytes that keep coming do not move the deadline, encrypted or not."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        with server_context.wrap_socket(connection, server_side=True) as encrypted:
            read_request(encrypted)
            encrypted.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            while not over.wait(0.02):
                encrypted.sendall(b"x")

    start = time.monotonic()
    with serving(drip) as url:
        with pytest.raises(errors.APITimeoutError):
            caller({"api_key": "key", "base_url": https(url), "timeout": 0.4, "max_retries": 0}, "order", name="a")
        assert time.monotonic() - start < 0.9
