"""Pure: what callers give for the contract's parameters, checked and converted to what the generated code takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from autoenhance_api.edit_order_params import PARAMS, EditOrderParams, Param
from autoenhance_api.types import Unset

BY_KEYWORD: Final = {param.keyword: param for param in PARAMS}
BODY: Final = [param for param in PARAMS if param.location == "body"]
_NAMES: Final = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    NoneType: "None",
    dt.datetime: "a datetime",
    dt.date: "a date",
}
# What Python calls an instance of the type, and is none in JSON.
_NOT_MEANT: Final[Mapping[Any, type]] = {int: bool, float: bool, dt.date: dt.datetime}
_MISMATCH: Final = object()


def is_order_id(param: Param) -> bool:
    """Whether it is the id that the order gets."""
    return param.location == "body" and param.wire_name == "order_id"


@cache
def types_of() -> Mapping[str, tuple[Any, ...]]:
    """The types that each keyword takes, without UNSET's."""
    hints = get_type_hints(EditOrderParams)
    return {keyword: tuple(kind for kind in alternatives(hint) if kind is not Unset) for keyword, hint in hints.items()}


def convert(param: Param, value: object) -> Any:
    """The value as the generated code takes it; see `fit`."""
    return fit(param.keyword, types_of()[param.keyword], value)


def fit(keyword: str, kinds: Sequence[Any], value: object) -> Any:
    """The value as the generated code takes it: an enum's member for its plain value, a list for a sequence.

    Raises:
        TypeError: If it is of another type.
        ValueError: If it is no known value of an enum, or a time without a time zone.
    """
    for kind in kinds:
        if (converted := _convert(kind, value)) is not _MISMATCH:
            return _check_zone(keyword, converted)
    known = known_values(kinds)
    if known and isinstance(value, type(known[0])):
        raise ValueError(f"{keyword} is {value!r}; it must be {_one_of(known)}{_nearest(value, known)}")
    hint = "; leave it out to change nothing" if value is None else ""
    raise TypeError(f"{keyword} is {describe(kinds)}, not {type(value).__name__}{hint}")


def known_values(kinds: Sequence[Any]) -> list[Any]:
    """The plain values of the enums among some types."""
    return [member.value for kind in kinds if _is_enum(kind) for member in kind]


def describe(kinds: Sequence[Any]) -> str:
    """Some types in words, such as `a string or None`."""
    return " or ".join(_describe(kind) for kind in kinds)


def _describe(kind: Any) -> str:
    if _is_enum(kind):
        return _one_of(known_values([kind]))
    if get_origin(kind) is Sequence:
        return f"a list, each item of which is {describe(alternatives(get_args(kind)[0]))}"
    return _NAMES.get(kind) or f"a {getattr(kind, '__name__', kind)}"


def _one_of(values: Sequence[Any]) -> str:
    return f"one of {', '.join(map(repr, values))}"


def _nearest(value: Any, known: Sequence[Any]) -> str:
    from difflib import get_close_matches  # slow to import, and seldom needed

    near = get_close_matches(str(value), list(map(str, known)), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The members of a union, without UNSET's type and the plain values of the enum beside them."""
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    return tuple(kind for kind in kinds if kind is not Unset and get_origin(kind) is not Literal)


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _convert(kind: Any, value: Any) -> Any:
    if get_origin(kind) is Sequence:
        return _convert_items(alternatives(get_args(kind)[0]), value)
    if _is_enum(kind) and not isinstance(value, kind | bool):
        return next((member for member in kind if member.value == value), _MISMATCH)
    if kind is str and isinstance(value, str):
        # The plain text of a string enum or the like, whose own __str__ says something else.
        return str.__str__(value)
    is_one = kind is Any or isinstance(value, (int, float) if kind is float else kind)
    return value if is_one and not isinstance(value, _NOT_MEANT.get(kind, ())) else _MISMATCH


def _convert_items(kinds: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
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
