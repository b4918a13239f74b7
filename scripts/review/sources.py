"""Where the facts of a contract come from, and what a change does to that; pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contract.facts import SOURCES, facts

if TYPE_CHECKING:
    from contract import Contract


@dataclass(frozen=True)
class Known:
    """One fact of the working contract, and how it stood in the base: the same, new, or with another source."""

    name: str
    source: str
    where: str
    before: str | None

    @property
    def is_new(self) -> bool:
        """Whether the change adds it, or gives it this source."""
        return self.before != self.source


@dataclass(frozen=True)
class Sources:
    """Every fact, and how many of each source there were and are."""

    known: tuple[Known, ...]
    gone: tuple[tuple[str, str], ...]
    old: dict[str, int]
    new: dict[str, int]

    @property
    def added(self) -> list[Known]:
        """What the change adds, or gives another source."""
        return [fact for fact in self.known if fact.is_new]


def compare(base: Contract, working: Contract) -> Sources:
    """The facts of both contracts, by their names."""
    before = {_name(fact.name, fact.aspect): fact.source for fact in facts(base.tree)}
    known = [
        Known(name, fact.source, working.where(fact.pointer), before.get(name))
        for fact in facts(working.tree)
        for name in [_name(fact.name, fact.aspect)]
    ]
    names = {fact.name for fact in known}
    order = list(SOURCES)
    known.sort(key=lambda fact: order.index(fact.source) if fact.source in order else len(order))
    return Sources(
        tuple(known),
        tuple((name, source) for name, source in before.items() if name not in names),
        _count(list(before.values())),
        _count([fact.source for fact in known]),
    )


def _name(name: str, aspect: str) -> str:
    return f"{name} ({aspect})" if aspect else name


def _count(sources: list[str]) -> dict[str, int]:
    counted = Counter(sources)
    return {source: counted[source] for source in dict.fromkeys([*SOURCES, *sorted(counted)])}
