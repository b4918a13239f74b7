"""Makes many edits at once, in one event loop: which edit is next, when it may go, and when there is no use in going on."""

from __future__ import annotations

import math
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic

import anyio

from autoenhance import errors
from autoenhance._edit import plan_edit
from autoenhance._edits import E, EditResult, OrderEditLike
from autoenhance._options import order_of
from autoenhance._pace import TICK, Pace
from autoenhance._sequence import Place, Sequence
from autoenhance._transport import AsyncCall

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from autoenhance._connections import AsyncConnections
    from autoenhance._edit import Edit
    from autoenhance._limits import Limits
    from autoenhance._retry import Failure
    from autoenhance._settings import Settings
    from autoenhance._spread import Spread
    from autoenhance.models import Order

# What no further edit can survive. 429 is an edit's error only when there is no use in another pause.
_FATAL: Final = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RateLimitError)


@dataclass(frozen=True, slots=True)
class _Job(Generic[E]):
    """An edit as it was given, and as it will be sent."""

    edit: E
    plan: Edit


class Engine(Generic[E]):
    """One bulk run. It is fed edits, and delivers what became of each.

    Only `feed`, `end` and `halt` may be called from another thread.
    """

    def __init__(
        self,
        settings: Settings,
        connections: AsyncConnections,
        limits: Limits,
        deliver: Callable[[EditResult[E]], None],
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._limits = limits
        self._deliver = deliver
        self._pace = Pace(limits.rate)
        self._sequence: Sequence[_Job[E]] = Sequence()
        self._fed: deque[tuple[E, Edit | Exception]] = deque()
        self._waiting: dict[int, E] = {}
        self._ready: deque[Place[_Job[E]]] = deque()
        self._in_flight = 0
        self._failures = 0
        self._is_fed = False
        self._is_stopping = False
        self._stopped: anyio.Event | None = None
        self._change: anyio.Event | None = None
        self._reason: BaseException | None = None

    @property
    def is_hungry(self) -> bool:
        """Whether it waits, and `notice` must tell it of what was fed."""
        return self._change is not None

    @property
    def is_stopping(self) -> bool:
        """Whether no further edit begins."""
        return self._is_stopping

    @property
    def reason(self) -> BaseException | None:
        """Why it stopped by itself, if it did: a `BulkStoppedError`, or what `on_retry` raised to end the program."""
        return self._reason

    @property
    def unsent(self) -> list[E]:
        """The edits that it was fed and did not send, in their order."""
        return [*self._waiting.values(), *(edit for edit, _ in self._fed)]

    def feed(self, edit: E) -> None:
        """Take one more edit. It is looked at here, because its attributes may be bound to this thread, or change."""
        self._fed.append((edit, _plan(edit)))

    def notice(self) -> None:
        """Look again at what there is to do."""
        if self._change is not None:
            self._change.set()

    def end(self) -> None:
        """Take no more edits."""
        self._is_fed = True

    def halt(self) -> None:
        """Begin no further edit, and no further attempt; what sleeps is only woken by `stop`."""
        self._is_stopping = True

    def stop(self) -> None:
        """Begin no further edit, and no further attempt; what is on its way is waited for."""
        self.halt()
        if self._stopped is not None:
            self._stopped.set()
        self.notice()

    async def run(self) -> None:
        """Make the edits until there are no more, or it is stopped; when it returns, none is on its way."""
        self._stopped = anyio.Event()
        async with self._connections.many() as http, anyio.create_task_group() as tasks:
            while place := await self._next():
                self._in_flight += 1
                tasks.start_soon(self._make, http, place)

    async def rest(self, seconds: float) -> bool:
        """Sleep; False as soon as there is no use in it, because the run stops."""
        if self._stopped is not None and not self._is_stopping:
            with anyio.move_on_after(seconds):
                await self._stopped.wait()
        return not self._is_stopping

    async def turn(self) -> bool:
        """Wait until another request may be sent; False if none may be any more, because the run stops."""
        while not self._is_stopping:
            now = time.monotonic()
            turn = self._pace.turn(now)
            if turn > now and not await self.rest(max(turn - now, TICK)):
                break
            if self._pace.holds(turn):
                return True
        return False

    def pause(self, *, sent: float, retry_after: float | None) -> float | None:
        """Pause all workers, because the service says 429; returns for how long, None if there is no use in it."""
        now = time.monotonic()
        chance = random.random()  # noqa: S311  # no secret
        return self._pace.refused(sent=sent, now=now, retry_after=retry_after, chance=chance)

    async def _next(self) -> Place[_Job[E]] | None:
        while not self._is_stopping:
            self._admit()
            if self._ready and self._in_flight < self._limits.concurrency:
                if await self.turn():
                    return self._ready.popleft()
            elif self._is_fed and not (self._fed or self._ready or self._in_flight):
                break
            else:
                await self._wait_for_change()
        return None

    async def _wait_for_change(self) -> None:
        self._change = anyio.Event()
        # Looked at again, because what was fed from another thread before it could know that this waits goes unnoticed.
        if not self._fed:
            await self._change.wait()
        self._change = None

    def _admit(self) -> None:
        while self._fed and not self._is_stopping:
            edit, plan = self._fed.popleft()
            if isinstance(plan, Exception):
                self._conclude(EditResult(edit, None, plan, 0, 0.0))
                continue
            new_id = plan.body.get("order_id")
            place = self._sequence.add(_Job(edit, plan), {plan.order_id, new_id or plan.order_id})
            self._waiting[id(place)] = edit
            if place.is_free:
                self._ready.append(place)

    async def _make(self, http: httpx.AsyncClient | Spread, place: Place[_Job[E]]) -> None:
        del self._waiting[id(place)]
        began = time.monotonic()
        call = _Call(http, self._settings, place.item.plan, self)
        order: Order | None = None
        error: Exception | None = None
        try:
            order = order_of(await call.edit())
        except errors.AutoenhanceError as failure:
            # Without its frames: many results stand in memory at once, and a frame holds all that it saw.
            error = failure.with_traceback(None)
        except Exception as failure:  # noqa: BLE001  # whatever on_retry raises, or a hook of the caller's http_client
            error = failure
        except anyio.get_cancelled_exc_class():
            error = call.cut_off()
            raise
        except BaseException as failure:  # noqa: BLE001  # on_retry ends the program: at once would cut the others off
            error = call.cut_off()
            self._reason = self._reason or failure
            self.stop()
        finally:
            self._in_flight -= 1
            self._ready.extendleft(reversed(self._sequence.finish(place)))
            self._conclude(EditResult(place.item.edit, order, error, call.attempts, time.monotonic() - began))
            self.notice()

    def _conclude(self, result: EditResult[E]) -> None:
        error = result.error
        if not isinstance(error, errors.RateLimitError) and (result.ok or getattr(error, "status_code", None)):
            self._pace.answered()
        self._failures += error is not None
        most = math.inf if self._limits.max_failures is None else self._limits.max_failures
        if not self._is_stopping and (isinstance(error, _FATAL) or self._failures > most):
            self._reason = _why(error, self._failures)
            self.stop()
        self._deliver(result)


class _Call(AsyncCall):
    """One edit of a run: its attempts keep to the pace, and 429 is the run's matter, not its own."""

    def __init__(self, http: httpx.AsyncClient | Spread, settings: Settings, edit: Edit, engine: Engine[Any]) -> None:
        super().__init__(http, settings, edit)
        self._engine = engine
        self._refusals = 0
        self._sent = time.monotonic()

    async def _rest(self, wait: float) -> bool:
        if not await self._engine.rest(wait):
            return False
        asked = time.monotonic()
        may_go = await self._engine.turn()
        self._sent = time.monotonic()
        # Waiting for a turn is the run's time, not this edit's.
        self._deadline += self._sent - asked
        return may_go

    def _decide(self, failure: Failure) -> float | None:
        if self._engine.is_stopping:
            return None
        if not failure.is_rate_limit:
            return super()._decide(failure)
        self._refusals += 1
        pause = self._engine.pause(sent=self._sent, retry_after=failure.retry_after)
        if pause is not None:
            self._deadline += pause
        return pause

    def cut_off(self) -> errors.APIConnectionError:
        """The error for an edit that its caller did not wait for."""
        if not self._head_is_success():
            self._head = None  # an answer that was to be followed by another try
        return super().cut_off()

    def _tries(self) -> int:
        return super()._tries() - self._refusals


def _plan(edit: OrderEditLike) -> Edit | Exception:
    """What is to be sent, or why there is no use in sending it."""
    try:
        return plan_edit(
            edit.order_id,
            name=edit.name,
            new_order_id=edit.new_order_id,
            extra_body=None,
            extra_query=None,
            extra_headers=None,
        )
    except AttributeError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001  # whatever the attributes of the caller's own objects raise
        return error.with_traceback(None)
    # Outside the except clause: it would be the context of this one, with its frames.
    return TypeError(f"an edit has order_id, name and new_order_id, as an OrderEdit has: {reason}")


def _why(error: Exception | None, failures: int) -> errors.BulkStoppedError:
    if isinstance(error, _FATAL):
        sentence = f"The run stopped, because no further edit can succeed. {error}"
    else:
        sentence = f"The run stopped, because {failures} edit{'s' if failures != 1 else ''} failed; the last: {error}"
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
