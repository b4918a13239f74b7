"""The errors, as one hierarchy.

```text
AutoenhanceError
├── APIConnectionError         no connection to the service, or the connection broke
│   └── APITimeoutError        no complete response in time
├── APIStatusError             the service refused the edit
│   ├── BadRequestError        400
│   ├── AuthenticationError    401
│   ├── PermissionDeniedError  403
│   ├── NotFoundError          404
│   ├── ConflictError          409
│   ├── ValidationError        422, with fields
│   ├── RateLimitError         429, with retry_after
│   └── InternalServerError    500 and above
├── APIResponseError           the edit was accepted, but the response is not an order
└── BulkStoppedError           a bulk run ended before its edits did
```

Invalid arguments raise a `ValueError` or a `TypeError` before anything is sent. Every error can be pickled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "AutoenhanceError",
    "BadRequestError",
    "BulkStoppedError",
    "ConflictError",
    "InternalServerError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ValidationError",
]


class AutoenhanceError(Exception):
    """An edit failed after its arguments were accepted; the base class of all errors here.

    `str(error)` is a sentence that says what happened and what to do. The API key is in no attribute.

    Attributes:
        message: What went wrong in a few words; the service's own message if there is one.
        order_id: The id of the order to edit.
        attempts: How many requests were sent, retries included.
        status_code: The HTTP status of the last response; None without one.
        body: The body of the last response, decoded if it is JSON, else text; None without one.
        headers: The headers of the last response without `set-cookie`, by lower-case name; empty without one.
    """

    def __init__(
        self,
        sentence: str,
        *,
        message: str = "",
        order_id: str = "",
        attempts: int = 1,
        status_code: int | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # Only the sentence is an argument to Exception, and the rest has defaults: that is what lets pickle rebuild it.
        super().__init__(sentence)
        self.message = message or sentence
        self.order_id = order_id
        self.attempts = attempts
        self.status_code = status_code
        self.body = body
        self.headers = dict(headers or {})


class APIConnectionError(AutoenhanceError):
    """There was no response: the service could not be reached, or the connection broke.

    If the connection broke after the request was sent, the edit may have been made.
    """


class APITimeoutError(APIConnectionError):
    """There was no complete response within the time that `timeout` or `deadline` allows.

    The edit may have been made. With a `status_code` of 200 the service accepted it, and only the response was incomplete.
    """


class APIStatusError(AutoenhanceError):
    """The service, or a proxy in front of it, responded with a status that is not a success.

    After a 4xx other than 408 the edit was not made; after a 408 or a 5xx it may have been. A status without its own class,
    such as a redirect, raises this class.

    Attributes:
        retry_after: The wait in seconds that the response's `Retry-After` asks for; None without one.
    """

    status_code: int
    retry_after: float | None = None


class BadRequestError(APIStatusError):
    """400: the service could not read the request."""


class AuthenticationError(APIStatusError):
    """401: the API key is missing, or the service does not know it."""


class PermissionDeniedError(APIStatusError):
    """403: the API key does not allow this edit."""


class NotFoundError(APIStatusError):
    """404: the API key's account has no order with this id."""


class ConflictError(APIStatusError):
    """409: the edit contradicts something that exists, such as an id that is in use."""


class ValidationError(APIStatusError):
    """422: the service did not accept the value of a field; `fields` says which."""

    @property
    def fields(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """The service's messages by location (`json` is the body, `query` the query) and field; empty if there are none.

        >>> error.fields
        {'json': {'name': ['Field may not be null.']}}
        """
        return read_fields(self.body)


class RateLimitError(APIStatusError):
    """429: there were too many requests.

    The service allows 300 requests per second from one IP address; its rate-limit page does not mention `Retry-After`.
    """


class InternalServerError(APIStatusError):
    """500 and above: the service, or a proxy in front of it, failed."""


class APIResponseError(AutoenhanceError):
    """The service accepted the edit, but its response is not an order.

    Do not repeat the edit to find out; `body` has what the service sent.
    """


class BulkStoppedError(AutoenhanceError):
    """A bulk run stopped before its end: no further edit could succeed, or more than `max_failures` failed.

    The results before this error are valid, and the run's `unsent` has the edits that were read but not sent. `__cause__` is
    the error of the edit that stopped the run; `status_code`, `body` and `headers` are those of that error.
    """


def read_fields(body: Any) -> dict[str, dict[str, list[str]]]:
    """Read the fields of a 422: the service's own shape, or the list that FastAPI-like services send."""
    detail = body.get("detail") if isinstance(body, dict) else None
    fields: dict[str, dict[str, list[str]]] = {}
    if isinstance(detail, dict):
        for location, messages in detail.items():
            if isinstance(messages, dict):
                for field, texts in messages.items():
                    _add(fields, location, [field], texts)
            else:
                _add(fields, location, [], messages)
    elif isinstance(detail, list):
        for item in detail:
            if isinstance(item, dict) and isinstance(item.get("loc"), list) and item["loc"]:
                _add(fields, item["loc"][0], item["loc"][1:], item.get("msg"))
    return fields


def _add(fields: dict[str, dict[str, list[str]]], location: object, path: list[Any], texts: Any) -> None:
    if isinstance(texts, dict):
        for key, inner in texts.items():
            _add(fields, location, [*path, key], inner)
        return
    messages = [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]
    fields.setdefault(str(location), {}).setdefault(".".join(map(str, path)), []).extend(messages)
