"""Which annotations of a package typing.get_type_hints cannot resolve."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def annotated(package: ModuleType) -> dict[str, Any]:
    """Every class, function and method that is defined in the package, by its name."""
    modules = [
        package.__name__,
        *(info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")),
    ]
    return {name: value for module in map(importlib.import_module, modules) for name, value in _of_module(module)}


def unresolved(package: ModuleType) -> list[str]:
    """What typing.get_type_hints says about those that it fails on."""
    failures = []
    for name, value in annotated(package).items():
        try:
            typing.get_type_hints(value)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller wants the name
            failures.append(f"{name}: {error!r}")
    return failures


def _of_module(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            yield f"{module.__name__}.{name}", value
        if inspect.isclass(value):
            for attribute, member in vars(value).items():
                function = getattr(member, "fget", None) or getattr(member, "__func__", member)
                if inspect.isfunction(function):
                    yield f"{module.__name__}.{name}.{attribute}", function
