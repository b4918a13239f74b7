"""Reads what Redocly CLI found: each change becomes events with a sentence, in the words of `rules.py`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from review.places import Place

WORDS_OF = frozenset({"Info", "License", "Contact", "Tag", "TagList", "ExternalDocs", "Example", "ExamplesMap"})
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


@dataclass(frozen=True)
class Found:
    """One change as Redocly CLI reports it; values are those of the canonical documents."""

    kind: str
    subject: str
    key: str
    """The last part of the pointer."""
    parent: str
    """The part before the last."""
    property: str | None
    flagged: bool
    old: Any
    new: Any
    place: Place
    turned: bool = False
    """Whether it stands below `not` or `if`, where what allows more may allow less in the end."""


@dataclass(frozen=True)
class Event:
    """What a change is, in a sentence."""

    name: str
    sentence: str
    flagged: bool


def events(found: Found) -> Iterator[Event]:
    """What happened, in the order in which it is told."""
    read = _READERS.get(found.subject)
    told = list(read(found)) if read else []
    if found.turned:
        told = [replace(event, name="constraint") for event in told]
    if not told and found.subject in WORDS_OF:
        told = [Event("words", f"The {found.subject.lower()} changed.", flagged=False)]
    yield from told or [_anything_else(found)]


def _anything_else(found: Found) -> Event:
    what = f"`{found.property}`" if found.property else f"`{found.key}`"
    if found.kind == "modified":
        return Event("anything else", f"{what} was {show(found.old)} and is {show(found.new)}.", found.flagged)
    return Event("anything else", f"{what} was {found.kind}.", found.flagged)


def show(value: Any) -> str:
    """A value as JSON, in a word or two."""
    if value is None:
        return "not said"
    text = json.dumps(value, ensure_ascii=False)
    longest = 60
    return f"`{text}`" if len(text) <= longest else f"`{text[: longest - 1]}…`"


def names(values: list[Any]) -> str:
    """A list in words: `a`, `b` and `c`."""
    shown = [f"`{value}`" for value in values]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _types(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


# Keywords that are true or not said: the event and its sentence, for the one and for the other.
_FLAGS = {
    "x-open-enum": (
        ("enum opened", "Values that are not listed are possible now."),
        ("enum closed", "The values that are listed are all there are now."),
    ),
    "deprecated": (("field deprecated", "It is deprecated."), ("field deprecated", "It is deprecated no more.")),
    "readOnly": (("readOnly", "It is not to be sent any more."), ("readOnly", "It may be sent now.")),
    "writeOnly": (("writeOnly", "It is not answered any more."), ("writeOnly", "It is answered now.")),
}


def _schema(found: Found) -> Iterator[Event]:
    if found.kind != "modified":
        yield from _schema_came_or_went(found)
        return
    old, new, name = found.old, found.new, str(found.property)
    if name == "key":
        sentence = f"`{old}` is gone; `{new}`, which is the same but for its name, is new."
        yield Event("field renamed", sentence, found.flagged)
    elif name in _FLAGS:
        yield Event(*_FLAGS[name][0 if new else 1], found.flagged)
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


def _schema_came_or_went(found: Found) -> Iterator[Event]:
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


def _properties(found: Found) -> Iterator[Event]:
    for name in found.new or found.old or ():
        sentence = f"`{name}` is new." if found.kind == "added" else f"`{name}` is gone."
        yield Event(f"field {found.kind}", sentence, found.flagged)


def _combination(found: Found) -> Iterator[Event]:
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


def _parameter(found: Found) -> Iterator[Event]:
    if found.kind != "modified":
        required = (found.new or {}).get("required") is True
        if found.kind == "added":
            yield Event(
                "parameter added", f"It is new, and {'required' if required else 'optional'}.", flagged=required
            )
        else:
            yield Event("parameter removed", "It is gone.", found.flagged)
    elif found.property == "required":
        yield (
            Event("parameter required", "It is required now.", found.flagged)
            if found.new
            else Event("parameter optional", "It is required no more.", found.flagged)
        )
    elif found.property == "name":
        in_path = found.place.base.startswith("path")
        yield Event(
            "path parameter renamed" if in_path else "parameter renamed", f"It was called `{found.old}`.", found.flagged
        )


def _body(found: Found) -> Iterator[Event]:
    if found.kind != "modified":
        required = (found.new or {}).get("required") is True
        told = "A body is taken now." if found.kind == "added" else "No body is taken any more."
        yield Event(f"body {found.kind}", told, flagged=required)
    elif found.property == "required":
        yield (
            Event("body required", "It is required now.", found.flagged)
            if found.new
            else Event("body optional", "It may be left out now.", found.flagged)
        )


def _media_type(found: Found) -> Iterator[Event]:
    added = "media type added to success" if found.place.succeeds else "media type added"
    if found.kind == "added":
        yield Event(added, f"`{found.key}` is new.", found.flagged)
    elif found.kind == "removed":
        yield Event("media type removed", f"`{found.key}` is gone.", found.flagged)
    elif found.property == "key":
        yield Event("media type removed", f"`{found.old}` is gone.", found.flagged)
        yield Event(added, f"`{found.new}` is new.", found.flagged)


def _answer(found: Found) -> Iterator[Event]:
    old, new = (found.old, found.new) if found.property == "key" else (found.key, found.key)
    if found.kind == "removed" or found.property == "key":
        yield Event(
            "answer removed", "It is gone." if found.kind == "removed" else f"Status {old} is gone.", found.flagged
        )
    if found.kind == "added" or found.property == "key":
        yield Event(
            "success added" if str(new).startswith("2") else "answer added",
            "It is new." if found.kind == "added" else f"Status {new} is new.",
            found.flagged,
        )


def _header(found: Found) -> Iterator[Event]:
    if found.property == "required":
        yield (
            Event("header required", "It is always sent now.", found.flagged)
            if found.new
            else Event("header optional", "It may be missing now.", found.flagged)
        )
        return
    if found.kind == "modified" and found.property != "key":
        return
    if found.property == "key":
        yield Event("header removed", f"`{found.old}` is called `{found.new}` now.", found.flagged)
        return
    several = isinstance(found.new or found.old, dict) and found.subject == "HeadersMap"
    for name in (found.new or found.old) if several else [found.key]:
        told = f"`{name}` is new." if found.kind == "added" else f"`{name}` is gone."
        yield Event(f"header {found.kind}", told, found.flagged)


def _operation(found: Found) -> Iterator[Event]:
    if found.property == "operationId":
        yield Event("operation id", f"`operationId` was `{found.old}` and is `{found.new}`.", flagged=False)
    elif found.property == "deprecated":
        yield Event(
            "field deprecated", "It is deprecated." if found.new else "It is deprecated no more.", found.flagged
        )
    elif found.kind != "modified":
        told = "is new" if found.kind == "added" else "is gone"
        yield Event(f"operation {found.kind}", f"{found.key.upper()} {found.parent} {told}.", found.flagged)


def _path(found: Found) -> Iterator[Event]:
    if found.kind != "modified":
        told = "is new" if found.kind == "added" else "is gone"
        yield Event(f"operation {found.kind}", f"The path `{found.key}` {told}.", found.flagged)
    elif found.property == "key":
        same = re.sub(r"\{.*?\}", "{}", str(found.old)) == re.sub(r"\{.*?\}", "{}", str(found.new))
        told = f"The path was `{found.old}` and is `{found.new}`."
        yield Event("path parameter renamed" if same else "path", told, found.flagged)


def _server(found: Found) -> Iterator[Event]:
    if found.kind == "modified":
        yield Event("server", f"`{found.property}` was {show(found.old)} and is {show(found.new)}.", found.flagged)
    else:
        value = found.new or found.old
        url = value.get("url") if isinstance(value, dict) else None
        told = f"`{url}` is new." if found.kind == "added" else f"`{url}` is gone."
        # Clients go to the first.
        added = found.kind == "added" and found.key != "0"
        yield Event("server added" if added else "server", told, found.flagged)


def _security(found: Found) -> Iterator[Event]:
    if found.kind == "modified":
        name = found.property or found.key
        yield Event("security", f"`{name}` was {show(found.old)} and is {show(found.new)}.", found.flagged)
    else:
        yield Event("security", f"`{found.key}` was {found.kind}.", found.flagged)


def _document(found: Found) -> Iterator[Event]:
    if found.property in {"version", "openapi"}:
        yield Event(
            "contract version", f"`{found.property}` was {show(found.old)} and is {show(found.new)}.", flagged=False
        )


_READERS: dict[str, Callable[[Found], Iterator[Event]]] = {
    "Schema": _schema,
    "SchemaProperties": _properties,
    "AnyOf": _combination,
    "OneOf": _combination,
    "AllOf": _combination,
    "Parameter": _parameter,
    "RequestBody": _body,
    "MediaType": _media_type,
    "Response": _answer,
    "Header": _header,
    "HeadersMap": _header,
    "Operation": _operation,
    "PathItem": _path,
    "Server": _server,
    "SchemaMap": _schema_came_or_went,
    "SchemaList": _schema_came_or_went,
    "PatternProperties": _schema_came_or_went,
    "SecurityScheme": _security,
    "SecurityRequirement": _security,
    "SecurityRequirementList": _security,
    "Info": _document,
    "Root": _document,
}
