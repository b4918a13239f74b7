"""A bulk run of the async client: an async iterator of results, and the task in the background that makes the edits."""

from __future__ import annotations

import asyncio
import contextvars
import os
import weakref
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Self

import anyio

from autoenhance._connections import running_loop
from autoenhance._edits import E, EditResult, tell_untaken
from autoenhance._engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from autoenhance._connections import AsyncConnections
    from autoenhance._limits import Limits
    from autoenhance._settings import Settings

_tasks: set[asyncio.Task[None]] = set()


class AsyncEditRun(AsyncIterator[EditResult[E]]):
    """The results of `AsyncAutoenhance.edit_orders`, as they come, on asyncio or trio.

    It begins with the first result that is asked for. Use it in an `async with` statement, or just iterate: leaving the loop
    stops it. Then nothing new begins, and what is on its way is finished, as long as the event loop runs. `async with` and
    `aclose` wait for that, and its results can still be taken.
    """

    def __init__(
        self,
        settings: Settings,
        connections: AsyncConnections,
        edits: Iterable[E] | AsyncIterable[E],
        limits: Limits,
    ) -> None:
        self._mail: _Mail[E] = _Mail(limits.window)
        self._engine: Engine[E] = Engine(settings, connections, limits, self._mail.deliver)
        self._source = edits if isinstance(edits, AsyncIterable) else iter(edits)
        self._is_started = False
        self._is_said = False
        # It knows nothing of the run, so that a run that nobody holds any more is noticed.
        weakref.finalize(self, _leave, self._engine, self._mail, os.getpid())

    async def __anext__(self) -> EditResult[E]:
        self._start()
        try:
            if await self._mail.arrival():
                return self._mail.take()
        except BaseException:
            self.stop()  # whoever waited was cancelled
            raise
        failure = self._mail.error or self._engine.reason
        if failure is not None and not self._is_said:
            self._is_said = True
            raise failure
        raise StopAsyncIteration

    def stop(self) -> None:
        """Begin no further edit; iterating goes on with what is on its way, and then ends.

        It may be called from any thread, and from a signal handler.
        """
        self._engine.halt()
        with suppress(RuntimeError):  # the event loop is over, and the run with it
            self._mail.call(self._engine.stop)

    async def aclose(self) -> None:
        """Stop, and return when nothing is on its way any more; closing twice is fine.

        What finished meanwhile can still be taken by iterating. If that is not done, it is logged as a warning.
        """
        self.stop()
        if self._is_started:
            await self._mail.end()

    @property
    def unsent(self) -> list[E]:
        """The edits that were read and not sent, once it has stopped; what was not read is still in its source."""
        return self._engine.unsent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _start(self) -> None:
        if self._is_started:
            return
        self._is_started = True
        if self._engine.is_stopping:
            self._mail.conclude()
        else:
            self._mail.call = _in_background(_drive, self._engine, self._source, self._mail)


class _Mail(Generic[E]):
    """The results that nobody has taken yet."""

    def __init__(self, window: int) -> None:
        self.results: deque[EditResult[E]] = deque()
        self.has_ended = False
        self.error: BaseException | None = None
        self.call: Callable[[Callable[[], None]], object] = _call  # in its event loop, once it has one
        self._outstanding = 0
        self._window = window
        self._change = anyio.Event()
        self._is_abandoned = False

    def deliver(self, result: EditResult[E]) -> None:
        if self._is_abandoned:
            tell_untaken(result)
        else:
            self.results.append(result)
            self._notice()

    def take(self) -> EditResult[E]:
        self._outstanding -= 1
        self._notice()
        return self.results.popleft()

    async def room(self) -> None:
        """Wait until one more edit may be read."""
        while self._outstanding >= self._window:
            await self._wait()
        self._outstanding += 1

    async def arrival(self) -> bool:
        """Wait for a result; False if there are no more."""
        while not (self.results or self.has_ended):
            await self._wait()
        return bool(self.results)

    async def end(self) -> None:
        """Wait for the end."""
        while not self.has_ended:
            await self._wait()

    def conclude(self) -> None:
        self.has_ended = True
        self._notice()

    def abandon(self) -> None:
        """Nobody will take any more."""
        self._is_abandoned = True
        while self.results:
            tell_untaken(self.results.popleft())

    def _notice(self) -> None:
        self._change.set()

    async def _wait(self) -> None:
        if self._change.is_set():
            self._change = anyio.Event()
        await self._change.wait()


def _leave(engine: Engine[E], mail: _Mail[E], process: int) -> None:
    """Stop a run that nobody holds any more, wherever garbage is collected, and say what nobody has taken."""
    if os.getpid() != process:
        return  # a forked child's copy
    engine.halt()
    try:
        mail.call(engine.stop)
        mail.call(mail.abandon)
    except RuntimeError:  # the event loop is over, and the run with it
        mail.abandon()


async def _drive(engine: Engine[E], source: Iterator[E] | AsyncIterable[E], mail: _Mail[E]) -> None:
    """Make the edits. This outlives whoever stops listening, until what is on its way is done."""
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_read, engine, source, mail)
            try:
                await engine.run()
            except Exception as error:  # noqa: BLE001  # it is raised where the results are taken
                mail.error = error
            tasks.cancel_scope.cancel()
    finally:
        mail.conclude()


async def _read(engine: Engine[E], source: Iterator[E] | AsyncIterable[E], mail: _Mail[E]) -> None:
    try:
        await mail.room()
        if isinstance(source, AsyncIterable):
            async for edit in source:
                engine.feed(edit)
                engine.notice()
                await mail.room()
                if engine.is_stopping:
                    break
        else:
            for edit in source:
                engine.feed(edit)
                engine.notice()
                await mail.room()
                if engine.is_stopping:
                    break
    except anyio.get_cancelled_exc_class():
        raise
    except BaseException as error:  # noqa: BLE001  # whatever the caller's source raises, when the rest is done
        mail.error = error
        if not isinstance(error, Exception):
            engine.stop()  # it ends the program
    engine.end()
    engine.notice()


def _in_background(function: Any, *arguments: Any) -> Callable[[Callable[[], None]], object]:
    """Begin a task that belongs to the event loop, and to no task of the caller's.

    Returns:
        What calls a function in that event loop, from anywhere. It raises RuntimeError when the loop is over.
    """
    if isinstance(running_loop(), asyncio.AbstractEventLoop):
        loop = asyncio.get_running_loop()
        task = loop.create_task(function(*arguments))
        # asyncio itself may forget a task that nobody holds.
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        return loop.call_soon_threadsafe
    import trio

    trio.lowlevel.spawn_system_task(function, *arguments, context=contextvars.copy_context())
    return trio.lowlevel.current_trio_token().run_sync_soon


def _call(function: Callable[[], None]) -> None:
    function()
