"""A document to compare, of OpenAPI 3.0 or 3.1, and its one normal form for each direction."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from contract import at, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Contract, Pointer

Direction = Literal["request", "response"]
_LONGEST_CHAIN: Final = 100
# Patterns that every text matches.
_ANY_TEXT: Final = re.compile(r"\^?(\.\*|\(\?:\.\*\)|)\$?|\[\\s\\S\]\*|\^\[\\s\\S\]\*\$")


class DiffError(Exception):
    """Two documents cannot be compared; the message says why, and where."""


class Document:
    """What a contract says, its references followed where they are met."""

    def __init__(self, contract: Contract) -> None:
        self.name = contract.name
        self.where = contract.where
        self.tree: Any = contract.plain()
        self.version = str(self.tree.get("openapi", ""))
        self.is_3_0 = self.version.startswith("3.0")

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

    def target(self, pointer: Pointer) -> Pointer:
        """Where the reference at a pointer leads to.

        Raises:
            DiffError: If it leads to nothing, or out of the document.
        """
        reference: str = at(self.tree, pointer)["$ref"]
        if reference != "#" and not reference.startswith("#/"):
            problem = f"refers to {reference!r}, which is not a place in the same document; bundle it first"
            raise self.error(pointer, problem)
        found: list[str | int] = []
        node = self.tree
        for name in target(reference) if reference != "#" else ():
            part: str | int = name
            if isinstance(node, list) and str(part).isdecimal() and int(part) < len(node):
                part = int(part)
            elif not (isinstance(node, dict) and part in node):
                raise self.error(pointer, f"refers to {reference!r}, where there is nothing")
            found.append(part)
            node = node[part]
        return tuple(found)

    def error(self, pointer: Pointer, problem: str) -> DiffError:
        """An error that names the place."""
        return DiffError(f"{self.where(pointer)} {problem}")

    def normal(self, direction: Direction) -> Any:
        """A copy in which a schema says what counts in one direction, at the same pointers.

        Fields that are not sent in this direction (`readOnly`, `writeOnly`) are listed in `x-hidden` instead. The values
        of an open enum in a response are listed in `x-open-values`: a response may have others. Keywords of OpenAPI 3.0
        and of older drafts become those of 2020-12, and limits that limit nothing go.
        """
        tree = copy.deepcopy(self.tree)
        hidden = "readOnly" if direction == "request" else "writeOnly"
        for node in _mappings(tree, set()):
            _modernise(node)
            fields = node.get("properties")
            if isinstance(fields, dict):
                names = [name for name, field in fields.items() if self._has(tree, field, hidden)]
                node["properties"] = {name: field for name, field in fields.items() if name not in names}
                node["x-hidden"] = names
            if direction == "response" and node.get("x-open-enum") is True and isinstance(node.get("enum"), list):
                node["x-open-values"] = node.pop("enum")
        return tree

    def _has(self, tree: Any, schema: Any, mark: str) -> bool:
        """Whether a schema, or one that it refers to or is composed of, has a mark."""
        pending, seen = [schema], set()
        while pending:
            schema = pending.pop()
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/"):
                pending.append(at(tree, target(reference)))
                if self.is_3_0:
                    continue  # what stands beside a reference counts for nothing there
            if schema.get(mark) is True:
                return True
            pending += schema["allOf"] if isinstance(schema.get("allOf"), list) else []
        return False


def _mappings(node: Any, seen: set[int]) -> Iterator[dict[str, Any]]:
    """Every mapping, once, however many aliases it has."""
    pending = [node]
    while pending:
        node = pending.pop()
        if not isinstance(node, dict | list) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            yield node
            pending += node.values()
        else:
            pending += node


def _modernise(node: dict[str, Any]) -> None:
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if isinstance(node.get(exclusive), bool) and node.pop(exclusive) and _is_number(node.get(bound)):
            node[exclusive] = node.pop(bound)
    if isinstance(node.get("items"), list):
        node["prefixItems"] = node.pop("items")
        if "additionalItems" in node:
            node["items"] = node.pop("additionalItems")
    pattern = node.get("pattern")
    if isinstance(pattern, str) and _ANY_TEXT.fullmatch(pattern):
        del node["pattern"]
    if node.get("type") == "any":
        del node["type"]
    if "required" in node and not isinstance(node["required"], list | bool):
        del node["required"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
