"""Reads what Redocly CLI found in a schema: fields, types, values, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from review.found import Event, Found, names, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER_FIELDS = frozenset({"additionalProperties", "unevaluatedProperties"})
LIMITS = frozenset(
    [
        "format",
        "pattern",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "contentEncoding",
        "contentMediaType",
    ],
)


def _types(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


# Keywords that are true or not said: the event and its sentence, for the one and for the other.
FLAGS = {
    "x-open-enum": (
        ("enum opened", "Values that are not listed are possible now."),
        ("enum closed", "The values that are listed are all there are now."),
    ),
    "deprecated": (("field deprecated", "It is deprecated."), ("field deprecated", "It is deprecated no more.")),
    "readOnly": (("readOnly", "It is not to be sent any more."), ("readOnly", "It may be sent now.")),
    "writeOnly": (("writeOnly", "It is not answered any more."), ("writeOnly", "It is answered now.")),
}


def schema(found: Found) -> Iterator[Event]:
    """What happened to a schema, or to one of its keywords."""
    if found.kind != "modified":
        yield from schema_came_or_went(found)
        return
    old, new, name = found.old, found.new, str(found.property)
    if name == "key":
        sentence = f"`{old}` is gone; `{new}`, which is the same but for its name, is new."
        yield Event("field renamed", sentence, found.flagged)
    elif name in FLAGS:
        yield Event(*FLAGS[name][0 if new else 1], found.flagged)
    elif name in _KEYWORDS:
        yield from _KEYWORDS[name](found)
    elif name in OTHER_FIELDS:
        yield Event("other fields", f"`{name}` was {show(old)} and is {show(new)}.", found.flagged)
    elif name == "x-circular":
        yield Event("type", "It leads back to another schema than before.", flagged=True)
    elif not name.startswith("x-"):
        yield Event("limit" if name in LIMITS else "constraint", _became(name, old, new), found.flagged)


def _became(name: str, old: Any, new: Any) -> str:
    if old is None:
        return f"`{name}` is new: {show(new)}."
    if new is None:
        return f"`{name}` is gone; it was {show(old)}."
    return f"`{name}` was {show(old)} and is {show(new)}."


def schema_came_or_went(found: Found) -> Iterator[Event]:
    """A schema, or a map or list of them, that was added or removed."""
    came = found.kind == "added"
    if found.parent == "properties":
        sentence = f"`{found.key}` is new." if came else f"`{found.key}` is gone."
        yield Event(f"field {found.kind}", sentence, found.flagged)
    elif found.parent in {"anyOf", "oneOf", "allOf"}:
        yield Event("alternative", f"A part of `{found.parent}` was {found.kind}.", found.flagged)
    elif found.key in {"items", "schema"}:
        yield Event("type", f"`{found.key}` was {found.kind}.", found.flagged)
    else:
        yield Event("constraint", f"`{found.key}` was {found.kind}.", found.flagged)


def properties(found: Found) -> Iterator[Event]:
    """All fields of an object at once."""
    for name in found.new or found.old or ():
        sentence = f"`{name}` is new." if found.kind == "added" else f"`{name}` is gone."
        yield Event(f"field {found.kind}", sentence, found.flagged)


def combination(found: Found) -> Iterator[Event]:
    """A list of alternatives that was added or removed."""
    if found.kind != "modified":
        yield Event("alternative", f"`{found.key}` was {found.kind}.", found.flagged)


def _type(found: Found) -> Iterator[Event]:
    old, new = _types(found.old), _types(found.new)
    null = "null"
    if old and new and (null in old) != (null in new):
        yield (
            Event("null allowed", "It may be null now.", found.flagged)
            if null in new
            else Event("null forbidden", "It is never null now.", found.flagged)
        )
    was, is_now = ([name for name in types if name != null] for types in (old, new))
    if was != is_now:
        sentence = f"Its type was {' or '.join(was) or 'any'} and is {' or '.join(is_now) or 'any'}."
        yield Event("type", sentence, found.flagged)


def _enum(found: Found) -> Iterator[Event]:
    old, new = found.old, found.new
    if old is None:
        yield Event("values removed", f"Only these values are left: {names(new)}.", flagged=True)
    elif new is None:
        yield Event("values added", f"Any value is possible now, not only {names(old)}.", flagged=True)
    else:
        gone, come = [v for v in old if v not in new], [v for v in new if v not in old]
        if gone:
            yield Event("values removed", f"Gone: {names(gone)}.", flagged=True)
        if come:
            yield Event("values added", f"New: {names(come)}.", flagged=True)


def _required(found: Found) -> Iterator[Event]:
    old, new = found.old or [], found.new or []
    for name in new:
        if name not in old:
            yield Event("field required", f"`{name}` is required now.", found.flagged)
    for name in old:
        if name not in new:
            yield Event("field optional", f"`{name}` is required no more.", found.flagged)


_KEYWORDS: dict[str, Callable[[Found], Iterator[Event]]] = {"type": _type, "enum": _enum, "required": _required}
