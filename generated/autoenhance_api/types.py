"""Contains some shared types for properties"""

import datetime
import re
from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from typing import IO, Any, BinaryIO, Generic, Literal, TypeVar

from attrs import define


class Unset:
    """The type of UNSET, the value of a field that is not set. UNSET is its only instance."""

    def __new__(cls) -> "Unset":
        return UNSET

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Unset = object.__new__(Unset)
""" Stands for a field that is not there: it is not sent, and was not received. It is false. """


def parse_timestamp(text: str) -> datetime.datetime:
    """Parse an unambiguous timestamp; without a time zone it is UTC

    Accepted are a date and a time in the extended format of ISO 8601, and a time with a date that has the name of the month
    and a four-digit year, as in RFC 5322 and HTTP.

    Raises:
        ValueError: If the text is anything else, such as digits only, a date only, or `01/02/2023 10:00`.
    """
    try:
        value = _parse_iso(text)
    except ValueError:
        value = _parse_loosely(text)
    return value.replace(tzinfo=datetime.timezone.utc) if value.tzinfo is None else value


def _parse_iso(text: str) -> datetime.datetime:
    value = datetime.datetime.fromisoformat(text)
    # fromisoformat also accepts a date without a time, and the basic format without separators.
    if text[4:5] == text[7:8] == "-" and text[10:11] in ("T", "t", " ") and text[13:14] == ":":
        return value
    raise ValueError(f"{text!r} is not in the extended format of ISO 8601")


_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_YEAR = r"[1-9]\d\d\d"
_DATE = rf"{_YEAR}-\d\d-\d\d|\d\d?[ -]{_MONTH}[ -]{_YEAR}|{_MONTH} \d\d?,? {_YEAR}"
_TIME = r"\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[ap]m)?"
_ZONE = r"Z|UTC|GMT|([+-]\d\d:?[0-5]\d)(?: \([a-z ]+\))?"
# The last alternative is the format of asctime in C, and of the command date.
_LOOSE = rf"(?ai)((?:{_WEEKDAY},? )?(?:(?:{_DATE})(?:,? |t){_TIME}|{_MONTH}  ?\d\d? {_TIME}(?: UTC| GMT)? {_YEAR}))(?: ?(?:{_ZONE}))?"


def _parse_loosely(text: str) -> datetime.datetime:
    match = re.fullmatch(_LOOSE, text)
    if match is None:
        raise ValueError(f"{text!r} is not an unambiguous timestamp")
    from dateutil import parser  # noqa: PLC0415  # slow to import, and rarely needed

    local = parser.parse(match[1], ignoretz=True)
    return datetime.datetime.fromisoformat(local.isoformat() + (match[2] or ""))


def received_texts(
    source: Mapping[str, Any], fields: Mapping[str, object]
) -> dict[str, tuple[str, str]]:
    """Return, for each timestamp of a model, what to_dict would write and what was received, if they differ"""
    written = {
        name: value.isoformat()
        for name, value in fields.items()
        if isinstance(value, datetime.datetime)
    }
    return {name: (text, source[name]) for name, text in written.items() if text != source[name]}


# The types that `httpx.Client(files=)` can accept, copied from that library.
FileContent = IO[bytes] | bytes | str
FileTypes = (
    # (filename, file (or bytes), content_type)
    tuple[str | None, FileContent, str | None]
    # (filename, file (or bytes), content_type, headers)
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
RequestFiles = list[tuple[str, FileTypes]]


@define
class File:
    """Contains information for file uploads"""

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Return a tuple representation that httpx will accept for multipart/form-data"""
        return self.file_name, self.payload, self.mime_type


T = TypeVar("T")


@define
class Response(Generic[T]):
    """A response of the service: what was received, and what was read from it.

    Attributes:
        status_code: The HTTP status.
        content: The body, decompressed and otherwise as it was received.
        headers: The headers.
        parsed: The model of the body; None if the body could not be read.
    """

    status_code: HTTPStatus
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None


__all__ = [
    "UNSET",
    "File",
    "FileTypes",
    "RequestFiles",
    "Response",
    "Unset",
    "parse_timestamp",
    "received_texts",
]
