"""A document to compare, of OpenAPI 3.0 or 3.1, and its one normal form for each direction."""

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
_LONGEST_CHAIN: Final = 100
LOWER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_Number = int | float
# Of another type these say nothing.
_SHAPES: Final[dict[str, Any]] = {
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "dependentRequired"), dict),
    **dict.fromkeys(("type", "enum", "required", "allOf", "anyOf", "oneOf", "prefixItems"), list),
    **dict.fromkeys(LOWER | UPPER | {"multipleOf", "minContains", "maxContains"}, _Number),
    **dict.fromkeys(("$ref", "pattern", "format"), str),
    "discriminator": dict,
}
_TYPES: Final = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
UNREAD: Final = " (not read)"
"""What the name of a keyword ends in that says something, but nothing that is understood."""
# What limits nothing.
_NO_LIMITS: Final[dict[str, Any]] = {
    **dict.fromkeys(("minLength", "minItems", "minProperties", "multipleOf"), (0,)),
    "uniqueItems": (False,),
}
_IN_PLACE: Final = {"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "contains"}
LITERALS: Final = {"enum", "const", "default", "example", "examples", "mapping"}
# Their keys are names, not keywords.
MAPS: Final = {
    *("properties", "patternProperties", "dependentSchemas", "dependentRequired", "$defs", "definitions", "schemas"),
    *("paths", "parameters", "requestBodies", "responses", "headers", "content", "pathItems", "callbacks"),
}
_REPEATED: Final = re.compile(r"[+*}]\)[+*{]")
# Patterns that every text matches.
_ANY_TEXT: Final = re.compile(r"\^?(\.\*|\(\?:\.\*\)|)\$?|\[\\s\\S\]\*|\^\[\\s\\S\]\*\$")


class DiffError(Exception):
    """Two documents cannot be compared; the message says why, and where."""


class Document:
    """What a contract says, its references followed where they are met."""

    def __init__(self, contract: Contract) -> None:
        self.name = contract.name
        self._contract = contract
        self.tree: Any = contract.plain()
        self.version = str(self.tree.get("openapi", ""))
        self.is_3_0 = self.version.startswith("3.0")

    def where(self, pointer: Pointer) -> str:
        """File, line and pointer of what stands there; of a keyword that only the normal form has, of its schema."""
        pointer = tuple(step.removesuffix(UNREAD) if isinstance(step, str) else step for step in pointer)
        is_there = pointer[-1:] not in {("additionalProperties",), ("items",)} or at(self.tree, pointer) is not None
        return self._contract.where(pointer if is_there else pointer[:-1])

    def get(self, pointer: Pointer) -> Any:
        """What stands there, where references are followed; None if nothing does."""
        return at(self.tree, self.follow(pointer))

    def mapping(self, pointer: Pointer) -> dict[str, Any]:
        """The mapping at a pointer, where references are followed; empty if nothing stands there.

        Raises:
            DiffError: If something else stands there.
        """
        return self._checked(pointer, dict, "is not a mapping") or {}

    def sequence(self, pointer: Pointer) -> list[Any]:
        """The list at a pointer; empty if nothing stands there.

        Raises:
            DiffError: If something else stands there.
        """
        return self._checked(pointer, list, "is not a list") or []

    def _checked(self, pointer: Pointer, kind: type, problem: str) -> Any:
        node = self.get(pointer)
        if node is not None and not isinstance(node, kind):
            raise self.error(pointer, problem)
        return node

    def follow(self, pointer: Pointer) -> Pointer:
        """Where a chain of references ends; what is no reference is its own end.

        Raises:
            DiffError: If a reference leads to nothing, out of the document, in a circle or too far.
        """
        end = pointer
        for _ in range(_LONGEST_CHAIN):
            node = at(self.tree, end)
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return end
            end = self.target(end)
        raise self.error(pointer, f"is in a circle, or a chain, of more than {_LONGEST_CHAIN} references")

    def target(self, pointer: Pointer, reference: str = "") -> Pointer:
        """Where the reference at a pointer, or one that is given for it, leads to.

        Raises:
            DiffError: If it leads to nothing, or out of the document.
        """
        reference = reference or at(self.tree, pointer)["$ref"]
        if reference != "#" and not reference.startswith("#/"):
            problem = f"refers to {reference!r}, which is not a place in the same document; bundle it first"
            raise self.error(pointer, problem)
        found = locate(self.tree, reference)
        if found is None:
            raise self.error(pointer, f"refers to {reference!r}, where there is nothing")
        return found

    def error(self, pointer: Pointer, problem: str) -> DiffError:
        """An error that names the place."""
        return DiffError(f"{self.where(pointer)} {problem}")

    @contextmanager
    def comparing(self, pointer: Pointer) -> Iterator[None]:
        """While something is compared that stands at a pointer: what goes wrong is told with the place.

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
        """A copy in which a schema says what counts in one direction, at the same pointers.

        Fields that are not sent in this direction (`readOnly`, `writeOnly`) are listed in `x-hidden` instead. The values
        of an open enum in a response are listed in `x-open-values`: a response may have others. Keywords of OpenAPI 3.0
        and of older drafts become those of 2020-12, `type` a list; what limits nothing, or is malformed, goes.
        """
        tree = copy.deepcopy(self.tree)
        mark = "readOnly" if direction == "request" else "writeOnly"
        nodes = list(mappings(tree))
        for node in nodes:
            if self.is_3_0 and isinstance(node.get("$ref"), str):
                for key in node.keys() - {"$ref"}:
                    del node[key]  # what stands beside a reference counts for nothing there
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
        """Whether a schema, or one that it refers to or is composed of, has a mark."""
        pending, seen = [schema], set()
        while pending:
            schema = pending.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            if (found := locate(tree, str(schema.get("$ref")))) is not None:
                pending.append(at(tree, found))
            if schema.get(mark) is True:
                return True
            pending += schema.get("allOf", ())
        return False


def locate(tree: Any, reference: str) -> Pointer | None:
    """Where a reference leads to; None if that is out of the document, or nothing."""
    if not reference.startswith("#/"):
        return () if reference == "#" else None
    found: Pointer = ()
    for name in target(reference):
        part = int(name) if isinstance(tree, list) and str(name).isdecimal() else name
        try:
            tree = tree[part]
        except (LookupError, TypeError):
            return None
        found = (*found, part)
    return found


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
    for key in [key for key, value in node.items() if _says_nothing(key, value)]:
        del node[key]
    _set_apart(node)


def _set_apart(node: dict[str, Any]) -> None:
    """Give keywords that say something, but nothing that is understood, the names of keywords that are not known."""
    unread = ["type"] if not set(map(str, node.get("type", ()))) <= _TYPES else []
    if not all(map(is_readable, node.get("patternProperties", ()))):
        unread += ["patternProperties", "additionalProperties"]
    for key in node.keys() & {*unread}:
        node[f"{key}{UNREAD}"] = node.pop(key)


def is_readable(pattern: str) -> bool:
    """Whether `re` knows a pattern, and will not try it for ages, as it may where what repeats is repeated."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return not _REPEATED.search(pattern)


def _says_nothing(key: str, value: Any) -> bool:
    shape = _SHAPES.get(key, object)
    if not isinstance(value, shape) or (shape is _Number and isinstance(value, bool)):
        return True
    is_any = (key == "pattern" and _ANY_TEXT.fullmatch(value)) or (key == "type" and "any" in value)
    return bool(is_any) or value in _NO_LIMITS.get(key, ())


def mappings(tree: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of keywords, once, however many aliases it has; not those whose keys are names, and no values."""
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
