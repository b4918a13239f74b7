"""What a schema says at one place, to be told: its types, values, limits and fields, wherever they come from."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from contract_diff.cases import Clause, as_json, joined, types_of
from contract_diff.containment import Containment
from contract_diff.resolver import TooManyError, said_of

if TYPE_CHECKING:
    from contract_diff.cases import Part, Schemas
    from contract_diff.resolver import Resolver

LOWER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
LIMITS: Final = LOWER | UPPER | {
    *("format", "pattern", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType", "contentSchema"),
}  # fmt: skip
# What is told in other words, or says nothing about values.
_TOLD: Final = frozenset({
    *("$ref", "allOf", "anyOf", "oneOf", "nullable", "type", "enum", "const", "properties", "required", "items"),
    *("additionalProperties", "prefixItems", "discriminator", "deprecated", "readOnly", "writeOnly", "title"),
    *("description", "summary", "default", "example", "examples", "externalDocs", "xml", "$comment", "$id", "$schema"),
    *("$anchor", "$defs", "definitions"),
})  # fmt: skip
# What is as if it were not said.
_NONE: Final = {"minLength": 0, "minItems": 0, "minProperties": 0, "uniqueItems": False}


class View:
    """What a schema says, with all that it refers to and is composed of."""

    def __init__(self, resolver: Resolver, schemas: Schemas) -> None:
        self._resolver = resolver
        self.schemas = schemas
        self.layers: list[Part] = []
        self.alternatives: list[list[Part]] = []
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
        if part in self.layers or not isinstance(node, dict):
            return
        side, pointer = part
        if isinstance(node.get("$ref"), str) and self._resolver.documents[side].is_3_0:
            self._flatten(self._resolver.target(part))
            return
        self.layers.append(part)
        if isinstance(node.get("$ref"), str):
            self._flatten(self._resolver.target(part))
        for index in range(len(node["allOf"]) if isinstance(node.get("allOf"), list) else 0):
            self._flatten((side, (*pointer, "allOf", index)))
        for key in ("anyOf", "oneOf"):
            given = node[key] if isinstance(node.get(key), list) else []
            branches: list[Part] = [
                (side, (*pointer, key, index)) for index, branch in enumerate(given) if not _is_null(branch)
            ]
            if len(branches) == 1:
                self._flatten(branches[0])
            elif not all(isinstance(branch, dict) and branch.keys() == {"type"} for branch in given):
                self.alternatives.append(branches)

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

    @property
    def type_text(self) -> str:
        """The types in words."""
        is_any = {"array", "boolean", "number", "object", "string"} <= set(self.types) and self.is_null
        return "any" if is_any else " or ".join([*self.types, *["null"] * self.is_null]) or "none"

    @cached_property
    def is_open(self) -> bool:
        """Whether its enum has other values than those listed."""
        return any(self._resolver.node(part).get("x-open-enum") is True for part in self.layers)

    @cached_property
    def values(self) -> list[Any] | None:
        """The values that its enum lists; None if it has none."""
        both = [False, True]
        cases = [case for case in self._cases if case.kind != "null" and case.values != both]
        opened = [value for part in self.layers for value in self._resolver.node(part).get("x-open-values", ())]
        if opened:
            return [value for value in opened if value is not None]
        if not cases or any(case.values is None for case in cases):
            return None
        every = {as_json(value): value for case in cases for value in case.values or ()}
        return list(every.values())

    def part_of(self, key: str = "") -> Part:
        """Where a keyword stands, or else the schema."""
        keys = (key, "x-open-values") if key == "enum" else (key,)
        for each in self.layers:
            if any(name in self._resolver.node(each) for name in keys):
                return each[0], (*each[1], key)
        return self.schemas[0] if self.schemas else (0, ())

    @cached_property
    def keywords(self) -> dict[str, tuple[Any, Part]]:
        """The tightest of each limit, and of other keywords that say something of values the schemas; where they stand."""
        found: dict[str, tuple[Any, Part]] = {}
        for part in self.layers:
            node = self._resolver.node(part)
            for key in node:
                if key in _TOLD or key.startswith("x-") or _NONE.get(key, node) == node[key]:
                    continue
                place = part[0], (*part[1], key)
                value = node[key] if key in LIMITS else [place]
                if key in found and key not in LIMITS:
                    value = [*found[key][0], place]
                elif key in found and key in LOWER | UPPER:
                    value = (max if key in LOWER else min)(value, found[key][0])
                elif key in found and value != found[key][0]:
                    value = " and ".join(sorted({str(value), *str(found[key][0]).split(" and ")}))
                found[key] = value, place
        return found

    @cached_property
    def said(self) -> dict[str, list[Any]]:
        """Every keyword that says something about values, as it stands in each schema that has it."""
        nodes = [self._resolver.node(part) for part in self.layers]
        return {key: [node[key] for node in nodes if key in node] for node in nodes for key in said_of(node)}

    @property
    def every_name(self) -> list[str]:
        """The fields that are named, be it in one alternative only."""
        return list(dict.fromkeys([*self.object.names, *(name for case in self._cases for name in case.names)]))

    def may_be(self, kind: str) -> bool:
        """Whether a type is allowed, as far as can be told."""
        return not self._cases or any(case.kind == kind for case in self._cases)

    def take_alternatives(self) -> None:
        """Count the fields, and the items, of the only alternative that has any to what holds here."""
        for kind in ("object", "array"):
            cases = [case for case in self._cases if case.kind == kind]
            if len(cases) == 1:
                setattr(self, kind, cases[0])

    def has(self, mark: str) -> bool:
        """Whether a mark such as `deprecated` is set."""
        return any(self._resolver.node(part).get(mark) is True for part in self.layers)

    @property
    def default(self) -> Any:
        """What it is where it is left out."""
        return next((node["default"] for part in self.layers if "default" in (node := self._resolver.node(part))), None)

    @property
    def discriminator(self) -> Any:
        """The field that tells alternatives apart."""
        found = [self._resolver.node(part).get("discriminator") for part in self.layers]
        return next((each.get("propertyName") for each in found if isinstance(each, dict)), None)

    def has_type(self) -> bool:
        """Whether a type is said, so that it is not merely left open."""
        return any(types_of(self._resolver.node(part)) is not None for part in self.layers) or self.type_text != "any"

    @property
    def identity(self) -> Schemas:
        """The schemas that mere references stand for."""
        said = [part for part in self.layers if not self._resolver.is_reference(part)]
        return joined(said or self.layers)


def _is_null(schema: Any) -> bool:
    said = (
        {key for key in schema if key not in _TOLD or key in {"type", "const", "enum", "$ref"}}
        if isinstance(schema, dict)
        else ()
    )
    return said in ({"type"}, {"const"}, {"enum"}) and (
        schema.get("type") in ("null", ["null"]) or schema.get("const", 0) is None or schema.get("enum") == [None]
    )
