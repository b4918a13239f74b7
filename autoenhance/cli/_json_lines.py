"""Pure: the text of a JSON Lines file as rows."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

from autoenhance.cli._header import COLUMNS, Entry, Header, RowError, column_of
from autoenhance.cli._values import DEEPEST, STRICT, is_deep

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER: Final = Header(0, 0, {}, {column: column for column in COLUMNS}, [])
"""That each row has its own names."""
_TOO_DEEP: Final = f"lists and objects are nested more than {DEEPEST} deep"


class _Object(dict[str, Any]):
    """A JSON object that knows whether a key was there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


# A key that is there twice is found out: Python would keep the last.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_Object, **STRICT)


def read_json_lines(text: str) -> Iterator[Entry | RowError]:
    """The rows of a file, each line an object; blank lines are passed over."""
    if text.lstrip().startswith("["):
        yield RowError(0, 0, "", "JSON array; JSON Lines has one object a line (jq -c '.[]' FILE makes them)")
        return
    for row, line in enumerate(io.StringIO(text, newline=""), 1):
        if line.strip():
            yield _read(row, line)


def _read(row: int, text: str) -> Entry | RowError:
    value = _decode(row, text)
    if isinstance(value, RowError):
        return value
    given: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for key, item in value.pairs:
        column = column_of(key)
        if column in given:
            return RowError(row, row, column, "given twice; give it once")
        if column:
            given[column] = item
        else:
            other[key] = item
    return Entry(row, row, given, other)


def _decode(row: int, text: str) -> _Object | RowError:
    where, what = "", "not a JSON object; each line is one JSON object"
    try:
        value = _DECODER.decode(text.rstrip())
        # Of a simple row the depth need not be measured.
        if text.count("[") + text.count("{") > DEEPEST and is_deep(value):
            what = _TOO_DEEP
        elif isinstance(value, _Object):
            return value
    except json.JSONDecodeError as error:
        where, what = f"character {error.colno}", "invalid JSON; each line is one JSON object"
    except ValueError as error:
        # Of a number with too many digits Python says first what is wrong, and then what a programmer could do.
        what = f"invalid JSON: {str(error).partition(';')[0]}"
    except RecursionError:
        what = _TOO_DEEP
    return RowError(row, row, where, what)
