"""What comparing requests and comparing responses have in common."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from contract_diff.changes import Event, show
from contract_diff.containment import Containment
from contract_diff.schemas import SchemaComparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer
    from contract_diff.changes import Place
    from contract_diff.operations import Operation
    from contract_diff.resolver import Resolver

JSON: Final = "application/json"


class ExchangeComparison:
    """Compares one direction of two operations.

    Args:
        old: The operation of the old contract.
        new: That of the new one.
        resolver: Their schemas, in this direction.
    """

    def __init__(self, old: Operation, new: Operation, resolver: Resolver) -> None:
        self._old, self._new = old, new
        self._resolver = resolver

    def _required(self, kind: str, place: Place, subject: str, old: Pointer, new: Pointer) -> Iterator[Event]:
        """Whether it must be there, where that differs; the kind is `header required` or `header optional`."""
        flags = [self._is(side, "required", pointer) for side, pointer in ((self._old, old), (self._new, new))]
        if flags[0] != flags[1]:
            words = ("optional", "required") if flags[1] else ("required", "optional")
            yield Event(f"{kind} {words[1]}", place, subject, "changed", *words, places=(old, new))

    def _deprecated(self, place: Place, old: Pointer, new: Pointer) -> Iterator[Event]:
        flags = [self._is(side, "deprecated", pointer) for side, pointer in ((self._old, old), (self._new, new))]
        if flags[0] != flags[1]:
            yield Event(
                "deprecated", place, "`deprecated`", "changed", show(flags[0]), show(flags[1]), places=(old, new)
            )

    def _is(self, operation: Operation, mark: str, pointer: Pointer) -> bool:
        return operation.document.mapping(pointer).get(mark) is True

    def _inner(self, place: Place, old: Pointer, new: Pointer) -> Iterator[Event]:
        """The schemas of two parameters or headers, each of which may have its own or that of a media type."""
        inner = [next(iter(each.content(p).values()), p) for each, p in ((self._old, old), (self._new, new))]
        yield from self._schemas(place, *inner)

    def _schemas(self, place: Place, old: Pointer, new: Pointer) -> Iterator[Event]:
        """What differs between the schemas of two media types, parameters or headers, each of which may have none."""
        has = ["schema" in each.document.mapping(pointer) for each, pointer in ((self._old, old), (self._new, new))]
        before, after = (0, (*old, "schema")), (1, (*new, "schema"))
        if all(has):
            yield from SchemaComparison(self._resolver).compare(place, (before,), (after,))
        elif has[0] and not Containment(self._resolver).is_within((), (before,)):
            violates = self._resolver.direction == "response"
            yield Event("schema", place, "The schema", "removed", places=(before[1], None), violates=violates)
        elif has[1] and not Containment(self._resolver).is_within((), (after,)):
            violates = self._resolver.direction == "request"
            yield Event("schema", place, "The schema", "added", places=(None, after[1]), violates=violates)


def find_media_type(name: str, content: dict[str, Pointer]) -> str | None:
    """The media type, or the range of them, that a media type belongs to."""
    return name if name in content else next((each for each in content if fnmatchcase(name, each)), None)


def in_brackets(name: str) -> str:
    """The media type in brackets, unless it is the one that everybody expects."""
    return "" if name == JSON else f" ({name})"
