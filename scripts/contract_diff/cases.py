"""Alternatives of a schema, of one type each, with their keywords combined."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from contract_diff.document import LOWER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contract import Pointer

Part = tuple[int, "Pointer"]
"""A schema: the index of its document (0 or 1), and its pointer there."""
Schemas = tuple[Part, ...]
"""Schemas that must all match, sorted; an empty tuple allows everything."""

TYPES: Final = ("null", "boolean", "number", "string", "array", "object")
_LISTING: Final = frozenset(
    {"type", "enum", "const", "$ref", "title", "description", "default", "example", "deprecated"}
)
_WIDER: Final = {'"int32"': '"int64"', '"float"': '"double"'}
OF_NUMBERS: Final = frozenset({"int32", "int64", "float", "double"})


@dataclass(frozen=True)
class Clause:
    """One alternative: schemas that must match, schemas that must not match, and keywords that are not understood."""

    layers: frozenset[Part] = frozenset()
    nots: frozenset[Part] = frozenset()
    opaque: frozenset[tuple[str, Part]] = frozenset()

    def __and__(self, other: Clause) -> Clause:
        return Clause(self.layers | other.layers, self.nots | other.nots, self.opaque | other.opaque)


@dataclass
class Case:
    """The values of one type that an alternative allows, by its combined keywords."""

    kind: str
    clause: Clause
    layers: list[tuple[Part, Any]]
    """The schemas of the alternative, with their nodes."""
    beside: frozenset[str] = frozenset()
    """The fields that this or another alternative of the same schemas declares."""

    def all(self, key: str) -> list[Any]:
        """Return the value of a keyword in each schema that has it."""
        return [node[key] for _, node in self.layers if key in node]

    @cached_property
    def values(self) -> list[Any] | None:
        """The values of this type that `enum` or `const` lists; None if neither is given."""
        lists = [*self.all("enum"), *([each] for each in self.all("const"))]
        if self.kind == "null":
            lists.append([None])
        elif self.kind == "boolean":
            lists.append([False, True])
        if not lists:
            return None
        others = [set(map(as_json, each)) for each in lists[1:]]
        return [v for v in lists[0] if kind_of(v) == self.kind and all(as_json(v) in values for values in others)]

    @cached_property
    def listed(self) -> set[str]:
        """The listed values, as JSON."""
        return {*map(as_json, self.values or ())}

    @cached_property
    def is_list(self) -> bool:
        """Whether it only lists values; never for numbers, which may also have to be integers."""
        is_plain = not self.clause.nots and all(node.keys() <= _LISTING for _, node in self.layers)
        return is_plain and self.values is not None and self.kind != "number"

    @cached_property
    def is_integer(self) -> bool:
        """Whether its numbers are integers."""
        return any("integer" in types and "number" not in types for types in self.all("type"))

    def limit(self, key: str, none: float) -> float:
        """Return the tightest limit of this name, or `none` without one."""
        tightest: float = (max if key in LOWER else min)([none, *self.all(key)])
        return tightest

    def texts(self, key: str) -> set[str]:
        """Return all values of a string keyword such as `pattern`, as JSON; numeric formats count for numbers only."""
        texts = {as_json(value) for value in self.all(key)}
        if key == "format":
            texts |= {_WIDER[text] for text in texts & _WIDER.keys()}
            return {text for text in texts if (json.loads(text) in OF_NUMBERS) == (self.kind == "number")}
        return texts

    @cached_property
    def hidden(self) -> set[str]:
        """The fields that are not sent in this direction."""
        return {name for names in self.all("x-hidden") for name in names}

    @cached_property
    def required(self) -> set[str]:
        """The required fields."""
        return {str(name) for names in self.all("required") for name in names} - self.hidden

    @cached_property
    def names(self) -> list[str]:
        """The declared fields."""
        return list(dict.fromkeys(name for fields in self.all("properties") for name in fields))

    @cached_property
    def known(self) -> list[str]:
        """The declared or required fields."""
        return list(dict.fromkeys([*self.names, *sorted(self.required)]))

    @cached_property
    def patterns(self) -> list[str]:
        """The patterns of `patternProperties`."""
        return list(dict.fromkeys(pattern for fields in self.all("patternProperties") for pattern in fields))

    def field(self, name: str) -> Schemas:
        """Return the schemas of a field."""
        schemas: list[Part] = []
        for part, node in self.layers:
            patterns = [each for each in node.get("patternProperties", ()) if _matches(each, name)]
            own = [below(part, "patternProperties", each) for each in patterns]
            if name in node.get("properties", ()):
                own.append(below(part, "properties", name))
            schemas += own or _others(part, node)
        return joined(schemas)

    def matching(self, pattern: str, *, at_most: bool) -> Schemas:
        """Return the schemas of undeclared fields that match a pattern; with `at_most` also those of other fields."""
        schemas: list[Part] = []
        for part, node in self.layers:
            if pattern in node.get("patternProperties", ()):
                schemas.append(below(part, "patternProperties", pattern))
            elif at_most:
                schemas += _others(part, node)
        return joined(schemas)

    @cached_property
    def others(self) -> Schemas:
        """The schemas of fields that are not declared and match no pattern."""
        return joined(each for layer in self.layers for each in _others(*layer))

    @cached_property
    def field_names(self) -> Schemas:
        """The schemas of field names (`propertyNames`)."""
        return joined(below(part, "propertyNames") for part, node in self.layers if "propertyNames" in node)

    @cached_property
    def prefix(self) -> int:
        """The number of items with a schema of their own."""
        return max(map(len, self.all("prefixItems")), default=0)

    def item(self, index: int) -> Schemas:
        """Return the schemas of the item at an index."""
        prefixed = [index < len(node.get("prefixItems", ())) for _, node in self.layers]
        return joined(
            below(part, "prefixItems", index) if is_prefix else below(part, "items")
            for (part, node), is_prefix in zip(self.layers, prefixed, strict=True)
            if is_prefix or is_limited(node, "items")
        )

    @cached_property
    def contained(self) -> list[tuple[Schemas, int, float]]:
        """The schemas of `contains`, each with the minimum and the maximum number of matching items."""
        return [
            ((below(part, "contains"),), node.get("minContains", 1), node.get("maxContains", float("inf")))
            for part, node in self.layers
            if "contains" in node
        ]

    @cached_property
    def dependent(self) -> set[tuple[str, str]]:
        """Pairs of fields of which the first requires the second (`dependentRequired`)."""
        pairs = [pair for each in self.all("dependentRequired") for pair in each.items()]
        return {(name, str(other)) for name, others in pairs if isinstance(others, list) for other in others}

    @cached_property
    def evaluated(self) -> set[object]:
        """What `unevaluated…` ignores: fields and items by name, pattern or index, and keywords for all others."""
        keys = ("additionalProperties", "unevaluatedProperties", "items", "unevaluatedItems", "contains")
        return {*self.names, *self.patterns, *range(self.prefix), *(f"{key}:" for key in keys if self.all(key))}


def is_limited(node: dict[str, Any], key: str) -> bool:
    """Return whether a keyword has a schema that does not allow everything."""
    return node.get(key, True) not in (True, {})


def joined(parts: Iterable[Part]) -> Schemas:
    """Return schemas that must all match, without duplicates and sorted."""
    return tuple(sorted(set(parts), key=lambda part: (part[0], tuple(map(str, part[1])))))


def below(part: Part, *steps: str | int) -> Part:
    """Return a part of a schema."""
    return part[0], (*part[1], *steps)


def _others(part: Part, node: dict[str, Any]) -> list[Part]:
    return [below(part, "additionalProperties")] if is_limited(node, "additionalProperties") else []


def _matches(pattern: str, name: str) -> bool:
    return re.search(pattern, name) is not None


def as_json(value: Any) -> str:
    """Return a value as JSON with sorted keys, the same for 1 and 1.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def kind_of(value: Any) -> str:
    """Return the type of a JSON value; an integer is a number."""
    for kind, name in ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "null"
