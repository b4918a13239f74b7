"""However a run ends before its edits do: nothing new begins, and nothing that was sent is lost track of."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
import signal
import threading
import time
from contextlib import contextmanager
from operator import length_hint
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from callers import Bulk, edits, opened
from edit_server import KEY, EditServer, Request, Response
from odd_servers import nobody, read_request, serving

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, errors
from scripts import run_script

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterator

    from callers import Outcome, Run


def run_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "autoenhance-edits"]


def nothing_is_lost(outcome: Outcome, server: EditServer, given: list[Any]) -> None:
    """What was sent has its result, once; `unsent` has edits that were read and not sent, in their order."""
    sent = [result.edit.order_id for result in outcome.all if result.attempts]
    assert sorted(set(server.ids())) == sorted(sent)
    untouched = [edit.order_id for edit in outcome.unsent]
    assert set(untouched).isdisjoint(sent)
    assert untouched == [edit.order_id for edit in given if edit.order_id in set(untouched)]


@contextmanager
def alarm(handler: Callable[[], object]) -> Iterator[Callable[[float], object]]:
    """Give a function that sets a real signal off, in some seconds; its handler interrupts whatever the main thread does."""
    before = signal.signal(signal.SIGALRM, lambda *_: handler())
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def slow_but_for_the_first(seconds: float) -> Callable[[Request], Response]:
    return lambda request: Response(after=0 if request.order_id == "order-0" else seconds)


def leave(*_: Any) -> bool:
    return True


def stop(_: Any, run: Run) -> None:
    run.stop()


def stop_twice_and_leave(_: Any, run: Run) -> bool:
    run.stop()
    run.stop()
    return True


def fail(*_: Any) -> None:
    raise LookupError("the caller's")


@pytest.mark.parametrize("end", [leave, stop, stop_twice_and_leave, fail])
def test_a_run_that_is_left_begins_no_edit_and_finishes_what_is_in_flight(bulk: Bulk, end: Any) -> None:
    """The `with` statement waits for it, and the results can still be taken; an error in the loop comes out as it was."""
    given = edits(200)
    with EditServer(lambda _: Response(after=0.05)) as server:
        outcome = bulk(server.options, given, end, concurrency=4, rate=math.inf)
        sent = len(server.requests)
        assert server.at_once == 0
        time.sleep(0.05)
        assert len(server.requests) == sent
    assert 4 <= sent < 20
    assert all(result.ok for result in outcome.all)
    nothing_is_lost(outcome, server, given)
    assert outcome.unsent
    # After stop() alone the loop goes on with what is in flight.
    assert bool(outcome.rest) is (end is not stop)
    assert repr(outcome.error) == ('LookupError("the caller\'s")' if end is fail else "None")


@pytest.mark.parametrize("by", ["another thread", "a signal handler"])
def test_stop_wakes_a_run_that_waits(bulk: Bulk, by: str) -> None:
    """For a turn far away; a signal handler runs in the middle of what the main thread does."""
    runs: list[Run] = []

    def note(_: Any, run: Run) -> None:
        runs.append(run)
        threading.Timer(0.05, run.stop).start() if by == "another thread" else set_off(0.05)

    start = time.monotonic()
    with alarm(lambda: [run.stop() for run in runs]) as set_off, EditServer() as server:
        outcome = bulk(server.options, edits(5), note, rate=0.001)
    assert time.monotonic() - start < 2
    assert (len(outcome.all), len(outcome.unsent), outcome.error) == (1, 4, None)


REFUSED = {"retry-after": "20"}


@pytest.mark.parametrize(
    ("response", "rate", "delay", "kind"),
    [
        (Response(503, REFUSED), math.inf, 0.05, errors.InternalServerError),
        (Response(429, REFUSED), math.inf, 0.05, errors.RateLimitError),
        (Response(503), 0.01, 0.05, errors.InternalServerError),
        (Response(503, REFUSED), math.inf, None, errors.InternalServerError),
    ],
    ids=["for a retry", "for a pause's end", "for a retry's turn", "that is announced"],
)
def test_a_stop_ends_the_wait_at_once(  # noqa: PLR0917
    backend: str,
    response: Response,
    rate: float,
    delay: float | None,
    kind: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The edit has the error of its last attempt; the run was stopped by its caller, and has none of its own."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)

    def on_retry(_: Any) -> None:
        threading.Timer(delay, run.stop).start() if delay else run.stop()

    start = time.monotonic()
    with EditServer(lambda _: response) as server, opened(backend, **server.options, on_retry=on_retry) as client:
        run = client.edit_orders(edits(1), rate=rate)
        (result,) = run
    assert time.monotonic() - start < 2
    assert type(result.error) is kind
    assert (result.attempts, result.error.attempts) == (1, 1)
    assert ("Retry after 20 s." in str(result.error)) is bool(response.headers)


def test_close_returns_when_nothing_is_in_flight(backend: str) -> None:
    """Then the rest is taken, the run is over, and its threads are gone; twice is fine."""
    with EditServer(slow_but_for_the_first(0.1)) as server, opened(backend, **server.options) as client:
        run = client.edit_orders(edits(50), concurrency=4)
        first = next(run)
        server.wait_for(lambda: server.at_once == 4)
        run.close()
        assert server.at_once == 0
        assert run_threads() == []
        run.close()
        assert len([first, *run]) == len(server.requests)
        assert list(run) == []


def test_a_run_that_is_never_iterated_does_nothing(backend: str) -> None:
    """It reads nothing, sends nothing, and has no thread."""

    def source() -> Any:
        pytest.fail("nothing may be read")
        yield

    with EditServer() as server, opened(backend, **server.options) as client:
        client.edit_orders(source())
        for end in ("close", "stop"):
            run = client.edit_orders(source())
            getattr(run, end)()
            assert list(run) == []
        if backend == "sync":
            assert list(run.batches()) == []
        gc.collect()
        assert server.connections == 0
        assert run_threads() == []


def test_a_run_that_is_dropped_half_way_leaves_no_thread_and_no_socket() -> None:
    """Without `with` nobody waits: what is in flight is finished in the background, and nothing more begins."""
    with (
        EditServer(lambda request: Response(held=request.order_id != "order-0")) as server,
        Autoenhance(**server.options) as client,
    ):
        run = client.edit_orders(edits(50), concurrency=4)
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
        server.wait_for(lambda: run_threads() == [] and server.now_open == 0)
        assert len(server.requests) < 20


@pytest.mark.anyio
async def test_an_async_run_that_is_dropped_half_way_leaves_nothing() -> None:
    """The same; no open generator is a warning, on trio too."""
    with EditServer(slow_but_for_the_first(0.2)) as server:
        async with AsyncAutoenhance(**server.options) as client:
            async for _ in client.edit_orders(edits(50), concurrency=4):
                break
            gc.collect()
            await anyio.to_thread.run_sync(server.wait_for, lambda: server.now_open == 0)
        assert 4 <= len(server.requests) < 20
    gc.collect()


def test_an_error_while_a_result_is_waited_for_stops_the_run_though_something_holds_it() -> None:
    """As Ctrl-C in a notebook, which keeps the traceback and so the run: no more begins than was in flight."""

    def take(run: Any) -> None:
        for _ in run:
            set_off(0.1)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with (
        alarm(interrupt) as set_off,
        EditServer(slow_but_for_the_first(0.4)) as server,
        Autoenhance(**server.options) as client,
    ):
        kept = client.edit_orders(edits(1000), concurrency=4)
        with pytest.raises(KeyboardInterrupt):
            take(kept)
        server.wait_for(lambda: not run_threads())
        assert len(server.requests) <= 6
        assert all(result.ok for result in kept)
        assert kept.unsent


@pytest.mark.anyio
@pytest.mark.parametrize("inside", [True, False], ids=["in the loop's body", "while it waits"])
async def test_cancelling_the_caller_who_takes_results_stops_the_run(*, inside: bool) -> None:
    """A timeout around the loop: aclose waits for what is in flight, and its results can be taken."""
    results: list[Any] = []
    with EditServer(slow_but_for_the_first(0.25)) as server:
        async with AsyncAutoenhance(**server.options) as client:
            async with client.edit_orders(edits(100), concurrency=4) as run:
                with anyio.move_on_after(0.15) as scope:
                    async for result in run:
                        results.append(result)
                        if inside:
                            await anyio.sleep(10)
            assert scope.cancelled_caught
            assert server.at_once == 0
            assert len(server.requests) < 20
            results += [result async for result in run]
    assert sorted(server.ids()) == sorted(result.edit.order_id for result in results)
    assert all(result.ok for result in results)


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("by", ["asyncio.timeout", "task.cancel"])
async def test_asyncios_own_cancelling_ends_the_caller_at_once(by: str) -> None:
    """With its own exception; the edits in flight end as they would have, and their results can be taken."""

    async def take() -> None:
        async with asyncio.timeout(0.1 if by == "asyncio.timeout" else None):
            async for _ in run:
                pass

    with EditServer(lambda _: Response(after=0.3)) as server:
        async with AsyncAutoenhance(**server.options) as client:
            run = client.edit_orders(edits(100), concurrency=4)
            task = asyncio.create_task(take())
            if by == "task.cancel":
                asyncio.get_running_loop().call_later(0.1, task.cancel)
            with pytest.raises(TimeoutError if by == "asyncio.timeout" else asyncio.CancelledError):
                await task
            assert server.at_once == 4
            assert sorted([result.edit.order_id async for result in run if result.ok]) == sorted(server.ids())
            assert len(server.requests) == 4


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("was_accepted", [False, True])
def test_the_event_loop_may_end_in_the_middle(backend: str, *, was_accepted: bool) -> None:
    """Each edit in flight has a result that says whether it was accepted or may have happened; then the run says that it stopped."""

    def serve(connection: socket.socket, over: threading.Event) -> None:
        if b"/order-0 " in read_request(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            read_request(connection)
        if was_accepted:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")
        over.wait()

    async def begin(url: str) -> Any:
        run = AsyncAutoenhance("key", base_url=url).edit_orders(edits(100), concurrency=4)
        await anext(run)
        await anyio.sleep(0.15)
        return run

    async def take(run: Any) -> None:
        async for result in run:
            results.append(result)  # noqa: PERF401  # it raises

    results: list[Any] = []
    with serving(serve) as url:
        run = anyio.run(begin, url, backend=backend)
        with pytest.raises(errors.BulkStoppedError, match="cancelled"):
            anyio.run(take, run, backend=backend)
    assert len(results) == 4
    for result in results:
        assert type(result.error) is errors.APIConnectionError
        assert (result.attempts, result.error.status_code) == (1, 200 if was_accepted else None)
        if was_accepted:
            assert "(200), but the response did not complete" in str(result.error)
        else:
            assert "the run was closed" in str(result.error)
            assert "The edit may have happened; making it twice is harmless." in str(result.error)
    run.stop()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("what", ["the source", "all tasks"])
async def test_cancelling_that_the_loop_outlives_is_no_silent_end(what: str) -> None:
    """A source that awaits something cancelled, or code that cancels all other tasks, does not make the run look complete."""
    beside = asyncio.all_tasks()

    async def source() -> AsyncIterator[OrderEdit]:
        for edit in edits(100):
            if what == "the source" and edit.order_id.endswith("20"):
                waited_for = asyncio.get_running_loop().create_future()
                waited_for.cancel()
                await waited_for
            yield edit

    results = 0
    with EditServer(lambda _: Response(after=0.02)) as server:
        async with AsyncAutoenhance(**server.options) as client:
            with pytest.raises(errors.BulkStoppedError, match="cancelled"):  # noqa: PT012
                async for result in client.edit_orders(source(), concurrency=2):
                    results += 1
                    assert result.ok or "the run was closed" in str(result.error)
                    if what == "all tasks" and results == 5:
                        for task in asyncio.all_tasks() - beside:
                            task.cancel()
    assert results < 100


# --- What ends a run by itself ---


def refusing(status: int, order_id: str = "order-9", **headers: str) -> Callable[[Request], Response]:
    """Respond like this to the edit of an order, and accept the others."""
    refusal = Response(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        f'{{"message": "No {KEY}"}}'.encode(),
    )
    return lambda request: refusal if request.order_id == order_id else Response(after=0.03)


HOPELESS = "no further edit can succeed; order "
FAILURES = "failed; order "
# What the service responds, the limits, what the error says, and its cause.
STOPS: dict[str, tuple[Callable[[Request], Response], dict[str, Any], str, type[Exception]]] = {
    "401": (refusing(401), {}, HOPELESS, errors.AuthenticationError),
    "403": (refusing(403), {}, HOPELESS, errors.PermissionDeniedError),
    "401, for all in flight": (lambda _: Response(401, after=0.05), {}, HOPELESS, errors.AuthenticationError),
    "429 that asks to wait for hours": (refusing(429, retry_after="7200"), {}, HOPELESS, errors.RateLimitError),
    "nothing but 429": (lambda _: Response(429), {}, HOPELESS, errors.RateLimitError),
    "nothing but 429 that asks for no wait": (
        lambda _: Response(429, {"retry-after": "0"}),
        {},
        HOPELESS,
        errors.RateLimitError,
    ),
    "a failure": (refusing(404), {"max_failures": 0}, f"1 edit {FAILURES}", errors.NotFoundError),
    "failures": (lambda _: Response(404), {"max_failures": 2}, f"3 edits {FAILURES}", errors.NotFoundError),
}


@pytest.mark.parametrize(("respond", "limits", "says", "cause"), STOPS.values(), ids=STOPS)
def test_a_run_that_cannot_succeed_stops(  # noqa: PLR0917
    bulk: Bulk, respond: Any, limits: dict[str, Any], says: str, cause: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had not begun is untouched, what was in flight has its result, and then the error says why, once.

    What was not read is still in its source.
    """
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.FIRST_BACKOFF", 0.0005)
    given = edits(1000)
    source = iter(given)
    with EditServer(respond) as server:
        outcome = bulk(server.options, source, concurrency=4, rate=math.inf, **limits)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert str(error).startswith(f"bulk run stopped: {says}")
    assert type(error.__cause__) is cause
    assert error.__cause__ in [result.error for result in outcome.results]
    for name in ("status_code", "message", "order_id", "attempts", "body", "headers"):
        assert getattr(error, name) == getattr(error.__cause__, name)
    # What the service gives away is in no error, and not in what is written down of it.
    assert KEY not in f"{error!r}{vars(error)}{outcome.all!r}" + pickle.dumps([error, outcome.all]).decode("latin-1")
    assert outcome.rest == []
    assert all(result.ok or type(result.error) is cause for result in outcome.results)
    assert len({*server.ids()}) <= 20
    nothing_is_lost(outcome, server, given)
    assert outcome.unsent
    assert next(source) is given[len(outcome.all) + len(outcome.unsent)]


def test_a_run_that_stopped_reads_no_further(bulk: Bulk) -> None:
    """Not even while results are still taken."""
    source, left = iter(edits(1000)), []

    def note(result: Any, _: Run) -> None:
        time.sleep(0.002)
        if not result.ok:
            left.append(length_hint(source))

    with EditServer(refusing(401, "order-40")) as server:
        bulk(server.options, source, note, concurrency=4, rate=math.inf)
    assert left == [length_hint(source)]


def test_failures_in_between_are_counted_and_any_number_may_be_allowed() -> None:
    """By default as many as there are."""
    with EditServer(lambda request: Response(404 if int(request.order_id[6:]) % 2 else 200)) as server:
        outcome = Bulk()(server.options, edits(20), concurrency=1, max_failures=2)
        assert [len(outcome.results), str(outcome.error).partition("; ")[0]] == [6, "bulk run stopped: 3 edits failed"]
        outcome = Bulk()(server.options, edits(20))
        assert (len(outcome.results), outcome.error) == (20, None)


def test_an_invalid_edit_counts_as_a_failure(bulk: Bulk) -> None:
    """The rest of what was read is not looked at any more."""
    given: list[Any] = [{}, *edits(5)]
    with EditServer() as server:
        outcome = bulk(server.options, given, max_failures=0)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert type(error.__cause__) is TypeError
    assert (error.order_id, error.attempts, error.status_code, error.headers) == ("", 0, None, {})
    assert str(error).startswith("bulk run stopped: 1 edit failed; an edit must be an OrderEdit")
    assert server.requests == []


def test_a_service_that_cannot_be_reached_stops_the_run(bulk: Bulk) -> None:
    """After ten edits in a row, with what was not sent; the rest of a large table is not ground through."""
    with nobody() as url:
        options = {"api_key": "key", "base_url": url, "max_retries": 0}
        outcome = bulk(options, edits(1000), concurrency=2, rate=math.inf)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert str(error).startswith("bulk run stopped: 10 edits in a row did not reach the service; order 'order-")
    assert f"cannot connect to {url} " in str(error)
    assert type(error.__cause__) is errors.APIConnectionError
    assert 10 <= len(outcome.all) <= 12
    assert outcome.unsent


@pytest.mark.anyio
async def test_a_slow_async_source_is_left_when_the_run_stops() -> None:
    """Nothing waits for a page that may never come."""
    left = anyio.Event()

    async def source() -> AsyncIterator[OrderEdit]:
        try:
            yield OrderEdit("order-0", name="a")
            await anyio.sleep(60)
        finally:
            left.set()

    with EditServer() as server, anyio.fail_after(5):
        async with AsyncAutoenhance(**server.options) as client:
            async with client.edit_orders(source()) as run:
                await anext(run)
            await left.wait()


# --- The end of the program, and what it has no more of ---


# How long an edit takes (the first one less), a program, and what it prints.
PROGRAMS: dict[str, tuple[float, str, str]] = {
    # What was sent is waited for, nothing new begins, and there is no traceback.
    "ends in the middle of a run": (0.2, "run = client.edit_orders(edits, concurrency=4)\nnext(run)", ""),
    # Its edits are cut off with their event loop, quietly.
    "ends in the middle of an async run": (
        0.5,
        """
async def main():
    global run
    run = AsyncAutoenhance("key", base_url=sys.argv[1]).edit_orders(edits, concurrency=4)
    await anext(run)
asyncio.run(main())
""",
        "",
    ),
    # The program goes on while a thread that is no daemon edits its orders, and so does the run.
    "ends in the main thread only": (
        0.05,
        """
def edit():
    with client.edit_orders([next(edits) for _ in range(40)], concurrency=2) as run:
        print(sum(result.ok for result in run), flush=True)

threading.Thread(target=edit).start()
time.sleep(0.1)
""",
        "40\n",
    ),
    # A child cannot go on with it, ends, closes and drops it without a word, and the parent notices nothing.
    "forks": (
        0.01,
        """
run = client.edit_orders(edits, concurrency=4)
next(run)
time.sleep(0.1)
for how in range(3):
    child = os.fork()
    if child == 0:
        status = 0
        for take in (lambda: next(run), lambda: next(run.batches())):
            try: take()
            except RuntimeError as error: status = status or "belongs to a parent process" not in str(error)
            else: status = 2
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
""",
        "asked True\n",
    ),
}


@pytest.mark.parametrize(("seconds", "code", "prints"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_with_a_run_that(seconds: float, code: str, prints: str) -> None:
    """Whatever it does, its exit status is 0 and nothing is on stderr."""
    head = """
import asyncio, gc, os, sys, threading, time
from autoenhance import *
client = Autoenhance("key", base_url=sys.argv[1])
edits = (OrderEdit(f"order-{number}", name="a") for number in range(1000))
"""
    with EditServer(slow_but_for_the_first(seconds)) as server:
        printed = run_script(head + code, server.url)
        assert printed == prints.replace("asked", str(len(server.requests)))
        assert len(server.requests) < 100
        server.wait_for(lambda: server.at_once == 0)


@pytest.mark.parametrize("attempts", [0, 1], ids=["a transport that cannot be made", "a hook of the caller's"])
def test_what_fails_below_an_edit_is_its_error(backend: str, attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for an edit whose thread has ended, and the run goes on."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("too many open files")

    options: dict[str, Any] = {"api_key": "key"}
    if attempts:
        transport = httpx.MockTransport(fail)  # type: ignore[arg-type]  # it never returns
        own = httpx.Client(transport=transport) if backend == "sync" else httpx.AsyncClient(transport=transport)
        options["http_client"] = own
    with opened(backend, **options) as client:
        monkeypatch.setattr("httpx.HTTPTransport.__init__", fail)
        monkeypatch.setattr("httpx.AsyncHTTPTransport.__init__", fail)
        results = list(client.edit_orders(edits(3)))
    assert [(str(result.error), result.attempts) for result in results] == [("too many open files", attempts)] * 3


@pytest.mark.parametrize(("threads", "error"), [(2, "None"), (1, "can't start new thread")])
def test_threads_that_cannot_be_started_leave_the_work_to_the_others(
    threads: int, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is enough, beside the one that dispatches; without any each edit says why."""
    start, left = threading.Thread.start, threads

    def start_some(thread: threading.Thread) -> None:
        nonlocal left
        if thread.name == "autoenhance-edits":
            left -= 1
            if left < 0:
                raise RuntimeError("can't start new thread")
        start(thread)

    with EditServer() as server, Autoenhance(**server.options) as client:
        monkeypatch.setattr(threading.Thread, "start", start_some)
        assert {str(result.error) for result in client.edit_orders(edits(10), rate=math.inf)} == {error}


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
