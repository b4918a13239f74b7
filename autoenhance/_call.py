"""One edit on its way: how often it was tried, until when, and what each outcome means. Only the waiting is elsewhere."""

from __future__ import annotations

import logging
import math
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import httpx

from autoenhance import errors
from autoenhance._received import Received, unpack
from autoenhance._request import UNPACKED, build_request
from autoenhance._responses import SERVER_ERRORS, check_order, no_answer, refused, unreadable
from autoenhance._retry import Failure, Policy, failure_of_status, read_retry_after
from autoenhance._settings import Retry, Settings
from autoenhance_api.models import OrderUpdate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance._edit import Edit
    from autoenhance._spread import Spread, SyncSpread
    from autoenhance.models import Order, Response
    from autoenhance_api import AuthenticatedClient


class _TooLateError(httpx.TimeoutException):
    """The deadline passed before there was another attempt, or while its answer was read."""


class _CutOffError(httpx.RequestError):
    """Nobody waits for the answer any more."""


class NowhereError(httpx.ProtocolError):
    """The service redirects to what is no URL, and httpx gives nothing but that."""


_logger = logging.getLogger("autoenhance")
# After these no request has reached the service: there was no connection to send it over.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, _TooLateError)
# After these no try can help: the request itself cannot be sent, or was redirected.
_NEVER_SENT = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, NowhereError)
# A socket's timeout may be over a moment before the deadline that it was made from.
_MOMENT = 0.05
_TIMEOUTS = (httpx.TimeoutException, TimeoutError)


class Call:
    """What the sync and the async call have in common: every decision."""

    raise_on_unexpected_status = False
    """The generated code asks its client for this; nothing unexpected gets that far."""

    def __init__(self, settings: Settings, edit: Edit) -> None:
        self._settings = settings
        self._edit = edit
        self._policy = Policy(settings.max_retries, edit.gives_new_id)
        self._deadline = math.inf if settings.deadline is None else time.monotonic() + settings.deadline
        self._attempts = 0
        self._may_have_happened = False
        self._head: Received | None = None
        self._accepted: Received | None = None
        self._chunks: list[bytes] = []
        self._room = settings.max_response_bytes
        self._problem = ""

    @property
    def attempts(self) -> int:
        """How many requests were begun."""
        return self._attempts

    def cut_off(self) -> errors.APIConnectionError:
        """The error for an edit that its caller did not wait for."""
        self._may_have_happened |= self._attempts > 0
        return self._no_answer(_CutOffError("the wait for it was cut off"))

    def as_generated_client(self) -> AuthenticatedClient:
        """This call, in the place where the generated functions expect their client.

        They ask it only for an object with `request`; their own has no deadline, no retries, and shows the key.
        """
        return cast("AuthenticatedClient", self)

    def body(self) -> OrderUpdate:
        """What the edit sets, as the generated functions take it."""
        return OrderUpdate.from_dict(self._edit.body)

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Turn whatever decoding an accepted edit raises into an error that says that it was accepted."""
        try:
            yield
        except errors.AutoenhanceError:
            raise
        except Exception as error:
            if not self._head_is_success():
                raise
            problem = f"cannot be read ({type(error).__name__}: {error})"
            raise self._unreadable(problem) from error.with_traceback(None)

    def check(self, response: Response[Any]) -> Response[Order]:
        """Make sure that what an accepted edit came back with is an order."""
        body = cast("Received", self._accepted).json()
        return check_order(response, body, self._received(), order_id=self._edit.order_id, attempts=self._attempts)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _TooLateError("")
        return left

    def _timeout(self) -> httpx.Timeout:
        """The timeouts of one attempt, none beyond the deadline."""
        timeout, left = self._settings.timeout, self._left()
        given = timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(None)
        capped = {step: min(left, math.inf if limit is None else limit) for step, limit in given.as_dict().items()}
        return httpx.Timeout(**{step: None if limit == math.inf else limit for step, limit in capped.items()})

    def _build(
        self, http: httpx.Client | SyncSpread | httpx.AsyncClient | Spread, wanted: dict[str, Any]
    ) -> httpx.Request:
        """The next attempt, from what the generated code wants sent and what the caller added to it."""
        timeout = self._timeout()  # first, because it raises if it is too late: then the last attempt has the last word
        self._head, self._chunks, self._room, self._problem = None, [], self._settings.max_response_bytes, ""
        self._attempts += 1
        return build_request(http, self._settings, self._edit, wanted, attempt=self._attempts, timeout=timeout)

    def _begin(self, response: httpx.Response) -> None:
        """Note that an answer begins: what goes wrong from here on is another matter than no answer."""
        self._head = Received(response.status_code, response.headers, b"")
        _logger.debug(
            "order %s: attempt %d was answered %s", self._edit.order_id, self._attempts, self._head.status_code
        )
        if response.is_stream_consumed:
            # A mock's answer, or one that an event hook of the caller's client has read.
            self._chunks = [response.content]

    def _received(self) -> Received:
        head = cast("Received", self._head)
        return Received(head.status_code, head.headers, b"".join(self._chunks))

    def _accept(self) -> Received:
        """The answer to an edit that was accepted, for the generated code to decode."""
        self._accepted = self._received().recognized()
        return self._accepted

    def _take(self, chunk: bytes) -> bool:
        """Keep a piece of the answer's body; False if there is no room for another."""
        self._chunks.append(chunk)
        self._room -= len(chunk)
        return self._room >= 0

    def _unpack(self) -> None:
        """Undo the content-encoding of what was read, and note what is wrong with it.

        After reading, not during it: an error in the middle would leave httpx's async generators open.
        """
        head, limit = cast("Received", self._head), self._settings.max_response_bytes
        encoding = head.headers.get("content-encoding", "identity").strip().lower()
        if self._room < 0:
            self._problem = f"is longer than {limit} bytes"
            self._chunks = [b"".join(self._chunks)[:limit]]
        elif encoding in UNPACKED and self._chunks:
            unpacked, self._problem = unpack(head.headers, self._chunks, limit)
            if not self._problem:
                self._chunks = [unpacked]
        elif encoding not in {"identity", *UNPACKED}:
            self._problem = f"is encoded as {encoding!r}, which was not asked for"

    def _conclude(self, failure: httpx.RequestError | TimeoutError | None) -> float | None:
        """Seconds until the next attempt, None if the edit was accepted and its answer is there.

        Args:
            failure: What ended the attempt before its answer was there, if something did.

        Raises:
            errors.AutoenhanceError: If there is to be no other attempt.
        """
        if self._head is None and failure is not None:
            return self._conclude_without_answer(failure)
        if not self._head_is_success():
            return self._conclude_refusal()
        if isinstance(failure, _TIMEOUTS):
            raise self._no_answer(failure) from _without_frames(failure)
        if failure is not None:
            raise self._unreadable(f"broke off ({_name_of(failure)})") from _without_frames(failure)
        if self._problem:
            raise self._unreadable(self._problem)
        return None

    def _conclude_refusal(self) -> float:
        received = self._received()
        retry_after = read_retry_after(received.headers, time.time())
        failure = failure_of_status(received.status_code, retry_after)
        self._may_have_happened |= failure is None and received.status_code >= SERVER_ERRORS
        wait = self._wait(failure) if failure else None
        if wait is None:
            raise refused(
                received.hiding(self._settings.api_key),
                edit=self._edit,
                attempts=self._attempts,
                retry_after=retry_after,
                may_have_happened=self._may_have_happened,
            )
        return wait

    def _conclude_without_answer(self, failure: httpx.RequestError | TimeoutError) -> float:
        wait = None
        if not isinstance(failure, _NEVER_SENT):
            wait = self._wait(Failure(_name_of(failure), nothing_was_done=isinstance(failure, _NOT_SENT)))
        if wait is None:
            raise self._no_answer(failure) from _without_frames(failure)
        return wait

    def _no_answer(self, failure: httpx.RequestError | TimeoutError) -> errors.APIConnectionError:
        return no_answer(
            _name_of(failure),
            edit=self._edit,
            attempts=self._attempts,
            base_url=self._settings.base_url,
            timed_out=isinstance(failure, _TIMEOUTS),
            connected=not isinstance(failure, _NOT_SENT),
            deadline=self._settings.deadline if self._deadline - time.monotonic() < _MOMENT else None,
            may_have_happened=self._may_have_happened,
            accepted=self._received() if self._head else None,
        )

    def _head_is_success(self) -> bool:
        return self._head is not None and self._head.is_success

    def _unreadable(self, problem: str) -> errors.APIResponseError:
        hidden = self._received().hiding(self._settings.api_key)
        return unreadable(hidden, problem, order_id=self._edit.order_id, attempts=self._attempts)

    def _wait(self, failure: Failure) -> float | None:
        """Seconds until the next attempt, None if there is to be none; an attempt to come is announced."""
        self._may_have_happened |= not failure.nothing_was_done
        wait = self._decide(failure)
        if wait is not None:
            retry = Retry(self._edit.order_id, self._attempts, failure.reason, wait)
            _logger.info("order %s: attempt %d failed (%s), next in %.2f s", *retry)
            if self._settings.on_retry is not None:
                self._settings.on_retry(retry)
        return wait

    def _decide(self, failure: Failure) -> float | None:
        left = self._deadline - time.monotonic()
        return self._policy.wait(failure, attempt=self._tries(), left=left, chance=random.random())  # noqa: S311

    def _tries(self) -> int:
        """How many attempts count as tries."""
        return self._attempts


def _name_of(cause: Exception) -> str:
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__


def _without_frames(cause: BaseException) -> BaseException:
    """The cause with no frames, here and below: those of httpx and httpcore hold the request's headers, and so the key."""
    below: BaseException | None = cause
    while below is not None:
        below.__traceback__ = None
        below = below.__cause__ or below.__context__
    return cause
