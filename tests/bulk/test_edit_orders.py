"""Edits in, results out, as it goes: what `edit_orders` of both clients takes and gives."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import math
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_args, get_origin

import anyio
import anyio.lowlevel
import httpx
import pytest
from bulk_runs import edits, every_backend, every_bulk, sync
from callers import at
from edit_server import CUT, Answer, Asked, EditServer

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, errors
from autoenhance import bulk as bulk_module
from autoenhance.models import UNSET

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bulk_runs import Bulk

    from autoenhance.sandbox import Sandbox


@every_bulk
def test_orders_are_edited_and_each_result_has_its_edit(bulk: Bulk, sandbox: Sandbox) -> None:
    """The very object that was given, the order as it is afterwards, one attempt, and the time that it took."""
    given = [OrderEdit(order_id, name=f"Name {number}") for number, order_id in enumerate(sandbox.order_ids)]
    outcome = bulk(at(sandbox), given)
    assert outcome.error is None
    assert sorted(map(id, given)) == sorted(id(result.edit) for result in outcome.results)
    for result in outcome.results:
        assert result.ok
        assert result.error is None
        assert result.order is not None
        assert (result.order.order_id, result.order.name) == (result.edit.order_id, result.edit.name)
        assert (sandbox.order(result.edit.order_id) or {})["name"] == result.edit.name
        assert result.attempts == 1
        assert 0 < result.seconds < 5
    assert (outcome.rest, outcome.unsent) == ([], [])


@every_bulk
def test_no_edits_are_no_results(bulk: Bulk) -> None:
    """An empty sheet is no error, and asks nothing of the service."""
    with EditServer() as server:
        outcome = bulk(server.options, [])
    assert (outcome.all, outcome.error, server.connections) == ([], None, 0)


@every_bulk
def test_results_come_as_they_finish(bulk: Bulk) -> None:
    """An edit that takes long holds up no other, and is the last."""
    taken = 0

    def release(*_: Any) -> None:
        nonlocal taken
        taken += 1
        if taken == 19:
            server.release()

    with EditServer(lambda asked: Answer(held=asked.order_id == "order-0")) as server:
        outcome = bulk(server.options, edits(20), release)
    assert outcome.results[-1].edit.order_id == "order-0"
    assert len(outcome.results) == 20


@every_bulk
def test_an_endless_source_is_read_as_it_goes(bulk: Bulk) -> None:
    """No further than the window beyond what was taken, and no result is lost when the loop is left."""
    read: list[str] = []

    def source() -> Iterator[OrderEdit]:
        while True:
            read.append(f"order-{len(read)}")
            yield OrderEdit(read[-1], name="a")

    taken = 0

    def count(*_: Any) -> bool:
        nonlocal taken
        taken += 1
        assert len(read) - taken < 2 * 4 + 16
        return taken == 100

    with EditServer() as server:
        outcome = bulk(server.options, source(), count, concurrency=4, rate=math.inf)
    assert outcome.error is None
    # What was read is a result, or unsent; and what was sent is a result.
    assert sorted(read) == sorted(
        [result.edit.order_id for result in outcome.all] + [edit.order_id for edit in outcome.unsent]
    )
    assert sorted(server.ids()) == sorted(result.edit.order_id for result in outcome.all)


@every_bulk
def test_nothing_of_what_is_done_with_stays_in_memory(bulk: Bulk) -> None:
    """Over thousands of edits no more of them are alive than the window holds, nor of their results."""
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    class Edit(OrderEdit):
        def __init__(self, number: int) -> None:
            super().__init__(f"order-{number % 3000}", name="a")
            alive.add(self)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"order_id": "a"})

    def look(*_: Any) -> None:
        nonlocal most
        most = max(most, len(alive))

    count = 1200
    if bulk is sync:
        with EditServer() as server, Autoenhance(**server.options) as client:
            for _ in client.edit_orders(map(Edit, range(count)), rate=math.inf):
                look()
    else:

        async def run() -> None:
            async with (
                httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http,
                AsyncAutoenhance("key", http_client=http) as client,
            ):
                async for _ in client.edit_orders(map(Edit, range(count)), rate=math.inf):
                    look()

        anyio.run(run, backend=bulk.__name__.removeprefix("on_"))
    assert 10 < most <= 80 + 3


@pytest.mark.slow
@every_bulk
def test_memory_is_flat_over_twenty_thousand_edits(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in memory after twenty thousand edits is what stood there after two thousand."""

    def answer(_: Any, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b'{"order_id": "a"}'), request=request)

    async def answer_async(_: Any, request: httpx.Request) -> httpx.Response:
        return answer(_, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer_async)
    blocks: list[int] = []
    taken = 0

    def look() -> None:
        nonlocal taken
        taken += 1
        if taken in {2_000, 20_000}:
            gc.collect()
            blocks.append(sys.getallocatedblocks())

    source = (OrderEdit(f"order-{number}", name="a") for number in range(20_001))
    if bulk is sync:
        with Autoenhance("key") as client:
            for _ in client.edit_orders(source, rate=math.inf):
                look()
    else:

        async def run() -> None:
            async for _ in AsyncAutoenhance("key").edit_orders(source, rate=math.inf):
                look()

        anyio.run(run, backend=bulk.__name__.removeprefix("on_"))
    assert blocks[1] - blocks[0] < 3_000


@dataclass(frozen=True, kw_only=True)
class Row(OrderEdit):
    """An edit of the caller's own, with more than the library asks for."""

    name: Any = "a"
    new_order_id: Any = UNSET
    status: str = "ready"
    line: int = 7


@every_bulk
def test_an_edit_may_be_of_a_class_that_extends_order_edit(bulk: Bulk) -> None:
    """A row of the caller's own comes back with everything that it has, and only what an OrderEdit has is sent."""
    row = Row("order-1", line=12)
    with EditServer() as server:
        outcome = bulk(server.options, [row])
    assert outcome.results[0].edit is row
    assert server.asked[0].body == {"name": "a"}


NO_EDIT = "an edit is an OrderEdit, or of a class that extends it, not "
INVALID: list[tuple[Any, type[Exception], str]] = [
    (Row(""), ValueError, "order_id is empty"),
    (Row("a/b"), ValueError, "it must be one part of a path"),
    (Row("a", name=7), TypeError, "name is a string, not int"),
    (Row("a", name=UNSET), ValueError, "no changes given"),
    (Row("a", new_order_id=".."), ValueError, "new_order_id is '..'"),
    (Row(None), TypeError, "order_id is a string, not NoneType"),  # type: ignore[arg-type]  # the mistake to catch
    ({"order_id": "a", "name": "b"}, TypeError, f"{NO_EDIT}dict"),
    (SimpleNamespace(order_id="a", name="b"), TypeError, f"{NO_EDIT}SimpleNamespace"),
    (None, TypeError, f"{NO_EDIT}NoneType"),
    ("order-7", TypeError, f"{NO_EDIT}str"),
    (("order-7", "a"), TypeError, f"{NO_EDIT}tuple"),
]


@every_bulk
def test_an_edit_of_no_use_is_a_result_and_the_others_go_on(bulk: Bulk) -> None:
    """It was never sent: no attempts, no time, and an error that says what is wrong with it."""
    bad = [edit for edit, _, _ in INVALID]
    good = edits(10)
    with EditServer() as server:
        outcome = bulk(server.options, [*good[:5], *bad, *good[5:]])
    assert outcome.error is None
    assert sum(result.ok for result in outcome.results) == 10
    assert Counter(server.ids()) == Counter(edit.order_id for edit in good)
    for edit, kind, says in INVALID:
        (result,) = [result for result in outcome.results if result.edit is edit]
        assert type(result.error) is kind
        assert says in str(result.error)
        assert (result.ok, result.order, result.attempts, result.seconds) == (False, None, 0, 0.0)
        # Many of them may be kept, and none keeps what is below it.
        assert result.error.__traceback__ is None
        assert result.error.__context__ is None or result.error.__context__.__traceback__ is None


@every_bulk
def test_an_attribute_that_raises_costs_only_its_own_edit(bulk: Bulk) -> None:
    """A class of the caller's may be lazy, and fail in a way of its own."""

    class Lazy(OrderEdit):
        def __getattribute__(self, name: str) -> Any:
            if name == "name":
                raise LookupError("no such row")
            return super().__getattribute__(name)

    with EditServer() as server:
        outcome = bulk(server.options, [*edits(2), Lazy("order-7"), *edits(2, prefix="other")])
    assert outcome.error is None
    assert [type(result.error) for result in outcome.results if not result.ok] == [LookupError]
    assert len(server.asked) == 4


@every_bulk
def test_a_string_is_no_list_of_edits(bulk: Bulk) -> None:
    """Each of its characters is an edit of no use: nothing is sent."""
    with EditServer() as server:
        outcome = bulk(server.options, "order-7")
    assert [(type(result.error), result.attempts) for result in outcome.results] == [(TypeError, 0)] * 7
    assert server.asked == []


@every_bulk
def test_what_the_source_raises_comes_after_the_results_of_what_was_read(bulk: Bulk) -> None:
    """A sheet that cannot be read beyond line 30 costs none of the 30."""
    error = ValueError("line 31")

    def source() -> Iterator[OrderEdit]:
        yield from edits(30)
        raise error

    with EditServer(lambda _: Answer(after=0.01)) as server:
        outcome = bulk(server.options, source(), concurrency=4)
    assert outcome.error is error
    assert {result.edit.order_id for result in outcome.results if result.ok} == {f"order-{n}" for n in range(30)}
    assert (outcome.rest, outcome.unsent) == ([], [])


@every_bulk
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=["Ctrl-C", "exit"])
def test_what_ends_the_program_while_the_source_is_read_stops_the_run(bulk: Bulk, error: BaseException) -> None:
    """It is raised where the results are taken, nothing new begins, and what was sent has its result."""

    def source() -> Iterator[OrderEdit]:
        yield from edits(15)
        raise error

    with EditServer(lambda _: Answer(after=0.05)) as server:
        outcome = bulk(server.options, source(), concurrency=3, rate=math.inf)
    assert outcome.error is error
    assert sorted(server.ids()) == sorted(result.edit.order_id for result in outcome.all)
    assert all(result.ok for result in outcome.all)
    assert len(outcome.all) + len(outcome.unsent) == 15
    assert outcome.unsent


def test_the_sync_client_reads_its_source_on_the_callers_thread(tmp_path: Any) -> None:
    """A cursor of sqlite3, which no other thread may touch, is a source; so are objects bound to a thread."""
    here = threading.current_thread()

    class Bound(OrderEdit):
        def __getattribute__(self, name: str) -> Any:
            assert threading.current_thread() is here
            return super().__getattribute__(name)

    database = sqlite3.connect(tmp_path / "orders.sqlite3")
    database.execute("create table edits (id text, name text)")
    database.executemany("insert into edits values (?, ?)", [(f"order-{n}", f"Name {n}") for n in range(200)])
    with EditServer() as server, Autoenhance(**server.options) as client:
        rows = database.execute("select id, name from edits")
        results = list(client.edit_orders((Bound(order_id, name=name) for order_id, name in rows), rate=math.inf))
    database.close()
    assert len(results) == 200
    assert all(result.ok for result in results)


@every_backend
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

    async def run(server: EditServer) -> None:
        taken: list[OrderEdit] = []

        async def take(client: AsyncAutoenhance) -> None:
            async for result in client.edit_orders(source(), concurrency=4, rate=math.inf):
                taken.append(result.edit)
                assert read - len(taken) < 24

        async with AsyncAutoenhance(**server.options) as client:
            with pytest.raises(LookupError, match="no more pages"):
                await take(client)
        assert sorted(map(id, taken)) == sorted(map(id, given))

    with EditServer() as server:
        anyio.run(run, server, backend=backend)


@every_backend
def test_a_slow_async_source_holds_up_no_result(backend: str) -> None:
    """The result of the first edit is there before the second edit is."""

    async def run(server: EditServer) -> None:
        first_is_taken = anyio.Event()

        async def source() -> AsyncIterator[OrderEdit]:
            yield OrderEdit("order-0", name="a")
            await first_is_taken.wait()
            yield OrderEdit("order-1", name="a")

        async with AsyncAutoenhance(**server.options) as client:
            with anyio.fail_after(5):
                async for _ in client.edit_orders(source()):
                    first_is_taken.set()

    with EditServer() as server:
        anyio.run(run, server, backend=backend)
    assert server.ids() == ["order-0", "order-1"]


@every_bulk
def test_a_failed_edit_has_its_error_and_the_others_go_on(bulk: Bulk) -> None:
    """The service's refusal is the error of this edit, as a single call would have raised it."""
    rate_limited = {"order-1": 404, "order-3": 422, "order-5": 400}
    with EditServer(lambda asked: Answer(rate_limited.get(asked.order_id, 200))) as server:
        outcome = bulk(server.options, edits(10))
    assert outcome.error is None
    kinds = {"order-1": errors.NotFoundError, "order-3": errors.ValidationError, "order-5": errors.BadRequestError}
    for number in range(10):
        result = outcome.of(f"order-{number}")
        assert type(result.error) is kinds.get(f"order-{number}", type(None))
        assert result.ok is (result.order is not None) is (result.error is None)
        assert result.attempts == 1
        if isinstance(result.error, errors.AutoenhanceError):
            assert (result.error.order_id, result.error.attempts) == (result.edit.order_id, 1)
            # Many of them may be kept, and none keeps what is below it.
            assert result.error.__traceback__ is None


@every_bulk
def test_a_success_that_is_no_order_is_an_error_of_its_edit(bulk: Bulk) -> None:
    """It says that the edit was accepted, and is not tried again."""
    with EditServer(lambda _: Answer(body=b"<html>")) as server:
        outcome = bulk(server.options, edits(3))
    assert [type(result.error) for result in outcome.results] == [errors.APIResponseError] * 3
    assert all("accepted the edit" in str(result.error) for result in outcome.results)
    assert len(server.asked) == 3


@every_bulk
def test_an_edit_is_tried_again_when_that_is_safe(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 503 and a cut connection cost an attempt each, max_retries counts, and the time has the waits in it."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.1)

    def answer(asked: Asked) -> Answer | None:
        fails = {"order-1": 1, "order-2": 2, "order-3": 9}.get(asked.order_id, 0)
        if asked.times > fails:
            return Answer()
        return Answer(503) if asked.times % 2 else CUT

    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(4))
    assert [outcome.of(f"order-{number}").attempts for number in range(4)] == [1, 2, 3, 3]
    assert [outcome.of(f"order-{number}").ok for number in range(4)] == [True, True, True, False]
    assert type(outcome.of("order-3").error) is errors.InternalServerError
    assert outcome.of("order-2").seconds >= 0.05 + 0.1
    assert [asked.headers["x-autoenhance-attempt"] for asked in server.asked if asked.order_id == "order-3"] == list(
        "123"
    )


@every_bulk
def test_an_edit_that_gives_another_id_is_not_repeated_blindly(bulk: Bulk) -> None:
    """After a lost answer the order may live under its new id; the error names both."""
    with EditServer(lambda _: CUT) as server:
        outcome = bulk(server.options, [OrderEdit("order-7", new_order_id="other")])
    assert len(server.asked) == 1
    assert "look under 'order-7' and under 'other'" in str(outcome.results[0].error)


@every_bulk
def test_every_retry_is_announced_and_what_the_function_raises_is_the_edits_error(bulk: Bulk) -> None:
    """The others go on."""
    announced: list[tuple[str, int, str]] = []

    def note(retry: Any) -> None:
        announced.append((retry.order_id, retry.attempt, retry.reason))
        if retry.order_id == "order-1":
            raise LookupError("enough")

    def answer(asked: Asked) -> Answer:
        return Answer(503 if asked.times == 1 else 200, {"retry-after": "0.01"})

    with EditServer(answer) as server:
        outcome = bulk({**server.options, "on_retry": note}, edits(3))
    assert outcome.error is None
    assert sorted(announced) == [(f"order-{number}", 1, "status 503") for number in range(3)]
    assert type(outcome.of("order-1").error) is LookupError
    assert (outcome.of("order-1").attempts, outcome.of("order-0").attempts) == (1, 2)
    assert outcome.of("order-0").ok
    assert outcome.of("order-2").ok


@every_bulk
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=["Ctrl-C", "exit"])
def test_a_function_that_ends_the_program_on_a_retry_stops_the_run(bulk: Bulk, error: BaseException) -> None:
    """It does not end in silence on another thread: what was sent has its result, then it is raised where they are taken."""

    def end(_: Any) -> None:
        raise error

    def answer(asked: Asked) -> Answer:
        return Answer(503) if asked.order_id == "order-3" else Answer(after=0.1)

    with EditServer(answer) as server:
        outcome = bulk({**server.options, "on_retry": end}, edits(50), concurrency=5)
    assert outcome.error is error
    assert sorted(server.ids()) == sorted(result.edit.order_id for result in outcome.all)
    assert len(server.asked) < 50
    failed = outcome.of("order-3").error
    assert type(failed) is errors.APIConnectionError
    assert "The edit may have happened" in str(failed)
    assert "accepted" not in str(failed)
    assert all(result.ok for result in outcome.all if result.edit.order_id != "order-3")


@every_bulk
def test_a_deadline_is_each_edits_own(bulk: Bulk) -> None:
    """An edit that is not answered in time fails, and those before it in the queue cost it nothing."""

    def answer(asked: Asked) -> Answer:
        return Answer(after=5 if asked.order_id == "order-2" else 0.12)

    with EditServer(answer) as server:
        options = {**server.options, "timeout": 0.5, "max_retries": 0}
        outcome = bulk(options, edits(7), concurrency=2)
    failed = [result for result in outcome.results if not result.ok]
    assert [result.edit.order_id for result in failed] == ["order-2"]
    assert type(failed[0].error) is errors.APITimeoutError
    assert "did not answer the edit of order 'order-2' within 0.5 s" in str(failed[0].error)
    assert 0.5 <= failed[0].seconds < 1.5


@pytest.mark.slow
@every_bulk
def test_waiting_for_a_turn_is_no_time_of_an_edit(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a low rate a retry waits long for its turn, and its deadline waits with it."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    with EditServer(lambda asked: Answer(503 if asked.times == 1 else 200)) as server:
        outcome = bulk({**server.options, "timeout": 0.4}, edits(2), rate=2)
    assert [result.error for result in outcome.results] == [None] * 2
    assert max(result.seconds for result in outcome.results) > 0.45


@every_bulk
def test_results_and_their_errors_can_be_pickled(bulk: Bulk) -> None:
    """They go to another process, or into a queue."""
    with EditServer(lambda asked: Answer(404 if asked.order_id == "order-1" else 200)) as server:
        outcome = bulk(server.options, edits(2))
    for result in outcome.results:
        other = pickle.loads(pickle.dumps(result))  # noqa: S301
        assert (other.edit, other.order, other.attempts) == (result.edit, result.order, result.attempts)
        assert str(other.error) == str(result.error)


def test_batches_are_all_that_came_meanwhile() -> None:
    """For those who write results down together: no result is missing, and while there is none an empty list says so."""
    with (
        EditServer(lambda asked: Answer(held=asked.order_id == "order-29")) as server,
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
    with EditServer(lambda _: Answer(401)) as server, Autoenhance(**server.options) as client:
        run = client.edit_orders(edits(3), concurrency=1)
        batches = run.batches()
        assert len(next(batches)) == 1
        with pytest.raises(errors.BulkStoppedError):
            next(batches)
        assert list(run.batches()) == []
        assert list(run) == []


def test_two_runs_at_once_on_one_client() -> None:
    """One in the loop of the other: they know nothing of each other, and neither of the client's own calls."""
    with EditServer() as server, Autoenhance(**server.options) as client:
        found = [
            (outer.edit.order_id, inner.edit.order_id, client.edit_order("single", name="a").name)
            for outer in client.edit_orders(edits(5), concurrency=2)
            for inner in client.edit_orders(edits(4, prefix="inner"), concurrency=2)
        ]
    assert len(set(found)) == 20


@every_backend
def test_two_async_runs_at_once_on_one_client(backend: str) -> None:
    """In one loop's body, and in two tasks."""

    async def run(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            found: list[str] = []

            async def all_of(prefix: str) -> None:
                async for result in client.edit_orders(edits(20, prefix=prefix)):
                    assert result.ok
                    found.append(result.edit.order_id)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(all_of, "a")
                tasks.start_soon(all_of, "b")
            async for _ in client.edit_orders(edits(3, prefix="outer"), concurrency=1):
                await all_of("inner")
            assert len(found) == 100

    with EditServer() as server:
        anyio.run(run, server, backend=backend)


def test_one_async_client_makes_runs_in_one_event_loop_after_another() -> None:
    """And a run may be made before there is a loop."""

    async def take(run: Any) -> int:
        return len([result async for result in run if result.ok])

    with EditServer() as server:
        client = AsyncAutoenhance(**server.options)
        for backend in ("asyncio", "trio", "asyncio"):
            assert anyio.run(take, client.edit_orders(edits(3)), backend=backend) == 3
        asyncio.run(client.aclose())


def test_a_client_that_is_closed_in_the_middle_lets_the_run_end() -> None:
    """A run has connections of its own, and a `with` around the client alone is enough."""
    with EditServer() as server:
        with Autoenhance(**server.options) as client:
            run = client.edit_orders(edits(30), concurrency=2)
            first = next(run)
        assert all(result.ok for result in [first, *run])

        async def leave() -> None:
            async with AsyncAutoenhance(**server.options) as client:
                run = client.edit_orders(edits(30), concurrency=2)
                await anext(run)
            assert len([result async for result in run if result.ok]) == 29

        for backend in ("asyncio", "trio"):
            anyio.run(leave, backend=backend)


@every_backend
def test_an_http_client_of_the_callers_own_is_used(backend: str) -> None:
    """With its hooks, and it is not closed."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"order_id": request.url.path.rpartition("/")[2]})

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            client = AsyncAutoenhance("key", http_client=http)
            results = [result async for result in client.edit_orders(edits(20))]
            assert all(result.ok for result in results)
            assert not http.is_closed

    anyio.run(run, backend=backend)
    assert {request.url.path for request in asked} == {f"/v3/orders/order-{number}" for number in range(20)}
    assert {request.url.host for request in asked} == {"api.autoenhance.ai"}


def test_an_http_client_of_the_callers_own_is_used_by_the_sync_client_too() -> None:
    """All threads share it, with its hooks, and it is not closed."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"order_id": request.url.path.rpartition("/")[2]})

    with httpx.Client(transport=httpx.MockTransport(answer), event_hooks={"request": [asked.append]}) as http:
        results = list(Autoenhance("key", http_client=http).edit_orders(edits(20)))
        assert all(result.ok for result in results)
        assert not http.is_closed
    assert {request.url.path for request in asked} == {f"/v3/orders/order-{number}" for number in range(20)}
    with pytest.raises(RuntimeError, match="this client is closed"):
        Autoenhance("key", http_client=http).edit_orders(edits(1))


def test_the_options_of_a_client_hold_for_its_runs() -> None:
    """Those of with_options, too."""
    with EditServer(lambda _: Answer(503)) as server, Autoenhance(**server.options, api_version="2025-08-31") as client:
        (result,) = client.with_options(max_retries=0).edit_orders(edits(1))
    assert result.attempts == 1
    assert server.asked[0].headers["x-api-version"] == "2025-08-31"


def test_the_module_shows_what_it_is_for() -> None:
    """Each public name can be had."""
    assert bulk_module.__all__ == sorted(bulk_module.__all__)
    assert all(getattr(bulk_module, name).__doc__ for name in bulk_module.__all__ if name != "EditResult")
    kinds = {get_origin(kind) for kind in get_args(bulk_module.EditResult)}
    assert kinds == {bulk_module.EditSuccess, bulk_module.EditFailure}


def test_the_threads_of_a_run_have_the_callers_context() -> None:
    """What a program keeps in context variables, such as a trace's span, is there where its requests are sent."""
    trace = contextvars.ContextVar("trace", default="none")
    seen: list[str] = []

    def answer(_: httpx.Request) -> httpx.Response:
        seen.append(trace.get())
        return httpx.Response(200, json={})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        trace.set("mine")
        list(Autoenhance("key", http_client=http).edit_orders(edits(5)))
    assert seen == ["mine"] * 5


SCRIPT = """
import sys, math
def edit_all():
    from autoenhance import Autoenhance, OrderEdit
    with Autoenhance("key", base_url=URL) as client:
        edits = (OrderEdit(f"order-{number}", name="a") for number in range(30))
        with client.edit_orders(edits, concurrency=5, rate=math.inf) as run:
            assert all(result.ok for result in run)
"""
SURROUNDINGS = {
    "beside a running event loop": """
import asyncio
async def main(): edit_all()
asyncio.run(main())
""",
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
    "a subinterpreter": """
try: import _interpreters as interpreters
except ImportError: import _xxsubinterpreters as interpreters
code = "import sys; sys.path[:] = " + repr(sys.path) + "; URL = " + repr(URL) + SCRIPT + "edit_all()"
failure = interpreters.run_string(interpreters.create(**OPTIONS), code)
assert failure is None, failure
""",
}


@pytest.mark.tools
@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_a_run_of_the_sync_client_works_in(surroundings: str) -> None:
    """Its threads need no event loop, are no daemons, and are what gevent makes of them."""
    # A legacy subinterpreter: an isolated one refuses extension modules such as those below httpx.
    options = {"config": "legacy"} if sys.version_info >= (3, 13) else {"isolated": False}
    with EditServer() as server:
        code = f"URL = {server.url!r}; SCRIPT = {SCRIPT!r}; OPTIONS = {options!r}\n{SCRIPT}"
        command = [sys.executable, "-c", code + SURROUNDINGS[surroundings]]
        # What measures coverage cannot begin in a subinterpreter.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(server.asked) in {30, 60}


def test_edits_that_wait_for_their_turn_on_an_http2_connection_lose_no_time() -> None:
    """A caller's client that speaks HTTP/2 makes one request at a time; a slow service must not fail those that wait."""

    def answer(_: httpx.Request) -> httpx.Response:
        time.sleep(0.1)
        return httpx.Response(200, json={}, extensions={"http_version": b"HTTP/2"})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as own,
        Autoenhance("key", http_client=own, timeout=0.5) as client,
        client.edit_orders(edits(20), concurrency=20) as run,
    ):
        assert [result.error for result in run] == [None] * 20
