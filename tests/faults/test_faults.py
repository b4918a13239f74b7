"""A service, a proxy and a network that misbehave: what the caller must see, after how many attempts, in what time.

Each case runs through the sync client and through the async one on asyncio and trio, some in bulk too, against a server on
loopback. Backoffs are drawn as zero, so that no case takes longer than it must. After each, the key is looked for everywhere.
"""

from __future__ import annotations

import gzip
import json
import logging
import pickle
import re
import socket
import struct
import threading
import time
import tracemalloc
import zlib
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callers import edits
from edit_server import KEY
from odd_servers import nobody, read_request, serving
from tracebacks import locals_of_library

from autoenhance import OrderEdit, errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from callers import Bulk, Caller, EditOne

    Behave = Callable[[socket.socket, threading.Event], None]

MIB = 2**20
ORDER = b'{"order_id": "order", "name": "a"}'
HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = HEAD + b"\r\n"


def http(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """A response as bytes."""
    length = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Odd", "connection: close", f"content-length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def sending(*parts: bytes, then: Behave | None = None) -> Behave:
    """Read a request, send these bytes, then do something else or close."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        for part in parts:
            connection.sendall(part)
        if then:
            then(connection, over)

    return behave


def each(*parts: bytes) -> Behave:
    """Respond to each request of a connection with these bytes."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            sending(*parts)(connection, over)

    return behave


def hang(_: socket.socket, over: threading.Event) -> None:
    over.wait()


def reset(connection: socket.socket, _: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.02):
        connection.sendall(b"x")


def flood(connection: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        connection.sendall(b" " * 65536)


GZIP, ZLIB = partial(gzip.compress, compresslevel=1), partial(zlib.compress, level=1)


@cache
def bomb(*compress: Callable[[bytes], bytes]) -> bytes:
    """Few bytes that decompress to 80 MiB."""
    content = bytes(80 * MIB)
    for function in compress:
        content = function(content)
    return content


def bombing(status: int, encoding: str, *compress: Callable[[bytes], bytes]) -> Behave:
    def behave(connection: socket.socket, over: threading.Event) -> None:
        sending(http(status, bomb(*compress), f"content-encoding: {encoding}"))(connection, over)

    return behave


@dataclass(frozen=True)
class Case:
    """One fault."""

    behave: Behave
    error: type[errors.AutoenhanceError]
    says: str
    attempts: int = 1
    status: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    edit: dict[str, Any] = field(default_factory=lambda: {"name": "a"})
    seconds: float = 1.0
    in_head: bool = False
    """Whether the key is in a response's head, which httpcore's debug log shows."""


LOST = r"The edit may have happened; making it twice is harmless\.$"
QUICK = {"timeout": 0.3, "max_retries": 0}
OF_AN_ATTEMPT = {"timeout": httpx.Timeout(0.1), "deadline": 5}
MOVES = {"name": "a", "new_order_id": "other"}


def lost(behave: Behave, says: str = rf"\), after 3 attempts\. {LOST}", attempts: int = 3, **more: Any) -> Case:
    """The response is lost."""
    return Case(behave, errors.APIConnectionError, says, attempts, **more)


def late(behave: Behave, says: str, **more: Any) -> Case:
    """There is no whole response in time."""
    return Case(behave, errors.APITimeoutError, says, **{"options": QUICK, "seconds": 0.8, **more})


def unreadable(behave: Behave, says: str, **more: Any) -> Case:
    """The edit was accepted, and the response is no order."""
    says = rf"^order 'order': edit accepted \(200\), but .*{says}"
    return Case(behave, errors.APIResponseError, says, status=200, **more)


def refused(status: int, error: type[errors.APIStatusError], says: str, *sent: Any, **more: Any) -> Case:
    """The status is an error; `sent` are the body and the headers."""
    return Case(sending(http(status, *sent)), error, says, status=status, **more)


def redirected(status: int, location: str, says: str, **more: Any) -> Case:
    return refused(status, errors.APIStatusError, f"redirect to .*{says}", b"", f"location: {location}", **more)


def encoded(body: bytes, encoding: str) -> Behave:
    return sending(http(200, body, f"content-encoding: {encoding}"))


HALF = http(200, ORDER[:9], length=99)
BEGUN = http(200, b"{", length=MIB)
NOT_ENDED = r"edit accepted \(200\), but the response did not complete"
TOO_LARGE = "decompresses to more than 67108864 bytes"
MOVED = "The edit may have happened: look under 'order' and under 'other'"
BAD, SERVER_ERROR = errors.BadRequestError, errors.InternalServerError
CASES: dict[str, Case] = {
    # The connection
    "closes at once": lost(lambda *_: None),
    "closes after the request": lost(sending()),
    "resets after the request": lost(sending(then=reset)),
    "closes, and the edit moves the order": lost(sending(), rf"\), after 1 attempt\. {MOVED}\.$", 1, edit=MOVES),
    "closes within the headers": lost(sending(HEAD + b"content-")),
    "hangs": late(
        sending(then=hang),
        rf"^order 'order': no response from http://\S+ within 0.3 s, after 1 attempt\. {LOST}",
    ),
    "never reads": late(hang, "within 0.3 s", edit={"extra_body": {"long": "x" * 6 * MIB}}),
    "hangs, and each attempt has its own timeout": late(
        sending(then=hang),
        "no response from .* in time, after 3 attempts",
        attempts=3,
        options=OF_AN_ATTEMPT,
    ),
    "hangs, and the deadline comes before the second timeout": late(
        sending(then=hang), "within 0.4 s", attempts=2, options={"timeout": httpx.Timeout(0.25), "deadline": 0.4}
    ),
    # The headers
    "drips the headers": late(sending(HEAD + b"x: ", then=drip), "no response from"),
    "headers without end": lost(sending(HEAD + b"x: ", then=flood), seconds=5),
    "garbage": lost(sending(b"\0\1garbage\r\n\r\n")),
    "a length that is no number": lost(sending(HEAD + b"content-length: many\r\n\r\n")),
    "a long malformed head": lost(sending(HEAD + b"x" * 50_000 + b"\r\n\r\n")),
    # The body of a success
    "half a body": unreadable(sending(HALF), "the response was cut off", attempts=3),
    "half a chunk": unreadable(
        sending(HEAD + b'transfer-encoding: chunked\r\n\r\n99\r\n{"a"'), "was cut off", attempts=3
    ),
    "a body longer than its length": unreadable(sending(http(200, ORDER, length=9)), "cannot be read"),
    "drips the body": late(sending(BEGUN, then=drip), rf"{NOT_ENDED} within 0.3 s, after 1 attempt\.$", status=200),
    "hangs within the body, and each attempt has its own timeout": late(
        sending(BEGUN, then=hang),
        f"{NOT_ENDED} in time, after 3 attempts",
        attempts=3,
        options=OF_AN_ATTEMPT,
        status=200,
    ),
    "a body without end": unreadable(
        sending(ENDLESS, then=flood), "is longer than 1048576 bytes", options={"max_response_bytes": MIB}
    ),
    "a gzip bomb": unreadable(bombing(200, "gzip", GZIP), TOO_LARGE, seconds=3),
    "a deflate bomb": unreadable(bombing(200, "deflate", ZLIB), TOO_LARGE, seconds=3),
    "a bomb in a bomb": unreadable(bombing(200, "gzip, gzip", GZIP, GZIP), TOO_LARGE, seconds=3),
    "encodings without end": unreadable(encoded(ORDER, "gzip, " * 5 + "gzip"), "is encoded 6 times"),
    "members without end": unreadable(
        encoded(gzip.compress(b" ") * 101, "gzip"), "is compressed in more than 100 parts"
    ),
    "half of a compressed body": unreadable(
        encoded(gzip.compress(ORDER)[:-9], "gzip"), r"cannot be decompressed \(truncated\)"
    ),
    "an encoding that was not asked for": unreadable(encoded(b"x", "br"), "encoded as 'br'"),
    "an encoding that is not true": unreadable(encoded(ORDER, "gzip"), "cannot be decompressed"),
    # Failures of the service
    "an error that breaks off": Case(sending(http(502, b"half", length=99)), SERVER_ERROR, LOST, 3, 502),
    "an error without end": Case(
        sending(b"HTTP/1.1 400 Bad Request\r\n\r\n", then=flood), BAD, "400", 1, 400, {"max_response_bytes": MIB}
    ),
    "an error of 10 MB": refused(404, errors.NotFoundError, "long long", b"long " * 2 * MIB),
    "an error that is a bomb": Case(
        bombing(403, "gzip", GZIP), errors.PermissionDeniedError, "403", status=403, seconds=3
    ),
    "500 for an edit that moves the order": refused(500, SERVER_ERROR, MOVED, edit=MOVES),
    "429 for an edit that moves the order": refused(
        429, errors.RateLimitError, r"\(429\)\. Send fewer", attempts=3, edit=MOVES
    ),
    "a wait that does not fit": refused(503, SERVER_ERROR, r"Retry after 60 s\.$", b"", "retry-after: 60"),
    # A service that gives the key away
    "the key in an error": refused(
        400, BAD, "bad key <secret>", json.dumps({"message": f"bad key {KEY}"}).encode(), f"x-key: {KEY}", in_head=True
    ),
    "the key, escaped": refused(
        400,
        BAD,
        "bad key <secret>",
        f'{{"message": "bad key {"".join(f"{chr(92)}u{ord(c):04x}" for c in KEY)}"}}'.encode(),
    ),
    "the key in UTF-16": refused(400, BAD, "400", f"<p>{KEY}".encode("utf-16")),
    "the key in HTML": refused(400, BAD, "400", f"bad key {KEY.replace('-', '&#45;')}".encode()),
    "the key in a URL": redirected(307, f"https://{KEY}.example/{KEY.replace('-', '%2D')}", "", in_head=True),
    "the key in an order that breaks off": unreadable(sending(http(200, KEY.encode(), length=99)), "", attempts=3),
    "the key in an order that does not end": late(
        sending(http(200, KEY.encode(), length=99), then=hang), NOT_ENDED, status=200
    ),
    "the key in an order that is none": unreadable(
        sending(http(200, json.dumps([KEY]).encode())), "is not a JSON object"
    ),
    "the key in what is no JSON": unreadable(sending(http(200, f'{{"{KEY}'.encode())), "cannot be read"),
    "the key in a malformed head": lost(sending(HEAD + f"{KEY}\r\n\r\n".encode()), f"<secret>.*{LOST}", in_head=True),
    # Redirects
    "a redirect to another host": redirected(
        307,
        "https://elsewhere.example/v3/orders/order",
        "'elsewhere.example' not followed .*: it would get the API key. Check base_url",
    ),
    "a redirect to another path": redirected(301, "/elsewhere", "another place on the same host"),
    "a redirect to what httpx trips over": redirected(301, "A:0", ""),
    "a redirect to what idna trips over": redirected(307, "https://xn--/", "'xn--' not followed"),
    "a redirect to nonsense": redirected(302, "http://[", "another place on the same host"),
}
IN_BULK = [
    "closes after the request",
    "closes, and the edit moves the order",
    "hangs",
    "hangs, and each attempt has its own timeout",
    "drips the headers",
    "headers without end",
    "garbage",
    "half a body",
    "drips the body",
    "a body without end",
    "an error that breaks off",
    "the key in an error",
    "a redirect to another host",
    "a redirect to what httpx trips over",
]


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_an_error_that_says_what_to_do(caller: Caller, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """The right error, the right number of attempts, in time, and the key nowhere."""
    caplog.set_level(logging.DEBUG)
    with serving(case.behave) as url:
        start = time.monotonic()
        with pytest.raises(case.error) as caught:
            caller({"api_key": KEY, "base_url": url, "timeout": 10, **case.options}, "order", **case.edit)
        took = time.monotonic() - start
    assert took < case.seconds
    check(caught.value, case, caplog.text)
    assert len(locals_of_library(caught.value)) >= 3


@pytest.mark.parametrize("name", IN_BULK)
def test_a_fault_is_each_edits_error(bulk: Bulk, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """In bulk too: no run hangs or stops, and each edit has the error that a single call would have."""
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    with serving(case.behave) as url:
        options = {"api_key": KEY, "base_url": url, "timeout": 10, **case.options}
        start = time.monotonic()
        outcome = bulk(options, [OrderEdit(f"order-{n}", **case.edit) for n in range(4)], concurrency=4)
        took = time.monotonic() - start
    assert outcome.error is None
    assert took < 4 * case.seconds
    assert len(outcome.results) == 4
    for result in outcome.results:
        assert result.error is not None
        assert result.error.__traceback__ is None
        assert result.attempts == case.attempts
        assert KEY not in repr(result)
        check(result.error, case, caplog.text)


def check(error: Any, case: Case, logged: str) -> None:
    """It is what it must be; the key is in no representation of it, in no log, and in no frame of the library or below it."""
    assert type(error) is case.error
    assert re.search(case.says.replace("'order'", r"'order(-\d)?'"), str(error))
    assert (error.status_code, error.attempts) == (case.status, case.attempts)
    assert len(str(error)) < 800
    assert str(error).isprintable()
    below: BaseException | None = error
    shown = [*locals_of_library(error), repr(vars(error)), pickle.dumps(error).decode("latin-1")]
    while below and (below := below.__cause__ or below.__context__):
        assert below.__traceback__ is None, "the frames of httpx and httpcore hold the request's headers"
        shown += [repr(below), str(below)]
    assert KEY not in "".join([*shown, str(error), repr(error)])
    assert case.in_head or KEY not in logged


ODD: dict[str, Behave] = {
    "says that it closes": sending(http(200, ORDER)),
    "HTTP/1.0": sending(b"HTTP/1.0 200 OK\r\n\r\n" + ORDER),
    "chunks": each(HEAD + b"transfer-encoding: chunked\r\n\r\n9\r\n" + ORDER[:9] + b"\r\n19\r\n" + ORDER[9:] + b"\r\n0\r\n\r\n"),
    "early hints": each(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", HEAD + b"content-length: 34\r\n\r\n" + ORDER),
    "long headers": each(HEAD + b"content-length: 34\r\nx: " + b"x" * 60_000 + b"\r\n\r\n" + ORDER),
    "closes late": sending(http(200, ORDER), then=hang),
}  # fmt: skip


@pytest.mark.parametrize("behave", ODD.values(), ids=ODD)
def test_odd_but_valid_http_is_read(bulk: Bulk, behave: Behave) -> None:
    """Each edit has its order, at its first attempt; nobody waits for the end of a connection."""
    start = time.monotonic()
    with serving(behave) as url:
        outcome = bulk({"api_key": KEY, "base_url": url, "max_retries": 0}, edits(6), concurrency=2)
    assert [result.error for result in outcome.results] == [None] * 6
    assert [getattr(result.order, "name", None) for result in outcome.results] == ["a"] * 6
    assert time.monotonic() - start < 2


def test_a_service_that_is_not_there(edit: EditOne) -> None:
    """No connection is retried, even if the edit moves the order: nothing can have happened, and nothing says so."""
    with nobody() as url, pytest.raises(errors.APIConnectionError) as caught:
        edit({"api_key": KEY, "base_url": url}, **MOVES)
    assert type(caught.value) is errors.APIConnectionError
    assert caught.value.attempts == 3
    assert str(caught.value).startswith(f"order 'order': cannot connect to {url} (ConnectError")
    assert str(caught.value).endswith("), after 3 attempts. Check the network, and base_url or AUTOENHANCE_BASE_URL.")


def test_what_an_earlier_attempt_may_have_done_is_not_forgotten(caller: Caller) -> None:
    """The last attempt found nobody, but the first one may have edited the order."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept_once() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            read_request(connection)

    thread = threading.Thread(target=accept_once)
    thread.start()
    options = {"api_key": KEY, "base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}
    with pytest.raises(
        errors.APIConnectionError, match=r"ConnectError.*, after 3 attempts\. The edit may have happened"
    ):
        caller(options, "order", name="a")
    thread.join()


def test_a_success_that_breaks_off_and_then_comes_whole_is_an_order(caller: Caller) -> None:
    """The caller notices nothing."""
    responses = [HALF, http(200, ORDER)]

    def behave(connection: socket.socket, over: threading.Event) -> None:
        sending(responses.pop(0))(connection, over)

    with serving(behave) as url:
        order = caller({"api_key": KEY, "base_url": url}, "order", name="a").parsed
    assert order is not None
    assert order.name == "a"


def test_a_service_that_fails_for_ever_is_left_at_the_deadline(caller: Caller) -> None:
    """However many retries are allowed: the last error, or that there was no time for another response."""
    start = time.monotonic()
    with serving(each(http(503))) as url:
        options = {"api_key": KEY, "base_url": url, "timeout": 0.3, "max_retries": 10**6}
        with pytest.raises((errors.InternalServerError, errors.APITimeoutError)) as caught:
            caller(options, "order", name="a")
    assert time.monotonic() - start < 0.8
    assert caught.value.attempts > 3


@pytest.mark.parametrize("behave", [sending(ENDLESS, then=flood), bombing(200, "gzip", GZIP)])
def test_memory_stays_bounded_while_a_response_is_cut_off(caller: Caller, behave: Behave) -> None:
    """Neither a body without end nor a bomb is held in memory beyond the limit."""
    bomb(GZIP)
    with serving(behave) as url:
        tracemalloc.start()
        with pytest.raises(errors.APIResponseError):
            caller({"api_key": KEY, "base_url": url, "max_response_bytes": 4 * MIB}, "order", name="a")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40 * MIB
