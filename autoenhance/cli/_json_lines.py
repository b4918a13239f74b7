"""Pure: read the rows of a JSON Lines file."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

from autoenhance.cli._header import COLUMNS, Entry, Header, RowError, column_of
from autoenhance.cli._values import MAX_DEPTH, STRICT, is_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER: Final = Header(0, 0, {}, {column: column for column in COLUMNS}, [])
"""An empty header: each row has its own keys."""
_TOO_DEEP: Final = f"lists and objects are nested more than {MAX_DEPTH} deep"


class _Object(dict[str, Any]):
    """A JSON object with all its pairs, so that duplicate keys can be found: a dict has only the last."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_Object, **STRICT)


def read_json_lines(text: str) -> Iterator[Entry | RowError]:
    """Read a row from each line; blank lines are skipped."""
    if text.lstrip().startswith("["):
        yield RowError(0, 0, "", "JSON array; JSON Lines has one object per line (convert it with jq -c '.[]' FILE)")
        return
    for row, line in enumerate(io.StringIO(text, newline=""), 1):
        if line.strip():
            yield _read(row, line)


def _read(row: int, text: str) -> Entry | RowError:
    value = _decode(row, text)
    if isinstance(value, RowError):
        return value
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for key, item in value.pairs:
        column = column_of(key)
        if column in known:
            return RowError(row, row, column, "duplicate key; give it once")
        if column:
            known[column] = item
        else:
            other[key] = item
    return Entry(row, row, known, other)


def _decode(row: int, text: str) -> _Object | RowError:
    column, message = "", "not a JSON object; each line is one JSON object"
    try:
        value = _DECODER.decode(text.rstrip())
        # A simple row need not be measured.
        if text.count("[") + text.count("{") > MAX_DEPTH and is_deep(value):
            message = _TOO_DEEP
        elif isinstance(value, _Object):
            return value
    except json.JSONDecodeError as error:
        column, message = f"character {error.colno}", "invalid JSON; each line is one JSON object"
    except ValueError as error:
        # For a number with too many digits, Python adds advice for programmers after a semicolon.
        message = f"invalid JSON: {str(error).partition(';')[0]}"
    except RecursionError:
        message = _TOO_DEEP
    return RowError(row, row, column, message)
