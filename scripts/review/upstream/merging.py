"""Puts shapes together: what satisfies both (allOf), what satisfies either (anyOf, oneOf), and what is left of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from review.upstream.keywords import (
    LIMITS,
    NOTHING,
    Both,
    Either,
    Schema,
    Shape,
    is_bound,
    is_lower_bound,
    type_of,
    widest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PAIRS: Final = (
    ("minLength", "maxLength"),
    ("minimum", "maximum"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)


def both(one: Shape, other: Shape) -> Shape:
    """What satisfies both shapes."""
    nulls = {one.null, other.null}
    return Shape(
        types=_both_types(one.types, other.types),
        null=False if False in nulls else True if True in nulls else None,
        values=other.values
        if one.values is None
        else one.values
        if other.values is None
        else one.values & other.values,
        formats=one.formats | other.formats,
        limits=_both_limits(one.limits, other.limits),
        fields={name: _joined(Both, _have(name, (one, other))) for name in {**one.fields, **other.fields}},
        required=one.required | other.required,
        others=_if_any([one.others, other.others]),
        items=_if_any([one.items, other.items]),
        marks=one.marks | other.marks,
        never=one.never or other.never,
        flaws=tuple(dict.fromkeys(one.flaws + other.flaws)),
    )


def either(shapes: Iterable[Shape]) -> Shape:
    """What satisfies one of the shapes; of objects and lists, the fields and items of all of them.

    This may allow more than the alternatives do: which fields come together is not kept.
    """
    finished = [finish(shape) for shape in shapes]
    possible = [shape for shape in finished if not shape.flaws]
    if len(possible) <= 1:
        return (possible or finished or [NOTHING])[0]
    valued = [shape for shape in possible if shape.types != frozenset()]
    objects = [shape for shape in valued if shape.admits("object")]
    arrays = [shape for shape in valued if shape.admits("array")]
    strings = [shape for shape in valued if shape.formats or shape.admits("string")]
    types = [shape.types for shape in valued if shape.types is not None]
    values = [shape.values for shape in valued if shape.values is not None]
    return Shape(
        types=widest(frozenset().union(*types)) if len(types) == len(valued) else None,
        null=any(shape.null for shape in possible),
        values=frozenset().union(*values) if valued and len(values) == len(valued) else None,
        formats=frozenset.intersection(*(shape.formats for shape in strings)) if strings else frozenset(),
        limits=_either_limits(valued),
        fields={name: _joined(Either, _have(name, objects)) for shape in objects for name in shape.fields},
        required=frozenset.intersection(*(shape.required for shape in objects)) if objects else frozenset(),
        others=_if_all([shape.others for shape in objects]),
        items=_if_all([shape.items for shape in arrays]),
        marks=frozenset.intersection(*(shape.marks for shape in possible)),
    )


def finish(shape: Shape) -> Shape:
    """Infer what was left unsaid, and name what contradicts itself."""
    types, null, values = shape.types, shape.null, shape.values
    if types is None:
        if values is not None:
            types = widest(frozenset(map(type_of, values)))
        elif shape.fields or shape.items:
            types = frozenset(name for name, has in (("object", shape.fields), ("array", shape.items)) if has)
    null = types is None if null is None else null
    if values is not None and types is not None:
        values = frozenset(value for value in values if replace(shape, types=types).admits(type_of(value)))
        if not values:
            values, types = (None, frozenset()) if null else (values, types)
    flaws = list(shape.flaws)
    if shape.never or (not null and types is not None and not types):
        flaws.append("no type is left that it allows")
    elif values is not None and not values:
        flaws.append("no value is left that it allows")
    flaws += [
        f"its {low} is above its {high}"
        for low, high in _PAIRS
        if low in shape.limits and high in shape.limits and shape.limits[low] > shape.limits[high]
    ]
    return replace(shape, types=types, null=null, values=values, flaws=tuple(dict.fromkeys(flaws)))


def _both_types(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    whole = {"integer"} if ("integer" in one | other) and (one | other) >= {"number"} else set()
    return (one & other) | whole


def _both_limits(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**one, **other}
    for keyword in one.keys() & other.keys():
        if one[keyword] == other[keyword]:
            continue
        if is_lower_bound(keyword):
            merged[keyword] = max(one[keyword], other[keyword])
        elif is_bound(keyword):
            merged[keyword] = min(one[keyword], other[keyword])
        else:
            merged[keyword] = {"all": [one[keyword], other[keyword]]}
    return merged


def _either_limits(shapes: list[Shape]) -> dict[str, Any]:
    limits = {}
    for keyword in dict.fromkeys(keyword for shape in shapes for keyword in shape.limits):
        kind = LIMITS[keyword]
        concerned = [shape for shape in shapes if kind is None or shape.admits(kind) or _is_whole(kind, shape)]
        if not all(keyword in shape.limits for shape in concerned):
            continue
        found = [shape.limits[keyword] for shape in concerned]
        if is_lower_bound(keyword):
            limits[keyword] = min(found)
        elif is_bound(keyword):
            limits[keyword] = max(found)
        elif all(value == found[0] for value in found):
            limits[keyword] = found[0]
    return limits


def _is_whole(kind: str, shape: Shape) -> bool:
    return kind == "number" and shape.admits("integer")


def _have(name: str, shapes: Iterable[Shape]) -> list[Schema]:
    return [shape.fields[name] for shape in shapes if name in shape.fields]


def _if_any(schemas: list[Schema | None]) -> Schema | None:
    found = [schema for schema in schemas if schema is not None]
    return _joined(Both, found) if found else None


def _if_all(schemas: list[Schema | None]) -> Schema | None:
    found = [schema for schema in schemas if schema is not None]
    return _joined(Either, found) if found and len(found) == len(schemas) else None


def _joined(join: type[Both | Either], schemas: Iterable[Schema]) -> Schema:
    """The schemas as one, flat, sorted and each once: so there are finitely many, even where schemas are circular."""
    flat: list[Schema] = []
    for schema in schemas:
        flat += schema.parts if isinstance(schema, join) else (schema,)
    unique = sorted(dict.fromkeys(flat), key=repr)
    return unique[0] if len(unique) == 1 else join(tuple(unique))
