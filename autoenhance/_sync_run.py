"""A bulk run of the sync client: an iterator of results, and the thread that makes the edits."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, Self

from autoenhance._connections import AsyncConnections
from autoenhance._edits import E, EditResult, tell_untaken
from autoenhance._engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from autoenhance._limits import Limits
    from autoenhance._settings import Settings


class EditRun(Iterator[EditResult[E]]):
    """The results of `Autoenhance.edit_orders`, as they come.

    The edits are made on a thread of their own, and read on the thread that asks for results, between one result and the
    next. It begins with the first result that is asked for. Use it in a `with` statement, or just iterate: leaving the loop
    stops it. Then nothing new begins, what is on its way is waited for, and its results can still be taken.
    """

    def __init__(self, settings: Settings, edits: Iterable[E], limits: Limits) -> None:
        self._edits = iter(edits)
        self._worker: _Worker[E] = _Worker(settings, limits)
        self._window = limits.window
        self._outstanding = 0
        self._taken = 1
        self._are_read = False
        self._failure: BaseException | None = None
        self._is_said = False
        # The worker's, who tells of what is left in it.
        self._buffer = self._worker.arrived
        # Also at the end of the interpreter, which would cut off the thread in the middle of its edits.
        self._leave = weakref.finalize(self, self._worker.leave)

    def __next__(self) -> EditResult[E]:
        if not self._buffer or self._worker.is_inherited:
            self._fetch(None)
        if not self._buffer:
            raise StopIteration
        return self._buffer.popleft()

    def batches(self, *, wait: float | None = None) -> Iterator[list[EditResult[E]]]:
        """The results in lists of all that came since the last one, for those who write them down together.

        Args:
            wait: After this many seconds without a result, an empty list comes; by default it is waited for one.

        Raises:
            BulkStoppedError: At the end, see `Autoenhance.edit_orders`.
        """
        while True:
            if not self._buffer or self._worker.is_inherited:
                self._fetch(wait)
            if not self._buffer and self._worker.is_over:
                return
            batch = [*self._buffer]
            self._buffer.clear()
            yield batch

    def stop(self) -> None:
        """Begin no further edit; iterating goes on with what is on its way, and then ends.

        It may be called from any thread, and from a signal handler.
        """
        self._worker.stop()

    def close(self) -> None:
        """Stop, and return when nothing is on its way any more; closing twice is fine.

        What finished meanwhile can still be taken by iterating. If that is not done, it is logged as a warning.
        """
        self._worker.close()

    @property
    def unsent(self) -> list[E]:
        """The edits that were read and not sent, once it has stopped; what was not read is still in its source."""
        return self._worker.engine.unsent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, wait: float | None) -> None:
        """Fill the buffer with what is there, and wait if there is nothing; it stays empty at the end, or after the wait."""
        if self._worker.is_inherited:
            raise RuntimeError("this run belongs to a parent process; start one in each process")
        self._worker.start()
        while True:
            may_read = self._read(self._taken)
            self._worker.look()
            if not self._buffer and not self._worker.is_over:
                if may_read:
                    continue
                self._worker.wait(wait)
            self._taken = max(1, len(self._buffer))
            self._outstanding -= len(self._buffer)
            if not self._buffer and self._worker.is_over:
                self._raise()
            return

    def _read(self, most: int) -> bool:
        """Read some edits, as many as were finished; returns whether there may be more, and room for them."""
        for _ in range(most):
            if self._are_read or self._worker.engine.is_stopping or self._outstanding >= self._window:
                return False
            try:
                edit = next(self._edits)
            except StopIteration:
                self._end()
            except Exception as error:  # noqa: BLE001  # whatever the caller's source raises, when the rest is done
                self._failure = error
                self._end()
            else:
                self._outstanding += 1
                self._worker.feed(edit)
        return True

    def _end(self) -> None:
        self._are_read = True
        self._worker.end()

    def _raise(self) -> None:
        """Say once why it ended, if it did not just come to its end."""
        failure = self._failure or self._worker.error or self._worker.engine.reason
        if failure is not None and not self._is_said:
            self._is_said = True
            raise failure


class _Worker(Generic[E]):
    """The thread of a run. It knows nothing of the run, so that a run that nobody holds any more is noticed."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        self._results: SimpleQueue[EditResult[E] | None] = SimpleQueue()
        self.arrived: deque[EditResult[E]] = deque()
        self.engine: Engine[E] = Engine(settings, AsyncConnections(None, settings), limits, self._results.put)
        # A daemon, because others are waited for before anyone can tell them to stop.
        self._thread = threading.Thread(target=self._run, name="autoenhance-edits", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_started = False
        self._is_left = False
        self._process = os.getpid()
        self.is_over = False
        self.error: Exception | None = None

    @property
    def is_inherited(self) -> bool:
        """Whether this is a copy in a forked child: its thread, and what became of the edits, are the parent's."""
        return os.getpid() != self._process

    def start(self) -> None:
        if not self._is_started:
            if self.engine.is_stopping:
                self.is_over = True
            else:
                self._thread.start()
            self._is_started = True

    def feed(self, edit: E) -> None:
        self.engine.feed(edit)
        if self.engine.is_hungry:
            self._call(self.engine.notice)

    def end(self) -> None:
        self.engine.end()
        self._call(self.engine.notice)

    def stop(self) -> None:
        self.engine.halt()
        self._call(self.engine.stop)

    def close(self) -> None:
        if self.is_inherited:
            return
        self.stop()
        if self._thread.is_alive():
            self._thread.join()

    def leave(self) -> None:
        """Close it for a run that nobody holds any more, and say what nobody has taken."""
        if threading.current_thread() is self._thread:
            # Garbage is collected on any thread, and none can wait for itself.
            self._is_left = True
            self.stop()
            return
        self.close()
        if not self.is_inherited:
            self._tell_untaken()

    def _tell_untaken(self) -> None:
        self.look()
        while self.arrived:
            tell_untaken(self.arrived.popleft())

    def look(self) -> None:
        """Take over the results that are there."""
        with suppress(Empty):
            while not self.is_over:
                self._arrive(self._results.get_nowait())

    def wait(self, seconds: float | None) -> None:
        """Wait for a result or the end."""
        with suppress(Empty):
            self._arrive(self._results.get(timeout=seconds))
            self.look()

    def _arrive(self, result: EditResult[E] | None) -> None:
        if result is None:
            self.is_over = True
        else:
            self.arrived.append(result)

    def _call(self, function: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # it is over
                self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:  # noqa: BLE001  # it is raised where the results are taken
            self.error = error
        finally:
            self._results.put(None)
            if self._is_left:
                self._tell_untaken()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.engine.run()
