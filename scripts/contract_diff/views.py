"""What a schema says at one place, to be told: its types, values, limits and fields, wherever they come from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from contract_diff.cases import Clause, as_json, below, joined
from contract_diff.containment import Containment
from contract_diff.document import LOWER, UPPER
from contract_diff.resolver import TooManyError, is_reference, keywords_of

if TYPE_CHECKING:
    from contract_diff.cases import Part, Schemas
    from contract_diff.resolver import Resolver

LIMITS: Final = LOWER | UPPER | {
    *("format", "pattern", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType"),
}  # fmt: skip
# What is told in other words, or says nothing about values.
_TOLD: Final = frozenset({
    *("$ref", "allOf", "anyOf", "oneOf", "nullable", "type", "enum", "const", "properties", "required", "items"),
    *("additionalProperties", "prefixItems", "discriminator", "deprecated", "readOnly", "writeOnly", "title"),
    *("description", "summary", "default", "example", "examples", "externalDocs", "$comment", "$id", "$schema"),
    *("$anchor", "$defs", "definitions"),
})  # fmt: skip


class View:
    """What a schema says, with all that it refers to and is composed of."""

    def __init__(self, resolver: Resolver, schemas: Schemas) -> None:
        self._resolver = resolver
        self.schemas = schemas
        self.layers: dict[Part, dict[str, Any]] = {}
        self.alternatives: list[list[Part]] = []
        self._booleans: list[Part] = []
        for part in schemas:
            self._flatten(part)
        self.object = resolver.case("object", Clause(frozenset(self.layers)))
        self.array = resolver.case("array", Clause(frozenset(self.layers)))
        try:
            self._cases = Containment(resolver).inhabited(schemas)
        except TooManyError:
            self._cases = []

    def _flatten(self, part: Part) -> None:
        """The keywords that hold here, and the alternatives that there are; that null is one is told by the types."""
        node = self._resolver.node(part)
        if not isinstance(node, dict):
            self._booleans.append(part)
            return
        if part in self.layers:
            return
        self.layers[part] = node
        if "$ref" in node:
            self._flatten(self._resolver.target(part))
        for index in range(len(node.get("allOf", ()))):
            self._flatten(below(part, "allOf", index))
        for key in ("anyOf", "oneOf"):
            given = node.get(key, ())
            branches = [below(part, key, index) for index, branch in enumerate(given) if not _is_null(branch)]
            if len(branches) == 1:
                self._flatten(branches[0])
            elif not all(isinstance(branch, dict) and branch.keys() == {"type"} for branch in given):
                self.alternatives.append(branches)

    def all(self, key: str) -> list[Any]:
        """What each schema that has a keyword says there."""
        return [node[key] for node in self.layers.values() if key in node]

    @cached_property
    def types(self) -> list[str]:
        """The types that it allows, without null."""
        kinds = ("integer" if case.kind == "number" and case.is_integer else case.kind for case in self._cases)
        found = [kind for kind in kinds if kind != "null"]
        return sorted(set(found) - ({"integer"} if "number" in found else set()))

    @cached_property
    def is_null(self) -> bool:
        """Whether null is allowed."""
        return any(case.kind == "null" for case in self._cases)

    @cached_property
    def type_text(self) -> str:
        """The types in words."""
        is_any = {"array", "boolean", "number", "object", "string"} <= set(self.types) and self.is_null
        return "any" if is_any else " or ".join([*self.types, *["null"] * self.is_null]) or "none"

    @property
    def has_type(self) -> bool:
        """Whether a type is said, so that it is not merely left open."""
        return bool(self.all("type")) or self.type_text != "any"

    @property
    def is_open(self) -> bool:
        """Whether its enum has other values than those listed."""
        return True in self.all("x-open-enum")

    @cached_property
    def values(self) -> list[Any] | None:
        """The values that its enum lists; None if it has none."""
        opened = [value for values in self.all("x-open-values") for value in values]
        if opened:
            return [value for value in opened if value is not None]
        cases = [case for case in self._cases if case.kind != "null" and case.values != [False, True]]
        if not cases or any(case.values is None for case in cases):
            return None
        return list({as_json(value): value for case in cases for value in case.values or ()}.values())

    @property
    def marks(self) -> dict[str, Any]:
        """What is said beside values: whether it is deprecated, its default, the field that tells alternatives apart."""
        default, discriminator = self.all("default"), self.all("discriminator")
        return {
            "deprecated": True in self.all("deprecated"),
            "default": as_json(default[0]) if default else None,
            "discriminator": discriminator[0].get("propertyName") if discriminator else None,
        }

    @property
    def tags(self) -> dict[str, Part]:
        """Which schema each value of a discriminator means."""
        parts = [part for part, node in self.layers.items() if "discriminator" in node]
        return {tag: meant for part in parts for tag, meant in self._resolver.tags(part).items()}

    def part_of(self, key: str = "") -> Part:
        """Where a keyword stands, or else the schema."""
        keys = {key, "x-open-values"} if key == "enum" else {key}
        found = [below(part, key) for part, node in self.layers.items() if keys & node.keys()]
        return next(iter([*found, *self.schemas]), (0, ()))

    @cached_property
    def keywords(self) -> dict[str, list[Part]]:
        """Where limits stand, and what else says something of values and is told by its name."""
        found: dict[str, list[Part]] = {}
        for part, node in self.layers.items():
            for key in node:
                if key not in _TOLD and not key.startswith("x-"):
                    found.setdefault(key, []).append(below(part, key))
        return found

    def limit(self, key: str) -> Any:
        """The tightest of a limit, or all that it says; None if there is none."""
        found = self.all(key)
        if key in LOWER | UPPER:
            return (max if key in LOWER else min)(found, default=None)
        texts = sorted({str(value) for value in found})
        return " and ".join(texts) if len(texts) > 1 else next(iter(found), None)

    @property
    def said(self) -> dict[str, list[Any]]:
        """Every keyword that says something about values, as it stands in each schema that has it."""
        return {key: self.all(key) for node in self.layers.values() for key in keywords_of(node)}

    @property
    def every_name(self) -> list[str]:
        """The fields that are named, be it in one alternative only."""
        return list(dict.fromkeys([*self.object.known, *(name for case in self._cases for name in case.names)]))

    def may_be(self, kind: str) -> bool:
        """Whether a type is allowed, as far as can be told."""
        return not self._cases or any(case.kind == kind for case in self._cases)

    def take_alternatives(self) -> None:
        """Count the fields, and the items, of the only alternative that has any to what holds here."""
        for kind in ("object", "array"):
            cases = [case for case in self._cases if case.kind == kind]
            if len(cases) == 1:
                setattr(self, kind, cases[0])

    @property
    def identity(self) -> Schemas:
        """The schemas that mere references stand for."""
        said = [part for part, node in self.layers.items() if not is_reference(node)]
        return joined([*said, *self._booleans] or self.layers)


def _is_null(schema: Any) -> bool:
    said = {key: schema[key] for key in keywords_of(schema)} if isinstance(schema, dict) else None
    return said in ({"type": ["null"]}, {"const": None}, {"enum": [None]})
