"""Pure: the result of an edit as a line of JSON: written, and read back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final

from autoenhance.cli._text import printable_json

# The beginning of a line, up to the order id and after it; an incomplete line may end within the id.
_START: Final = b'{"order_id": "'
_START_AND_ID: Final = re.compile(_START + rb'(?:[^"\\]|\\.?)*+', re.DOTALL)
_NEXT: Final = b'", "status": "'


@dataclass(frozen=True, slots=True)
class Record:
    """The result of an edit. The fields are the keys of the line; lines of newer versions may have more."""

    order_id: str
    status: str
    """`edited` or `failed`."""
    error: str | None
    """The message of the error."""
    error_type: str | None
    """The class of the error, such as `NotFoundError`."""
    status_code: int | None
    """The HTTP status of the last response."""
    attempts: int
    """The number of requests sent."""
    seconds: float
    """The duration, with retries and waits."""
    finished_at: str
    """The time of the result in UTC, such as `2026-05-04T18:12:00.000Z`."""
    service: str
    """The base URL of the service."""
    row: int
    """The row of the table, from 1."""
    line: int
    """The line of the text file where the row begins, from 1."""
    changes: dict[str, Any]
    """The changes, by keyword."""
    columns: dict[str, Any]
    """The values of the other columns, by column name."""

    @property
    def is_edited(self) -> bool:
        """Whether the edit succeeded."""
        return self.status == "edited"


_NAMES: Final = [field.name for field in fields(Record)]
_TYPES: Final = {
    "str": (str,),
    "str | None": (str, NoneType),
    "int": (int,),
    "int | None": (int, NoneType),
    "float": (float, int),
    "dict[str, Any]": (dict,),
}
_KINDS: Final = [_TYPES[str(field.type)] for field in fields(Record)]


def as_time(moment: datetime) -> str:
    """Format a time for `finished_at`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def line_of(record: Record) -> bytes:
    r"""Return the record as a line of JSON in UTF-8, with its line break.

    Only what a terminal would act on, what some programs take for a line break, and surrogates are escaped, so that
    street names can be searched for.
    """
    text = json.dumps({name: getattr(record, name) for name in _NAMES}, ensure_ascii=False)
    return (text if text.isprintable() else printable_json(text)).encode() + b"\n"


def record_of(line: bytes) -> Record:
    """Parse a line.

    Raises:
        ValueError: If the line is not a record.
    """
    try:
        document = json.loads(line.decode())
        values = [document[name] for name in _NAMES]
    except (KeyError, TypeError, RecursionError):
        raise ValueError("not an object with all fields") from None
    # Not isinstance: a bool is an int, too.
    if not all(type(value) in kinds for value, kinds in zip(values, _KINDS, strict=True)):
        raise ValueError("a field has the wrong type")
    record = Record(*values)
    if record.status not in {"edited", "failed"} or datetime.fromisoformat(record.finished_at).tzinfo is None:
        raise ValueError("the status or the time is invalid")
    return record


def is_torn(line: bytes) -> bool:
    """Return whether this is the beginning of a line, written incompletely."""
    start = _START_AND_ID.match(line)
    if start is None:
        return _START.startswith(line)
    rest = line[start.end() :]
    if not (_NEXT.startswith(rest) or rest.startswith(_NEXT)):
        return False
    try:
        json.JSONDecoder().raw_decode(line.decode(errors="replace"))
    except ValueError:
        return True
    return False
