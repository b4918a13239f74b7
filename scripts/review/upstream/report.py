"""Collects differences, each weighed by its rule and with its two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from review.upstream.rules import RULES, Difference

if TYPE_CHECKING:
    from contract import Pointer
    from review.upstream.rules import Kind
    from review.upstream.shapes import Shapes

Direction = Literal["request", "answer", "error"]
Places = tuple["Pointer | None", "Pointer | None"]
"""Where it stands in our contract, and where in theirs."""


class Report:
    """Collects differences."""

    def __init__(self, ours: Shapes, theirs: Shapes) -> None:
        self.ours = ours
        self.theirs = theirs
        self.found: list[Difference] = []

    def add(self, kind: Kind, what: str, sentence: str, rule: str, places: Places) -> None:
        """Note a difference and weigh it."""
        ours, theirs = places
        breaks, why = RULES[rule].breaks, RULES[rule].why
        where_ours = self.ours.document.where(ours) if ours is not None else None
        where_theirs = self.theirs.document.where(theirs) if theirs is not None else None
        self.found.append(Difference(kind, what, sentence, breaks, why, where_ours, where_theirs))


def rule_for(direction: Direction, rule: str) -> str:
    """The name of a rule in one direction; of errors it does not matter what is in them."""
    if rule == "deprecated":
        return rule
    return "error: body" if direction == "error" else f"{direction}: {rule}"
