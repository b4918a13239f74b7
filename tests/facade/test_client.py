"""Requests, retries, responses and the lifetime of clients."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callers import answering, at, echo, open_client, opened, sent, sync
from tracebacks import locals_of_library

import autoenhance
from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, Retry, edit_order, errors
from autoenhance.models import CloudType, Order, OrderStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from callers import Caller

    from autoenhance.sandbox import Sandbox


# --- Requests ---


def test_an_order_is_edited_over_http(caller: Caller, sandbox: Sandbox) -> None:
    """The response has the order as a model, the status, the headers and the raw body."""
    order_id = sandbox.order_ids[0]
    response = caller(at(sandbox), order_id, name="12 Acacia Avenue")
    order = response.parsed
    assert isinstance(order, Order)
    assert (order.name, order.status) == ("12 Acacia Avenue", OrderStatus.PROCESSED)
    assert order.images
    assert [image.cloud_type for image in order.images][:2] == [CloudType.LOW_CLOUD, CloudType.CLEAR]
    stored = sandbox.order(order_id)
    assert stored is not None
    assert stored["name"] == "12 Acacia Avenue"
    assert stored == order.to_dict() == json.loads(response.content)
    assert response.status_code is HTTPStatus.OK
    assert response.headers["Content-Type"] == "application/json"


def test_the_request_is_that_of_the_documentation(caller: Caller) -> None:
    """PATCH with JSON; the key is in x-api-key, and an API version in x-api-version."""
    request = sent(caller, "order", name="Edited name of my order")
    assert (request.method, str(request.url)) == ("PATCH", "https://api.autoenhance.ai/v3/orders/order")
    assert request.headers["x-api-key"] == "key"
    assert request.headers["content-type"] == "application/json"
    user_agent = f"autoenhance-orders/{autoenhance.__version__} python-httpx/{httpx.__version__}"
    assert request.headers["user-agent"] == user_agent
    assert "x-api-version" not in request.headers
    assert json.loads(request.content) == {"name": "Edited name of my order"}
    request = sent(caller, "order", name="a", options={"api_version": "2025"})
    assert request.headers["x-api-version"] == "2025"
    request = sent(caller, "order", name="a", options={"api_version": "2025"}, extra_headers={"X-Api-Version": "2026"})
    assert request.headers.get_list("x-api-version") == ["2026"]


EDIT: dict[str, Any] = {
    "name": "a",
    "new_order_id": "b",
    "api_version": "2025-08-31",
    "extra_body": {"c": {"nested": [1]}},
    "extra_query": {"d": "e"},
    "extra_headers": {"X-F": "g"},
}


def assert_is_complete(request: httpx.Request) -> None:
    assert json.loads(request.content) == {"name": "a", "order_id": "b", "c": {"nested": [1]}}
    assert request.url.query == b"d=e"
    assert request.headers["x-f"] == "g"
    assert request.headers.get_list("x-api-version") == ["2025-08-31"]


def test_every_method_sends_all_arguments(caller: Caller) -> None:
    """extra_body and the like are sent, and an edit's API version beats the client's; edit_order returns the order alone."""
    assert_is_complete(sent(caller, "order", options={"api_version": "2024-10-01"}, **EDIT))
    requests: list[httpx.Request] = []
    with opened(caller.backend, **answering(caller, echo(requests))) as client:
        assert client.edit_order("order", **EDIT).order_id == "order"
    (request,) = requests
    assert_is_complete(request)


def test_edit_order_needs_no_client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """autoenhance.edit_order takes the options of a client, too, by default from the environment."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    assert edit_order(sandbox.order_ids[0], name="a").name == "a"
    requests: list[httpx.Request] = []

    def fail(_: Any, request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(429, headers={"retry-after": "0"})

    monkeypatch.setattr("httpx.HTTPTransport.handle_request", fail)
    options: dict[str, Any] = {"api_key": "key", "base_url": "http://127.0.0.1:1/base", "timeout": 7}
    with pytest.raises(errors.RateLimitError):
        edit_order("order", max_retries=3, **options, **EDIT)
    assert len(requests) == 4
    assert_is_complete(requests[0])
    assert str(requests[0].url) == "http://127.0.0.1:1/base/v3/orders/order?d=e"
    assert requests[0].headers["x-api-key"] == "key"
    assert 6 < requests[0].extensions["timeout"]["read"] <= 7


@pytest.mark.parametrize(
    ("order_id", "edit", "says"),
    [
        ("order", {}, "no changes given"),
        ("../orders", {"name": "a"}, "must not contain"),
        ("order", {"name": "a", "extra_query": {"q": "x" * 70_000}}, "the request cannot be built"),
        ("order", {"name": "a", "timeout": -1}, "timeout is -1"),
        ("order", {"name": "a", "max_retries": "1"}, "max_retries must be a whole number, not str"),
    ],
)
def test_nothing_is_sent_for_an_invalid_edit(caller: Caller, order_id: str, edit: dict[str, Any], says: str) -> None:
    with pytest.raises((ValueError, TypeError), match=says):
        sent(caller, order_id, **edit)


# --- Retries ---


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which take no time."""
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("autoenhance._attempt.time.sleep", waits.append)
    monkeypatch.setattr("anyio.sleep", wait)
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.5)
    return waits


def test_a_temporary_failure_is_retried(
    caller: Caller, sandbox: Sandbox, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """Each retry is reported to on_retry and logged: order, attempt, reason and wait."""
    reported: list[Retry] = []
    sandbox.answer_next(503, headers={"content-type": "text/html"}, body=b"<html>")
    sandbox.answer_next(429, headers={"retry-after": "1.5"})
    with caplog.at_level(logging.INFO, logger="autoenhance"):
        order = caller(at(sandbox, on_retry=reported.append), "harbour-view-7", name="a").parsed
    assert order is not None
    assert order.name == "a"
    assert waits == [0.25, 1.5]
    assert reported == [Retry("harbour-view-7", 1, "status 503", 0.25), Retry("harbour-view-7", 2, "status 429", 1.5)]
    assert [record.getMessage() for record in caplog.records if record.name == "autoenhance"] == [
        "order harbour-view-7: attempt 1 failed (status 503), next in 0.25 s",
        "order harbour-view-7: attempt 2 failed (status 429), next in 1.50 s",
    ]


def test_an_error_in_on_retry_ends_the_call(caller: Caller, sandbox: Sandbox) -> None:

    def stop(_: Retry) -> None:
        raise KeyError("enough")

    sandbox.answer_next(503)
    with pytest.raises(KeyError, match="enough"):
        caller(at(sandbox, on_retry=stop), "harbour-view-7", name="a")


def test_retries_send_the_same_request(caller: Caller) -> None:
    """Even if the caller's objects change meanwhile; only the number of the attempt, in a header, differs."""
    given, requests, attempts = ["a"], [], []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append((request.url.params.get_list("more"), json.loads(request.content)))
        attempts.append(request.headers["x-autoenhance-attempt"])
        given.append("b")
        return httpx.Response(503 if len(requests) == 1 else 200, json={}, headers={"retry-after": "0"})

    caller(answering(caller, respond), "order", extra_body={"other": given}, extra_query={"more": given})
    assert requests == [(["a"], {"other": ["a"]})] * 2
    assert attempts == ["1", "2"]


def test_a_call_can_have_its_own_timeout_and_retries(caller: Caller) -> None:
    """An httpx.Timeout is for an attempt; None is no limit, not the default of httpx."""
    timeouts: list[float | None] = []

    def respond(request: httpx.Request) -> httpx.Response:
        timeouts.append(request.extensions["timeout"]["read"])
        return httpx.Response(503, headers={"retry-after": "0"})

    options = answering(caller, respond, timeout=30, max_retries=5)
    for timeout, longest in ((7, 7), (httpx.Timeout(3), 3), (httpx.Timeout(60), 30), (None, None)):
        with pytest.raises(errors.InternalServerError) as caught:
            caller(options, "order", name="a", timeout=timeout, max_retries=1)
        assert caught.value.attempts == 2
        read = timeouts[-1]
        assert read is longest if longest is None or read is None else longest - 1 < read <= longest


# --- Responses ---

BODY = b'{"name": "a"}'
ENCODED = {
    "gzip": gzip.compress(BODY),
    "x-gzip": gzip.compress(BODY),
    "GZIP": gzip.compress(BODY[:5]) + gzip.compress(BODY[5:]),
    "gzip, identity": gzip.compress(BODY) + bytes(8),
    "gzip, gzip": gzip.compress(gzip.compress(BODY)),
    "deflate": zlib.compress(BODY),
    " deflate ": zlib.compress(BODY)[2:-4],
    "deflate, x-gzip": gzip.compress(zlib.compress(BODY)),
    "identity": BODY,
    "": BODY,
    "utf-8": BODY,
    "none, gzip": gzip.compress(BODY),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_compressed_response_is_decompressed(caller: Caller, encoding: str) -> None:
    """With several members or encodings, in any spelling; unknown encodings are ignored."""

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield ENCODED[encoding]

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield ENCODED[encoding]

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": encoding}, stream=Stream())

    response = caller(answering(caller, respond), "order", name="a")
    assert response.content == BODY
    assert response.parsed is not None
    assert response.parsed.name == "a"


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_any_2xx_has_an_order(caller: Caller, status: int, encoding: str) -> None:
    """Also one that is not in the contract, or another encoding of Unicode."""
    content = ' {"order_id": "é"}'.encode(encoding)
    order = caller(answering(caller, lambda _: httpx.Response(status, content=content)), "order-7", name="a").parsed
    assert order is not None
    assert order.order_id == "é"


# --- Clients ---


def test_with_options_changes_only_the_given_options() -> None:
    """By default a call has 30 s and two retries; an httpx.Timeout does not change the total timeout."""

    def settings(client: Autoenhance) -> str:
        return repr(client).removeprefix("Autoenhance(base_url='https://api.autoenhance.ai', ").removesuffix(")")

    with Autoenhance("key") as client:
        assert settings(client) == "timeout=30.0, deadline=30.0, max_retries=2, api_version=None"
        with pytest.raises(ValueError, match="max_retries is -1"):
            client.with_options(max_retries=-1)
        with pytest.raises(ValueError, match="timeout is already the total timeout"):
            client.with_options(deadline=9)
        of_an_attempt = client.with_options(timeout=httpx.Timeout(2), deadline=9)
        assert "deadline=30.0" in repr(client.with_options(timeout=httpx.Timeout(2)))
        assert "deadline=9.0" in repr(of_an_attempt.with_options(max_retries=1))
        assert "deadline=3.0" in repr(of_an_attempt.with_options(timeout=3))
    requests: list[httpx.Request] = []
    client = Autoenhance(**answering(sync, echo(requests), timeout=5, max_retries=1, api_version="2024-10-01"))
    other = client.with_options(timeout=None, max_retries=0, api_version=None)
    assert settings(client) == "timeout=5, deadline=5.0, max_retries=1, api_version='2024-10-01'"
    assert settings(other) == "timeout=None, deadline=None, max_retries=0, api_version=None"
    assert repr(other.with_options()) == repr(other)
    other.edit_order("order", name="a")
    client.edit_order("order", name="a")
    assert [request.headers.get("x-api-version") for request in requests] == [None, "2024-10-01"]


def test_a_closed_client_makes_no_call(backend: str) -> None:
    """Closing it twice is fine."""
    with opened(backend, api_key="key") as client:
        client.close()
        client.close()
        with pytest.raises(RuntimeError, match="this client is closed; create a new one"):
            client.edit_order("order", name="a")


def test_the_callers_http_client_is_used_and_left_open() -> None:
    """Its headers and hooks apply, and a hook may read the response; its base_url and redirects do not apply."""
    requests: list[httpx.Request] = []
    read: list[bytes] = []
    http = httpx.Client(
        transport=httpx.MockTransport(echo(requests)),
        headers={"x-from": "caller"},
        base_url="https://elsewhere.example",
        follow_redirects=True,
        event_hooks={"response": [lambda response: read.append(response.read())]},
    )
    with Autoenhance("key", http_client=http) as client:
        assert client.edit_order("order", name="a").order_id == "order"
    assert not http.is_closed
    assert len(read) == 1
    assert requests[0].headers["x-from"] == "caller"
    assert requests[0].url.host == "api.autoenhance.ai"
    http.close()


def test_the_wrong_kind_of_http_client_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"http_client must be an httpx\.Client, not AsyncClient"):
        Autoenhance("key", http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # the mistake to catch
    with (
        httpx.Client() as http,
        pytest.raises(TypeError, match=r"http_client must be an httpx\.AsyncClient, not Client"),
    ):
        AsyncAutoenhance("key", http_client=http)  # type: ignore[arg-type]  # the mistake to catch


def test_threads_share_a_client(sandbox: Sandbox) -> None:
    """Each gets the response to its own edit."""
    edits = [OrderEdit(f"order-{number}", name=f"Name {number}") for number in range(40)]
    sandbox.add_orders([edit.order_id for edit in edits])
    with open_client("sync threads", **at(sandbox)) as edit_all:
        orders = edit_all(edits)
    assert [(order.order_id, order.name) for order in orders] == [(edit.order_id, edit.name) for edit in edits]


def test_a_client_does_not_reveal_its_key() -> None:
    """Neither in repr, str and vars, nor in the library's frames of an error."""
    key = "planted-" + "key"
    with Autoenhance(key) as client:
        assert key not in f"{client!r} {client} {vars(client)}"
        assert key not in f"{vars(client._settings.api_key.reveal)} {vars(client._transports.get())}"
    makers: list[Any] = [Autoenhance, AsyncAutoenhance, partial(edit_order, "a", name="b")]
    for make in makers:
        with pytest.raises(ValueError, match="timeout is -1") as caught:
            make(api_key=key, timeout=-1)
        ours = locals_of_library(caught.value)
        assert len(ours) >= 2
        assert not any(key in one for one in ours)
