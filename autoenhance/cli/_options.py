"""Make typer commands from a dataclass of arguments and options, and from the contract's parameters."""

from __future__ import annotations

import datetime as dt
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, fields
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, get_type_hints

import typer

from autoenhance._params import known_values
from autoenhance.cli._text import option_name
from autoenhance.cli._values import kinds_of, read_text
from autoenhance_api.edit_order_params import Param

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from autoenhance.cli._console import Console

    T = TypeVar("T", bound=DataclassInstance)

_METAVARS: Final = {str: "TEXT", int: "NUMBER", float: "NUMBER", dt.datetime: "TIME", dt.date: "DATE"}


def command_of(
    cls: type[T], run: Callable[[T, Console], int | None], params: Iterable[Param] = ()
) -> Callable[..., None]:
    """Return a typer command that parses its arguments into an instance of a class and runs a function with it.

    Args:
        cls: A dataclass whose annotated fields are the arguments and options, and whose docstring is the help.
        run: Called with the instance and the console; returns the exit status.
        params: The contract's parameters that are options, too; the instance has their values as `changes`, by keyword.
    """
    keywords = {param.keyword for param in params}

    def command(context: typer.Context, **values: Any) -> None:
        given = {keyword: values.pop(keyword) for keyword in keywords}
        if keywords:
            values["changes"] = {keyword: value for keyword, value in given.items() if value is not None}
        context.obj.is_verbose = values.get("verbose", False)
        raise typer.Exit(run(cls(**values), context.obj) or 0)

    # Its own options before the inherited ones, and the contract's in the place of `changes`.
    hints = {**inspect.get_annotations(cls), **get_type_hints(cls, include_extras=True)}
    defaults = {field.name: field.default for field in fields(cls)}
    parameters = [_parameter("context", typer.Context, MISSING)]
    for name, hint in hints.items():
        parameters += map(_option, params) if name == "changes" else [_parameter(name, hint, defaults[name])]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # a function
    command.__doc__ = cls.__doc__
    return command


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    default = inspect.Parameter.empty if default is MISSING else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _option(param: Param) -> inspect.Parameter:
    choices = _choices(kinds_of(param))
    option = typer.Option(
        option_name(param.keyword),
        metavar=f"[{'|'.join(choices)}]" if choices else _metavar(kinds_of(param)),
        help=re.split(r"(?<=\.)\s", param.description, maxsplit=1)[0],
        parser=partial(_parse, param),
        autocompletion=_completion(choices) if choices else None,
    )
    return _parameter(param.keyword, Annotated[str | None, option], MISSING if param.is_required else None)


def _choices(kinds: Sequence[Any]) -> list[str]:
    """Return all valid values as text, or nothing if they cannot be listed."""
    if str in kinds:
        return []
    return [str(value) for value in known_values(kinds)] or (["true", "false"] if bool in kinds else [])


def _metavar(kinds: Sequence[Any]) -> str:
    return next((_METAVARS[kind] for kind in kinds if kind in _METAVARS), "JSON")


def _completion(choices: Sequence[str]) -> Callable[[str], list[str]]:
    # Not a partial: typer reads the annotations.
    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


def _parse(param: Param, text: str) -> Any:
    try:
        return read_text(param, text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
