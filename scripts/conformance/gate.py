"""Filters every request that schemathesis sends, so that only one order is edited."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import PreparedRequest, Response


class NotSentError(requests.RequestException):
    """The request must not be sent."""


class Gate:
    """Lets only edits of one order pass, and none that changes its id."""

    def __init__(self, url: str, order_id: str) -> None:
        self._url = f"{url.rstrip('/')}/v3/orders/{quote(order_id, safe='')}"
        self._order_id = order_id

    def __call__(self, request: PreparedRequest) -> None:
        """Quote the order's id in the path, and replace any other id in the body by it.

        Raises:
            NotSentError: If the request is not an edit of the order.
        """
        if request.method != "PATCH" or _without_query(request.url) != _without_query(self._url):
            raise NotSentError(f"not sent: {request.method} is not an edit of the order", request=request)
        # schemathesis does not quote the id everywhere; an unquoted slash would make it another URL.
        query = urlsplit(request.url or "").query
        request.url = self._url + (f"?{query}" if query else "")
        body = request.body or b""
        text = body if isinstance(body, bytes) else str(body).encode()
        try:
            edit = json.loads(text)
        except ValueError:
            if b"order_id" in text:
                raise NotSentError("not sent: the body may contain another order_id", request=request) from None
            return
        if isinstance(edit, dict) and isinstance(edit.get("order_id"), str) and edit["order_id"] != self._order_id:
            request.prepare_body(None, None, {**edit, "order_id": self._order_id})


@contextmanager
def every_request_through(before_each: Callable[[PreparedRequest], None]) -> Iterator[None]:
    """Call `before_each` with each request of this process before it is sent, and follow no redirects.

    schemathesis' own hooks see neither its probes nor the requests that a check makes for comparison; this sees all.
    """
    send = requests.Session.send

    def send_through(session: requests.Session, request: PreparedRequest, **options: Any) -> Response:
        before_each(request)
        # requests would send the key to the target of the redirect.
        return send(session, request, **{**options, "allow_redirects": False})

    requests.Session.send = send_through  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


def _without_query(url: str | None) -> tuple[str, str, str]:
    parts = urlsplit(url or "")
    return parts.scheme, parts.netloc, unquote(parts.path)
