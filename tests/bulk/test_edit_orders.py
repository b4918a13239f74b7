"""Edits in, results out, as it goes: what `edit_orders` of both clients takes and gives."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
import sqlite3
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from callers import at, edits, opened
from edit_server import CUT, EditServer, Request, Response

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, errors
from autoenhance._bulk.limits import read_limits
from autoenhance.models import UNSET, Unset
from scripts import run_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from callers import Bulk

    from autoenhance.sandbox import Sandbox


# --- What it is given ---


@pytest.mark.parametrize(
    ("limits", "kind", "says"),
    [
        ({"concurrency": 0}, ValueError, "concurrency is 0; it must be 1 or more"),
        ({"concurrency": 1.5}, TypeError, "concurrency must be a whole number, not float"),
        ({"concurrency": True}, TypeError, "concurrency must be a whole number, not bool"),
        ({"rate": 0}, ValueError, "rate is 0; it must be above 0"),
        ({"rate": -math.inf}, ValueError, "rate is -inf"),
        ({"rate": math.nan}, ValueError, "rate is nan"),
        ({"rate": "250"}, TypeError, "rate must be a number, not str"),
        ({"rate": True}, TypeError, "rate must be a number, not bool"),
        ({"max_failures": -1}, ValueError, "max_failures is -1; it must be 0 or more, or None"),
        ({"max_failures": 0.5}, TypeError, "max_failures must be a whole number or None, not float"),
        ({"edits": 7}, TypeError, "is not iterable"),
    ],
)
def test_what_is_invalid_is_refused_before_anything_is_read(
    limits: dict[str, Any], kind: type[Exception], says: str
) -> None:
    """By both clients, at the call itself, not in the middle of a loop."""

    def source() -> Any:
        pytest.fail("nothing may be read")
        yield

    for client in (Autoenhance("key"), AsyncAutoenhance("key")):
        with pytest.raises(kind, match=says):
            client.edit_orders(**{"edits": source(), **limits})


@pytest.mark.parametrize("limits", [(1, 1, 0), (10**6, math.inf, 10**6), (32, 5e-324, None), (32, 10**400, None)])
def test_what_is_odd_but_valid_is_taken(limits: tuple[int, float, int | None]) -> None:
    """No ceiling, one edit at once, a request in a million years."""
    assert read_limits(*limits) == limits


def test_a_closed_client_makes_no_bulk_run(backend: str) -> None:
    """The sync client says so at the call, the async one with the first result: only there it knows its event loop."""
    with opened(backend, api_key="key") as client:
        client.close()
        with pytest.raises(RuntimeError, match="this client is closed"):
            list(client.edit_orders([]))


@dataclass(frozen=True, kw_only=True)
class Row(OrderEdit):
    """An edit of the caller's own, with more than the library asks for."""

    name: Any = "a"
    new_order_id: Any = UNSET
    line: int = 7


class Lazy(OrderEdit):
    """An edit that fails in a way of its own when it is read."""

    def __getattribute__(self, name: str) -> Any:
        if name == "name":
            raise LookupError("no such row")
        return super().__getattribute__(name)


NO_EDIT = "an edit must be an OrderEdit, or an instance of a subclass, not "
INVALID: list[tuple[Any, type[Exception], str]] = [
    (Row(""), ValueError, "order_id is empty"),
    (Row("a/b"), ValueError, "it must be one path segment"),
    (Row("a", name=7), TypeError, "name must be a string, not int"),
    (Row("a", name=UNSET), ValueError, "no changes given"),
    ({"order_id": "a", "name": "b"}, TypeError, f"{NO_EDIT}dict"),
    (Lazy("a"), LookupError, "no such row"),
    *((letter, TypeError, f"{NO_EDIT}str") for letter in "id"),
]


def test_an_invalid_edit_is_a_result_and_the_others_go_on(bulk: Bulk) -> None:
    """It was never sent: no attempts, no time, and an error that says what is wrong with it.

    A row of the caller's own comes back with everything that it has, and only what an OrderEdit has is sent.
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
        # Many of them may be kept, and none keeps what is below it.
        assert result.error.__traceback__ is None
        assert result.error.__context__ is None or result.error.__context__.__traceback__ is None


def test_the_sync_client_reads_its_source_on_the_callers_thread(tmp_path: Any) -> None:
    """A cursor of sqlite3, which no other thread may touch, is a source; so are objects bound to a thread."""
    here = threading.current_thread()

    class Bound(OrderEdit):
        def __getattribute__(self, name: str) -> Any:
            assert threading.current_thread() is here
            return super().__getattribute__(name)

    database = sqlite3.connect(tmp_path / "orders.sqlite3")
    database.execute("create table edits (id text)")
    database.executemany("insert into edits values (?)", [(f"order-{number}",) for number in range(100)])
    with EditServer() as server, Autoenhance(**server.options) as client:
        rows = database.execute("select id from edits")
        results = list(client.edit_orders((Bound(order_id, name="a") for (order_id,) in rows), rate=math.inf))
    database.close()
    assert [result.ok for result in results] == [True] * 100


# --- What comes back ---


def test_orders_are_edited_and_each_result_has_its_edit(bulk: Bulk, sandbox: Sandbox) -> None:
    """The very object that was given, the order as it is afterwards, one attempt, and the time that it took."""
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


# For each edit: what the service responds, one attempt after another; the error; what it says.
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


def test_an_edit_ends_as_a_single_call_would_and_the_others_go_on(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same errors after the same attempts, which are numbered in a header; the time has the waits in it."""
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
        # It goes to another process, or into a queue.
        other = pickle.loads(pickle.dumps(result))  # noqa: S301
        assert (other.edit, other.order, str(other.error)) == (result.edit, result.order, str(result.error))


def test_every_retry_is_reported_and_what_the_function_raises_is_the_edits_error(bulk: Bulk) -> None:
    """The others go on."""
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
@pytest.mark.parametrize("by", ["source", "on_retry"])
def test_what_the_callers_code_raises_loses_nothing(bulk: Bulk, by: str, error: BaseException) -> None:
    """What was sent has its result, then it is raised where they are taken; what ends a program stops the run at once."""

    def fail(_: Any = None) -> Any:
        raise error

    def source() -> Iterator[OrderEdit]:
        yield from edits(30)
        yield from fail() if by == "source" else ()

    with EditServer(
        lambda request: Response(503 if by == "on_retry" and request.order_id == "order-3" else 200, after=0.03)
    ) as server:
        outcome = bulk({**server.options, "on_retry": fail}, source(), concurrency=3, rate=math.inf)
    ends_all = not isinstance(error, Exception)
    assert outcome.error is (error if by == "source" or ends_all else None)
    assert sorted(server.ids()) == sorted(result.edit.order_id for result in outcome.all)
    assert len(outcome.all) + len(outcome.unsent) == 30 or by == "on_retry"
    assert bool(outcome.unsent) is ends_all
    failed = [result for result in outcome.all if not result.ok]
    assert [result.edit.order_id for result in failed] == ["order-3"] * (by == "on_retry")
    if failed and ends_all:
        assert type(failed[0].error) is errors.APIConnectionError
        assert "The edit may have happened" in str(failed[0].error)


def test_a_timeout_is_each_edits_own(bulk: Bulk) -> None:
    """An edit without a response in time fails, and those before it in the queue cost it nothing."""
    with EditServer(lambda request: Response(after=5 if request.order_id == "order-2" else 0.12)) as server:
        outcome = bulk({**server.options, "timeout": 0.5, "max_retries": 0}, edits(7), concurrency=2)
    assert [result.edit.order_id for result in outcome.results if not result.ok] == ["order-2"]
    late = outcome.of("order-2")
    assert type(late.error) is errors.APITimeoutError
    assert "within 0.5 s" in str(late.error)
    assert 0.5 <= late.seconds < 1.5


@pytest.mark.slow
def test_waiting_for_a_turn_is_no_time_of_an_edit(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a low rate a retry waits long for its turn, and its deadline waits with it."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    with EditServer(lambda request: Response(503 if request.times == 1 else 200)) as server:
        outcome = bulk({**server.options, "timeout": 0.4}, edits(2), rate=2)
    assert [result.error for result in outcome.results] == [None] * 2
    assert max(result.seconds for result in outcome.results) > 0.45


# --- As it goes ---


def test_results_come_as_they_finish(bulk: Bulk) -> None:
    """An edit that takes long holds up no other, and is the last."""
    taken: list[Any] = []

    def release(result: Any, _: Any) -> None:
        taken.append(result)
        if len(taken) == 19:
            server.release()

    with EditServer(lambda request: Response(held=request.order_id == "order-0")) as server:
        outcome = bulk(server.options, edits(20), release)
    assert outcome.results[-1].edit.order_id == "order-0"
    assert len(outcome.results) == 20


def test_an_endless_source_is_read_as_it_goes(bulk: Bulk) -> None:
    """No further than the window beyond what was taken, and no result is lost when the loop is left."""
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
        outcome = bulk(server.options, source(), count, concurrency=4, rate=math.inf)
    assert outcome.error is None
    # What was read is a result, or unsent; and what was sent is a result.
    sent = [result.edit.order_id for result in outcome.all]
    assert sorted(read) == sorted(sent + [edit.order_id for edit in outcome.unsent])
    assert sorted(server.ids()) == sorted(sent)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_client_takes_an_async_source(backend: str) -> None:
    """It is read as it goes, too, what it raises comes at the end, and the very edits come back."""
    given = edits(100)
    read = 0

    async def source() -> AsyncIterator[OrderEdit]:
        nonlocal read
        for edit in given:
            read += 1
            yield edit
            await anyio.lowlevel.checkpoint()
        raise LookupError("no more pages")

    taken: list[OrderEdit] = []
    with EditServer() as server, opened(backend, **server.options) as client:
        run = client.edit_orders(source(), concurrency=4, rate=math.inf)
        for _ in given:
            taken.append(next(run).edit)
            assert read - len(taken) <= 2 * 4 + 16
        with pytest.raises(LookupError, match="no more pages"):
            next(run)
    assert sorted(map(id, taken)) == sorted(map(id, given))


@pytest.mark.anyio
async def test_a_slow_async_source_holds_up_no_result() -> None:
    """The result of the first edit is there before the second edit is."""
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


def test_nothing_of_what_is_done_with_stays_in_memory(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more edits are alive than the window holds; what stands in memory after many edits is what stood there before."""
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


def test_batches_are_all_that_came_meanwhile() -> None:
    """For those who write results down together: no result is missing, and while there is none an empty list says so."""
    with (
        EditServer(lambda request: Response(held=request.order_id == "order-29")) as server,
        Autoenhance(**server.options) as client,
        client.edit_orders(edits(30), rate=math.inf) as run,
    ):
        found: list[Any] = [next(run)]
        for batch in run.batches(wait=0.02):
            found += batch
            if not batch:
                server.release()
    assert sorted(result.edit.order_id for result in found) == sorted(edit.order_id for edit in edits(30))


def test_batches_end_as_the_run_does() -> None:
    """With what stopped it, once."""
    with EditServer(lambda _: Response(401)) as server, Autoenhance(**server.options) as client:
        run = client.edit_orders(edits(3), concurrency=1)
        batches = run.batches()
        assert len(next(batches)) == 1
        with pytest.raises(errors.BulkStoppedError):
            next(batches)
        assert list(run.batches()) == []
        assert list(run) == []


# --- Edits of one order keep their order, and nothing else waits for them ---


@pytest.mark.parametrize("new", [UNSET, "order-7"], ids=["no other id", "the id that it has"])
def test_hundreds_of_edits_of_one_order_come_one_after_another(bulk: Bulk, new: str | Unset) -> None:
    """Never two at once, even if some are retried; what follows a failed edit is made all the same."""

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


def test_edits_of_other_orders_overtake(bulk: Bulk) -> None:
    """While one order's edits wait for each other, the others are made."""
    with EditServer(lambda request: Response(held=request.order_id == "slow")) as server:
        slow = [OrderEdit("slow", name="first"), OrderEdit("slow", name="second")]

        def release(*_: object) -> None:
            if len(server.requests) == 21:
                server.release()

        outcome = bulk(server.options, [*slow, *edits(20)], release, concurrency=2)
    assert [result.edit for result in outcome.results[-2:]] == slow
    assert server.ids()[-1] == "slow"
    assert server.names("slow") == ["first", "second"]


def test_an_order_keeps_its_order_over_a_new_id(bulk: Bulk, sandbox: Sandbox) -> None:
    """An edit under the new id waits for the edit that gives it, and a chain of them ends where it must."""
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


def test_an_edit_of_an_id_that_is_given_away_comes_before_it_is_taken(bulk: Bulk) -> None:
    """A's edits, A becomes B, and only then what was asked of B and of A afterwards."""
    given = [
        OrderEdit(order_id, name=str(n), new_order_id="b" if n == 2 else UNSET) for n, order_id in enumerate("abaab")
    ]
    with EditServer(lambda _: Response(after=0.02)) as server:
        bulk(server.options, given)
    names = [request.body["name"] for request in server.requests]
    assert [sorted(names[:2]), names[2], sorted(names[3:])] == [["0", "1"], "2", ["3", "4"]]


# --- Clients and their connections ---


def test_runs_and_calls_at_once_on_one_client(backend: str) -> None:
    """One in the loop of the other: they know nothing of each other, and neither of the client's own calls."""
    with EditServer() as server, opened(backend, **server.options) as client:
        found = {
            (outer.edit.order_id, inner.edit.order_id, client.edit_order("single", name="a").name)
            for outer in client.edit_orders(edits(5), concurrency=2)
            for inner in client.edit_orders(edits(4, prefix="inner"), concurrency=2)
        }
    assert len(found) == 20


def test_one_async_client_makes_runs_in_one_event_loop_after_another() -> None:
    """And a run may be made before there is a loop."""

    async def take(run: Any) -> int:
        return len([result async for result in run if result.ok])

    with EditServer() as server:
        client = AsyncAutoenhance(**server.options)
        for backend in ("asyncio", "trio", "asyncio"):
            assert anyio.run(take, client.edit_orders(edits(3)), backend=backend) == 3
        asyncio.run(client.aclose())


def test_a_client_that_is_closed_in_the_middle_lets_the_run_end(backend: str) -> None:
    """A run has connections of its own, closed with it; a `with` around the client alone is enough."""
    with EditServer() as server, opened(backend, **server.options) as client:
        run = client.edit_orders(edits(30), concurrency=2)
        first = next(run)
        client.close()
        assert [result.ok for result in [first, *run]] == [True] * 30
        server.wait_for(lambda: server.now_open == 0)


def test_an_http_client_of_the_callers_own_is_used(backend: str) -> None:
    """All threads share it, with its hooks, and it is not closed."""
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"order_id": request.url.path.rpartition("/")[2]})

    transport = httpx.MockTransport(respond)
    http = httpx.Client(transport=transport) if backend == "sync" else httpx.AsyncClient(transport=transport)
    with opened(backend, api_key="key", http_client=http) as client:
        assert [result.ok for result in client.edit_orders(edits(20))] == [True] * 20
    assert not http.is_closed
    assert {str(request.url) for request in requests} == {
        f"https://api.autoenhance.ai/v3/orders/order-{number}" for number in range(20)
    }


def test_a_request_is_what_a_single_call_sends(bulk: Bulk) -> None:
    """The same headers and body, with the options of the client; no cookie, which could tie a run to one machine."""
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


def test_edits_that_wait_for_their_turn_on_an_http2_connection_lose_no_time() -> None:
    """A caller's client that speaks HTTP/2 makes one request at a time; a slow service must not fail those that wait."""

    def respond(_: httpx.Request) -> httpx.Response:
        time.sleep(0.05)
        return httpx.Response(200, json={}, extensions={"http_version": b"HTTP/2"})

    with (
        httpx.Client(transport=httpx.MockTransport(respond)) as own,
        Autoenhance("key", http_client=own, timeout=0.4) as client,
    ):
        assert [result.error for result in client.edit_orders(edits(12), concurrency=12)] == [None] * 12


SURROUNDINGS = {
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
@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_a_run_of_the_sync_client_works_in(surroundings: str) -> None:
    """Its threads need no event loop, and none disturbs them; they are what gevent makes of them."""
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
        assert run_script(code + SURROUNDINGS[surroundings], server.url) == ""
        assert len(server.requests) == 60
