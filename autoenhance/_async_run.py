"""A bulk run of the async client: an async iterator of results, and the task in the background that makes the edits."""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Self

import anyio

from autoenhance._connections import running_loop
from autoenhance._edits import E, EditResult, tell_untaken
from autoenhance._engine import Engine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
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
        source = edits if isinstance(edits, AsyncIterable) else iter(edits)
        self._results = _results(self._engine, source, self._mail)
        weakref.finalize(self, self._mail.abandon).atexit = False

    async def __anext__(self) -> EditResult[E]:
        try:
            return await anext(self._results)
        except StopAsyncIteration:
            if not self._mail.results:
                raise
            return self._mail.results.popleft()

    def stop(self) -> None:
        """Begin no further edit; iterating goes on with what is on its way, and then ends."""
        self._engine.stop()

    async def aclose(self) -> None:
        """Stop, and return when nothing is on its way any more; closing twice is fine.

        What finished meanwhile can still be taken by iterating. If that is not done, it is logged as a warning.
        """
        self._engine.stop()
        await self._results.aclose()

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


class _Mail(Generic[E]):
    """The results that nobody has taken yet."""

    def __init__(self, window: int) -> None:
        self.results: deque[EditResult[E]] = deque()
        self.has_ended = False
        self.error: Exception | None = None
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


async def _results(
    engine: Engine[E], source: Iterator[E] | AsyncIterable[E], mail: _Mail[E]
) -> AsyncGenerator[EditResult[E], None]:
    """The results, while a task in the background makes the edits: it outlives whoever stops listening, until it is done."""
    _in_background(_drive, engine, source, mail)
    try:
        while await mail.arrival():
            yield mail.take()
    except GeneratorExit:
        engine.stop()
        await mail.end()
        raise
    except BaseException:
        engine.stop()
        raise
    failure = mail.error or engine.reason
    if failure is not None:
        raise failure


async def _drive(engine: Engine[E], source: Iterator[E] | AsyncIterable[E], mail: _Mail[E]) -> None:
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
        else:
            for edit in source:
                engine.feed(edit)
                engine.notice()
                await mail.room()
    except Exception as error:  # noqa: BLE001  # whatever the caller's source raises, when the rest is done
        mail.error = error
    engine.end()
    engine.notice()


def _in_background(function: Any, *arguments: Any) -> None:
    """Begin a task that belongs to the event loop, and to no task of the caller's."""
    if isinstance(running_loop(), asyncio.AbstractEventLoop):
        task = asyncio.get_running_loop().create_task(function(*arguments))
        # asyncio itself may forget a task that nobody holds.
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
        return
    import trio

    trio.lowlevel.spawn_system_task(function, *arguments, context=contextvars.copy_context())
