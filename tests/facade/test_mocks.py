"""No client bypasses a mock or an instrumentation of httpx, whether that starts first or later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, Mock, patch

import httpx
import pytest
from callers import KINDS, at, open_client
from odd_servers import unreachable

from autoenhance import APIConnectionError, OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from callers import Editor

    from autoenhance.sandbox import Sandbox

    # Returns the requests that a mock received.
    Requests = Callable[[], list[httpx.Request]]
    Fixture = Callable[[str], Any]
    # Mocks these URLs during the block.
    Tool = Callable[[list[str], Fixture], AbstractContextManager[Requests]]

NAME, MOCKED = "12 Acacia Avenue", "From the mock"
ORDER = {"order_id": "mocked", "name": MOCKED, "status": "waiting", "images": []}
SENTRY = str(Path(__file__).parents[1] / "support" / "sentry_edits.py")


@contextmanager
def pytest_httpx(urls: list[str], fixture: Fixture) -> Iterator[Requests]:
    mock = fixture("httpx_mock")
    for url in urls:
        mock.add_response(method="PATCH", url=url, json=ORDER)
    yield mock.get_requests
    fixture("monkeypatch").undo()


def respx(using: str) -> Tool:
    @contextmanager
    def mock(urls: list[str], _: Fixture) -> Iterator[Requests]:
        import respx

        with respx.mock(using=using) as router:
            for url in urls:
                router.patch(url).respond(json=ORDER)
            yield lambda: [call.request for call in router.calls]

    return mock


@contextmanager
def pook(urls: list[str], _: Fixture) -> Iterator[Requests]:
    import pook

    requests: list[httpx.Request] = []

    def note(request: Any, _: Any) -> None:
        requests.append(httpx.Request(request.method, request.rawurl, headers=request.headers))

    pook.on()  # `with pook.use()` stays active after an error
    try:
        for url in urls:
            pook.patch(url).callback(note).reply(200).json(ORDER)
        yield lambda: requests
    finally:
        pook.off()


def patched(sync_target: str, async_target: str, **options: Any) -> Tool:
    """Patch a method of httpx."""

    @contextmanager
    def mock(_: list[str], __: Fixture) -> Iterator[Requests]:
        response = httpx.Response(200, json=ORDER)
        with (
            patch(sync_target, return_value=response, **options) as sync_mock,
            patch(async_target, return_value=response, **options) as async_mock,
        ):
            yield lambda: [call.args[-1] for call in sync_mock.call_args_list + async_mock.call_args_list]

    return mock


@contextmanager
def patched_class(_: list[str], __: Fixture) -> Iterator[Requests]:
    response = httpx.Response(200, json=ORDER)
    sync_send, async_send = Mock(return_value=response), AsyncMock(return_value=response)
    with patch("httpx.Client") as client, patch("httpx.AsyncClient") as async_client:
        client.return_value.send, async_client.return_value.send = sync_send, async_send
        yield lambda: [call.args[0] for call in sync_send.call_args_list + async_send.call_args_list]


TRANSPORTS = ("httpx.HTTPTransport.handle_request", "httpx.AsyncHTTPTransport.handle_async_request")
SENDS = ("httpx.Client.send", "httpx.AsyncClient.send")
TOOLS: dict[str, Tool] = {
    "pytest-httpx": pytest_httpx,
    "respx using httpcore": respx("httpcore"),
    "respx using httpx": respx("httpx"),
    "pook": pook,
    "patched transport": patched(*TRANSPORTS),
    "patched transport, autospec": patched(*TRANSPORTS, autospec=True),
    "patched send": patched(*SENDS),
    "patched send, autospec": patched(*SENDS, autospec=True),
    "patched send, spec": patched(*SENDS, spec=True),
    "patched class": patched_class,
}
# Not in the group `lowest`.
OPTIONAL = {"pytest-httpx", "respx using httpcore", "respx using httpx", "pook"}
every_tool = pytest.mark.parametrize(
    "tool",
    [pytest.param(tool, id=name, marks=[pytest.mark.tools] * (name in OPTIONAL)) for name, tool in TOOLS.items()],
)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def edits(sandbox: Sandbox, count: int | None = None) -> list[OrderEdit]:
    return [OrderEdit(order_id, name=NAME) for order_id in sandbox.order_ids[:count]]


def urls_of(base_url: str, sandbox: Sandbox) -> list[str]:
    return [f"{base_url}/v3/orders/{order_id}" for order_id in sandbox.order_ids[:2]]


def assert_mocked(edit: Editor, requests: Requests, base_url: str, sandbox: Sandbox) -> None:
    """Edit two orders: the mock receives these requests and no other."""
    assert [order.name for order in edit(edits(sandbox, 2))] == [MOCKED, MOCKED]
    received = [(request.method, str(request.url)) for request in requests()]
    assert sorted(received) == [("PATCH", url) for url in sorted(urls_of(base_url, sandbox))]
    assert {request.headers["x-api-key"] for request in requests()} == {sandbox.api_key}


@every_tool
def test_a_mock_receives_the_requests_of_a_new_client(
    tool: Tool, kind: str, sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    """None reaches the network before the mock is stopped."""
    with unreachable() as nowhere, ExitStack() as mock, ExitStack() as client:
        requests = mock.enter_context(tool(urls_of(nowhere, sandbox), request.getfixturevalue))
        edit = client.enter_context(open_client(kind, **at(sandbox, base_url=nowhere, max_retries=0)))
        assert_mocked(edit, requests, nowhere, sandbox)
        mock.close()
        with pytest.raises(APIConnectionError):
            edit(edits(sandbox, 2))


@every_tool
def test_a_mock_receives_the_requests_of_a_client_in_use(
    tool: Tool, kind: str, sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    """Its open connections are not used before the mock is stopped."""
    with open_client(kind, **at(sandbox, max_retries=0)) as edit:
        assert {order.name for order in edit(edits(sandbox))} == {NAME}
        with tool(urls_of(sandbox.url, sandbox), request.getfixturevalue) as requests:
            assert_mocked(edit, requests, sandbox.url, sandbox)
        assert {order.name for order in edit(edits(sandbox))} == {NAME}


def test_vcr_records_and_replays(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Replayed without the service, each edit returns the same order, for a client in use and a new one."""
    import vcr

    recorder = vcr.VCR(filter_headers=["x-api-key"])
    path = str(tmp_path / "cassette.yaml")
    options = at(sandbox, max_retries=0)

    def replay(edit: Editor) -> dict[object, object]:
        return {order.order_id: order for order in edit(edits(sandbox))}

    with open_client(kind, **options) as edit:
        with recorder.use_cassette(path) as cassette:
            recorded = replay(edit)
        assert len(cassette) == len(sandbox.order_ids)
        sandbox.reset()
        for is_new in (False, True):
            with recorder.use_cassette(path, record_mode="none") as cassette, open_client(kind, **options) as new:
                assert replay(new if is_new else edit) == recorded
            assert cassette.all_played
        assert NAME not in {(sandbox.order(order_id) or {})["name"] for order_id in sandbox.order_ids}
        replay(edit)
    assert {(sandbox.order(order_id) or {})["name"] for order_id in sandbox.order_ids} == {NAME}
    assert sandbox.api_key not in Path(path).read_text("utf-8")


@pytest.mark.tools
def test_opentelemetry_has_a_span_for_each_edit(kind: str, sandbox: Sandbox) -> None:
    """Below the caller's span, for a client in use and a new one, and without the key."""
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider, instrumentor = InMemorySpanExporter(), TracerProvider(), HTTPXClientInstrumentor()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with open_client(kind, **at(sandbox)) as edit:
        edit(edits(sandbox))
        instrumentor.instrument(tracer_provider=provider)
        try:
            with provider.get_tracer("test").start_as_current_span("job") as job:
                edit(edits(sandbox, 2))
                with open_client(kind, **at(sandbox)) as edit_anew:
                    edit_anew(edits(sandbox, 2))
        finally:
            instrumentor.uninstrument()
        edit(edits(sandbox))
    *spans, _ = exporter.get_finished_spans()
    urls = [(span.attributes or {})["http.url"] for span in spans]
    assert sorted(map(str, urls)) == sorted(urls_of(sandbox.url, sandbox) * 2)
    assert {span.name for span in spans} == {"PATCH"}
    assert {span.parent and span.parent.span_id for span in spans} == {job.get_span_context().span_id}
    assert sandbox.api_key not in "".join(span.to_json() for span in spans)


@pytest.mark.tools
@pytest.mark.parametrize("moment", ["before-import", "in-use"])
def test_sentry_has_a_span_for_each_edit(moment: str, sandbox: Sandbox) -> None:
    """In the caller's transaction, whenever Sentry starts; no envelope has the key."""
    order_ids = sandbox.order_ids[:2]
    environment = {"AUTOENHANCE_BASE_URL": sandbox.url, "AUTOENHANCE_API_KEY": sandbox.api_key}
    command = [sys.executable, SENTRY, moment, *order_ids]
    printed = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True).stdout
    assert sandbox.api_key not in printed
    events = [json.loads(line) for line in printed.splitlines()]
    spans = {
        event["transaction"]: sorted(span["description"] for span in event["spans"])
        for event in events
        if event.get("type") == "transaction"
    }
    assert spans == dict.fromkeys(KINDS, sorted(f"PATCH {url}" for url in urls_of(sandbox.url, sandbox)))
    assert len([event for event in events if "exception" in event]) == len(KINDS)
