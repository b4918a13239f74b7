"""Whose connections a run uses: its own, straight to the service, or through the environment's proxy if it is https."""

from __future__ import annotations

import select
import socket
import ssl
from typing import TYPE_CHECKING

import anyio
import pytest
import trustme
from bulk_runs import edits, every_backend, every_bulk
from edit_server import KEY, Answer, EditServer
from odd_servers import serving

from autoenhance import AsyncAutoenhance, errors

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from bulk_runs import Bulk


def trusted_context(host: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for a host, from an authority that httpx is told to trust."""
    authority = trustme.CA()
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(made)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
    return made


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    return trusted_context("127.0.0.1", tmp_path, monkeypatch)


class Proxy:
    """Tunnels whatever it is asked to tunnel, and remembers what it saw."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.seen = b""

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return
            head += part
        self.asked.append(head)
        self.seen += head
        if not head.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n")
            return
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as service:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            while not over.is_set():
                for ready in select.select([connection, service], [], [], 0.1)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    self.seen += data
                    (service if ready is connection else connection).sendall(data)


@every_bulk
def test_orders_are_edited_over_https(bulk: Bulk, context: ssl.SSLContext) -> None:
    """Encrypted, with the certificate checked, and each connection used again."""
    with EditServer(context=context) as server:
        outcome = bulk(server.options, edits(20), concurrency=3)
    assert [result.error for result in outcome.results] == [None] * 20
    assert server.connections <= 3


@every_bulk
def test_a_certificate_that_nobody_vouches_for_is_refused(
    bulk: Bulk, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key does not go to a machine that only says that it is the service."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with EditServer(context=context) as server:
        outcome = bulk({**server.options, "max_retries": 0}, edits(3))
    assert [type(result.error) for result in outcome.results] == [errors.APIConnectionError] * 3
    assert all("could not be reached" in str(result.error) for result in outcome.results)
    assert server.asked == []


@every_bulk
def test_a_certificate_for_another_host_is_refused(bulk: Bulk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever vouches for it: the name must be that of the service."""
    context = trusted_context("elsewhere.example", tmp_path, monkeypatch)
    with EditServer(context=context) as server:
        outcome = bulk({**server.options, "max_retries": 0}, edits(1))
    assert type(outcome.results[0].error) is errors.APIConnectionError
    assert "could not be reached" in str(outcome.results[0].error)
    assert server.asked == []


@every_bulk
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_environments_proxy_tunnels_https(
    bulk: Bulk, name: str, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only a proxy leads out, it is used, and it reads nothing of what goes through it."""
    proxy = Proxy()
    with EditServer(context=context) as server, serving(proxy) as proxy_url:
        monkeypatch.setenv(name, proxy_url)
        outcome = bulk(server.options, edits(10), concurrency=2)
    assert [result.error for result in outcome.results] == [None] * 10
    assert 1 <= len(proxy.asked) <= 2
    assert all(asked.startswith(f"CONNECT 127.0.0.1:{server.port} ".encode()) for asked in proxy.asked)
    assert KEY.encode() not in proxy.seen
    assert b"Name 1" not in proxy.seen


@every_bulk
def test_no_proxy_reads_what_goes_over_http(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would read the key; http to this machine needs none."""
    proxy = Proxy()
    with EditServer() as server, serving(proxy) as proxy_url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy_url)
        outcome = bulk(server.options, edits(5))
    assert [result.error for result in outcome.results] == [None] * 5
    assert proxy.asked == []


@every_bulk
def test_a_host_that_needs_no_proxy_is_reached_without_it(
    bulk: Bulk, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY says which."""
    proxy = Proxy()
    with EditServer(context=context) as server, serving(proxy) as proxy_url:
        monkeypatch.setenv("HTTPS_PROXY", proxy_url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        outcome = bulk(server.options, edits(5))
    assert [result.error for result in outcome.results] == [None] * 5
    assert proxy.asked == []


@every_bulk
def test_a_proxy_that_refuses_is_no_connection(
    bulk: Bulk, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has seen nothing, and nothing can have happened."""

    def refuse(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")

    with EditServer(context=context) as server, serving(refuse) as proxy_url:
        monkeypatch.setenv("HTTPS_PROXY", proxy_url)
        outcome = bulk({**server.options, "max_retries": 0}, edits(2))
    assert [type(result.error) for result in outcome.results] == [errors.APIConnectionError] * 2
    assert all("could not be reached" in str(result.error) for result in outcome.results)
    assert all("may have happened" not in str(result.error) for result in outcome.results)
    assert server.asked == []


@every_bulk
def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(bulk: Bulk) -> None:
    """To another host or to what is no URL: it is an error that says where it would have gone."""
    with EditServer() as elsewhere:
        locations = {"order-0": f"{elsewhere.url}/v3/orders/a", "order-1": "A:0", "order-2": "https://xn--/"}
        with EditServer(lambda asked: Answer(307, {"location": locations[asked.order_id]})) as server:
            outcome = bulk(server.options, edits(3))
        assert elsewhere.connections == 0
    for number in range(3):
        error = outcome.of(f"order-{number}").error
        assert isinstance(error, errors.APIStatusError)
        assert error.status_code == 307
        assert "redirected" in str(error)
        assert error.headers["location"] == locations[f"order-{number}"]


@every_bulk
def test_cookies_are_not_sent_back(bulk: Bulk) -> None:
    """They could tie a run to one of the service's machines."""
    with EditServer(lambda _: Answer(headers={"set-cookie": "machine=7; Path=/"})) as server:
        bulk(server.options, edits(6), concurrency=1)
    assert [asked.headers.get("cookie") for asked in server.asked] == [None] * 6


@every_bulk
def test_a_request_is_what_a_single_call_sends(bulk: Bulk) -> None:
    """The same headers and the same body, whichever way it goes."""
    from autoenhance import Autoenhance

    with EditServer() as server:
        bulk(server.options, edits(1))
        with Autoenhance(**server.options) as client:
            client.edit_order("order-0", name="Name 0")
    many, single = server.asked
    assert many.body == single.body
    assert many.headers == single.headers


@every_backend
def test_every_connection_is_closed_with_the_run(backend: str) -> None:
    """Not with the client, and not before."""

    async def run(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            async for _ in client.edit_orders(edits(20), concurrency=5):
                pass
            await anyio.to_thread.run_sync(server.wait_for, lambda: server.now_open == 0)

    with EditServer(lambda _: Answer(after=0.02)) as server:
        anyio.run(run, server, backend=backend)
        assert server.connections == 5


@every_backend
def test_edits_that_are_gathered_take_turns_at_a_hundred_connections(backend: str) -> None:
    """As httpx's own pool has them."""

    async def use(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:

            async def edit(number: int) -> None:
                await client.edit_order(f"order-{number}", name="a")

            async with anyio.create_task_group() as tasks:
                for number in range(150):
                    tasks.start_soon(edit, number)

    with EditServer(lambda _: Answer(after=0.02)) as server:
        anyio.run(use, server, backend=backend)
        assert len(server.asked) == 150
        assert 50 <= server.most_open <= 100
