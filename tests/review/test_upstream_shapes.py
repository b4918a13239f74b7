"""Many ways to write a schema, one shape: rewriting a document without changing what it says makes no difference."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import PATH, Their, found, short

from review.upstream import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

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
    "no type but fields": lambda t: t.order.pop("type"),
    "other fields said openly": lambda t: t.order.update(additionalProperties={}),
    "a discriminator": lambda t: t.order.update(discriminator={"propertyName": "kind", "mapping": {"a": "nowhere"}}),
    "true for a schema": lambda t: t.schemas["FinetuneSettings"].update(additionalProperties=True),
    "bounds that are none": lambda t: t.edit["properties"]["name"].update(minLength=0),
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


def test_circular_schemas_end_and_the_circle_is_named() -> None:
    """A tree of images: a new field says what it is again; where both have it, it is compared once."""

    def with_parent(their: Their) -> None:
        their.image["properties"]["parent"] = IMAGE
        their.image["properties"]["children"] = {"type": "array", "items": {"anyOf": [IMAGE, IMAGE]}}

    differences = found(with_parent)
    assert [one.what.rpartition(".")[2] for one in differences] == ["children", "parent"]
    assert all("again what answer 200: images[] is" in one.sentence for one in differences)
    assert found(lambda _: None, base=with_parent) == []


def test_schemas_with_millions_of_paths_end() -> None:
    """Each pair of schemas is compared once, so that 60 levels of two fields each are 60 comparisons."""

    def many(their: Their) -> None:
        their.schemas.update(
            {
                f"L{n}": {"properties": {key: {"$ref": f"#/components/schemas/L{n + 1}"} for key in "ab"}}
                for n in range(50)
            },
            L50={"type": "string"},
        )
        their.order["properties"]["deep"] = {"$ref": "#/components/schemas/L0"}

    assert found(lambda _: None, base=many) == []
    (one,) = {one.what.count(".") for one in found(lambda t: t.schemas["L50"].update(type="integer"), base=many)}
    assert one == 50


def test_allof_that_doubles_at_each_level_ends() -> None:
    """What is composed is composed once."""

    def many(their: Their) -> None:
        their.schemas.update(
            {f"L{n}": {"allOf": [{"$ref": f"#/components/schemas/L{n + 1}"}] * 2} for n in range(40)}, L40=A_NAME
        )
        their.order["properties"]["name"] = {"$ref": "#/components/schemas/L0"}

    assert found(many) == []


def _endless(their: Their) -> None:
    their.order["properties"]["name"] = {"$ref": "#/components/schemas/A"}
    their.schemas.update(A={"$ref": "#/components/schemas/B"}, B={"$ref": "#/components/schemas/A"})


BROKEN: dict[str, tuple[Callable[[Their], Any], str]] = {
    "a circle of nothing but references": (_endless, r"Order/properties/name is in a circle, or a chain"),
    "a reference to nothing": (
        _order("name", **{"$ref": "#/nowhere"}),
        r"Order/properties/name refers to '#/nowhere', where",
    ),
    "a reference to another file": (
        _order("name", **{"$ref": "a.yaml#/A"}),
        r"refers to 'a.yaml#/A', .* bundle it first",
    ),
    "a schema that is a list": (
        lambda t: t.order["properties"].update(name=[]),
        r"Order/properties/name is not a schema",
    ),
    "responses that are a list": (lambda t: t.operation.update(responses=[]), r"patch/responses is not a mapping"),
    "parameters that are a mapping": (lambda t: t.operation.update(parameters={}), r"patch/parameters is not a list"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_followed_is_named_with_its_place(change: Callable[[Their], Any], message: str) -> None:
    """No traceback, and no guess."""
    with pytest.raises(UpstreamError, match=message):
        found(change)


def test_union_of_objects_is_compared_by_all_its_fields() -> None:
    """One that theirs adds in an alternative is found."""

    def change(their: Their) -> None:
        their.schemas["Order"] = {
            "oneOf": [copy.deepcopy(their.order), {"type": "object", "properties": {"x": {"type": "string"}}}]
        }

    assert short(found(change)) == [("only theirs", "answer 200: x", False)]
