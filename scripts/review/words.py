"""Finds what changed in the words of a contract: descriptions, examples, sources. None of it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from facts import ASPECTS

from review.canonical import SILENT
from review.changes import Change
from review.found import show
from review.rules import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Contract, Pointer


def words(base: Contract, working: Contract) -> list[Change]:
    """Every change of words in a part that both contracts have."""
    return [
        _change(working, pointer, key, old, new)
        for pointer, key, old, new in _changed(base.plain(), working.plain(), ())
    ]


def _change(working: Contract, pointer: Pointer, key: str, old: Any, new: Any) -> Change:
    if key in ASPECTS:
        event, sentence = "source", f"`{key}` was {show(old)} and is {show(new)}."
    else:
        happened = "is new" if old is None else "is gone" if new is None else "changed"
        event, sentence = "words", f"`{key}` {happened}."
    rule = judge(event, "both", flagged=False)
    return Change(
        _name(pointer), working.where((*pointer, key)), event, sentence, rule.breaks, rule.impact, rule.because
    )


def _name(pointer: Pointer) -> str:
    """The part that the words are about, short: a schema and its field, or the last parts of the pointer."""
    if pointer[:2] == ("components", "schemas"):
        return ".".join(str(part) for part in pointer[2:] if part != "properties")
    return " ".join(str(part) for part in pointer[-2:]) or "document"


def _changed(old: Any, new: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        in_map = pointer[-1:] in {("properties",), ("schemas",)}
        for key in dict.fromkeys([*old, *new]):
            if key in SILENT and not in_map:
                if old.get(key) != new.get(key):
                    yield pointer, key, old.get(key), new.get(key)
            elif key in old and key in new:
                yield from _changed(old[key], new[key], (*pointer, key))
    elif isinstance(old, list) and isinstance(new, list):
        before = {_identity(item, index): item for index, item in enumerate(old)}
        for index, item in enumerate(new):
            if (identity := _identity(item, index)) in before:
                yield from _changed(before[identity], item, (*pointer, index))


def _identity(item: Any, index: int) -> object:
    """What makes an item of a list the same one in another contract: a parameter's name, else its place."""
    if isinstance(item, dict) and "name" in item:
        return item.get("in"), item["name"]
    return index
