"""Brings a contract into the one form that all contracts with the same meaning share, and remembers what came from where.

References are replaced by what they point to, and every way to say that a value may be null becomes `type: [x, 'null']`. So a
schema that moves, gets another name or says the same in other words is no change on the wire, and the tool that compares
need not know that. Words and examples are left out: `words.py` compares those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contract import Contract, Pointer

# What says nothing about the wire. Whatever else begins with `x-` is compared.
WORDS = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "$comment", "tags"})
SOURCES = frozenset({"x-source", "x-null-source", "x-type-source", "x-values-source"})
SILENT = WORDS | SOURCES | {"x-codeSamples"}

_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS_OF_SCHEMAS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties", "unevaluatedProperties", "not", "contains", "propertyNames"})


@dataclass
class Canonical:
    """A contract in its one form, with the place in the real one that each part of it came from."""

    contract: Contract
    document: dict[str, Any] = field(default_factory=dict)
    origins: dict[Pointer, Pointer] = field(default_factory=dict)

    def origin(self, pointer: Pointer) -> Pointer:
        """Where in the real contract the thing stands that has this pointer here, or the nearest above it that stands there."""
        while pointer not in self.origins and pointer:
            pointer = pointer[:-1]
        return self.origins.get(pointer, ())


def canonical(contract: Contract) -> Canonical:
    """The one form of a contract that was checked before: its references resolve."""
    result = Canonical(contract)
    builder = _Builder(contract.plain(), result.origins)
    keys = {key for key in builder.tree if key not in SILENT and key != "components"}
    result.document = {key: builder.anything((key,), (key,)) for key in sorted(keys)}
    components = builder.tree.get("components", {})
    if "securitySchemes" in components:
        here = ("components", "securitySchemes")
        result.document["components"] = {"securitySchemes": builder.anything(here, here)}
    return result


class _Builder:
    def __init__(self, tree: dict[str, Any], origins: dict[Pointer, Pointer]) -> None:
        self.tree = tree
        self._origins = origins

    def anything(self, at: Pointer, origin: Pointer) -> Any:
        """What stands at `origin`, which will stand `at` in the canonical document."""
        origin = self._follow(origin)
        self._origins[at] = origin
        node = self._get(origin)
        if isinstance(node, list):
            return [self.anything((*at, index), (*origin, index)) for index in range(len(node))]
        if not isinstance(node, dict):
            return node
        result = {}
        for key in node:
            if key in SILENT:
                continue
            if key == "schema" and "paths" in at:
                result[key] = self.schema((*at, key), (*origin, key), ())
            else:
                result[key] = self.anything((*at, key), (*origin, key))
        return result

    def schema(self, at: Pointer, origin: Pointer, above: tuple[Pointer, ...]) -> Any:
        self._origins[at] = origin
        if not isinstance(self._get(origin), dict):
            return self._get(origin)
        keywords: dict[str, Pointer] = {}
        passed: list[Pointer] = []
        nullable = self._collect(origin, keywords, passed)
        if any(pointer in above for pointer in passed):
            # Below a reference to itself there is nothing new.
            return {"x-circular": True}
        above = (*above, *passed)
        result: dict[str, Any] = {}
        for key in sorted(keywords):
            here, source = (*at, key), keywords[key]
            self._origins[here] = source
            value = self._get(source)
            if key in _MAPS_OF_SCHEMAS and isinstance(value, dict):
                result[key] = {name: self.schema((*here, name), (*source, name), above) for name in value}
            elif key in _LISTS_OF_SCHEMAS and isinstance(value, list):
                result[key] = [self.schema((*here, i), (*source, i), above) for i in range(len(value))]
            elif key in _SCHEMAS:
                result[key] = self.schema(here, source, above)
            else:
                result[key] = value
        _settle_type(result, nullable=nullable)
        return result

    def _collect(self, origin: Pointer, keywords: dict[str, Pointer], passed: list[Pointer]) -> bool:
        """Gather the keywords that hold here, each with where it stands; tells whether null is allowed by a branch."""
        node = self._get(origin)
        if origin in passed or not isinstance(node, dict):
            return False
        passed.append(origin)
        nullable = False
        inner: list[Pointer] = []
        skipped = set(SILENT)
        if "$ref" in node:
            skipped.add("$ref")
            inner.append(_target(node["$ref"]))
        for key in ("anyOf", "oneOf", "allOf"):
            branches = node.get(key)
            if not isinstance(branches, list):
                continue
            others = [index for index, branch in enumerate(branches) if branch != {"type": "null"}]
            null_beside = len(others) < len(branches) and key != "allOf"
            if len(others) == 1 and (null_beside or len(branches) == 1):
                nullable = nullable or null_beside
                skipped.add(key)
                inner.append((*origin, key, others[0]))
        for pointer in inner:
            nullable = self._collect(pointer, keywords, passed) or nullable
        # What stands beside a reference holds too, and is nearer.
        keywords.update({key: (*origin, key) for key in node if key not in skipped})
        return nullable

    def _follow(self, pointer: Pointer) -> Pointer:
        seen = set()
        while isinstance(node := self._get(pointer), dict) and "$ref" in node and pointer not in seen:
            seen.add(pointer)
            pointer = _target(node["$ref"])
        return pointer

    def _get(self, pointer: Pointer) -> Any:
        node: Any = self.tree
        for part in pointer:
            node = node[part]
        return node


def _target(reference: str) -> Pointer:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))


def _settle_type(schema: dict[str, Any], *, nullable: bool) -> None:
    types = schema.get("type")
    if isinstance(types, str):
        types = [types]
    values = schema.get("enum")
    if isinstance(values, list) and None in values:
        schema["enum"] = [value for value in values if value is not None]
        nullable = True
    if isinstance(types, list):
        if nullable and "null" not in types:
            types = [*types, "null"]
        schema["type"] = types[0] if len(types) == 1 else sorted(types, key=lambda name: (name == "null", name))
