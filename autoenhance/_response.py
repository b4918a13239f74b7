"""Pure: a received response: decompressed, decoded, and with the API key removed from what is shown."""

from __future__ import annotations

import json
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx

    from autoenhance._settings import Secret

# Unlike br and zstd, a few bytes of these cannot decompress to gigabytes at once.
ACCEPTED_ENCODINGS: Final = ("gzip", "deflate")
_GZIP: Final = 16 + zlib.MAX_WBITS
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
# As curl and urllib3: a longer chain is an attack.
_MAX_ENCODINGS: Final = 5
_MAX_MEMBERS: Final = 100
# What is nested deeper stays text: copying and pickling an error would hit Python's limit on recursion.
_MAX_DEPTH: Final = 100
_NOT_DECODED: Final = object()


class RawResponse:
    """A response, as far as it was read, with the attributes of an `httpx.Response` that the generated code uses.

    Its repr shows no content: a careless service may have repeated the API key, and tracebacks show local variables.
    """

    __slots__ = ("_body", "_chunks", "_json", "_limit", "_size", "headers", "problem", "status_code")

    def __init__(self, status_code: int, headers: httpx.Headers, limit: int) -> None:
        self.status_code = status_code
        self.headers = headers
        self.problem = ""
        """What is wrong with its content, such as too long or not decompressible; else empty."""
        self._limit = limit
        self._size = 0
        self._chunks: list[bytes] = []
        self._json: Any = _NOT_DECODED
        self._body: Any = _NOT_DECODED

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status_code <= 299  # noqa: PLR2004  # that is what 2xx means

    @property
    def phrase(self) -> str:
        """What the status means, such as `Not Found`; empty if it has no standard meaning."""
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def encodings(self) -> list[str]:
        """The names in its content-encoding, in the order in which they were applied."""
        names = (name.strip().lower() for name in self.headers.get("content-encoding", "").split(","))
        return [name for name in names if name not in {"", "identity"}]

    @property
    def unknown_encodings(self) -> list[str]:
        """The encodings that are not decoded."""
        return [name for name in self.encodings if name.removeprefix("x-") not in ACCEPTED_ENCODINGS]

    @property
    def content(self) -> bytes:
        """What was read of its body."""
        self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]

    def add(self, chunk: bytes) -> bool:
        """Add a chunk of the body; return False once it is longer than the limit, and reading should end."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > self._limit:
            self.problem = f"is longer than {self._limit} bytes"
            self._chunks = [self.content[: self._limit]]
        return not self.problem

    def decompress(self) -> None:
        """Decompress what was read, unless something is wrong with it."""
        if not self.problem:
            try:
                self._chunks = [_decompressed(self.content, self.encodings, self._limit)]
            except ValueError as error:
                self.problem = str(error)

    def json(self) -> Any:
        """Decode the content, once."""
        if self._json is _NOT_DECODED:
            self._json = json.loads(self.content)
        return self._json

    def body(self, secret: Secret) -> Any:
        """Return the content as JSON if it is that, else as text; without the API key, which a careless service may repeat."""
        if self._body is _NOT_DECODED:
            text = self.content.decode(json.detect_encoding(self.content), "replace")
            try:
                self._body = _redacted(json.loads(text), secret, 0)
            except (ValueError, RecursionError):
                self._body = secret.redact(text)
        return self._body

    def shown_headers(self, secret: Secret) -> dict[str, str]:
        """Return the headers by lower-case name, without cookies and without the API key."""
        return {name: secret.redact(value) for name, value in self.headers.items() if name != "set-cookie"}


def _redacted(value: Any, secret: Secret, depth: int) -> Any:
    if isinstance(value, str):
        return secret.redact(value)
    if not isinstance(value, dict | list):
        return value
    if depth == _MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_redacted(item, secret, depth + 1) for item in value]
    return {secret.redact(key): _redacted(item, secret, depth + 1) for key, item in value.items()}


def _decompressed(content: bytes, encodings: list[str], limit: int) -> bytes:
    """Decode the content-encodings; unknown ones are left as they are.

    Raises:
        ValueError: If it is not what its encodings say, or longer than the limit.
    """
    if len(encodings) > _MAX_ENCODINGS:
        raise ValueError(f"is encoded {len(encodings)} times")
    for name in reversed(encodings):
        if name.removeprefix("x-") == "gzip":
            content = _inflate(content, _GZIP, limit)
        elif name == "deflate":
            # Some services send raw deflate data, without the zlib header.
            is_wrapped = content[:1] and content[0] & 15 == zlib.DEFLATED and not int.from_bytes(content[:2]) % 31
            content = _inflate(content, zlib.MAX_WBITS if is_wrapped else _RAW_DEFLATE, limit)
    return content


def _inflate(content: bytes, window_bits: int, limit: int) -> bytes:
    """Decompress one or more concatenated members, to no more than the limit."""
    parts: list[bytes] = []
    size = 0
    while content:
        if len(parts) == _MAX_MEMBERS:
            raise ValueError(f"is compressed in more than {_MAX_MEMBERS} parts")
        stream = zlib.decompressobj(window_bits)
        try:
            part = stream.decompress(content, limit - size + 1)
        except zlib.error as error:
            if parts:  # as gzip itself: what follows the last member is padding
                break
            raise ValueError(f"cannot be decompressed ({error})") from None
        size += len(part)
        if size > limit:
            raise ValueError(f"decompresses to more than {limit} bytes")
        if not stream.eof:
            raise ValueError("cannot be decompressed (truncated)")
        parts.append(part)
        content = stream.unused_data
    return b"".join(parts)
