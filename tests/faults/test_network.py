"""What the environment says of the network, https, and the addresses of a host: a client works, or says what is wrong."""

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
from odd_servers import nobody, read_request, serving

from autoenhance import AsyncAutoenhance, Autoenhance, errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from callers import Caller, EditOne


ORDER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}'
PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EditServer]:
    """A service with a certificate for this machine, from an authority that httpx trusts."""
    own, trusted = tls.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with EditServer(context=tls.server_context(own)) as made:
        yield made


class Proxy:
    """Refuses whatever it is asked, and remembers it."""

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
def test_a_mistake_in_the_environment_is_said_when_the_client_is_made(  # noqa: PLR0917
    make: Any, variable: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the first edit; the error names the variable, and no password. A client that needs none of it is made."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    (tmp_path / "empty.pem").write_text("nothing")
    monkeypatch.setenv(variable, value.format(folder=tmp_path))
    with pytest.raises(ValueError, match=says) as caught:
        make("key")
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    make("key", base_url="http://127.0.0.1:1")


def test_the_environments_proxy_does_not_matter_with_an_http_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers who bring a client have decided about the network."""
    with httpx.Client() as http:
        monkeypatch.setenv("HTTPS_PROXY", "odd://127.0.0.1")
        Autoenhance("key", http_client=http)


def test_http_goes_past_the_environments_proxy(edit: EditOne, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would read the key; https is tunnelled through it, http to this machine needs none."""
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
def test_an_error_behind_a_proxy_says_which(edit: EditOne, refusal: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its password; nothing can have happened."""
    with serving(Proxy(b"HTTP/1.1 " + refusal + b"\r\ncontent-length: 0\r\n\r\n")) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.replace("//", "//user:hidden@"))
        with pytest.raises(errors.APIConnectionError) as caught:
            edit({"api_key": "key", "max_retries": 0}, name="a")
    assert f"cannot connect to https://api.autoenhance.ai through the proxy {url} " in str(caught.value)
    assert "may have happened" not in str(caught.value)
    assert "hidden" not in f"{caught.value!r}{vars(caught.value)}{caught.value.__cause__!r}"


def test_no_proxy_may_name_a_host_with_its_port(
    edit: EditOne, server: EditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As curl and others read it; with another port the proxy is used."""
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


@pytest.mark.parametrize("is_tunnelled", [False, True], ids=["connecting", "in the tunnel"])
def test_a_deadline_holds_on_the_way_through_a_proxy(monkeypatch: pytest.MonkeyPatch, *, is_tunnelled: bool) -> None:
    """One that drips its own response, or the service's: each byte is in time, and no byte is the last."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        if is_tunnelled:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            connection.recv(65536)
            connection.sendall(b"\x16\x03\x03\x40\x00")  # a handshake's record of 16 KiB begins
        while not over.wait(0.02):
            connection.sendall(b"x")

    with serving(drip) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        start = time.monotonic()
        with pytest.raises(errors.APITimeoutError):
            sync({"api_key": "key", "timeout": 0.3, "max_retries": 0}, "order", name="a")
    assert time.monotonic() - start < 1


# --- https ---


def test_an_order_is_edited_over_https(edit: EditOne, server: EditServer) -> None:
    """Encrypted, with the certificate checked."""
    assert edit(server.options, name="a").name == "a"


@pytest.mark.parametrize("host", [None, "elsewhere.example"], ids=["another authority", "another host"])
def test_a_certificate_that_does_not_vouch_for_the_service_is_refused(
    edit: EditOne, host: str | None, server: EditServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key does not go to a machine that only says that it is the service; it is not tried again."""
    if host is None:
        monkeypatch.delenv("SSL_CERT_FILE")
    else:
        server._context.load_cert_chain(tls.certificate(tmp_path, host)[0])  # type: ignore[union-attr]  # it is encrypted
    with pytest.raises(
        errors.APIConnectionError, match=r"cannot connect to .*certificate.*after 1 attempt\."
    ) as caught:
        edit(server.options, name="a")
    assert isinstance(root_of(caught.value), ssl.SSLCertVerificationError)
    assert server.requests == []


def test_a_file_of_authorities_that_is_replaced_is_seen_by_the_next_client(
    caller: Caller, server: EditServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the same name, as systems renew it."""
    (tmp_path / "another").mkdir()
    _, file = tls.certificate(tmp_path / "another")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(errors.APIConnectionError, match="certificate"):
        caller(server.options, "order", name="a")
    shutil.copy(tmp_path / "authority.pem", file)
    assert caller(server.options, "order", name="a").status_code == 200


def root_of(error: BaseException) -> BaseException:
    while below := error.__cause__ or error.__context__:
        error = below
    return error


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
    with serving(hang) as http_url:
        url = http_url.replace("http", "https")
        with pytest.raises(errors.APITimeoutError) as caught:
            caller({"api_key": "key", "base_url": url, "timeout": 0.3, "max_retries": 0}, "order", name="a")
        assert time.monotonic() - start < 0.8
    assert str(caught.value) == f"order 'order': no response from {url} within 0.3 s, after 1 attempt."


def test_a_drip_over_tls_is_left_in_time(caller: Caller, server: EditServer) -> None:
    """Bytes that keep coming do not move the deadline, encrypted or not."""
    context = server._context

    def drip(connection: socket.socket, over: threading.Event) -> None:
        assert context is not None
        with context.wrap_socket(connection, server_side=True) as encrypted:
            read_request(encrypted)
            encrypted.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            while not over.wait(0.02):
                encrypted.sendall(b"x")

    start = time.monotonic()
    with serving(drip) as url:
        options = {"api_key": "key", "base_url": url.replace("http", "https"), "timeout": 0.3, "max_retries": 0}
        with pytest.raises(errors.APITimeoutError):
            caller(options, "order", name="a")
        assert time.monotonic() - start < 0.8


# --- Addresses ---


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """An address at which nothing answers: the listener's queue is full, and no client is let in."""
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
    """What DNS resolution finds for `several.example`, whatever the port."""
    found: list[tuple[str, int]] = []
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        if host in {"several.example", b"several.example"}:
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in found]
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return found


def test_a_first_address_that_is_silent_costs_little_and_not_every_time(
    addresses: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of the call's time, once: the address that answered is the first to be tried next time."""
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


def test_a_host_with_no_address_that_answers_could_not_be_reached(
    caller: Caller, addresses: list[tuple[str, int]]
) -> None:
    """Nothing can have happened, and the error says what it was."""
    addresses += [("127.0.0.1", 1), ("127.0.0.1", 2)]
    options = {"api_key": "key", "base_url": "http://several.example:1", "allow_insecure": True, "max_retries": 0}
    with pytest.raises(errors.APIConnectionError, match="cannot connect to") as caught:
        caller(options, "order", name="a")
    assert "may have happened" not in str(caught.value)


def test_a_host_whose_name_is_none_could_not_be_reached() -> None:
    """idna's errors are no OSErrors."""
    with pytest.raises(errors.APIConnectionError, match=r"cannot connect to .*ConnectError"):
        sync({"api_key": "key", "base_url": f"https://{'a' * 64}.example", "max_retries": 0}, "order", name="a")


def test_it_goes_over_ipv6_too(caller: Caller) -> None:
    """The brackets of the URL are no part of the address."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this system")
    with EditServer(host="::1") as server:
        assert caller(server.options, "order", name="a").status_code == 200
    assert server.requests[0].headers["host"] == f"[::1]:{server.port}"


def test_dns_resolution_that_outlasts_the_time_to_connect_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent, and it is no ValueError about a socket's timeout."""
    resolve = socket.getaddrinfo

    def resolve_slowly(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.1)
        return resolve(*arguments, **options)

    monkeypatch.setattr("socket.getaddrinfo", resolve_slowly)
    with nobody() as url, pytest.raises(errors.APITimeoutError) as caught:
        sync(
            {"api_key": "key", "base_url": url, "timeout": httpx.Timeout(5, connect=0.05), "max_retries": 0},
            "a",
            name="x",
        )
    assert "may have happened" not in str(caught.value)
