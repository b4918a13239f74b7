"""What every request passes through: the deadline, the retries, the guards. Sync and async share every decision."""

from __future__ import annotations

import logging
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import httpx

from autoenhance import errors
from autoenhance._responses import Received, check_order, no_answer, refused, unreadable
from autoenhance._retry import Failure, Policy, failure_of_status, read_retry_after
from autoenhance._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance._edit import Edit
    from autoenhance._settings import Settings
    from autoenhance.models import Order, Response
    from autoenhance_api import AuthenticatedClient

USER_AGENT: Final = f"autoenhance-orders/{__version__} python-httpx/{httpx.__version__}"
ATTEMPT_HEADER: Final = "x-autoenhance-attempt"

_logger = logging.getLogger("autoenhance")
# After these no request has reached the service: there was no connection to send it over.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_RETRIED = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError, httpx.ProxyError, TimeoutError)
_TIMEOUTS = (httpx.TimeoutException, TimeoutError)


class _Call:
    """One edit on its way: how often it was tried, until when, and what each outcome means."""

    raise_on_unexpected_status = False
    """The generated code asks its client for this; nothing unexpected gets that far."""

    def __init__(self, settings: Settings, edit: Edit) -> None:
        self._settings = settings
        self._edit = edit
        self._policy = Policy(settings.max_retries, edit.gives_new_id)
        self._deadline = float("inf") if settings.timeout is None else time.monotonic() + settings.timeout
        self._attempts = 0
        self._head: Received | None = None
        self._chunks: list[bytes] = []

    def as_generated_client(self) -> AuthenticatedClient:
        """This call, in the place where the generated functions expect their client.

        They ask it only for an object with `request`; their own has no deadline, no retries, and shows the key.
        """
        return cast("AuthenticatedClient", self)

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Turn whatever decoding an accepted edit raises into an error that says that it was accepted."""
        try:
            yield
        except errors.AutoenhanceError:
            raise
        except Exception as error:
            if self._head is None or not self._head.is_success:
                raise
            problem = f"cannot be read ({type(error).__name__}: {error})"
            raise self._unreadable(problem) from error.with_traceback(None)

    def check(self, response: Response[Any]) -> Response[Order]:
        """Make sure that what an accepted edit came back with is an order."""
        return check_order(response, self._received(), order_id=self._edit.order_id, attempts=self._attempts)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("")
        return left

    def _build(self, http: httpx.Client | httpx.AsyncClient, wanted: dict[str, Any]) -> httpx.Request:
        """The next attempt, from what the generated code wants sent and what the caller added to it."""
        self._head, self._chunks = None, []
        self._attempts += 1
        ours = {"user-agent": USER_AGENT, "accept": "application/json", ATTEMPT_HEADER: str(self._attempts)}
        theirs = {name.lower(): value for name, value in self._edit.headers.items()}
        request = http.build_request(
            **{
                **wanted,
                "url": self._settings.base_url + wanted["url"],
                "headers": {**ours, **wanted["headers"], **theirs},
                "params": self._edit.query or None,
                "timeout": None if self._deadline == float("inf") else self._left(),
            }
        )
        # Set on the finished request, so that the key stands in no local variable that a traceback could show.
        request.headers["x-api-key"] = self._settings.api_key.reveal()
        return request

    def _begin(self, response: httpx.Response) -> None:
        """Note that an answer begins: what goes wrong from here on is another matter than no answer."""
        self._head = Received(response.status_code, response.headers, b"")
        if response.is_stream_consumed:
            # A mock's answer, or one that an event hook of the caller's client has read.
            self._chunks = [response.content]

    def _received(self) -> Received:
        head = cast("Received", self._head)
        return Received(head.status_code, head.headers, b"".join(self._chunks))

    def _unpack(self) -> None:
        """Undo the content-encoding of what was read, if it has one.

        After reading, not during it: an error in the middle would leave httpx's async generators open.
        """
        head = cast("Received", self._head)
        if "content-encoding" in head.headers:
            packed = httpx.Response(head.status_code, headers=head.headers, content=iter(self._chunks))
            self._chunks = list(packed.iter_bytes())

    def _judge(self, received: Received) -> float:
        """Seconds until the next attempt, after an answer that is no success.

        Raises:
            errors.APIStatusError: If there is to be no other attempt.
        """
        retry_after = read_retry_after(received.headers, time.time())
        failure = failure_of_status(received.status_code, retry_after)
        wait = self._wait(failure) if failure else None
        if wait is None:
            raise refused(received, order_id=self._edit.order_id, attempts=self._attempts, retry_after=retry_after)
        return wait

    def _judge_failure(self, cause: httpx.RequestError | TimeoutError) -> float:
        """Seconds until the next attempt, after one without a whole answer.

        Raises:
            errors.APIResponseError: If it was a success that broke off.
            errors.APIConnectionError: If there is to be no other attempt.
        """
        timed_out = isinstance(cause, _TIMEOUTS)
        accepted = self._received() if self._head else None
        if accepted is None:
            failure = Failure(_name_of(cause), nothing_was_done=isinstance(cause, _NOT_SENT))
            wait = self._wait(failure) if isinstance(cause, _RETRIED) else None
            if wait is not None:
                return wait
        elif not accepted.is_success:
            return self._judge(accepted)
        elif not timed_out:
            raise self._unreadable(f"broke off ({_name_of(cause)})") from _without_frames(cause)
        raise no_answer(
            cause,
            edit=self._edit,
            attempts=self._attempts,
            timeout=self._settings.timeout if timed_out else None,
            sent=not isinstance(cause, _NOT_SENT),
            accepted=accepted,
        ) from _without_frames(cause)

    def _unreadable(self, problem: str) -> errors.APIResponseError:
        return unreadable(self._received(), problem, order_id=self._edit.order_id, attempts=self._attempts)

    def _wait(self, failure: Failure) -> float | None:
        left = self._deadline - time.monotonic()
        wait = self._policy.wait(failure, attempt=self._attempts, left=left, chance=random.random())  # noqa: S311
        if wait is not None:
            _logger.info(
                "order %s: attempt %d failed (%s), next in %.2f s",
                self._edit.order_id,
                self._attempts,
                failure.reason,
                wait,
            )
        return wait


class SyncCall(_Call):
    """One edit through an `httpx.Client`."""

    def __init__(self, http: httpx.Client, settings: Settings, edit: Edit) -> None:
        super().__init__(settings, edit)
        self._http = http

    def get_httpx_client(self) -> SyncCall:
        """What the generated code asks its client for."""
        return self

    def request(self, **wanted: Any) -> Received:
        """Send what the generated code wants, as often as it takes; only a success is returned."""
        while True:
            try:
                received = self._attempt(wanted)
            except httpx.RequestError as error:
                wait = self._judge_failure(error)
            else:
                if received.is_success:
                    return received.recognized()
                wait = self._judge(received)
            time.sleep(wait)

    def _attempt(self, wanted: dict[str, Any]) -> Received:
        response = self._http.send(self._build(self._http, wanted), stream=True, follow_redirects=False)
        try:
            self._begin(response)
            if not response.is_stream_consumed:
                for chunk in response.iter_raw():
                    self._chunks.append(chunk)
                    self._left()
                self._unpack()
        finally:
            response.close()
        return self._received()


class AsyncCall(_Call):
    """One edit through an `httpx.AsyncClient`."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings, edit: Edit) -> None:
        super().__init__(settings, edit)
        self._http = http

    def get_async_httpx_client(self) -> AsyncCall:
        """What the generated code asks its client for."""
        return self

    async def request(self, **wanted: Any) -> Received:
        """Send what the generated code wants, as often as it takes; only a success is returned."""
        import anyio

        while True:
            try:
                with anyio.fail_after(None if self._deadline == float("inf") else self._left()):
                    received = await self._attempt(wanted)
            except (httpx.RequestError, TimeoutError) as error:
                wait = self._judge_failure(error)
            else:
                if received.is_success:
                    return received.recognized()
                wait = self._judge(received)
            await anyio.sleep(wait)

    async def _attempt(self, wanted: dict[str, Any]) -> Received:
        response = await self._http.send(self._build(self._http, wanted), stream=True, follow_redirects=False)
        try:
            self._begin(response)
            if not response.is_stream_consumed:
                async for chunk in response.aiter_raw():
                    self._chunks.append(chunk)
                self._unpack()
        finally:
            await response.aclose()
        return self._received()


def _name_of(cause: Exception) -> str:
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__


def _without_frames(cause: BaseException) -> BaseException:
    """The cause with no frames, here and below: those of httpx and httpcore hold the request's headers, and so the key."""
    below: BaseException | None = cause
    while below is not None:
        below.__traceback__ = None
        below = below.__cause__ or below.__context__
    return cause
