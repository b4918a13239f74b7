"""Decide about one edit: attempts, deadline, and what each outcome means. Sending and waiting are elsewhere."""

from __future__ import annotations

import logging
import math
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import httpx

from autoenhance import errors
from autoenhance._outcome import (
    SERVER_ERRORS,
    CallState,
    build_connection_error,
    build_response_error,
    build_status_error,
    check_order,
)
from autoenhance._params import BY_KEYWORD
from autoenhance._request import build_request
from autoenhance._response import RawResponse
from autoenhance._retry import Failure, RetryPolicy, failure_of_status, read_retry_after
from autoenhance._settings import Retry, Settings
from autoenhance._transport_errors import (
    NOT_SENT,
    TIMEOUTS,
    AbortedError,
    DeadlineExceededError,
    InvalidRedirectError,
    is_http2_error,
    is_permanent,
    reason_of,
    without_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autoenhance._edit import Edit
    from autoenhance._sender import AsyncSender, Sender
    from autoenhance.models import Order, Response
    from autoenhance_api import AuthenticatedClient


@dataclass(eq=False)
class RetryableError(Exception):  # an error only if there is to be no other attempt
    """A failed attempt that may be retried. It is an exception in order to leave the generated code."""

    failure: Failure
    error: errors.AutoenhanceError
    """What to raise if it is not retried."""


# httpx parses the URL of a redirect that it does not follow, and fails on some (idna raises UnicodeErrors).
BAD_LOCATION: Final = (httpx.InvalidURL, UnicodeError)
FAILURES: Final = (httpx.RequestError, *BAD_LOCATION)
"""What ends an attempt without a whole response; on the async side TimeoutError does, too."""
_logger = logging.getLogger("autoenhance")
# A socket's timeout may end slightly before the deadline that it was computed from.
_DEADLINE_TOLERANCE = 0.05


class Call:
    """The decisions that the sync and the async call share."""

    raise_on_unexpected_status = False
    """The generated code asks its client for this; nothing unexpected gets that far."""
    _sender: Any

    def __init__(self, settings: Settings, edit: Edit, *, proxy_note: str) -> None:
        self._settings = settings
        self._edit = edit
        self._where = settings.base_url + proxy_note
        version = BY_KEYWORD.get("api_version")
        default = {version.python_name: settings.api_version} if version and settings.api_version is not None else {}
        self.parameters: Mapping[str, Any] = {**default, **edit.parameters}
        """The arguments of the generated function beside the id and the body."""
        self._policy = RetryPolicy(settings.max_retries, edit.gives_new_id)
        self.deadline = math.inf if settings.deadline is None else time.monotonic() + settings.deadline
        self.attempts = 0
        """How many requests were started."""
        self.rate_limited = 0
        """How many of these do not count as attempts, because the rate limit refused the whole run (429)."""
        self.was_reached = False
        """Whether there was a connection to the service."""
        self._may_have_happened = False
        self._response: RawResponse | None = None
        """The response to the last attempt, as soon as its head is there."""

    def next_attempt(self, unfinished: RetryableError) -> float:
        """Return the seconds until the next attempt, and log it.

        Raises:
            errors.AutoenhanceError: If there is none.
        """
        wait = self.retry_wait(unfinished.failure)
        if wait is None:
            raise unfinished.error
        self.log_retry(unfinished.failure, wait)
        return wait

    def retry_wait(self, failure: Failure) -> float | None:
        """Return the seconds until the next attempt, None if there is none."""
        left = self.deadline - time.monotonic()
        attempt = self.attempts - self.rate_limited
        return self._policy.wait(failure, attempt=attempt, left=left, chance=random.random())  # noqa: S311

    def log_retry(self, failure: Failure, wait: float) -> None:
        """Log the next attempt, and call `on_retry`."""
        retry = Retry(self._edit.order_id, self.attempts, failure.reason, wait)
        _logger.info("order %s: attempt %d failed (%s), next in %.2f s", *retry)
        if self._settings.on_retry is not None:
            self._settings.on_retry(retry)

    def abort_error(self) -> errors.AutoenhanceError:
        """Return the error for an edit whose run was closed before the response."""
        self._may_have_happened |= self.attempts > 0
        self.was_reached |= self.attempts > 0  # not known, because the run did not wait
        if not self._is_accepted():
            self._response = None  # the response of an attempt that would have been retried
        return self._connection_error(AbortedError("the run was closed"))

    def as_generated_client(self) -> AuthenticatedClient:
        """Return this call as the client that the generated functions expect.

        They ask it only for an object with `request`; their own has no deadline, no retries, and shows the key.
        """
        return cast("AuthenticatedClient", self)

    @contextmanager
    def decoding(self) -> Iterator[None]:
        """Turn any exception from decoding a success into an error that says that the edit was accepted."""
        try:
            yield
        except (errors.AutoenhanceError, RetryableError):
            raise
        except Exception as error:
            if not self._is_accepted():
                raise
            unknown = cast("RawResponse", self._response).unknown_encodings
            problem = f"cannot be read ({reason_of(error, self._settings.api_key)})"
            if unknown:
                problem = f"is encoded as {', '.join(unknown)!r}, which was not requested"
            raise self._response_error(problem) from without_secrets(error, self._settings.api_key, other=ValueError)

    def check(self, response: Response[Any]) -> Response[Order]:
        """Check that the response to an accepted edit is an order."""
        return check_order(response, cast("RawResponse", self._response), self._state())

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceededError("total timeout exceeded")
        return left

    def _timeout(self) -> httpx.Timeout:
        """The timeouts of one attempt, none beyond the deadline."""
        timeout, left = self._settings.timeout, self._left()
        given = timeout if isinstance(timeout, httpx.Timeout) else httpx.Timeout(None)
        capped = {step: min(left, math.inf if limit is None else limit) for step, limit in given.as_dict().items()}
        return httpx.Timeout(**{step: None if limit == math.inf else limit for step, limit in capped.items()})

    def _build(self, sender: Sender | AsyncSender, wanted: dict[str, Any]) -> httpx.Request:
        """Build the request of the next attempt from the generated code's and the caller's extras."""
        timeout = (
            self._timeout()
        )  # first, because it raises after the deadline, when the last attempt's error must remain
        self._response = None
        self.attempts += 1
        return build_request(sender, self._settings, self._edit, wanted, attempt=self.attempts, timeout=timeout)

    def _begin(self, response: httpx.Response) -> RawResponse:
        """Note that a response has begun: errors from here on mean more than no response."""
        self.was_reached = True
        self._response = RawResponse(response.status_code, response.headers, self._settings.max_response_bytes)
        _logger.debug("order %s: attempt %d got status %s", self._edit.order_id, self.attempts, response.status_code)
        if response.is_stream_consumed:
            # A mock's response, or one that an event hook of the caller's client has read. httpx has decompressed it.
            self._response.add(response.content)
        return self._response

    def _conclude(self, failure: Exception | None) -> RawResponse:
        """Return the response of an accepted edit, for the generated code to decode.

        Args:
            failure: What ended the attempt before its response was there, one of `FAILURES`; None if nothing did.

        Raises:
            errors.AutoenhanceError: If another attempt would end in the same way.
            RetryableError: If it may end otherwise.
        """
        if isinstance(failure, BAD_LOCATION):
            failure = InvalidRedirectError(f"invalid redirect: {failure}")
        if self._response is None:
            raise self._conclude_no_response(cast("Exception", failure))
        if not self._response.is_success:
            raise self._conclude_status(self._response)
        if failure is not None:
            raise self._conclude_broken_success(failure)
        if self._response.problem:
            raise self._response_error(self._response.problem)
        # Before the generated code sees it, which takes a list of pairs for an object, too.
        if not isinstance(self._response.json(), dict):
            raise self._response_error("is not a JSON object")
        return self._response

    def _conclude_status(self, response: RawResponse) -> RetryableError | errors.AutoenhanceError:
        retry_after = read_retry_after(response.headers, time.time())
        failure = failure_of_status(response.status_code, retry_after)
        if failure is None:
            self._may_have_happened |= response.status_code >= SERVER_ERRORS
        else:
            self._may_have_happened |= not failure.nothing_was_done
        error = build_status_error(response, self._state(), retry_after=retry_after)
        return error if failure is None else RetryableError(failure, error)

    def _conclude_no_response(self, cause: Exception) -> RetryableError | errors.AutoenhanceError:
        was_sent = not isinstance(cause, NOT_SENT)
        self.was_reached |= was_sent
        if is_permanent(cause):
            return self._connection_error(cause)
        self._may_have_happened |= was_sent
        return RetryableError(self._failure(cause, was_sent=was_sent), self._connection_error(cause))

    def _conclude_broken_success(self, cause: Exception) -> RetryableError:
        self._may_have_happened = True
        if isinstance(cause, TIMEOUTS):
            error = self._connection_error(cause)
        else:
            error = self._response_error(f"was cut off ({reason_of(cause, self._settings.api_key)})")
            error.__cause__ = without_secrets(cause, self._settings.api_key, other=httpx.RequestError)
        return RetryableError(self._failure(cause, was_sent=True), error)

    def _failure(self, cause: Exception, *, was_sent: bool) -> Failure:
        self._sender.is_multiplexed |= is_http2_error(cause)
        was_shared = was_sent and self._sender.is_multiplexed
        return Failure(reason_of(cause, self._settings.api_key), nothing_was_done=not was_sent, was_shared=was_shared)

    def _connection_error(self, cause: Exception) -> errors.AutoenhanceError:
        error = build_connection_error(
            reason_of(cause, self._settings.api_key),
            self._state(),
            where=self._where,
            timed_out=isinstance(cause, TIMEOUTS),
            connected=not isinstance(cause, NOT_SENT),
            deadline=self._settings.deadline if self.deadline - time.monotonic() < _DEADLINE_TOLERANCE else None,
            accepted=self._response,
        )
        error.__cause__ = without_secrets(cause, self._settings.api_key, other=httpx.RequestError)
        return error

    def _is_accepted(self) -> bool:
        return self._response is not None and self._response.is_success

    def _response_error(self, problem: str) -> errors.AutoenhanceError:
        return build_response_error(problem, cast("RawResponse", self._response), self._state())

    def _state(self) -> CallState:
        return CallState(self._edit, self.attempts, self._settings.api_key, self._may_have_happened)
