"""Pure: JSON Lines become rows or faults."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from autoenhance.cli._checks import COLUMNS, STRINGS, Checks, Fault, Row, column_of, too_long
from autoenhance.cli._decoding import TooLongError
from autoenhance.cli._text import cut
from autoenhance.cli._values import DEEPEST, STRICT, is_deep, is_unicode, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.cli._decoding import Lines

LABELS: Final = {column: column for column in COLUMNS}
_KINDS: Final = {bool: "true or false", int: "a number", float: "a number", str: "a string", list: "a list"}
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_TOO_DEEP: Final = f"its lists and objects are more than {DEEPEST} deep in each other"


def read_objects(first: str, rest: Lines, *, longest_name: int) -> Iterator[Row | Fault]:
    """The rows and faults of a file whose first object was taken from its lines already."""
    checks = Checks(longest_name, LABELS, read_json)
    try:
        for text in chain([first], rest):
            rest.begin_row()
            if text.strip():
                found = _read(rest.number, text, checks)
                if isinstance(found, Row):
                    yield found
                else:
                    yield from found
    except TooLongError:
        yield too_long(rest.number)


def _read(line: int, text: str, checks: Checks) -> Row | list[Fault]:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        what = f"it is no JSON ({error.msg}); each line has to be one JSON object"
        return [Fault(line, f"character {error.colno}", what)]
    except RecursionError:
        return [Fault(line, "", _TOO_DEEP)]
    except ValueError as error:
        # Of a number with too many digits Python says first what is wrong, and then what a programmer could do.
        return [Fault(line, "", f"it cannot be read: {str(error).partition(';')[0]}")]
    if not isinstance(value, dict):
        return [Fault(line, "", f"it is {_KINDS.get(type(value), 'null')}; each line has to be one JSON object")]
    ours, other, faults = _sort_out(line, value)
    # What is wrong with a string of ours is said with its column.
    inner = [other, *(given for given in ours.values() if not isinstance(given, str))]
    if text.count("[") + text.count("{") > DEEPEST and any(map(is_deep, inner)):
        faults.append(Fault(line, "", _TOO_DEEP))
    elif _HALF.search(text) and not is_unicode(inner):
        faults.append(Fault(line, "", "it has half of a surrogate pair, which is no character; give both halves"))
    if faults:
        return faults
    return checks.row(line, ours, other)


def _sort_out(line: int, value: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[Fault]]:
    """What is given for our columns, what else there is, and what is wrong."""
    seen: set[str] = set()
    ours: dict[str, Any] = {}
    other: dict[str, Any] = {}
    faults: list[Fault] = []
    for title, given in value.pairs if isinstance(value, _Pairs) else value.items():
        column = column_of(title)
        if column is None:
            other[title] = given
        elif column in seen:
            faults.append(Fault(line, column, "it is there twice; give it once"))
        elif isinstance(given, str) or (given is not None and column not in STRINGS):
            ours[column] = given
        elif given is not None:
            faults.append(Fault(line, column, _no_string(given)))
        if column:
            seen.add(column)
    return ours, other, faults


class _Pairs(dict[str, Any]):
    """An object that has a key twice."""

    pairs: list[tuple[str, Any]]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    twice = _Pairs(made)
    twice.pairs = pairs
    return twice


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, **STRICT)


def _no_string(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'it is the number {cut(str(value))}; put it in quotes: "{cut(str(value))}"'
    return f"it is {_KINDS.get(type(value), 'an object')}; give a string"
