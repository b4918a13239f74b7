"""What the keywords of schemas that hold together come to; pure."""

from __future__ import annotations

import json
from typing import Any

# What allows everything says nothing.
OPEN: tuple[tuple[str, Any], ...] = (
    ("additionalProperties", True),
    ("unevaluatedProperties", True),
    ("unevaluatedItems", True),
    ("items", True),
    ("uniqueItems", False),
    ("deprecated", False),
    ("readOnly", False),
    ("writeOnly", False),
)
_LOWEST_WINS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_HIGHEST_WINS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})


def merge_values(key: str, values: list[tuple[Any, bool]]) -> Any:
    """One value for a keyword that several schemas say something of; with each, whether null is allowed beside it."""
    if key == "type":
        return _common([_with_null(_listed(value), null_beside=beside) for value, beside in values])
    if key == "enum":
        return _common([[*value, None] if beside and None not in value else list(value) for value, beside in values])
    plain = [value for value, _ in values]
    if key == "required":
        return sorted({name for value in plain for name in value})
    if all(value == plain[0] for value in plain):
        return plain[0]
    if all(isinstance(value, int | float) for value in plain) and key in _LOWEST_WINS | _HIGHEST_WINS:
        return min(plain) if key in _LOWEST_WINS else max(plain)
    # What cannot be joined is compared as a whole.
    return plain


def settle(schema: dict[str, Any]) -> dict[str, Any]:
    """Say in one way which types, and which values, and whether null is one of them."""
    if "const" in schema:
        const = schema.pop("const")
        schema["enum"] = _common([[const], schema["enum"]] if "enum" in schema else [[const]])
    _take_types_of_alternatives(schema)
    values, types = schema.get("enum"), schema.get("type")
    if isinstance(values, list):
        if types is not None and None not in values:
            types = [name for name in types if name != "null"]
        schema["enum"] = sorted((value for value in values if value is not None), key=json.dumps)
    if isinstance(types, list):
        schema["type"] = types[0] if len(types) == 1 else sorted(types, key=lambda name: (name == "null", name))
    return schema


def _take_types_of_alternatives(schema: dict[str, Any]) -> None:
    """Say `type: [a, b]` where there are alternatives that differ in nothing but their types."""
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if (
            "type" not in schema
            and isinstance(branches, list)
            and all(branch.keys() == {"type"} for branch in branches)
        ):
            del schema[key]
            schema["type"] = list(dict.fromkeys(name for branch in branches for name in _listed(branch["type"])))


def _listed(types: Any) -> list[Any]:
    return list(types) if isinstance(types, list) else [types]


def _with_null(types: list[Any], *, null_beside: bool) -> list[Any]:
    return [*types, "null"] if null_beside and "null" not in types else types


def _common(lists: list[list[Any]]) -> list[Any]:
    """What is in all of the lists; an integer is a number."""
    first, *others = lists
    return [
        value
        for value in first
        if all(value in other or (value == "integer" and "number" in other) for other in others)
    ]
