"""Pure: what was received, or was not, becomes an order or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from autoenhance import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoenhance._edit import Edit
    from autoenhance._received import Received
    from autoenhance_api.models import Order
    from autoenhance_api.types import Response

SERVER_ERRORS: Final = 500
_LONGEST_MESSAGE: Final = 300
_MOST_FIELDS: Final = 5
_UNREADABLE: Final = "The service accepted the edit of order {order_id!r} ({status}), but its answer {problem}."

_ERRORS: Final[dict[int, type[errors.APIStatusError]]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    422: errors.ValidationError,
    429: errors.RateLimitError,
}
# What to do stands at the end of a sentence; the terminal's commands put other words in its place.
CHECK_NETWORK: Final = "Check the network, and base_url or AUTOENHANCE_BASE_URL."
ADVICE: Final[dict[type[errors.APIStatusError], str]] = {
    errors.AuthenticationError: "Check the API key: api_key=, or AUTOENHANCE_API_KEY.",
    errors.PermissionDeniedError: "Check what the API key's account may do.",
    errors.NotFoundError: "Check the id, and that the API key belongs to the order's account.",
    errors.ConflictError: "If the edit gives another id, check that it is not in use.",
    errors.RateLimitError: "Send fewer requests a second.",
}


def check_order(
    response: Response[Any], body: Any, received: Received, *, order_id: str, attempts: int
) -> Response[Order]:
    """Make sure that what the generated code decoded from a success is an order.

    Args:
        response: What it decoded.
        body: What it decoded that from.
        received: The answer as it came.
        order_id: The order that was to be edited.
        attempts: How many requests were made.

    Raises:
        errors.APIResponseError: If it is not.
    """
    from autoenhance_api.models import Order  # the terminal's --help has no use for it

    # What was received is looked at, not the model: the generated code takes a list of pairs for an object, too.
    if not isinstance(body, dict):
        raise unreadable(received, "is not a JSON object", order_id=order_id, attempts=attempts)
    order = response.parsed
    if order is None:
        # A success that the contract does not list: the generated code does not decode it, an order it is all the same.
        order = Order.from_dict(body)
    images = body.get("images")
    if isinstance(order, Order) and images is not None:
        if not isinstance(images, list):
            raise unreadable(received, "has images that are no list", order_id=order_id, attempts=attempts)
        if not all(isinstance(image, dict) for image in images):
            raise unreadable(received, "has an image that is no object", order_id=order_id, attempts=attempts)
    response.parsed = order
    return cast("Response[Order]", response)


def unreadable(received: Received, problem: str, *, order_id: str, attempts: int) -> errors.APIResponseError:
    """The error for a success whose body is no order."""
    return errors.APIResponseError(
        _UNREADABLE.format(order_id=order_id, status=received.status, problem=problem),
        message=f"the answer {problem}",
        order_id=order_id,
        attempts=attempts,
        status_code=received.status_code,
        body=received.decoded(),
        headers=_kept(received.headers),
    )


def no_answer(
    reason: str,
    *,
    edit: Edit,
    attempts: int,
    base_url: str,
    timed_out: bool,
    connected: bool,
    deadline: float | None,
    may_have_happened: bool,
    accepted: Received | None,
) -> errors.APIConnectionError:
    """The error for an attempt that ended without an answer, or without the whole of one.

    Args:
        reason: What ended it.
        edit: What was to be done.
        attempts: How many requests were made.
        base_url: Where the service is.
        timed_out: Whether it ended because it took too long.
        connected: Whether there was a connection at the end.
        deadline: The seconds that the whole call had, if they are over; else None.
        may_have_happened: Whether an attempt may have reached the service.
        accepted: The success of which the body did not come in time, if there was one.
    """
    order_id = edit.order_id
    if accepted is not None:
        sentence = (
            f"The service accepted the edit of order {order_id!r} ({accepted.status}), but its answer did not end"
        )
    elif timed_out:
        sentence = f"{base_url} did not answer the edit of order {order_id!r}"
    elif connected:
        sentence = f"The connection to {base_url} broke before the edit of order {order_id!r} was answered"
    else:
        sentence = f"{base_url} could not be reached to edit order {order_id!r}"
    if timed_out:
        sentence += " in time" if deadline is None else f" within {deadline:g} s"
    else:
        sentence += f" ({reason.rstrip('.')})"
    sentence += f", after {attempts} attempt{'s' if attempts != 1 else ''}."
    if may_have_happened and accepted is None:
        sentence += _perhaps(edit)
    if not (connected or timed_out):
        sentence += f" {CHECK_NETWORK}"
    kind = errors.APITimeoutError if timed_out else errors.APIConnectionError
    return kind(
        sentence,
        message=reason,
        order_id=order_id,
        attempts=attempts,
        status_code=accepted.status_code if accepted else None,
        body=accepted.decoded() if accepted else None,
        headers=_kept(accepted.headers) if accepted else None,
    )


def _perhaps(edit: Edit) -> str:
    """What there is to know if nobody can tell whether the edit happened."""
    if edit.gives_new_id:
        return f" The edit may have happened: look under {edit.order_id!r} and under {edit.body['order_id']!r}."
    return " The edit may have happened; making it twice is harmless."


def refused(
    received: Received, *, edit: Edit, attempts: int, retry_after: float | None, may_have_happened: bool
) -> errors.APIStatusError:
    """The error for an answer that is no success."""
    order_id, status = edit.order_id, received.status_code
    kind = errors.InternalServerError if status >= SERVER_ERRORS else _ERRORS.get(status, errors.APIStatusError)
    body = received.decoded()
    phrase = received.status.partition(" ")[2]
    message = _message(body) or phrase or "no message"
    if 300 <= status <= 399:  # noqa: PLR2004  # that is what 3xx means
        sentence = (
            f"The service redirected the edit of order {order_id!r} ({received.status}) to "
            f"{_host(received.headers.get('location', ''))}; the API key would go along, so it is not followed. "
            "Check base_url."
        )
    else:
        did = "failed" if kind is errors.InternalServerError else "refused"
        said = [message] if message != phrase else []
        if kind is errors.ValidationError:
            fields = _fields(body)
            said += [f"{field or location}: {' '.join(texts)}" for location, field, texts in fields[:_MOST_FIELDS]]
            said += [f"and {len(fields) - _MOST_FIELDS} more fields"] if len(fields) > _MOST_FIELDS else []
        sentence = f"The service {did} to edit order {order_id!r} ({received.status})"
        sentence = ": ".join([sentence, "; ".join(text.rstrip(".") for text in said)] if said else [sentence]) + "."
    if retry_after is not None:
        sentence += f" It asks to wait {retry_after:g} s."
    if may_have_happened:
        sentence += _perhaps(edit)
    error = kind(
        " ".join(filter(None, [sentence, ADVICE.get(kind, "")])),
        message=message,
        order_id=order_id,
        attempts=attempts,
        status_code=status,
        body=body,
        headers=_kept(received.headers),
    )
    error.retry_after = retry_after
    return error


def _host(location: str) -> str:
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    return repr(host) if host else "another place on the same host"


def _fields(body: Any) -> list[tuple[str, str, list[str]]]:
    fields = errors.read_fields(body)
    return [
        (_cut(where), _cut(field), [_cut(text) for text in texts[:_MOST_FIELDS]])
        for where in fields
        for field, texts in fields[where].items()
    ]


def _message(body: Any) -> str:
    """The service's own words, in any of the shapes that services and gateways have."""
    if isinstance(body, dict):
        for key in ("message", "error", "detail", "title"):
            found = body.get(key)
            if isinstance(found, dict):
                found = found.get("message")
            if isinstance(found, str) and found.strip():
                return _cut(found)
        return ""
    # A page of HTML tells a person nothing that its status does not.
    if isinstance(body, str) and not body.lstrip().startswith("<"):
        return _cut(body)
    return ""


def _cut(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * _LONGEST_MESSAGE]).split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() != "set-cookie"}
