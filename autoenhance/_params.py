"""Pure: check values for the contract's parameters, and convert them to what the generated code takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from autoenhance_api.edit_order_params import PARAMS, EditOrderParams, Param, nearest
from autoenhance_api.types import Unset

BY_KEYWORD: Final = {param.keyword: param for param in PARAMS}
BODY: Final = [param for param in PARAMS if param.location == "body"]
REQUIRED: Final = [param for param in PARAMS if param.is_required]
NAMES: Final[Mapping[Any, str]] = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    NoneType: "None",
    dt.datetime: "a datetime",
    dt.date: "a date",
    list: "a list",
}
# Types whose instances Python accepts for the key, and JSON does not.
_EXCLUDED_SUBTYPES: Final[Mapping[Any, type]] = {int: bool, float: bool, dt.date: dt.datetime}
_MISMATCH: Final = object()


def is_order_id(param: Param) -> bool:
    """Whether it is the order's new id."""
    return param.location == "body" and param.wire_name == "order_id"


@cache
def types_of(keyword: str) -> tuple[Any, ...]:
    """Return the types that a keyword takes, without UNSET's."""
    return alternatives(get_type_hints(EditOrderParams)[keyword])


def convert(param: Param, value: object) -> Any:
    """Convert a value to what the generated code takes; see `coerce`."""
    return coerce(param.keyword, types_of(param.keyword), value)


def coerce(keyword: str, kinds: Sequence[Any], value: Any) -> Any:
    """Convert a value to what the generated code takes: a plain value to the enum's member, a sequence to a list.

    Raises:
        TypeError: If it is of another type.
        ValueError: If it is no known value of an enum, or a time without a time zone.
    """
    for kind in kinds:
        if (converted := _convert(kind, value)) is not _MISMATCH:
            return _check_zone(keyword, converted)
        if get_origin(kind) is Sequence and _is_list(value):
            for index, item in enumerate(value):
                coerce(f"{keyword}[{index}]", item_kinds(kind), item)  # raises for the first wrong item
    known = known_values(kinds)
    if known and isinstance(value, type(known[0])):
        hint = f"; did you mean {near!r}?" if (near := nearest(value, known)) else ""
        raise ValueError(f"{keyword} is {value!r}; it must be {describe(kinds)}{hint}")
    hint = "; leave it out instead" if value is None else ""
    raise TypeError(f"{keyword} must be {describe(kinds)}, not {type(value).__name__}{hint}")


def known_values(kinds: Sequence[Any]) -> list[Any]:
    """Return the plain values of the enums among some types."""
    return [member.value for kind in kinds if _is_enum(kind) for member in kind]


def describe(kinds: Sequence[Any], names: Mapping[Any, str] = NAMES) -> str:
    """Describe types for a message, such as `a string or None`."""
    return " or ".join(dict.fromkeys(_describe(kind, names) for kind in kinds))


def _describe(kind: Any, names: Mapping[Any, str]) -> str:
    if known := known_values([kind]):
        return f"one of {', '.join(map(repr, known))}"
    if get_origin(kind) is Sequence:
        return f"{names[list]}, each item of which is {describe(item_kinds(kind), names)}"
    return names.get(kind) or names.get(dict) or f"a {getattr(kind, '__name__', kind)}"


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, without UNSET's type and the plain values beside an enum."""
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    return tuple(kind for kind in kinds if kind is not Unset and get_origin(kind) is not Literal)


def item_kinds(kind: Any) -> tuple[Any, ...]:
    """Return the types of a sequence's items."""
    return alternatives(get_args(kind)[0])


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _convert(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Sequence:
        return _convert_items(item_kinds(kind), value)
    if _is_enum(kind) and not isinstance(value, kind | bool):
        plain = str.__str__(value) if isinstance(value, str) else value
        same = (member for member in kind if isinstance(value, type(member.value)) and member.value == plain)
        return next(same, _MISMATCH)
    if kind is str and isinstance(value, str):
        # The plain text of a string enum or the like, whose own __str__ says something else.
        return str.__str__(value)
    is_one = kind is Any or isinstance(value, (int, float) if kind is float else kind)
    return value if is_one and not isinstance(value, _EXCLUDED_SUBTYPES.get(kind, ())) else _MISMATCH


def _convert_items(kinds: tuple[Any, ...], value: Any) -> Any:
    if not _is_list(value):
        return _MISMATCH
    converted = [
        next((c for kind in kinds if (c := _convert(kind, item)) is not _MISMATCH), _MISMATCH) for item in value
    ]
    return _MISMATCH if any(item is _MISMATCH for item in converted) else converted


def _check_zone(keyword: str, value: Any) -> Any:
    for time in value if isinstance(value, list) else (value,):
        if isinstance(time, dt.datetime) and time.tzinfo is None:
            raise ValueError(f"{keyword} is {time!r}; give it a time zone, such as tzinfo=datetime.UTC")
    return value
