"""Resolves the schemas of two documents in one direction: references, `allOf`, `anyOf`, `oneOf`, `if` and the like."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Final

from referencing import Registry
from referencing.jsonschema import DRAFT202012

from contract import at
from contract_diff.cases import TYPES, Case, Clause, as_json, below, is_limited, joined
from contract_diff.document import UNREAD, locate, mappings
from contract_diff.values import Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contract_diff.cases import Part, Schemas
    from contract_diff.document import Direction, Document

_MAX_CLAUSES: Final = 200
_MAX_DEPTH: Final = 100
# Keywords that are understood here; all others are only compared for equality.
_KNOWN: Final = frozenset({
    *("$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "nullable", "$defs", "$id"),
    *("type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
    *("prefixItems", "items", "contains", "minContains", "maxContains", "minItems", "maxItems", "uniqueItems"),
    *("properties", "patternProperties", "additionalProperties", "propertyNames", "required", "dependentRequired"),
    *("minProperties", "maxProperties"),
    *("title", "description", "summary", "default", "example", "examples", "deprecated", "readOnly", "writeOnly"),
    *("$comment", "$schema", "$anchor", "definitions", "externalDocs", "discriminator"),
})  # fmt: skip
# Keywords that do not constrain values.
_SILENT: Final = {
    *("description", "summary", "title", "example", "examples", "externalDocs", "$comment", "$defs", "definitions"),
}  # fmt: skip
# The content of a keyword: a schema, a mapping or list of schemas, or a value; unknown for all others.
_ROLES: Final = {
    **dict.fromkeys(("not", "if", "then", "else", "items", "contains", "propertyNames", "contentSchema"), "schema"),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "unevaluatedItems"), "schema"),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "schemas"),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), "schemas"),
    **dict.fromkeys(("$ref", "enum", "const", "default"), "value"),
    **dict.fromkeys(("$dynamicRef", "$recursiveRef"), "dynamic"),
}
_WHOLE: Final = {"value", "dynamic"}


class TooManyError(Exception):
    """A schema has too many alternatives to expand."""


class Resolver:
    """Resolves the schemas of two documents, in one direction."""

    def __init__(self, documents: tuple[Document, Document], direction: Direction) -> None:
        self.documents = documents
        self.direction = direction
        self.trees = tuple(document.normal(direction) for document in documents)
        self._made: dict[Part, Any] = {}
        self._expanded: dict[Part, list[Clause]] = {}
        self._circles = 0

    @cached_property
    def registry(self) -> Registry[Any]:
        """Both documents for a validator, as `urn:0` and `urn:1`."""
        resources = [(f"urn:{side}", DRAFT202012.create_resource(tree)) for side, tree in enumerate(self.trees)]
        return Registry().with_resources(resources).crawl()

    @cached_property
    def _are_identical(self) -> bool:
        """Whether both documents are the same, except their `info`."""
        left, right = (as_json({key: tree[key] for key in tree if key != "info"}) for tree in self.trees)
        return left == right

    @cached_property
    def values(self) -> Values:
        """The validator of values by the schemas."""
        keys = {str(key) for tree in self.trees for node in mappings(tree) for key in node}
        return Values(self, {key for key in keys - _KNOWN if not key.startswith("x-")})

    def node(self, part: Part) -> Any:
        """Return the schema itself."""
        side, pointer = part
        return self._made[part] if part in self._made else at(self.trees[side], pointer)

    def is_made(self, part: Part) -> bool:
        """Return whether a schema was made here and is in neither document."""
        return part in self._made

    def target(self, part: Part) -> Part:
        """Return the target of a reference."""
        side, pointer = part
        document = self.documents[side]
        document.follow(pointer)  # raises on a circle
        pointed = document.target(pointer, self.node(part)["$ref"])
        document.follow(pointed)
        return side, pointed

    def is_same(self, left: Part, right: Part, key: str = "") -> bool:
        """Return whether two schemas, or values of a keyword, are equal, ignoring descriptions and the names of references."""
        pending, seen = [(_role(key) if key else "schema", left, right)], set()
        while pending:
            step = pending.pop()
            if step not in seen:  # in a circle they are assumed equal, until it is refuted
                seen.add(step)
                inner = self._compare(*step)
                if inner is None:
                    return False
                pending += inner
        return True

    def are_same(self, left: Iterable[Part], right: Iterable[Part], key: str = "") -> bool:
        """Return whether two groups have the same number of schemas, and each schema of the first is in the second."""
        ours, theirs = list(left), list(right)
        return len(ours) == len(theirs) and all(any(self.is_same(part, each, key) for each in theirs) for part in ours)

    def _compare(self, role: str, left: Part, right: Part) -> list[tuple[str, Part, Part]] | None:
        """Return the pairs of parts that must be equal for two parts to be; None if the parts differ."""
        if role == "schema":
            left, right = self._followed(left), self._followed(right)
        old, new = self.node(left), self.node(right)
        if not isinstance(old, dict | list) or role in _WHOLE or self.is_made(left) or self.is_made(right):
            return [] if as_json(old) == as_json(new) and (role != "dynamic" or self._are_identical) else None
        steps = self._steps(role, left)
        if type(old) is not type(new) or steps != self._steps(role, right):
            return None
        return [self._inner(role, step, left, right) for step in steps]

    def _steps(self, role: str, part: Part) -> set[Any]:
        """Return the keys or indexes to compare in a schema, a mapping or a list."""
        node = self.node(part)
        if isinstance(node, list):
            return {*range(len(node))}
        if role != "schema":
            return {*node}
        return keywords_of(node) | {("tag", tag) for tag in (self.tags(part) if "discriminator" in node else ())}

    def _inner(self, role: str, step: Any, left: Part, right: Part) -> tuple[str, Part, Part]:
        if isinstance(step, tuple):
            return "schema", self.tags(left)[step[1]], self.tags(right)[step[1]]
        if step == "discriminator" and role == "schema":
            return "value", below(left, step, "propertyName"), below(right, step, "propertyName")
        if step == "$ref" and (
            role == "schema" or (role == "any" and self._has_target(left) and self._has_target(right))
        ):
            return "schema", self.target(left), self.target(right)
        inner = {"schema": _role(step), "schemas": "schema"}.get(role, "any")
        return inner, below(left, step), below(right, step)

    def _has_target(self, part: Part) -> bool:
        return locate(self.trees[part[0]], str(self.node(part)["$ref"])) is not None

    def _followed(self, part: Part) -> Part:
        while not self.is_made(part) and is_reference(self.node(part)):
            part = self.target(part)
        return part

    def tags(self, part: Part) -> dict[str, Part]:
        """Return the schema of each value of a discriminator: by its mapping, the others by their names."""
        side, node = part[0], self.node(part)
        mapping = node["discriminator"].get("mapping")
        mapped = {str(key): str(value) for key, value in mapping.items()} if isinstance(mapping, dict) else {}
        references = {key: value if "/" in value else f"#/components/schemas/{value}" for key, value in mapped.items()}
        for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
            if isinstance(branch, dict) and "$ref" in branch and branch["$ref"] not in references.values():
                references[branch["$ref"].rpartition("/")[2]] = branch["$ref"]
        pointers = {key: locate(self.trees[side], value) for key, value in references.items()}
        return {
            key: (side, pointer) if pointer is not None else below(part, references[key])
            for key, pointer in pointers.items()
        }

    def are_meant(self, some: dict[str, Part], others: dict[str, Part]) -> bool:
        """Return whether each value of one discriminator has the same schema in the other."""
        return all(
            tag in others and (part[1] == others[tag][1] or self.is_same(part, others[tag]))
            for tag, part in some.items()
        )

    def cases(self, schemas: Schemas) -> list[Case]:
        """Return what the schemas allow together, as alternatives of one type each.

        Raises:
            TooManyError: If there are too many.
        """
        clauses = reduce(_product, (self.expand(part, ()) for part in schemas), [Clause()])
        cases = [self.case(kind, clause) for clause in clauses for kind in TYPES if self._allows(clause, kind)]
        names = frozenset(name for case in cases if case.kind == "object" for name in case.known)
        return [replace(case, beside=names) for case in cases]

    def case(self, kind: str, clause: Clause) -> Case:
        """Return an alternative of one type."""
        return Case(kind, clause, [(part, self.node(part)) for part in joined(clause.layers)])

    def _allows(self, clause: Clause, kind: str) -> bool:
        listed = [self.node(part)["type"] for part in clause.layers if "type" in self.node(part)]
        return all(kind in types or (kind == "number" and "integer" in types) for types in listed)

    def expand(self, part: Part, above: tuple[Part, ...]) -> list[Clause]:
        """Return the alternatives of one schema, not yet split by type.

        Raises:
            TooManyError: If there are too many.
        """
        node = self.node(part)
        if isinstance(node, bool):
            return [Clause()] if node else []
        if not isinstance(node, dict):
            raise self.documents[part[0]].error(part[1], "is not a schema")
        if part in above:
            self._circles += 1  # a schema that is composed of itself: the repetition adds nothing
            return [Clause()]
        if len(above) > _MAX_DEPTH:
            problem = f"is at the end of a chain of more than {_MAX_DEPTH} schemas"
            raise self.documents[part[0]].error(part[1], problem)
        if part not in self._expanded:
            circles = self._circles
            clauses = self._compose(part, node, (*above, part))
            if circles != self._circles:  # what was left out depends on the schemas above
                return clauses
            self._expanded[part] = clauses
        return self._expanded[part]

    def _compose(self, part: Part, node: dict[str, Any], above: tuple[Part, ...]) -> list[Clause]:
        clauses = [Clause(frozenset({part}), opaque=frozenset(_unknown(part, node)))]
        if "$ref" in node:
            clauses = _product(clauses, self.expand(self.target(part), above))
        for index in range(len(node.get("allOf", ()))):
            clauses = _product(clauses, self.expand(below(part, "allOf", index), above))
        for union in self._alternatives(part, node, above):
            clauses = _product(clauses, union)
        if "not" in node:
            clauses = [clause & Clause(nots=frozenset({below(part, "not")})) for clause in clauses]
        if node.get("nullable") is True:
            clauses = [*clauses, Clause(frozenset({self._make(part, "nullable", {"type": ["null"]})}))]
        return clauses

    def _alternatives(self, part: Part, node: dict[str, Any], above: tuple[Part, ...]) -> Iterator[list[Clause]]:
        """Yield the alternatives of each keyword that has some, such as `anyOf` and `if`."""

        def inner(*steps: str | int) -> list[Clause]:
            return self.expand(below(part, *steps), above)

        for key in ("anyOf", "oneOf"):
            if branches := node.get(key):
                is_exclusive = key == "oneOf" and len(branches) > 1
                only = Clause(opaque=frozenset({(key, below(part, key))} if is_exclusive else ()))
                yield [clause & only for index in range(len(branches)) for clause in inner(key, index)]
        if "if" in node and ("then" in node or "else" in node):
            holds = _product(inner("if"), inner("then") if "then" in node else [Clause()])
            fails = _product(
                [Clause(nots=frozenset({below(part, "if")}))], inner("else") if "else" in node else [Clause()]
            )
            yield holds + fails
        for name in node.get("dependentSchemas", ()):
            has = self._make(part, f"required {name}", {"type": ["object"], "required": [name]})
            yield [Clause(nots=frozenset({has})), *inner("dependentSchemas", name)]

    def _make(self, part: Part, name: str, node: Any) -> Part:
        made = below(part, name)
        self._made[made] = node
        return made


def resolvers(old: Document, new: Document) -> dict[Direction, Resolver]:
    """Return the resolvers of two documents in both directions."""
    return {"request": Resolver((old, new), "request"), "response": Resolver((old, new), "response")}


def keywords_of(node: dict[str, Any]) -> set[str]:
    """Return the keywords that constrain values, including our own."""
    ours = {"x-open-enum", "x-open-values", "x-hidden"}
    return {key for key in node if key not in _SILENT and (key in ours or not key.startswith("x-"))}


def is_reference(node: Any) -> bool:
    """Return whether a schema is a reference without other keywords."""
    return isinstance(node, dict) and keywords_of(node) == {"$ref"}


def _role(key: Any) -> str:
    return _ROLES.get(str(key).removesuffix(UNREAD), "any")


def _unknown(part: Part, node: dict[str, Any]) -> Iterator[tuple[str, Part]]:
    """Yield the keywords that are only compared for equality."""
    for key in node:
        is_known = key in _KNOWN or key.startswith("x-")
        if not is_known and (not key.startswith("unevaluated") or is_limited(node, key)):
            yield key, below(part, key)


def _product(left: list[Clause], right: list[Clause]) -> list[Clause]:
    if len(left) * len(right) > _MAX_CLAUSES:
        raise TooManyError
    return list(dict.fromkeys(first & second for first in left for second in right))
