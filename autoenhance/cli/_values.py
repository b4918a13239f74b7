"""Pure: convert text or JSON, from a table or a command line, to the value of one of the contract's parameters."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from math import isinf
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_origin
from uuid import UUID

from autoenhance._params import NAMES, convert, describe, is_order_id, item_kinds, known_values, types_of
from autoenhance.cli._text import quote, truncate
from autoenhance_api.edit_order_params import nearest
from autoenhance_api.types import parse_timestamp

if TYPE_CHECKING:
    from autoenhance_api.edit_order_params import Param

MAX_DEPTH: Final = 100
"""The deepest nesting that is read: far below Python's own limit, with which the result could not be written."""
_NAMES: Final[dict[Any, str]] = {
    **NAMES,
    bool: "true or false",
    dt.datetime: "a time such as 2026-05-04T18:12:00Z",
    dt.date: "a date such as 2026-05-04",
    UUID: "a UUID",
    list: "a JSON list",
    dict: "a JSON object",
    Any: "JSON",
}
_READERS: Final[dict[Any, Callable[[Any], Any]]] = {
    dt.datetime: parse_timestamp,
    dt.date: dt.date.fromisoformat,
    UUID: UUID,
}
_MISMATCH: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What reading a value as another type raises."""
_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def is_text(param: Param) -> bool:
    """Return whether a parameter takes only strings."""
    return kinds_of(param) == (str,)


def read_text(param: Param, text: str) -> Any:
    """Convert text to a value: the text itself if the parameter is a string, else what it represents when stripped.

    Raises:
        ValueError: If it is invalid.
    """
    kinds = kinds_of(param)
    if str in kinds:
        return text.strip() if is_order_id(param) else text
    return _first_match(param, _from_text, text.strip(), quote(text))


def read_json(param: Param, value: Any) -> Any:
    """Convert a JSON value to a value; a string that is not valid as such is read as text.

    Raises:
        ValueError: If it is invalid.
    """
    if not isinstance(value, str):
        return _first_match(param, _from_json, value, quote(json.dumps(value, ensure_ascii=False))[1:-1])
    if str in kinds_of(param):
        return read_text(param, value)
    try:
        return _first_match(param, _from_json, value, "")
    except ValueError:
        return read_text(param, value)


@cache
def kinds_of(param: Param) -> tuple[Any, ...]:
    """Return the types that a parameter takes, except None, which neither text nor null can set."""
    return tuple(kind for kind in types_of(param.keyword) if kind is not NoneType)


def _first_match(param: Param, read: Callable[[Any, Any], Any], value: Any, shown: str) -> Any:
    kinds = kinds_of(param)
    details = ""
    for kind in kinds:
        try:
            return convert(param, read(kind, value))
        except _ObjectError as error:
            details = f"; {error}"
        except _MISMATCH:
            continue
    near = nearest(value, known) if (known := known_values(kinds)) and isinstance(value, str) else ""
    hint = f"; did you mean {near!r}?" if near else ""
    raise ValueError(f"{shown} is not {describe(kinds, _NAMES)}{details}{hint}")


class _ObjectError(ValueError):
    """An object is invalid; the message tells why."""


def _from_text(kind: Any, text: str) -> Any:
    if known := {str(value): value for value in known_values([kind])}:
        return known[text]
    if kind is bool:
        return _BOOLEANS[text.lower()]
    if kind in _READERS:
        return _from_json(kind, text)
    value = json.loads(text, **STRICT)
    if is_deep(value) or not is_unicode(value):
        raise ValueError(text)
    return _from_json(kind, value)


def _from_json(kind: Any, value: Any) -> Any:
    is_model = hasattr(kind, "from_dict")
    if get_origin(kind) is Sequence and isinstance(value, list):
        return [_from_item(item_kinds(kind), item) for item in value]
    if kind in _READERS:
        return _READERS[kind](value)
    if value is None or (is_model and not isinstance(value, dict)):
        raise TypeError(value)
    try:
        return kind.from_dict(value) if is_model else value
    except KeyError as error:
        raise _ObjectError(f"it has no {quote(str(error.args[0]))}") from None
    except Exception:  # noqa: BLE001  # generated code may raise anything for invalid JSON
        raise _ObjectError("a value in it is invalid") from None


def _from_item(kinds: Sequence[Any], item: Any) -> Any:
    for kind in kinds:
        try:
            return _from_json(kind, item)
        except _ObjectError:
            raise
        except _MISMATCH:
            continue
    return item  # checked with the list


def is_deep(value: object) -> bool:
    """Return whether lists and objects are nested too deeply."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = list(chain.from_iterable(inner))
    return bool(level)


def is_unicode(value: object) -> bool:
    """Return whether a JSON value has no lone surrogates."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _parse_float(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"the number {truncate(text)} is too large")
    return number


STRICT: Final[dict[str, Any]] = {"parse_constant": _reject_constant, "parse_float": _parse_float}
"""Arguments of the JSON decoder, which by default accepts numbers that JSON does not have."""
