"""Pure: which edits of a bulk run must wait for earlier ones, because they are about the same order."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Sequence(Generic[T]):
    """Edits that are not finished, by the ids that they touch: those with an id in common come one after another."""

    def __init__(self) -> None:
        self._last: dict[str, Place[T]] = {}

    def add(self, item: T, ids: set[str]) -> Place[T]:
        """Put an edit in its place; it may begin if the place `is_free`."""
        place = Place(item, ids)
        for earlier in {id(found): found for found in map(self._last.get, ids) if found is not None}.values():
            earlier.later.append(place)
            place.waits_for += 1
        self._last.update(dict.fromkeys(ids, place))
        return place

    def finish(self, place: Place[T]) -> list[Place[T]]:
        """Take a finished edit away; returns those that may begin now, in their order."""
        for touched in place.ids:
            if self._last.get(touched) is place:
                del self._last[touched]
        for later in place.later:
            later.waits_for -= 1
        return [later for later in place.later if later.is_free]


class Place(Generic[T]):
    """An edit among the others."""

    __slots__ = ("ids", "item", "later", "waits_for")

    def __init__(self, item: T, ids: set[str]) -> None:
        self.item = item
        self.ids = ids
        self.later: list[Place[T]] = []
        self.waits_for = 0

    @property
    def is_free(self) -> bool:
        """Whether no earlier edit is in the way."""
        return self.waits_for == 0
