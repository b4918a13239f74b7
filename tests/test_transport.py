"""A call ends with an order or an error, after as many attempts as are safe, within its time."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from callers import answering, at
from odd_servers import nobody, read_request, serving
from tracebacks import locals_of_library

from autoenhance import Autoenhance, errors

if TYPE_CHECKING:
    from callers import Caller

    from autoenhance.sandbox import Sandbox

BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
HALF_AN_ORDER = b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"order_id": "a"'


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, none of which takes time."""
    asked: list[float] = []

    async def wait(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("autoenhance._attempt.time.sleep", asked.append)
    monkeypatch.setattr("anyio.sleep", wait)
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.5)
    return asked


def test_a_passing_failure_is_retried(caller: Caller, sandbox: Sandbox, waits: list[float]) -> None:
    """Two failures, then the order; each attempt says which it is."""
    sandbox.answer_next(503, headers={"content-type": "text/html"}, body=b"<html>")
    sandbox.answer_next(429, headers={"retry-after": "1.5"})
    order = caller(at(sandbox), sandbox.order_ids[0], name="a").parsed
    assert order is not None
    assert order.name == "a"
    assert waits == [0.25, 1.5]


def test_every_attempt_is_numbered_in_a_header(caller: Caller, waits: list[float]) -> None:
    """Whoever reads the service's logs can tell a retry from a second edit."""
    numbers: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        numbers.append(request.headers["x-autoenhance-attempt"])
        return httpx.Response(500)

    with pytest.raises(errors.InternalServerError) as caught:
        caller(answering(caller, answer, max_retries=2), "order", name="a")
    assert numbers == ["1", "2", "3"]
    assert caught.value.attempts == 3
    assert waits == [0.25, 0.5]


def test_a_retry_is_logged_in_a_sentence(
    caller: Caller, sandbox: Sandbox, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """One INFO record a retry, on the logger `autoenhance`: which order, which attempt, why, how long."""
    sandbox.answer_next(503)
    with caplog.at_level(logging.INFO, logger="autoenhance"):
        caller(at(sandbox), "harbour-view-7", name="a")
    assert [record.getMessage() for record in caplog.records if record.name == "autoenhance"] == [
        "order harbour-view-7: attempt 1 failed (status 503), next in 0.25 s"
    ]
    assert waits == [0.25]


def test_a_lasting_failure_is_not_retried(caller: Caller, sandbox: Sandbox, waits: list[float]) -> None:
    """A 404 is a 404 the second time too."""
    with pytest.raises(errors.NotFoundError) as caught:
        caller(at(sandbox), "nope", name="a")
    assert caught.value.attempts == 1
    assert waits == []


def test_a_wait_beyond_the_deadline_is_not_begun(caller: Caller, sandbox: Sandbox, waits: list[float]) -> None:
    """The error comes at once, with the wait that was asked for."""
    sandbox.answer_next(429, headers={"retry-after": "60"})
    with pytest.raises(errors.RateLimitError) as caught:
        caller(at(sandbox, timeout=30), sandbox.order_ids[0], name="a")
    assert caught.value.retry_after == 60
    assert waits == []


def test_a_service_that_is_not_there(caller: Caller, waits: list[float]) -> None:
    """No connection: retried, even for a new id, and the error says that nothing happened by saying nothing else."""
    with nobody() as url, pytest.raises(errors.APIConnectionError) as caught:
        caller({"api_key": "key", "base_url": url}, "order", name="a", new_order_id="other")
    assert not isinstance(caught.value, errors.APITimeoutError)
    assert caught.value.attempts == 3
    assert len(waits) == 2
    assert str(caught.value).startswith(f"{url} could not be reached to edit order 'order' (ConnectError")
    assert str(caught.value).endswith("), after 3 attempts. Check the network, and base_url or AUTOENHANCE_BASE_URL.")
    assert "may have happened" not in str(caught.value)


def test_a_connection_that_breaks(caller: Caller, waits: list[float]) -> None:
    """The answer is lost: a name is safe to send again, and the error says that the edit may have happened."""

    def close(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)

    with serving(close) as url, pytest.raises(errors.APIConnectionError) as caught:
        caller({"api_key": "key", "base_url": url}, "order", name="a")
    assert caught.value.attempts == 3
    assert str(caught.value).endswith("), after 3 attempts. The edit may have happened; making it twice is harmless.")
    assert len(waits) == 2


def test_a_lost_answer_to_a_new_id_is_not_retried(caller: Caller, waits: list[float]) -> None:
    """The order may live under either id; the error names both."""

    def close(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)

    with serving(close) as url, pytest.raises(errors.APIConnectionError) as caught:
        caller({"api_key": "key", "base_url": url}, "order", new_order_id="other")
    assert caught.value.attempts == 1
    assert str(caught.value).endswith(
        "), after 1 attempt. The edit may have happened: look under 'order' and under 'other'."
    )
    assert waits == []


def test_a_service_that_does_not_answer(caller: Caller) -> None:
    """The caller is back in time, with an error that says so."""

    def hang(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        over.wait()

    start = time.monotonic()
    with serving(hang) as url:
        with pytest.raises(errors.APITimeoutError) as caught:
            caller({"api_key": "key", "base_url": url, "timeout": 0.3}, "order", name="a")
        assert time.monotonic() - start < 0.8
    assert str(caught.value) == (
        f"{url} did not answer the edit of order 'order' within 0.3 s, after 1 attempt. The edit may have happened; "
        "making it twice is harmless."
    )


def test_a_service_that_drips_its_answer(caller: Caller) -> None:
    """Bytes that keep coming do not move the deadline, and the error says that the edit was accepted."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(HALF_AN_ORDER)
        while not over.wait(0.05):
            connection.sendall(b" ")

    start = time.monotonic()
    with serving(drip) as url:
        with pytest.raises(errors.APITimeoutError) as caught:
            caller({"api_key": "key", "base_url": url, "timeout": 0.3}, "order", name="a")
        assert time.monotonic() - start < 0.8
    assert str(caught.value) == (
        "The service accepted the edit of order 'order' (200 OK), but its response did not end within 0.3 s, "
        "after 1 attempt."
    )
    assert caught.value.status_code == 200


def test_a_success_that_breaks_off_is_retried_like_a_lost_connection(caller: Caller, waits: list[float]) -> None:
    """A name is safe to send again; the last error says that the edit was accepted, and carries what arrived."""

    def break_off(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(HALF_AN_ORDER)

    with serving(break_off) as url, pytest.raises(errors.APIResponseError) as caught:
        caller({"api_key": "key", "base_url": url}, "order", name="a")
    assert str(caught.value).startswith(
        "The service accepted the edit of order 'order' (200 OK), but its response broke off"
    )
    assert caught.value.body == '{"order_id": "a"'
    assert waits == [0.25, 0.5]


def test_a_success_that_breaks_off_and_then_comes_whole_is_an_order(caller: Caller, waits: list[float]) -> None:
    """The caller notices nothing."""
    answers = [HALF_AN_ORDER, b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"name": "a"}']

    def answer(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(answers.pop(0))

    with serving(answer) as url:
        order = caller({"api_key": "key", "base_url": url}, "order", name="a").parsed
    assert order is not None
    assert order.name == "a"
    assert waits == [0.25]


def test_an_error_that_breaks_off_is_still_that_error(caller: Caller, waits: list[float]) -> None:
    """The status decides, whatever becomes of the body."""

    def break_off(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 10\r\n\r\nhalf")

    with serving(break_off) as url, pytest.raises(errors.InternalServerError) as caught:
        caller({"api_key": "key", "base_url": url}, "order", name="a")
    assert caught.value.attempts == 3
    assert caught.value.body == "half"
    assert len(waits) == 2


def test_a_body_that_does_not_unpack_is_an_unreadable_success(caller: Caller) -> None:
    """A wrong content-encoding does not hide that the edit was accepted."""

    def lie(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\njunk")

    with serving(lie) as url, pytest.raises(errors.APIResponseError, match="accepted the edit"):
        caller({"api_key": "key", "base_url": url}, "order", name="a")


def test_garbage_in_place_of_http(caller: Caller, waits: list[float]) -> None:
    """What is no HTTP at all is a connection that broke."""

    def garbage(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"\x00\x01garbage\r\n\r\n")

    with serving(garbage) as url, pytest.raises(errors.APIConnectionError) as caught:
        caller({"api_key": "key", "base_url": url}, "order", name="a")
    assert caught.value.attempts == 3
    assert len(waits) == 2


def test_failing_for_ever_ends_with_the_last_error(caller: Caller) -> None:
    """However many retries are allowed, the deadline ends them."""

    def fail(connection: socket.socket, _: threading.Event) -> None:
        while True:
            read_request(connection)
            connection.sendall(BAD_GATEWAY)

    start = time.monotonic()
    with serving(fail) as url, pytest.raises(errors.InternalServerError):
        caller({"api_key": "key", "base_url": url, "timeout": 0.5, "max_retries": 10_000}, "order", name="a")
    assert time.monotonic() - start < 1


def test_without_a_timeout_a_slow_service_is_waited_for(caller: Caller) -> None:
    """None means no limit, not the limit of httpx."""
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(200, json={})

    caller(answering(caller, answer, timeout=None), "order", name="a")
    assert asked == [{"connect": None, "read": None, "write": None, "pool": None}]


def test_a_cancelled_call_leaves_the_client_usable(sandbox: Sandbox) -> None:
    """Cancelling is the caller's right; the next edit gets its own answer."""
    from autoenhance import AsyncAutoenhance

    async def main() -> str:
        def hang(connection: socket.socket, over: threading.Event) -> None:
            read_request(connection)
            over.wait()

        with serving(hang) as url:
            async with AsyncAutoenhance("key", base_url=url) as client:
                with anyio.move_on_after(0.1) as scope:
                    await client.edit_order("order", name="a")
                assert scope.cancelled_caught
        async with AsyncAutoenhance(**at(sandbox)) as client:
            return str((await client.edit_order(sandbox.order_ids[0], name="a")).name)

    assert anyio.run(main) == "a"


def test_no_traceback_shows_the_key(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """Not even one with local variables, down to the last cause, nor a log at any level."""

    def close(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)

    with caplog.at_level(logging.DEBUG), serving(close) as url, pytest.raises(errors.APIConnectionError) as caught:
        caller({"api_key": "planted-" + "key", "base_url": url, "max_retries": 0}, "order", name="a")
    ours = locals_of_library(caught.value)
    assert len(ours) >= 3
    assert not any("planted-key" in one for one in ours)
    assert "planted-key" not in caplog.text


def test_clients_that_share_an_http2_client_have_one_request_in_flight() -> None:
    """httpcore does not lock sync HTTP/2 connections: with two at once, one account's order could get the name of the other's."""
    in_flight: list[int] = [0]
    together: list[int] = []

    def answer(_: httpx.Request) -> httpx.Response:
        in_flight[0] += 1
        together.append(in_flight[0])
        time.sleep(0.02)
        in_flight[0] -= 1
        return httpx.Response(200, json={}, extensions={"http_version": b"HTTP/2"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as shared:
        clients = [Autoenhance(f"key-{number}", http_client=shared) for number in range(2)]
        threads = [
            threading.Thread(target=lambda client=client: [client.edit_order("a", name="x") for _ in range(10)])
            for client in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert together == [1] * 20


def test_a_look_up_that_outlasts_the_time_to_connect_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent, and it is no ValueError about a socket's timeout."""
    look_up = socket.getaddrinfo

    def look_up_slowly(*arguments: Any, **options: Any) -> Any:
        time.sleep(0.1)
        return look_up(*arguments, **options)

    monkeypatch.setattr("socket.getaddrinfo", look_up_slowly)
    with (
        nobody() as url,
        Autoenhance("key", base_url=url, timeout=httpx.Timeout(5, connect=0.05), max_retries=0) as client,
        pytest.raises(errors.APITimeoutError) as caught,
    ):
        client.edit_order("a", name="x")
    assert "may have happened" not in str(caught.value)
