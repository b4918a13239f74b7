"""The contract's parameters in a terminal and in a table: as options of a command, and as text or JSON that becomes a value."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from autoenhance._params import convert, describe, is_order_id, known_values, types_of
from autoenhance_api.edit_order_params import PARAMS, Param
from autoenhance_api.types import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

F = TypeVar("F", bound=Callable[..., Any])

_METAVARS: Final = {
    str: "TEXT",
    int: "NUMBER",
    float: "NUMBER",
    bool: "[true|false]",
    dt.datetime: "TIME",
    dt.date: "DATE",
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
    known = known_values(types_of()[param.keyword])
    option = typer.Option(
        option_name(param.keyword),
        metavar=f"[{'|'.join(map(str, known))}]" if known else _metavar(types_of()[param.keyword]),
        help=param.description,
        parser=partial(_parse, param),
        autocompletion=partial(_complete, known) if known else None,
    )
    return inspect.Parameter(
        param.keyword, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option]
    )


def _metavar(kinds: Sequence[Any]) -> str:
    return next((_METAVARS[kind] for kind in kinds if kind in _METAVARS), "JSON")


def _complete(known: Sequence[Any], incomplete: str) -> list[str]:
    return [value for value in map(str, known) if value.startswith(incomplete)]


def _parse(param: Param, text: str) -> Any:
    try:
        return read_text(param, text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_text(param: Param, text: str) -> Any:
    """The value that a text stands for: itself if the parameter is a string, else what it says without blanks around it.

    Raises:
        ValueError: If it stands for none.
    """
    kinds = types_of()[param.keyword]
    if str in kinds:
        return text.strip() if is_order_id(param) else text
    known = {str(value): value for value in known_values(kinds)}
    try:
        return convert(param, known.get(text.strip(), text.strip()) if known else _value(kinds, text.strip()))
    except (TypeError, ValueError) as error:
        if known:
            raise ValueError(_of_it(param, error)) from None
        raise ValueError(f"it is {text!r}; it must be {describe(kinds)}") from None


def read_json(param: Param, value: Any) -> Any:
    """The value that a value of JSON stands for.

    Raises:
        ValueError: If it stands for none.
    """
    if isinstance(value, str):
        return read_text(param, value)
    try:
        return convert(param, _of_model(types_of()[param.keyword], value))
    except (TypeError, ValueError) as error:
        raise ValueError(_of_it(param, error)) from None


def _of_it(param: Param, error: Exception) -> str:
    return f"it{str(error).removeprefix(param.keyword)}"


def _value(kinds: Sequence[Any], text: str) -> Any:
    if bool in kinds and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if dt.datetime in kinds:
        return parse_timestamp(text)
    if dt.date in kinds:
        return dt.date.fromisoformat(text)
    return _of_model(kinds, json.loads(text))


def _of_model(kinds: Sequence[Any], value: Any) -> Any:
    models = [kind for kind in kinds if hasattr(kind, "from_dict")]
    return models[0].from_dict(value) if models and isinstance(value, dict) else value
