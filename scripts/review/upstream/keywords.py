"""What the keywords of one schema say, before what it refers to and is composed of is added."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract import Pointer


@dataclass(frozen=True)
class At:
    """The schema that stands at a pointer."""

    pointer: Pointer


@dataclass(frozen=True)
class Both:
    """What satisfies all the schemas, such as a field that two parts of an allOf have."""

    parts: tuple[Schema, ...]


@dataclass(frozen=True)
class Either:
    """What satisfies one of the schemas, such as a field that two parts of a oneOf have."""

    parts: tuple[Schema, ...]


Schema = At | Both | Either


@dataclass(frozen=True)
class Shape:
    """What a schema allows, in one form for the many ways to write it.

    Attributes:
        types: The types of JSON without null; None if any type is allowed.
        null: Whether null is allowed; None if nothing was said.
        values: The values of an enum as JSON text, without null; None if there is no enum.
        formats: The names of formats, all of which hold.
        limits: The other keywords that limit, such as maxLength.
        fields: The named fields of an object.
        required: The names of those that must be there.
        others: The schema of fields that are not named; None if they may be anything.
        items: The schema of an array's items; None if they may be anything.
        marks: Which of deprecated, readOnly and writeOnly are set.
        never: Whether it is a schema that allows nothing.
        flaws: What is contradictory in it.
    """

    types: frozenset[str] | None = None
    null: bool | None = None
    values: frozenset[str] | None = None
    formats: frozenset[str] = frozenset()
    limits: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Schema] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    others: Schema | None = None
    items: Schema | None = None
    marks: frozenset[str] = frozenset()
    never: bool = False
    flaws: tuple[str, ...] = ()

    def admits(self, kind: str) -> bool:
        """Whether a value of the type may be allowed."""
        return self.types is None or kind in self.types or (kind == "integer" and "number" in self.types)


ANYTHING: Final = Shape()
NOTHING: Final = Shape(never=True)
MARKS: Final = ("deprecated", "readOnly", "writeOnly")
# The type that a limit is about; None stands for all.
LIMITS: Final[dict[str, str | None]] = {
    "minLength": "string",
    "maxLength": "string",
    "pattern": "string",
    "contentEncoding": "string",
    "contentMediaType": "string",
    "minimum": "number",
    "exclusiveMinimum": "number",
    "maximum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
    "minItems": "array",
    "maxItems": "array",
    "uniqueItems": "array",
    "prefixItems": "array",
    "contains": "array",
    "unevaluatedItems": "array",
    "minProperties": "object",
    "maxProperties": "object",
    "patternProperties": "object",
    "propertyNames": "object",
    "dependentRequired": "object",
    "dependentSchemas": "object",
    "unevaluatedProperties": "object",
    "not": None,
    "if": None,
    "then": None,
    "else": None,
}
# So written, they limit nothing.
_NO_LIMITS: Final = {"minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False}


def of_keywords(node: Mapping[str, Any], pointer: Pointer) -> Shape:
    """The shape that a schema's own keywords give it, without `nullable`, which is about the whole."""
    types, null = _types(node.get("type"))
    values = None
    listed = node.get("enum") if isinstance(node.get("enum"), list) else None
    if "const" in node:
        listed = [value for value in [node["const"]] if listed is None or value in listed]
    if listed is not None:
        null = None in listed and null is not False
        values = frozenset(as_json(value) for value in listed if value is not None)
    fields = node.get("properties")
    required = node.get("required")
    others = node.get("additionalProperties", True)
    name = node.get("format")
    return Shape(
        types=types,
        null=null,
        values=values,
        formats=frozenset([name]) if isinstance(name, str) else frozenset(),
        limits=_limits(node),
        fields={key: At((*pointer, "properties", key)) for key in fields} if isinstance(fields, dict) else {},
        # OpenAPI 2 and 3.0 documents also have the boolean of older drafts.
        required=frozenset(map(str, required)) if isinstance(required, list) else frozenset(),
        others=None if others in (True, {}) else At((*pointer, "additionalProperties")),
        items=At((*pointer, "items")) if isinstance(node.get("items"), dict | bool) else None,
        marks=frozenset(mark for mark in MARKS if node.get(mark) is True),
    )


def as_json(value: Any) -> str:
    """A value as JSON text, the same for 1 and 1.0, whatever the order of keys."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def type_of(text: str) -> str:
    """The JSON type of a value in JSON text."""
    value = json.loads(text)
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def _types(said: Any) -> tuple[frozenset[str] | None, bool | None]:
    names = {said} if isinstance(said, str) else set(map(str, said)) if isinstance(said, list) else set()
    if not names or "any" in names:
        return None, None
    return widest(frozenset(names - {"null"})), "null" in names


def widest(types: frozenset[str]) -> frozenset[str]:
    """The types without those that another one covers."""
    return types - {"integer"} if "number" in types else types


def _limits(node: Mapping[str, Any]) -> dict[str, Any]:
    limits = {key: node[key] for key in LIMITS if key in node and _NO_LIMITS.get(key, node) != node[key]}
    if isinstance(node.get("items"), list):
        limits["prefixItems"] = node["items"]
    for bound in ("minimum", "maximum"):
        exclusive = "exclusive" + bound.capitalize()
        # A boolean beside the bound in 3.0, a bound of its own in 3.1.
        if limits.get(exclusive) is True and bound in limits:
            limits[exclusive] = limits.pop(bound)
        elif isinstance(limits.get(exclusive), bool):
            del limits[exclusive]
    return {key: value for key, value in limits.items() if not is_bound(key) or _is_number(value)}


def is_lower_bound(keyword: str) -> bool:
    """Whether a limit is one below which nothing is allowed."""
    return keyword.startswith(("min", "exclusiveMin"))


def is_bound(keyword: str) -> bool:
    """Whether a limit is a number below or above which nothing is allowed."""
    return is_lower_bound(keyword) or keyword.startswith(("max", "exclusiveMax"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
