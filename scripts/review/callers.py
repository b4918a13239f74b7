"""Lists the keywords, command options and table columns that a change to the contract adds or removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract import at
from contract.keywords import keyword_of, settable
from review.changes import PythonChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Contract, Pointer

_CLASS = "autoenhance.EditOptions"
_EDIT = "autoenhance.OrderEdit"


def compare(old: Contract, new: Contract) -> Iterator[PythonChange]:
    """Yield each added or removed keyword, with the option and the column that are generated from it."""
    before, after = _keywords(old), _keywords(new)
    for keyword in after.keys() - before.keys():
        location, is_required = after[keyword]
        sentence = f"{_named(keyword, location)} was added{', and is required' if is_required else ''}."
        because = "Calls without it raise a TypeError." if is_required else "Calls without it work as before."
        yield PythonChange(f"{_CLASS}.{keyword}", sentence, because, breaking=is_required)
    for keyword in before.keys() - after.keys():
        sentence = f"{_named(keyword, before[keyword][0])} was removed."
        yield PythonChange(f"{_CLASS}.{keyword}", sentence, "Calls with it raise a TypeError.")


def _keywords(contract: Contract) -> dict[str, tuple[str, bool]]:
    """Return the location of each keyword, and whether it is required."""
    return {
        str(keyword_of(name, node)): (location, _is_required(contract, location, name, pointer))
        for location, name, pointer, node in settable(contract.tree)
    }


def _is_required(contract: Contract, location: str, name: str, pointer: Pointer) -> bool:
    if location == "body":
        return name in (at(contract.tree, pointer[:-2]).get("required") or ())
    return bool(at(contract.tree, pointer).get("required"))


def _named(keyword: str, location: str) -> str:
    option = f"`--{keyword.replace('_', '-')}` of `autoenhance edit-order`"
    named = f"The keyword `{keyword}` of `edit_order` and `OrderEdit`, with the option {option}"
    return f"{named} and the column `{keyword}` of `edit-orders`," if location == "body" else f"{named},"


def merge(keyword_changes: list[PythonChange], changes: list[PythonChange]) -> list[PythonChange]:
    """Join both lists, each keyword once: `OrderEdit` has those of `EditOptions`, from the same template."""
    reported = {change.name for change in keyword_changes}
    keywords = {change.name.rpartition(".")[2] for change in (*keyword_changes, *changes) if _owner(change) == _CLASS}

    def is_repeated(change: PythonChange) -> bool:
        if _owner(change) != _EDIT:
            return change.name in reported
        name = change.name.rpartition(".")[2]
        return (change.sentence.split("`")[1] if name == "__init__" else name) in keywords

    return [*keyword_changes, *(change for change in changes if not is_repeated(change))]


def _owner(change: PythonChange) -> str:
    return change.name.rpartition(".")[0]
