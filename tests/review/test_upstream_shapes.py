"""Many ways to write a schema, one shape: rewriting a document without changing what it says makes no difference."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import PATH, Their, found, short

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

IMAGE = {"$ref": "#/components/schemas/Image"}
STATUS = {"$ref": "#/components/schemas/OrderStatus"}
VALUES = ["waiting", "processing", "processed", "error"]
A_NAME: dict[str, Any] = {"type": ["string", "null"]}


def _order(name: str, **keywords: Any) -> Callable[[Their], Any]:
    return lambda their: their.order["properties"].update({name: keywords})


def _old(name: str, **keywords: Any) -> Callable[[Their], Any]:
    """The same in a document of 3.0."""

    def change(their: Their) -> None:
        their.tree["openapi"] = "3.0.3"
        their.order["properties"][name] = keywords

    return change


def _chain(their: Their) -> None:
    their.schemas.update({f"S{n}": {"$ref": f"#/components/schemas/S{n + 1}"} for n in range(50)}, S50=A_NAME)
    their.order["properties"]["name"] = {"$ref": "#/components/schemas/S0"}


def _parts(their: Their) -> None:
    order = their.schemas.pop("Order")
    fields = list(order["properties"].items())
    their.schemas["Order"] = {
        "allOf": [{"$ref": "#/components/schemas/Half"}, {"type": "object", "properties": dict(fields[:5])}]
    }
    their.schemas["Half"] = {"type": "object", "properties": dict(fields[4:])}


def _split_rating(their: Their) -> None:
    their.image["properties"]["rating"] = {
        "allOf": [
            {"type": ["number", "null"], "minimum": 0},
            {"type": ["integer", "null"], "minimum": -3, "maximum": 5},
            {"maximum": 9},
        ]
    }


def _own_part(their: Their) -> None:
    their.order["allOf"] = [{"$ref": "#/components/schemas/Order"}]


def _components(their: Their) -> None:
    parts: dict[str, Any] = their.tree["components"]
    parts["parameters"] = {"id": their.operation["parameters"].pop(0)}
    their.item["parameters"] = [{"$ref": "#/components/parameters/id"}]
    parts["requestBodies"] = {
        "edit": their.operation.pop("requestBody"),
        "same": {"$ref": "#/components/requestBodies/edit"},
    }
    their.operation["requestBody"] = {"$ref": "#/components/requestBodies/same"}
    parts["responses"] = {"200": their.responses.pop("200")}
    their.responses["200"] = {"$ref": "#/components/responses/200"}
    parts["pathItems"] = {"order": their.tree["paths"].pop(PATH)}
    their.tree["paths"][PATH] = {"$ref": "#/components/pathItems/order"}


SAME: dict[str, Callable[[Their], Any]] = {
    "nullable": _old("name", type="string", nullable=True),
    "nullable beside allOf": _old("status", nullable=True, allOf=[STATUS]),
    "nullable beside a list of types": _order("name", type=["string"], nullable=True),
    "null in anyOf": _order("name", anyOf=[{"type": "string"}, {"type": "null"}]),
    "null in oneOf": _order("name", oneOf=[{"type": "null"}, {"type": "string"}]),
    "a const null": _order("name", anyOf=[{"type": "string"}, {"const": None}]),
    "an enum with null": _order("status", enum=[*VALUES, None]),
    "an enum without a type": _old("status", enum=VALUES, nullable=True),
    "an enum with a type and null": _order("status", type=["string", "null"], enum=[*VALUES, None]),
    "consts": _order("status", oneOf=[{"type": "null"}, *({"const": value} for value in VALUES)]),
    "enums that overlap": _order("status", allOf=[{"enum": [*VALUES, None, 1]}, {"enum": ["x", *VALUES, None]}]),
    "an enum of another order": lambda t: t.schemas["OrderStatus"]["enum"].reverse(),
    "allOf of one": _order("name", allOf=[A_NAME]),
    "anyOf of one": _order("name", anyOf=[A_NAME]),
    "oneOf of one in anyOf of one": _order("name", anyOf=[{"oneOf": [A_NAME]}]),
    "a chain of references": _chain,
    "words beside a reference": _order("status", anyOf=[{**STATUS, "description": "x"}, {"type": "null"}]),
    "keywords beside a reference": lambda t: t.order["properties"]["images"]["anyOf"][0].update(
        items={**IMAGE, "type": "object"}
    ),
    "what counts for nothing in 3.0": lambda t: (
        t.tree.update(openapi="3.0.3"),
        t.order["properties"].update(images={"type": "array", "nullable": True, "items": {**IMAGE, "type": "string"}}),
    ),
    "parts of an object": _parts,
    "bounds in parts": _split_rating,
    "a schema that is a part of itself": _own_part,
    "references to everything": _components,
    "other fields said openly": lambda t: t.order.update(additionalProperties={}),
    "a discriminator": lambda t: t.order.update(discriminator={"propertyName": "kind", "mapping": {"a": "nowhere"}}),
    "true for a schema": lambda t: t.schemas["FinetuneSettings"].update(additionalProperties=True),
    "bounds that are none": lambda t: t.edit["properties"]["name"].update(minLength=0),
    "no null among the values of a type": _order("status", type=["string", "null"], enum=[*VALUES, 3, None]),
    "a reference into a list": lambda t: (
        t.schemas.update(Parts={"allOf": [A_NAME]}),
        t.order["properties"].update(name={"$ref": "#/components/schemas/Parts/allOf/0"}),
    ),
    "a reference that is escaped": lambda t: (
        t.schemas.update({"a/b ~c": A_NAME}),
        t.order["properties"].update(name={"$ref": "#/components/schemas/a~1b%20~0c"}),
    ),
    "any": lambda t: t.schemas["FinetuneSettings"].update(additionalProperties={}),
    "a write-only field": _order("password", type="string", writeOnly=True),
    "other words": lambda t: (
        t.operation.update(operationId="x", tags=[], summary=""),
        t.order.update(title="O", default={}),
    ),
}


@pytest.mark.parametrize("rewrite", SAME.values(), ids=SAME)
def test_another_way_to_write_the_same_is_no_difference(rewrite: Callable[[Their], Any]) -> None:
    """Whatever keywords a generator prefers."""
    assert found(rewrite) == []


PAIRS: dict[str, tuple[Any, Any]] = {
    "a boolean for an exclusive bound": (
        {"type": "number", "minimum": 1, "exclusiveMinimum": True, "exclusiveMaximum": False},
        {"type": "number", "exclusiveMinimum": 1},
    ),
    "null among the values, but not a type": (
        {"type": "string", "enum": ["a", None]},
        {"type": "string", "enum": ["a"]},
    ),
    "1 and 1.0": ({"enum": [1.0, 2]}, {"enum": [2.0, 1]}),
    "no type and any": ({"type": "any"}, {}),
    "bounds of alternatives": (
        {
            "anyOf": [
                {"type": "string", "maxLength": 3, "pattern": "a"},
                {"type": "string", "maxLength": 5, "pattern": "a"},
            ]
        },
        {"type": "string", "maxLength": 5, "pattern": "a"},
    ),
    "lower bounds of alternatives": (
        {"anyOf": [{"type": "integer", "minimum": 3}, {"type": "integer", "minimum": 5}, {"type": "string"}]},
        {"type": ["string", "integer"], "minimum": 3},
    ),
    "bounds of which one alternative has none": (
        {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "string"}]},
        {"type": "string"},
    ),
    "values of which one alternative has none": ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, {"type": "string"}),
    "an alternative that is impossible": (
        {"anyOf": [{"type": "string"}, {"allOf": [{"type": "string"}, {"type": "integer"}]}, False]},
        {"type": "string"},
    ),
    "two patterns": (
        {"allOf": [{"type": "string", "pattern": "a"}, {"pattern": "b"}, {"pattern": "a"}]},
        {"allOf": [{"pattern": "a"}, {"type": "string", "pattern": "b"}, {"pattern": "a"}]},
    ),
    "items as a list": (
        {"type": "array", "items": [{"type": "string"}]},
        {"type": "array", "prefixItems": [{"type": "string"}]},
    ),
    "required in one of two parts": (
        {"allOf": [{"type": "object", "properties": {"a": {}}}, {"required": ["a"]}]},
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
    ),
    "required in one of two alternatives": (
        {
            "anyOf": [
                {"type": "object", "properties": {"a": {}}, "required": ["a"]},
                {"type": "object", "properties": {"a": {}}},
            ]
        },
        {"type": "object", "properties": {"a": {}}},
    ),
}


@pytest.mark.parametrize(("ours", "theirs"), PAIRS.values(), ids=PAIRS)
def test_two_ways_to_write_a_limit_are_no_difference(ours: Any, theirs: Any) -> None:
    """In a request, where limits count."""

    def with_field(schema: Any) -> Callable[[Their], Any]:
        return lambda their: their.edit["properties"].update(x=schema)

    assert found(with_field(theirs), base=with_field(ours)) == []
    assert found(with_field(ours), base=with_field(theirs)) == []


def test_union_of_objects_is_compared_by_all_its_fields() -> None:
    """One that theirs adds in an alternative is found."""

    def change(their: Their) -> None:
        their.schemas["Order"] = {
            "oneOf": [copy.deepcopy(their.order), {"type": "object", "properties": {"x": {"type": "string"}}}]
        }

    assert short(found(change)) == ["compatible field added, response 200", "compatible schema, response 200"]
