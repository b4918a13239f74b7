"""Connections that end, clients that are forked, shared, dropped, or used in one event loop after another."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from callers import at
from edit_server import Answer, EditServer
from odd_servers import read_request, serving

from autoenhance import AsyncAutoenhance, Autoenhance, errors
from autoenhance._transport import running_loop

if TYPE_CHECKING:
    import socket

    from callers import Caller

    from autoenhance.models import Order
    from autoenhance.sandbox import Sandbox

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"name": "ab"}'


class Counting:
    """Answers every request, and counts the connections."""

    def __init__(self, requests_per_connection: int = 1000) -> None:
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._requests = requests_per_connection

    def __call__(self, connection: socket.socket, _: threading.Event) -> None:
        self.connections += 1
        try:
            for _number in range(self._requests):
                read_request(connection)
                connection.sendall(ANSWER)
        finally:
            connection.close()
            self.closed.release()


def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    """The service closes after each answer; the caller notices nothing, even without retries."""
    service = Counting(requests_per_connection=1)
    with serving(service) as url, Autoenhance("key", base_url=url, max_retries=0) as client:
        for _ in range(3):
            assert client.edit_order("order", name="ab").name == "ab"
            service.closed.acquire()
    assert service.connections == 3


def test_a_connection_that_was_closed_while_idle_is_replaced_for_async_callers_too() -> None:
    """The same, on asyncio and trio."""

    async def edit_thrice(url: str, service: Counting) -> None:
        async with AsyncAutoenhance("key", base_url=url, max_retries=0) as client:
            for _ in range(3):
                assert (await client.edit_order("order", name="ab")).name == "ab"
                await anyio.to_thread.run_sync(service.closed.acquire)
                await anyio.sleep(0.01)

    for backend in ("asyncio", "trio"):
        service = Counting(requests_per_connection=1)
        with serving(service) as url:
            anyio.run(edit_thrice, url, service, backend=backend)
        assert service.connections == 3


def test_edits_share_a_connection() -> None:
    """A client keeps its connection."""
    service = Counting()
    with serving(service) as url, Autoenhance("key", base_url=url) as client:
        for _ in range(5):
            client.edit_order("order", name="ab")
        client.with_options(timeout=5).edit_order("order", name="ab")
    assert service.connections == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_opens_connections_of_its_own() -> None:
    """Parent and child edit through one client, and neither gets the other's answer."""
    service = Counting()
    code = """
import os, sys
from autoenhance import Autoenhance
with Autoenhance("key", base_url=sys.argv[1]) as client:
    client.edit_order("order", name="ab")
    child = os.fork()
    if child == 0:
        status = 0 if client.edit_order("order", name="ab").name == "ab" else 1
        client.close()
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.edit_order("order", name="ab").name == "ab"
"""
    with serving(service) as url:
        subprocess.run([sys.executable, "-W", "error", "-c", code, url], check=True)
    assert service.connections == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_callers_own_http_client_does_not_cross_a_fork() -> None:
    """Its connections are the parent's, and only the caller can make others: a clear error says so."""
    code = """
import os, httpx, anyio
from autoenhance import AsyncAutoenhance, Autoenhance
http, async_http = httpx.Client(), httpx.AsyncClient()
client, async_client = Autoenhance("key", http_client=http), AsyncAutoenhance("key", http_client=async_http)
child = os.fork()
if child == 0:
    status = 1
    try: client.edit_order("order", name="a")
    except RuntimeError as error: status = "made in a parent process" not in str(error)
    async def edit(): await async_client.edit_order("order", name="a")
    try: anyio.run(edit)
    except RuntimeError as error: status = status or "made in a parent process" not in str(error)
    os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_async_client_serves_one_event_loop_after_another(sandbox: Sandbox) -> None:
    """Each asyncio.run, and trio, finds a working client; nothing is left open, and no loop is missed."""
    client = AsyncAutoenhance(**at(sandbox))
    names = [f"name {number}" for number in range(3)]

    async def edit(name: str) -> object:
        return (await client.edit_order("harbour-view-7", name=name)).name

    assert [asyncio.run(edit(name)) for name in names] == names
    assert [anyio.run(edit, name, backend="trio") for name in names] == names
    asyncio.run(client.aclose())
    gc.collect()
    with pytest.raises(RuntimeError, match="this client is closed"):
        asyncio.run(edit("late"))


@pytest.mark.parametrize(
    ("backend", "count"),
    [("asyncio", 100), ("trio", 20), pytest.param("asyncio", 2000, marks=pytest.mark.slow)],
)
def test_a_client_keeps_no_event_loop_alive(sandbox: Sandbox, backend: str, count: int) -> None:
    """A module's client in a program that calls asyncio.run again and again: each loop is freed."""
    client = AsyncAutoenhance(**at(sandbox))
    loops: list[weakref.ref[Any]] = []

    async def edit() -> None:
        loops.append(weakref.ref(running_loop()))
        await client.edit_order("harbour-view-7", name="a")

    for _ in range(count):
        anyio.run(edit, backend=backend)
    gc.collect()
    assert [loop for loop in loops if loop() is not None] == []
    assert len(loops) == count


def test_a_loop_that_is_closed_without_its_generators_is_forgotten(sandbox: Sandbox) -> None:
    """As soon as the client is used in another one."""
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


def test_event_loops_in_threads_share_a_client(sandbox: Sandbox) -> None:
    """Loops that run at the same time have connections of their own, too."""
    client = AsyncAutoenhance(**at(sandbox))
    found: list[object] = []

    async def edit() -> None:
        for number in range(5):
            order = await client.edit_order("harbour-view-7", name=str(number))
            found.append(order.order_id)

    threads = [threading.Thread(target=asyncio.run, args=(edit(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["harbour-view-7"] * 20


def test_a_callers_own_async_client_stays_in_its_event_loop(sandbox: Sandbox) -> None:
    """httpx would fail there in a way that nobody understands; here the error says what to do."""
    http = httpx.AsyncClient()
    client = AsyncAutoenhance(**at(sandbox), http_client=http)

    async def edit(*, close: bool = False) -> object:
        try:
            return (await client.edit_order("harbour-view-7", name="a")).name
        finally:
            if close:
                await http.aclose()

    assert asyncio.run(edit(close=True)) == "a"
    with pytest.raises(RuntimeError, match="this client is closed"):
        asyncio.run(edit())
    other = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})))
    client = AsyncAutoenhance("key", http_client=other)
    asyncio.run(edit())
    with pytest.raises(RuntimeError, match="was used in another event loop"):
        asyncio.run(edit())


def test_a_client_that_is_dropped_leaves_nothing_open(sandbox: Sandbox) -> None:
    """Forgetting to close is no ResourceWarning: warnings are errors here."""
    Autoenhance(**at(sandbox)).edit_order("harbour-view-7", name="a")
    gc.collect()

    async def edit() -> None:
        await AsyncAutoenhance(**at(sandbox)).edit_order("harbour-view-7", name="a")
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(edit())
    gc.collect()


def test_a_script_that_never_closes_ends_quietly(sandbox: Sandbox) -> None:
    """At the end of the interpreter, too, nothing is printed."""
    code = (
        "import asyncio, sys; from autoenhance import *\n"
        "client = Autoenhance('sandbox-key', base_url=sys.argv[1]); client.edit_order('harbour-view-7', name='a')\n"
        "other = AsyncAutoenhance('sandbox-key', base_url=sys.argv[1])\n"
        "for _ in range(2): asyncio.run(other.edit_order('harbour-view-7', name='a'))\n"
    )
    command = [sys.executable, "-W", "error", "-c", code, sandbox.url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("is_tunnelled", [False, True], ids=["connecting", "in the tunnel"])
def test_a_deadline_holds_on_the_way_through_a_proxy(monkeypatch: pytest.MonkeyPatch, *, is_tunnelled: bool) -> None:
    """One that drips its own answer, or the service's: each byte is in time, and no byte is the last."""

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
        client = Autoenhance("key", timeout=0.3, max_retries=0)
        start = time.monotonic()
        with client, pytest.raises(errors.APITimeoutError):
            client.edit_order("order", name="a")
    assert time.monotonic() - start < 1


def test_what_goes_over_http_goes_past_the_environments_proxy(
    caller: Caller, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would read the key; https is tunnelled through it, http to this machine needs none."""
    asked: list[bytes] = []

    def proxy(connection: socket.socket, _: threading.Event) -> None:
        asked.append(connection.recv(65536))

    with serving(proxy) as url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, url)
        response = caller(at(sandbox), "harbour-view-7", name="a")
        assert response.status_code == 200
        assert asked == []
        with pytest.raises(errors.APIConnectionError):
            caller({"api_key": "planted-key", "max_retries": 0}, "order", name="a")
    assert asked
    assert asked[0].startswith(b"CONNECT api.autoenhance.ai:443 ")
    assert b"planted-key" not in asked[0]


def test_every_retry_is_announced_to_on_retry(caller: Caller, sandbox: Sandbox) -> None:
    """A program can show what it waits for; what the function raises ends the call."""
    from autoenhance import Retry

    announced: list[Retry] = []
    sandbox.answer_next(503, headers={"retry-after": "0.01"}, times=2)
    caller(at(sandbox, on_retry=announced.append), "harbour-view-7", name="a")
    assert announced == [Retry("harbour-view-7", attempt, "status 503", 0.01) for attempt in (1, 2)]

    def stop(_: Retry) -> None:
        raise KeyError("enough")

    sandbox.answer_next(503)
    with pytest.raises(KeyError, match="enough"):
        caller(at(sandbox, on_retry=stop), "harbour-view-7", name="a")


def test_an_event_hook_may_read_the_answer(sandbox: Sandbox) -> None:
    """A caller's own client with hooks works; what a hook read is not read again."""
    seen: list[int] = []

    def look(response: httpx.Response) -> None:
        response.read()
        seen.append(len(response.content))

    with httpx.Client(event_hooks={"response": [look]}) as http:
        order = Autoenhance(**at(sandbox), http_client=http).edit_order("harbour-view-7", name="a")
    assert order.name == "a"
    assert len(seen) == 1


def test_cancelling_while_sending_leaves_nothing_open() -> None:
    """On trio, too, where an open generator would be a warning."""

    def never_answer(_: socket.socket, over: threading.Event) -> None:
        over.wait()

    async def cancel() -> None:
        with serving(never_answer) as url:
            async with AsyncAutoenhance("key", base_url=url) as client:
                with anyio.move_on_after(0.05):
                    await client.edit_order("order", extra_body={"long": "x" * 2**24})

    for backend in ("asyncio", "trio"):
        anyio.run(cancel, backend=backend)
    gc.collect()


def test_a_client_closed_by_another_thread_is_a_clear_error(sandbox: Sandbox) -> None:
    """Whatever the moment, it is an order, an AutoenhanceError or the RuntimeError of a closed client."""
    client = Autoenhance(**at(sandbox, max_retries=0))
    odd: list[BaseException] = []
    done: list[Order] = []

    def edit() -> None:
        try:
            while True:
                done.append(client.edit_order("harbour-view-7", name="a"))
        except (errors.AutoenhanceError, RuntimeError):
            return
        except BaseException as error:  # noqa: BLE001  # that is what the test looks for
            odd.append(error)

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(done) < 8:
        pass
    client.close()
    for thread in threads:
        thread.join()
    assert odd == []


def test_event_loops_that_come_and_go_in_threads_do_not_disturb_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new loop looks for closed ones while the others are added and removed."""

    async def handle(*_: object) -> httpx.Response:
        return httpx.Response(200, json={})

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    client = AsyncAutoenhance("key", base_url="http://127.0.0.1:9")
    problems: list[Exception] = []

    def edit() -> None:
        for _ in range(50):
            try:
                asyncio.run(client.edit_order("a", name="x"))
            except Exception as error:  # noqa: BLE001
                problems.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=edit) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not problems


@pytest.mark.parametrize("is_own", [False, True])
def test_a_client_that_is_closed_between_two_attempts_makes_no_other(*, is_own: bool) -> None:
    """The last attempt has the last word, and no connection is opened that nobody would close."""
    with EditServer(lambda asked: Answer(503 if asked.times == 1 else 200)) as server:
        own = httpx.Client() if is_own else None
        client = Autoenhance(**server.options, http_client=own, on_retry=lambda _: (own or client).close())
        with pytest.raises(errors.InternalServerError, match="may have happened"):
            client.edit_order("a", name="x")
        assert len(server.asked) == 1
        server.wait_for(lambda: server.now_open == 0)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_client_that_is_closed_between_two_attempts_makes_no_other(backend: str) -> None:
    async def main(server: EditServer) -> None:
        client = AsyncAutoenhance(**server.options)
        with pytest.raises(errors.InternalServerError):  # noqa: PT012
            async with anyio.create_task_group() as tasks:
                client._settings = client._settings._replace(on_retry=lambda _: tasks.start_soon(client.aclose))
                try:
                    await client.edit_order("a", name="x")
                except errors.InternalServerError as error:
                    failure = error
            raise failure

    with EditServer(lambda asked: Answer(503 if asked.times == 1 else 200)) as server:
        anyio.run(main, server, backend=backend)
        assert len(server.asked) == 1


@pytest.mark.tools  # before 4.16 anyio itself leaves sockets open when connecting is cancelled like that
def test_an_edit_that_is_cancelled_at_any_moment_gives_its_connection_back() -> None:
    """httpcore does not shield its closing from asyncio's own cancelling; a hundred lost connections were all there are."""

    async def main(server: EditServer) -> None:
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

    with EditServer() as server:
        asyncio.run(main(server))


def test_a_hook_that_is_cancelled_by_itself_cancels_the_edit() -> None:
    async def hook(_: httpx.Request) -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        async with httpx.AsyncClient(event_hooks={"request": [hook]}) as own:
            await AsyncAutoenhance("key", http_client=own).edit_order("a", name="x")

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
