"""Connections that end; clients that are forked, shared, dropped, or used in several event loops."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from callers import BACKENDS, at, opened
from edit_server import EditServer, Response
from odd_servers import read_request, serving

from autoenhance import AsyncAutoenhance, Autoenhance, errors
from autoenhance._transport import running_loop
from scripts import run_script

if TYPE_CHECKING:
    import socket

    from autoenhance.sandbox import Sandbox

ORDER = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}'


@pytest.mark.parametrize("then", ["closes", "responds"])
def test_bytes_on_an_idle_connection_are_no_response_to_the_next_request(backend: str, then: str) -> None:
    """An order would get another order's name. The connection is replaced."""
    done, connections = threading.Semaphore(0), 0

    def serve(connection: socket.socket, over: threading.Event) -> None:
        nonlocal connections
        connections += 1
        read_request(connection)
        connection.sendall(ORDER)
        if then == "closes":
            connection.close()
            done.release()
        else:
            time.sleep(0.05)
            connection.sendall(ORDER.replace(b'"a"', b'"b"'))
            done.release()
            over.wait()

    def be_idle() -> None:
        done.acquire()
        time.sleep(0.02)

    with serving(serve) as url, opened(backend, api_key="key", base_url=url, max_retries=0) as client:
        assert client.edit_order("order", name="a").name == "a"
        be_idle()
        assert client.edit_order("order", name="a").name == "a"
        # The event loop has not seen the bytes yet.
        getattr(client, "in_loop", lambda function: function())(be_idle)
        assert client.edit_order("order", name="a").name == "a"
    assert connections == 3


def test_copies_share_the_connections_of_their_client() -> None:
    """Closing a copy leaves them open; closing the client closes its copies."""
    with EditServer() as server:
        with Autoenhance(**server.options) as client:
            client.edit_order("order", name="a")
            with client.with_options(timeout=5) as other:
                other.edit_order("order", name="b")
            assert client.edit_order("order", name="c").name == "c"
        assert server.connections == 1
        with pytest.raises(RuntimeError, match="this client is closed"):
            other.edit_order("order", name="d")


@pytest.mark.posix("fork")
def test_a_forked_child_opens_its_own_connections() -> None:
    """Those of the caller's own httpx clients are the parent's: with them it is an error."""
    code = """
import os, sys, httpx, anyio
from autoenhance import AsyncAutoenhance, Autoenhance
http, async_http = httpx.Client(), httpx.AsyncClient()
own, async_own = Autoenhance("key", http_client=http), AsyncAutoenhance("key", http_client=async_http)
def is_rejected(edit):
    try: edit()
    except RuntimeError as error: return "created in a parent process" in str(error)
with Autoenhance("key", base_url=sys.argv[1]) as client:
    client.edit_order("order", name="ab")
    child = os.fork()
    if child == 0:
        is_right = client.edit_order("order", name="ab").name == "ab"
        client.close()
        is_right &= is_rejected(lambda: own.edit_order("order", name="a"))
        is_right &= is_rejected(lambda: anyio.run(lambda: async_own.edit_order("order", name="a")))
        os._exit(not is_right)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.edit_order("order", name="ab").name == "ab"
http.close()
"""
    with EditServer() as server:
        assert run_script(code, server.url) == ""
        assert server.connections == 2


def test_a_program_that_never_closes_its_clients_ends_quietly(sandbox: Sandbox) -> None:
    code = """
import asyncio, sys
from autoenhance import *
Autoenhance("sandbox-key", base_url=sys.argv[1]).edit_order("harbour-view-7", name="a")
client = Autoenhance("sandbox-key", base_url=sys.argv[1])
client.edit_order("harbour-view-7", name="a")
other = AsyncAutoenhance("sandbox-key", base_url=sys.argv[1])
for _ in range(2): asyncio.run(other.edit_order("harbour-view-7", name="a"))
"""
    assert run_script(code, sandbox.url) == ""


def test_a_dropped_client_leaves_nothing_open(sandbox: Sandbox) -> None:
    """There is no ResourceWarning; warnings are errors here."""
    Autoenhance(**at(sandbox)).edit_order("harbour-view-7", name="a")
    gc.collect()

    async def edit() -> None:
        await AsyncAutoenhance(**at(sandbox)).edit_order("harbour-view-7", name="a")
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(edit())
    gc.collect()


@pytest.mark.parametrize(("backend", "count"), [("asyncio", 50), ("trio", 20)])
def test_an_async_client_works_in_several_event_loops(sandbox: Sandbox, backend: str, count: int) -> None:
    """One after another: nothing is left open, and each loop is freed."""
    client = AsyncAutoenhance(**at(sandbox))
    loops: list[weakref.ref[Any]] = []

    async def edit(name: str) -> object:
        loops.append(weakref.ref(running_loop()))
        return (await client.edit_order("harbour-view-7", name=name)).name

    names = [f"name {number}" for number in range(count)]
    assert [anyio.run(edit, name, backend=backend) for name in names] == names
    gc.collect()
    assert [loop() for loop in loops] == [None] * count
    anyio.run(client.aclose, backend=backend)
    with pytest.raises(RuntimeError, match="this client is closed"):
        anyio.run(edit, "late", backend=backend)


def test_an_event_loop_that_was_closed_without_its_generators_is_freed(sandbox: Sandbox) -> None:
    """When the client is used in another one."""
    client = AsyncAutoenhance(**at(sandbox))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(client.edit_order("harbour-view-7", name="a"))
    loop.close()
    kept = weakref.ref(loop)
    del loop

    def use_in_another() -> None:
        asyncio.run(client.edit_order("harbour-view-7", name="a"))
        gc.collect()

    with pytest.warns(ResourceWarning):
        use_in_another()
    assert kept() is None


@pytest.mark.usefixtures("switching_often")
def test_event_loops_in_threads_share_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """While some begin and others end."""

    async def handle(*_: object) -> httpx.Response:
        return httpx.Response(200, json={"order_id": "a"})

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    client = AsyncAutoenhance("key", base_url="http://127.0.0.1:9")
    with ThreadPoolExecutor(16) as pool:
        orders = pool.map(lambda _: asyncio.run(client.edit_order("a", name="x")), range(16 * 50))
    assert [order.order_id for order in orders] == ["a"] * 16 * 50


def test_the_callers_async_http_client_is_rejected_in_another_event_loop(sandbox: Sandbox) -> None:
    """And when it is closed."""
    http = httpx.AsyncClient()

    async def edit(client: AsyncAutoenhance, *, close: bool = False) -> object:
        try:
            return (await client.edit_order("harbour-view-7", name="a")).name
        finally:
            if close:
                await http.aclose()

    client = AsyncAutoenhance(**at(sandbox), http_client=http)
    assert asyncio.run(edit(client, close=True)) == "a"
    with pytest.raises(RuntimeError, match="this client is closed"):
        asyncio.run(edit(client))
    other = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})))
    client = AsyncAutoenhance("key", http_client=other)
    asyncio.run(edit(client))
    with pytest.raises(RuntimeError, match="was used in another event loop"):
        asyncio.run(edit(client))


def test_closing_a_client_while_threads_use_it(sandbox: Sandbox) -> None:
    """Each call returns an order or raises an AutoenhanceError or RuntimeError."""
    client = Autoenhance(**at(sandbox, max_retries=0))
    done: list[object] = []

    def edit() -> None:
        with suppress(errors.AutoenhanceError, RuntimeError):
            while True:
                done.append(client.edit_order("harbour-view-7", name="a"))

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(edit) for _ in range(4)]
        while len(done) < 8:
            time.sleep(0.001)
        client.close()
    assert [call.exception() for call in calls] == [None] * 4


@pytest.mark.parametrize("backend", [*BACKENDS, "own"])
def test_a_closed_client_does_not_retry(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is that of the last attempt, and no connection is left open."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.4)

    def close(_: object) -> None:
        threading.Thread(target=(own or client).close).start()

    own = httpx.Client() if backend == "own" else None
    with EditServer(lambda request: Response(503 if request.times == 1 else 200)) as server:
        options = {**server.options, "http_client": own, "on_retry": close}
        with opened("sync" if own else backend, **options) as client:
            with pytest.raises(errors.InternalServerError, match="may have happened"):
                client.edit_order("a", name="x")
            assert len(server.requests) == 1
            server.wait_for(lambda: server.now_open == 0)


@pytest.mark.anyio
async def test_cancelling_while_sending_leaves_nothing_open() -> None:
    """An open generator would be a warning on trio. The client can still be used."""
    is_cancelled = False

    def serve(connection: socket.socket, over: threading.Event) -> None:
        if not is_cancelled:
            over.wait()
        read_request(connection)
        connection.sendall(ORDER)

    with serving(serve) as url:
        async with AsyncAutoenhance("key", base_url=url) as client:
            with anyio.move_on_after(0.1) as scope:
                await client.edit_order("order", extra_body={"long": "x" * 2**23})
            assert scope.cancelled_caught
            is_cancelled = True
            assert (await client.edit_order("order", name="a")).name == "a"
    gc.collect()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.tools  # before 4.16 anyio itself leaves sockets open when connecting is cancelled like that
async def test_a_cancelled_edit_releases_its_connection() -> None:
    """At any moment; httpcore does not shield closing from asyncio's cancellation."""
    with EditServer() as server:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as own:
            client = AsyncAutoenhance(**server.options, http_client=own, timeout=3, max_retries=0)
            for moment in range(400):
                edit = asyncio.create_task(client.edit_order("a", name="x"))
                until = time.monotonic() + (moment % 100) * 2e-5
                for _ in range(moment % 40):
                    await asyncio.sleep(0)
                while time.monotonic() < until:
                    await asyncio.sleep(0)
                edit.cancel()
                with suppress(asyncio.CancelledError):
                    await edit
            await client.edit_order("b", name="x")


def test_clients_that_share_a_sync_http2_client_have_one_request_in_flight() -> None:
    """httpcore does not lock sync HTTP/2 connections, and would mix up the responses."""
    in_flight = 0
    together_with: list[int] = []

    def respond(_: httpx.Request) -> httpx.Response:
        nonlocal in_flight
        in_flight += 1
        together_with.append(in_flight)
        time.sleep(0.01)
        in_flight -= 1
        return httpx.Response(200, json={}, extensions={"http_version": b"HTTP/2"})

    with httpx.Client(transport=httpx.MockTransport(respond)) as shared, ThreadPoolExecutor() as pool:
        for client in [Autoenhance("key", http_client=shared) for _ in range(2)] * 10:
            pool.submit(client.edit_order, "a", name="x")
    assert together_with == [1] * 20


@pytest.mark.anyio
async def test_concurrent_async_edits_share_a_hundred_connections() -> None:
    """Each task gets the response to its own edit."""
    edited: dict[str, object] = {}

    async def edit(order_id: str) -> None:
        order = await client.edit_order(order_id, name=order_id)
        edited[order_id] = (order.order_id, order.name)

    order_ids = [f"order-{number}" for number in range(120)]
    with EditServer(lambda _: Response(after=0.02)) as server:
        async with AsyncAutoenhance(**server.options) as client, anyio.create_task_group() as tasks:
            for order_id in order_ids:
                tasks.start_soon(edit, order_id)
        assert 50 <= server.most_open <= 100
    assert edited == {order_id: (order_id, order_id) for order_id in order_ids}
