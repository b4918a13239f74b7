"""The contract's parameters in a terminal and in a table: as options of a command, and as text or JSON that becomes a value."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import chain
from math import isinf
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar, Union, get_args, get_origin

import typer

from autoenhance._params import convert, is_order_id, known_values, types_of
from autoenhance.cli._text import cut, shown
from autoenhance_api.edit_order_params import PARAMS, Param
from autoenhance_api.types import parse_timestamp

F = TypeVar("F", bound=Callable[..., Any])

DEEPEST: Final = 100
"""Far more than anybody writes, and far less than Python's own limit, at which not even a result could be written."""
_METAVARS: Final = {str: "TEXT", int: "NUMBER", float: "NUMBER", dt.datetime: "TIME", dt.date: "DATE"}
_WORDS: Final = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dt.datetime: "a time such as 2026-05-04T18:12:00Z",
    dt.date: "a date such as 2026-05-04",
    Any: "JSON",
}
_BOOLEANS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def option_name(keyword: str) -> str:
    """The option for a keyword of the library."""
    return f"--{keyword.replace('_', '-')}"


def with_options(command: F) -> F:
    """Give a command, in the place of its `**changes`, an option for each parameter of the contract."""
    signature = inspect.signature(command, eval_str=True)
    *named, _ = signature.parameters.values()
    positional = [parameter for parameter in named if parameter.kind is not inspect.Parameter.KEYWORD_ONLY]
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]  # a function
        parameters=[*positional, *map(_option, PARAMS), *named[len(positional) :]]
    )
    return command


def _option(param: Param) -> inspect.Parameter:
    choices = _choices(_kinds(param))
    option = typer.Option(
        option_name(param.keyword),
        metavar=f"[{'|'.join(choices)}]" if choices else _metavar(_kinds(param)),
        help=param.description,
        parser=partial(_parse, param),
        autocompletion=_completion(choices) if choices else None,
    )
    return inspect.Parameter(
        param.keyword, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
    )


def _choices(kinds: Sequence[Any]) -> list[str]:
    """All texts that are right, if they are few."""
    if str in kinds:
        return []
    return [str(value) for value in known_values(kinds)] or (["true", "false"] if bool in kinds else [])


def _metavar(kinds: Sequence[Any]) -> str:
    return next((_METAVARS[kind] for kind in kinds if kind in _METAVARS), "JSON")


def _completion(choices: Sequence[str]) -> Callable[[str], list[str]]:
    # typer reads its annotations, so that it is a function.
    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


def _parse(param: Param, text: str) -> Any:
    try:
        return read_text(param, text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def is_text(param: Param) -> bool:
    """Whether a parameter is a string, and nothing else."""
    return _kinds(param) == (str,)


def read_text(param: Param, text: str) -> Any:
    """The value that a text stands for: itself if the parameter is a string, else what it says without blanks around it.

    Raises:
        ValueError: If it stands for none.
    """
    kinds = _kinds(param)
    if str in kinds:
        return text.strip() if is_order_id(param) else text
    return _first(param, _of_text, text.strip(), shown(text))


def read_json(param: Param, value: Any) -> Any:
    """The value that a value of JSON stands for; of a string also the value that it stands for as a text.

    Raises:
        ValueError: If it stands for none.
    """
    if not isinstance(value, str):
        return _first(param, _of_json, value, shown(json.dumps(value, ensure_ascii=False))[1:-1])
    if str in _kinds(param):
        return read_text(param, value)
    try:
        return _first(param, _of_json, value, "")
    except ValueError:
        return read_text(param, value)


@cache
def _kinds(param: Param) -> tuple[Any, ...]:
    """The types that a parameter takes. None is not among them: neither a text nor null sets something."""
    return tuple(kind for kind in types_of()[param.keyword] if kind is not NoneType)


def _first(param: Param, read: Callable[[Any, Any], Any], given: Any, said: str) -> Any:
    kinds = _kinds(param)
    details = ""
    for kind in kinds:
        try:
            return convert(param, read(kind, given))
        except _ObjectError as error:
            details = f"; {error}"
        except (ValueError, TypeError, RecursionError):
            continue
    raise ValueError(f"it is {said}; it must be {_in_words(kinds)}{details}{_nearest(given, kinds)}")


class _ObjectError(ValueError):
    """An object is not as the contract says; the text says in what."""


def _of_text(kind: Any, text: str) -> Any:
    if values := known_values([kind]):
        return next(value for value in values if str(value) == text) if text in map(str, values) else _refuse()
    if kind is bool:
        return _BOOLEANS[text.lower()] if text.lower() in _BOOLEANS else _refuse()
    if kind in {dt.datetime, dt.date}:
        return _of_json(kind, text)
    value = json.loads(text, **STRICT)
    return _refuse() if is_deep(value) or not is_unicode(value) else _of_json(kind, value)


def _of_json(kind: Any, value: Any) -> Any:
    if value is None:
        _refuse()
    if get_origin(kind) is Sequence:
        return _of_list(_item_kinds(kind), value)
    if kind is dt.datetime:
        return parse_timestamp(value)
    if kind is dt.date:
        return dt.date.fromisoformat(value)
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


def _item_kinds(kind: Any) -> tuple[Any, ...]:
    """The types that an item of a list has, without the plain values beside an enum."""
    (item,) = get_args(kind)
    kinds = get_args(item) if get_origin(item) in {Union, UnionType} else (item,)
    return tuple(each for each in kinds if get_origin(each) is not Literal)


def _refuse() -> NoReturn:
    raise ValueError


def _in_words(kinds: Sequence[Any]) -> str:
    return " or ".join(_word(kind) for kind in kinds if kind is not NoneType)


def _word(kind: Any) -> str:
    if values := known_values([kind]):
        return f"one of {', '.join(map(repr, values))}"
    if get_origin(kind) is Sequence:
        return f"a JSON list, each item of which is {_in_words(_item_kinds(kind))}"
    return _WORDS.get(kind, "a JSON object")


def _nearest(given: Any, kinds: Sequence[Any]) -> str:
    choices = [str(value) for value in known_values(kinds)]
    if not choices or not isinstance(given, str):
        return ""
    from difflib import get_close_matches  # slow to import, and seldom needed

    near = get_close_matches(given, choices, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


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
