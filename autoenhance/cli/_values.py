"""Pure: text or JSON, as a table or a command line has it, becomes the value of one of the contract's parameters."""

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

DEEPEST: Final = 100
"""Far more than anybody writes, and far less than Python's own limit, at which not even a result could be written."""
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
"""What reading a value as a type raises that it does not have."""
_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def is_text(param: Param) -> bool:
    """Whether a parameter is a string, and nothing else."""
    return kinds_of(param) == (str,)


def read_text(param: Param, text: str) -> Any:
    """The value that a text represents: itself if the parameter is a string, else what it says without blanks around it.

    Raises:
        ValueError: If it represents none.
    """
    kinds = kinds_of(param)
    if str in kinds:
        return text.strip() if is_order_id(param) else text
    return _first(param, _of_text, text.strip(), quote(text))


def read_json(param: Param, value: Any) -> Any:
    """The value that a value of JSON represents; a string may also be read as text.

    Raises:
        ValueError: If it represents none.
    """
    if not isinstance(value, str):
        return _first(param, _of_json, value, quote(json.dumps(value, ensure_ascii=False))[1:-1])
    if str in kinds_of(param):
        return read_text(param, value)
    try:
        return _first(param, _of_json, value, "")
    except ValueError:
        return read_text(param, value)


@cache
def kinds_of(param: Param) -> tuple[Any, ...]:
    """The types that a parameter takes. None is not among them: neither a text nor null sets something."""
    return tuple(kind for kind in types_of(param.keyword) if kind is not NoneType)


def _first(param: Param, read: Callable[[Any, Any], Any], given: Any, said: str) -> Any:
    kinds = kinds_of(param)
    details = ""
    for kind in kinds:
        try:
            return convert(param, read(kind, given))
        except _ObjectError as error:
            details = f"; {error}"
        except _MISMATCH:
            continue
    near = nearest(given, known) if (known := known_values(kinds)) and isinstance(given, str) else ""
    hint = f"; did you mean {near!r}?" if near else ""
    raise ValueError(f"{said} is not {describe(kinds, _NAMES)}{details}{hint}")


class _ObjectError(ValueError):
    """An object is not as the contract says; the text says in what."""


def _of_text(kind: Any, text: str) -> Any:
    if known := {str(value): value for value in known_values([kind])}:
        return known[text]
    if kind is bool:
        return _BOOLEANS[text.lower()]
    if kind in _READERS:
        return _of_json(kind, text)
    value = json.loads(text, **STRICT)
    if is_deep(value) or not is_unicode(value):
        raise ValueError(text)
    return _of_json(kind, value)


def _of_json(kind: Any, value: Any) -> Any:
    is_model = hasattr(kind, "from_dict")
    if get_origin(kind) is Sequence and isinstance(value, list):
        return [_of_item(item_kinds(kind), item) for item in value]
    if kind in _READERS:
        return _READERS[kind](value)
    if value is None or (is_model and not isinstance(value, dict)):
        raise TypeError(value)
    try:
        return kind.from_dict(value) if is_model else value
    except KeyError as error:
        raise _ObjectError(f"it has no {quote(str(error.args[0]))}") from None
    except Exception:  # noqa: BLE001  # whatever generated code makes of JSON that is not as the contract says
        raise _ObjectError("a value in it is invalid") from None


def _of_item(kinds: Sequence[Any], item: Any) -> Any:
    for kind in kinds:
        try:
            return _of_json(kind, item)
        except _ObjectError:
            raise
        except _MISMATCH:
            continue
    return item  # which is checked with the list


def is_deep(value: object) -> bool:
    """Whether lists and objects are deeper in each other than anybody writes them."""
    level = [value]
    for _ in range(DEEPEST):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = list(chain.from_iterable(inner))
    return bool(level)


def is_unicode(value: object) -> bool:
    """Whether no text in a value of JSON has half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _number(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"the number {truncate(text)} is too large")
    return number


STRICT: Final[dict[str, Any]] = {"parse_constant": _no_constant, "parse_float": _number}
"""How JSON is read: Python would take numbers that JSON does not have."""
