"""Pure: the scheduler of a bulk run. It decides which edit is next and when, what an outcome means, and when the run ends.

The drivers (`threads`, `tasks`) call `next` for an attempt to make, `report` with its outcome, and sleep for `wait`.
They pass the time; nothing here waits or sends.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Final, Generic, TypeAlias

from autoenhance import errors
from autoenhance._base_client import order_of
from autoenhance._bulk.job import Job
from autoenhance._bulk.rate_limiter import TICK, RateLimiter
from autoenhance._bulk.types import EditFailure, EditResult, EditSuccess
from autoenhance._bulk.typevars import E
from autoenhance._call import RetryableError
from autoenhance_api.models import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance._bulk.limits import Limits
    from autoenhance._call import Call
    from autoenhance._edit import Edit
    from autoenhance._retry import Failure
    from autoenhance_api.types import Response

Outcome: TypeAlias = Order | RetryableError | BaseException
# After these no further edit can succeed. A 429 becomes an edit's error only after the last pause.
_FATAL: Final = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RateLimitError)
MAX_UNREACHED_EDITS: Final = 10
"""The number of edits in a row without a connection to the service after which the run stops."""


class Scheduler(Generic[E]):
    """One bulk run. Only `stop` may be called from another thread, and from a signal handler.

    Args:
        limits: The limits of the run.
        make_call: Creates the call of an edit that starts.
    """

    def __init__(self, limits: Limits, make_call: Callable[[Edit], Call]) -> None:
        self.results: deque[EditResult[E]] = deque()
        """Finished edits, for the driver to deliver."""
        self.error: BaseException | None = None
        """What the source raised, or what ended the driver."""
        self.reason: BaseException | None = None
        """Why the run stopped by itself, if it did: a `BulkStoppedError`, or what `on_retry` raised to end the program."""
        self._is_raised = False
        self.is_stopping = False
        """Whether no further edit starts."""
        self.is_serial = False
        """Whether only one attempt may be in flight."""
        self._limits = limits
        self._make_call = make_call
        self._rate_limiter = RateLimiter(limits.rate)
        self._slot: float | None = None
        """The time of the slot that is reserved for the next attempt, if one is."""
        self._numbers = count()
        self._unsent: dict[int, E] = {}
        self._last: dict[str, Job[E]] = {}
        """By order id: the latest unfinished job. The next one with this id waits for it."""
        self._ready: deque[Job[E]] = deque()
        """Jobs that can start."""
        self._retries: list[Job[E]] = []
        """A heap, by the time at which they are due."""
        self._in_flight = 0
        """Edits that have started and not finished, including those that wait for a retry."""
        self._attempts = 0
        """Attempts that were started and not reported."""
        self._exclusive: Job[E] | None = None
        """The job whose retry runs while no other attempt is in flight (see `report`)."""
        self._failures = 0
        self._unreached = 0
        """Edits in a row that had no connection to the service."""
        self._is_ended = False

    @property
    def is_done(self) -> bool:
        """Whether nothing is in flight and nothing more starts."""
        return self._in_flight == 0 and (self.is_stopping or (self._is_ended and not self._unsent))

    @property
    def unsent(self) -> list[E]:
        """The edits that were added and have not started, in order."""
        return [*self._unsent.values()]

    def add(self, edit: E, plan: Edit | Exception) -> None:
        """Add an edit, with what will be sent or why it cannot be."""
        number = next(self._numbers)
        if isinstance(plan, Exception) and not self.is_stopping:
            self._deliver(EditFailure(edit, plan, 0, 0.0))
            return
        self._unsent[number] = edit
        if isinstance(plan, Exception):
            return
        job = Job(number, edit, plan)
        for earlier in {id(last): last for last in map(self._last.get, job.ids) if last is not None}.values():
            earlier.followers.append(job)
            job.waits_for += 1
        self._last.update(dict.fromkeys(job.ids, job))
        if not job.waits_for:
            self._ready.append(job)

    def end(self) -> None:
        """Note that the source has ended."""
        self._is_ended = True

    def raise_error(self) -> None:
        """Raise, once, why the run ended early, if it did."""
        error = self.error or self.reason
        if error is not None and not self._is_raised:
            self._is_raised = True
            raise error

    def stop(self) -> None:
        """Start no further edit, and no further attempt."""
        self.is_stopping = True

    def next(self, now: float) -> Job[E] | None:
        """Return the job whose attempt starts now; None if there is none, or none may be sent yet."""
        if self.is_stopping:
            self._give_up_retries(now)
            return None
        while self._has_candidate(now):
            if self._slot is None:
                self._slot = self._rate_limiter.reserve(now)
            if self._slot > now:
                return None
            slot, self._slot = self._slot, None
            # A pause may have begun since it was reserved.
            if self._rate_limiter.is_valid(slot):
                return self._begin(now)
        return None

    def wait(self, now: float) -> float | None:
        """Return the seconds until `next` may return a job; None if that needs an edit or a report first."""
        if self._has_candidate(now):
            return max((self._slot or now) - now, TICK)
        return self._retries[0].due - now if self._retries and self._retries[0].due > now else None

    def report(self, job: Job[E], outcome: Outcome, now: float) -> None:
        """Report the outcome of an attempt: an order, an error, or a failure that may be retried."""
        self._attempts -= 1
        if isinstance(outcome, RetryableError):
            try:
                wait = self._retry_wait(job, outcome.failure, now)
                if wait is not None:
                    job.call.log_retry(outcome.failure, wait)
            except BaseException as error:  # noqa: BLE001  # what on_retry raises is the edit's error
                self._conclude(job, error, now)
                return
            # `on_retry` may have stopped the run.
            if wait is None or self.is_stopping:
                self._conclude(job, outcome.error, now)
                return
            job.due, job.error = now + wait, outcome.error
            # A service that closes a connection after a few requests would interrupt it again and again, among the others.
            job.is_exclusive = outcome.failure.was_shared
            if not (job.is_exclusive and job is self._exclusive):
                self._exclusive = None
                heapq.heappush(self._retries, job)
            return
        self._conclude(job, outcome, now)

    def _has_candidate(self, now: float) -> bool:
        if self._attempts and (self.is_serial or self._exclusive is not None):
            return False
        if self._exclusive is not None:
            return True
        if self._retries and self._retries[0].due <= now:
            return not (self._retries[0].is_exclusive and self._attempts)
        return bool(self._ready) and self._in_flight < self._limits.concurrency

    def _begin(self, now: float) -> Job[E]:
        if self._exclusive is not None:
            job = self._exclusive
        elif self._retries and self._retries[0].due <= now:
            job = heapq.heappop(self._retries)
            self._exclusive = job if job.is_exclusive else None
            # Waiting for a slot is the run's time, not this edit's.
            job.call.deadline += now - job.due
        else:
            job = self._ready.popleft()
            del self._unsent[job.number]
            self._in_flight += 1
            job.call = self._make_call(job.plan)
            job.began = now
        job.sent = now
        self._attempts += 1
        return job

    def _retry_wait(self, job: Job[E], failure: Failure, now: float) -> float | None:
        """Return the seconds until the next attempt of an edit, None if there is none."""
        call: Call = job.call
        if self.is_stopping:
            return None
        if not failure.is_rate_limit:
            wait = call.retry_wait(failure)
            return 0.0 if wait and failure.was_shared and job is self._exclusive else wait
        # The whole run was refused: all pause, and it costs this edit neither an attempt nor its time.
        call.rate_limited += 1
        chance = random.random()  # noqa: S311  # no secret
        pause = self._rate_limiter.pause(sent=job.sent, now=now, retry_after=failure.retry_after, chance=chance)
        call.deadline += pause or 0.0
        return pause

    def _give_up_retries(self, now: float) -> None:
        if self._exclusive is not None and not self._attempts:
            self._conclude(self._exclusive, self._exclusive.error, now)
        while self._retries:
            job = heapq.heappop(self._retries)
            self._conclude(job, job.error, now)

    def _conclude(self, job: Job[E], outcome: Order | BaseException, now: float) -> None:
        call: Call = job.call
        if not isinstance(outcome, Order | Exception):  # it ends the program: at once would cut the others off
            self.reason = self.reason or outcome
            self.stop()
            outcome = call.abort_error()
        if isinstance(outcome, errors.AutoenhanceError):
            # Many results are in memory at once, and a frame holds all that it saw.
            outcome.__traceback__ = None
        self._in_flight -= 1
        self._exclusive = None
        for touched in job.ids:
            if self._last.get(touched) is job:
                del self._last[touched]
        for follower in reversed(job.followers):
            follower.waits_for -= 1
            if not follower.waits_for:
                self._ready.appendleft(follower)
        is_unreached = isinstance(outcome, errors.APIConnectionError) and not call.was_reached
        self._unreached = self._unreached + 1 if is_unreached else 0
        seconds = now - job.began
        if isinstance(outcome, Exception):
            self._deliver(EditFailure(job.edit, outcome, call.attempts, seconds))
        else:
            self._deliver(EditSuccess(job.edit, outcome, call.attempts, seconds))

    def _deliver(self, result: EditResult[E]) -> None:
        error = result.error
        if not isinstance(error, errors.RateLimitError) and (error is None or getattr(error, "status_code", None)):
            self._rate_limiter.note_response()
        self._failures += error is not None
        if error is not None and not self.is_stopping:
            reason = self._explain_stop(error)
            if reason:
                self.reason = _build_stop_error(reason, error)
                self.stop()
        self.results.append(result)

    def _explain_stop(self, error: Exception) -> str:
        """Return why an error ends the run; empty if it does not."""
        most = math.inf if self._limits.max_failures is None else self._limits.max_failures
        if isinstance(error, _FATAL):
            return f"bulk run stopped: no further edit can succeed; {error}"
        if self._unreached >= MAX_UNREACHED_EDITS:
            return f"bulk run stopped: {MAX_UNREACHED_EDITS} edits in a row did not reach the service; {error}"
        if self._failures > most:
            number = f"{self._failures} edit{'s' if self._failures != 1 else ''}"
            return f"bulk run stopped: {number} failed; {error}"
        return ""


def outcome_of(response: Response[Order] | RetryableError) -> Outcome:
    """Convert the outcome of an attempt to what `report` takes."""
    return response if isinstance(response, RetryableError) else order_of(response)


def _build_stop_error(sentence: str, error: Exception) -> errors.BulkStoppedError:
    stopped = errors.BulkStoppedError(
        sentence,
        message=getattr(error, "message", str(error)),
        order_id=getattr(error, "order_id", ""),
        attempts=getattr(error, "attempts", 0),
        status_code=getattr(error, "status_code", None),
        body=getattr(error, "body", None),
        headers=getattr(error, "headers", None),
    )
    stopped.__cause__ = error
    return stopped
