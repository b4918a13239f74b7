"""Pure: what it means that sending a request, or reading its response, failed."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import httpx

from autoenhance._outcome import shorten

if TYPE_CHECKING:
    from autoenhance._settings import Secret


class DeadlineExceededError(httpx.TimeoutException):
    """The deadline passed before there was another attempt, or while its response was read."""


class AbortedError(httpx.RequestError):
    """Nobody waits for the response any more."""


class InvalidRedirectError(httpx.ProtocolError):
    """The service redirects to what is no URL, and httpx gives nothing but that."""


# After these no request has reached the service: there was no connection to send it over.
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, DeadlineExceededError)
TIMEOUTS: Final = (httpx.TimeoutException, TimeoutError)


def is_permanent(cause: Exception) -> bool:
    """Whether another attempt would end in the same way."""
    if isinstance(cause, httpx.UnsupportedProtocol | InvalidRedirectError):
        return True
    if isinstance(cause, httpx.LocalProtocolError):
        # From h11 it means that our request cannot be written. HTTP/2 raises it, too, when the service ends a connection.
        return _comes_from("h11", cause)
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in _chain(cause))


def is_http2_error(cause: Exception) -> bool:
    """Whether the connection that failed spoke HTTP/2."""
    return isinstance(cause, httpx.ProtocolError) and _comes_from("h2", cause)


def _comes_from(package: str, cause: Exception) -> bool:
    """Whether an error, or what it holds, is of a package below httpx; these export no class that all of theirs have."""
    objects = [part for one in _chain(cause) for part in (one, *one.args)]
    return any(type(part).__module__.partition(".")[0] == package for part in objects)


def reason_of(cause: Exception, secret: Secret) -> str:
    """What failed, on one line of a readable length; it may repeat a malformed response, and so the key."""
    # Some layers say nothing and leave it to what is below them.
    text = secret.redact(next(filter(None, map(str, _chain(cause))), ""))
    return shorten(f"{type(cause).__name__}: {text}" if text else type(cause).__name__)


def without_secrets(cause: Exception, secret: Secret, *, other: type[Exception]) -> Exception:
    """A cause without what may hold the key, here and below: frames, requests, the texts of responses.

    Args:
        cause: What failed.
        secret: The key.
        other: The kind of error that takes its place if one of its texts holds the key.
    """
    for one in _chain(cause):
        if any(secret.redact(text) != text for text in (str(one), repr(one.args), str(getattr(one, "doc", "")))):
            return other(reason_of(cause, secret))
        one.__traceback__ = None
        if isinstance(one, httpx.RequestError):
            one.request = httpx.Request("PATCH", "")
    return cause


def _chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while below := found[-1].__cause__ or found[-1].__context__:
        found.append(below)
    return found
