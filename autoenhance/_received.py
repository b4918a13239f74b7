"""Pure: an answer that was read, as it is before anyone asks what it means."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance._settings import Secret

_SHORTEST_KEY: Final = 8
_PIECE: Final = 4 * 2**10


_NOT_DECODED: Final = object()


class Received:
    """An answer that was read whole. It has what the generated code asks of an `httpx.Response`.

    Its repr has nothing of it: a careless service may have written the API key into it, and tracebacks show local variables.
    """

    __slots__ = ("_json", "content", "headers", "status_code")

    def __init__(self, status_code: int, headers: httpx.Headers, content: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.content = content
        self._json: Any = _NOT_DECODED

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status_code <= 299  # noqa: PLR2004  # that is what 2xx means

    @property
    def status(self) -> str:
        """The status as people read it, such as `404 Not Found`."""
        try:
            return f"{self.status_code} {HTTPStatus(self.status_code).phrase}"
        except ValueError:
            return str(self.status_code)

    def recognized(self) -> Received:
        """This answer, or one with status 200 if its success is none that HTTP defines: RFC 9110 reads it as that."""
        return self if " " in self.status else Received(200, self.headers, self.content)

    def hiding(self, secret: Secret) -> Received:
        """This answer without the API key, which a careless service or proxy may have put into it."""
        text = secret.reveal()
        escaped = json.dumps(text)[1:-1]
        # A key of a few letters is no secret, and hiding it would make holes in words.
        if len(text) < _SHORTEST_KEY or not any(one in part for one in (text, escaped) for part in self._texts()):
            return self
        content, headers = self.content, httpx.Headers(self.headers)
        for one in (escaped, text):
            content = content.replace(one.encode(), b"<secret>")
            headers = httpx.Headers([(name, value.replace(one, "<secret>")) for name, value in headers.multi_items()])
        return Received(self.status_code, headers, content)

    def _texts(self) -> Iterator[str]:
        yield self.content.decode("latin-1")
        yield from self.headers.values()

    def json(self) -> Any:
        """Decode the content, once."""
        if self._json is _NOT_DECODED:
            self._json = json.loads(self.content)
        return self._json

    def decoded(self) -> Any:
        """The content as JSON if it is that, else as text."""
        try:
            return self.json()
        except (ValueError, RecursionError):
            return self.content.decode("utf-8", "replace")


def unpack(headers: httpx.Headers, chunks: list[bytes], limit: int) -> tuple[bytes, str]:
    """Undo a content-encoding; returns what there is in it, and what is wrong with it, if anything."""
    whole = b"".join(chunks)
    # In pieces, because a piece is unpacked at once, to as much as a thousand times its size.
    pieces = (whole[start : start + _PIECE] for start in range(0, len(whole), _PIECE))
    unpacked: list[bytes] = []
    size = 0
    try:
        for part in httpx.Response(200, headers=headers, content=pieces).iter_bytes():
            unpacked.append(part)
            size += len(part)
            if size > limit:
                return b"", f"unpacks to more than {limit} bytes"
    except httpx.DecodingError as error:
        return b"", f"cannot be unpacked ({error})"
    return b"".join(unpacked), ""
