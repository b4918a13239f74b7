"""Random pairs of schemas, the second mostly a small change of the first, and values to try them with."""

from __future__ import annotations

import copy
from functools import cache
from operator import or_
from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]
Keywords = dict[str, Strategy]
# One is called like a keyword that says nothing about values.
_NAMES = ["a", "b", "title"]
_TEXTS = ["", "a", "b", "ab", "bbb", "aaaa", "bbbbb", "bababa"]
_SCALARS = [*_TEXTS, None, True, False, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 0.5, 2.5]


def _schema(fixed: Keywords, usual: Keywords | None = None, rare: Keywords | None = None) -> Strategy:
    """A schema with the fixed keywords, some of the usual ones, and one rare one at the most."""
    one = [st.fixed_dictionaries({key: value}) for key, value in (rare or {}).items()]
    keywords: Strategy = st.fixed_dictionaries(fixed, optional=usual or {})
    return st.builds(or_, keywords, st.one_of(st.just({}), *one))


_LENGTHS = dict.fromkeys(("minLength", "maxLength"), st.integers(0, 5))
_TYPES = st.sampled_from(["string", "integer", "number", "null", "boolean", "array", "object"])
_LEAVES: list[Strategy] = [
    _schema(
        {"type": st.just("string")},
        _LENGTHS,
        {
            "pattern": st.sampled_from(["a", "^b", ".*"]),
            "enum": st.lists(st.sampled_from(_TEXTS), min_size=1, max_size=3, unique=True),
        },
    ),
    _schema(
        {"type": st.sampled_from(["number", "integer"])},
        dict.fromkeys(("minimum", "maximum"), st.integers(-1, 5)),
        dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), st.integers(-1, 6))
        | {"multipleOf": st.sampled_from([1, 2, 0.5, 3])},
    ),
    _schema({"enum": st.lists(st.sampled_from(_SCALARS), min_size=1, max_size=4)}),
    _schema({"type": st.lists(_TYPES, min_size=1, max_size=3, unique=True)}, _LENGTHS),
    st.sampled_from([{}, True, False, {"const": None}, {"const": "a"}, {"type": "null"}, {"type": "boolean"}]),
]


@cache  # to make the strategies for each schema takes longer than all else
def _branches(depth: int) -> list[Strategy]:
    inner, name, few = schemas(depth - 1), st.sampled_from(_NAMES), st.integers(0, 3)
    names, inner_list = st.lists(name, unique=True, max_size=2), st.lists(inner, min_size=1, max_size=3)
    objects = _schema(
        {"type": st.just("object"), "properties": st.dictionaries(name, inner, max_size=2)},
        {"required": names, "additionalProperties": st.booleans() | inner},
        {
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, min_size=1, max_size=1),
            "propertyNames": st.sampled_from([{"maxLength": 1}, {"enum": ["a", "b"]}, True]),
            "dependentRequired": st.dictionaries(name, st.lists(name, max_size=1), min_size=1, max_size=1),
            "dependentSchemas": st.dictionaries(name, inner, min_size=1, max_size=1),
            "unevaluatedProperties": st.booleans(),
            **dict.fromkeys(("minProperties", "maxProperties"), few),
        },
    )
    arrays = _schema(
        {"type": st.just("array"), "items": inner},
        {},
        {"prefixItems": inner_list, "uniqueItems": st.booleans(), **dict.fromkeys(("minItems", "maxItems"), few)},
    )
    contains = _schema({"contains": inner}, dict.fromkeys(("minContains", "maxContains"), st.integers(0, 2)))
    combined = st.one_of([_schema({key: inner_list}) for key in ("anyOf", "allOf", "oneOf")])
    beside: Strategy = st.just({}) | inner.filter(lambda schema: isinstance(schema, dict))
    conditions = _schema({"if": inner, "then": inner, "else": inner}) | _schema({"not": inner})
    return [
        *(objects, objects, st.builds(or_, arrays, st.just({}) | contains)),
        *(st.builds(or_, combined, beside), conditions),
    ]


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> Any:
    """A schema of the keywords that contracts use."""
    return draw(draw(st.sampled_from([*_LEAVES, *(_branches(depth) if depth else ())])))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two schemas: the same but for a change or two somewhere in it, or strangers."""
    one = draw(schemas())
    if draw(st.integers(1, 10)) == 1:
        return one, draw(schemas())
    other = copy.deepcopy(one)
    for _ in range(draw(st.integers(1, 2))):
        other = _changed(draw, other)
    return (one, other) if draw(st.booleans()) else (other, one)


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two documents of two schemas each, `Root` and `A`, that refer to `A` from a field or an item of theirs."""
    one = {"Root": draw(schemas()), "A": draw(schemas(1))}
    if not _is_referring(one["Root"]):
        one["Root"] = {"type": "object", "properties": {draw(st.sampled_from(_NAMES)): {"type": "boolean"}}}
    other = copy.deepcopy(one)
    changed = draw(st.sampled_from(["A", "A", "Root"]))
    other[changed] = _changed(draw, other[changed])
    besides: list[dict[str, Any]] = [{}, {}, {"deprecated": True}, {"description": "Words."}, {"maxProperties": 2}]
    beside = draw(st.sampled_from(besides))
    pair = _referring(one, beside), _referring(other, beside)
    return pair if draw(st.booleans()) else pair[::-1]


_INNER = ("properties", "patternProperties", "items", "additionalProperties", "prefixItems")


def _referring(node: Any, beside: dict[str, Any], *, is_inner: bool = False) -> Any:
    """The same, with references in place of booleans: in fields and items only, so that no schema is its own part."""
    if isinstance(node, list):
        return [_referring(each, beside, is_inner=is_inner) for each in node]
    if node == {"type": "boolean"} and is_inner:
        return {"$ref": "#/components/schemas/A"} | beside
    if not isinstance(node, dict):
        return node
    return {key: _referring(value, beside, is_inner=is_inner or key in _INNER) for key, value in node.items()}


def _is_referring(schema: Any) -> bool:
    return "$ref" in repr(_referring(schema, {}))


def _changed(draw: st.DrawFn, schema: Any) -> Any:
    """The schema with a small change, here or in a schema in it."""
    if not isinstance(schema, dict):
        return draw(schemas(0))
    below = _inner(schema)
    is_below, is_limit = draw(st.tuples(st.booleans(), st.booleans()))
    if below and is_below:
        holder, key = draw(st.sampled_from(below))
        holder[key] = _changed(draw, holder[key])
        return schema
    limits = [key for key, value in schema.items() if type(value) is int and key != "const"]
    if limits and is_limit:
        key = draw(st.sampled_from(limits))
        return schema | {key: max(schema[key] + draw(st.sampled_from([-1, 1])), 1 if key == "multipleOf" else 0)}
    dropped = draw(st.sampled_from(sorted(schema) or [""]))
    types = schema.get("type", ["null"])
    more = draw(st.sampled_from(["null", "object", "boolean"]))
    changes = (
        {key: value for key, value in schema.items() if key != dropped},
        {"anyOf": [schema]},
        {"allOf": [schema]},
        {"anyOf": [schema, draw(schemas(0))]},
        schema | {"description": "Other words."},
        schema | {"type": list(dict.fromkeys([*([types] if isinstance(types, str) else types), more]))},
        schema | {"required": draw(st.lists(st.sampled_from(_NAMES), unique=True, max_size=2))},
        draw(schemas(1)),
    )
    return draw(st.sampled_from(changes))


def _inner(schema: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Where the schemas in a schema stand."""
    places: list[tuple[Any, Any]] = []
    for key in ("items", "additionalProperties", "not", "if", "then", "else", "contains"):
        places += [(schema, key)] if key in schema else []
    for key in ("properties", "patternProperties", "dependentSchemas"):
        places += [(schema[key], each) for each in schema.get(key, ())]
    for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
        places += [(schema[key], index) for index in range(len(schema.get(key, ())))]
    return places


def _values() -> list[Any]:
    """Values that tell schemas of these keywords apart: all scalars, and objects and lists of them."""
    few = ["", "a", "bbbbb", "ab", None, True, 0, 1, 3, 6, 0.5, {}, [], {"a": "a"}, ["a"]]
    objects: list[Any] = [{}] + [
        {name: value} for name in (*_NAMES, "bd", "required") for value in [*_SCALARS, *few[11:]]
    ]
    objects += [
        {one: v, other: w} for one, other in (("a", "b"), ("b", "title"), ("a", "title")) for v in few for w in few
    ]
    objects += [dict.fromkeys(_NAMES, value) for value in few] + [{"a": 1, "b": "a", "title": None, "d": True}]
    lists: list[Any] = [[]] + [[value] for value in [*_SCALARS, *few[11:]]] + [[v, w] for v in few for w in few]
    lists += [[v, v, v] for v in few] + [[v, v, v, v] for v in few] + [["a", 1, None], [0, 1, 3], ["a", "b", "ab"]]
    nested = [{"a": each} for each in (*objects[1:120:3], *lists[1:120:3])] + [[each] for each in objects[1:120:3]]
    nested += [{name: each} for name in ("title", "b") for each in objects[1:120:4]]
    nested += [{"title": {name: each}} for name in ("a", "title") for each in objects[1:120:8]]
    return [*_SCALARS, *objects, *lists, *nested]


VALUES = _values()
