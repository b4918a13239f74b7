"""Which annotations typing.get_type_hints cannot resolve."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType


def annotated(package: ModuleType) -> dict[str, Any]:
    """Every class, function and method that is defined in the package, by its name."""
    names = [info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return {
        name: value
        for module in map(importlib.import_module, [package.__name__, *names])
        for own, found in list(vars(module).items())
        if getattr(found, "__module__", None) == module.__name__
        for name, value in with_methods(f"{module.__name__}.{own}", found)
    }


def with_methods(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A function, or a class with its methods and properties; nothing of any other value."""
    if inspect.isfunction(value) or inspect.isclass(value):
        yield name, value
    if inspect.isclass(value):
        for attribute, member in vars(value).items():
            function = getattr(member, "fget", None) or getattr(member, "__func__", member)
            if inspect.isfunction(function):
                yield f"{name}.{attribute}", function


def unresolved(found: ModuleType | Mapping[str, Any]) -> list[str]:
    """What typing.get_type_hints says about those that it fails on."""
    failures = []
    for name, value in (annotated(found) if inspect.ismodule(found) else found).items():
        try:
            typing.get_type_hints(value)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller wants the name
            failures.append(f"{name}: {error!r}")
    return failures
