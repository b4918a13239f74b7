"""Build the request of an attempt: its headers, timeouts and body."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx

from autoenhance._response import ACCEPTED_ENCODINGS
from autoenhance._version import __version__

if TYPE_CHECKING:
    from autoenhance._edit import Edit
    from autoenhance._sender import AsyncSender, Sender
    from autoenhance._settings import Settings

USER_AGENT: Final = f"autoenhance-orders/{__version__} python-httpx/{httpx.__version__}"
ATTEMPT_HEADER: Final = "x-autoenhance-attempt"


def build_request(
    sender: Sender | AsyncSender,
    settings: Settings,
    edit: Edit,
    wanted: dict[str, Any],
    *,
    attempt: int,
    timeout: httpx.Timeout,
) -> httpx.Request:
    """Build the request of an attempt, from the generated code's arguments and the caller's extras.

    Raises:
        ValueError: If the id of the order, or what the caller added, cannot be written as a request.
    """
    defaults = {
        "user-agent": USER_AGENT,
        "accept": "application/json",
        "accept-encoding": ", ".join(ACCEPTED_ENCODINGS),
        ATTEMPT_HEADER: str(attempt),
    }
    # In lower case, so that a header replaces another one and is not sent beside it.
    generated, extra = (
        {name.lower(): value for name, value in headers.items()} for headers in (wanted["headers"], edit.headers)
    )
    arguments = {
        **wanted,
        "url": settings.base_url + wanted["url"],
        "headers": {**defaults, **generated, **extra},
        "params": {**wanted.get("params", {}), **edit.query} or None,
        "timeout": timeout,
    }
    try:
        request = sender.build_request(**arguments)
    except (httpx.InvalidURL, RecursionError) as error:
        raise ValueError(f"the request cannot be built: {error}") from None
    request.stream = _Body(request.content)
    # Set on the finished request, so that the key is in no local variable that a traceback could show.
    request.headers["x-api-key"] = settings.api_key.reveal()
    return request


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body of one chunk. httpx's own leaves a generator open if sending is cancelled, which trio warns of."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        return iter((self._content,))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Once(self._content)


class _Once(AsyncIterator[bytes]):
    def __init__(self, content: bytes) -> None:
        self._left = [content]

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()
