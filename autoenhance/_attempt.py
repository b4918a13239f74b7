"""Make one attempt of an edit, sync or async: send, read and wait. Every decision is in `_call`."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx

from autoenhance import errors
from autoenhance._call import FAILURES, Call, RetryableError
from autoenhance._deadline import apply_deadline
from autoenhance_api.api.orders.edit_order import asyncio_detailed, sync_detailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from autoenhance._response import RawResponse
    from autoenhance._sender import AsyncSender, Sender
    from autoenhance.models import Order, Response

T = TypeVar("T")
# Longer than httpx's own timeouts, which can say what they waited for before the call is cancelled.
_CANCEL_GRACE = 0.1


class SyncCall(Call):
    """One edit of a sync caller."""

    _sender: Sender

    def edit(self, sender: Sender) -> Response[Order]:
        """Make the edit, with as many attempts as it takes; the response has an order."""
        while isinstance(outcome := self.attempt(sender), RetryableError):
            time.sleep(self.next_attempt(outcome))
            if (
                sender.is_closed
            ):  # closed while waiting; a RuntimeError would not say whether the edit may have happened
                raise outcome.error
        return outcome

    def attempt(self, sender: Sender) -> Response[Order] | RetryableError:
        """Make one attempt.

        Raises:
            errors.AutoenhanceError: If another one would end in the same way.
        """
        self._sender = sender
        client = self.as_generated_client()
        try:
            with self.decoding():
                return self.check(
                    sync_detailed(self._edit.order_id, client=client, body=self._edit.update, **self.parameters)
                )
        except RetryableError as unfinished:
            return unfinished.with_traceback(None)
        except errors.APIResponseError as error:
            error.__context__ = None  # what cannot be decoded may hold the key, and the frames below it do
            raise

    def get_httpx_client(self) -> SyncCall:
        """Return the object whose `request` the generated code calls."""
        return self

    def request(self, **wanted: Any) -> RawResponse:
        """Send the generated code's request, and return its response if that is a success."""
        failure: Exception | None = None
        try:
            with apply_deadline(self.deadline):
                self._exchange(wanted)
        except FAILURES as error:
            failure = error
        # Outside the except clause: an error that is raised here must not drag the frames of its cause along.
        return self._conclude(failure)

    def _exchange(self, wanted: dict[str, Any]) -> None:
        with self._sender.serialized(self.deadline):
            response = self._sender.send(self._build(self._sender, wanted))
            try:
                raw = self._begin(response)
                if not response.is_stream_consumed:
                    for chunk in cast("httpx.SyncByteStream", response.stream):
                        self._left()
                        if not raw.add(chunk):
                            break
                    raw.decompress()
            finally:
                response.close()


class AsyncCall(Call):
    """One edit of an async caller."""

    _sender: AsyncSender

    async def edit(self, sender: AsyncSender) -> Response[Order]:
        """Make the edit, with as many attempts as it takes; the response has an order."""
        import anyio

        while isinstance(outcome := await _run_in_child_task(self.attempt, sender), RetryableError):
            await anyio.sleep(self.next_attempt(outcome))
            if sender.is_closed:  # see `SyncCall.edit`
                raise outcome.error
        return outcome

    async def attempt(self, sender: AsyncSender) -> Response[Order] | RetryableError:
        """Make one attempt; see `SyncCall.attempt`."""
        self._sender = sender
        client = self.as_generated_client()
        try:
            with self.decoding():
                return self.check(
                    await asyncio_detailed(
                        self._edit.order_id, client=client, body=self._edit.update, **self.parameters
                    )
                )
        except RetryableError as unfinished:
            return unfinished.with_traceback(None)
        except errors.APIResponseError as error:
            error.__context__ = None  # what cannot be decoded may hold the key, and the frames below it do
            raise

    def get_async_httpx_client(self) -> AsyncCall:
        """Return the object whose `request` the generated code calls."""
        return self

    async def request(self, **wanted: Any) -> RawResponse:
        """Send the generated code's request, and return its response if that is a success."""
        import anyio

        failure: Exception | None = None
        try:
            with anyio.fail_after(None if self.deadline == math.inf else self._left() + _CANCEL_GRACE):
                await self._exchange(wanted)
        except (*FAILURES, TimeoutError) as error:
            failure = error
        return self._conclude(failure)  # outside the except clause, as in `SyncCall.request`

    async def _exchange(self, wanted: dict[str, Any]) -> None:
        import anyio

        response = await self._sender.send(self._build(self._sender, wanted))
        try:
            raw = self._begin(response)
            if not response.is_stream_consumed:
                # Cancel instead of leaving the loop, which would leave httpx's generators open.
                with anyio.CancelScope() as reading:
                    async for chunk in response.aiter_raw():
                        if not raw.add(chunk):
                            reading.cancel()
                raw.decompress()
        finally:
            await response.aclose()


async def _run_in_child_task(attempt: Callable[[AsyncSender], Awaitable[T]], sender: AsyncSender) -> T:
    """Make an attempt in a task that only anyio cancels.

    httpcore shields the closing of a connection from anyio's cancelling, but not from asyncio's `Task.cancel`: interrupted there,
    the connection would count as in use for ever, and a hundred of them would exhaust the pool.
    """
    import anyio

    done: list[T] = []
    failed: list[BaseException] = []

    async def make() -> None:
        try:
            done.append(await attempt(sender))
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # noqa: BLE001  # a task group would put it into a group
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(make)
    if failed:
        raise failed.pop()
    if not done:  # only a hook of the caller's client was cancelled
        raise anyio.get_cancelled_exc_class()
    return done.pop()
