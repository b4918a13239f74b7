"""A service, a proxy and a network that misbehave, in a bulk run: each edit ends as a single call would have."""

from __future__ import annotations

import logging
import pickle
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from bulk_runs import edits, every_bulk
from edit_server import KEY, Answer, Asked, EditServer
from odd_servers import nobody, read_request, serving
from tracebacks import locals_of_library

from autoenhance import errors

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Callable

    from bulk_runs import Bulk

    Behave = Callable[[socket.socket, threading.Event], None]

ORDER = b'{"name": "a"}'
MIB = 2**20


def sending(*parts: bytes, then: Behave | None = None) -> Behave:
    """Read a request, send these bytes, then do something else or close."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)
        if then:
            then(connection, over)

    return behave


def hang(_: socket.socket, over: threading.Event) -> None:
    over.wait()


def drip(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.02):
        connection.sendall(b"x")


def flood(connection: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        connection.sendall(b" " * 65536)


def each(*parts: bytes) -> Behave:
    """Answer each request of a connection with these bytes."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            sending(*parts)(connection, over)

    return behave


PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n" + ORDER
FINE: dict[str, Behave] = {
    "says that it closes": sending(PLAIN.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n")),
    "HTTP/1.0": sending(b"HTTP/1.0 200 OK\r\n\r\n" + ORDER),
    "chunks": each(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n" + ORDER[:6] + b"\r\n",
        b"7\r\n" + ORDER[6:] + b"\r\n0\r\n\r\n",
    ),
    "early hints": each(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", PLAIN),
    "long headers": each(PLAIN.replace(b"OK\r\n", b"OK\r\nx: " + b"x" * 60_000 + b"\r\n")),
}
QUICK = {"timeout": 0.2}
DRIPPING_HEAD = sending(b"HTTP/1.1 200 OK\r\nx: ", then=drip)
HALF = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"


@dataclass(frozen=True)
class Case:
    """One fault."""

    behave: Behave
    error: type[errors.AutoenhanceError]
    says: str
    status: int | None = None
    options: dict[str, Any] = field(default_factory=dict)


BAD = {
    "closes": Case(sending(), errors.APIConnectionError, "broke before the edit of order"),
    "garbage": Case(sending(b"\0\1garbage\r\n\r\n"), errors.APIConnectionError, "broke before"),
    "headers without end": Case(
        sending(b"HTTP/1.1 200 OK\r\nx: ", then=flood), errors.APIConnectionError, "broke before"
    ),
    "drips the headers": Case(DRIPPING_HEAD, errors.APITimeoutError, "within 0.2 s", options=QUICK),
    "half a body": Case(sending(HALF), errors.APIResponseError, "accepted the edit .* broke off", 200),
    "drips the body": Case(
        sending(HALF.replace(b"99", b"99999"), then=drip),
        errors.APITimeoutError,
        "accepted the edit .* did not end within 0.2 s",
        200,
        QUICK,
    ),
    "a body without end": Case(
        sending(b"HTTP/1.1 200 OK\r\n\r\n", then=flood),
        errors.APIResponseError,
        "accepted the edit .* is longer than 1048576 bytes",
        200,
        {"max_response_bytes": MIB},
    ),
    "hangs": Case(sending(then=hang), errors.APITimeoutError, "did not answer .* within 0.2 s", options=QUICK),
    "hangs, and each attempt has its own timeout": Case(
        sending(then=hang), errors.APITimeoutError, "in time", options={"timeout": httpx.Timeout(0.1), "deadline": 5}
    ),
}


@every_bulk
@pytest.mark.parametrize("behave", FINE.values(), ids=FINE)
def test_odd_but_proper_http_is_read(bulk: Bulk, behave: Behave) -> None:
    """Each edit has its own order, at its first attempt."""
    with serving(behave) as url:
        outcome = bulk({"api_key": KEY, "base_url": url, "max_retries": 0}, edits(6), concurrency=2)
    assert [result.error for result in outcome.results] == [None] * 6
    assert [getattr(result.order, "name", None) for result in outcome.results] == ["a"] * 6


@every_bulk
@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_fault_is_each_edits_error(bulk: Bulk, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """The right error in time, no run that hangs or stops, and the key nowhere."""
    caplog.set_level(logging.DEBUG)
    start = time.monotonic()
    with serving(case.behave) as url:
        outcome = bulk({"api_key": KEY, "base_url": url, "max_retries": 0, **case.options}, edits(4), concurrency=4)
        assert time.monotonic() - start < 1.5
    assert outcome.error is None
    assert len(outcome.results) == 4
    for result in outcome.results:
        assert isinstance(result.error, case.error)
        assert type(result.error) is case.error
        assert re.search(case.says, str(result.error))
        assert result.error.status_code == case.status
        assert result.attempts == result.error.attempts == 1
        look_for_the_key(result, caplog.text)


def look_for_the_key(result: Any, logged: str) -> None:
    """It is in no representation of the result, in no log, and no frame hangs on its error."""
    error = result.error
    chain = [error]
    while below := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(below)
    assert [one.__traceback__ for one in chain] == [None] * len(chain)
    shown = [repr(result), repr(vars(error)), *map(str, chain), *map(repr, chain), *locals_of_library(error)]
    assert KEY not in "".join(shown) + pickle.dumps(result).decode("latin-1") + logged


@every_bulk
def test_the_key_is_in_no_log_and_no_result(bulk: Bulk, caplog: pytest.LogCaptureFixture) -> None:
    """With every logger at DEBUG, and a service that repeats the key in what it refuses."""
    caplog.set_level(logging.DEBUG)

    def answer(asked: Asked) -> Answer:
        if asked.order_id == "order-1":
            return Answer(400, body=b'{"message": "bad key ' + KEY.encode() + b'"}')
        if asked.order_id == "order-2":
            return Answer(503 if asked.times == 1 else 401, {"retry-after": "0.01"}, b"key: " + KEY.encode())
        return Answer()

    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(4), concurrency=1)
    assert {asked.headers["x-api-key"] for asked in server.asked} == {KEY}
    assert type(outcome.error) is errors.BulkStoppedError
    assert "attempt 1 failed (status 503), next in 0.01 s" in caplog.text
    assert "<secret>" in str(outcome.of("order-1").error)
    shown = repr(outcome.all) + repr(outcome.error) + repr(vars(outcome.error))
    shown += "".join(repr(vars(result.error)) for result in outcome.all if result.error)
    shown += pickle.dumps([outcome.all, outcome.error]).decode("latin-1")
    shown += "".join(locals_of_library(outcome.error))
    assert KEY not in shown
    assert KEY not in caplog.text


@every_bulk
def test_a_service_that_is_not_there(bulk: Bulk) -> None:
    """Each edit says so, after its retries; nothing can have happened."""
    with nobody() as url, pytest.MonkeyPatch.context() as patched:
        patched.setattr("autoenhance._call.random.random", lambda: 0.0)
        outcome = bulk({"api_key": KEY, "base_url": url, "max_retries": 1}, edits(3))
    assert outcome.error is None
    assert [result.attempts for result in outcome.results] == [2] * 3
    assert all("could not be reached" in str(result.error) for result in outcome.results)
    assert all("may have happened" not in str(result.error) for result in outcome.results)


@pytest.mark.slow
@every_bulk
def test_connections_that_are_closed_while_idle_cost_no_edit(bulk: Bulk) -> None:
    """With a slow rate a service loses patience between two edits; not even without retries is that a failure."""

    def once_then_close(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n" + ORDER)
        over.wait(0.005)

    with serving(once_then_close) as url:
        outcome = bulk({"api_key": KEY, "base_url": url, "max_retries": 0}, edits(5), concurrency=1, rate=8)
    assert [result.error for result in outcome.results] == [None] * 5
