"""Finds what changed on the wire between two contracts, and judges each change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import redocly
from contract import at
from review.canonical import canonical
from review.changes import ORDER, Change
from review.events import events
from review.found import Event, Found
from review.places import Place, place, pointer
from review.rules import judge
from review.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contract import Contract, Pointer
    from review.canonical import Canonical


def compare(base: Contract, working: Contract) -> list[Change]:
    """Every change, the worst first.

    Raises:
        redocly.RedoclyError: If Redocly CLI is missing or gives no report.
    """
    old, new = canonical(base), canonical(working)
    told: dict[tuple[object, ...], tuple[Place, str, Event, list[str]]] = {}
    for found, where in _renames(list(_found(old, new))):
        for event in _opened(events(found), found, old, new, where):
            # That a value may be null is said where the field stands, whatever it refers to.
            text = where.of_schema if event.name.startswith("null") else where.text
            # What stands once in the contract and is used in several answers is one change.
            key = (replace(found.place, answer=""), bool(found.place.answer), text, event)
            told.setdefault(key, (found.place, text, event, []))[3].append(found.place.answer)
    changes = [_change(*parts) for parts in told.values()]
    changes += words(base, working)
    return sorted(changes, key=lambda change: (-ORDER.index(change.impact), change.what, change.where, change.sentence))


class _Where:
    """Where a change stands in the real contracts."""

    def __init__(self, side: Canonical, at: Pointer) -> None:
        self.at = at
        self.text = side.contract.where(side.origin(at))
        self.of_schema = side.contract.where(side.origins.get(at[:-1], side.origin(at)))


def _change(at: Place, where: str, event: Event, answers: list[str]) -> Change:
    rule = judge(event.name, at.direction, flagged=event.flagged)
    return Change(
        at.told(sorted(set(answers))), where, event.name, event.sentence, rule.breaks, rule.impact, rule.because
    )


def _found(old: Canonical, new: Canonical) -> Iterator[tuple[Found, _Where]]:
    for raw in _report(old.document, new.document)["changes"]:
        is_gone = raw["kind"] == "removed"
        side, place_of = (old, raw["base"]) if is_gone else (new, raw["revision"])
        here = pointer(raw["path"], side.document)
        exact = pointer(place_of["pointer"], side.document)
        yield (
            Found(
                raw["kind"],
                raw["typeName"],
                str(here[-1]) if here else "",
                str(here[-2]) if here[1:] else "",
                raw.get("property"),
                bool(raw["verdicts"]),
                raw.get("base", {}).get("value"),
                raw.get("revision", {}).get("value"),
                place(_container(here, raw), side.document),
                turned=not {"not", "if"}.isdisjoint(here[here.index("schema") :]) if "schema" in here else False,
            ),
            _Where(side, exact),
        )


def _container(at: Pointer, raw: dict[str, Any]) -> Pointer:
    """What a change is told of: a field that came or went is told of what has it."""
    came_or_went = raw["kind"] != "modified" or raw.get("property") == "key"
    if came_or_went and at[-2:-1] in {("properties",), ("content",)}:
        return at[:-2]
    return at


def _report(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    with TemporaryDirectory(prefix="autoenhance-") as name:
        folder = Path(name)
        for file, document in (("base.json", old), ("working.json", new)):
            (folder / file).write_text(json.dumps(document), encoding="utf-8")
        finished = redocly.run("diff", "base.json", "working.json", "--format", "json", folder=folder)
    try:
        report: dict[str, Any] = json.loads(finished.stdout)
    except ValueError as error:
        said = (finished.stderr or finished.stdout).strip() or f"exit status {finished.returncode}, without a word"
        raise redocly.RedoclyError(f"redocly diff gave no report.\n{said}") from error
    return report


def _renames(found: list[tuple[Found, _Where]]) -> Iterable[tuple[Found, _Where]]:
    """Join a field that went and an equal one that came, in one place, to one that was renamed."""
    result = list(found)
    for gone in found:
        if not _is_field(gone[0], "removed"):
            continue
        for come in found:
            alike = _is_field(come[0], "added") and come[0].place == gone[0].place and come[0].new == gone[0].old
            if alike and come in result and gone in result:
                old, new = gone[0].key, come[0].key
                renamed = replace(come[0], kind="modified", property="key", old=old, new=new, flagged=True)
                result[result.index(come)] = (renamed, come[1])
                result.remove(gone)
                break
    return result


def _is_field(found: Found, kind: str) -> bool:
    return found.subject == "Schema" and found.kind == kind and found.parent == "properties"


def _opened(told: Iterable[Event], found: Found, old: Canonical, new: Canonical, where: _Where) -> Iterator[Event]:
    """Tell values that an open enum gains from those of a closed one."""
    for event in told:
        if event.name == "values added" and found.place.direction == "answer" and found.property == "enum":
            schemas = [at(side.document, where.at[:-1]) for side in (old, new)]
            if all(isinstance(schema, dict) and schema.get("x-open-enum") for schema in schemas):
                yield replace(event, name="values added to open enum")
                continue
        yield event
