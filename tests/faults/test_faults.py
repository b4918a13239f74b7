"""A service, a proxy and a network that misbehave: what the caller must see, after how many attempts, in what time.

Each case runs through the sync client and through the async one on asyncio and trio, against a server on loopback.
Backoffs are drawn as zero, so that no case takes longer than it must. After each, the key is looked for everywhere.
"""

from __future__ import annotations

import gzip
import json
import logging
import pickle
import socket
import struct
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from odd_servers import nobody, read_request, serving
from tracebacks import locals_of_library

from autoenhance import errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from callers import Caller

    Behave = Callable[[socket.socket, threading.Event], None]

KEY = "planted-key-7f3a"
MIB = 2**20
ORDER = b'{"order_id": "order", "name": "a"}'


def http(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An answer as bytes."""
    lines = [
        f"HTTP/1.1 {status} Odd",
        "connection: close",
        f"content-length: {len(body) if length is None else length}",
        *headers,
        "",
        "",
    ]
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


def never_reading(_: socket.socket, over: threading.Event) -> None:
    over.wait()


def bomb(packed: Callable[[bytes], bytes], size: int = 200 * MIB) -> bytes:
    return packed(bytes(size))


@dataclass(frozen=True)
class Case:
    """One fault."""

    behave: Behave
    error: type[errors.AutoenhanceError]
    says: str
    attempts: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    edit: dict[str, Any] = field(default_factory=lambda: {"name": "a"})
    status: int | None = None
    seconds: float = 1.0
    in_head: bool = False
    """Whether the key is in a response's head, which httpcore's debug log shows."""


LOST = "The edit may have happened; making it twice is harmless"
QUICK = {"timeout": 0.3, "max_retries": 0}
LATE = QUICK["timeout"] + 0.5
MOVES = {"name": "a", "new_order_id": "other"}
CASES: dict[str, Case] = {
    # The connection
    "closes at once": Case(lambda *_: None, errors.APIConnectionError, LOST, 3),
    "closes after the request": Case(sending(), errors.APIConnectionError, LOST, 3),
    "resets after the request": Case(sending(then=reset), errors.APIConnectionError, LOST, 3),
    "closes, and the edit moves the order": Case(
        sending(), errors.APIConnectionError, "look under 'order' and under 'other'", 1, edit=MOVES
    ),
    "closes within the headers": Case(sending(b"HTTP/1.1 200 OK\r\ncontent-"), errors.APIConnectionError, LOST, 3),
    "hangs": Case(sending(then=hang), errors.APITimeoutError, "within 0.3 s, .*" + LOST, options=QUICK, seconds=LATE),
    "never reads": Case(
        never_reading,
        errors.APITimeoutError,
        "within 0.3 s",
        options=QUICK,
        edit={"extra_body": {"long": "x" * 8 * MIB}},
        seconds=LATE,
    ),
    "hangs, and each attempt has its own timeout": Case(
        sending(then=hang),
        errors.APITimeoutError,
        r"did not answer the edit of order 'order' in time, after 3 attempts",
        3,
        options={"timeout": httpx.Timeout(0.1), "deadline": 5},
    ),
    "hangs, and the deadline comes before the second timeout": Case(
        sending(then=hang),
        errors.APITimeoutError,
        "within 0.4 s",
        2,
        options={"timeout": httpx.Timeout(0.25), "deadline": 0.4},
        seconds=0.9,
    ),
    # The headers
    "drips the headers": Case(
        sending(b"HTTP/1.1 200 OK\r\nx: ", then=drip),
        errors.APITimeoutError,
        "did not answer",
        options=QUICK,
        seconds=LATE,
    ),
    "headers without end": Case(
        sending(b"HTTP/1.1 200 OK\r\nx: ", then=flood), errors.APIConnectionError, LOST, 3, seconds=5
    ),
    "garbage": Case(sending(b"\0\1garbage\r\n\r\n"), errors.APIConnectionError, LOST, 3),
    "another protocol": Case(sending(b"SSH-2.0-OpenSSH_9.6\r\n"), errors.APIConnectionError, LOST, 3),
    "a length that is no number": Case(
        sending(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"), errors.APIConnectionError, LOST, 3
    ),
    # The body of a success
    "half a body": Case(
        sending(http(200, ORDER[:9], length=99)),
        errors.APIResponseError,
        "accepted the edit .* broke off",
        3,
        status=200,
    ),
    "half a body, and the edit moves the order": Case(
        sending(http(200, ORDER[:9], length=99)),
        errors.APIResponseError,
        "accepted the edit .* broke off",
        edit=MOVES,
        status=200,
    ),
    "a reset within the body": Case(
        sending(http(200, ORDER[:9], length=99), then=reset),
        errors.APIResponseError,
        "accepted the edit .* broke off",
        3,
        status=200,
    ),
    "hangs within the body, and each attempt has its own timeout": Case(
        sending(http(200, b"{", length=MIB), then=hang),
        errors.APITimeoutError,
        "accepted the edit .*, but its response did not end in time, after 3 attempts",
        3,
        options={"timeout": httpx.Timeout(0.1), "deadline": 5},
        status=200,
    ),
    "half a chunk": Case(
        sending(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n99\r\n{"a"'),
        errors.APIResponseError,
        "accepted the edit .* broke off",
        3,
        status=200,
    ),
    "a body longer than its length": Case(
        sending(http(200, ORDER, length=9)), errors.APIResponseError, "accepted the edit .* cannot be read", status=200
    ),
    "drips the body": Case(
        sending(http(200, b"{", length=MIB), then=drip),
        errors.APITimeoutError,
        "accepted the edit .*, but its response did not end within 0.3 s",
        options=QUICK,
        status=200,
        seconds=LATE,
    ),
    "hangs within the body": Case(
        sending(http(200, b"{", length=MIB), then=hang),
        errors.APITimeoutError,
        "accepted the edit .*, but its response did not end within 0.3 s",
        options=QUICK,
        status=200,
        seconds=LATE,
    ),
    "a body without end": Case(
        sending(b"HTTP/1.1 200 OK\r\n\r\n", then=flood),
        errors.APIResponseError,
        "accepted the edit .* is longer than 1048576 bytes",
        options={"max_response_bytes": MIB},
        status=200,
    ),
    "a gzip bomb": Case(
        sending(http(200, bomb(gzip.compress), "content-encoding: gzip")),
        errors.APIResponseError,
        "accepted the edit .* decompresses to more than 67108864 bytes",
        status=200,
        seconds=3,
    ),
    "a deflate bomb": Case(
        sending(http(200, bomb(zlib.compress), "content-encoding: deflate")),
        errors.APIResponseError,
        "accepted the edit .* decompresses to more than 67108864 bytes",
        status=200,
        seconds=3,
    ),
    "a bomb in a bomb": Case(
        sending(http(200, gzip.compress(bomb(gzip.compress)), "content-encoding: gzip, gzip")),
        errors.APIResponseError,
        "accepted the edit .* decompresses to more than 67108864 bytes",
        status=200,
        seconds=3,
    ),
    "encodings without end": Case(
        sending(http(200, ORDER, f"content-encoding: {'gzip, ' * 5}gzip")),
        errors.APIResponseError,
        "accepted the edit .* is encoded 6 times",
        status=200,
    ),
    "members without end": Case(
        sending(http(200, gzip.compress(b" ") * 101, "content-encoding: gzip")),
        errors.APIResponseError,
        "accepted the edit .* is compressed in more than 100 parts",
        status=200,
    ),
    "half of a compressed body": Case(
        sending(http(200, gzip.compress(ORDER)[:-9], "content-encoding: gzip")),
        errors.APIResponseError,
        r"accepted the edit .* cannot be decompressed \(it ends early\)",
        status=200,
    ),
    "an encoding that was not asked for": Case(
        sending(http(200, b"x", "content-encoding: br")), errors.APIResponseError, "encoded as 'br'", status=200
    ),
    "an encoding that is not true": Case(
        sending(http(200, ORDER, "content-encoding: gzip")),
        errors.APIResponseError,
        "cannot be decompressed",
        status=200,
    ),
    # Failures of the service
    "an error that breaks off": Case(
        sending(http(502, b"half", length=99)), errors.InternalServerError, LOST, 3, status=502
    ),
    "an error without end": Case(
        sending(b"HTTP/1.1 400 Bad Request\r\n\r\n", then=flood),
        errors.BadRequestError,
        "400",
        options={"max_response_bytes": MIB},
        status=400,
    ),
    "an error of 10 MB": Case(sending(http(404, b"long " * 2 * MIB)), errors.NotFoundError, "long long", status=404),
    "an error that is a bomb": Case(
        sending(http(403, bomb(gzip.compress), "content-encoding: gzip")),
        errors.PermissionDeniedError,
        "403",
        status=403,
        seconds=3,
    ),
    "500 for an edit that moves the order": Case(
        sending(http(500)),
        errors.InternalServerError,
        "The edit may have happened: look under 'order' and under 'other'",
        1,
        edit=MOVES,
        status=500,
    ),
    "429 for an edit that moves the order": Case(
        sending(http(429)), errors.RateLimitError, r"\(429 Too Many Requests\)\. Send fewer", 3, edit=MOVES, status=429
    ),
    "a wait that does not fit": Case(
        sending(http(503, b"", "retry-after: 60")),
        errors.InternalServerError,
        r"It asks to wait 60 s\.$",
        status=503,
    ),
    "a service that gives the key away": Case(
        sending(http(400, json.dumps({"message": f"bad key {KEY}"}).encode(), f"x-key: {KEY}")),
        errors.BadRequestError,
        "bad key <secret>",
        status=400,
        in_head=True,
    ),
    "a service that gives the key away, escaped": Case(
        sending(http(400, f'{{"message": "bad key {"".join(f"{chr(92)}u{ord(c):04x}" for c in KEY)}"}}'.encode())),
        errors.BadRequestError,
        "bad key <secret>",
        status=400,
    ),
    "a service that gives the key away in UTF-16": Case(
        sending(http(400, f"<p>{KEY}".encode("utf-16"))), errors.BadRequestError, "400", status=400
    ),
    "a service that gives the key away as HTML": Case(
        sending(http(400, f"bad key {KEY.replace('-', '&#45;')}".encode())),
        errors.BadRequestError,
        "400",
        status=400,
    ),
    "a service that gives the key away in a URL": Case(
        sending(http(307, b"", f"location: https://{KEY}.example/{KEY.replace('-', '%2D')}")),
        errors.APIStatusError,
        "redirected",
        status=307,
        in_head=True,
    ),
    "an order that gives the key away and breaks off": Case(
        sending(http(200, KEY.encode(), length=99)), errors.APIResponseError, "accepted the edit", 3, status=200
    ),
    "an order that gives the key away and does not end": Case(
        sending(http(200, KEY.encode(), length=99), then=hang),
        errors.APITimeoutError,
        "accepted the edit",
        options=QUICK,
        status=200,
        seconds=LATE,
    ),
    "a key in an order that is none": Case(
        sending(http(200, json.dumps([KEY]).encode())), errors.APIResponseError, "is not a JSON object", status=200
    ),
    "a key in what is no JSON": Case(
        sending(http(200, f'{{"{KEY}'.encode())), errors.APIResponseError, "cannot be read", status=200
    ),
    "a key in a malformed head": Case(
        sending(f"HTTP/1.1 200 OK\r\n{KEY}\r\n\r\n".encode()),
        errors.APIConnectionError,
        "<secret>.*" + LOST,
        3,
        in_head=True,
    ),
    "a long malformed head": Case(
        sending(b"HTTP/1.1 200 OK\r\n" + b"x" * 50_000 + b"\r\n\r\n"), errors.APIConnectionError, LOST, 3
    ),
    # Redirects
    "a redirect to another host": Case(
        sending(http(307, b"", "location: https://elsewhere.example/v3/orders/order")),
        errors.APIStatusError,
        "redirected .* to 'elsewhere.example'; the API key would go along, so it is not followed",
        status=307,
    ),
    "a redirect to another port": Case(
        sending(http(308, b"", "location: http://127.0.0.1:1/v3/orders/order")),
        errors.APIStatusError,
        "redirected .* to '127.0.0.1'",
        status=308,
    ),
    "a redirect to another path": Case(
        sending(http(301, b"", "location: /elsewhere")),
        errors.APIStatusError,
        "another place on the same host",
        status=301,
    ),
    "a redirect to what httpx trips over": Case(
        sending(http(301, b"", "location: A:0")), errors.APIStatusError, "redirected", status=301
    ),
    "a redirect to what idna trips over": Case(
        sending(http(307, b"", "location: https://xn--/")), errors.APIStatusError, "redirected .* to 'xn--'", status=307
    ),
    "a redirect to nonsense": Case(
        sending(http(302, b"", "location: http://[")),
        errors.APIStatusError,
        "another place on the same host",
        status=302,
    ),
}

STATUSES = {
    301: errors.APIStatusError,
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    408: errors.APIStatusError,
    409: errors.ConflictError,
    418: errors.APIStatusError,
    422: errors.ValidationError,
    429: errors.RateLimitError,
    499: errors.APIStatusError,
    500: errors.InternalServerError,
    503: errors.InternalServerError,
    520: errors.InternalServerError,
    599: errors.InternalServerError,
}
BODIES = {
    "APIFlask": b'{"message": "No.", "detail": {"json": {"name": ["Bad."]}}}',
    "gateway": b'{"message": "Forbidden"}',
    "FastAPI": b'{"detail": [{"loc": ["body", "name"], "msg": "Bad."}]}',
    "HTML": b"<html><h1>Oh no</h1></html>",
    "nothing": b"",
}
RETRIED = {408, 429, 500, 503, 520}
CASES |= {
    f"{status} with {name}": Case(sending(http(status, body)), kind, str(status), 2 if status in RETRIED else 1,
                                  {"max_retries": 1}, status=status)
    for status, kind in STATUSES.items()
    for name, body in BODIES.items()
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_an_error_that_says_what_to_do(caller: Caller, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    """The right error, the right number of attempts, in time, and the key nowhere."""
    caplog.set_level(logging.DEBUG)
    with serving(case.behave) as url:
        options = {"api_key": KEY, "base_url": url, "timeout": 10, **case.options}
        start = time.monotonic()
        with pytest.raises(case.error, match=case.says) as caught:
            caller(options, "order", **case.edit)
        took = time.monotonic() - start
    error = caught.value
    assert type(error) is case.error
    assert error.status_code == case.status
    assert error.attempts == case.attempts
    assert took < case.seconds
    assert "\n" not in str(error)
    assert len(str(error)) < 800
    assert "\x1b" not in str(error)
    look_for_the_key(error, "" if case.in_head else caplog.text)


def look_for_the_key(error: errors.AutoenhanceError, logged: str) -> None:
    """It is in no representation of the error, in no log, and in no frame of the library or below it."""
    ours = locals_of_library(error)
    assert len(ours) >= 3
    cause = error.__cause__ or error.__context__
    while cause:
        assert cause.__traceback__ is None, "the frames of httpx and httpcore hold the request's headers"
        cause = cause.__cause__ or cause.__context__
    places = {
        "repr": repr(error),
        "str": str(error),
        "vars": repr(vars(error)),
        "pickle": pickle.dumps(error).decode("latin-1"),
        "traceback": "".join(ours),
        "cause": repr(error.__cause__) + repr(error.__context__),
        "log": logged,
    }
    assert [place for place, text in places.items() if KEY in text] == []


def test_a_service_that_is_not_there(caller: Caller) -> None:
    """No connection is retried, even if the edit moves the order: nothing can have happened, and nothing says so."""
    with nobody() as url, pytest.raises(errors.APIConnectionError, match="could not be reached") as caught:
        caller({"api_key": KEY, "base_url": url}, "order", **MOVES)
    assert caught.value.attempts == 3
    assert "may have happened" not in str(caught.value)


def test_what_an_earlier_attempt_may_have_done_is_not_forgotten(caller: Caller) -> None:
    """The last attempt found nobody, but the first one may have edited the order."""
    listening: list[socket.socket] = []

    def once(connection: socket.socket, _: threading.Event) -> None:
        read_request(connection)
        listening[0].close()

    import threading as real

    listener = socket.create_server(("127.0.0.1", 0))
    listening.append(listener)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            once(connection, real.Event())

    thread = real.Thread(target=accept)
    thread.start()
    with pytest.raises(errors.APIConnectionError, match="ConnectError.*, after 3 attempts. " + LOST):
        caller({"api_key": KEY, "base_url": url}, "order", name="a")
    thread.join()


def test_a_service_that_fails_for_ever_is_left_at_the_deadline(caller: Caller) -> None:
    """However many retries are allowed: the last error, or that there was no time for another answer."""
    start = time.monotonic()
    with serving(sending(http(503))) as url:
        options = {"api_key": KEY, "base_url": url, "timeout": 0.3, "max_retries": 10**6}
        with pytest.raises((errors.InternalServerError, errors.APITimeoutError)) as caught:
            caller(options, "order", name="a")
    assert time.monotonic() - start < LATE
    assert caught.value.attempts > 3


def test_a_slow_close_does_not_hold_the_caller_up(caller: Caller) -> None:
    """The order is there when its last byte is; how the connection ends is nobody's business."""
    start = time.monotonic()
    with serving(sending(http(200, ORDER), then=hang)) as url:
        order = caller({"api_key": KEY, "base_url": url}, "order", name="a").parsed
        assert time.monotonic() - start < 1
    assert order is not None
    assert order.name == "a"


def test_memory_stays_bounded_while_an_answer_is_cut_off(caller: Caller) -> None:
    """Neither a body without end nor a bomb is held in memory beyond the limit."""
    import tracemalloc

    for behave in (
        sending(b"HTTP/1.1 200 OK\r\n\r\n", then=flood),
        sending(http(200, bomb(gzip.compress, 100 * MIB), "content-encoding: gzip")),
    ):
        with serving(behave) as url:
            tracemalloc.start()
            with pytest.raises(errors.APIResponseError):
                caller({"api_key": KEY, "base_url": url, "max_response_bytes": 4 * MIB}, "order", name="a")
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < 40 * MIB


def test_thousands_of_images_are_read(caller: Caller) -> None:
    """A large order is an order."""
    images = [{"image_id": str(number), "cloud_type": "CLEAR", "rating": 5.0} for number in range(5000)]
    body = json.dumps({"order_id": "order", "images": images}).encode()
    packed = gzip.compress(body)
    with serving(sending(http(200, packed, "content-encoding: gzip"))) as url:
        response = caller({"api_key": KEY, "base_url": url}, "order", name="a")
    assert response.parsed is not None
    assert response.parsed.to_dict() == {"order_id": "order", "images": images}
    assert response.content == body
