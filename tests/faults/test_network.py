"""Proxies, https, and addresses of a host: a client works, or its error says what is wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import pytest
import tls
from callers import sync
from edit_server import EditServer
from odd_servers import read_request, serving, unreachable
from tracebacks import chain

from autoenhance import AsyncAutoenhance, Autoenhance, errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from callers import Caller, EditOne


ORDER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}'
PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY")


@pytest.fixture
def server(certificate: Path) -> Iterator[EditServer]:
    """A service with a certificate that httpx trusts."""
    with EditServer(context=tls.server_context(certificate)) as server:
        yield server


class Proxy:
    """Refuses all requests, and keeps them."""

    def __init__(self, refusal: bytes = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n") -> None:
        self.requests: list[bytes] = []
        self._refusal = refusal

    def __call__(self, connection: socket.socket, _: threading.Event) -> None:
        self.requests.append(connection.recv(65536))
        connection.sendall(self._refusal)


@pytest.mark.parametrize("make", [Autoenhance, AsyncAutoenhance])
@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HTTPS_PROXY", "odd://user:hidden@127.0.0.1:1", r"^HTTPS_PROXY is not the URL of a proxy, such as http://"),
        ("https_proxy", "http://user:hidden@127.0.0.1:99999", "^https_proxy is not the URL of a proxy"),
        ("ALL_PROXY", "http://", "^ALL_PROXY is not the URL of a proxy"),
        ("all_proxy", "http://127.0.0.1:0", "^all_proxy is not the URL of a proxy"),
        ("HTTPS_PROXY", "http://hidden host:1", "^HTTPS_PROXY is not the URL of a proxy"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1", r"^HTTPS_PROXY names a SOCKS proxy, .* pip install 'httpx\[socks\]'$"),
        ("SSL_CERT_FILE", "{folder}/no.pem", "^SSL_CERT_FILE is '.*/no.pem', which cannot be read: No such file"),
        ("SSL_CERT_FILE", "{folder}", "^SSL_CERT_FILE is '.*', which cannot be read: Is a directory"),
        ("SSL_CERT_FILE", "{folder}/empty.pem", "^SSL_CERT_FILE is '.*/empty.pem', which holds no certificates in PEM"),
        ("SSL_CERT_DIR", "{folder}/nothing", "^SSL_CERT_DIR is '.*/nothing', which is not a directory"),
    ],
)
def test_invalid_network_variables_are_rejected_by_the_constructor(  # noqa: PLR0917
    make: Any, variable: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable, and has no password. For http to this machine they do not matter."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    (tmp_path / "empty.pem").write_text("nothing")
    monkeypatch.setenv(variable, value.format(folder=tmp_path))
    with pytest.raises(ValueError, match=says) as caught:
        make("key")
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    make("key", base_url="http://127.0.0.1:1")


def test_network_variables_do_not_apply_to_the_callers_http_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client() as http:
        monkeypatch.setenv("HTTPS_PROXY", "odd://127.0.0.1")
        Autoenhance("key", http_client=http)


def test_http_to_this_machine_does_not_use_the_proxy(edit: EditOne, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would read the key; https is tunnelled."""
    proxy = Proxy()
    with EditServer() as plain, serving(proxy) as url:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, url)
        assert edit(plain.options, name="a").name == "a"
        assert proxy.requests == []
        with pytest.raises(errors.APIConnectionError):
            edit({"api_key": "planted-key", "max_retries": 0}, name="a")
    assert proxy.requests[0].startswith(b"CONNECT api.autoenhance.ai:443 ")
    assert b"planted-key" not in proxy.requests[0]


@pytest.mark.parametrize("refusal", [b"502 Bad Gateway", b"407 Proxy Authentication Required"])
def test_an_error_names_the_proxy(edit: EditOne, refusal: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its password."""
    with serving(Proxy(b"HTTP/1.1 " + refusal + b"\r\ncontent-length: 0\r\n\r\n")) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.replace("//", "//user:hidden@"))
        with pytest.raises(errors.APIConnectionError) as caught:
            edit({"api_key": "key", "max_retries": 0}, name="a")
    assert f"cannot connect to https://api.autoenhance.ai through the proxy {url} " in str(caught.value)
    assert "may have happened" not in str(caught.value)
    assert "hidden" not in f"{caught.value!r}{vars(caught.value)}{caught.value.__cause__!r}"


def test_no_proxy_can_name_a_host_with_a_port(
    edit: EditOne, server: EditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for curl; with another port the proxy is used."""
    proxy = Proxy()
    options = {**server.options, "max_retries": 0}
    with serving(proxy) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        for no_proxy in ("127.0.0.1", f"127.0.0.1:{server.port}", f"example.com, 127.0.0.1:{server.port}"):
            monkeypatch.setenv("NO_PROXY", no_proxy)
            assert edit(options, name="a").name == "a"
        assert proxy.requests == []
        monkeypatch.setenv("NO_PROXY", f"127.0.0.1:{server.port + 1}")
        with pytest.raises(errors.APIConnectionError):
            edit(options, name="a")
    assert len(proxy.requests) == 1


# The first bytes of a TLS record of 16 KiB.
RECORD = b"\x16\x03\x03\x40\x00"


@pytest.mark.parametrize(
    ("peer", "parts", "byte"),
    [
        ("proxy", [b""], b"x"),
        ("proxy", [b"HTTP/1.1 200 OK\r\n\r\n", RECORD], b"x"),
        ("handshake", [RECORD], b""),
        ("handshake", [RECORD], b"\x02"),
        ("service", [b"HTTP/1.1 200 OK\r\nx: "], b"x"),
    ],
    ids=["proxy", "tunnel", "handshake hangs", "handshake", "response"],
)
def test_the_deadline_holds_for_dripped_bytes(  # noqa: PLR0917
    caller: Caller, peer: str, parts: list[bytes], byte: bytes, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a proxy and over https. Before the end of the handshake, the edit cannot have happened."""
    context = tls.server_context(certificate)

    def drip(connection: socket.socket, over: threading.Event) -> None:
        if peer == "service":
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            for part in parts:
                connection.recv(65536)
                connection.sendall(part)
            while not over.wait(0.02):
                connection.sendall(byte)

    with serving(drip) as url:
        options = {"api_key": "key", "timeout": 0.3, "max_retries": 0}
        if peer == "proxy":
            monkeypatch.setenv("HTTPS_PROXY", url)
        else:
            options["base_url"] = url.replace("http", "https")
        start = time.monotonic()
        with pytest.raises(errors.APITimeoutError, match=r"no response from https://.*, after 1 attempt\.") as caught:
            caller(options, "order", name="a")
        assert time.monotonic() - start < 1
    assert peer != "handshake" or str(caught.value).endswith(", after 1 attempt.")


# --- https ---


@pytest.mark.parametrize("host", [None, "elsewhere.example"], ids=["another authority", "another host"])
def test_an_invalid_certificate_is_rejected(
    edit: EditOne, host: str | None, server: EditServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent, and there is no retry."""
    if host is None:
        monkeypatch.delenv("SSL_CERT_FILE")
    else:
        server._context.load_cert_chain(tls.certificate(tmp_path, host)[0])  # type: ignore[union-attr]  # it is encrypted
    with pytest.raises(
        errors.APIConnectionError, match=r"cannot connect to .*certificate.*after 1 attempt\."
    ) as caught:
        edit(server.options, name="a")
    assert isinstance(chain(caught.value)[-1], ssl.SSLCertVerificationError)
    assert server.requests == []


def test_a_new_client_reads_a_replaced_file_of_authorities(
    caller: Caller, server: EditServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "another").mkdir()
    _, file = tls.certificate(tmp_path / "another")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(errors.APIConnectionError, match="certificate"):
        caller(server.options, "order", name="a")
    shutil.copy(tmp_path / "authority.pem", file)
    assert caller(server.options, "order", name="a").status_code == 200


# --- Addresses ---


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """An address that accepts no connection, because the listener's queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()
        for one in waiting:
            one.close()


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The result of DNS resolution for `several.example`, whatever the port."""
    resolved: list[tuple[str, int]] = []
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        if host in {"several.example", b"several.example"}:
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in resolved]
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return resolved


def test_an_address_that_does_not_respond_is_skipped(
    addresses: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a tenth of the timeout, once: the next call begins with the address that accepted a connection."""
    connect = httpcore.SyncBackend.connect_tcp

    def to(_: Any, host: str, port: int, timeout: float | None, *rest: Any) -> Any:
        # Both addresses are this machine's, so that the port tells them apart.
        port = {"127.0.0.2": nowhere[1], "127.0.0.1": somewhere}[host]
        return connect(httpcore.SyncBackend(), "127.0.0.1", port, timeout, *rest)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", to)

    def respond(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(ORDER.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"))

    took = []
    with serving(respond) as url, silent() as nowhere:
        somewhere = int(url.rpartition(":")[2])
        addresses += [("127.0.0.2", 1), ("127.0.0.1", 1)]
        with Autoenhance("key", base_url="http://several.example", allow_insecure=True, timeout=4) as client:
            for _ in range(3):
                start = time.monotonic()
                client.edit_order("order", name="a")
                took.append(time.monotonic() - start)
    assert 0.3 < took[0] < 1.5
    assert max(took[1:]) < 0.3


def test_a_host_without_a_working_address_is_a_connection_error(
    caller: Caller, addresses: list[tuple[str, int]]
) -> None:
    addresses += [("127.0.0.1", 1), ("127.0.0.1", 2)]
    options = {"api_key": "key", "base_url": "http://several.example:1", "allow_insecure": True, "max_retries": 0}
    with pytest.raises(errors.APIConnectionError, match="cannot connect to") as caught:
        caller(options, "order", name="a")
    assert "may have happened" not in str(caught.value)


def test_an_invalid_host_name_is_a_connection_error() -> None:
    """idna raises no OSError for it."""
    with pytest.raises(errors.APIConnectionError, match=r"cannot connect to .*ConnectError"):
        sync({"api_key": "key", "base_url": f"https://{'a' * 64}.example", "max_retries": 0}, "order", name="a")


def test_ipv6(caller: Caller) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this system")
    with EditServer(host="::1") as server:
        assert caller(server.options, "order", name="a").status_code == 200
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_slow_dns_resolution_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the timeout of connecting; it is no ValueError of the socket."""
    resolve = socket.getaddrinfo

    def resolve_slowly(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.1)
        return resolve(*arguments, **options)

    monkeypatch.setattr("socket.getaddrinfo", resolve_slowly)
    options = {"api_key": "key", "timeout": httpx.Timeout(5, connect=0.05), "max_retries": 0}
    with unreachable() as url, pytest.raises(errors.APITimeoutError) as caught:
        sync({**options, "base_url": url}, "a", name="x")
    assert "may have happened" not in str(caught.value)
