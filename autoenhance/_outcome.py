"""Pure: turn a response, or none, into an order or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from urllib.parse import urlsplit

from autoenhance import errors

if TYPE_CHECKING:
    from autoenhance._edit import Edit
    from autoenhance._response import RawResponse
    from autoenhance._settings import Secret
    from autoenhance_api.models import Order
    from autoenhance_api.types import Response

SERVER_ERRORS: Final = 500
_MAX_MESSAGE_LENGTH: Final = 300
_MAX_FIELDS: Final = 5

_ERRORS: Final[dict[int, type[errors.APIStatusError]]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    422: errors.ValidationError,
    429: errors.RateLimitError,
}
# What another word says better than the status's own phrase.
_SUMMARIES: Final[dict[type[errors.APIStatusError], str]] = {
    errors.AuthenticationError: "API key rejected",
    errors.ValidationError: "validation failed",
}
# What to do is at the end of a message; the terminal's commands put other words in its place.
CHECK_BASE_URL: Final = "Check base_url."
CHECK_NETWORK: Final = "Check the network, and base_url or AUTOENHANCE_BASE_URL."
ADVICE: Final[dict[type[errors.APIStatusError], str]] = {
    errors.AuthenticationError: "Check the API key: api_key=, or AUTOENHANCE_API_KEY.",
    errors.PermissionDeniedError: "Check what the API key's account may do.",
    errors.NotFoundError: "Check the id, and that the API key belongs to the order's account.",
    errors.ConflictError: "If the edit gives another id, check that it is not in use.",
    errors.RateLimitError: "Send fewer requests a second.",
}


class CallState(NamedTuple):
    """The state of a call that every error reports."""

    edit: Edit
    attempts: int
    secret: Secret
    may_have_happened: bool
    """Whether an attempt without a response, with a server error or a 408, may have edited the order."""

    def error(
        self, kind: type[errors.AutoenhanceError], sentence: str, message: str, response: RawResponse | None
    ) -> errors.AutoenhanceError:
        """Build an error with all that is known; the API key is removed from the response."""
        return kind(
            sentence,
            message=message,
            order_id=self.edit.order_id,
            attempts=self.attempts,
            status_code=response.status_code if response else None,
            body=response.body(self.secret) if response else None,
            headers=response.shown_headers(self.secret) if response else None,
        )

    @property
    def warning(self) -> str:
        """What to say if it is unknown whether the edit happened; else empty."""
        if not self.may_have_happened:
            return ""
        if self.edit.gives_new_id:
            old, new = self.edit.order_id, self.edit.body["order_id"]
            return f" The edit may have happened: look under {old!r} and under {new!r}."
        return " The edit may have happened; making it twice is harmless."


def check_order(response: Response[Any], raw: RawResponse, state: CallState) -> Response[Order]:
    """Check that the generated code decoded an order from a success.

    Raises:
        errors.APIResponseError: If it is not.
    """
    from autoenhance_api.models import Order  # keeps the command's --help fast

    # Check what was received, not the model: the generated code accepts a list of pairs for an object, too.
    body, order = raw.json(), response.parsed
    if order is None:
        # The contract does not list this success, so the generated code does not decode it; it is an order all the same.
        order = Order.from_dict(body)
    images = body.get("images")
    if isinstance(order, Order) and images is not None:
        if not isinstance(images, list):
            raise build_response_error("has images that are not a list", raw, state)
        if not all(isinstance(image, dict) for image in images):
            raise build_response_error("has an image that is not an object", raw, state)
    response.parsed = order
    return cast("Response[Order]", response)


def build_response_error(problem: str, raw: RawResponse, state: CallState) -> errors.AutoenhanceError:
    """The error for a success whose body is not an order."""
    sentence = f"order {state.edit.order_id!r}: edit accepted ({raw.status_code}), but the response {problem}."
    return state.error(errors.APIResponseError, sentence, f"the response {problem}", raw)


def build_connection_error(
    reason: str,
    state: CallState,
    *,
    where: str,
    timed_out: bool,
    connected: bool,
    deadline: float | None,
    accepted: RawResponse | None,
) -> errors.AutoenhanceError:
    """Build the error for an attempt without a response, or without a complete one.

    Args:
        reason: Why it ended.
        state: The state of the call.
        where: The service, and the proxy to it.
        timed_out: Whether it ended because it took too long.
        connected: Whether there was a connection at the end.
        deadline: The total timeout in seconds, if it has passed; else None.
        accepted: The success whose body was incomplete, if there was one.
    """
    sentence = f"order {state.edit.order_id!r}: "
    if accepted is not None:
        sentence += f"edit accepted ({accepted.status_code}), but the response did not complete"
    elif timed_out:
        sentence += f"no response from {where}"
    elif connected:
        sentence += f"connection to {where} lost before the response"
    else:
        sentence += f"cannot connect to {where}"
    if timed_out:
        sentence += " in time" if deadline is None else f" within {deadline:g} s"
    else:
        sentence += f" ({reason.rstrip('.')})"
    sentence += f", after {state.attempts} attempt{'s' if state.attempts != 1 else ''}."
    if accepted is None:
        sentence += state.warning
    if not (connected or timed_out):
        sentence += f" {CHECK_NETWORK}"
    kind = errors.APITimeoutError if timed_out else errors.APIConnectionError
    return state.error(kind, sentence, reason, accepted)


def build_status_error(raw: RawResponse, state: CallState, *, retry_after: float | None) -> errors.AutoenhanceError:
    """Build the error for a response that is not a success."""
    order_id, status = state.edit.order_id, raw.status_code
    kind = errors.InternalServerError if status >= SERVER_ERRORS else _ERRORS.get(status, errors.APIStatusError)
    body = raw.body(state.secret)
    message = _message(body) or raw.phrase or "no message"
    if 300 <= status <= 399:  # noqa: PLR2004  # that is what 3xx means
        host = _host(state.secret.redact(raw.headers.get("location", "")))
        sentence = f"order {order_id!r}: redirect to {host} not followed ({status}): that would send the API key. {CHECK_BASE_URL}"
    else:
        summary = _SUMMARIES.get(kind) or raw.phrase.lower() or "request failed"
        sentence = f"order {order_id!r}{' not found' if kind is errors.NotFoundError else f': {summary}'} ({status})"
        details = [message] if message not in {raw.phrase, "no message"} else []
        if kind is errors.ValidationError:
            details += _read_fields(body)
        sentence += (": " + "; ".join(text.rstrip(".") for text in details) if details else "") + "."
    if retry_after is not None:
        sentence += f" Retry after {retry_after:g} s."
    # An order that is not found was not renamed by an earlier attempt; it may have got its new id.
    is_harmless = kind is errors.NotFoundError and not state.edit.gives_new_id
    sentence = " ".join(filter(None, [sentence + ("" if is_harmless else state.warning), ADVICE.get(kind, "")]))
    error = state.error(kind, sentence, message, raw)
    error.retry_after = retry_after  # type: ignore[attr-defined]  # each of these kinds has it
    return error


def _host(location: str) -> str:
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return repr(host) if host else "another path on the same host"


def _read_fields(body: Any) -> list[str]:
    fields = [
        f"{shorten(field) or shorten(location)}: {' '.join(map(shorten, messages[:_MAX_FIELDS]))}"
        for location, by_field in errors.read_fields(body).items()
        for field, messages in by_field.items()
    ]
    more = len(fields) - _MAX_FIELDS
    return fields if more <= 0 else [*fields[:_MAX_FIELDS], f"and {more} more fields"]


def _message(body: Any) -> str:
    """The service's own message, in any of the shapes that services and gateways use."""
    if isinstance(body, dict):
        for key in ("message", "error", "detail", "title"):
            text = body.get(key)
            if isinstance(text, dict):
                text = text.get("message")
            if isinstance(text, str) and text.strip():
                return shorten(text)
        return ""
    # A page of HTML says nothing that its status does not.
    if isinstance(body, str) and not body.lstrip().startswith("<"):
        return shorten(body)
    return ""


def shorten(text: str) -> str:
    """Return a text as one line of at most 300 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * _MAX_MESSAGE_LENGTH]).split())
    return line if len(line) <= _MAX_MESSAGE_LENGTH else line[: _MAX_MESSAGE_LENGTH - 1] + "…"
