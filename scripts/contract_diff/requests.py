"""Compares what is sent: parameters and the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract_diff.changes import Event, Place, show
from contract_diff.exchange import ExchangeComparison, find_media_type, in_brackets
from contract_diff.severities import SENT_ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer


class RequestComparison(ExchangeComparison):
    """Compares the requests of two operations."""

    def events(self) -> Iterator[Event]:
        """Everything that differs."""
        old, new = self._old.parameters, self._new.parameters
        for where, name in sorted(old.keys() | new.keys()):
            yield from self._parameter(where, name, old.get((where, name)), new.get((where, name)))
        yield from self._body()

    def _parameter(self, where: str, name: str, old: Pointer | None, new: Pointer | None) -> Iterator[Event]:
        pairs = ((self._old, old), (self._new, new))
        names = ["" if pointer is None else str(each.document.mapping(pointer).get("name")) for each, pointer in pairs]
        place = Place("request", f"{where} parameter `{names[1] or names[0]}`")
        if old is None and new is not None:
            is_required = self._is(self._new, "required", new)
            sent = SENT_ALWAYS | {need.rpartition(" ")[2] for way in self._old.security for need in way}
            is_sent = where == "path" or (where == "header" and name in sent)
            kind, said = ("parameter required", "required") if is_required else ("parameter added", "optional")
            client = "parameter sent" if is_sent and is_required else ""
            yield Event(kind, place, "The parameter", "added", new=said, places=(None, new), client=client)
        elif old is not None and new is None:
            client = "header removed from request" if where == "header" else ""
            yield Event("parameter removed", place, "The parameter", "removed", places=(old, None), client=client)
        elif old is not None and new is not None:
            if where == "path" and names[0] != names[1]:
                shown = show(names[0]), show(names[1])
                yield Event("path parameter renamed", place, "Its name", "changed", *shown, places=(old, new))
            if where != "path":
                yield from self._required("parameter", place, "The parameter", old, new)
            styles = self._old.style(old), self._new.style(new)
            if styles[0] != styles[1]:
                yield Event("style", place, "Its style", "changed", *styles, places=(old, new))
            yield from self._deprecated(place, old, new)
            yield from self._inner(place, old, new)

    def _body(self) -> Iterator[Event]:
        old, new = self._old.body, self._new.body
        place = Place("request", "request body")
        if old is None and new is not None:
            kind = "required body added" if self._is(self._new, "required", new) else "body added"
            yield Event(kind, place, "The body", "added", places=(self._old.pointer, new))
        elif old is not None and new is None:
            yield Event("body removed", place, "The body", "removed", places=(old, self._new.pointer))
        elif old is not None and new is not None:
            yield from self._required("body", place, "The body", old, new)
            yield from self._content(place, self._old.content(old), self._new.content(new))

    def _content(self, place: Place, old: dict[str, Pointer], new: dict[str, Pointer]) -> Iterator[Event]:
        matched = {name: find_media_type(name, new) for name in old}
        for name, match in matched.items():
            if match is None:
                yield Event("media type removed", place, f"`{name}`", "removed", places=(old[name], None))
                continue
            here = Place("request", f"request body{in_brackets(name)}")
            yield from self._schemas(here, old[name], new[match])
            before = self._old.document.mapping(old[name]).get("encoding") or None
            after = self._new.document.mapping(new[match]).get("encoding") or None
            if before != after:
                shown = show(before), show(after)
                yield Event("encoding", here, "`encoding`", "changed", *shown, places=(old[name], new[match]))
        for name, pointer in new.items():
            if name not in matched.values():
                yield Event("media type added", place, f"`{name}`", "added", places=(None, pointer))
