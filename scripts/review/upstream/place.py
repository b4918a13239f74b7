"""Compares two shapes at one place, without what is inside: type, null, values, format and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.upstream.keywords import is_bound, is_lower_bound, widest
from review.upstream.rules import KEPT, NEEDED, NEVER_NULL
from review.upstream.words import cut, listed, types_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from review.upstream.keywords import Shape
    from review.upstream.report import Direction
    from review.upstream.rules import Kind


class Place:
    """One place on the wire.

    Args:
        add: Notes a difference, by its kind, its sentence and its rule.
        at: What the place is called.
        path: Where it is in its body.
        direction: Which way it goes: we send a request, and are sent an answer or an error.
    """

    def __init__(self, add: Callable[[Kind, str, str], None], at: str, path: str, direction: Direction) -> None:
        self._add = add
        self._at = at
        self._path = path
        self._answer = direction == "answer"
        self._request = direction == "request"

    def compare(self, our: Shape, their: Shape) -> None:
        """Compare the shapes, and note each difference."""
        flaws = [flaw for flaw in their.flaws if flaw not in our.flaws]
        for flaw in flaws:
            self._add("disagree", f"Theirs contradicts itself: {flaw}.", "contradiction")
        if flaws:
            return
        self._compare_types(our, their)
        self._compare_null(our, their)
        if "deprecated" in their.marks - our.marks:
            self._add("only theirs", "Theirs marks it as deprecated.", "deprecated")
        if "deprecated" in our.marks - their.marks:
            self._add("only ours", "Ours marks it as deprecated.", "deprecated")
        if our.types == their.types or _share(our, their):
            self._compare_values(our, their)
            self._compare_formats(our, their)
            self._compare_limits(our, their)
            self._compare_others(our, their)

    def _compare_types(self, our: Shape, their: Shape) -> None:
        if our.types == their.types:
            return
        sentence = f"Ours is {types_of(our)}, theirs {types_of(their)}."
        if their.types is None:
            self._add(
                "disagree",
                f"Ours is {types_of(our)}, theirs has no type.",
                "type, wider" if self._request else "type, unsaid",
            )
        elif self._request:
            self._add("disagree", sentence, "type, wider" if _covers(their.types, our.types) else "type, narrower")
        elif self._answer and self._path in NEEDED and not _covers(frozenset({NEEDED[self._path]}), their.types):
            self._add("disagree", sentence, "type, no order")
        else:
            self._add("disagree", sentence, "type, within ours" if _covers(our.types, their.types) else "type, other")

    def _compare_null(self, our: Shape, their: Shape) -> None:
        if bool(our.null) == bool(their.null) or their.types is None or our.types is None:
            return
        sentence = f"{'Ours' if our.null else 'Theirs'} may be null, {'theirs' if our.null else 'ours'} may not."
        if self._request:
            rule = "null, refused" if our.null else "null, allowed"
        elif our.null:
            rule = "null, ours"
        else:
            rule = "null, no order" if self._path in NEVER_NULL else "null, theirs"
        self._add("disagree", sentence, rule)

    def _compare_values(self, our: Shape, their: Shape) -> None:
        if our.values is None and their.values is None:
            return
        if our.values is None or their.values is None:
            who, other, values = (
                ("Ours", "theirs", our.values) if their.values is None else ("Theirs", "ours", their.values)
            )
            rule = self._by_direction("fewer", "more", "theirs", "ours", theirs=our.values is None)
            sentence = f"{who} lists the values {listed(values or ())}; {other} lists none."
            self._add("only ours" if their.values is None else "only theirs", sentence, f"values, {rule}")
            return
        if more := their.values - our.values:
            self._add(
                "only theirs", f"Theirs also lists {listed(more)}.", f"values, {'more' if self._request else 'theirs'}"
            )
        if fewer := our.values - their.values:
            self._add(
                "only ours", f"Ours also lists {listed(fewer)}.", f"values, {'fewer' if self._request else 'ours'}"
            )

    def _by_direction(self, tighter: str, looser: str, in_theirs: str, in_ours: str, *, theirs: bool) -> str:
        if self._request:
            return tighter if theirs else looser
        return in_theirs if theirs else in_ours

    def _compare_formats(self, our: Shape, their: Shape) -> None:
        if our.formats == their.formats:
            return
        one, other = (" and ".join(sorted(shape.formats)) or "none" for shape in (our, their))
        tighter = "limit, tighter" if their.formats - our.formats else "limit, looser"
        self._add(
            _who(our.formats, their.formats),
            f"Our format is {one}, theirs {other}.",
            tighter if self._request else "format",
        )

    def _compare_limits(self, our: Shape, their: Shape) -> None:
        for keyword in sorted(our.limits.keys() | their.limits.keys()):
            one, other = our.limits.get(keyword), their.limits.get(keyword)
            if one == other:
                continue
            said = [f"is {cut(value)}" if value is not None else "is not set" for value in (one, other)]
            rule = "limit"
            if self._request:
                rule += f", {self._weigh_limit(keyword, one, other)}"
            self._add(_who(one, other), f"Our {keyword} {said[0]}, theirs {said[1]}.", rule)

    def _weigh_limit(self, keyword: str, ours: Any, theirs: Any) -> str:
        if theirs is None:
            return "looser"
        lower = is_lower_bound(keyword)
        if ours is not None and is_bound(keyword) and (theirs < ours if lower else theirs > ours):
            return "looser"
        kept = KEPT.get((self._at, keyword))
        return "kept" if kept is not None and (theirs <= kept if lower else theirs >= kept) else "tighter"

    def _compare_others(self, our: Shape, their: Shape) -> None:
        if (our.others is None) == (their.others is None):
            return
        limited = their.others is not None
        one, other = ("Theirs", "ours") if limited else ("Ours", "theirs")
        rule = f"other fields, {'refused' if limited else 'allowed'}" if self._request else "other fields"
        self._add("disagree", f"{one} refuses or limits fields that it does not name, {other} takes any.", rule)


def _covers(wide: frozenset[str] | None, narrow: frozenset[str] | None) -> bool:
    if wide is None or narrow is None:
        return wide is None
    return widest(wide | narrow) == widest(wide)


def _share(one: Shape, other: Shape) -> bool:
    """Whether some value may be of both, so that it makes sense to go on comparing."""
    if one.types is None or other.types is None:
        return False
    return any(map(one.admits, other.types)) or any(map(other.admits, one.types))


def _who(ours: Any, theirs: Any) -> Kind:
    if not ours and theirs:
        return "only theirs"
    return "only ours" if ours and not theirs else "disagree"
