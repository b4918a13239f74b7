"""A bulk run of the async client: an async iterator of results, and a task in the background that makes the edits."""

from __future__ import annotations

import asyncio
import contextvars
import time
import weakref
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, cast

import anyio

from autoenhance import errors
from autoenhance._attempt import AsyncCall
from autoenhance._bulk.job import Job, plan
from autoenhance._bulk.limits import Limits
from autoenhance._bulk.scheduler import Outcome, Scheduler, outcome_of
from autoenhance._bulk.types import EditResult
from autoenhance._bulk.typevars import E
from autoenhance._settings import Settings
from autoenhance._transport import AsyncTransports, running_loop

if TYPE_CHECKING:
    from autoenhance._sender import AsyncSender

_tasks: set[asyncio.Task[None]] = set()


class AsyncEditRun(AsyncIterator[EditResult[E]]):
    """A bulk run of `AsyncAutoenhance.edit_orders`: an async iterator of `EditResult`, in the order in which the edits finish.

    The run starts when the first result is asked for, on asyncio or trio. An exception while you wait for a result, such as
    cancellation, stops the run. Use the run in an `async with` statement, so that leaving the loop stops it and waits for the
    edits in flight. Without one, these edits finish in the background, as long as the event loop runs. After the last result,
    an exception from iterating over `edits` is raised, or a `BulkStoppedError` if the run stopped by itself.
    """

    def __init__(
        self,
        settings: Settings,
        transports: AsyncTransports,
        edits: Iterable[E] | AsyncIterable[E],
        limits: Limits,
    ) -> None:
        self._dispatcher: _Dispatcher[E] = _Dispatcher(settings, transports, limits)
        self._source = edits if isinstance(edits, AsyncIterable) else iter(edits)
        self._is_started = False
        # It does not refer to the run, so that a dropped run is garbage-collected.
        weakref.finalize(self, self._dispatcher.stop).atexit = False

    async def __anext__(self) -> EditResult[E]:
        if not self._is_started:
            self._dispatcher.start(self._source)
            self._is_started = True
        try:
            result = await self._dispatcher.result()
        except BaseException:
            self.stop()  # the waiting caller was cancelled
            raise
        if result is not None:
            return result
        self._dispatcher.scheduler.raise_error()
        raise StopAsyncIteration

    def stop(self) -> None:
        """Begin no further edit, and return at once. Iterating returns the results of the edits in flight, and then ends.

        It may be called from any thread, and from a signal handler.
        """
        self._dispatcher.stop()

    async def aclose(self) -> None:
        """Stop, and return when no edit is in flight; finished results can still be read. Closing twice is allowed."""
        self.stop()
        if self._is_started:
            await self._dispatcher.end()

    @property
    def unsent(self) -> list[E]:
        """The edits that were read but not sent, once the run has stopped. Edits that were not read are still in `edits`."""
        return self._dispatcher.scheduler.unsent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class _Dispatcher(Generic[E]):
    """The tasks of a run. It does not refer to the run, so that a dropped run is garbage-collected."""

    def __init__(self, settings: Settings, transports: AsyncTransports, limits: Limits) -> None:
        self._transports = transports
        self.scheduler: Scheduler[E] = Scheduler(limits, partial(AsyncCall, settings, proxy_note=transports.proxy_note))
        self._idle: list[AsyncSender] = []
        self._results: deque[EditResult[E]] = deque()
        self._room = limits.window
        self._is_done = False
        self._change = anyio.Event()
        self._call_in_loop: Callable[[Callable[[], None]], object] = _call

    def start(self, source: Iterator[E] | AsyncIterable[E]) -> None:
        if self.scheduler.is_stopping:
            self._is_done = True
        else:
            self._transports.check()
            self._call_in_loop = _in_background(self._run, source)

    async def result(self) -> EditResult[E] | None:
        """Wait for a result; None if there are no more."""
        while not (self._results or self._is_done):
            await self._wait()
        if not self._results:
            return None
        self._room += 1
        self._notify()
        return self._results.popleft()

    async def end(self) -> None:
        """Wait for the end."""
        while not self._is_done:
            await self._wait()

    def stop(self) -> None:
        self.scheduler.stop()
        with suppress(RuntimeError):  # the event loop is closed, and the run with it
            self._call_in_loop(self._notify)

    async def _run(self, source: Iterator[E] | AsyncIterable[E]) -> None:
        """Make the edits. This outlives a caller who stops iterating, until nothing is in flight."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, source)
                while not self.scheduler.is_done:
                    now = time.monotonic()
                    while (job := self.scheduler.next(now)) is not None:
                        tasks.start_soon(self._attempt, job)
                    self._deliver()
                    if not self.scheduler.is_done:
                        await self._wait(self.scheduler.wait(now))
                tasks.cancel_scope.cancel()  # leaves a source that waits
        finally:
            if not (self.scheduler.is_done or self.scheduler.is_stopping):
                self.scheduler.error = self.scheduler.error or errors.BulkStoppedError(
                    "bulk run stopped: its tasks were cancelled"
                )
            self.scheduler.stop()
            self.scheduler.next(time.monotonic())
            self._deliver()
            with anyio.CancelScope(shield=True):
                for sender in self._idle:
                    await sender.aclose()
            self._is_done = True
            self._notify()

    async def _attempt(self, job: Job[E]) -> None:
        sender: AsyncSender | None = None
        outcome: Outcome
        try:
            sender = self._idle.pop() if self._idle else self._transports.open()
            outcome = outcome_of(await job.call.attempt(sender))
        except anyio.get_cancelled_exc_class():
            self._report(job, job.call.abort_error(), sender)
            raise
        except BaseException as error:  # noqa: BLE001  # an error of the edit, or what a hook of the http_client raises
            outcome = error
        self._report(job, outcome, sender)

    def _report(self, job: Job[E], outcome: Outcome, sender: AsyncSender | None) -> None:
        if sender is not None:
            self._idle.append(sender)
        self.scheduler.report(job, outcome, time.monotonic())
        self._notify()

    async def _read(self, source: Iterator[E] | AsyncIterable[E]) -> None:
        try:
            async_source = aiter(source) if isinstance(source, AsyncIterable) else None
            while await self._has_room():
                edit = await anext(async_source) if async_source is not None else next(cast("Iterator[E]", source))
                self._room -= 1
                self.scheduler.add(edit, plan(edit))
                self._notify()
        except (StopIteration, StopAsyncIteration):
            pass
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # noqa: BLE001  # raised to the caller after the remaining results
            self.scheduler.error = error
            if not isinstance(error, Exception):
                self.scheduler.stop()  # it ends the program
        self.scheduler.end()
        self._notify()

    async def _has_room(self) -> bool:
        """Wait until another edit may be read; return False if no more are needed."""
        while not self._room and not self.scheduler.is_stopping:
            await self._wait()
        return not self.scheduler.is_stopping

    def _deliver(self) -> None:
        """Deliver the results, after starting what may start: the caller may stop the run at the first result."""
        if self.scheduler.results:
            self._results.extend(self.scheduler.results)
            self.scheduler.results.clear()
            self._notify()

    def _notify(self) -> None:
        self._change.set()

    async def _wait(self, seconds: float | None = None) -> None:
        """Wait until something changes, or for some seconds."""
        if self._change.is_set():
            self._change = anyio.Event()
        with anyio.move_on_after(seconds):
            await self._change.wait()


def _in_background(function: Any, *arguments: Any) -> Callable[[Callable[[], None]], object]:
    """Start a task that belongs to the event loop, and not to a task of the caller.

    Returns:
        What calls a function in that event loop, from anywhere. It raises RuntimeError when the loop is over.
    """
    if isinstance(running_loop(), asyncio.AbstractEventLoop):
        loop = asyncio.get_running_loop()
        task = loop.create_task(function(*arguments))
        # asyncio may collect a task without references.
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        return loop.call_soon_threadsafe
    import trio

    trio.lowlevel.spawn_system_task(function, *arguments, context=contextvars.copy_context())
    return trio.lowlevel.current_trio_token().run_sync_soon


def _call(function: Callable[[], None]) -> None:
    function()
