"""A bulk run of the sync client: an iterator of results; one thread that dispatches, and others that make the attempts."""

from __future__ import annotations

import contextvars
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Final, Generic, Self

from autoenhance import errors
from autoenhance._attempt import SyncCall
from autoenhance._bulk.job import Job, plan
from autoenhance._bulk.limits import Limits
from autoenhance._bulk.scheduler import Outcome, Scheduler, outcome_of
from autoenhance._bulk.types import EditResult
from autoenhance._bulk.typevars import E
from autoenhance._settings import Settings
from autoenhance._transport import Transports

if TYPE_CHECKING:
    from autoenhance._sender import Sender

# How often an idle dispatcher checks whether the program is exiting.
_CHECK_INTERVAL: Final = 0.5


class EditRun(Iterator[EditResult[E]]):
    """A bulk run of `Autoenhance.edit_orders`: an iterator of `EditResult`, in the order in which the edits finish.

    The run starts when the first result is asked for. It makes the edits on its own threads, and reads `edits` on the thread
    that asks for results, between one result and the next. An exception while that thread waits for a result, such as Ctrl-C,
    stops the run. Use the run in a `with` statement, so that leaving the loop stops it and waits for the edits in flight.
    After the last result, an exception from iterating over `edits` is raised, or a `BulkStoppedError` if the run stopped by
    itself.
    """

    def __init__(self, settings: Settings, transports: Transports, edits: Iterable[E], limits: Limits) -> None:
        self._edits = iter(edits)
        self._dispatcher: _Dispatcher[E] = _Dispatcher(settings, transports, limits)
        self._room = limits.window
        # Edits to read before the next result: one for each that was taken, so that reading keeps up.
        self._to_read = 1
        self._is_source_exhausted = False
        # It only signals, so that dropping a run does not wait for its threads.
        weakref.finalize(self, self._dispatcher.stop).atexit = False

    def __next__(self) -> EditResult[E]:
        result = self._take(None)
        if result is None:
            self._dispatcher.scheduler.raise_error()
            raise StopIteration
        return result

    def batches(self, *, wait: float | None = None) -> Iterator[list[EditResult[E]]]:
        """Iterate over lists of results, each with all results since the last list, to write them together.

        Args:
            wait: The maximum wait for a result in seconds, after which the list is empty; None, the default, means no limit.

        Returns:
            An iterator of lists. It uses up the results of the run, like iterating over the run itself.

        Raises:
            BulkStoppedError: After the last list, if the run stopped by itself; see `Autoenhance.edit_orders`.
        """
        while True:
            result = self._take(wait)
            if result is None and self._dispatcher.is_drained:
                self._dispatcher.scheduler.raise_error()
                return
            batch: list[EditResult[E]] = []
            while result is not None:
                batch.append(result)
                result = self._poll(0.0)
            yield batch

    def stop(self) -> None:
        """Begin no further edit, and return at once. Iterating returns the results of the edits in flight, and then ends.

        It may be called from any thread, and from a signal handler.
        """
        self._dispatcher.stop()

    def close(self) -> None:
        """Stop, and return when no edit is in flight; finished results can still be read. Closing twice is allowed."""
        self._dispatcher.close()

    @property
    def unsent(self) -> list[E]:
        """The edits that were read but not sent, once the run has stopped. Edits that were not read are still in `edits`."""
        return self._dispatcher.unsent()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, wait: float | None) -> EditResult[E] | None:
        """Return the next result, reading edits meanwhile; None at the end, or after the wait."""
        self._dispatcher.start()
        try:
            # Without a result, read more, as long as there is room.
            while (self._to_read or self._dispatcher.results.empty()) and self._read():
                self._to_read = max(0, self._to_read - 1)
            return self._poll(wait)
        except BaseException:
            self.stop()  # the caller no longer waits for results
            raise

    def _poll(self, wait: float | None) -> EditResult[E] | None:
        result = self._dispatcher.result(wait)
        if result is not None:
            self._room += 1
            self._to_read += 1
        return result

    def _read(self) -> bool:
        """Read one more edit; return False without one, or without room for it."""
        dispatcher = self._dispatcher
        if self._is_source_exhausted or dispatcher.scheduler.is_stopping or not self._room:
            return False
        try:
            edit = next(self._edits)
            planned = plan(edit)
        except StopIteration:
            self._is_source_exhausted = True
        except Exception as error:  # noqa: BLE001  # raised to the caller after the remaining results
            dispatcher.scheduler.error = error
            self._is_source_exhausted = True
        else:
            self._room -= 1
            dispatcher.inbox.put(partial(dispatcher.scheduler.add, edit, planned))
            return True
        dispatcher.inbox.put(dispatcher.scheduler.end)
        return False


class _Dispatcher(Generic[E]):
    """The threads of a run. It does not refer to the run, so that a dropped run is garbage-collected.

    All that concerns the scheduler happens on one thread; the others put what is to be done there into its inbox.
    """

    def __init__(self, settings: Settings, transports: Transports, limits: Limits) -> None:
        self._transports = transports
        self.scheduler: Scheduler[E] = Scheduler(limits, partial(SyncCall, settings, proxy_note=transports.proxy_note))
        # A SimpleQueue is reentrant: a signal handler may use it while it is in use.
        self.inbox: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.results: SimpleQueue[EditResult[E] | None] = SimpleQueue()
        self._jobs: SimpleQueue[Job[E] | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._busy = 0
        self._is_started = self._is_joined = False
        self._process = os.getpid()
        # The thread that takes the results.
        self._reader = threading.current_thread()
        # Not daemons, which the program's end would interrupt in the middle of an edit, and subinterpreters lack.
        self._thread = self._thread_for(self._run)
        # Three ends, in this order: scheduler.is_done (nothing is in flight), _is_joined (the threads have ended), is_drained.
        self.is_drained = False
        """Whether all results were taken."""

    def start(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError("this run belongs to a parent process; start one in each process")
        self._reader = threading.current_thread()
        if not self._is_started:
            if self.scheduler.is_stopping:
                self.is_drained = self._is_joined = True
            else:
                self._thread.start()
            self._is_started = True

    def unsent(self) -> list[E]:
        if self._is_joined:
            self._handle_inbox()  # what was read after it had stopped
        return self.scheduler.unsent

    def result(self, wait: float | None) -> EditResult[E] | None:
        """Return a result; None at the end, or after some seconds without one."""
        if self.is_drained:
            return None
        try:
            result = self.results.get(timeout=wait)
        except Empty:
            return None
        if result is None:
            self.is_drained = True
            self.results.put(None)  # for another thread that waits, too
        return result

    def stop(self) -> None:
        self.scheduler.stop()
        self.inbox.put(self.scheduler.stop)  # wakes the dispatcher

    def close(self) -> None:
        if os.getpid() == self._process:
            self.stop()
            if self._thread.is_alive() and threading.current_thread() is not self._thread:
                self._thread.join()

    def _run(self) -> None:
        try:
            while not self.scheduler.is_done:
                now = time.monotonic()
                # Waiting for the others in a thread would use up the timeout of its edit.
                self.scheduler.is_serial = self._transports.is_serial
                while (job := self.scheduler.next(now)) is not None:
                    self._begin(job)
                self._deliver()
                if not self.scheduler.is_done:
                    self._handle_inbox(self.scheduler.wait(now))
        except BaseException as error:  # noqa: BLE001  # it is raised where the results are taken
            self.scheduler.error = error
        finally:
            for _ in self._workers:
                self._jobs.put(None)
            for worker in self._workers:
                worker.join()
            self._handle_inbox()
            self._deliver()
            self._is_joined = True
            self.results.put(None)

    def _handle_inbox(self, wait: float | None = 0.0) -> None:
        """Run what is in the inbox; wait for it if it is empty."""
        wait = _CHECK_INTERVAL if wait is None else min(wait, _CHECK_INTERVAL)
        with suppress(Empty):
            self.inbox.get(timeout=wait)()
            while True:
                self.inbox.get_nowait()()
        if not (self.scheduler.is_done or self.scheduler.is_stopping or self._is_awaited()):
            self.scheduler.error = errors.BulkStoppedError("bulk run stopped: the program is exiting")
            self.scheduler.stop()

    def _is_awaited(self) -> bool:
        """Whether results may still be taken, and the program does not only wait for this thread."""
        main, reader = threading.main_thread(), self._reader
        # A thread that is not a daemon outlives the main thread, and keeps the program running.
        return main.is_alive() or (reader is not main and reader.is_alive() and not reader.daemon)

    def _begin(self, job: Job[E]) -> None:
        try:
            if self._busy == len(self._workers):
                worker = self._thread_for(self._work)
                worker.start()
                self._workers.append(worker)
        except RuntimeError as error:  # no thread can be started; the existing ones do it later
            if not self._workers:
                self.scheduler.report(job, error, time.monotonic())
                return
        self._busy += 1
        self._jobs.put(job)

    def _report(self, job: Job[E], outcome: Outcome) -> None:
        self._busy -= 1
        self.scheduler.report(job, outcome, time.monotonic())

    def _deliver(self) -> None:
        while self.scheduler.results:
            self.results.put(self.scheduler.results.popleft())

    def _thread_for(self, target: Callable[[], None]) -> threading.Thread:
        context = contextvars.copy_context()
        return threading.Thread(target=context.run, args=(target,), name="autoenhance-edits")

    def _work(self) -> None:
        sender: Sender | None = None
        for job in iter(self._jobs.get, None):
            outcome: Outcome
            try:
                sender = sender or self._transports.open()
                outcome = outcome_of(job.call.attempt(sender))
            except BaseException as error:  # noqa: BLE001  # an error of the edit, or what a hook of the http_client raises
                outcome = error
            self.inbox.put(partial(self._report, job, outcome))
            # An idle thread holds no edit.
            del job, outcome
        if sender is not None:
            sender.close()
