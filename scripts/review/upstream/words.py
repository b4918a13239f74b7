"""The words for shapes and values in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from review.upstream.keywords import Shape
    from review.upstream.shapes import Shapes

_MOST_VALUES: Final = 12
_LONGEST: Final = 60
_ONE: Final = {"object": "an object", "array": "a list", "integer": "an integer"}


def kind_of(shape: Shape, shapes: Shapes) -> str:
    """What a value is, such as `a list of objects or null`."""
    words = types_of(shape)
    if shape.types == frozenset({"array"}) and shape.items is not None:
        items = shapes.of(shape.items).types
        if items is not None and len(items) == 1:
            words += f" of {next(iter(items))}s"
    return words + (" or null" if shape.null and shape.types else "")


def types_of(shape: Shape) -> str:
    """The types of a value without null."""
    if shape.types is None:
        return "anything"
    if not shape.types:
        return "null alone" if shape.null else "nothing"
    return " or ".join(_ONE.get(name, f"a {name}") for name in sorted(shape.types))


def listed(texts: Iterable[str]) -> str:
    """Values in JSON text, sorted; of many the first."""
    values = sorted(cut(text) for text in texts)
    more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
    return ", ".join(values[:_MOST_VALUES]) + more


def cut(value: Any) -> str:
    """One value in few characters."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
