"""However a run ends before its edits do: nothing new begins, and nothing that was sent is lost track of."""

from __future__ import annotations

import asyncio
import gc
import math
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from bulk_runs import edits, every_backend, every_bulk
from edit_server import Answer, Asked, EditServer
from odd_servers import nobody, read_request, serving

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, errors

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator

    from bulk_runs import Bulk, Outcome, Run


def run_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "autoenhance-edits"]


def nothing_is_lost(outcome: Outcome, server: EditServer, given: list[Any]) -> None:
    """What was sent has its result, once, and what was not was not sent."""
    sent = [result.edit.order_id for result in outcome.all if result.attempts]
    assert sorted(set(server.ids())) == sorted(sent)
    untouched = {edit.order_id for edit in outcome.unsent}
    assert untouched.isdisjoint(sent)
    assert untouched <= {edit.order_id for edit in given}


@every_bulk
def test_leaving_the_loop_stops_and_what_is_on_its_way_has_its_result(bulk: Bulk) -> None:
    """The `with` statement waits for it, and its results can still be taken."""
    given = edits(200)
    with EditServer(lambda _: Answer(after=0.05)) as server:
        outcome = bulk(server.options, given, lambda *_: len(server.asked) >= 8, concurrency=4, rate=math.inf)
        sent = len(server.asked)
        assert server.at_once == 0
        time.sleep(0.1)
        assert len(server.asked) == sent
    assert sent < 20
    assert outcome.rest
    assert all(result.ok for result in outcome.all)
    nothing_is_lost(outcome, server, given)
    # The edits that were read and not sent, in their order.
    assert outcome.unsent == [edit for edit in given if edit in outcome.unsent]
    assert outcome.unsent


@every_bulk
def test_an_error_in_the_loop_stops_the_run_too(bulk: Bulk) -> None:
    """It comes out as it was, after what is on its way is done."""
    error = LookupError("the caller's")

    def fail(*_: Any) -> None:
        raise error

    with EditServer(lambda _: Answer(after=0.05)) as server:
        outcome = bulk(server.options, edits(50), fail, concurrency=4)
        assert server.at_once == 0
    assert outcome.error is error
    assert 1 <= len(server.asked) < 20
    nothing_is_lost(outcome, server, edits(50))


@every_bulk
def test_after_stop_the_loop_goes_on_with_what_is_on_its_way_and_ends(bulk: Bulk) -> None:
    """No error: it was asked for."""

    def stop(_: Any, run: Run) -> None:
        run.stop()

    with EditServer(lambda _: Answer(after=0.05)) as server:
        outcome = bulk(server.options, edits(100), stop, concurrency=5)
    assert (outcome.error, outcome.rest) == (None, [])
    assert 1 <= len(outcome.results) <= 10
    assert all(result.ok for result in outcome.results)
    nothing_is_lost(outcome, server, edits(100))


@every_bulk
def test_stop_from_another_thread_wakes_a_run_that_waits(bulk: Bulk) -> None:
    """For a turn far away, and for a source that has given nothing yet."""
    first = threading.Event()
    stopped: list[float] = []

    def note(_: Any, run: Run) -> None:
        def later() -> None:
            time.sleep(0.1)
            stopped.append(time.monotonic())
            run.stop()

        if not first.is_set():
            first.set()
            threading.Thread(target=later).start()

    with EditServer() as server:
        outcome = bulk(server.options, edits(5), note, rate=0.001)
    assert time.monotonic() - stopped[0] < 1
    assert (len(outcome.all), len(outcome.unsent), outcome.error) == (1, 4, None)


@every_bulk
def test_stop_from_a_signal_handler_wakes_a_run_that_waits(bulk: Bulk) -> None:
    """A real signal, whose handler runs in the middle of whatever the main thread does."""
    runs: list[Run] = []

    def handler(*_: Any) -> None:
        runs[0].stop()

    def note(_: Any, run: Run) -> None:
        if not runs:
            runs.append(run)
            signal.setitimer(signal.ITIMER_REAL, 0.1)

    before = signal.signal(signal.SIGALRM, handler)
    start = time.monotonic()
    try:
        with EditServer() as server:
            outcome = bulk(server.options, edits(5), note, rate=0.001)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 2
    assert (len(outcome.all), len(outcome.unsent), outcome.error) == (1, 4, None)


@every_bulk
def test_a_stop_ends_the_wait_for_another_attempt_at_once(bulk: Bulk) -> None:
    """The error is what the last attempt really came to, with its attempts."""

    def answer(asked: Asked) -> Answer:
        return Answer(503, {"retry-after": "20"}) if asked.order_id == "order-1" else Answer(after=0.1)

    start = time.monotonic()
    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(2), lambda *_: True)
    assert time.monotonic() - start < 2
    failed = outcome.of("order-1")
    assert type(failed.error) is errors.InternalServerError
    assert "(503 Service Unavailable). It asks to wait 20 s." in str(failed.error)
    assert (failed.attempts, failed.error.attempts) == (1, 1)


@every_bulk
def test_a_stop_ends_a_pause_at_once(bulk: Bulk) -> None:
    """The refused edit has its 429 as its error; the run was stopped by its caller, and says nothing of its own."""

    def answer(asked: Asked) -> Answer:
        return Answer(429, {"retry-after": "20"}) if asked.order_id == "order-1" else Answer(after=0.1)

    start = time.monotonic()
    with EditServer(answer) as server:
        outcome = bulk(server.options, edits(30), lambda *_: True, concurrency=2)
    assert time.monotonic() - start < 2
    assert type(outcome.of("order-1").error) is errors.RateLimitError
    assert outcome.error is None
    assert len(server.asked) == 2


@every_bulk
def test_a_stop_ends_the_wait_for_a_retrys_turn(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a low rate that is a long wait, too."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)

    def answer(asked: Asked) -> Answer:
        return Answer(503) if asked.order_id == "order-0" else Answer(after=0.1)

    with EditServer(answer) as server:
        outcome = bulk(server.options, [*edits(2), OrderEdit("", name="a")], lambda *_: True, rate=0.01)
    assert (outcome.of("order-0").attempts, type(outcome.of("order-0").error)) == (1, errors.InternalServerError)


@every_bulk
def test_whoever_is_told_of_a_retry_may_stop_the_run(bulk: Bulk) -> None:
    """Then there is none: the wait that was announced is not begun."""
    runs: list[Run] = []

    def stop(_: Any) -> None:
        runs[0].stop()

    def answer(asked: Asked) -> Answer:
        return Answer(503, {"retry-after": "20"}, after=0.1) if asked.order_id == "order-1" else Answer()

    def source() -> Iterator[OrderEdit]:
        yield from edits(2)

    start = time.monotonic()
    with EditServer(answer) as server:
        outcome = bulk({**server.options, "on_retry": stop}, source(), lambda _, run: runs.append(run), concurrency=2)
    assert time.monotonic() - start < 2
    assert type(outcome.of("order-1").error) is errors.InternalServerError
    assert (outcome.of("order-1").attempts, outcome.error) == (1, None)


@every_bulk
def test_closing_and_stopping_twice_is_fine(bulk: Bulk) -> None:
    """And what is left can be taken once."""

    def stop_twice(_: Any, run: Run) -> bool:
        run.stop()
        run.stop()
        return True

    with EditServer(lambda _: Answer(after=0.02)) as server:
        outcome = bulk(server.options, edits(20), stop_twice, concurrency=3)
    assert outcome.error is None
    nothing_is_lost(outcome, server, edits(20))


def test_close_returns_when_nothing_is_on_its_way() -> None:
    """Then the rest is taken, the run is over, and its thread is gone; twice is fine."""
    with EditServer(lambda _: Answer(after=0.1)) as server, Autoenhance(**server.options) as client:
        run = client.edit_orders(edits(50), concurrency=4)
        first = next(run)
        run.close()
        assert server.at_once == 0
        assert run_threads() == []
        run.close()
        assert len([first, *run]) == len(server.asked)
        assert list(run) == []


@every_backend
def test_aclose_returns_when_nothing_is_on_its_way(backend: str) -> None:
    """The same, with await."""

    async def close(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            run = client.edit_orders(edits(50), concurrency=4)
            first = await anext(run)
            await run.aclose()
            assert server.at_once == 0
            await run.aclose()
            assert len([first] + [result async for result in run]) == len(server.asked)
            assert [result async for result in run] == []

    with EditServer(lambda _: Answer(after=0.1)) as server:
        anyio.run(close, server, backend=backend)


def test_a_run_that_is_never_iterated_does_nothing() -> None:
    """It reads nothing, sends nothing, and has no thread."""

    def source() -> Any:
        pytest.fail("nothing may be read")
        yield

    async def never(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            client.edit_orders(source())
            async with client.edit_orders(source()) as run:
                pass
            assert [result async for result in run] == []
            run = client.edit_orders(source())
            run.stop()
            assert [result async for result in run] == []

    with EditServer() as server:
        with Autoenhance(**server.options) as client:
            client.edit_orders(source())
            with client.edit_orders(source()) as run:
                assert run_threads() == []
            assert list(run) == []
            run = client.edit_orders(source())
            run.stop()
            assert list(run) == []
            assert list(run.batches()) == []
        for backend in ("asyncio", "trio"):
            anyio.run(never, server, backend=backend)
        gc.collect()
        assert server.connections == 0
    assert run_threads() == []


def test_a_run_that_is_dropped_half_way_leaves_no_thread_and_no_socket() -> None:
    """Without `with` nobody waits: what is in flight is finished in the background, and nothing more begins."""
    with EditServer(lambda _: Answer(after=0.05)) as server, Autoenhance(**server.options) as client:
        for _ in client.edit_orders(edits(50), concurrency=4):
            break
        server.wait_for(lambda: run_threads() == [] and server.now_open == 0)
        assert len(server.asked) < 20


@every_backend
def test_an_async_run_that_is_dropped_half_way_leaves_nothing(backend: str) -> None:
    """What is in flight is finished in the background; no open generator is a warning, on trio too."""

    async def drop(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            async for _ in client.edit_orders(edits(50), concurrency=4):
                break
            gc.collect()
            await anyio.to_thread.run_sync(server.wait_for, lambda: server.now_open == 0)

    with EditServer(lambda asked: Answer(after=0.02 if asked.order_id == "order-0" else 0.2)) as server:
        anyio.run(drop, server, backend=backend)
        assert 4 <= len(server.asked) < 20
    gc.collect()


@every_backend
@pytest.mark.parametrize("inside", [True, False], ids=["in the loop's body", "while it waits"])
def test_cancelling_whoever_takes_the_results_stops_the_run(backend: str, *, inside: bool) -> None:
    """A timeout around the loop: aclose waits for what is on its way, and its results can be taken."""

    async def cancel(server: EditServer) -> None:
        results: list[Any] = []
        async with AsyncAutoenhance(**server.options) as client:
            async with client.edit_orders(edits(100), concurrency=4) as run:
                with anyio.move_on_after(0.25) as scope:
                    async for result in run:
                        results.append(result)
                        if inside:
                            await anyio.sleep(10)
            assert scope.cancelled_caught
            assert server.at_once == 0
            assert len(server.asked) < 20
            results += [result async for result in run]
        assert sorted(server.ids()) == sorted(result.edit.order_id for result in results)
        assert all(result.ok for result in results)

    with EditServer(lambda asked: Answer(after=0.1 if asked.order_id == "order-0" else 0.35)) as server:
        anyio.run(cancel, server, backend=backend)


def test_asyncio_timeout_around_the_loop_is_a_timeout() -> None:
    """And what is on its way can still be waited for, by taking it."""

    async def late(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            run = client.edit_orders(edits(100), concurrency=4)

            async def take() -> None:
                async with asyncio.timeout(0.1):
                    async for _ in run:
                        pass

            with pytest.raises(TimeoutError):
                await take()
            assert sorted([result.edit.order_id async for result in run]) == sorted(server.ids())
            assert len(server.asked) == 4

    with EditServer(lambda _: Answer(after=0.3)) as server:
        asyncio.run(late(server))


def test_a_cancelled_task_stops_its_run() -> None:
    """The task ends at once, and the edits on their way end as they would have."""

    async def cancel(server: EditServer) -> None:
        async with AsyncAutoenhance(**server.options) as client:
            run = client.edit_orders(edits(100), concurrency=4)

            async def take() -> None:
                async for _ in run:
                    pass

            task = asyncio.create_task(take())
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await run.aclose()
            assert len([result async for result in run if result.ok]) == len(server.asked) == 4

    with EditServer(lambda _: Answer(after=0.3)) as server:
        asyncio.run(cancel(server))


@every_backend
def test_the_event_loop_may_end_in_the_middle(backend: str) -> None:
    """Nobody waited: each edit in flight has a result that says that it may have happened, and then the run that it stopped."""

    async def leave(server: EditServer) -> Any:
        run = AsyncAutoenhance(**server.options).edit_orders(edits(100), concurrency=4)
        await anext(run)
        return run

    async def rest(run: Any) -> list[Any]:
        results: list[Any] = []
        with pytest.raises(errors.BulkStoppedError, match="cancelled"):  # noqa: PT012
            async for result in run:
                results.append(result)  # noqa: PERF401
        return results

    with EditServer(lambda asked: Answer(after=0.2, held=asked.order_id != "order-0")) as server:
        run = anyio.run(leave, server, backend=backend)
        results = anyio.run(rest, run, backend=backend)
        server.release()
    # An edit that was still connecting was not seen by the service.
    assert {result.edit.order_id for result in results} >= set(server.ids()) - {"order-0"}
    for result in results:
        assert type(result.error) is errors.APIConnectionError
        assert "the wait for it was cut off" in str(result.error)
        assert "The edit may have happened; making it twice is harmless." in str(result.error)
        assert result.attempts == 1
    run.stop()


@every_backend
def test_an_edit_that_was_accepted_before_the_event_loop_ended_says_so(backend: str) -> None:
    """Only the end of its answer is not there."""

    def serve(connection: socket.socket, over: threading.Event) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")
        over.wait()

    async def leave(url: str) -> Any:
        run = AsyncAutoenhance("key", base_url=url).edit_orders(edits(1))
        with anyio.move_on_after(0.3):
            await anext(run)
        return run

    async def rest(run: Any) -> list[Any]:
        return [result async for result in run]

    with serving(serve) as url:
        run = anyio.run(leave, url, backend=backend)
        (result,) = anyio.run(rest, run, backend=backend)
    assert type(result.error) is errors.APIConnectionError
    assert "The service accepted the edit of order 'order-0' (200 OK), but its response did not end" in str(
        result.error
    )
    assert result.error.status_code == 200


@every_bulk
@pytest.mark.parametrize(("status", "kind"), [(401, errors.AuthenticationError), (403, errors.PermissionDeniedError)])
def test_a_refused_key_stops_the_run_at_once(bulk: Bulk, status: int, kind: type[errors.APIStatusError]) -> None:
    """What had not begun is untouched, what was on its way has its result, and then the error says why, once."""
    given = edits(100)

    def answer(asked: Asked) -> Answer:
        body = b'{"message": "Key revoked"}'
        return Answer(status, body=body) if asked.order_id == "order-9" else Answer(after=0.1)

    with EditServer(answer) as server:
        outcome = bulk(server.options, given, concurrency=4, rate=math.inf)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert type(error.__cause__) is kind
    assert error.__cause__ is outcome.of("order-9").error
    assert str(error).startswith("The run stopped, because no further edit can succeed. The service refused to edit")
    assert (error.status_code, error.message, error.order_id) == (status, "Key revoked", "order-9")
    assert (error.attempts, error.body) == (1, {"message": "Key revoked"})
    assert error.headers["content-length"] == "26"
    assert outcome.rest == []
    assert len(server.asked) <= 20
    assert all(result.ok for result in outcome.results if result.edit.order_id != "order-9")
    nothing_is_lost(outcome, server, given)
    assert outcome.unsent


@every_bulk
def test_several_refusals_at_once_are_one_error(bulk: Bulk) -> None:
    """The first one counts."""
    with EditServer(lambda _: Answer(401, after=0.05)) as server:
        outcome = bulk(server.options, edits(50), concurrency=8, rate=math.inf)
    assert type(outcome.error) is errors.BulkStoppedError
    assert outcome.error.__cause__ is outcome.results[0].error
    assert len(outcome.all) == len(server.asked) == 8


@every_bulk
def test_a_run_that_stopped_reads_no_further(bulk: Bulk) -> None:
    """What was not read is still in its source."""
    read = 0

    def source() -> Iterator[OrderEdit]:
        nonlocal read
        for edit in edits(1000):
            read += 1
            yield edit

    at_stop = 0

    def note(result: Any, _: Run) -> None:
        nonlocal at_stop
        time.sleep(0.005)
        if not result.ok:
            at_stop = at_stop or read

    with EditServer(lambda asked: Answer(401 if asked.order_id == "order-40" else 200)) as server:
        outcome = bulk(server.options, source(), note, concurrency=4, rate=math.inf)
    assert type(outcome.error) is errors.BulkStoppedError
    assert read == at_stop
    assert len(outcome.all) + len(outcome.unsent) == read


@every_bulk
@pytest.mark.parametrize(("most", "results"), [(0, 3), (2, 7), (None, 20)])
def test_more_failures_than_allowed_stop_the_run(bulk: Bulk, most: int | None, results: int) -> None:
    """Every second edit fails; the one that is too many is the cause."""

    def answer(asked: Asked) -> Answer:
        return Answer(404 if int(asked.order_id.removeprefix("order-")) % 2 == 0 else 200)

    given = [OrderEdit(f"order-{number}", name="a") for number in range(1, 21)]
    with EditServer(answer) as server:
        outcome = bulk(server.options, given, concurrency=1, max_failures=most)
    if most is None:
        assert (outcome.error, len(outcome.results)) == (None, results)
        return
    failures = most + 1
    assert len(outcome.results) == 2 * failures
    assert type(outcome.error) is errors.BulkStoppedError
    assert str(outcome.error).startswith(
        f"The run stopped, because {failures} edit{'s' if failures > 1 else ''} failed; the last: The service refused"
    )
    assert outcome.error.__cause__ is outcome.results[-1].error
    assert len(server.asked) == 2 * failures


@every_bulk
def test_an_edit_of_no_use_counts_as_a_failure(bulk: Bulk) -> None:
    """The rest of what was read is not looked at any more."""
    given: list[Any] = [{}, *edits(5)]
    with EditServer() as server:
        outcome = bulk(server.options, given, max_failures=0)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert type(error.__cause__) is TypeError
    assert (error.order_id, error.attempts, error.status_code, error.headers) == ("", 0, None, {})
    assert str(error).startswith("The run stopped, because 1 edit failed; the last: an edit is an OrderEdit")
    assert server.asked == []


@every_backend
def test_a_callers_own_http_client_that_fails_fails_its_edits(backend: str) -> None:
    """Whatever it raises is the edit's error, and the run goes on."""

    def answer(_: httpx.Request) -> httpx.Response:
        raise LookupError("a hook of the caller's")

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            found = [result async for result in AsyncAutoenhance("key", http_client=http).edit_orders(edits(3))]
        assert [(type(result.error), result.attempts) for result in found] == [(LookupError, 1)] * 3

    anyio.run(run, backend=backend)


@every_backend
def test_an_async_source_is_read_no_further_when_the_run_stops(backend: str) -> None:
    """What it gives after that is somebody else's: the source can be read on."""

    async def run(server: EditServer) -> None:
        async def source() -> AsyncIterator[OrderEdit]:
            for edit in edits(1000):
                yield edit

        given = source()
        async with AsyncAutoenhance(**server.options) as client, client.edit_orders(given, concurrency=2) as run:
            taken = [await anext(run)]
            await anyio.to_thread.run_sync(server.wait_for, lambda: len(server.asked) >= 18)
            await anyio.sleep(0.05)
            run.stop()
            # There is room again, while an edit is still in flight.
            taken += [await anext(run) for _ in range(10)]
            await anyio.sleep(0.05)
            server.release()
            taken += [result async for result in run]
        read = len(taken) + len(run.unsent)
        assert read == 21
        assert (await anext(given)).order_id == f"order-{read}"
        await given.aclose()  # type: ignore[attr-defined]  # a generator

    with EditServer(lambda asked: Answer(held=asked.order_id == "order-15")) as server:
        anyio.run(run, server, backend=backend)


@every_backend
def test_a_slow_async_source_is_left_when_the_run_stops(backend: str) -> None:
    """Nothing waits for a page that may never come."""

    async def run(server: EditServer) -> None:
        left = anyio.Event()

        async def source() -> AsyncIterator[OrderEdit]:
            try:
                yield OrderEdit("order-0", name="a")
                await anyio.sleep(60)
            finally:
                left.set()

        async with AsyncAutoenhance(**server.options) as client:
            with anyio.fail_after(5):
                async with client.edit_orders(source()) as run:
                    await anext(run)
                await left.wait()

    with EditServer() as server:
        anyio.run(run, server, backend=backend)


SCRIPT = """
import asyncio, math, os, sys, threading, time
from autoenhance import *
client = Autoenhance("key", base_url=sys.argv[1])
edits = (OrderEdit(f"order-{number}", name="a") for number in range(1000))
"""


def script(server: EditServer, code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", SCRIPT + code, server.url]
    # asyncio's debug mode tells of what is slow, which is of no interest here.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, env=environment)


def test_the_interpreter_may_end_in_the_middle_of_a_run() -> None:
    """What was sent is waited for, nothing new begins, and there is no traceback."""
    with EditServer(lambda _: Answer(after=0.3)) as server:
        done = script(server, "run = client.edit_orders(edits, concurrency=4)\nnext(run)\ntime.sleep(0.1)\n")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert 4 <= len(server.asked) <= 16
        assert server.at_once == 0


def test_the_interpreter_may_end_in_the_middle_of_an_async_run() -> None:
    """Its edits are cut off with their event loop, quietly."""
    code = """
async def main():
    global run
    run = AsyncAutoenhance("key", base_url=sys.argv[1]).edit_orders(edits, concurrency=4)
    await anext(run)
asyncio.run(main())
"""
    with EditServer(lambda asked: Answer(after=0.2 if asked.order_id == "order-0" else 0.7)) as server:
        done = script(server, code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ctrl_c_ends_the_loop_and_loses_nothing() -> None:
    """A real SIGINT while results are waited for: it is raised there, and what was sent can still be taken."""
    code = """
import signal
results = []
threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    with client.edit_orders(edits, concurrency=4) as run:
        results += run
except KeyboardInterrupt:
    print("interrupted")
results += run
print(len(results) + 0, all(result.ok for result in results))
"""
    with EditServer(lambda _: Answer(after=0.7)) as server:
        done = script(server, code)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "interrupted\n4 True\n"
        assert len(server.asked) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_leaves_its_parents_run_alone() -> None:
    """It cannot go on with it, ends, closes and drops it without a word, and the parent notices nothing."""
    code = """
import gc
run = client.edit_orders(edits, concurrency=4)
next(run)
time.sleep(0.1)
for how in range(3):
    child = os.fork()
    if child == 0:
        try: next(run)
        except RuntimeError as error: status = 0 if "belongs to a parent process" in str(error) else 1
        else: status = 2
        if status == 0:
            try: next(run.batches())
            except RuntimeError: pass
            else: status = 3
        if how == 0: os._exit(status)
        if how == 1:
            run.stop(); run.close(); del run; gc.collect(); os._exit(status)
        sys.exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, (how, status)
taken = [next(run) for _ in range(40)]
run.close()
taken += run
print(1 + len(taken), all(result.ok for result in taken))
"""
    with EditServer(lambda _: Answer(after=0.01)) as server:
        done = script(server, code)
    assert (done.stderr, done.stdout, done.returncode) == ("", f"{len(server.asked)} True\n", 0)
    assert len(server.asked) >= 41


def test_garbage_collected_on_the_runs_own_thread_stops_it_all_the_same() -> None:
    """No thread can wait for itself."""
    dropped = threading.Event()
    runs: list[Any] = []

    def drop(_: Any) -> None:
        assert threading.current_thread() is not threading.main_thread()
        runs.clear()
        gc.collect()
        dropped.set()

    def answer(asked: Asked) -> Answer:
        return Answer(503, {"retry-after": "0.01"}, held=True) if asked.order_id == "order-1" else Answer()

    with EditServer(answer) as server, Autoenhance(**server.options, on_retry=drop) as client:
        runs.append(client.edit_orders(edits(100), concurrency=1))
        next(runs[0])
        assert next(runs[0].batches(wait=0.05)) == []
        # It was fed, and nobody takes any more: the run is dropped where its retry is announced.
        server.release()
        assert dropped.wait(5)
        server.wait_for(lambda: run_threads() == [] and server.now_open == 0)
    assert server.ids() == ["order-0", "order-1"]


def test_a_thread_that_cannot_begin_is_an_error_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a wait for results that nobody makes."""

    def fail(_: Any) -> None:
        raise RuntimeError("can't start new thread")

    with Autoenhance("key") as client:
        run = client.edit_orders(edits(1))
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", fail)
            for _ in range(2):
                with pytest.raises(RuntimeError, match="can't start new thread"):
                    next(run)
        run.close()
        assert list(run) == []


def test_a_transport_that_cannot_be_made_is_each_edits_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for an edit whose thread has ended."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("too many open files")

    with Autoenhance("key") as client:
        monkeypatch.setattr("httpx.HTTPTransport.__init__", fail)
        results = list(client.edit_orders(edits(3)))
    assert [str(result.error) for result in results] == ["too many open files"] * 3


def test_threads_that_cannot_be_started_leave_the_work_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is enough; without any each edit says why."""
    start, left = threading.Thread.start, 0

    def start_some(thread: threading.Thread) -> None:
        nonlocal left
        if thread.name == "autoenhance-edits":
            left -= 1
            if left < 0:
                raise RuntimeError("can't start new thread")
        start(thread)

    with EditServer() as server, Autoenhance(**server.options) as client:
        monkeypatch.setattr(threading.Thread, "start", start_some)
        for left, says in ((2, {"None"}), (1, {"can't start new thread"})):  # noqa: B007  # start_some reads it
            assert {str(result.error) for result in client.edit_orders(edits(10), rate=math.inf)} == says


def test_dropping_a_run_waits_for_no_thread() -> None:
    """Garbage is collected anywhere, in the middle of anything."""
    with (
        EditServer(lambda asked: Answer(held=asked.order_id != "order-0")) as server,
        Autoenhance(**server.options) as client,
    ):
        run = client.edit_orders(edits(5))
        next(run)
        server.wait_for(lambda: server.at_once > 0)
        gc.collect()  # what others have left would count
        start = time.monotonic()
        del run
        gc.collect()
        # The threads would be waited for until the server lets them go.
        assert time.monotonic() - start < 5
        assert run_threads()
        server.release()
        server.wait_for(lambda: not run_threads())


def test_an_error_while_a_result_is_waited_for_stops_the_run_though_something_holds_it() -> None:
    """As Ctrl-C in a notebook, which keeps the traceback and so the run: no more begins than was in flight."""

    def handler(*_: Any) -> None:
        raise KeyboardInterrupt

    def take(run: Any) -> None:
        for _ in run:
            signal.setitimer(signal.ITIMER_REAL, 0.1)

    before = signal.signal(signal.SIGALRM, handler)
    service = EditServer(lambda asked: Answer(after=0 if asked.order_id == "order-0" else 0.5))
    try:
        with service as server, Autoenhance(**server.options) as client:
            kept = client.edit_orders(edits(1000), concurrency=4)
            with pytest.raises(KeyboardInterrupt):
                take(kept)
            server.wait_for(lambda: not run_threads())
            assert len(server.asked) <= 6
            assert all(result.ok for result in kept)
            assert kept.unsent
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@every_bulk
def test_a_service_that_cannot_be_reached_stops_the_run(bulk: Bulk) -> None:
    """After ten edits in a row, with what was not sent; the rest of a large table is not ground through."""
    with nobody() as url:
        options = {"api_key": "key", "base_url": url, "max_retries": 0}
        outcome = bulk(options, edits(1000), concurrency=2, rate=math.inf)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert str(error).startswith(
        f"The run stopped, because 10 edits in a row did not reach the service. {url} could not be reached"
    )
    assert type(error.__cause__) is errors.APIConnectionError
    assert 10 <= len(outcome.all) <= 12
    assert outcome.unsent


_READER = """
import sys, threading, time
from autoenhance import Autoenhance, OrderEdit, errors

def edit() -> None:
    edits = (OrderEdit(f"order-{number}", name="x") for number in range(60))
    results, stopped = 0, ""
    with Autoenhance("key", base_url=sys.argv[1]) as client, client.edit_orders(edits, concurrency=2) as run:
        try:
            for result in run:
                results += result.ok
        except errors.BulkStoppedError as error:
            stopped = str(error)
    print(results, stopped, flush=True)

threading.Thread(target=edit).start()
time.sleep(0.3)
"""


def test_a_run_on_another_thread_does_not_end_short_when_the_main_thread_does() -> None:
    """The program goes on while a thread that is no daemon edits its orders, and so does the run."""
    with EditServer(lambda _: Answer(after=0.05)) as server:
        done = subprocess.run(
            [sys.executable, "-c", _READER, server.url], capture_output=True, text=True, timeout=60, check=True
        )
    assert done.stdout == "60 \n"


@pytest.mark.parametrize("what", ["the source", "all tasks"])
def test_cancelling_that_the_loop_outlives_is_no_silent_end(what: str) -> None:
    """A source that awaits something cancelled, or whoever cancels all other tasks, does not make the run look complete."""

    async def source() -> AsyncIterator[OrderEdit]:
        for edit in edits(100):
            if what == "the source" and edit.order_id.endswith("20"):
                waited_for = asyncio.get_running_loop().create_future()
                waited_for.cancel()
                await waited_for
            yield edit

    async def main() -> None:
        results = 0
        async with AsyncAutoenhance(**server.options) as client, client.edit_orders(source(), concurrency=2) as run:
            with pytest.raises(errors.BulkStoppedError, match="cancelled"):  # noqa: PT012
                async for result in run:
                    results += 1
                    assert result.ok or "cut off" in str(result.error)
                    if what == "all tasks" and results == 5:
                        for task in asyncio.all_tasks() - {asyncio.current_task()}:
                            task.cancel()
        assert results < 100

    with EditServer(lambda _: Answer(after=0.02)) as server:
        asyncio.run(main())


def test_several_threads_may_take_the_results_of_one_run() -> None:
    """Each result goes to one of them, and all come to the end; the source must be one that threads may share, as a list is."""
    taken: list[Any] = []
    with EditServer() as server, Autoenhance(**server.options) as client:
        run = client.edit_orders(edits(60), rate=math.inf)
        taken.append(next(run))
        threads = [threading.Thread(target=taken.extend, args=(run,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)
    assert sorted(result.edit.order_id for result in taken) == sorted(edit.order_id for edit in edits(60))
