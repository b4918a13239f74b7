"""What `edit_orders` of both clients takes and returns, and in which order edits are made."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from itertools import pairwise
from operator import length_hint
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from callers import Bulk, answering, at, echo, edits, opened
from edit_server import CUT, EditServer, Request, Response

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, errors
from autoenhance._bulk.limits import read_limits
from autoenhance.models import UNSET, Unset
from scripts import run_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from callers import Caller

    from autoenhance.sandbox import Sandbox


# --- Edits and limits ---


@pytest.mark.parametrize(
    ("limits", "kind", "says"),
    [
        ({"concurrency": 0}, ValueError, "concurrency is 0; it must be 1 or more"),
        ({"concurrency": 1.5}, TypeError, "concurrency must be a whole number, not float"),
        ({"concurrency": True}, TypeError, "concurrency must be a whole number, not bool"),
        ({"rate": 0}, ValueError, "rate is 0; it must be above 0"),
        ({"rate": math.nan}, ValueError, "rate is nan"),
        ({"rate": "250"}, TypeError, "rate must be a number, not str"),
        ({"rate": True}, TypeError, "rate must be a number, not bool"),
        ({"max_failures": -1}, ValueError, "max_failures is -1; it must be 0 or more, or None"),
        ({"max_failures": 0.5}, TypeError, "max_failures must be a whole number or None, not float"),
        ({"edits": 7}, TypeError, "is not iterable"),
    ],
)
def test_invalid_limits_are_rejected_at_the_call(limits: dict[str, Any], kind: type[Exception], says: str) -> None:
    """By both clients, before an edit is read."""
    edits = iter([OrderEdit("order", name="a")])
    for client in (Autoenhance("key"), AsyncAutoenhance("key")):
        with pytest.raises(kind, match=says):
            client.edit_orders(**{"edits": edits, **limits})
    assert length_hint(edits) == 1


@pytest.mark.parametrize("limits", [(1, 1, 0), (10**6, math.inf, 10**6), (32, 5e-324, None), (32, 10**400, None)])
def test_extreme_limits_are_valid(limits: tuple[int, float, int | None]) -> None:
    """No limit, one edit at once, a request in a million years."""
    assert read_limits(*limits) == limits


@dataclass(frozen=True, kw_only=True)
class Row(OrderEdit):
    """A caller's subclass with a field of its own."""

    name: Any = "a"
    new_order_id: Any = UNSET
    line: int = 7


class Lazy(OrderEdit):
    """An edit with an attribute that raises."""

    def __getattribute__(self, name: str) -> Any:
        if name == "name":
            raise LookupError("no such row")
        return super().__getattribute__(name)


INVALID: list[tuple[Any, type[Exception], str]] = [
    (Row(""), ValueError, "order_id is empty"),
    (Row("a/b"), ValueError, "it must not contain /"),
    (Row("a", name=7), TypeError, "name must be a string, not int"),
    (Row("a", name=UNSET), ValueError, "no changes given"),
    (Lazy("a"), LookupError, "no such row"),
]


def test_an_invalid_edit_is_a_failed_result(bulk: Bulk) -> None:
    """It is not sent, its error says what is wrong, and the other edits are made.

    Results have the caller's own objects, of which only the fields of an OrderEdit are sent.
    """
    good = [Row(f"order-{number}", line=number) for number in range(10)]
    with EditServer() as server:
        outcome = bulk(server.options, [*good[:5], *(edit for edit, _, _ in INVALID), *good[5:]])
    assert outcome.error is None
    assert {id(result.edit) for result in outcome.results if result.ok} == {id(row) for row in good}
    assert sorted(server.ids()) == sorted(edit.order_id for edit in good)
    assert server.requests[0].body == {"name": "a"}
    for edit, kind, says in INVALID:
        (result,) = [result for result in outcome.results if result.edit is edit]
        assert type(result.error) is kind
        assert says in str(result.error)
        assert (result.ok, result.order, result.attempts, result.seconds) == (False, None, 0, 0.0)
        # Callers may keep many of them: no error keeps frames.
        assert result.error.__traceback__ is None
        assert result.error.__context__ is None or result.error.__context__.__traceback__ is None


@pytest.mark.parametrize("other", [{"order_id": "a", "name": "b"}, "abc", None])
def test_a_source_of_other_objects_raises_a_type_error(bulk: Bulk, other: Any) -> None:
    """After the results of the edits before it: an error of the program, and not of an edit."""
    with EditServer() as server:
        outcome = bulk(server.options, [*edits(3), other, *edits(3)])
    assert len(outcome.all) == len(server.requests) == 3
    assert type(outcome.error) is TypeError
    assert str(outcome.error).startswith("an edit must be an OrderEdit, or an instance of a subclass, not ")


def test_the_sync_client_reads_its_source_on_the_callers_thread() -> None:
    """A cursor of sqlite3, for example, belongs to its thread; so may the attributes of an edit."""
    here = threading.current_thread()

    class Bound(OrderEdit):
        def __getattribute__(self, name: str) -> Any:
            assert threading.current_thread() is here
            return super().__getattribute__(name)

    def source() -> Iterator[OrderEdit]:
        for number in range(100):
            assert threading.current_thread() is here
            yield Bound(f"order-{number}", name="a")

    with EditServer() as server, Autoenhance(**server.options) as client:
        assert [result.ok for result in client.edit_orders(source(), rate=math.inf)] == [True] * 100


async def as_async(source: Iterator[OrderEdit]) -> AsyncIterator[OrderEdit]:
    for edit in source:
        yield edit
        await anyio.lowlevel.checkpoint()


# --- Results ---


def test_each_result_has_its_edit_and_its_order(bulk: Bulk, sandbox: Sandbox) -> None:
    """The edit is the caller's object; the result also has the number of attempts and the time."""
    given = [OrderEdit(order_id, name=f"Name {number}") for number, order_id in enumerate(sandbox.order_ids)]
    outcome = bulk(at(sandbox), given)
    assert outcome.error is None
    assert sorted(map(id, given)) == sorted(id(result.edit) for result in outcome.results)
    for result in outcome.results:
        assert result.ok
        assert (result.order.order_id, result.order.name) == (result.edit.order_id, result.edit.name)
        assert (sandbox.order(result.edit.order_id) or {})["name"] == result.edit.name
        assert (result.error, result.attempts) == (None, 1)
        assert 0 < result.seconds < 5
    assert (outcome.rest, outcome.unsent) == ([], [])
    assert bulk(at(sandbox), []).all == []


# For each edit: the responses to its attempts, the error, and a part of its message.
FAILED, LOST = Response(503), CUT
RESPONSES: dict[str, tuple[list[Response | None], type[Exception | None], str]] = {
    "none": ([Response()], type(None), "None"),
    "503, order": ([FAILED, Response()], type(None), "None"),
    "503, cut, order": ([FAILED, LOST, Response()], type(None), "None"),
    "503, cut, 503": ([FAILED, LOST, FAILED], errors.InternalServerError, "may have happened"),
    "404": ([Response(404)], errors.NotFoundError, "404"),
    "422": ([Response(422)], errors.ValidationError, "422"),
    "HTML": ([Response(body=b"<html>")], errors.APIResponseError, "edit accepted"),
    "redirect": ([Response(307, {"location": "https://xn--/"})], errors.APIStatusError, "redirect to"),
}


def test_errors_and_retries_are_those_of_a_single_call(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts are numbered in a header, the time includes the waits, and a result can be pickled."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.1)
    with EditServer(lambda request: RESPONSES[request.order_id][0][request.times - 1]) as server:
        outcome = bulk(server.options, [OrderEdit(order_id, name="a") for order_id in RESPONSES])
    assert outcome.error is None
    assert outcome.of("503, cut, order").seconds >= 0.05 + 0.1
    for order_id, (responses, kind, says) in RESPONSES.items():
        result = outcome.of(order_id)
        assert type(result.error) is kind
        assert says in str(result.error)
        assert result.ok is (result.order is not None) is (result.error is None)
        assert result.attempts == len(responses)
        sent = [request.headers["x-autoenhance-attempt"] for request in server.requests if request.order_id == order_id]
        assert sent == list("123"[: len(responses)])
        if isinstance(result.error, errors.AutoenhanceError):
            assert (result.error.order_id, result.error.attempts) == (order_id, len(responses))
            assert result.error.__traceback__ is None
        other = pickle.loads(pickle.dumps(result))  # noqa: S301
        assert (other.edit, other.order, str(other.error)) == (result.edit, result.order, str(result.error))


def test_on_retry_gets_every_retry(bulk: Bulk) -> None:
    """What it raises is the edit's error, and the other edits are made."""
    reported: list[tuple[str, int, str]] = []

    def note(retry: Any) -> None:
        reported.append((retry.order_id, retry.attempt, retry.reason))
        if retry.order_id == "order-1":
            raise LookupError("enough")

    with EditServer(lambda request: Response(503 if request.times == 1 else 200, {"retry-after": "0.01"})) as server:
        outcome = bulk({**server.options, "on_retry": note}, edits(3))
    assert sorted(reported) == [(f"order-{number}", 1, "status 503") for number in range(3)]
    assert [outcome.of(f"order-{number}").attempts for number in range(3)] == [2, 1, 2]
    assert [repr(result.error) for result in outcome.results if not result.ok] == ["LookupError('enough')"]
    assert outcome.error is None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), ValueError("line 31")], ids=repr)
@pytest.mark.parametrize("by", ["source", "async source", "on_retry"])
def test_errors_of_the_callers_code_lose_no_result(bulk: Bulk, by: str, error: BaseException) -> None:
    """Each edit that was sent has its result before the source's error is raised; KeyboardInterrupt and SystemExit stop the run."""

    def fail(_: Any = None) -> Any:
        raise error

    def source() -> Iterator[OrderEdit]:
        yield from edits(30)
        yield from fail() if by != "on_retry" else ()

    given = as_async(source()) if by == "async source" and bulk.backend != "sync" else source()
    with EditServer(
        lambda request: Response(503 if by == "on_retry" and request.order_id == "order-3" else 200, after=0.03)
    ) as server:
        outcome = bulk({**server.options, "on_retry": fail}, given, concurrency=3, rate=math.inf)
    ends_all = not isinstance(error, Exception)
    assert outcome.error is (error if by != "on_retry" or ends_all else None)
    assert sorted(server.ids()) == sorted(result.edit.order_id for result in outcome.all)
    assert len(outcome.all) + len(outcome.unsent) == 30 or by == "on_retry"
    assert bool(outcome.unsent) is ends_all
    failed = [result for result in outcome.all if not result.ok]
    assert [result.edit.order_id for result in failed] == ["order-3"] * (by == "on_retry")
    if failed and ends_all:
        assert type(failed[0].error) is errors.APIConnectionError
        assert "The edit may have happened" in str(failed[0].error)


def test_the_timeout_is_per_edit(bulk: Bulk) -> None:
    """The time in the queue does not count."""
    with EditServer(lambda request: Response(after=5 if request.order_id == "order-2" else 0.12)) as server:
        outcome = bulk({**server.options, "timeout": 0.5, "max_retries": 0}, edits(7), concurrency=2)
    assert [result.edit.order_id for result in outcome.results if not result.ok] == ["order-2"]
    late = outcome.of("order-2")
    assert type(late.error) is errors.APITimeoutError
    assert "within 0.5 s" in str(late.error)
    assert 0.5 <= late.seconds < 1.5


@pytest.mark.slow
def test_waiting_for_the_rate_limit_does_not_count_towards_the_timeout(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a low rate a retry waits longer than the timeout."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    with EditServer(lambda request: Response(503 if request.times == 1 else 200)) as server:
        outcome = bulk({**server.options, "timeout": 0.4}, edits(2), rate=2)
    assert [result.error for result in outcome.results] == [None] * 2
    assert max(result.seconds for result in outcome.results) > 0.45


# --- Streaming ---


@pytest.mark.parametrize("is_async", [False, True], ids=["source", "async source"])
def test_an_endless_source_is_read_lazily(bulk: Bulk, *, is_async: bool) -> None:
    """At most a window beyond the results that were taken, and no result is lost when the loop is left."""
    read: list[str] = []
    taken = 0

    def source() -> Iterator[OrderEdit]:
        while True:
            read.append(f"order-{len(read)}")
            yield OrderEdit(read[-1], name="a")

    def count(*_: Any) -> bool:
        nonlocal taken
        taken += 1
        assert len(read) - taken < 2 * 4 + 16
        return taken == 100

    with EditServer() as server:
        given = as_async(source()) if is_async and bulk.backend != "sync" else source()
        outcome = bulk(server.options, given, count, concurrency=4, rate=math.inf)
    assert outcome.error is None
    sent = [result.edit.order_id for result in outcome.all]
    assert sorted(read) == sorted(sent + [edit.order_id for edit in outcome.unsent])
    assert sorted(server.ids()) == sorted(sent)


@pytest.mark.anyio
async def test_a_slow_async_source_delays_no_result() -> None:
    """The result of the first edit comes before the second edit is read."""
    first_is_taken = anyio.Event()

    async def source() -> AsyncIterator[OrderEdit]:
        yield OrderEdit("order-0", name="a")
        await first_is_taken.wait()
        yield OrderEdit("order-1", name="a")

    with EditServer() as server, anyio.fail_after(5):
        async with AsyncAutoenhance(**server.options) as client:
            async for _ in client.edit_orders(source()):
                first_is_taken.set()
    assert server.ids() == ["order-0", "order-1"]


def test_memory_does_not_grow_with_the_number_of_edits(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more edits are alive than the window holds."""
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most, blocks = 0, []

    class Edit(OrderEdit):
        def __init__(self, number: int) -> None:
            super().__init__(f"order-{number}", name="a")
            alive.add(self)

    def respond(_: Any, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b'{"order_id": "a"}'), request=request)

    async def respond_async(_: Any, request: httpx.Request) -> httpx.Response:
        return respond(_, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", respond)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", respond_async)
    with opened(backend, api_key="key") as client:
        for number, _ in enumerate(client.edit_orders(map(Edit, range(2_001)), rate=math.inf)):
            most = max(most, len(alive))
            if number in {500, 2_000}:
                gc.collect()
                blocks.append(sys.getallocatedblocks())
    assert 10 < most <= 80 + 3
    assert blocks[1] - blocks[0] < 1_000


def test_a_batch_has_the_results_since_the_last_one() -> None:
    """No result is missing; an empty list says that none came in time."""
    with (
        EditServer(lambda request: Response(held=request.order_id == "order-29")) as server,
        Autoenhance(**server.options) as client,
        client.edit_orders(edits(30), rate=math.inf) as run,
    ):
        results: list[Any] = [next(run)]
        for batch in run.batches(wait=0.02):
            results += batch
            if not batch:
                server.release()
    assert sorted(result.edit.order_id for result in results) == sorted(edit.order_id for edit in edits(30))


def test_batches_raise_what_stopped_the_run_once() -> None:
    with EditServer(lambda _: Response(401)) as server, Autoenhance(**server.options) as client:
        run = client.edit_orders(edits(3), concurrency=1)
        batches = run.batches()
        assert len(next(batches)) == 1
        with pytest.raises(errors.BulkStoppedError):
            next(batches)
        assert list(run.batches()) == []
        assert list(run) == []


# --- The order of edits ---


@pytest.mark.parametrize("new", [UNSET, "order-7"], ids=["no other id", "the id that it has"])
def test_edits_of_one_order_are_sent_in_sequence(bulk: Bulk, new: str | Unset) -> None:
    """Never two at once, even if some are retried; those after a failed edit are made, too."""

    def respond(request: Request) -> Response:
        if request.body["name"] == "77":
            return Response(422)
        return Response(503 if request.times % 50 == 1 else 200, {"retry-after": "0.001"})

    given = [OrderEdit("order-7", name=str(number), new_order_id=new) for number in range(150)]
    with EditServer(respond) as server:
        outcome = bulk(server.options, given, rate=math.inf)
    assert server.most_at_once == 1
    names = server.names("order-7")
    assert [*dict.fromkeys(names)] == [str(number) for number in range(150)]
    assert names == sorted(names, key=int)
    assert [result.edit for result in outcome.results] == given
    assert [result.edit.name for result in outcome.results if not result.ok] == ["77"]
    assert type(outcome.results[77].error) is errors.ValidationError


def test_edits_of_other_orders_do_not_wait(bulk: Bulk) -> None:
    """Results come in the order in which edits finish."""
    with EditServer(lambda request: Response(held=request.order_id == "slow")) as server:
        slow = [OrderEdit("slow", name="first"), OrderEdit("slow", name="second")]

        def release(*_: object) -> None:
            if len(server.requests) == 21:
                server.release()

        outcome = bulk(server.options, [*slow, *edits(20)], release, concurrency=2)
    assert [result.edit for result in outcome.results[-2:]] == slow
    assert server.ids()[-1] == "slow"
    assert server.names("slow") == ["first", "second"]


def test_an_edit_of_a_new_id_waits_for_the_edit_that_gives_it(bulk: Bulk, sandbox: Sandbox) -> None:
    ids = ["harbour-view-7", *(f"moved-{number}" for number in range(10))]
    given: list[OrderEdit] = []
    for old, new in pairwise(ids):
        given += [OrderEdit(old, name=f"At {old}"), OrderEdit(old, new_order_id=new)]
    given.append(OrderEdit(ids[-1], name="Home"))
    outcome = bulk(at(sandbox), given)
    assert [result.error for result in outcome.results] == [None] * len(given)
    assert [result.edit for result in outcome.results] == given
    assert (sandbox.order(ids[-1]) or {})["name"] == "Home"
    assert sandbox.order("harbour-view-7") is None


def test_a_new_id_waits_for_earlier_edits_of_both_ids(bulk: Bulk) -> None:
    """A's and B's edits, then A becomes B, then the later edits of both."""
    given = [
        OrderEdit(order_id, name=str(n), new_order_id="b" if n == 2 else UNSET) for n, order_id in enumerate("abaab")
    ]
    with EditServer(lambda _: Response(after=0.02)) as server:
        bulk(server.options, given)
    names = [request.body["name"] for request in server.requests]
    assert [sorted(names[:2]), names[2], sorted(names[3:])] == [["0", "1"], "2", ["3", "4"]]


# --- Clients and connections ---


def test_one_client_makes_runs_and_calls_at_once(backend: str) -> None:
    """One run in the loop of the other, and single calls in between."""
    with EditServer() as server, opened(backend, **server.options) as client:
        results = {
            (outer.edit.order_id, inner.edit.order_id, client.edit_order("single", name="a").name)
            for outer in client.edit_orders(edits(5), concurrency=2)
            for inner in client.edit_orders(edits(4, prefix="inner"), concurrency=2)
        }
    assert len(results) == 20


def test_an_async_client_makes_runs_in_several_event_loops() -> None:
    """One after another; a run may be created before there is a loop."""

    async def take(run: Any) -> int:
        return len([result async for result in run if result.ok])

    with EditServer() as server:
        client = AsyncAutoenhance(**server.options)
        for backend in ("asyncio", "trio", "asyncio"):
            assert anyio.run(take, client.edit_orders(edits(3)), backend=backend) == 3
        asyncio.run(client.aclose())


def test_closing_the_client_does_not_interrupt_a_run(backend: str) -> None:
    """A run closes its own connections; a closed client makes no other run."""
    with EditServer() as server, opened(backend, **server.options) as client:
        run = client.edit_orders(edits(30), concurrency=2)
        first = next(run)
        client.close()
        assert [result.ok for result in [first, *run]] == [True] * 30
        server.wait_for(lambda: server.now_open == 0)
        with pytest.raises(RuntimeError, match="this client is closed"):
            list(client.edit_orders([]))


def test_the_callers_http_client_is_used(caller: Caller) -> None:
    """All threads share it, and it is not closed."""
    requests: list[httpx.Request] = []
    options = answering(caller, echo(requests))
    assert [result.ok for result in Bulk(caller.backend)(options, edits(20)).results] == [True] * 20
    assert not options["http_client"].is_closed
    assert sorted(request.url.path for request in requests) == sorted(f"/v3/orders/order-{n}" for n in range(20))


def test_requests_are_those_of_single_calls(bulk: Bulk) -> None:
    """The same headers and body; no cookies, which could tie a run to one machine."""
    with EditServer(lambda _: Response(503, {"set-cookie": "machine=7; Path=/", "retry-after": "0"})) as server:
        options = {**server.options, "api_version": "2025-08-31", "max_retries": 1}
        bulk(options, edits(1))
        with Autoenhance(**options) as client, pytest.raises(errors.InternalServerError):
            client.with_options(max_retries=0).edit_order("order-0", name="Name 0")
    many, retry, single = server.requests
    assert many.body == single.body == retry.body
    assert many.headers == single.headers
    assert many.headers["x-api-version"] == "2025-08-31"
    assert "cookie" not in retry.headers


def test_waiting_for_an_http2_connection_does_not_count_towards_the_timeout() -> None:
    """A caller's sync HTTP/2 client makes one request at a time."""

    def respond(_: httpx.Request) -> httpx.Response:
        time.sleep(0.05)
        return httpx.Response(200, json={}, extensions={"http_version": b"HTTP/2"})

    with (
        httpx.Client(transport=httpx.MockTransport(respond)) as own,
        Autoenhance("key", http_client=own, timeout=0.4) as client,
    ):
        assert [result.error for result in client.edit_orders(edits(12), concurrency=12)] == [None] * 12


PATCHERS = {
    "nest_asyncio": """
import asyncio, nest_asyncio
nest_asyncio.apply()
async def main():
    edit_all()
    async def inner(): edit_all()
    asyncio.run(inner())
asyncio.run(main())
""",
    "gevent": """
from gevent import monkey; monkey.patch_all()
import gevent
gevent.joinall([gevent.spawn(edit_all) for _ in range(2)], raise_error=True)
""",
}


@pytest.mark.tools
@pytest.mark.parametrize("patcher", PATCHERS)
def test_a_sync_run_works_with(patcher: str) -> None:
    """Its threads need no event loop; gevent replaces them."""
    code = """
import sys, math
def edit_all():
    from autoenhance import Autoenhance, OrderEdit
    with Autoenhance("key", base_url=sys.argv[1]) as client:
        edits = (OrderEdit(f"order-{number}", name="a") for number in range(30))
        with client.edit_orders(edits, concurrency=5, rate=math.inf) as run:
            assert all(result.ok for result in run)
"""
    with EditServer() as server:
        assert run_script(code + PATCHERS[patcher], server.url) == ""
        assert len(server.requests) == 60
