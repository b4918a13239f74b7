"""Compares what is sent back: statuses, headers, media types and bodies."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from contract_diff.changes import Event, Place
from contract_diff.exchange import JSON, ExchangeComparison, find_media_type, in_brackets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer


class ResponseComparison(ExchangeComparison):
    """Compares the responses of two operations."""

    def events(self) -> Iterator[Event]:
        """Everything that differs."""
        for status in sorted(self._old.responses.keys() | self._new.responses.keys()):
            place = Place("response" if status.startswith("2") else "error", "", status)
            old, new = self._old.response_of(status), self._new.response_of(status)
            if old is not None and new is not None:
                yield from self._response(place, old, new)
            elif new is not None:
                yield from self._added(place, new)
            elif old is not None and not any(_is_part(each, status) for each in self._new.responses):
                kind = "success removed" if place.direction == "response" else "error removed"
                yield Event(kind, place, "The response", "removed", places=(old, None))

    def _added(self, place: Place, new: Pointer) -> Iterator[Event]:
        kind = {"2": "success added", "3": "redirect added"}.get(place.status[0], "error added")
        may_be_order = any(_is_json(name) for name in self._new.content(new))
        client = "success without order" if kind == "success added" and not may_be_order else ""
        yield Event(kind, place, "The response", "added", places=(None, new), client=client)
        success = next((pointer for status, pointer in self._old.responses.items() if status.startswith("2")), None)
        if kind == "success added" and may_be_order and success is not None:
            # This client reads it as an order: whether it is none is told, and of the rest only that it came.
            yield from (event for event in self._response(place, success, new) if event.client == "no order")

    def _response(self, place: Place, old: Pointer, new: Pointer) -> Iterator[Event]:
        before, after = self._old.headers(old), self._new.headers(new)
        for name in sorted(before.keys() | after.keys()):
            yield from self._header(place, name, before.get(name), after.get(name))
        yield from self._content(place, self._old.content(old), self._new.content(new))

    def _header(self, place: Place, name: str, old: Pointer | None, new: Pointer | None) -> Iterator[Event]:
        here = Place(place.direction, f" header `{name}`", place.status)
        if old is None:
            yield Event("header added", here, "The header", "added", places=(None, new))
        elif new is None:
            yield Event("header removed", here, "The header", "removed", places=(old, None))
        else:
            yield from self._required("header", here, "The header", old, new)
            yield from self._inner(here, old, new)

    def _content(self, place: Place, old: dict[str, Pointer], new: dict[str, Pointer]) -> Iterator[Event]:
        pairs = {name: find_media_type(name, old) for name in new}
        before, after = (next((name for name in each if _is_json(name)), None) for each in (old, new))
        is_relabelled = before is not None and after is not None and before not in pairs.values() and not pairs[after]
        for name, match in pairs.items():
            if match is None:
                kind = "media type added" if old else "response body added"
                yield Event(kind, place, f"`{name}`", "added", places=(None, new[name]))
            known = before if is_relabelled and name == after else match
            if known is not None:
                here = Place(place.direction, in_brackets(name), place.status)
                yield from self._schemas(here, old[known], new[name])
        for name, pointer in old.items():
            if name not in pairs.values():
                client = "no JSON" if name == before and after is None else ""
                yield Event("media type removed", place, f"`{name}`", "removed", places=(pointer, None), client=client)


def _is_json(name: str) -> bool:
    return name.endswith(("/json", "+json")) or ("*" in name and fnmatchcase(JSON, name))


def _is_part(status: str, of: str) -> bool:
    """Whether a status, or a range, belongs to a range."""
    return of.endswith("XX") and status not in {of, "default"} and status.startswith(of[0])
