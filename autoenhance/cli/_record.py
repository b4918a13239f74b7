"""Pure: a finished edit as one line of JSON, and back."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from operator import itemgetter
from typing import Any, Final

from autoenhance.cli._text import printable_json


@dataclass(frozen=True, slots=True)
class Record:
    """What came of one edit.

    Attributes:
        order_id: The order.
        edited: Whether the service accepted the edit.
        error: What went wrong, as a sentence; empty if nothing did.
        error_type: The class of the error, such as `NotFoundError`; empty if nothing went wrong.
        status_code: The HTTP status of the last answer; None without one.
        attempts: How many requests were sent.
        seconds: How long it took, retries and waits included; the file has it to the millisecond.
        finished_at: When it ended, in UTC; the file has it to the millisecond.
        line: The line of the edit's row in the table.
        changes: What was to be set, by keyword.
        other: The other columns of that row.
    """

    order_id: str
    edited: bool
    error: str
    error_type: str
    status_code: int | None
    attempts: int
    seconds: float
    finished_at: datetime
    line: int
    changes: dict[str, Any]
    other: dict[str, Any]


_TEXT: Final = (str,)
_TEXT_OR_NULL: Final = (str, type(None))
_CHANGES: Final = "changes"
_COLUMNS: Final = "columns"
# In the order in which they stand. A newer version may add others after these.
_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "order_id": _TEXT,
    "status": _TEXT,
    "error": _TEXT_OR_NULL,
    "error_type": _TEXT_OR_NULL,
    "status_code": (int, type(None)),
    "attempts": (int,),
    "seconds": (float, int),
    "finished_at": _TEXT,
    "line": (int,),
    _CHANGES: (dict,),
    _COLUMNS: (dict,),
}
_in_order: Final = itemgetter(*_KINDS)
# Types, and not isinstance: JSON's true is no number.
_SHAPES: Final = frozenset(product(*_KINDS.values()))
_STATUS: Final = list(_KINDS).index("status")
_FINISHED_AT: Final = list(_KINDS).index("finished_at")
_EDITED: Final = "edited"
_FAILED: Final = "failed"
_STATUSES: Final = frozenset({_EDITED, _FAILED})


def line_of(record: Record) -> bytes:
    r"""The record as a line that ends in a line break.

    UTF-8, so that people find their street names in it. What a terminal would act on, what some programs take for the
    end of a line, and halves of surrogate pairs are escaped as JSON does it.
    """
    fields = {
        "order_id": record.order_id,
        "status": _EDITED if record.edited else _FAILED,
        "error": record.error or None,
        "error_type": record.error_type or None,
        "status_code": record.status_code,
        "attempts": record.attempts,
        "seconds": round(record.seconds, 3),
        "finished_at": f"{record.finished_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
        "line": record.line,
        _CHANGES: record.changes,
        _COLUMNS: record.other,
    }
    try:
        text = _as_json(fields)
    except ValueError:
        # NaN and the infinities are no JSON. What became of an edit is written down whatever its row holds.
        text = _as_json({**fields, _COLUMNS: {str(name): str(value) for name, value in record.other.items()}})
    return (text if text.isprintable() else printable_json(text)).encode() + b"\n"


def _as_json(fields: dict[str, Any]) -> str:
    # A spreadsheet's cells may be times, which are no JSON either.
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, default=str)


def record_of(line: bytes) -> Record:
    """The record that a line holds.

    Raises:
        ValueError: If it holds none.
    """
    order_id, status, error, kind, status_code, attempts, seconds, time, row, changes, other = _values(line)
    return Record(
        order_id=order_id,
        edited=status == _EDITED,
        error=error or "",
        error_type=kind or "",
        status_code=status_code,
        attempts=attempts,
        seconds=seconds,
        finished_at=datetime.fromisoformat(time),
        line=row,
        changes=changes,
        other=other,
    )


def check_line(line: bytes) -> None:
    """Find out whether a line holds a record, in less time than it takes to read it.

    Raises:
        ValueError: If it does not.
    """
    _values(line)


def _values(line: bytes) -> tuple[Any, ...]:
    try:
        values: tuple[Any, ...] = _in_order(json.loads(line.decode()))
    except (KeyError, TypeError, RecursionError):
        raise ValueError("It is no object with all of the fields.") from None
    if tuple(map(type, values)) not in _SHAPES:
        raise ValueError("A field holds something else.")
    if values[_STATUS] not in _STATUSES:
        raise ValueError("It does not say how the edit ended.")
    if datetime.fromisoformat(values[_FINISHED_AT]).tzinfo is None:
        raise ValueError("The time has no zone.")
    return values


# What stands before each value of a line, up to the first object, whose own bracket is with it.
_BEFORE: Final = [
    f'{", " if number else "{"}"{name}": {"{" if name == _CHANGES else ""}'.encode()
    for number, name in enumerate(list(_KINDS)[: list(_KINDS).index(_CHANGES) + 1])
]
# Bytes, because a line may be torn in the middle of a character. A string is without its last quote here.
_STRING: Final = rb'"(?:[^"\\\x00-\x1f]|\\["\\bfnrt]|\\u[0-9a-f]{4})*+'
_TORN_STRING: Final = re.compile(_STRING + rb"(?:\\(?:u[0-9a-f]{0,3})?)?")
_SCALAR: Final = re.compile(_STRING + rb'"|[0-9][-+.0-9e]*+|null')
_TOKEN: Final = re.compile(_STRING + rb'"|[][{}]|[-+.0-9a-z,: ]')
_OPENING: Final = frozenset({b"{", b"["})
_CLOSING: Final = frozenset({b"}", b"]"})


def is_torn(line: bytes) -> bool:
    """Whether this is the beginning of a line that this module writes, and not all of it."""
    at = 0
    for before in _BEFORE:
        if at:
            scalar = _SCALAR.match(line, at)
            if scalar is None:
                return b"null".startswith(line[at:]) or _TORN_STRING.fullmatch(line, at) is not None
            at = scalar.end()
        found = line[at : at + len(before)]
        at += len(found)
        if found != before:
            return before.startswith(found)
    return _stays_open(line, at, depth=2)


def _stays_open(line: bytes, at: int, depth: int) -> bool:
    """Whether JSON goes on to the end of the line without closing as many brackets as are open."""
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            return _TORN_STRING.fullmatch(line, at) is not None
        depth += (token[0] in _OPENING) - (token[0] in _CLOSING)
        if depth == 0:
            return False
        at = token.end()
    return True
