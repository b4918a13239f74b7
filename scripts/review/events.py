"""Reads what Redocly CLI found: each change becomes events with a sentence, in the words of `rules.py`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from review.found import Event, Found, show
from review.schema_events import combination, properties, schema, schema_came_or_went

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORDS_OF = frozenset({"Info", "License", "Contact", "Tag", "TagList", "ExternalDocs", "Example", "ExamplesMap"})


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
    "Schema": schema,
    "SchemaProperties": properties,
    "AnyOf": combination,
    "OneOf": combination,
    "AllOf": combination,
    "Parameter": _parameter,
    "RequestBody": _body,
    "MediaType": _media_type,
    "Response": _answer,
    "Header": _header,
    "HeadersMap": _header,
    "Operation": _operation,
    "PathItem": _path,
    "Server": _server,
    "SchemaMap": schema_came_or_went,
    "SchemaList": schema_came_or_went,
    "PatternProperties": schema_came_or_went,
    "SecurityScheme": _security,
    "SecurityRequirement": _security,
    "SecurityRequirementList": _security,
    "Info": _document,
    "Root": _document,
}
