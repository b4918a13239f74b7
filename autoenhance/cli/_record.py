"""Pure: a finished edit as one line of JSON, and back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final

from autoenhance.cli._text import printable_json

# How a line begins; in between is the id, which may be torn too.
_START: Final = b'{"order_id": "'
_STARTED: Final = re.compile(_START + rb'(?:[^"\\]|\\.?)*+', re.DOTALL)
_NEXT: Final = b'", "status": "'


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one edit; each field is one of the line's, of which a newer version may have more."""

    order_id: str
    status: str
    """`edited` or `failed`."""
    error: str | None
    """What went wrong, as a sentence."""
    error_type: str | None
    """The class of the error, such as `NotFoundError`."""
    status_code: int | None
    """The HTTP status of the last response."""
    attempts: int
    """How many requests were sent."""
    seconds: float
    """How long it took, retries and waits included."""
    finished_at: str
    """When it ended, in UTC, such as `2026-05-04T18:12:00.000Z`."""
    service: str
    """The base URL of the service."""
    row: int
    """The row of the table, as the spreadsheet counts."""
    line: int
    """The line of a text file where the row begins."""
    changes: dict[str, Any]
    """What was to be set, by keyword."""
    columns: dict[str, Any]
    """The other columns of the row."""

    @property
    def is_edited(self) -> bool:
        """Whether the service accepted the edit."""
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
    """A time as records have it."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def line_of(record: Record) -> bytes:
    r"""The record as a line that ends in a line break.

    UTF-8, so that people find their street names in it. What a terminal would act on, what some programs take for the
    end of a line, and halves of surrogate pairs are escaped as JSON does it.
    """
    text = json.dumps({name: getattr(record, name) for name in _NAMES}, ensure_ascii=False)
    return (text if text.isprintable() else printable_json(text)).encode() + b"\n"


def record_of(line: bytes) -> Record:
    """The record that a line holds.

    Raises:
        ValueError: If it holds none.
    """
    try:
        found = json.loads(line.decode())
        values = [found[name] for name in _NAMES]
    except (KeyError, TypeError, RecursionError):
        raise ValueError("not an object with all of the fields") from None
    # Types, and not isinstance: JSON's true is no number.
    if not all(type(value) in kinds for value, kinds in zip(values, _KINDS, strict=True)):
        raise ValueError("a field has another type")
    record = Record(*values)
    if record.status not in {"edited", "failed"} or datetime.fromisoformat(record.finished_at).tzinfo is None:
        raise ValueError("the status or the time is invalid")
    return record


def is_torn(line: bytes) -> bool:
    """Whether this begins like a line of this module, and breaks off."""
    started = _STARTED.match(line)
    if started is None:
        return _START.startswith(line)
    rest = line[started.end() :]
    if not (_NEXT.startswith(rest) or rest.startswith(_NEXT)):
        return False
    try:
        json.JSONDecoder().raw_decode(line.decode(errors="replace"))
    except ValueError:
        return True
    return False
