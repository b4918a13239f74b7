"""Contains some shared types for properties"""

import datetime
from collections.abc import Mapping, MutableMapping
from http import HTTPStatus
from typing import IO, Any, BinaryIO, Generic, Literal, SupportsIndex, TypeVar

from attrs import define


class Unset:
    """The type of UNSET, which stands for a field that is not there. It has no other instance."""

    def __new__(cls) -> "Unset":
        return UNSET

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Unset = object.__new__(Unset)


class Timestamp(datetime.datetime):
    """A point in time as it was received: always with a time zone, and written back the way it came"""

    received: str

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        received = getattr(self, "received", None)
        return (
            super().__reduce_ex__(protocol) if received is None else (parse_timestamp, (received,))
        )


_LONGEST_TIMESTAMP = 64


def parse_timestamp(text: str) -> datetime.datetime:
    """Read ISO 8601, or failing that what python-dateutil reads; a time without a zone is UTC

    Raises:
        ValueError: If the text names no day, or a zone whose offset it does not say.
    """
    if len(text) > _LONGEST_TIMESTAMP:
        raise ValueError(f"a text of {len(text)} characters is no point in time")
    try:
        value = Timestamp.fromisoformat(text)
    except ValueError:
        value = Timestamp.fromisoformat(_parse_loosely(text).isoformat())
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    value.received = text
    return value


def _parse_loosely(text: str) -> datetime.datetime:
    from dateutil import parser  # noqa: PLC0415  # slow to import, and seldom needed

    def zone(name: str | None, offset: int | None) -> datetime.tzinfo | None:
        # Without this the parser takes names of zones from the machine it runs on.
        if name is None and offset is None:
            return None
        if offset is None:
            raise ValueError(f"the offset of the time zone {name!r} is not known")
        return datetime.timezone(datetime.timedelta(seconds=offset))

    class _Info(parser.parserinfo):
        def convertyear(self, year: int, century_specified: bool = False) -> int:
            # The parser would choose the century that is nearest to the present day.
            if year < 100 and not century_specified:
                raise ValueError(f"the year {year} has no century")
            return year

    # The parser fills what is missing from a default: two defaults tell whether the text names a day.
    defaults = datetime.datetime(2000, 1, 1), datetime.datetime(2001, 2, 2)
    try:
        first, second = (
            parser.parse(text, _Info(), default=default, tzinfos=zone) for default in defaults
        )
    except ArithmeticError as error:
        raise ValueError(str(error)) from error
    if first != second:
        raise ValueError(f"{text!r} names no day")
    return first


def format_timestamp(value: datetime.datetime) -> str:
    """Write ISO 8601, or the very text that the value was read from"""
    received: str | None = getattr(value, "received", None)
    return value.isoformat() if received is None else received


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
    """A response from an endpoint"""

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
    "Timestamp",
    "Unset",
    "format_timestamp",
    "parse_timestamp",
]
