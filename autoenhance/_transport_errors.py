"""Pure: what an error of sending a request, or of reading its response, means."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import httpx

from autoenhance._outcome import shorten

if TYPE_CHECKING:
    from autoenhance._settings import Secret


class DeadlineExceededError(httpx.TimeoutException):
    """The deadline passed before the next attempt, or while its response was read."""


class AbortedError(httpx.RequestError):
    """The run was closed before the response."""


class InvalidRedirectError(httpx.ProtocolError):
    """The service redirects to an invalid URL, and httpx reports only that."""


_OURS: Final = (DeadlineExceededError, AbortedError, InvalidRedirectError)
# After these the request has not reached the service: there was no connection.
NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, DeadlineExceededError)
TIMEOUTS: Final = (httpx.TimeoutException, TimeoutError)


def is_permanent(cause: Exception) -> bool:
    """Whether another attempt would end in the same way."""
    if isinstance(cause, httpx.UnsupportedProtocol | InvalidRedirectError):
        return True
    if isinstance(cause, httpx.LocalProtocolError):
        # From h11 it means that our request is invalid. HTTP/2 raises it, too, when the service closes a connection.
        return _comes_from("h11", cause)
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in _chain(cause))


def is_http2_error(cause: Exception) -> bool:
    """Whether the connection that failed was HTTP/2."""
    return isinstance(cause, httpx.ProtocolError) and _comes_from("h2", cause)


def _comes_from(package: str, cause: Exception) -> bool:
    """Whether an error, or its cause, comes from a package below httpx; these export no common base class."""
    objects = [part for one in _chain(cause) for part in (one, *one.args)]
    return any(type(part).__module__.partition(".")[0] == package for part in objects)


def reason_of(cause: Exception, secret: Secret) -> str:
    """Describe an error on one line, without the key, which a malformed response may repeat."""
    # Some layers have no message, and leave it to their cause.
    text = secret.redact(next(filter(None, map(str, _chain(cause))), ""))
    name = type(cause).__name__
    return shorten(text if isinstance(cause, _OURS) else f"{name}: {text}" if text else name)


def without_secrets(cause: Exception, secret: Secret, *, other: type[Exception]) -> Exception:
    """Remove what may hold the key from an error and its causes: frames, requests, texts of responses.

    Args:
        cause: The error.
        secret: The key.
        other: The kind of error that replaces it if one of its texts holds the key.
    """
    for one in _chain(cause):
        if any(secret.redact(text) != text for text in (str(one), repr(one.args), str(getattr(one, "doc", "")))):
            return other(reason_of(cause, secret))
        one.__traceback__ = None
        if isinstance(one, httpx.RequestError):
            one.request = httpx.Request("PATCH", "")
    return cause


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while below := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(below)
    return chain
