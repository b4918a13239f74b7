"""Compares two schemas at one location, without the parts below it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from contract_diff.cases import as_json
from contract_diff.changes import Action, Difference, names, show
from contract_diff.containment import Containment
from contract_diff.document import LOWER, UPPER
from contract_diff.severities import CLIENT_LIMITS, NEVER_NULL, REQUIRED_RESPONSE_TYPES
from contract_diff.views import LIMITS, View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer
    from contract_diff.cases import Schemas
    from contract_diff.changes import Location
    from contract_diff.resolver import Resolver

_OPTIONAL: Final = ("optional", "required")
_OPEN: Final = ("closed", "open")
# Kinds of differences that are possible although both schemas accept the same values.
UNSEEN: Final = frozenset({
    *("field added", "field removed", "deprecated", "default", "discriminator"),
    *("enum opened", "enum closed", "enum value added, open", "enum value removed"),
})  # fmt: skip


@dataclass(frozen=True)
class NodeComparison:
    """The comparison of two schemas at one location.

    Attributes:
        resolver: The two documents.
        location: Where in a request or response.
        old: The old schema.
        new: The new schema.
        is_held: Whether the new schema is compatible with the old one, so that no difference of values breaks anything.
    """

    resolver: Resolver
    location: Location
    old: View
    new: View
    is_held: bool

    def differences(self, *, is_equal: bool) -> Iterator[Difference]:
        """Yield the differences; those of values only if the schemas do not accept the same values (`is_equal`)."""
        yield from self._fields()
        if not is_equal:
            yield from self._types()
        if not is_equal or self.old.is_open or self.new.is_open:
            yield from self._enums()
        if not is_equal:
            yield from self._keywords()
            yield from self._other_fields()
        yield from self._marks()

    @property
    def _is_request(self) -> bool:
        return self.resolver.direction == "request"

    def _difference(
        self,
        kind: str,
        subject: str,
        *shown: str,
        key: str = "",
        narrows: bool = False,
        widens: bool = False,
        **more: Any,
    ) -> Difference:
        """Return the difference of a keyword; `narrows` and `widens` tell what it alone does to the allowed values."""
        old, new = shown or ("", "")
        violates = not self.is_held and (narrows if self._is_request else widens)
        places = self.old.part_of(key)[1], self.new.part_of(key)[1]
        defaults: dict[str, Any] = {"old": old, "new": new, "places": places, "violates": violates}
        return Difference(kind, self.location, subject, **(defaults | more))

    def _types(self) -> Iterator[Difference]:
        old, new = self.old, self.new
        texts = old.type_text, new.type_text
        if old.is_null != new.is_null and old.types and new.types and "any" not in texts:
            kind = "null allowed" if new.is_null else "null forbidden"
            client = "no order" if new.is_null and self.location.fields in NEVER_NULL else ""
            yield self._difference(kind, "Its type", *texts, narrows=old.is_null, widens=new.is_null, client=client)
        if old.types != new.types:
            narrows, widens = not _cover(new.types, old.types), not _cover(old.types, new.types)
            needed = REQUIRED_RESPONSE_TYPES.get(self.location.fields)
            is_order = needed is None or not new.has_type or _cover([needed], new.types)
            client = "" if is_order else "no order"
            yield self._difference(
                "type", "Its type", *texts, key="type", narrows=narrows, widens=widens, client=client
            )

    def _enums(self) -> Iterator[Difference]:
        old, new = self.old.values, self.new.values
        if (old is None and new is None) or not (self.old.types and self.new.types):
            return
        if old is None or new is None:
            kind = "enum value removed" if old is None else "enum value added"
            shown = [f"only {names(values)}" if values is not None else "any" for values in (old, new)]
            yield self._difference(kind, "Its value", *shown, key="enum", narrows=old is None, widens=new is None)
            return
        before, after = ({*map(as_json, values)} for values in (old, new))
        if removed := [value for value in old if as_json(value) not in after]:
            yield self._difference("enum value removed", _enum(removed), key="enum", narrows=True, action="removed")
        if added := [value for value in new if as_json(value) not in before]:
            is_open = not self._is_request and self.old.is_open and self.new.is_open
            kind = "enum value added, open" if is_open else "enum value added"
            yield self._difference(kind, _enum(added), key="enum", widens=not is_open, action="added")

    def _keywords(self) -> Iterator[Difference]:
        old, new = self.old.keywords, self.new.keywords
        for key in sorted(old.keys() | new.keys()):
            before, after = old.get(key, []), new.get(key, [])
            more: dict[str, Any] = {
                "action": "added" if not before else "removed" if not after else "changed",
                "places": ((before or [self.old.part_of()])[-1][1], (after or [self.new.part_of()])[-1][1]),
            }
            limits = self.old.limit(key), self.new.limit(key)
            if key not in LIMITS and not self.resolver.are_same(before, after, key):
                yield self._difference("constraint", f"`{key}`", narrows=True, widens=True, **more)
            elif key in LIMITS and limits[0] != limits[1]:
                narrows, widens = _compare_limits(key, *limits)
                shown = ["" if value is None else show(value) for value in limits]
                client = "limit kept" if self._is_kept(key, limits[1]) else ""
                yield self._difference(
                    "limit", f"`{key}`", *shown, narrows=narrows, widens=widens, client=client, **more
                )

    def _is_kept(self, key: str, limit: Any) -> bool:
        """Return whether the client enforces a limit before it sends anything."""
        kept = CLIENT_LIMITS.get((self.location.show([]), key))
        return kept is not None and limit is not None and (limit <= kept if key in LOWER else limit >= kept)

    def _other_fields(self) -> Iterator[Difference]:
        old, new = self.old.object.others, self.new.object.others
        if bool(old) != bool(new):
            texts = [self._show_others(each) for each in (old, new)]
            key = "additionalProperties"
            yield self._difference("other fields", "Other fields", *texts, key=key, narrows=bool(new), widens=bool(old))

    def _show_others(self, others: Schemas) -> str:
        if not others:
            return "allowed"
        return "refused" if Containment(self.resolver).is_empty(others) else "limited"

    def _fields(self) -> Iterator[Difference]:
        old, new = self.old, self.new
        is_any = any(each.type_text == "any" and not each.every_name for each in (old, new))
        if not (old.may_be("object") and new.may_be("object")) or (is_any and old.type_text != new.type_text):
            return  # the types say it already
        # The fields of alternatives that are not compared one by one are compared here.
        are_paired = len(old.alternatives) == len(new.alternatives)
        before, after = (each.object.known if are_paired else each.every_name for each in (old, new))
        removed = [name for name in before if name not in new.every_name]
        added = [name for name in after if name not in old.every_name]
        notes = self._find_renames(removed, added)
        for name in [*removed, *added]:
            yield self._field(name, notes.get(name, ""), is_new=name in added)
        for name in sorted((old.object.required ^ new.object.required) - {*removed, *added}):
            narrows = name in new.object.required
            kind, words = ("field required", _OPTIONAL) if narrows else ("field optional", _OPTIONAL[::-1])
            yield self._difference(kind, f"`{name}`", *words, key="required", narrows=narrows, widens=not narrows)

    def _field(self, name: str, note: str, *, is_new: bool) -> Difference:
        view, other = (self.new, self.old) if is_new else (self.old, self.new)
        is_required = name in view.object.required and self._is_request == is_new
        kind = ("required field added" if is_required else "field added") if is_new else "field removed"
        client = "field optional" if is_required and not is_new else ""
        text = f"{_OPTIONAL[is_required]}, {View(self.resolver, view.object.field(name)).type_text}"
        action: Action = "added" if is_new else "removed"
        difference = Difference(
            kind, self.location, f"`{name}`", action, new=text if is_new and self._is_request else ""
        )
        places = (None, _named(view, name)) if is_new else (_named(view, name), None)
        violates, note = not is_new or is_required or self._loses(name), note or self._note_hidden(name, other)
        return replace(difference, places=places, violates=violates, client=client, note=note)

    def _loses(self, name: str) -> bool:
        """Return whether a field that only one side declares now allows less in requests, or more in responses."""
        narrow, wide = (self.old, self.new) if self._is_request else (self.new, self.old)
        schemas = narrow.object.field(name)
        is_promised = bool(schemas) or name in narrow.object.known
        return is_promised and not Containment(self.resolver).is_within(schemas, wide.object.field(name))

    def _find_renames(self, removed: list[str], added: list[str]) -> dict[str, str]:
        """Return notes on removed and added fields that have the same schema."""
        old = {name: self.old.object.field(name) for name in removed}
        new = {name: self.new.object.field(name) for name in added}
        notes: dict[str, str] = {}
        for name in removed:
            twins = [other for other in added if self.resolver.are_same(old[name], new[other])]
            if len(twins) == 1 and sum(self.resolver.are_same(each, new[twins[0]]) for each in old.values()) == 1:
                note = f"It looks like a rename of `{name}` to `{twins[0]}`."
                notes |= {name: note, twins[0]: note}
        return notes

    def _note_hidden(self, name: str, view: View) -> str:
        if name not in view.object.hidden:
            return ""
        other, mark = ("responses", "readOnly") if self._is_request else ("requests", "writeOnly")
        return f"The other contract has it in {other} only ({mark})."

    def _marks(self) -> Iterator[Difference]:
        old, new = self.old, self.new
        if old.values is not None and new.values is not None and old.is_open != new.is_open:
            kind, words = ("enum opened", _OPEN) if new.is_open else ("enum closed", _OPEN[::-1])
            yield self._difference(kind, "Its enum", *words, key="enum", widens=new.is_open)
        for key, value in new.marks.items():
            if value != old.marks[key]:
                subject = "`discriminator.propertyName`" if key == "discriminator" else f"`{key}`"
                shown = [
                    show(mark if mark is None or key != "default" else json.loads(mark))
                    for mark in (old.marks[key], value)
                ]
                yield self._difference(key, subject, *shown, key=key)
        narrow, wide = (old.tags, new.tags) if self._is_request else (new.tags, old.tags)
        if narrow and wide and not self.resolver.are_meant(narrow, wide):
            yield self._difference("discriminator", "`discriminator.mapping`", key="discriminator")


def _compare_limits(key: str, old: Any, new: Any) -> tuple[bool, bool]:
    """Return whether a limit allows less than before, and whether more; both if this is unknown."""
    if old is None or new is None:
        return old is None, new is None
    if key in LOWER | UPPER:
        return (new > old, new < old) if key in LOWER else (new < old, new > old)
    return True, True


def _cover(wide: list[str], narrow: list[str]) -> bool:
    return set(narrow) <= set(wide) | ({"integer"} if "number" in wide else set())


def _named(view: View, name: str) -> Pointer:
    """Return the pointer of a field, under `properties` if it is declared there."""
    pointers = [pointer for _, pointer in view.object.field(name)] or [view.part_of()[1]]
    return next((each for each in pointers if each[-2:] == ("properties", name)), pointers[0])


def _enum(values: list[Any]) -> str:
    return f"{'Enum value' if len(values) == 1 else 'Enum values'} {names(values)}"
