"""An order is edited: what is sent, what comes back, how long a client lives."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from callers import answering, at, sync
from tracebacks import locals_of_library

import autoenhance
from autoenhance import AsyncAutoenhance, Autoenhance, edit_order
from autoenhance.models import CloudType, Order, OrderStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from callers import Caller

    from autoenhance.sandbox import Sandbox


def echo(requests: list[httpx.Request], status: int = 200) -> Any:
    """A service that notes what it is asked and answers with the simplest order."""

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, json={"order_id": "order"})

    return answer


def test_an_order_is_edited_over_http(caller: Caller, sandbox: Sandbox) -> None:
    """The order comes back as models, and the service has the new name."""
    order_id = sandbox.order_ids[0]
    order = caller(at(sandbox), order_id, name="12 Acacia Avenue").parsed
    assert isinstance(order, Order)
    assert order.name == "12 Acacia Avenue"
    assert order.status is OrderStatus.PROCESSED
    assert order.images
    assert [image.cloud_type for image in order.images][:2] == [CloudType.LOW_CLOUD, CloudType.CLEAR]
    stored = sandbox.order(order_id)
    assert stored is not None
    assert stored["name"] == "12 Acacia Avenue"
    assert order.to_dict() == stored


def test_edit_order_returns_the_order_alone(sandbox: Sandbox) -> None:
    """The plain method is the detailed one's order, sync and async."""

    async def edit() -> Order:
        async with AsyncAutoenhance(**at(sandbox)) as client:
            return await client.edit_order(sandbox.order_ids[0], name="b")

    with Autoenhance(**at(sandbox)) as client:
        assert client.edit_order(sandbox.order_ids[0], name="a").name == "a"
    assert anyio.run(edit).name == "b"


EDIT: dict[str, Any] = {
    "name": "a",
    "new_order_id": "b",
    "api_version": "2025-08-31",
    "extra_body": {"c": 1},
    "extra_query": {"d": "e"},
    "extra_headers": {"x-f": "g"},
}


def assert_is_whole(request: httpx.Request) -> None:
    assert json.loads(request.content) == {"name": "a", "order_id": "b", "c": 1}
    assert request.url.query == b"d=e"
    assert request.headers["x-f"] == "g"
    assert request.headers["x-api-version"] == "2025-08-31"


def test_the_plain_methods_send_all_that_they_are_given() -> None:
    """edit_order passes every argument on, sync and async."""
    requests: list[httpx.Request] = []
    with Autoenhance(**answering(sync, echo(requests))) as client:
        client.edit_order("order", **EDIT)

    async def edit() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(echo(requests)))
        async with AsyncAutoenhance("key", http_client=http) as client:
            await client.edit_order("order", **EDIT)
        assert not http.is_closed
        await http.aclose()

    anyio.run(edit)
    assert len(requests) == 2
    for request in requests:
        assert_is_whole(request)


def test_the_one_call_sends_all_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """autoenhance.edit_order passes the edit on, and the options of its client."""
    requests: list[httpx.Request] = []
    slept: list[float] = []

    def fail(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(500)

    monkeypatch.setattr("httpx.HTTPTransport.handle_request", lambda _, request: fail(request))
    monkeypatch.setattr("autoenhance._attempt.time.sleep", slept.append)
    options: dict[str, Any] = {"base_url": "http://127.0.0.1:1/base", "timeout": 7, "api_version": "2024-10-01"}
    with pytest.raises(autoenhance.InternalServerError):
        edit_order("order", name="a", api_key="key", max_retries=3, **options)
    assert len(requests) == 4
    assert str(requests[0].url) == "http://127.0.0.1:1/base/v3/orders/order"
    assert requests[0].headers["x-api-version"] == "2024-10-01"
    assert requests[0].headers["x-api-key"] == "key"
    assert 6 < requests[0].extensions["timeout"]["read"] <= 7
    with pytest.raises(autoenhance.InternalServerError):
        edit_order("order", api_key="key", base_url="http://127.0.0.1:1", max_retries=0, **EDIT)
    assert_is_whole(requests[-1])


def test_the_defaults_are_those_of_the_documentation() -> None:
    """30 seconds, two retries."""
    with Autoenhance("key") as client:
        assert repr(client) == (
            "Autoenhance(base_url='https://api.autoenhance.ai', timeout=30.0, deadline=30.0, max_retries=2, "
            "api_version=None)"
        )


def test_a_refused_argument_leaves_the_key_in_no_frame_of_ours() -> None:
    """The traceback of a mistake is pasted into bug reports, with local variables."""
    key = "planted-" + "key"
    for make in (
        Autoenhance,
        AsyncAutoenhance,
        lambda key, **options: edit_order("a", name="b", api_key=key, **options),
    ):
        with pytest.raises(ValueError, match="timeout is -1") as caught:
            make(key, timeout=-1)
        ours = locals_of_library(caught.value)
        assert len(ours) >= 2
        assert not any(key in one for one in ours)


def test_one_call_needs_no_client(sandbox: Sandbox) -> None:
    """autoenhance.edit_order makes a client for one call."""
    order = edit_order(sandbox.order_ids[0], name="a", api_key=sandbox.api_key, base_url=sandbox.url)
    assert order.name == "a"


def test_the_environment_is_enough(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variables set no argument is needed."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    with Autoenhance() as client:
        assert client.edit_order(sandbox.order_ids[0], name="a").name == "a"


def test_the_detailed_answer_has_status_headers_and_raw_bytes(caller: Caller, sandbox: Sandbox) -> None:
    """What the service sent is there to the byte."""
    response = caller(at(sandbox), sandbox.order_ids[0], name="a")
    assert response.status_code is HTTPStatus.OK
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.content) == sandbox.order(sandbox.order_ids[0])


def test_the_request_is_the_one_of_the_page(caller: Caller) -> None:
    """PATCH, the key in x-api-key, JSON, and who we are."""
    requests: list[httpx.Request] = []
    caller(answering(caller, echo(requests)), "order", name="Edited name of my order")
    (request,) = requests
    assert (request.method, str(request.url)) == ("PATCH", "https://api.autoenhance.ai/v3/orders/order")
    assert request.headers["x-api-key"] == "key"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == (
        f"autoenhance-orders/{autoenhance.__version__} python-httpx/{httpx.__version__}"
    )
    assert "x-api-version" not in request.headers
    assert json.loads(request.content) == {"name": "Edited name of my order"}


@pytest.mark.parametrize("name", ["", "Größe 日本 🏠", "a\nb", "'\"\\"])
def test_a_name_arrives_as_it_was_given(caller: Caller, name: str) -> None:
    """No name is changed on the way."""
    requests: list[httpx.Request] = []
    caller(answering(caller, echo(requests)), "order", name=name)
    assert json.loads(requests[0].content) == {"name": name}


@pytest.mark.parametrize("order_id", ["a b", "50%", "%20", "ü", "日本", "a:b;c=d&e+f", "...", "a@b", "~", "{id}"])
def test_an_order_id_arrives_as_it_was_given(caller: Caller, sandbox: Sandbox, order_id: str) -> None:
    """Whatever is in an id is percent-encoded once and decoded once."""
    sandbox.add_order({"order_id": order_id})
    order = caller(at(sandbox), order_id, name="a").parsed
    assert order is not None
    assert (order.order_id, order.name) == (order_id, "a")


def test_extras_go_along(caller: Caller) -> None:
    """extra_body, extra_query and extra_headers carry what newer API versions accept."""
    requests: list[httpx.Request] = []
    caller(
        answering(caller, echo(requests), api_version="2025-08-31"),
        "order",
        name="a",
        extra_body={"default_image_sort_order": "name", "nested": {"a": [1]}},
        extra_query={"sort_images_by": "-name"},
        extra_headers={"X-Request-Source": "test", "X-API-Version": "2026-10-01"},
    )
    (request,) = requests
    assert json.loads(request.content) == {"name": "a", "default_image_sort_order": "name", "nested": {"a": [1]}}
    assert request.url.params["sort_images_by"] == "-name"
    assert request.headers["x-request-source"] == "test"
    assert request.headers.get_list("x-api-version") == ["2026-10-01"]


def test_the_api_version_goes_along(caller: Caller) -> None:
    """api_version is the header x-api-version."""
    requests: list[httpx.Request] = []
    caller(answering(caller, echo(requests), api_version="2025-08-31"), "order", name="a")
    assert requests[0].headers["x-api-version"] == "2025-08-31"


def test_nothing_is_sent_for_an_edit_that_cannot_be_right(caller: Caller) -> None:
    """Bad input is an error before the first byte leaves."""
    requests: list[httpx.Request] = []
    with pytest.raises(ValueError, match="no changes given"):
        caller(answering(caller, echo(requests)), "order")
    with pytest.raises(ValueError, match="one part of a path"):
        caller(answering(caller, echo(requests)), "../orders", name="a")
    assert requests == []


def test_other_options_share_the_connections() -> None:
    """with_options changes what it is told, leaves the rest, and uses the same connections."""
    requests: list[httpx.Request] = []
    client = Autoenhance(**answering(sync, echo(requests), timeout=5, max_retries=1, api_version="2024-10-01"))
    other = client.with_options(timeout=None, max_retries=0, api_version=None)
    same = other.with_options()
    assert repr(client) == (
        "Autoenhance(base_url='https://api.autoenhance.ai', timeout=5, deadline=5.0, max_retries=1, "
        "api_version='2024-10-01')"
    )
    assert repr(other) == repr(same)
    assert repr(other) == (
        "Autoenhance(base_url='https://api.autoenhance.ai', timeout=None, deadline=None, max_retries=0, "
        "api_version=None)"
    )
    other.edit_order("order", name="a")
    client.edit_order("order", name="a")
    assert [request.headers.get("x-api-version") for request in requests] == [None, "2024-10-01"]


def test_an_httpx_timeout_leaves_the_deadline_as_it_was() -> None:
    """Of with_options, and of one call: what bounds an attempt says nothing about the whole."""
    client = Autoenhance("key", timeout=7)
    assert "deadline=7.0" in repr(client.with_options(timeout=httpx.Timeout(2)))
    assert "deadline=9.0" in repr(client.with_options(timeout=httpx.Timeout(2), deadline=9))
    assert "deadline=9.0" in repr(client.with_options(timeout=httpx.Timeout(2), deadline=9).with_options(max_retries=1))
    assert "deadline=3.0" in repr(client.with_options(timeout=httpx.Timeout(2)).with_options(timeout=3))
    with pytest.raises(ValueError, match="timeout bounds the whole call already"):
        client.with_options(deadline=9)


def test_a_call_may_have_a_timeout_and_retries_of_its_own(caller: Caller) -> None:
    """They hold for it alone, and what is invalid is refused before anything is sent."""
    asked: list[dict[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(503, headers={"retry-after": "0"})

    options = answering(caller, answer, timeout=30, max_retries=5)
    for timeout, longest in ((7, 7), (httpx.Timeout(3), 3), (httpx.Timeout(60), 30)):
        with pytest.raises(autoenhance.InternalServerError) as caught:
            caller(options, "order", name="a", timeout=timeout, max_retries=1)
        assert caught.value.attempts == 2
        assert longest - 1 < asked[-1]["read"] <= longest
    with pytest.raises(ValueError, match="timeout is -1"):
        caller(options, "order", name="a", timeout=-1)
    with pytest.raises(TypeError, match="max_retries is a whole number, not str"):
        caller(options, "order", name="a", max_retries="1")
    assert len(asked) == 6


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
def test_a_content_encoding_is_undone(caller: Caller, encoding: str) -> None:
    """Of several members or several times, in any of the spellings; what has no meaning is passed over."""

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield ENCODED[encoding]

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield ENCODED[encoding]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-encoding": encoding}, stream=Stream())

    response = caller(answering(caller, answer), "order", name="a")
    assert response.content == BODY
    assert response.parsed is not None
    assert response.parsed.name == "a"


def test_closing_a_copy_leaves_the_connections_open(sandbox: Sandbox) -> None:
    """The connections live as long as the client that made them."""
    with Autoenhance(**at(sandbox)) as client:
        with client.with_options(timeout=5) as other:
            other.edit_order(sandbox.order_ids[0], name="a")
        assert client.edit_order(sandbox.order_ids[0], name="b").name == "b"
    with pytest.raises(RuntimeError, match="this client is closed"):
        other.edit_order(sandbox.order_ids[0], name="c")


def test_bad_options_are_refused_in_a_copy_too() -> None:
    """with_options checks what the constructor checks."""
    with Autoenhance("key") as client, pytest.raises(ValueError, match="max_retries is -1"):
        client.with_options(max_retries=-1)


def test_closing_twice_is_fine_and_use_after_it_is_an_error() -> None:
    """A closed client says so."""
    client = Autoenhance("key")
    client.close()
    client.close()
    with pytest.raises(RuntimeError, match="this client is closed; make a new one"):
        client.edit_order("order", name="a")

    async def use_after_close() -> None:
        client = AsyncAutoenhance("key")
        await client.aclose()
        await client.aclose()
        await client.edit_order("order", name="a")

    with pytest.raises(RuntimeError, match="this client is closed"):
        anyio.run(use_after_close)


def test_a_callers_own_http_client_is_used_and_left_open() -> None:
    """Its headers, hooks and proxies apply; its base_url and its following of redirects do not."""
    requests: list[httpx.Request] = []
    http = httpx.Client(
        transport=httpx.MockTransport(echo(requests)),
        headers={"x-from": "caller"},
        base_url="https://elsewhere.example",
        follow_redirects=True,
    )
    with Autoenhance("key", http_client=http) as client:
        client.edit_order("order", name="a")
    assert not http.is_closed
    assert requests[0].headers["x-from"] == "caller"
    assert requests[0].url.host == "api.autoenhance.ai"
    http.close()


def test_the_wrong_kind_of_http_client_is_a_type_error() -> None:
    """The sync client takes an httpx.Client, the async one an httpx.AsyncClient."""
    with pytest.raises(TypeError, match=r"http_client is an httpx\.Client, not AsyncClient"):
        Autoenhance("key", http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # the mistake to catch
    with httpx.Client() as http, pytest.raises(TypeError, match=r"http_client is an httpx\.AsyncClient, not Client"):
        AsyncAutoenhance("key", http_client=http)  # type: ignore[arg-type]  # the mistake to catch


def test_threads_share_a_client(sandbox: Sandbox) -> None:
    """Each thread gets the answer to its own edit."""
    for number in range(8):
        sandbox.add_order({"order_id": f"order-{number}"})
    wrong: list[object] = []

    def edit(number: int) -> None:
        for turn in range(5):
            order = client.edit_order(f"order-{number}", name=f"{number}/{turn}")
            if (order.order_id, order.name) != (f"order-{number}", f"{number}/{turn}"):
                wrong.append(order)

    with Autoenhance(**at(sandbox)) as client:
        threads = [threading.Thread(target=edit, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_tasks_share_a_client(sandbox: Sandbox) -> None:
    """Each task gets the answer to its own edit."""
    for number in range(8):
        sandbox.add_order({"order_id": f"order-{number}"})

    async def main() -> list[tuple[object, object]]:
        found: list[tuple[object, object]] = []

        async def edit(number: int) -> None:
            order = await client.edit_order(f"order-{number}", name=str(number))
            found.append((order.order_id, order.name))

        async with AsyncAutoenhance(**at(sandbox)) as client, anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(edit, number)
        return found

    assert sorted(anyio.run(main)) == [(f"order-{number}", str(number)) for number in range(8)]


def test_a_client_shows_its_key_to_nobody() -> None:
    """repr, str and vars of a client do not hold the key, and a client is not pickled."""
    with Autoenhance("planted-key") as client:
        assert "planted-key" not in f"{client!r} {client} {vars(client)}"
        assert "planted-key" not in f"{vars(client._settings.api_key.reveal)} {vars(client._transports.get())}"
