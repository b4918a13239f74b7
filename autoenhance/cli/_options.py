"""The contract's parameters as options of a command."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, Final, TypeVar

import typer

from autoenhance._params import known_values
from autoenhance.cli._text import option_name
from autoenhance.cli._values import kinds_of, read_text
from autoenhance_api.edit_order_params import PARAMS, Param

F = TypeVar("F", bound=Callable[..., Any])

_METAVARS: Final = {str: "TEXT", int: "NUMBER", float: "NUMBER", dt.datetime: "TIME", dt.date: "DATE"}


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
    choices = _choices(kinds_of(param))
    option = typer.Option(
        option_name(param.keyword),
        metavar=f"[{'|'.join(choices)}]" if choices else _metavar(kinds_of(param)),
        help=param.description,
        parser=partial(_parse, param),
        autocompletion=_completion(choices) if choices else None,
    )
    default = inspect.Parameter.empty if param.is_required else None
    annotation = Annotated[str | None, option]
    return inspect.Parameter(param.keyword, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


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
