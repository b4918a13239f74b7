"""A view of a schema at one location, for reports: its types, values, limits and fields, wherever they are declared."""

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
# Keywords that are reported in another way, or do not constrain values.
_HANDLED: Final = frozenset({
    *("$ref", "allOf", "anyOf", "oneOf", "nullable", "type", "enum", "const", "properties", "required", "items"),
    *("additionalProperties", "prefixItems", "discriminator", "deprecated", "readOnly", "writeOnly", "title"),
    *("description", "summary", "default", "example", "examples", "externalDocs", "$comment", "$id", "$schema"),
    *("$anchor", "$defs", "definitions"),
})  # fmt: skip


class View:
    """A schema with all that it refers to and is composed of."""

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
        """Collect the layers and the alternatives; an alternative of null alone counts as a type instead."""
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
            nodes = node.get(key, ())
            branches = [below(part, key, index) for index, branch in enumerate(nodes) if not _is_null(branch)]
            if len(branches) == 1:
                self._flatten(branches[0])
            elif not all(isinstance(branch, dict) and branch.keys() == {"type"} for branch in nodes):
                self.alternatives.append(branches)

    def all(self, key: str) -> list[Any]:
        """Return the value of a keyword in each schema that has it."""
        return [node[key] for node in self.layers.values() if key in node]

    @cached_property
    def types(self) -> list[str]:
        """The allowed types, without null."""
        kinds = ("integer" if case.kind == "number" and case.is_integer else case.kind for case in self._cases)
        types = {kind for kind in kinds if kind != "null"}
        return sorted(types - ({"integer"} if "number" in types else set()))

    @cached_property
    def is_null(self) -> bool:
        """Whether null is allowed."""
        return any(case.kind == "null" for case in self._cases)

    @cached_property
    def type_text(self) -> str:
        """The types as text."""
        is_any = {"array", "boolean", "number", "object", "string"} <= set(self.types) and self.is_null
        return "any" if is_any else " or ".join([*self.types, *["null"] * self.is_null]) or "none"

    @property
    def has_type(self) -> bool:
        """Whether the types are limited in any way."""
        return bool(self.all("type")) or self.type_text != "any"

    @property
    def is_open(self) -> bool:
        """Whether its enum is open: other values than the listed ones are possible."""
        return True in self.all("x-open-enum")

    @cached_property
    def values(self) -> list[Any] | None:
        """The values of its enum; None without an enum."""
        opened = [value for values in self.all("x-open-values") for value in values]
        if opened:
            return [value for value in opened if value is not None]
        cases = [case for case in self._cases if case.kind != "null" and case.values != [False, True]]
        if not cases or any(case.values is None for case in cases):
            return None
        return list({as_json(value): value for case in cases for value in case.values or ()}.values())

    @property
    def marks(self) -> dict[str, Any]:
        """What does not constrain values: whether it is deprecated, its default, the property of its discriminator."""
        default, discriminator = self.all("default"), self.all("discriminator")
        return {
            "deprecated": True in self.all("deprecated"),
            "default": as_json(default[0]) if default else None,
            "discriminator": discriminator[0].get("propertyName") if discriminator else None,
        }

    @property
    def tags(self) -> dict[str, Part]:
        """The schema of each value of a discriminator."""
        parts = [part for part, node in self.layers.items() if "discriminator" in node]
        return {tag: schema for part in parts for tag, schema in self._resolver.tags(part).items()}

    def part_of(self, key: str = "") -> Part:
        """Return the place of a keyword, or else of the schema."""
        keys = {key, "x-open-values"} if key == "enum" else {key}
        places = [below(part, key) for part, node in self.layers.items() if keys & node.keys()]
        return next(iter([*places, *self.schemas]), (0, ()))

    @cached_property
    def keywords(self) -> dict[str, list[Part]]:
        """The places of limits, and of other keywords that are reported by their name."""
        places: dict[str, list[Part]] = {}
        for part, node in self.layers.items():
            for key in node:
                if key not in _HANDLED and not key.startswith("x-"):
                    places.setdefault(key, []).append(below(part, key))
        return places

    def limit(self, key: str) -> Any:
        """Return the tightest value of a limit, or all values of another keyword as text; None without one."""
        values = self.all(key)
        if key in LOWER | UPPER:
            return (max if key in LOWER else min)(values, default=None)
        texts = sorted({str(value) for value in values})
        return " and ".join(texts) if len(texts) > 1 else next(iter(values), None)

    @property
    def constraints(self) -> dict[str, list[Any]]:
        """Every keyword that constrains values, with its value in each schema that has it."""
        return {key: self.all(key) for node in self.layers.values() for key in keywords_of(node)}

    @property
    def every_name(self) -> list[str]:
        """The fields that are declared, even in one alternative only."""
        return list(dict.fromkeys([*self.object.known, *(name for case in self._cases for name in case.names)]))

    def may_be(self, kind: str) -> bool:
        """Return whether a type is allowed, or may be."""
        return not self._cases or any(case.kind == kind for case in self._cases)

    def take_alternatives(self) -> None:
        """Merge the fields, and the items, of the only alternative that has any into this view."""
        for kind in ("object", "array"):
            cases = [case for case in self._cases if case.kind == kind]
            if len(cases) == 1:
                setattr(self, kind, cases[0])

    @property
    def identity(self) -> Schemas:
        """The schemas themselves, without mere references to them."""
        schemas = [part for part, node in self.layers.items() if not is_reference(node)]
        return joined([*schemas, *self._booleans] or self.layers)


def _is_null(schema: Any) -> bool:
    keywords = {key: schema[key] for key in keywords_of(schema)} if isinstance(schema, dict) else None
    return keywords in ({"type": ["null"]}, {"const": None}, {"enum": [None]})
