"""Our connections, sync and async, against servers that do what they may, and what they may not."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import NonCallableMock

import httpcore
import httpx
import pytest
from odd_servers import nobody, read_request, serving

from autoenhance._async_http1 import Connection as AsyncConnection
from autoenhance._http1 import is_replaced
from autoenhance._sync_http1 import Connection as SyncConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}'
OTHER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "b"}'
LONG = 8 * 2**20


class InThread(httpx.AsyncBaseTransport):
    """A sync connection, for tests that are written for an async one."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._connection = SyncConnection(context)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await asyncio.to_thread(self._connection.handle_request, request)
        response.stream = InThreadStream(response.stream)
        return response

    async def aclose(self) -> None:
        self._connection.close()


class InThreadStream(httpx.AsyncByteStream):
    """Its answer's body."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = iter(self._stream)
        while (part := await asyncio.to_thread(next, parts, None)) is not None:
            yield part

    async def aclose(self) -> None:
        self._stream.close()


Connection = AsyncConnection | InThread
made: list[type[Connection]] = []


@pytest.fixture(autouse=True, params=[InThread, AsyncConnection], ids=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> type[Connection]:
    made[:] = [request.param]
    return made[0]


def with_connection(test: Callable[[Connection], Awaitable[None]]) -> None:
    """Run a test with a connection that is closed afterwards, twice; whatever is left open is a warning, and an error."""

    async def run() -> None:
        connection = made[0](ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        try:
            await test(connection)
        finally:
            await connection.aclose()
            await connection.aclose()

    asyncio.run(run())
    gc.collect()


async def head(
    connection: Connection, url: str, *, body: bytes = b'{"name": "a"}', **timeouts: float
) -> httpx.Response:
    """Send a request; the answer's body is not read yet."""
    timeout = {"connect": 5.0, "read": 5.0, "write": 5.0, **timeouts}
    request = httpx.Request("PATCH", url + "/v3/orders/a", content=body, extensions={"timeout": timeout})
    return await connection.handle_async_request(request)


async def exchange(connection: Connection, url: str, **told: Any) -> bytes:
    """Send a request; returns the answer's body."""
    response = await head(connection, url, **told)
    return await response.aread()


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


class Serving:
    """Answers each request with the next of these, on as many connections as the client opens."""

    def __init__(self, *answers: bytes, then_close: bool = False) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.requests: list[bytes] = []
        self.closed = threading.Semaphore(0)
        self._then_close = then_close

    def __call__(self, connection: socket.socket, _: threading.Event) -> None:
        self.connections += 1
        try:
            while self.answers:
                self.requests.append(read_request(connection))
                connection.sendall(self.answers.pop(0))
                if self._then_close:
                    return
            connection.recv(1)
        finally:
            connection.close()
            self.closed.release()


def test_a_connection_is_used_again() -> None:
    """As long as it is good: one for any number of requests, which are written down as HTTP asks."""
    server = Serving(*[ANSWER] * 5)

    async def thrice(connection: Connection) -> None:
        for _ in range(5):
            assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(thrice)
    assert server.connections == 1
    sent, _, body = server.requests[-1].partition(b"\r\n\r\n")
    assert sent.startswith(b"PATCH /v3/orders/a HTTP/1.1\r\n")
    assert b"\r\ncontent-length: 13" in sent.lower()
    assert body == b'{"name": "a"}'


def test_the_answer_has_everything_that_was_sent() -> None:
    """Status, phrase, headers as often as they came, version, and a body in chunks with a trailer."""
    answer = (
        b"HTTP/1.1 418 Short and stout\r\nX-One: 1\r\nx-one: 2\r\ntransfer-encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nx-trailer: 1\r\n\r\n"
    )
    server = Serving(answer, ANSWER)

    async def look(connection: Connection) -> None:
        response = await head(connection, url)
        assert (response.status_code, response.reason_phrase) == (418, "Short and stout")
        assert response.headers.get_list("x-one") == ["1", "2"]
        assert response.http_version == "HTTP/1.1"
        assert b"".join([part async for part in response.aiter_raw()]) == b"abcdefg"
        await exchange(connection, url)

    with serving(server) as url:
        with_connection(look)
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"),
        ANSWER.replace(b"1.1", b"1.0"),
        b'HTTP/1.1 200 OK\r\n\r\n{"name": "a"}',
    ],
    ids=["says close", "HTTP/1.0", "ends with the connection"],
)
def test_a_connection_that_is_to_be_closed_is_not_used_again(answer: bytes) -> None:
    """The next request opens another."""
    server = Serving(answer, answer, then_close=True)

    async def twice(connection: Connection) -> None:
        for _ in range(2):
            assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(twice)
    assert server.connections == 2


def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    """Nobody notices."""
    server = Serving(ANSWER, ANSWER, ANSWER, then_close=True)

    async def thrice(connection: Connection) -> None:
        for _ in range(3):
            assert await exchange(connection, url) == b'{"name": "a"}'
            await asyncio.to_thread(server.closed.acquire)
            await asyncio.sleep(0.01)

    with serving(server) as url:
        with_connection(thrice)
    assert server.connections == 3


@pytest.mark.parametrize("later", [False, True], ids=["at once", "while it is idle"])
@pytest.mark.parametrize("then_close", [False, True], ids=["stays", "closes"])
def test_bytes_that_nobody_asked_for_are_not_the_next_answer(*, later: bool, then_close: bool) -> None:
    """More than was announced, or an answer to nothing: another order's result would be read from it."""
    sent = threading.Event()

    def serve(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        if later:
            connection.sendall(ANSWER)
            time.sleep(0.05)
            connection.sendall(OTHER)
        else:
            connection.sendall(ANSWER + OTHER)
        sent.set()
        if not then_close:
            connection.recv(1)

    async def twice(connection: Connection) -> None:
        for _ in range(2):
            sent.clear()
            assert await exchange(connection, url) == b'{"name": "a"}'
            await asyncio.to_thread(sent.wait)
            await asyncio.sleep(0.02)

    with serving(serve) as url:
        with_connection(twice)


@pytest.mark.parametrize("then", ["closes", "resets", "stays"])
def test_an_answer_that_comes_before_the_request_was_read_is_heard(then: str, kind: type[Connection]) -> None:
    """A proxy that finds a request too long says so and need not read it; the connection is not used again.

    A sync caller hears it when the service closes the connection.
    """
    heads = 0

    def refuse(connection: socket.socket, over: threading.Event) -> None:
        nonlocal heads
        connection.recv(1024)
        heads += 1
        connection.sendall(b"HTTP/1.1 413 Too Long\r\ncontent-length: 3\r\n\r\nno.")
        if then == "resets":
            time.sleep(0.05)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif then == "stays":
            over.wait(2)

    async def twice(connection: Connection) -> None:
        for _ in range(2):
            response = await head(connection, url, body=b"x" * LONG)
            assert response.status_code == 413
            assert await response.aread() == b"no."

    start = time.monotonic()
    with serving(refuse) as url:
        with_connection(twice)
        assert time.monotonic() - start < 1.5 or (kind, then) == (InThread, "stays")
    assert heads == 2


def test_a_long_request_is_sent_whole() -> None:
    """However many times the socket's buffer it is."""
    server = Serving(ANSWER)

    async def send(connection: Connection) -> None:
        assert await exchange(connection, url, body=b"x" * LONG) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(send)
    assert server.requests[0].endswith(b"\r\n\r\n" + b"x" * LONG)


def test_provisional_answers_come_before_the_answer() -> None:
    """103, 100, 102: none of them is it."""
    early = b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Odd\r\n\r\n"
    server = Serving(early + ANSWER, early + ANSWER)

    async def twice(connection: Connection) -> None:
        for _ in range(2):
            assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(twice)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (b"", httpx.RemoteProtocolError, "Server disconnected without sending a response"),
        (b"HTTP/1.1 200 OK\r\ncontent-", httpx.RemoteProtocolError, "without sending"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", httpx.RemoteProtocolError, "."),
        (b"\0\1garbage\r\n\r\n", httpx.RemoteProtocolError, "."),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n", httpx.RemoteProtocolError, "."),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000, httpx.RemoteProtocolError, "Receive buffer too long"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", httpx.RemoteProtocolError, "."),
    ],
    ids=["nothing", "half a head", "SSH", "garbage", "101", "a head without end", "no length"],
)
def test_what_is_no_answer_is_an_error_of_httpx_and_the_next_request_has_a_connection_of_its_own(
    answer: bytes, kind: type[Exception], says: str
) -> None:
    """Each of them ends its connection."""
    server = Serving(answer, ANSWER, then_close=True)

    async def twice(connection: Connection) -> None:
        with pytest.raises(kind, match=says):
            await exchange(connection, url)
        assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(twice)
    assert server.connections == 2


def test_a_long_head_is_read() -> None:
    """Up to 100 KiB, as httpx does."""
    server = Serving(ANSWER.replace(b"OK\r\n", b"OK\r\nx: " + b"y" * 90_000 + b"\r\n"))

    async def look(connection: Connection) -> None:
        assert len((await head(connection, url)).headers["x"]) == 90_000

    with serving(server) as url:
        with_connection(look)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n", httpx.RemoteProtocolError),
    ],
)
def test_a_body_that_breaks_off_is_an_error_and_ends_the_connection(answer: bytes, kind: type[Exception]) -> None:
    """The head was there, and is the caller's already."""
    server = Serving(answer, ANSWER, then_close=True)

    async def twice(connection: Connection) -> None:
        response = await head(connection, url)
        assert response.status_code == 200
        with pytest.raises(kind):
            await response.aread()
        assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(twice)
    assert server.connections == 2


def test_a_body_that_is_not_read_to_its_end_takes_the_connection_with_it() -> None:
    """Its rest would be read as the next answer."""
    server = Serving(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 10_000, ANSWER, then_close=False)

    async def leave(connection: Connection) -> None:
        response = await head(connection, url)
        assert await anext(response.aiter_raw())
        await response.aclose()
        assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(leave)
    assert server.connections == 2


def test_a_reset_is_a_read_error() -> None:
    """As httpx says it."""

    def reset(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def once(connection: Connection) -> None:
        with pytest.raises(httpx.ReadError):
            await exchange(connection, url)

    with serving(reset) as url:
        with_connection(once)


def test_nobody_there_is_a_connect_error() -> None:
    """No request was begun."""

    async def once(connection: Connection) -> None:
        with nobody() as url, pytest.raises(httpx.ConnectError):
            await exchange(connection, url)
        with pytest.raises(httpx.ConnectError):
            await exchange(connection, f"http://{'x' * 64}.invalid")

    with_connection(once)


def test_no_connection_in_time_is_a_connect_timeout() -> None:
    """A handshake that does not end is no connection."""

    def hang(_: socket.socket, over: threading.Event) -> None:
        over.wait()

    async def once(connection: Connection) -> None:
        with pytest.raises(httpx.ConnectTimeout):
            await exchange(connection, url.replace("http:", "https:"), connect=0.1)

    with serving(hang) as url:
        with_connection(once)


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
def test_no_byte_in_time_is_a_read_timeout(part: bytes) -> None:
    """Before the answer, within its head and within its body; then the connection is gone."""
    connections = 0

    def hang(connection: socket.socket, over: threading.Event) -> None:
        nonlocal connections
        connections += 1
        read_request(connection)
        connection.sendall(part)
        over.wait()

    async def twice(connection: Connection) -> None:
        for _ in range(2):
            start = time.monotonic()
            with pytest.raises(httpx.ReadTimeout):
                await exchange(connection, url, read=0.1)
            assert 0.1 <= time.monotonic() - start < 0.5

    with serving(hang) as url:
        with_connection(twice)
    assert connections == 2


def test_without_a_timeout_it_waits() -> None:
    """None is for ever."""

    def slow(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        time.sleep(0.1)
        connection.sendall(ANSWER)

    async def once(connection: Connection) -> None:
        request = httpx.Request("PATCH", url, content=b"{}")
        response = await connection.handle_async_request(request)
        assert await response.aread() == b'{"name": "a"}'

    with serving(slow) as url:
        with_connection(once)


@pytest.mark.parametrize("what", ["connecting", "sending", "waiting", "reading"])
def test_cancelling_leaves_nothing_open_and_the_next_request_has_a_connection_of_its_own(
    what: str, kind: type[Connection]
) -> None:
    """Whatever it was about. Nothing cancels a thread."""
    if kind is InThread:
        return
    connections = 0
    reached = threading.Event()

    def serve(connection: socket.socket, over: threading.Event) -> None:
        nonlocal connections
        connections += 1
        if connections == 2:
            read_request(connection)
            connection.sendall(ANSWER)
        elif what == "waiting":
            read_request(connection)
        elif what == "reading":
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
        reached.set()
        over.wait(2)

    async def cancel(connection: Connection) -> None:
        target = url.replace("http:", "https:") if what == "connecting" else url
        task = asyncio.create_task(exchange(connection, target, body=b"x" * (LONG if what == "sending" else 9)))
        await asyncio.to_thread(reached.wait)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(serve) as url:
        with_connection(cancel)
    assert connections == 2


def test_it_goes_over_ipv6_too() -> None:
    """The brackets of the URL are no part of the address."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this system")
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this system")

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            assert b"\r\nhost: [::1]:" in read_request(connection).lower()
            connection.sendall(ANSWER)

    thread = threading.Thread(target=serve)
    thread.start()

    async def once(connection: Connection) -> None:
        assert await exchange(connection, f"http://[::1]:{listener.getsockname()[1]}") == b'{"name": "a"}'

    with listener:
        with_connection(once)
        thread.join()


def test_a_host_with_an_address_that_does_not_answer_is_reached_at_its_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """As browsers do, and soon."""
    server = Serving(ANSWER)
    looked_up: list[str] = []

    async def once(connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        port = int(url.rpartition(":")[2])

        def addresses(host: str, *_: Any, **__: Any) -> list[Any]:
            looked_up.append(host)
            kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
            return [(*kind, ("127.0.0.1", 1)), (*kind, ("127.0.0.1", port))]

        async def async_addresses(*arguments: Any, **told: Any) -> list[Any]:
            return addresses(*arguments, **told)

        monkeypatch.setattr(loop, "getaddrinfo", async_addresses)
        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        assert await exchange(connection, f"http://two-addresses.example:{port}") == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(once)
    assert looked_up[0] == "two-addresses.example"


def test_a_request_that_http_cannot_write_is_an_error_of_httpx() -> None:
    """And no reason to lose count of connections."""

    async def once(connection: Connection) -> None:
        request = httpx.Request("PATCH", url, headers={"x": "a\r\nb"}, content=b"{}")
        with pytest.raises(httpx.LocalProtocolError):
            await connection.handle_async_request(request)

    with serving(Serving(ANSWER)) as url:
        with_connection(once)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patience is divided; all of it at the first address would be none for the others."""
    server = Serving(ANSWER)

    async def once(connection: Connection) -> None:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        addresses = [(*kind, nowhere), (*kind, ("127.0.0.1", int(url.rpartition(":")[2])))]

        async def found(*_: Any, **__: Any) -> list[Any]:
            return addresses

        with monkeypatch.context() as patched:
            patched.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
            patched.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
            start = time.monotonic()
            assert await exchange(connection, url, connect=0.6) == b'{"name": "a"}'
            assert 0.3 <= time.monotonic() - start < 0.6

    with serving(server) as url, silent() as nowhere:
        with_connection(once)


def test_a_host_without_an_address_is_a_connect_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that is not known."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    connection = SyncConnection(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with pytest.raises(httpx.ConnectError, match="no address"):
        connection.handle_request(httpx.Request("PATCH", "http://nowhere.example"))


def test_a_service_that_reads_nothing_is_a_write_timeout() -> None:
    """A sync caller does not wait for ever to be rid of a long body."""

    def hang(_: socket.socket, over: threading.Event) -> None:
        over.wait()

    connection = SyncConnection(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with serving(hang) as url:
        timeout = {"connect": 5, "write": 0.1, "read": 5}
        request = httpx.Request("PATCH", url, content=b"x" * LONG, extensions={"timeout": timeout})
        with pytest.raises(httpx.WriteTimeout):
            connection.handle_request(request)


def test_what_stands_in_for_httpx_has_our_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """VCR, pytest-httpx and mocks replace what httpx's transports do; nothing goes past them, and none is left behind."""
    server = Serving(ANSWER, ANSWER)
    seen: list[str] = []

    def stand_in(_: object, request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, content=b"a mock")

    async def async_stand_in(_: object, request: httpx.Request) -> httpx.Response:
        return stand_in(_, request)

    async def thrice(connection: Connection) -> None:
        assert await exchange(connection, url) == b'{"name": "a"}'
        with monkeypatch.context() as replaced:
            replaced.setattr(httpx.HTTPTransport, "handle_request", stand_in)
            replaced.setattr(httpx.AsyncHTTPTransport, "handle_async_request", async_stand_in)
            assert await exchange(connection, url) == b"a mock"
        assert await exchange(connection, url) == b'{"name": "a"}'

    with serving(server) as url:
        with_connection(thrice)
    assert seen == [f"{url}/v3/orders/a"]
    assert (server.connections, len(server.requests)) == (1, 2)


def test_what_wraps_or_replaces_a_method_stands_in_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mock, a wrapper that shows the code of what it wraps, as OpenTelemetry's does, and httpcore's below."""

    def replaced() -> bool:
        return is_replaced("handle_request", transport="HTTPTransport", pool="ConnectionPool")

    class Wrapper:
        __code__ = httpx.HTTPTransport.handle_request.__code__

    assert not replaced()
    for owner in (httpx.HTTPTransport, httpcore.ConnectionPool):
        for stand_in in (NonCallableMock(spec=[]), Wrapper(), lambda *_: None):
            with monkeypatch.context() as patched:
                patched.setattr(owner, "handle_request", stand_in)
                assert replaced()
    assert not replaced()
    monkeypatch.delitem(sys.modules, "httpcore")
    assert not replaced()


@pytest.mark.parametrize("then", ["closes", "answers"])
def test_what_came_while_the_event_loop_was_not_running_is_seen(then: str) -> None:
    """A caller who computes for a while: neither an end nor an answer that nobody asked for is missed before the next request."""
    done = threading.Event()
    connections = 0

    def serve(connection: socket.socket, _: threading.Event) -> None:
        nonlocal connections
        connections += 1
        read_request(connection)
        connection.sendall(ANSWER)
        if connections == 1:
            time.sleep(0.05)
            if then == "answers":
                connection.sendall(OTHER)
        if then == "closes":
            connection.close()
        done.set()
        if then == "answers":
            connection.recv(1)

    async def twice(connection: Connection) -> None:
        for _ in range(2):
            assert await exchange(connection, url) == b'{"name": "a"}'
            done.wait()  # and nothing else runs
            time.sleep(0.02)  # noqa: ASYNC251

    with serving(serve) as url:
        with_connection(twice)
    assert connections == 2


def test_a_switch_to_another_protocol_is_an_error_of_httpx() -> None:
    """A caller may have asked for one with a header; it is no answer."""
    server = Serving(b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")

    async def once(connection: Connection) -> None:
        headers = {"upgrade": "x", "connection": "upgrade"}
        request = httpx.Request("PATCH", url, headers=headers, content=b"{}")
        with pytest.raises(httpx.RemoteProtocolError, match="another protocol"):
            await connection.handle_async_request(request)

    with serving(server) as url:
        with_connection(once)


def test_cancelling_while_connecting_leaves_no_socket_open() -> None:
    """At any moment of it; what is left open is a warning, and an error."""

    async def many() -> None:
        for number in range(300):
            connection = AsyncConnection(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            task = asyncio.create_task(head(connection, url))
            await asyncio.sleep(0.00001 * number)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await connection.aclose()

    with serving(Serving(*[ANSWER] * 300)) as url:
        asyncio.run(many())
        gc.collect()
