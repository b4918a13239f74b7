"""What the environment says of the network, and the addresses of a host: a client works, or says what is wrong."""

from __future__ import annotations

import shutil
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import trustme
from callers import sync
from odd_servers import read_request, serving

from autoenhance import AsyncAutoenhance, Autoenhance, errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callers import Caller

ORDER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}'


@pytest.mark.parametrize("make", [Autoenhance, AsyncAutoenhance])
@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("HTTPS_PROXY", "odd://user:hidden@127.0.0.1:1", r"^HTTPS_PROXY is no URL of a proxy, such as http://"),
        ("https_proxy", "http://user:hidden@127.0.0.1:99999", "^https_proxy is no URL of a proxy"),
        ("ALL_PROXY", "http://", "^ALL_PROXY is no URL of a proxy"),
        ("all_proxy", "http://127.0.0.1:0", "^all_proxy is no URL of a proxy"),
        ("HTTPS_PROXY", "http://hidden host:1", "^HTTPS_PROXY is no URL of a proxy"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1", r"^HTTPS_PROXY names a SOCKS proxy, .* pip install 'httpx\[socks\]'$"),
        (
            "SSL_CERT_FILE",
            "{folder}/nothing.pem",
            "^SSL_CERT_FILE is '.*/nothing.pem', which cannot be read: No such file",
        ),
        ("SSL_CERT_FILE", "{folder}", "^SSL_CERT_FILE is '.*', which cannot be read: Is a directory"),
        ("SSL_CERT_FILE", "{folder}/empty.pem", "^SSL_CERT_FILE is '.*/empty.pem', which holds no certificates in PEM"),
        ("SSL_CERT_DIR", "{folder}/nothing", "^SSL_CERT_DIR is '.*/nothing', which is no directory"),
    ],
)
def test_a_mistake_in_the_environment_is_said_when_the_client_is_made(  # noqa: PLR0917
    make: Any, variable: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with the first edit; the error names the variable, and no password."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    (tmp_path / "empty.pem").write_text("nothing")
    monkeypatch.setenv(variable, value.format(folder=tmp_path))
    with pytest.raises(ValueError, match=says) as caught:
        make("key")
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    make("key", base_url="http://127.0.0.1:1")


def test_the_proxy_of_the_environment_is_not_asked_for_when_there_is_an_http_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever brings a client has decided about the network."""
    import httpx

    with httpx.Client() as http:
        monkeypatch.setenv("HTTPS_PROXY", "odd://127.0.0.1")
        Autoenhance("key", http_client=http)


def test_an_error_behind_a_proxy_says_which(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its password."""

    def refuse(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")

    with serving(refuse) as url:
        monkeypatch.setenv("HTTPS_PROXY", url.replace("//", "//user:hidden@"))
        with pytest.raises(errors.APIConnectionError) as caught:
            caller({"api_key": "key", "max_retries": 0}, "order", name="a")
    assert f"https://api.autoenhance.ai through the proxy {url} could not be reached" in str(caught.value)
    assert "hidden" not in f"{caught.value!r}{vars(caught.value)}{caught.value.__cause__!r}"


@pytest.mark.parametrize("no_proxy", ["127.0.0.1:{port}", "127.0.0.1", "example.com, 127.0.0.1:{port}"])
def test_no_proxy_may_name_a_host_with_its_port(
    caller: Caller, no_proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As curl and others read it; with another port the proxy is used."""
    context = trusted(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    asked: list[bytes] = []

    def proxy(connection: socket.socket, _: threading.Event) -> None:
        asked.append(connection.recv(65536))

    with serving(encrypted(context)) as url, serving(proxy) as proxy_url:
        port = int(url.rpartition(":")[2])
        options = {"api_key": "key", "base_url": url.replace("http", "https"), "max_retries": 0}
        monkeypatch.setenv("HTTPS_PROXY", proxy_url)
        monkeypatch.setenv("NO_PROXY", no_proxy.format(port=port))
        assert caller(options, "order", name="a").status_code == 200
        assert asked == []
        monkeypatch.setenv("NO_PROXY", f"127.0.0.1:{port + 1}")
        with pytest.raises(errors.APIConnectionError):
            caller(options, "order", name="a")
        assert len(asked) == 1


def trusted(path: Path) -> ssl.SSLContext:
    """A server's certificate from an authority, whose own goes into a file."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(path))
    return context


def encrypted(context: ssl.SSLContext) -> Any:
    def answer(connection: socket.socket, _: threading.Event) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:
            read_request(stream)
            stream.sendall(ORDER)

    return answer


def test_a_file_of_authorities_that_is_replaced_is_seen_by_the_next_client(
    caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the same name, as systems renew it; a certificate that fails is not retried."""
    file, announced = tmp_path / "authority.pem", list[Any]()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = trusted(tmp_path / "right.pem")
    trusted(file)
    with serving(encrypted(context)) as url:
        options = {"api_key": "key", "base_url": url.replace("http", "https"), "on_retry": announced.append}
        with pytest.raises(
            errors.APIConnectionError, match=r"could not be reached.*certificate.*after 1 attempt\."
        ) as caught:
            caller(options, "order", name="a")
        assert isinstance(root_of(caught.value), ssl.SSLCertVerificationError)
        shutil.copy(tmp_path / "right.pem", file)
        assert caller(options, "order", name="a").status_code == 200
    assert announced == []


def root_of(error: BaseException) -> BaseException:
    while below := error.__cause__ or error.__context__:
        error = below
    return error


@contextmanager
def silent() -> Iterator[tuple[str, int]]:
    """An address at which nothing answers: the listener's queue is full, and whoever comes is not let in."""
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
    import httpcore

    connect = httpcore.SyncBackend.connect_tcp

    def to(_: Any, host: str, port: int, timeout: float | None, *rest: Any) -> Any:
        # Both addresses are this machine's, so that the port tells them apart.
        port = {"127.0.0.2": nowhere[1], "127.0.0.1": somewhere}[host]
        return connect(httpcore.SyncBackend(), "127.0.0.1", port, timeout, *rest)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", to)

    def answer(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(ORDER.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"))

    took = []
    with serving(answer) as url, silent() as nowhere:
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
    with pytest.raises(errors.APIConnectionError, match="could not be reached") as caught:
        caller(options, "order", name="a")
    assert "may have happened" not in str(caught.value)


def test_a_host_whose_name_is_none_could_not_be_reached() -> None:
    """idna's errors are no OSErrors."""
    with pytest.raises(errors.APIConnectionError, match=r"could not be reached .*ConnectError"):
        sync({"api_key": "key", "base_url": f"https://{'a' * 64}.example", "max_retries": 0}, "order", name="a")


def test_it_goes_over_ipv6_too(caller: Caller) -> None:
    """The brackets of the URL are no part of the address."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this system")
    seen: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(read_request(connection).lower())
            connection.sendall(ORDER)

    thread = threading.Thread(target=serve)
    thread.start()
    with listener:
        url = f"http://[::1]:{listener.getsockname()[1]}"
        assert caller({"api_key": "key", "base_url": url}, "order", name="a").status_code == 200
        thread.join()
    assert b"\r\nhost: [::1]:" in seen[0]


@pytest.mark.parametrize("then", ["closes", "answers"])
@pytest.mark.parametrize("is_async", [False, True])
def test_what_came_while_a_connection_was_idle_is_no_response_to_the_next_request(*, then: str, is_async: bool) -> None:
    """Neither an end nor a response that nobody asked for: another order's name would be taken for this one's."""
    done, connections = threading.Event(), 0

    def serve(connection: socket.socket, over: threading.Event) -> None:
        nonlocal connections
        connections += 1
        read_request(connection)
        connection.sendall(ORDER)
        if connections == 1:
            time.sleep(0.05)
            if then == "answers":
                connection.sendall(ORDER.replace(b'"a"', b'"b"'))
            else:
                connection.close()
            done.set()
            over.wait()

    async def twice(url: str) -> list[Any]:
        async with AsyncAutoenhance("key", base_url=url, max_retries=0) as client:
            names = [(await client.edit_order("order", name="a")).name]
            done.wait()  # and the event loop does not run
            time.sleep(0.02)  # noqa: ASYNC251
            return [*names, (await client.edit_order("order", name="a")).name]

    with serving(serve) as url:
        if is_async:
            for backend in ("asyncio", "trio"):
                connections = 0
                done.clear()
                assert anyio.run(twice, url, backend=backend) == ["a", "a"]
                assert connections == 2
            return
        with Autoenhance("key", base_url=url, max_retries=0) as client:
            assert client.edit_order("order", name="a").name == "a"
            done.wait()
            time.sleep(0.02)
            assert client.edit_order("order", name="a").name == "a"
    assert connections == 2
