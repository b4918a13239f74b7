"""What differs between two schemas at one place, without what is below it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from contract_diff.cases import as_json
from contract_diff.changes import Action, Event, names, show
from contract_diff.containment import Containment
from contract_diff.severities import KEPT, NEEDED, NEVER_NULL
from contract_diff.views import LIMITS, LOWER, UPPER, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer
    from contract_diff.cases import Schemas
    from contract_diff.changes import Place
    from contract_diff.resolver import Resolver

_OPTIONAL = ("optional", "required")
# What may differ although each schema takes all that the other one does.
UNSEEN: Final = frozenset({
    *("field added", "field removed", "deprecated", "default", "discriminator"),
    *("enum opened", "enum closed", "enum value added, open", "enum value removed"),
})  # fmt: skip


class Differences:
    """What differs at one place.

    Args:
        resolver: The two documents.
        place: The place.
        old: What the old contract says there.
        new: What the new one says.
        is_held: Whether the new schema keeps to the old one, so that no difference of values takes anything away.
    """

    def __init__(self, resolver: Resolver, place: Place, old: View, new: View, *, is_held: bool) -> None:
        self._resolver = resolver
        self._is_request = resolver.direction == "request"
        self._place = place
        self._old, self._new = old, new
        self._is_held = is_held

    def events(self, *, is_equal: bool) -> Iterator[Event]:
        """Fields and marks; what is said of values only if it does not come to the same."""
        yield from self._fields()
        if not is_equal:
            yield from self._types()
        if not is_equal or self._old.is_open or self._new.is_open:
            yield from self._enums()
        if not is_equal:
            yield from self._keywords()
            yield from self._other_fields()
        yield from self._marks()

    def _event(
        self,
        kind: str,
        subject: str,
        old: str = "",
        new: str = "",
        *,
        key: str = "",
        narrows: bool = False,
        widens: bool = False,
    ) -> Event:
        """A difference of a keyword; whether less is allowed than before, or more, as far as this alone is looked at."""
        violates = not self._is_held and (narrows if self._is_request else widens)
        places = self._old.part_of(key)[1], self._new.part_of(key)[1]
        return Event(kind, self._place, subject, old=old, new=new, places=places, violates=violates)

    def _types(self) -> Iterator[Event]:
        old, new = self._old, self._new
        texts = old.type_text, new.type_text
        if texts[0] == texts[1]:
            return
        if old.is_null != new.is_null and old.types and new.types and "any" not in texts:
            kind = "null allowed" if new.is_null else "null forbidden"
            event = self._event(kind, "Its type", *texts, narrows=old.is_null, widens=new.is_null)
            yield replace(event, client="no order" if new.is_null and self._place.fields in NEVER_NULL else "")
        if old.types != new.types:
            narrows, widens = not _cover(new.types, old.types), not _cover(old.types, new.types)
            needed = NEEDED.get(self._place.fields)
            is_odd = needed is not None and new.has_type() and not _cover([needed], new.types)
            event = self._event("type", "Its type", *texts, key="type", narrows=narrows, widens=widens)
            yield replace(event, client="no order" if is_odd else "")

    def _enums(self) -> Iterator[Event]:
        old, new = self._old.values, self._new.values
        if (old is None and new is None) or not (self._old.types and self._new.types):
            return
        if old is None or new is None:
            kind = "enum value removed" if old is None else "enum value added"
            listed = [f"only {names(values)}" if values is not None else "any" for values in (old, new)]
            yield self._event(kind, "Its value", *listed, key="enum", narrows=old is None, widens=new is None)
            return
        before, after = ({*map(as_json, values)} for values in (old, new))
        if gone := [value for value in old if as_json(value) not in after]:
            event = self._event("enum value removed", _enum(gone), key="enum", narrows=True)
            yield replace(event, action="removed")
        if come := [value for value in new if as_json(value) not in before]:
            is_open = not self._is_request and self._old.is_open and self._new.is_open
            kind = "enum value added, open" if is_open else "enum value added"
            yield replace(self._event(kind, _enum(come), key="enum", widens=True), action="added")

    def _keywords(self) -> Iterator[Event]:
        old, new = self._old.keywords, self._new.keywords
        for key in sorted(old.keys() | new.keys()):
            before, after = (each[key][0] if key in each else None for each in (old, new))
            action: Action = "added" if before is None else "removed" if after is None else "changed"
            here = old[key][1][1] if key in old else self._old.part_of()[1]
            there = new[key][1][1] if key in new else self._new.part_of()[1]
            if key not in LIMITS:
                if not self._resolver.are_same(before or (), after or ()):
                    event = self._event("constraint", f"`{key}`", narrows=True, widens=True)
                    yield replace(event, action=action, places=(here, there))
            elif before != after:
                is_tighter = None if before is None or after is None else _is_tighter(key, before, after)
                narrows, widens = action == "added", action == "removed"
                if action == "changed":
                    narrows, widens = is_tighter is not False, is_tighter is not True
                shown = ["" if value is None else show(value) for value in (before, after)]
                event = self._event("limit", f"`{key}`", *shown, narrows=narrows, widens=widens)
                client = "limit kept" if self._is_kept(key, after) else ""
                yield replace(event, action=action, places=(here, there), client=client)

    def _is_kept(self, key: str, limit: Any) -> bool:
        """Whether the client keeps to a limit before it sends anything."""
        kept = KEPT.get((self._place.show([]), key))
        return kept is not None and limit is not None and (limit <= kept if key in LOWER else limit >= kept)

    def _other_fields(self) -> Iterator[Event]:
        others = self._old.object.others, self._new.object.others
        if bool(others[0]) != bool(others[1]):
            texts = [self._show_others(each) for each in others]
            is_narrower = bool(others[1])
            key = "additionalProperties"
            yield self._event(
                "other fields", "Other fields", *texts, key=key, narrows=is_narrower, widens=not is_narrower
            )

    def _show_others(self, others: Schemas) -> str:
        if not others:
            return "allowed"
        return "refused" if Containment(self._resolver).is_empty(others) else "limited"

    def _fields(self) -> Iterator[Event]:
        old, new = self._old, self._new
        is_any = any(each.type_text == "any" and not each.every_name for each in (old, new))
        if not (old.may_be("object") and new.may_be("object")) or (is_any and old.type_text != new.type_text):
            return  # the types say it all
        # Of alternatives that are not compared one by one, the fields are told here.
        are_paired = len(old.alternatives) == len(new.alternatives)
        before, after = (each.object.names if are_paired else each.every_name for each in (old, new))
        gone = [name for name in before if name not in new.every_name]
        come = [name for name in after if name not in old.every_name]
        notes = self._find_renames(gone, come)
        for name in gone:
            event = self._event("field removed", f"`{name}`")
            was_required = name in old.object.required and not self._is_request
            client = "field optional" if was_required else ""
            note = notes.get(name) or self._elsewhere(name, new)
            here = _named(old, name)
            violates = was_required or self._loses(name)
            yield replace(event, action="removed", places=(here, None), violates=violates, client=client, note=note)
        for name in come:
            is_required = self._is_request and name in new.object.required
            said = f"{_OPTIONAL[is_required]}, {View(self._resolver, new.object.field(name)).type_text}"
            kind = "required field added" if is_required else "field added"
            event = self._event(kind, f"`{name}`", new=said if self._is_request else "")
            note = notes.get(name) or self._elsewhere(name, old)
            there = _named(new, name)
            violates = is_required or self._loses(name)
            yield replace(event, action="added", places=(None, there), violates=violates, note=note)
        for name in sorted(old.object.required ^ new.object.required):
            if name not in gone and name not in come:
                more = name in new.object.required
                kind, words = ("field required", _OPTIONAL) if more else ("field optional", _OPTIONAL[::-1])
                yield self._event(kind, f"`{name}`", *words, key="required", narrows=more, widens=not more)

    def _loses(self, name: str) -> bool:
        """Whether a field, named in one of the two only, may not be what it could be, or be what it could not be."""
        old, new = self._old.object.field(name), self._new.object.field(name)
        narrow, wide = (old, new) if self._is_request else (new, old)
        is_promised = name in (self._old if self._is_request else self._new).object.names
        return (bool(narrow) or is_promised) and not Containment(self._resolver).is_within(narrow, wide)

    def _find_renames(self, gone: list[str], come: list[str]) -> dict[str, str]:
        """Notes on fields of which one went and one came with the very same schema."""
        old = {name: self._old.object.field(name) for name in gone}
        new = {name: self._new.object.field(name) for name in come}
        notes: dict[str, str] = {}
        for name in gone:
            twins = [other for other in come if self._resolver.are_same(old[name], new[other])]
            if len(twins) == 1 and sum(self._resolver.are_same(each, new[twins[0]]) for each in old.values()) == 1:
                note = f"It looks like a rename of `{name}` to `{twins[0]}`."
                notes |= {name: note, twins[0]: note}
        return notes

    def _elsewhere(self, name: str, view: View) -> str:
        if name not in view.object.hidden:
            return ""
        other, mark = ("responses", "readOnly") if self._is_request else ("requests", "writeOnly")
        return f"It is only in {other} there ({mark})."

    def _marks(self) -> Iterator[Event]:
        old, new = self._old, self._new
        if old.has("deprecated") != new.has("deprecated"):
            texts = show(old.has("deprecated")), show(new.has("deprecated"))
            yield self._event("deprecated", "`deprecated`", *texts, key="deprecated")
        if old.values is not None and new.values is not None and old.is_open != new.is_open:
            kind = "enum opened" if new.is_open else "enum closed"
            words = ("closed", "open") if new.is_open else ("open", "closed")
            yield self._event(kind, "Its enum", *words, key="enum", widens=new.is_open)
        if old.default != new.default:
            texts = show(old.default), show(new.default)
            yield self._event("default", "`default`", *texts, key="default")
        if old.discriminator != new.discriminator:
            texts = show(old.discriminator), show(new.discriminator)
            yield self._event("discriminator", "`discriminator.propertyName`", *texts, key="discriminator")


def _is_tighter(key: str, old: Any, new: Any) -> bool | None:
    """Whether a limit allows less than another; None if that cannot be told."""
    if key in LOWER:
        return bool(new > old)
    return bool(new < old) if key in UPPER else None


def _cover(wide: list[str], narrow: list[str]) -> bool:
    return set(narrow) <= set(wide) | ({"integer"} if "number" in wide else set())


def _named(view: View, name: str) -> Pointer:
    """Where a field stands: under its name, if any of its schemas does."""
    pointers = [pointer for _, pointer in view.object.field(name)] or [view.part_of()[1]]
    return next((each for each in pointers if each[-2:] == ("properties", name)), pointers[0])


def _enum(values: list[Any]) -> str:
    return f"{'Enum value' if len(values) == 1 else 'Enum values'} {names(values)}"
