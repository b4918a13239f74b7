"""An OpenAPI 3.0 or 3.1 document to compare, and its normal form for each direction."""

from __future__ import annotations

import copy
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Literal

from contract import at, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Contract, Pointer

Direction = Literal["request", "response"]
_MAX_CHAIN_LENGTH: Final = 100
LOWER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_Number = int | float
# The types of keywords; a value of another type is ignored.
_SHAPES: Final[dict[str, Any]] = {
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "dependentRequired"), dict),
    **dict.fromkeys(("type", "enum", "required", "allOf", "anyOf", "oneOf", "prefixItems"), list),
    **dict.fromkeys(LOWER | UPPER | {"multipleOf", "minContains", "maxContains"}, _Number),
    **dict.fromkeys(("$ref", "pattern", "format"), str),
    "discriminator": dict,
}
_TYPES: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
UNREAD: Final = " (not read)"
"""A suffix of keywords whose value is not understood."""
# Values that limit nothing.
_NO_LIMITS: Final[dict[str, Any]] = {
    **dict.fromkeys(("minLength", "minItems", "minProperties", "multipleOf"), (0,)),
    "uniqueItems": (False,),
}
_IN_PLACE: Final = {"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "contains"}
LITERALS: Final = {"enum", "const", "default", "example", "examples", "mapping"}
# Mappings whose keys are names, not keywords.
MAPS: Final = {
    *("properties", "patternProperties", "dependentSchemas", "dependentRequired", "$defs", "definitions", "schemas"),
    *("paths", "parameters", "requestBodies", "responses", "headers", "content", "pathItems", "callbacks"),
}
_REPEATED: Final = re.compile(r"[+*}]\)[+*{]")
# Patterns that every string matches.
_ANY_TEXT: Final = re.compile(r"\^?(\.\*|\(\?:\.\*\)|)\$?|\[\\s\\S\]\*|\^\[\\s\\S\]\*\$")


class DiffError(Exception):
    """The documents cannot be compared; the message says why, and where."""


class Document:
    """A contract whose references are followed on access."""

    def __init__(self, contract: Contract) -> None:
        self.name = contract.name
        self._contract = contract
        self.tree: Any = contract.plain()
        self.version = str(self.tree.get("openapi", ""))
        self.is_3_0 = self.version.startswith("3.0")

    def where(self, pointer: Pointer) -> str:
        """Return file, line and pointer of a part; of its schema for a keyword that only the normal form has."""
        pointer = tuple(step.removesuffix(UNREAD) if isinstance(step, str) else step for step in pointer)
        is_there = pointer[-1:] not in {("additionalProperties",), ("items",)} or at(self.tree, pointer) is not None
        return self._contract.where(pointer if is_there else pointer[:-1])

    def get(self, pointer: Pointer) -> Any:
        """Return the value at a pointer, following references; None if there is none."""
        return at(self.tree, self.follow(pointer))

    def mapping(self, pointer: Pointer) -> dict[str, Any]:
        """Return the mapping at a pointer, following references; empty if there is none.

        Raises:
            DiffError: If the value is not a mapping.
        """
        return self._checked(pointer, dict, "is not a mapping") or {}

    def sequence(self, pointer: Pointer) -> list[Any]:
        """Return the list at a pointer, following references; empty if there is none.

        Raises:
            DiffError: If the value is not a list.
        """
        return self._checked(pointer, list, "is not a list") or []

    def _checked(self, pointer: Pointer, kind: type, problem: str) -> Any:
        node = self.get(pointer)
        if node is not None and not isinstance(node, kind):
            raise self.error(pointer, problem)
        return node

    def follow(self, pointer: Pointer) -> Pointer:
        """Return the end of a chain of references; the pointer itself if there is no reference.

        Raises:
            DiffError: If a reference has no target in this document, is circular, or the chain is too long.
        """
        end = pointer
        for _ in range(_MAX_CHAIN_LENGTH):
            node = at(self.tree, end)
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return end
            end = self.target(end)
        raise self.error(pointer, f"is in a circle, or a chain, of more than {_MAX_CHAIN_LENGTH} references")

    def target(self, pointer: Pointer, reference: str = "") -> Pointer:
        """Return the target of the reference at a pointer, or of the given reference.

        Raises:
            DiffError: If it has no target in this document.
        """
        reference = reference or at(self.tree, pointer)["$ref"]
        if reference != "#" and not reference.startswith("#/"):
            problem = f"refers to {reference!r}, which is not a place in the same document; bundle it first"
            raise self.error(pointer, problem)
        pointed = locate(self.tree, reference)
        if pointed is None:
            raise self.error(pointer, f"refers to {reference!r}, which does not exist")
        return pointed

    def error(self, pointer: Pointer, problem: str) -> DiffError:
        """Return an error that names the place."""
        return DiffError(f"{self.where(pointer)} {problem}")

    @contextmanager
    def comparing(self, pointer: Pointer) -> Iterator[None]:
        """Raise errors of the block as a DiffError with the place of what is compared.

        Raises:
            DiffError: If it cannot be compared.
        """
        try:
            yield
        except RecursionError:
            raise self.error(pointer, "is nested too deeply to be compared") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error) as error:
            raise self.error(pointer, f"cannot be compared: {error}") from error

    def normal(self, direction: Direction) -> Any:
        """Return a normalised copy for one direction, with all parts at the same pointers.

        Fields that are not sent in this direction (`readOnly`, `writeOnly`) move to `x-hidden`. The values of an open enum
        in a response move to `x-open-values`, because a response may have others. Keywords of OpenAPI 3.0 and of older
        drafts become those of 2020-12, `type` a list; keywords that limit nothing, or are malformed, are removed.
        """
        tree = copy.deepcopy(self.tree)
        mark = "readOnly" if direction == "request" else "writeOnly"
        nodes = list(mappings(tree))
        for node in nodes:
            if self.is_3_0 and isinstance(node.get("$ref"), str):
                for key in node.keys() - {"$ref"}:
                    del node[key]  # OpenAPI 3.0 ignores keywords next to a reference
            _modernise(node)
        for node in nodes:
            fields = node.get("properties", {})
            if names := [name for name, field in fields.items() if self._has(tree, field, mark)]:
                node["x-hidden"] = names
            if direction == "response" and node.get("x-open-enum") is True and "enum" in node:
                node["x-open-values"] = node.pop("enum")
        for node in nodes:
            if names := node.get("x-hidden", ()):
                node["properties"] = {name: field for name, field in node["properties"].items() if name not in names}
        return tree

    def _has(self, tree: Any, schema: Any, mark: str) -> bool:
        """Return whether a schema, or one that it refers to or is composed of, has a keyword that is true."""
        pending, seen = [schema], set()
        while pending:
            schema = pending.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            if (pointer := locate(tree, str(schema.get("$ref")))) is not None:
                pending.append(at(tree, pointer))
            if schema.get(mark) is True:
                return True
            pending += schema.get("allOf", ())
        return False


def locate(tree: Any, reference: str) -> Pointer | None:
    """Return the target of a reference; None if it is outside the document or does not exist."""
    if not reference.startswith("#/"):
        return () if reference == "#" else None
    pointer: Pointer = ()
    for name in target(reference):
        part = int(name) if isinstance(tree, list) and str(name).isdecimal() else name
        try:
            tree = tree[part]
        except (LookupError, TypeError):
            return None
        pointer = (*pointer, part)
    return pointer


def _modernise(node: dict[str, Any]) -> None:
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if isinstance(node.get(exclusive), bool) and node.pop(exclusive) and bound in node:
            node[exclusive] = node.pop(bound)
    if isinstance(node.get("items"), list):
        node["prefixItems"] = node.pop("items")
        if "additionalItems" in node:
            node["items"] = node.pop("additionalItems")
    for new, old in (("additionalProperties", "unevaluatedProperties"), ("items", "unevaluatedItems")):
        if old in node and not node.keys() & {new, *_IN_PLACE}:
            node[new] = node.pop(old)
    if isinstance(node.get("type"), str):
        node["type"] = [node["type"]]
    for key in [key for key, value in node.items() if _has_no_effect(key, value)]:
        del node[key]
    _set_apart(node)


def _set_apart(node: dict[str, Any]) -> None:
    """Rename keywords whose value is not understood, so that they count as unknown keywords."""
    unread = ["type"] if not set(map(str, node.get("type", ()))) <= _TYPES else []
    if not all(map(is_readable, node.get("patternProperties", ()))):
        unread += ["patternProperties", "additionalProperties"]
    for key in node.keys() & {*unread}:
        node[f"{key}{UNREAD}"] = node.pop(key)


def is_readable(pattern: str) -> bool:
    """Return whether `re` supports a pattern without nested repetition, which may backtrack for ages."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return not _REPEATED.search(pattern)


def _has_no_effect(key: str, value: Any) -> bool:
    shape = _SHAPES.get(key, object)
    if not isinstance(value, shape) or (shape is _Number and isinstance(value, bool)):
        return True
    is_any = (key == "pattern" and _ANY_TEXT.fullmatch(value)) or (key == "type" and "any" in value)
    return bool(is_any) or value in _NO_LIMITS.get(key, ())


def mappings(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping of keywords once, aliased or not, without mappings of names and without values."""
    pending, seen = [(tree, False)], set()
    while pending:
        node, is_map = pending.pop()
        if not isinstance(node, dict | list) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, list):
            pending += [(each, False) for each in node]
            continue
        if not is_map:
            yield node
        pending += [(value, not is_map and key in MAPS) for key, value in node.items() if is_map or key not in LITERALS]
