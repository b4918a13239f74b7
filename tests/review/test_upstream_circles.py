"""Circular, endless and broken schemas: what can be compared is, the rest is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import Their, found, short

from contract_diff import DiffError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

IMAGE = {"$ref": "#/components/schemas/Image"}
A_NAME: dict[str, Any] = {"type": ["string", "null"]}


def _order(name: str, **keywords: Any) -> Callable[[Their], Any]:
    return lambda their: their.order["properties"].update({name: keywords})


def test_circular_schemas_end() -> None:
    """A tree of images: a new field is told once, and where both have it, it is compared once."""

    def with_parent(their: Their) -> None:
        their.image["properties"]["parent"] = IMAGE
        their.image["properties"]["children"] = {"type": "array", "items": {"anyOf": [IMAGE, IMAGE]}}

    assert short(found(with_parent)) == ["compatible field added, response 200: `images[]`"] * 2
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
    (change,) = found(lambda t: t.schemas["L50"].update(type="integer"), base=many)
    assert change.what.count(".") == 50


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


def _chain_of_parts(their: Their) -> None:
    their.schemas.update(
        {f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}]} for n in range(200)}, S200=A_NAME
    )
    their.order["properties"]["name"] = {"$ref": "#/components/schemas/S0"}


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
    "a chain without end": (_chain_of_parts, r"is at the end of a chain of more than 100 schemas"),
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
    with pytest.raises(DiffError, match=message):
        found(change)


def test_fields_nested_without_end_are_refused() -> None:
    """More than 60 levels on both sides are no API."""

    def deep(their: Their) -> None:
        levels = {f"S{n}": {"properties": {"a": {"$ref": f"#/components/schemas/S{n + 1}"}}} for n in range(90)}
        their.schemas.update(levels, S90=A_NAME)
        their.order["properties"]["deep"] = {"$ref": "#/components/schemas/S0"}

    with pytest.raises(DiffError, match=r"is nested too deeply: response 200: `deep\.a\.a"):
        found(lambda their: their.schemas["S90"].update(type="string"), base=deep)
