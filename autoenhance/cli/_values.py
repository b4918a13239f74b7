"""Pure: text or JSON, as a table or a command line has it, becomes the value of one of the contract's parameters."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from functools import cache
from itertools import chain
from math import isinf
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, NoReturn, get_origin
from uuid import UUID

from autoenhance._params import NAMES, convert, describe, is_order_id, item_kinds, known_values, types_of
from autoenhance.cli._text import cut, shown
from autoenhance_api.edit_order_params import nearest
from autoenhance_api.types import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

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
    return _first(param, _of_text, text.strip(), shown(text))


def read_json(param: Param, value: Any) -> Any:
    """The value that a value of JSON represents; a string may also be read as text.

    Raises:
        ValueError: If it represents none.
    """
    if not isinstance(value, str):
        return _first(param, _of_json, value, shown(json.dumps(value, ensure_ascii=False))[1:-1])
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
        except (ValueError, TypeError, RecursionError):
            continue
    near = nearest(given, known) if (known := known_values(kinds)) and isinstance(given, str) else ""
    hint = f"; did you mean {near!r}?" if near else ""
    raise ValueError(f"it is {said}; it must be {describe(kinds, _NAMES)}{details}{hint}")


class _ObjectError(ValueError):
    """An object is not as the contract says; the text says in what."""


def _of_text(kind: Any, text: str) -> Any:
    if known := {str(value): value for value in known_values([kind])}:
        return known[text] if text in known else _refuse()
    if kind is bool:
        return _BOOLEANS[text.lower()] if text.lower() in _BOOLEANS else _refuse()
    if kind in {dt.datetime, dt.date, UUID}:
        return _of_json(kind, text)
    value = json.loads(text, **STRICT)
    return _refuse() if is_deep(value) or not is_unicode(value) else _of_json(kind, value)


def _of_json(kind: Any, value: Any) -> Any:
    if value is None:
        _refuse()
    if get_origin(kind) is Sequence:
        return _of_list(item_kinds(kind), value)
    if kind is dt.datetime:
        return parse_timestamp(value)
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    if kind is UUID:
        return UUID(value) if isinstance(value, str) else _refuse()
    return _of_object(kind, value) if hasattr(kind, "from_dict") else value


def _of_object(kind: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        _refuse()
    try:
        return kind.from_dict(value)
    except KeyError as error:
        raise _ObjectError(f"it has no {shown(str(error.args[0]))}") from None
    except Exception:  # noqa: BLE001  # whatever generated code makes of JSON that is not as the contract says
        raise _ObjectError("a value in it is invalid") from None


def _of_list(kinds: Sequence[Any], value: Any) -> list[Any]:
    if not isinstance(value, list):
        _refuse()
    return [_of_item(kinds, item) for item in value]


def _of_item(kinds: Sequence[Any], item: Any) -> Any:
    for kind in kinds:
        try:
            return _of_json(kind, item)
        except _ObjectError:
            raise
        except (ValueError, TypeError):
            continue
    return item  # which is checked with the list


def _refuse() -> NoReturn:
    raise ValueError


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
        raise ValueError(f"the number {cut(text)} is too large")
    return number


STRICT: Final[dict[str, Any]] = {"parse_constant": _no_constant, "parse_float": _number}
"""How JSON is read: Python would take numbers that JSON does not have."""
