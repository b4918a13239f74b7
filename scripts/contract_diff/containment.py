"""Decides whether one schema accepts every value that another one accepts. What cannot be proved counts as no.

Fields that a schema neither declares nor limits are not promised: declaring them later, with any schema, breaks nothing.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from contract_diff.cases import Case, Clause, Schemas, as_json, below
from contract_diff.document import UNREAD
from contract_diff.resolver import Resolver, TooManyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contract_diff.cases import Part

_TEXTS = ("pattern", "format", "contentEncoding", "contentMediaType")
_MAX_DEPTH = 50
Pair = tuple[Schemas, Schemas]


class Containment:
    """Decides whether schemas of two documents are contained in one another.

    Args:
        resolver: The two documents.
        given: Pairs of which the first is taken as contained in the second, because they are compared separately.
        is_strict: Whether fields that are neither declared nor limited count as well.
    """

    def __init__(self, resolver: Resolver, given: Iterable[Pair] = (), *, is_strict: bool = False) -> None:
        self._resolver = resolver
        self._given = frozenset(given)
        self._is_strict = is_strict
        self._known: dict[Pair, bool] = {}
        self._trail: list[Pair] = []
        self._depth = 0
        self._visiting: set[tuple[Clause, str]] = set()

    @cached_property
    def _strict(self) -> Containment:
        """A strict one, for schemas under `not`, where undeclared and unlimited fields count."""
        return self if self._is_strict else Containment(self._resolver, is_strict=True)

    def is_within(self, narrow: Schemas, wide: Schemas) -> bool:
        """Return whether every value that matches all of `narrow` matches all of `wide`."""
        pair = narrow, wide
        if not wide or pair in self._given:
            return True
        if pair not in self._known:
            if self._depth > _MAX_DEPTH:
                return False
            start = len(self._trail)
            self._trail.append(pair)
            self._known[pair] = True  # assumed in a circle, until it is refuted
            self._depth += 1
            try:
                is_within = self._are_covered(self._resolver.cases(narrow), wide)
            except TooManyError:
                is_within = self._resolver.are_same(narrow, wide)
            self._depth -= 1
            if not is_within:
                # What was concluded meanwhile may depend on that assumption.
                for each in self._trail[start:]:
                    if self._known[each]:
                        del self._known[each]
                del self._trail[start:]
                self._known[pair] = False
        return self._known[pair]

    def is_empty(self, schemas: Schemas) -> bool:
        """Return whether it can be proved that no value matches all of them."""
        try:
            return all(self._is_empty(case) for case in self._resolver.cases(schemas))
        except TooManyError:
            return False

    def inhabited(self, schemas: Schemas) -> list[Case]:
        """Return the alternatives that are not proved to be empty.

        Raises:
            TooManyError: If there are too many.
        """
        return [case for case in self._resolver.cases(schemas) if not self._is_empty(case)]

    def _are_covered(self, cases: list[Case], wide: Schemas) -> bool:
        others = self._resolver.cases(wide)
        return all(self._is_covered(case, others, wide) or self._is_empty(case) for case in cases)

    def _is_covered(self, case: Case, others: list[Case], wide: Schemas) -> bool:
        others = [other for other in others if other.kind == case.kind]
        if any(self._is_case_within(case, other) for other in others):
            return True
        if case.values is None:
            return False
        listed = {text for other in others if other.is_list and not other.clause.opaque for text in other.listed}
        rest = [value for value in case.values if as_json(value) not in listed]
        return all(self._takes(value, wide, case) or not self._may_take(value, case.clause.layers) for value in rest)

    def _takes(self, value: Any, schemas: Iterable[Part], case: Case | None = None) -> bool:
        """Return whether a value, perhaps one of an alternative, certainly matches all schemas."""
        granted = {(key, text) for key in _TEXTS for text in case.texts(key)} if case else set()
        granted |= {(key, as_json(self._resolver.node(part))) for key, part in (case.clause.opaque if case else ())}
        return all(self._resolver.values.is_valid(value, part, granted) is True for part in schemas)

    def _may_take(self, value: Any, schemas: Iterable[Part]) -> bool:
        return all(self._resolver.values.is_valid(value, part) is not False for part in schemas)

    def _is_case_within(self, case: Case, other: Case) -> bool:
        return (
            other.clause.layers <= case.clause.layers or self._keywords_within(case, other)
        ) and self._conditions_within(case, other)

    def _keywords_within(self, case: Case, other: Case) -> bool:
        if case.kind in {"null", "boolean"}:
            return {*map(as_json, case.values or ())} <= {*map(as_json, other.values or ())}
        if case.is_list and other.is_list:
            return case.listed <= other.listed
        if other.values is not None:
            values = [value for value in case.values or () if self._may_take(value, case.clause.layers)]
            return case.values is not None and all(self._takes(value, other.clause.layers, case) for value in values)
        if case.kind == "number":
            return _texts_within(case, other) and _numbers_within(case, other)
        if case.kind == "string":
            return _texts_within(case, other) and _range_within(case, other, "minLength", "maxLength")
        return self._arrays_within(case, other) if case.kind == "array" else self._objects_within(case, other)

    def _conditions_within(self, case: Case, other: Case) -> bool:
        """Return whether the schemas under `not` and the opaque keywords of `other` are implied."""
        for part in other.clause.nots - case.clause.nots:
            implied = any(self._strict.is_within((part,), (each,)) for each in case.clause.nots)
            if not implied and not self._is_apart(case, part):
                return False
        for key, part in other.clause.opaque:
            is_known = any(key == name and self._resolver.is_same(part, each, key) for name, each in case.clause.opaque)
            if key.startswith("unevaluated") and not case.evaluated <= other.evaluated:
                return False
            if not is_known and not (key == "oneOf" and self._meets_one(case, part)):
                return False
        return True

    def _meets_one(self, case: Case, part: Part) -> bool:
        """Return whether a value that matches one branch of a `oneOf` matches no other."""
        branches = range(len(self._resolver.node(part)))
        return sum(not self._is_apart(case, below(part, index)) for index in branches) <= 1

    def _is_apart(self, case: Case, part: Part) -> bool:
        """Return whether it can be proved that no value of an alternative matches a schema."""
        try:
            others = [other for other in self._resolver.cases((part,)) if other.kind == case.kind]
        except TooManyError:
            return False
        return all(self._is_empty(self._resolver.case(case.kind, case.clause & other.clause)) for other in others)

    def _is_empty(self, case: Case) -> bool:
        key = case.clause, case.kind
        if key in self._visiting:
            return False  # in a circle: it cannot be proved
        self._visiting.add(key)
        try:
            if case.values is not None and (case.kind != "null" or not case.values):
                return not any(self._may_take(value, case.clause.layers) for value in case.values)
            return self._has_no_room(case) or any(self._is_refused(case, part) for part in case.clause.nots)
        finally:
            self._visiting.discard(key)

    def _is_refused(self, case: Case, part: Part) -> bool:
        """Return whether every value of an alternative matches a schema under `not`."""
        if self._resolver.node(part) is True:
            return True
        try:
            others = self._resolver.cases((part,))
        except TooManyError:
            return False
        bare = self._resolver.case(case.kind, Clause(case.clause.layers))
        return any(self._strict._is_case_within(bare, other) for other in others if other.kind == case.kind)  # noqa: SLF001  # of the same class

    def _has_no_room(self, case: Case) -> bool:
        match case.kind:
            case "number":
                low, high = _bounds(case)
                return low > high
            case "string":
                return case.limit("minLength", 0) > case.limit("maxLength", math.inf)
            case "array":
                least, most = case.limit("minItems", 0), case.limit("maxItems", math.inf)
                first = range(int(min(least, case.prefix + 1)))
                return least > most or any(self.is_empty(case.item(index)) for index in first)
            case "object":
                least = max(case.limit("minProperties", 0), len(case.required))
                return least > self._most_fields(case) or any(self.is_empty(case.field(name)) for name in case.required)
        return False

    def _arrays_within(self, case: Case, other: Case) -> bool:
        most = case.limit("maxItems", math.inf)
        if not _range_within(case, other, "minItems", "maxItems"):
            return False
        if most > 1 and True in other.all("uniqueItems") and True not in case.all("uniqueItems"):
            return False
        items = range(int(min(most, max(case.prefix, other.prefix) + 1)))
        if not all(self.is_within(case.item(index), other.item(index)) for index in items):
            return False
        return all(self._has_items(case, *wanted) for wanted in other.contained)

    def _has_items(self, case: Case, schema: Schemas, least: int, most: float) -> bool:
        enough = [each for each, count, _ in case.contained if count >= least and self.is_within(each, schema)]
        every = all(self.is_within(case.item(index), schema) for index in range(case.prefix + 1))
        few = [each for each, _, count in case.contained if count <= most and self.is_within(schema, each)]
        is_enough = least == 0 or bool(enough) or (every and case.limit("minItems", 0) >= least)
        return is_enough and (bool(few) or case.limit("maxItems", math.inf) <= most)

    def _objects_within(self, case: Case, other: Case) -> bool:
        least = max(case.limit("minProperties", 0), len(case.required))
        return (
            other.required <= case.required
            and all(self._depends(case, *each) for each in other.dependent - case.dependent)
            and least >= other.limit("minProperties", 0)
            and self._most_fields(case) <= other.limit("maxProperties", math.inf)
            and all(self._is_field_within(case, other, name) for name in dict.fromkeys([*case.names, *other.names]))
            and self._other_fields_within(case, other)
            and self._are_names_within(case, other)
        )

    def _is_field_within(self, case: Case, other: Case, name: str) -> bool:
        old = case.field(name)
        # In a response, a removed field below a part without a location of its own is reported only here.
        is_reported = self._resolver.direction == "request" or self._depth == 1
        is_reported = is_reported and not case.all(f"patternProperties{UNREAD}")
        if not old and not self._is_strict and is_reported and name not in case.beside:
            return True
        return self.is_within(old, other.field(name))

    def _depends(self, case: Case, name: str, other: str) -> bool:
        return other in case.required or self.is_empty(case.field(name))

    def _most_fields(self, case: Case) -> float:
        is_closed = not case.patterns and self.is_empty(case.others)
        named = sum(not self.is_empty(case.field(name)) for name in case.names) if is_closed else math.inf
        return min(named, case.limit("maxProperties", math.inf))

    def _other_fields_within(self, case: Case, other: Case) -> bool:
        """Return whether undeclared fields are contained, with and without a matching pattern."""
        own = {pattern: case.matching(pattern, at_most=False) for pattern in case.patterns}
        for pattern in other.patterns:
            wanted = other.matching(pattern, at_most=True)
            known = [own[pattern]] if pattern in own else [*own.values(), case.others]
            if not all(self.is_within(each, wanted) for each in known):
                return False
        rest = [own[pattern] for pattern in own if pattern not in other.patterns] + [case.others]
        return all(self.is_within(each, other.others) for each in rest)

    def _are_names_within(self, case: Case, other: Case) -> bool:
        if not other.field_names or self.is_within(case.field_names, other.field_names):
            return True
        is_closed = not case.patterns and self.is_empty(case.others)
        names = [name for name in case.names if not self.is_empty(case.field(name))]
        return is_closed and all(self._takes(name, other.field_names) for name in names)


def _texts_within(case: Case, other: Case) -> bool:
    return all(other.texts(key) <= case.texts(key) for key in _TEXTS)


def _numbers_within(case: Case, other: Case) -> bool:
    (low, high), (lowest, highest) = _bounds(case), _bounds(other)
    if low < lowest or high > highest:
        return False
    steps, wanted = (
        [Fraction(str(step)) for step in each.all("multipleOf")] + [Fraction(1)] * each.is_integer
        for each in (case, other)
    )
    return all(any(step % want == 0 for step in steps) for want in wanted)


def _range_within(case: Case, other: Case, least: str, most: str) -> bool:
    return case.limit(least, 0) >= other.limit(least, 0) and case.limit(most, math.inf) <= other.limit(most, math.inf)


def _bounds(case: Case) -> tuple[tuple[float, int], tuple[float, int]]:
    """Return the lower and the upper bound, each with a mark by which an exclusive bound sorts as tighter."""
    low = max((case.limit("minimum", -math.inf), 0), (case.limit("exclusiveMinimum", -math.inf), 1))
    high = min((case.limit("maximum", math.inf), 0), (case.limit("exclusiveMaximum", math.inf), -1))
    if case.is_integer:
        if low[0] != -math.inf:
            low = (math.floor(low[0]) + 1 if low[1] else math.ceil(low[0])), 0
        if high[0] != math.inf:
            high = (math.ceil(high[0]) - 1 if high[1] else math.floor(high[0])), 0
    return low, high
