"""Reads a schema's effective shape: what is left when references, allOf, anyOf and the ways to say null are undone."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from review.upstream.keywords import ANYTHING, NOTHING, At, Both, Schema, Shape, of_keywords
from review.upstream.merging import both, either, finish

if TYPE_CHECKING:
    from contract import Pointer
    from review.upstream.document import Document

_DEEPEST: Final = 100
# Beside a reference these change nothing that is compared.
_IDLE: Final = frozenset({"$ref", "description", "summary", "title", "example", "examples", "default", "$comment"})


class Shapes:
    """The shapes of one document's schemas."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._finished: dict[Schema, Shape] = {}
        self._merged: dict[Pointer, Shape] = {}
        self._circles = 0

    def of(self, schema: Schema | None) -> Shape:
        """The shape of a schema; of None, that of anything.

        Raises:
            UpstreamError: If it is no schema, or a reference in it cannot be followed.
        """
        if schema is None:
            return finish(ANYTHING)
        if schema not in self._finished:
            self._finished[schema] = finish(self._merge(schema, frozenset()))
        return self._finished[schema]

    def place(self, schema: Schema) -> Pointer:
        """Where a schema stands; one that was put together, where its first part does."""
        while not isinstance(schema, At):
            schema = schema.parts[0]
        return schema.pointer

    def identity(self, schema: Schema) -> Schema:
        """The schema that a mere reference stands for."""
        if not isinstance(schema, At):
            return schema
        node = self.document.at(schema.pointer)
        if (
            isinstance(node, dict)
            and isinstance(node.get("$ref"), str)
            and (self.document.is_3_0 or node.keys() <= _IDLE)
        ):
            return self.identity(At(self._follow_one(schema.pointer)))
        return schema

    def _follow_one(self, pointer: Pointer) -> Pointer:
        self.document.follow(pointer)  # raises on a circle, which has no end to find
        return self.document.target(pointer)

    def _merge(self, schema: Schema, above: frozenset[Pointer]) -> Shape:
        if isinstance(schema, At):
            return self._merge_at(schema.pointer, above)
        parts = [self._merge(part, above) for part in schema.parts]
        return reduce(both, parts, ANYTHING) if isinstance(schema, Both) else either(parts)

    def _merge_at(self, pointer: Pointer, above: frozenset[Pointer]) -> Shape:
        node = self.document.at(pointer)
        if isinstance(node, bool):
            return ANYTHING if node else NOTHING
        if not isinstance(node, dict):
            raise self.document.problem(pointer, "is not a schema")
        if pointer in above:
            # A schema that is composed of itself: the repetition says nothing new.
            self._circles += 1
            return ANYTHING
        if len(above) > _DEEPEST:
            raise self.document.problem(pointer, f"is at the end of a chain of more than {_DEEPEST} schemas")
        if pointer not in self._merged:
            circles = self._circles
            shape = self._compose(node, pointer, above | {pointer})
            if circles != self._circles:
                # What was left out depends on where it was come from.
                return shape
            self._merged[pointer] = shape
        return self._merged[pointer]

    def _compose(self, node: dict[str, Any], pointer: Pointer, above: frozenset[Pointer]) -> Shape:
        parts = []
        if isinstance(node.get("$ref"), str):
            parts.append(self._merge_at(self._follow_one(pointer), above))
            if self.document.is_3_0:
                return parts[0]
        parts.append(of_keywords(node, pointer))
        for keyword in ("allOf", "anyOf", "oneOf"):
            found = node.get(keyword)
            if not (isinstance(found, list) and found):
                continue
            branches = [self._merge_at((*pointer, keyword, index), above) for index in range(len(found))]
            parts.append(reduce(both, branches) if keyword == "allOf" else either(branches))
        shape = reduce(both, parts)
        # Strictly it counts only beside `type`; those who write it elsewhere mean it all the same.
        return replace(shape, null=True) if node.get("nullable") is True and self._has_shape(shape) else shape

    @staticmethod
    def _has_shape(shape: Shape) -> bool:
        """Whether the schema says anything of its own; a bare `nullable: true` in an allOf does not make the rest nullable."""
        return shape.types is not None or shape.values is not None or bool(shape.fields or shape.items)
