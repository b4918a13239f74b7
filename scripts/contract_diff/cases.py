"""Alternatives of a schema, of one type each, and what the keywords of such an alternative say together."""

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
"""A schema: which of the two documents, and where in it."""
Schemas = tuple[Part, ...]
"""Schemas that hold together, in one order; none allow everything."""

TYPES: Final = ("null", "boolean", "number", "string", "array", "object")
_LISTING: Final = frozenset(
    {"type", "enum", "const", "$ref", "title", "description", "default", "example", "deprecated"}
)
_WIDER: Final = {'"int32"': '"int64"', '"float"': '"double"'}
OF_NUMBERS: Final = frozenset({"int32", "int64", "float", "double"})


@dataclass(frozen=True)
class Clause:
    """One alternative: keywords that hold together, schemas that must not hold, and what only another like it implies."""

    layers: frozenset[Part] = frozenset()
    nots: frozenset[Part] = frozenset()
    opaque: frozenset[tuple[str, Part]] = frozenset()

    def __and__(self, other: Clause) -> Clause:
        return Clause(self.layers | other.layers, self.nots | other.nots, self.opaque | other.opaque)


@dataclass
class Case:
    """The values of one type that an alternative allows, and what its keywords say of them together."""

    kind: str
    clause: Clause
    layers: list[tuple[Part, Any]]
    """The schemas of the alternative, with what they say."""
    beside: frozenset[str] = frozenset()
    """The fields that it or another alternative of the same schemas names."""

    def all(self, key: str) -> list[Any]:
        """What each schema that has a keyword says there."""
        return [node[key] for _, node in self.layers if key in node]

    @cached_property
    def values(self) -> list[Any] | None:
        """What an `enum` or a `const` lists of this type; None if any value will do."""
        lists = [*self.all("enum"), *([each] for each in self.all("const"))]
        if self.kind == "null":
            lists.append([None])
        elif self.kind == "boolean":
            lists.append([False, True])
        if not lists:
            return None
        others = [set(map(as_json, each)) for each in lists[1:]]
        return [v for v in lists[0] if kind_of(v) == self.kind and all(as_json(v) in other for other in others)]

    @cached_property
    def listed(self) -> set[str]:
        """The values that are listed, as JSON."""
        return {*map(as_json, self.values or ())}

    @cached_property
    def is_list(self) -> bool:
        """Whether it says nothing but which values there are; numbers may have to be whole as well."""
        is_plain = not self.clause.nots and all(node.keys() <= _LISTING for _, node in self.layers)
        return is_plain and self.values is not None and self.kind != "number"

    @cached_property
    def is_integer(self) -> bool:
        """Whether its numbers are whole."""
        return any("integer" in types and "number" not in types for types in self.all("type"))

    def limit(self, key: str, none: float) -> float:
        """The tightest of the limits with this name; `none` if there is none."""
        tightest: float = (max if key in LOWER else min)([none, *self.all(key)])
        return tightest

    def texts(self, key: str) -> set[str]:
        """What a keyword of texts says, such as each `pattern`; formats of numbers count for numbers only."""
        found = {as_json(value) for value in self.all(key)}
        if key == "format":
            found |= {_WIDER[text] for text in found & _WIDER.keys()}
            return {text for text in found if (json.loads(text) in OF_NUMBERS) == (self.kind == "number")}
        return found

    @cached_property
    def hidden(self) -> set[str]:
        """The fields that are not sent in this direction."""
        return {name for names in self.all("x-hidden") for name in names}

    @cached_property
    def required(self) -> set[str]:
        """The fields that must be there."""
        return {str(name) for names in self.all("required") for name in names} - self.hidden

    @cached_property
    def names(self) -> list[str]:
        """The fields that are named."""
        return list(dict.fromkeys(name for fields in self.all("properties") for name in fields))

    @cached_property
    def known(self) -> list[str]:
        """The fields that are named, or must be there."""
        return list(dict.fromkeys([*self.names, *sorted(self.required)]))

    @cached_property
    def patterns(self) -> list[str]:
        """The patterns for names of fields."""
        return list(dict.fromkeys(pattern for fields in self.all("patternProperties") for pattern in fields))

    def field(self, name: str) -> Schemas:
        """What holds for a field."""
        found: list[Part] = []
        for part, node in self.layers:
            patterns = [each for each in node.get("patternProperties", ()) if _matches(each, name)]
            here = [below(part, "patternProperties", each) for each in patterns]
            if name in node.get("properties", ()):
                here.append(below(part, "properties", name))
            found += here or _others(part, node)
        return joined(found)

    def matching(self, pattern: str, *, at_most: bool) -> Schemas:
        """What holds for fields whose name matches: of those without a name of their own, at least, or at most."""
        found: list[Part] = []
        for part, node in self.layers:
            if pattern in node.get("patternProperties", ()):
                found.append(below(part, "patternProperties", pattern))
            elif at_most:
                found += _others(part, node)
        return joined(found)

    @cached_property
    def others(self) -> Schemas:
        """What holds for fields that are not named and match no pattern."""
        return joined(each for layer in self.layers for each in _others(*layer))

    @cached_property
    def field_names(self) -> Schemas:
        """What holds for the names of fields."""
        return joined(below(part, "propertyNames") for part, node in self.layers if "propertyNames" in node)

    @cached_property
    def prefix(self) -> int:
        """How many items have a schema of their own."""
        return max(map(len, self.all("prefixItems")), default=0)

    def item(self, index: int) -> Schemas:
        """What holds for an item."""
        prefixed = [index < len(node.get("prefixItems", ())) for _, node in self.layers]
        return joined(
            below(part, "prefixItems", index) if is_prefix else below(part, "items")
            for (part, node), is_prefix in zip(self.layers, prefixed, strict=True)
            if is_prefix or is_limited(node, "items")
        )

    @cached_property
    def contained(self) -> list[tuple[Schemas, int, float]]:
        """What must be among the items: a schema, and of how many at least and at most."""
        return [
            ((below(part, "contains"),), node.get("minContains", 1), node.get("maxContains", float("inf")))
            for part, node in self.layers
            if "contains" in node
        ]

    @cached_property
    def dependent(self) -> set[tuple[str, str]]:
        """Which field, if it is there, requires which other."""
        pairs = [pair for each in self.all("dependentRequired") for pair in each.items()]
        return {(name, str(other)) for name, others in pairs if isinstance(others, list) for other in others}

    @cached_property
    def evaluated(self) -> set[object]:
        """What an `unevaluated…` leaves alone: fields and items by name, pattern or number, and keywords for all others."""
        keys = ("additionalProperties", "unevaluatedProperties", "items", "unevaluatedItems", "contains")
        return {*self.names, *self.patterns, *range(self.prefix), *(f"{key}:" for key in keys if self.all(key))}


def is_limited(node: dict[str, Any], key: str) -> bool:
    """Whether a keyword holds a schema that does not allow everything."""
    return node.get(key, True) not in (True, {})


def joined(parts: Iterable[Part]) -> Schemas:
    """Schemas that hold together, in the order that is theirs."""
    return tuple(sorted(set(parts), key=lambda part: (part[0], tuple(map(str, part[1])))))


def below(part: Part, *steps: str | int) -> Part:
    """A part of a schema."""
    return part[0], (*part[1], *steps)


def _others(part: Part, node: dict[str, Any]) -> list[Part]:
    return [below(part, "additionalProperties")] if is_limited(node, "additionalProperties") else []


def _matches(pattern: str, name: str) -> bool:
    return re.search(pattern, name) is not None


def as_json(value: Any) -> str:
    """A value as JSON text, the same for 1 and 1.0, whatever the order of keys."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def kind_of(value: Any) -> str:
    """The type of a JSON value; an integer is a number."""
    for kind, name in ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "null"
