"""A run that ends early starts no other edit, and has a result for each edit that was sent."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from operator import length_hint
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from callers import Bulk, Caller, answering, edits, opened
from edit_server import KEY, EditServer, Request, Response
from odd_servers import read_request, serving, unreachable

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit, errors
from scripts import run_script

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Iterator

    from callers import Outcome, Run


def run_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "autoenhance-edits"]


def check_nothing_is_lost(outcome: Outcome, server: EditServer, given: list[Any]) -> None:
    """Each edit that was sent has one result; `unsent` has those that were read and not sent, in order."""
    sent = [result.edit.order_id for result in outcome.all if result.attempts]
    assert sorted(set(server.ids())) == sorted(sent)
    untouched = [edit.order_id for edit in outcome.unsent]
    assert set(untouched).isdisjoint(sent)
    assert untouched == [edit.order_id for edit in given if edit.order_id in set(untouched)]


@contextmanager
def alarm(handler: Callable[[], object]) -> Iterator[Callable[[float], object]]:
    """A function that schedules a real signal; its handler interrupts the main thread."""
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
    run.stop()


def fail(*_: Any) -> None:
    raise LookupError("the caller's")


@pytest.mark.parametrize("end", [leave, stop, fail])
def test_leaving_a_run_finishes_only_edits_in_flight(bulk: Bulk, end: Any) -> None:
    """The `with` statement waits for them, and their results can still be taken; an error in the loop is raised unchanged."""
    given = edits(200)
    with EditServer(lambda _: Response(after=0.05)) as server:
        outcome = bulk(server.options, given, end, concurrency=4, rate=math.inf)
        sent = len(server.requests)
        assert server.at_once == 0
        time.sleep(0.05)
        assert len(server.requests) == sent
    assert 4 <= sent < 20
    assert all(result.ok for result in outcome.all)
    check_nothing_is_lost(outcome, server, given)
    assert outcome.unsent
    # After stop() the loop takes the results of the edits in flight.
    assert bool(outcome.rest) is (end is not stop)
    assert repr(outcome.error) == ('LookupError("the caller\'s")' if end is fail else "None")


@pytest.mark.parametrize("by", ["another thread", "a signal handler"])
def test_stop_interrupts_the_wait_for_the_rate_limit(bulk: Bulk, by: str) -> None:
    """From another thread, or from a signal handler, which interrupts the main thread anywhere."""
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
    ("response", "rate", "delay"),
    [
        (Response(503, REFUSED), 99, 0.05),
        (Response(429, REFUSED), 99, 0.05),
        (Response(503), 0.01, 0.05),
        (Response(503, REFUSED), 99, None),
    ],
    ids=["backoff", "pause", "rate limit", "within on_retry"],
)
def test_stop_interrupts_the_wait_for_a_retry(
    backend: str, response: Response, rate: float, delay: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit has the error of its last attempt, and the run raises none."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)

    def on_retry(_: Any) -> None:
        threading.Timer(delay, run.stop).start() if delay else run.stop()

    start = time.monotonic()
    with EditServer(lambda _: response) as server, opened(backend, **server.options, on_retry=on_retry) as client:
        run = client.edit_orders(edits(1), rate=rate)
        (result,) = run
    assert time.monotonic() - start < 2
    assert result.error.status_code == response.status
    assert (result.attempts, result.error.attempts) == (1, 1)
    assert ("Retry after 20 s." in str(result.error)) is bool(response.headers)


def test_close_waits_for_edits_in_flight(backend: str) -> None:
    """Their results can be taken then, no thread is left, and closing twice is fine."""
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


def test_a_run_is_lazy(backend: str) -> None:
    """Before it is iterated it reads and sends nothing, and has no thread."""
    source = iter(edits(3))
    with EditServer() as server, opened(backend, **server.options) as client:
        client.edit_orders(source)
        for end in ("close", "stop"):
            run = client.edit_orders(source)
            getattr(run, end)()
            assert list(run) == []
        if backend == "sync":
            assert list(run.batches()) == []
        gc.collect()
        assert length_hint(source) == 3
        assert server.connections == 0
        assert run_threads() == []


def test_a_dropped_run_leaves_no_thread_and_no_socket() -> None:
    """Without a `with` statement, edits in flight finish in the background, and no other starts."""
    with (
        EditServer(lambda request: Response(held=request.order_id != "order-0")) as server,
        Autoenhance(**server.options) as client,
    ):
        run = client.edit_orders(edits(50), concurrency=4)
        next(run)
        server.wait_for(lambda: server.at_once > 0)
        gc.collect()  # garbage of other tests would count
        start = time.monotonic()
        del run
        gc.collect()
        # It did not wait for the held responses.
        assert time.monotonic() - start < 5
        assert run_threads()
        server.release()
        server.wait_for(lambda: run_threads() == [] and server.now_open == 0)
        assert len(server.requests) < 20


@pytest.mark.anyio
async def test_a_dropped_async_run_leaves_nothing() -> None:
    """An open generator would be a warning on trio."""
    with EditServer(slow_but_for_the_first(0.2)) as server:
        async with AsyncAutoenhance(**server.options) as client:
            async for _ in client.edit_orders(edits(50), concurrency=4):
                break
            gc.collect()
            await anyio.to_thread.run_sync(server.wait_for, lambda: server.now_open == 0)
        assert 4 <= len(server.requests) < 20
    gc.collect()


def test_an_error_while_waiting_for_a_result_stops_the_run() -> None:
    """Even if the run is still referenced, as after Ctrl-C in a notebook, which keeps the traceback."""

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
async def test_cancelling_the_caller_stops_the_run(*, inside: bool) -> None:
    """aclose waits for the edits in flight, and their results can be taken."""
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
async def test_asyncio_cancellation_ends_the_caller_at_once(by: str) -> None:
    """The edits in flight finish, and their results can be taken."""

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
def test_the_event_loop_may_end_before_the_run(backend: str, *, was_accepted: bool) -> None:
    """Each edit in flight has a result that says whether it was accepted or may have happened; then BulkStoppedError is raised."""

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
async def test_cancelled_tasks_do_not_make_a_run_look_complete(what: str) -> None:
    """A source that awaits something cancelled, or code that cancels all other tasks, stops the run with an error."""
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


# --- Errors that stop a run ---


def refusing(status: int, headers: dict[str, str] | None = None) -> Callable[[Request], Response]:
    """Refuse the edit of one order, and accept the others."""
    refusal = Response(status, headers or {}, f'{{"message": "No {KEY}"}}'.encode())
    return lambda request: refusal if request.order_id == "order-9" else Response(after=0.03)


HOPELESS = "no further edit can succeed; order "
FAILURES = "failed; order "
# The responses, the limits, the beginning of the error, and its cause.
STOPS: dict[str, tuple[Callable[[Request], Response], dict[str, Any], str, type[Exception]]] = {
    "401": (refusing(401), {}, HOPELESS, errors.AuthenticationError),
    "403": (refusing(403), {}, HOPELESS, errors.PermissionDeniedError),
    "401, for all in flight": (lambda _: Response(401, after=0.05), {}, HOPELESS, errors.AuthenticationError),
    "429, retry after hours": (refusing(429, {"retry-after": "7200"}), {}, HOPELESS, errors.RateLimitError),
    "429 for all": (lambda _: Response(429, {"retry-after": "0"}), {}, HOPELESS, errors.RateLimitError),
    "a failure": (refusing(404), {"max_failures": 0}, f"1 edit {FAILURES}", errors.NotFoundError),
    "failures": (lambda _: Response(404), {"max_failures": 2}, f"3 edits {FAILURES}", errors.NotFoundError),
}


@pytest.mark.parametrize(("respond", "limits", "says", "cause"), STOPS.values(), ids=STOPS)
def test_a_hopeless_run_stops(  # noqa: PLR0917
    bulk: Bulk, respond: Any, limits: dict[str, Any], says: str, cause: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edits in flight have their results, the error says why, and edits that were not read stay in the source."""
    monkeypatch.setattr("autoenhance._bulk.rate_limiter.INITIAL_BACKOFF", 0.0005)
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
    # The responses have the key.
    assert KEY not in f"{error!r}{vars(error)}{outcome.all!r}" + pickle.dumps([error, outcome.all]).decode("latin-1")
    assert outcome.rest == []
    assert all(result.ok or type(result.error) is cause for result in outcome.results)
    assert len({*server.ids()}) <= 20
    check_nothing_is_lost(outcome, server, given)
    assert outcome.unsent
    assert next(source) is given[len(outcome.all) + len(outcome.unsent)]


def test_max_failures_counts_all_failures() -> None:
    """Not only consecutive ones; by default there is no limit."""
    with EditServer(lambda request: Response(404 if int(request.order_id[6:]) % 2 else 200)) as server:
        outcome = Bulk()(server.options, edits(20), concurrency=1, max_failures=2)
        assert [len(outcome.results), str(outcome.error).partition("; ")[0]] == [6, "bulk run stopped: 3 edits failed"]
        outcome = Bulk()(server.options, edits(20))
        assert (len(outcome.results), outcome.error) == (20, None)


def test_an_invalid_edit_counts_as_a_failure(bulk: Bulk) -> None:
    given = [OrderEdit("", name="a"), *edits(5)]
    with EditServer() as server:
        outcome = bulk(server.options, given, max_failures=0)
    error = outcome.error
    assert type(error) is errors.BulkStoppedError
    assert type(error.__cause__) is ValueError
    assert (error.order_id, error.attempts, error.status_code, error.headers) == ("", 0, None, {})
    assert str(error).startswith("bulk run stopped: 1 edit failed; order_id is empty")
    assert server.requests == []


def test_an_unreachable_service_stops_the_run(bulk: Bulk) -> None:
    """After ten edits in a row."""
    with unreachable() as url:
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
async def test_closing_a_run_does_not_wait_for_its_async_source() -> None:
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


# --- Ends of programs, and exhausted resources ---


# The time of each edit but the first in seconds, a program, and its output.
PROGRAMS: dict[str, tuple[float, str, str]] = {
    # It waits for edits in flight.
    "ends in the middle of a run": (0.2, "run = client.edit_orders(edits, concurrency=4)\nnext(run)", ""),
    # Its edits are cut off with their event loop.
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
    # A run in a thread that is no daemon goes on.
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
    # A child cannot use the run, but may close or drop it without an effect on the parent.
    "forks": (
        0.01,
        """
run = client.edit_orders(edits, concurrency=4)
next(run)
time.sleep(0.1)
for closes in (True, False):
    child = os.fork()
    if child == 0:
        for take in (lambda: next(run), lambda: next(run.batches())):
            try: take()
            except RuntimeError as error: assert "belongs to a parent process" in str(error)
            else: sys.exit(2)
        if closes:
            run.stop(); run.close(); del run; gc.collect()
        sys.exit()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
taken = [next(run) for _ in range(40)]
run.close()
taken += run
print(1 + len(taken), all(result.ok for result in taken))
""",
        "sent True\n",
    ),
}


@pytest.mark.parametrize(
    ("seconds", "code", "prints"),
    [
        pytest.param(*program, id=name, marks=[pytest.mark.posix("fork")] if name == "forks" else [])
        for name, program in PROGRAMS.items()
    ],
)
def test_a_program_with_a_run_that(seconds: float, code: str, prints: str) -> None:
    """Its exit status is 0, with nothing on stderr."""
    head = """
import asyncio, gc, os, sys, threading, time
from autoenhance import *
client = Autoenhance("key", base_url=sys.argv[1])
edits = (OrderEdit(f"order-{number}", name="a") for number in range(1000))
"""
    with EditServer(slow_but_for_the_first(seconds)) as server:
        printed = run_script(head + code, server.url)
        assert printed == prints.replace("sent", str(len(server.requests)))
        assert len(server.requests) < 100
        server.wait_for(lambda: server.at_once == 0)


@pytest.mark.parametrize("attempts", [0, 1], ids=["transport", "hook"])
def test_an_oserror_is_the_edits_error(backend: str, attempts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a transport cannot be made or the caller's client raises it; the run goes on."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("too many open files")

    options: dict[str, Any] = {"api_key": "key"}
    if attempts:
        options = answering(Caller(backend), fail)  # type: ignore[arg-type]  # it never returns
    with opened(backend, **options) as client:
        monkeypatch.setattr("httpx.HTTPTransport.__init__", fail)
        monkeypatch.setattr("httpx.AsyncHTTPTransport.__init__", fail)
        results = list(client.edit_orders(edits(3)))
    assert [(str(result.error), result.attempts) for result in results] == [("too many open files", attempts)] * 3


@pytest.mark.parametrize(("threads", "error"), [(2, "None"), (1, "can't start new thread")])
def test_a_run_needs_one_thread(threads: int, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the one that dispatches; without any, each edit has the error."""
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


def test_threads_share_the_results_of_a_run() -> None:
    """Each result goes to one of them, and all reach the end."""
    taken: list[Any] = []
    with EditServer() as server, Autoenhance(**server.options) as client:
        run = client.edit_orders(edits(60), rate=math.inf)
        taken.append(next(run))
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(taken.extend, [run] * 3))
    assert sorted(result.edit.order_id for result in taken) == sorted(edit.order_id for edit in edits(60))
