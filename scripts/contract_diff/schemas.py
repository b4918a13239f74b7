"""Compares two schemas at one location, then field by field; containment decides whether a difference breaks anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contract_diff.cases import joined
from contract_diff.changes import Action, Difference, names
from contract_diff.containment import Containment
from contract_diff.differences import UNSEEN, NodeComparison
from contract_diff.severities import REQUIRED_RESPONSE_TYPES
from contract_diff.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_diff.cases import Part, Schemas
    from contract_diff.changes import Location
    from contract_diff.resolver import Resolver

_MAX_DEPTH: Final = 60
_MAX_PAIRS: Final = 10_000
Child = tuple[str, "Schemas", "Schemas"]


class SchemaComparison:
    """Compares the schemas of one body, parameter or header.

    Schemas that were compared before, above or elsewhere in the same body, are not compared again, which ends circles.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._is_request = resolver.direction == "request"
        self._seen: set[tuple[Schemas, Schemas, str]] = set()
        self._depth = 0

    def compare(self, location: Location, old: Schemas, new: Schemas) -> Iterator[Difference]:
        """Yield all differences, from this location down.

        Raises:
            DiffError: If a reference cannot be resolved, or the schemas are nested too deeply.
        """
        if self._resolver.are_same(old, new):
            return
        before, after = View(self._resolver, old), View(self._resolver, new)
        if len(before.alternatives) != len(after.alternatives):
            before.take_alternatives()
            after.take_alternatives()
        # What this client needs is checked at each of its locations, even if the schemas were compared before.
        pair = before.identity, after.identity, location.fields if location.fields in REQUIRED_RESPONSE_TYPES else ""
        if pair in self._seen:
            return
        self._seen.add(pair)
        if self._depth > _MAX_DEPTH:
            side, pointer = (new or old)[0]
            problem = f"is nested too deeply: {location.show([location.status])}"
            raise self._resolver.documents[side].error(pointer, problem)
        self._depth += 1
        children = list(self._children(before, after))
        is_held, is_equal = self._contain(old, new, [child[1:] for child in children if child[1:] != (old, new)])
        here = [
            *NodeComparison(self._resolver, location, before, after, is_held=is_held).differences(is_equal=is_equal)
        ]
        seen = set(self._seen)
        below = [*self._branches(location, before, after, is_held=is_held)]
        if is_equal:
            self._seen = seen  # differences below are not reported
        if not is_held and not any(difference.violates for difference in (*here, *below)):
            places = old[0][1] if old else None, new[0][1] if new else None
            left, right = before.constraints, after.constraints
            differing = sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))
            note = f"Look at {names(differing)}." if differing else ""
            here.append(Difference("schema", location, "The set of allowed values", places=places, note=note))
        yield from here
        yield from (difference for difference in below if not is_equal or difference.kind in UNSEEN)
        for step, left_child, right_child in children:
            yield from self.compare(location.below(step) if step else location, left_child, right_child)
        self._depth -= 1

    def _contain(self, old: Schemas, new: Schemas, given: list[tuple[Schemas, Schemas]]) -> tuple[bool, bool]:
        """Return whether the new schema is compatible with the old one, and whether both accept the same values."""
        forward = Containment(self._resolver, given).is_within(old, new)
        backward = Containment(self._resolver, [(new, old) for old, new in given]).is_within(new, old)
        return (forward if self._is_request else backward), forward and backward

    def _children(self, old: View, new: View) -> Iterator[Child]:
        """Yield the parts that are compared separately, because they have a location of their own."""
        is_object = old.may_be("object") and new.may_be("object")
        for name in old.object.known if is_object else ():
            if name in new.object.known:
                yield name, old.object.field(name), new.object.field(name)
        if is_object and old.object.others and new.object.others:
            yield "*", old.object.others, new.object.others
        for pattern in old.object.patterns if is_object else ():
            if pattern in new.object.patterns:
                sides = [side.object.matching(pattern, at_most=False) for side in (old, new)]
                yield f"/{pattern}/", sides[0], sides[1]
        if old.may_be("array") and new.may_be("array"):
            prefix = max(old.array.prefix, new.array.prefix)
            for index in range(prefix):
                yield f"[{index}]", old.array.item(index), new.array.item(index)
            if any(rest := (old.array.item(prefix), new.array.item(prefix))):
                yield "[]", *rest
            contained = [[schemas for schemas, *_ in side.array.contained] for side in (old, new)]
            if [len(each) for each in contained] == [1, 1]:
                yield "[contains]", contained[0][0], contained[1][0]

    def _branches(self, location: Location, old: View, new: View, *, is_held: bool) -> Iterator[Difference]:
        """Compare alternatives that are not the same, paired by name or type."""
        if len(old.alternatives) != len(new.alternatives):
            return
        for before, after in zip(old.alternatives, new.alternatives, strict=True):
            if len(before) * len(after) > _MAX_PAIRS:
                continue  # too slow: the difference is reported as a whole
            removed = [part for part in before if not any(self._resolver.is_same(part, each) for each in after)]
            added = [part for part in after if not any(self._resolver.is_same(part, each) for each in before)]
            for part in list(removed):
                match = self._match(part, added)
                if match is not None:
                    removed.remove(part)
                    added.remove(match)
                    step = f"({part[1][-2]} {part[1][-1]})"
                    yield from self.compare(location.below(step), joined([part]), joined([match]))
            for part in removed:
                yield self._alternative(location, part, "removed", violates=not is_held and self._is_request)
            for part in added:
                yield self._alternative(location, part, "added", violates=not is_held and not self._is_request)

    def _match(self, part: Part, others: list[Part]) -> Part | None:
        """Return the alternative that has the same name, or else the same types."""
        node = self._resolver.node(part)
        is_named = isinstance(node, dict) and "$ref" in node
        named = [other for other in others if is_named and self._resolver.node(other) == node]
        types = View(self._resolver, (part,)).type_text
        alike = [other for other in others if View(self._resolver, (other,)).type_text == types]
        return next(iter(named or alike), None)

    def _alternative(self, location: Location, part: Part, action: Action, *, violates: bool) -> Difference:
        node = self._resolver.node(part)
        name = node.get("$ref", "").rpartition("/")[2] if isinstance(node, dict) else ""
        subject = f"The alternative `{name or View(self._resolver, (part,)).type_text}`"
        places = (part[1], None) if action == "removed" else (None, part[1])
        return Difference(f"alternative {action}", location, subject, action, places=places, violates=violates)
