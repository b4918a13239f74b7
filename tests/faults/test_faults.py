"""A service and a network that misbehave: which error is raised, after how many attempts, in what time.

Each case runs through the sync client and through the async one on asyncio and trio, some in bulk, too. There is no backoff.
"""

from __future__ import annotations

import gzip
import logging
import pickle
import re
import socket
import struct
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callers import edits
from edit_server import KEY
from odd_servers import read_request, serving, unreachable
from tracebacks import chain, locals_of_library

from autoenhance import OrderEdit, errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from callers import Bulk, Caller, EditOne

    Behave = Callable[[socket.socket, threading.Event], None]

MIB = 2**20
ORDER = b'{"order_id": "order", "name": "a"}'
HEAD = b"HTTP/1.1 200 OK\r\n"
ENDLESS = HEAD + b"\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


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
    """Whether the key is in the response's headers, which httpcore logs."""
    in_bulk: bool = False
    """Whether it is also tried in bulk."""


LOST = r"The edit may have happened; making it twice is harmless\.$"
QUICK = {"timeout": 0.3, "max_retries": 0}
PER_ATTEMPT = {"timeout": httpx.Timeout(0.1), "deadline": 5}
MOVES = {"name": "a", "new_order_id": "other"}


def lost(behave: Behave, says: str = rf"\), after 3 attempts\. {LOST}", attempts: int = 3, **more: Any) -> Case:
    """The response is lost."""
    return Case(behave, errors.APIConnectionError, says, attempts, **more)


def late(behave: Behave, says: str, **more: Any) -> Case:
    """There is no complete response in time."""
    return Case(behave, errors.APITimeoutError, says, **{"options": QUICK, "seconds": 0.8, **more})


def unreadable(behave: Behave, says: str, **more: Any) -> Case:
    """The edit was accepted, but the response cannot be read."""
    says = rf"^order 'order': edit accepted \(200\), but .*{says}"
    return Case(behave, errors.APIResponseError, says, status=200, **more)


def refused(status: int, error: type[errors.APIStatusError], says: str, *sent: Any, **more: Any) -> Case:
    """An error status; `sent` are the body and the headers."""
    return Case(sending(http(status, *sent)), error, says, status=status, **more)


def redirected(status: int, location: str, says: str, **more: Any) -> Case:
    return refused(status, errors.APIStatusError, f"redirect to .*{says}", b"", f"location: {location}", **more)


def encoded(body: bytes, encoding: str) -> Behave:
    return sending(http(200, body, f"content-encoding: {encoding}"))


HANG = sending(then=hang)
HALF = http(200, ORDER[:9], length=99)
BEGUN = http(200, b"{", length=MIB)
NOT_COMPLETE = r"edit accepted \(200\), but the response did not complete"
TOO_LARGE = "decompresses to more than 67108864 bytes"
MOVED = "The edit may have happened: look under 'order' and under 'other'"
BAD, SERVER_ERROR = errors.BadRequestError, errors.InternalServerError
ESCAPED_KEY = "".join(f"\\u{ord(character):04x}" for character in KEY)
CASES: dict[str, Case] = {
    # The connection
    "closes at once": lost(lambda *_: None),
    "closes after the request": lost(sending(), in_bulk=True),
    "resets after the request": lost(sending(then=reset)),
    "closes, new id": lost(sending(), rf"\), after 1 attempt\. {MOVED}\.$", 1, edit=MOVES, in_bulk=True),
    "closes within the headers": lost(sending(HEAD + b"content-")),
    "hangs": late(
        HANG, rf"^order 'order': no response from http://\S+ within 0.3 s, after 1 attempt\. {LOST}", in_bulk=True
    ),
    "never reads": late(hang, "within 0.3 s", edit={"extra_body": {"long": "x" * 6 * MIB}}),
    "hangs, timeout per attempt": late(
        HANG, "no response from .* in time, after 3 attempts", attempts=3, options=PER_ATTEMPT, in_bulk=True
    ),
    "hangs, deadline within an attempt": late(
        HANG, "within 0.4 s", attempts=2, options={"timeout": httpx.Timeout(0.25), "deadline": 0.4}
    ),
    # The headers
    "drips the headers": late(sending(HEAD + b"x: ", then=drip), "no response from", in_bulk=True),
    "endless headers": lost(sending(HEAD + b"x: ", then=flood), seconds=5, in_bulk=True),
    "garbage": lost(sending(b"\0\1garbage\r\n\r\n"), in_bulk=True),
    "invalid length": lost(sending(HEAD + b"content-length: many\r\n\r\n")),
    "long malformed headers": lost(sending(HEAD + b"x" * 50_000 + b"\r\n\r\n")),
    # The body of a success
    "half a body": unreadable(sending(HALF), "the response was cut off", attempts=3, in_bulk=True),
    "half a chunk": unreadable(sending(CHUNKED + b'99\r\n{"a"'), "was cut off", attempts=3),
    "body longer than its length": unreadable(sending(http(200, ORDER, length=9)), "cannot be read"),
    "drips the body": late(
        sending(BEGUN, then=drip), rf"{NOT_COMPLETE} within 0.3 s, after 1 attempt\.$", status=200, in_bulk=True
    ),
    "hangs within the body, timeout per attempt": late(
        sending(BEGUN, then=hang), f"{NOT_COMPLETE} in time", attempts=3, options=PER_ATTEMPT, status=200
    ),
    "endless body": unreadable(
        sending(ENDLESS, then=flood), "is longer than 1048576 bytes", options={"max_response_bytes": MIB}, in_bulk=True
    ),
    "gzip bomb": unreadable(bombing(200, "gzip", GZIP), TOO_LARGE, seconds=3),
    "deflate bomb": unreadable(bombing(200, "deflate", ZLIB), TOO_LARGE, seconds=3),
    "bomb in a bomb": unreadable(bombing(200, "gzip, gzip", GZIP, GZIP), TOO_LARGE, seconds=3),
    "many encodings": unreadable(encoded(ORDER, "gzip, " * 5 + "gzip"), "is encoded 6 times"),
    "many members": unreadable(encoded(gzip.compress(b" ") * 101, "gzip"), "is compressed in more than 100 parts"),
    "truncated gzip": unreadable(encoded(gzip.compress(ORDER)[:-9], "gzip"), r"cannot be decompressed \(truncated\)"),
    "unsupported encoding": unreadable(encoded(b"x", "br"), "encoded as 'br'"),
    "wrong encoding": unreadable(encoded(ORDER, "gzip"), "cannot be decompressed"),
    # Errors of the service
    "error cut off": Case(sending(http(502, b"half", length=99)), SERVER_ERROR, LOST, 3, 502, in_bulk=True),
    "endless error": Case(
        sending(b"HTTP/1.1 400 Bad Request\r\n\r\n", then=flood), BAD, "400", 1, 400, {"max_response_bytes": MIB}
    ),
    "error of 10 MB": refused(404, errors.NotFoundError, "long long", b"long " * 2 * MIB),
    "error with a bomb": Case(bombing(403, "gzip", GZIP), errors.PermissionDeniedError, "403", status=403, seconds=3),
    "500, new id": refused(500, SERVER_ERROR, MOVED, edit=MOVES),
    "429, new id": refused(429, errors.RateLimitError, r"\(429\)\. Send fewer", attempts=3, edit=MOVES),
    "retry after the deadline": refused(503, SERVER_ERROR, r"Retry after 60 s\.$", b"", "retry-after: 60"),
    # Responses with the key
    "key in an error": refused(
        400,
        BAD,
        "bad key <secret>",
        f'{{"message": "bad key {KEY}"}}'.encode(),
        f"x-key: {KEY}",
        in_head=True,
        in_bulk=True,
    ),
    "key, escaped": refused(400, BAD, "bad key <secret>", f'{{"message": "bad key {ESCAPED_KEY}"}}'.encode()),
    "key in UTF-16": refused(400, BAD, "400", f"<p>{KEY}".encode("utf-16")),
    "key in HTML": refused(400, BAD, "400", f"bad key {KEY.replace('-', '&#45;')}".encode()),
    "key in a URL": redirected(307, f"https://{KEY}.example/{KEY.replace('-', '%2D')}", "", in_head=True),
    "key in a success cut off": unreadable(sending(http(200, KEY.encode(), length=99)), "", attempts=3),
    "key in a success that hangs": late(
        sending(http(200, KEY.encode(), length=99), then=hang), NOT_COMPLETE, status=200
    ),
    "key in an array": unreadable(sending(http(200, f'["{KEY}"]'.encode())), "is not a JSON object"),
    "key in invalid JSON": unreadable(sending(http(200, f'{{"{KEY}'.encode())), "cannot be read"),
    "key in malformed headers": lost(sending(HEAD + f"{KEY}\r\n\r\n".encode()), f"<secret>.*{LOST}", in_head=True),
    # Redirects
    "redirect to another host": redirected(
        307,
        "https://elsewhere.example/v3/orders/order",
        "'elsewhere.example' not followed .*: that would send the API key. Check base_url",
        in_bulk=True,
    ),
    "redirect to another path": redirected(301, "/elsewhere", "another path on the same host"),
    "redirect that httpx cannot parse": redirected(301, "A:0", "", in_bulk=True),
    "redirect that idna cannot parse": redirected(307, "https://xn--/", "'xn--' not followed"),
    "invalid redirect": redirected(302, "http://[", "another path on the same host"),
}


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_raises_the_right_error(caller: Caller, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """After the right number of attempts, in time, and without the key."""
    with checking_time_and_log(case, caplog) as options, pytest.raises(case.error) as caught:
        caller(options, "order", **case.edit)
    check(caught.value, case)
    assert len(locals_of_library(caught.value)) >= 3


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if case.in_bulk])
def test_a_fault_is_each_edits_error(bulk: Bulk, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """In bulk, each edit has the error of a single call, and the run neither hangs nor stops."""
    with checking_time_and_log(case, caplog, calls=4) as options:
        outcome = bulk(options, [OrderEdit(f"order-{n}", **case.edit) for n in range(4)], concurrency=4)
    assert (outcome.error, len(outcome.results)) == (None, 4)
    for result in outcome.results:
        assert result.error is not None
        assert result.error.__traceback__ is None
        assert result.attempts == case.attempts
        assert KEY not in repr(result)
        check(result.error, case)


@contextmanager
def checking_time_and_log(case: Case, caplog: pytest.LogCaptureFixture, calls: int = 1) -> Iterator[dict[str, Any]]:
    """Give the options for a client of the faulty server; the key must not be logged."""
    caplog.set_level(logging.DEBUG)
    with serving(case.behave) as url:
        start = time.monotonic()
        yield {"api_key": KEY, "base_url": url, "timeout": 10, **case.options}
        assert time.monotonic() - start < case.seconds * calls
    assert case.in_head or KEY not in caplog.text


def check(error: Any, case: Case) -> None:
    """Check an error; the key is in no representation of it or its causes, and in no frame of the library or below it."""
    assert type(error) is case.error
    assert re.search(case.says.replace("'order'", r"'order(-\d)?'"), str(error))
    assert (error.status_code, error.attempts) == (case.status, case.attempts)
    assert len(str(error)) < 800
    assert str(error).isprintable()
    _, *causes = chain(error)
    assert [cause.__traceback__ for cause in causes] == [None] * len(causes), (
        "frames of httpx hold the request's headers"
    )
    shown = [*locals_of_library(error), repr(vars(error)), pickle.dumps(error).decode("latin-1")]
    assert KEY not in "".join([*shown, *(f"{one} {one!r}" for one in chain(error))])


ODD: dict[str, Behave] = {
    "connection: close": sending(http(200, ORDER)),
    "HTTP/1.0": sending(b"HTTP/1.0 200 OK\r\n\r\n" + ORDER),
    "chunks": each(CHUNKED + b"9\r\n" + ORDER[:9] + b"\r\n19\r\n" + ORDER[9:] + b"\r\n0\r\n\r\n"),
    "early hints": each(b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", HEAD + b"content-length: 34\r\n\r\n" + ORDER),
    "long headers": each(HEAD + b"content-length: 34\r\nx: " + b"x" * 60_000 + b"\r\n\r\n" + ORDER),
    "closes late": sending(http(200, ORDER), then=hang),
}  # fmt: skip


@pytest.mark.parametrize("behave", ODD.values(), ids=ODD)
def test_unusual_but_valid_http_is_read(bulk: Bulk, behave: Behave) -> None:
    """Without waiting for the end of the connection."""
    start = time.monotonic()
    with serving(behave) as url:
        outcome = bulk({"api_key": KEY, "base_url": url, "max_retries": 0}, edits(6), concurrency=2)
    assert [result.error for result in outcome.results] == [None] * 6
    assert [getattr(result.order, "name", None) for result in outcome.results] == ["a"] * 6
    assert time.monotonic() - start < 2


def test_a_failed_connection_is_retried(edit: EditOne) -> None:
    """Even if the edit gives a new id: nothing was sent, and the error does not say that the edit may have happened."""
    with unreachable() as url, pytest.raises(errors.APIConnectionError) as caught:
        edit({"api_key": KEY, "base_url": url}, **MOVES)
    assert type(caught.value) is errors.APIConnectionError
    assert caught.value.attempts == 3
    assert str(caught.value).startswith(f"order 'order': cannot connect to {url} (ConnectError")
    assert str(caught.value).endswith("), after 3 attempts. Check the network, and base_url or AUTOENHANCE_BASE_URL.")


def test_an_earlier_attempt_may_have_edited_the_order(caller: Caller) -> None:
    """The error says so, even if the last attempt could not connect."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept_once() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            read_request(connection)

    with ThreadPoolExecutor() as pool:
        pool.submit(accept_once)
        with pytest.raises(errors.APIConnectionError) as caught:
            caller({"api_key": KEY, "base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}, "order", name="a")
    assert re.search(r"ConnectError.*, after 3 attempts\. The edit may have happened", str(caught.value))


def test_a_success_that_is_cut_off_is_retried(caller: Caller) -> None:
    responses = [HALF, http(200, ORDER)]

    def behave(connection: socket.socket, over: threading.Event) -> None:
        sending(responses.pop(0))(connection, over)

    with serving(behave) as url:
        assert caller({"api_key": KEY, "base_url": url}, "order", name="a").content == ORDER


def test_retries_end_at_the_deadline(caller: Caller) -> None:
    """However many are allowed."""
    start = time.monotonic()
    with serving(each(http(503))) as url:
        options = {"api_key": KEY, "base_url": url, "timeout": 0.3, "max_retries": 10**6}
        with pytest.raises((errors.InternalServerError, errors.APITimeoutError)) as caught:
            caller(options, "order", name="a")
    assert time.monotonic() - start < 0.8
    assert caught.value.attempts > 3


@pytest.mark.parametrize("behave", [sending(ENDLESS, then=flood), bombing(200, "gzip", GZIP)])
def test_long_responses_do_not_fill_the_memory(caller: Caller, behave: Behave) -> None:
    """Neither an endless body nor a bomb."""
    bomb(GZIP)
    with serving(behave) as url:
        tracemalloc.start()
        with pytest.raises(errors.APIResponseError):
            caller({"api_key": KEY, "base_url": url, "max_response_bytes": 4 * MIB}, "order", name="a")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 40 * MIB
