"""Brings a contract into the one form that contracts with the same meaning share, and remembers what came from where.

References and `allOf` are replaced by what they come to, every way to say that a value may be null becomes `type: [x, 'null']`,
and what a document or a path says for its operations stands in each operation. So a schema that moves, gets another name or
says the same in other words is no change on the wire, and the tool that compares need not know that. Words and examples
are left out: `words.py` compares those.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from facts import ASPECTS

from contract import target
from review.merging import OPEN, merge_values, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contract import Contract, Pointer

# What says nothing about the wire. Whatever else begins with `x-` is compared.
WORDS = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "$comment", "tags"})
SILENT = WORDS | ASPECTS.keys() | {"x-codeSamples"}
# The keys below these are names, whatever they are.
_NAMES = frozenset({"headers", "content", "responses", "callbacks", "links", "variables", "encoding", "paths"})
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_MAPS_OF_SCHEMAS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_LISTS_OF_SCHEMAS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS = frozenset(
    [
        "items",
        "additionalProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
        "not",
        "contains",
        "propertyNames",
        "if",
        "then",
        "else",
        "contentSchema",
    ]
)


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
    apart = SILENT | {"components", "paths", "servers", "security"}
    result.document = {key: builder.anything((key,), (key,)) for key in sorted(builder.tree.keys() - apart)}
    result.document["paths"] = {path: builder.path_item(path) for path in builder.tree.get("paths", {})}
    result.document["components"] = {"securitySchemes": builder.security_schemes()}
    return result


@dataclass
class _Layer:
    """Keywords that hold together with those of other layers, each with where it stands."""

    keywords: dict[str, Pointer]
    null_beside: bool
    """Whether null is allowed whatever these say."""


class _Builder:
    def __init__(self, tree: dict[str, Any], origins: dict[Pointer, Pointer]) -> None:
        self.tree = tree
        self._origins = origins
        schemes = self.tree.get("components", {}).get("securitySchemes", {})
        # A scheme's name is never sent: it counts by its place.
        self._schemes = {name: f"scheme {number}" for number, name in enumerate(schemes, 1)}

    def path_item(self, path: str) -> dict[str, Any]:
        """The operations of a path, each with what the path and the document say for all of them."""
        origin = self._follow(("paths", path))
        self._origins["paths", path] = origin
        item = self._get(origin)
        result = {}
        for method in (method for method in _METHODS if method in item):
            at, here = ("paths", path, method), (*origin, method)
            result[method] = self.anything(at, here) | {
                "parameters": self._parameters((*at, "parameters"), origin, here),
                "servers": self._nearest((*at, "servers"), here, origin, ()),
                "security": self._security((*at, "security"), here),
            }
        return result

    def security_schemes(self) -> dict[str, Any]:
        origin = ("components", "securitySchemes")
        return {to: self.anything((*origin, to), (*origin, name)) for name, to in self._schemes.items()}

    def _parameters(self, at: Pointer, of_path: Pointer, of_operation: Pointer) -> list[Any]:
        found: dict[tuple[Any, Any], Pointer] = {}
        for owner in (of_operation, of_path):
            for index in range(len(self._get(owner).get("parameters", []))):
                origin = self._follow((*owner, "parameters", index))
                node = self._get(origin)
                found.setdefault((node.get("in"), node.get("name")), origin)
        return [self.anything((*at, index), origin) for index, origin in enumerate(found.values())]

    def _nearest(self, at: Pointer, *owners: Pointer) -> Any:
        """What the nearest of its owners says."""
        for owner in owners:
            if at[-1] in self._get(owner):
                return self.anything(at, (*owner, at[-1]))
        return []

    def _security(self, at: Pointer, operation: Pointer) -> list[Any]:
        found = self._nearest(at, operation, ())
        return [{self._schemes.get(name, name): scopes for name, scopes in each.items()} for each in found]

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
            if key in SILENT and at[-1] not in _NAMES:
                continue
            if key == "schema" and at[-1] not in _NAMES:
                result[key] = self.schema((*at, key), [(*origin, key)], ())
            else:
                result[key] = self.anything((*at, key), (*origin, key))
        return result

    def schema(
        self, at: Pointer, origins: list[Pointer], above: tuple[Pointer, ...], *, null_beside: bool = False
    ) -> Any:
        """The schema that all of these make together, null being allowed beside them or not."""
        self._origins[at] = origins[0]
        if not isinstance(self._get(origins[0]), dict):
            return self._get(origins[0])
        passed: list[Pointer] = []
        layers = [layer for origin in origins for layer in self._layers(origin, passed, null_beside=null_beside)]
        again = [pointer for pointer in passed if pointer in above]
        if again:
            # Below a reference to itself there is nothing new; how far up it leads is all that can change.
            return {"x-circular": len(above) - above.index(again[0])}
        above = (*above, *passed)
        result: dict[str, Any] = {}
        for key in sorted({key for layer in layers for key in layer.keywords}):
            here = (*at, key)
            sources = [(layer.keywords[key], layer.null_beside) for layer in layers if key in layer.keywords]
            self._origins[here] = sources[0][0]
            value = self._keyword(here, key, sources, above)
            if (key, value) not in OPEN and not (key in dict(OPEN) and value == {}):
                result[key] = value
        return settle(result)

    def _keyword(self, at: Pointer, key: str, sources: list[tuple[Pointer, bool]], above: tuple[Pointer, ...]) -> Any:
        pointers = [pointer for pointer, _ in sources]
        values = [self._get(pointer) for pointer in pointers]
        if key in _MAPS_OF_SCHEMAS:
            names = dict.fromkeys(name for value in values for name in value)
            return {
                name: self.schema((*at, name), [(*p, name) for p in pointers if name in self._get(p)], above)
                for name in names
            }
        if key in _LISTS_OF_SCHEMAS:
            branches = []
            for pointer, null_beside in sources:
                others = self._alternatives(pointer) if key in {"anyOf", "oneOf"} else range(len(self._get(pointer)))
                with_null = null_beside or len(others) < len(self._get(pointer))
                branches += [((*pointer, index), with_null) for index in others]
            return [
                self.schema((*at, index), [branch], above, null_beside=with_null)
                for index, (branch, with_null) in enumerate(branches)
            ]
        if key in _SCHEMAS:
            return self.schema(at, pointers, above)
        if key == "const":
            return values[0]
        return merge_values(
            key, [(value, null_beside) for value, (_, null_beside) in zip(values, sources, strict=True)]
        )

    def _alternatives(self, pointer: Pointer) -> list[int]:
        """Which of the branches there is something to say of: null is told by the types."""
        return [index for index, branch in enumerate(self._get(pointer)) if not _is_null(branch)]

    def _layers(self, origin: Pointer, passed: list[Pointer], *, null_beside: bool) -> Iterable[_Layer]:
        """The keywords that hold here, nearest first."""
        node = self._get(origin)
        if origin in passed or not isinstance(node, dict):
            return
        passed.append(origin)
        skipped = set(SILENT)
        inner: list[tuple[Pointer, bool]] = []
        if "$ref" in node:
            skipped.add("$ref")
            inner.append((target(node["$ref"]), null_beside))
        if isinstance(node.get("allOf"), list):
            skipped.add("allOf")
            inner += [((*origin, "allOf", index), null_beside) for index in range(len(node["allOf"]))]
        for key in ("anyOf", "oneOf"):
            branches = node.get(key)
            if isinstance(branches, list) and len(others := self._alternatives((*origin, key))) == 1:
                skipped.add(key)
                inner.append(((*origin, key, others[0]), null_beside or len(branches) > 1))
        yield _Layer({key: (*origin, key) for key in node if key not in skipped}, null_beside)
        for pointer, null_allowed in inner:
            yield from self._layers(pointer, passed, null_beside=null_allowed)

    def _follow(self, pointer: Pointer) -> Pointer:
        seen = set()
        while isinstance(node := self._get(pointer), dict) and "$ref" in node and pointer not in seen:
            seen.add(pointer)
            pointer = target(node["$ref"])
        return pointer

    def _get(self, pointer: Pointer) -> Any:
        node: Any = self.tree
        for part in pointer:
            node = node[part]
        return node


def _is_null(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    said = {key: value for key, value in schema.items() if key not in SILENT}
    return json.dumps(said) in {'{"type": "null"}', '{"type": ["null"]}', '{"const": null}', '{"enum": [null]}'}
