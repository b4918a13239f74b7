"""Finds changes of descriptions, examples and sources, none of which is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contract.facts import ASPECTS
from contract_diff.changes import Action, Difference, Location, show
from contract_diff.document import LITERALS, MAPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer
    from contract_diff.document import Document

_WORDS = frozenset(
    {"description", "summary", "title", "example", "examples", "externalDocs", "$comment", "tags", "license", "contact"}
)
_SILENT = _WORDS | ASPECTS.keys() | {"x-codeSamples", "x-since", "x-keyword"}


def compare_descriptions(old: Document, new: Document) -> Iterator[Difference]:
    """Yield the changes of descriptions, examples and sources in parts that both contracts have."""
    for pointer, key, before, after in _changed(old.tree, new.tree, ()):
        location = Location("both", _name(pointer))
        places = (*pointer, key), (*pointer, key)
        if key in ASPECTS:
            yield Difference("source", location, f"`{key}`", old=show(before), new=show(after), places=places)
        else:
            action: Action = "added" if before is None else "removed" if after is None else "changed"
            yield Difference("words", location, f"`{key}`", action, places=places)


def _name(pointer: Pointer) -> str:
    """Return a short name of the described part: a schema and its field, or the end of the pointer."""
    if pointer[:2] == ("components", "schemas"):
        return ".".join(str(part) for part in pointer[2:] if part != "properties")
    return " ".join(str(part) for part in pointer[-2:]) or "document"


def _changed(old: Any, new: Any, pointer: Pointer, *, is_map: bool = False) -> Iterator[tuple[Pointer, str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            if key in _SILENT and not is_map:
                if old.get(key) != new.get(key):
                    yield pointer, key, old.get(key), new.get(key)
            elif key in old and key in new and (is_map or key not in LITERALS):
                yield from _changed(old[key], new[key], (*pointer, key), is_map=not is_map and key in MAPS)
    elif isinstance(old, list) and isinstance(new, list):
        before = {_identity(item, index): item for index, item in enumerate(old)}
        for index, item in enumerate(new):
            if (identity := _identity(item, index)) in before:
                yield from _changed(before[identity], item, (*pointer, index))


def _identity(item: Any, index: int) -> object:
    """Return what identifies an item of a list in both contracts: the name of a parameter, else the index."""
    if isinstance(item, dict) and "name" in item:
        return item.get("in"), item["name"]
    return index
