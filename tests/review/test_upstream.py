"""Our contract against documents of the service: what differs, where, and whether our client would break."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import JSON, PATH, ROOT, Their, found, our_contract, short

from contract import read
from review.assemble import compare_upstream

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

HERE = Path(__file__).parent

HERE = Path(__file__).parent


@pytest.mark.parametrize("source", ["openapi/spec.yaml", "generated/autoenhance_api/openapi.json"])
def test_our_contract_does_not_differ_from_itself(source: str) -> None:
    """In YAML and in JSON there is nothing to tell."""
    contract = read(ROOT / "openapi/spec.yaml", "openapi/spec.yaml")
    comparison = compare_upstream(contract, str(ROOT / source))
    assert (comparison.version, comparison.openapi) == (contract.tree["info"]["version"], "3.1.1")
    assert comparison.differences == []


def test_a_document_of_the_whole_api_gives_the_expected_table() -> None:
    """OpenAPI 3.0 with all that generators write: exactly what the reconstruction was made to differ in is told."""
    comparison = compare_upstream(our_contract(), str(HERE / "upstream/whole-api.yaml"))
    assert (comparison.version, comparison.openapi) == ("2026-10-01", "3.0.3")
    assert [(one.what, one.sentence) for one in comparison.differences] == [
        ("header parameter `x-api-version`", "The parameter is only in ours."),
        ("query parameter `sort_images_by`", "The parameter is only in theirs (optional)."),
        ("request body", "`default_image_sort_order` is only in theirs (optional, string)."),
        ("request body", "Its type is object in ours and any in theirs."),
        ("response 200: `images[]`", "`window_pull_type` is only in ours."),
        ("response 200: `images[]`", "`parent_image` is only in theirs."),
        ("response 200: `images[]`", "`window_pull` is only in theirs."),
        ("response 200: `images[].cloud_type`", "Enum value `LOW_CLOUD_LOW_SAT` is only in theirs."),
        ("response 200: `images[].image_id`", '`format` is only in theirs (`"uuid"`).'),
        ("response 200: `images[].status`", "Enum value `expired` is only in ours."),
        ("response 200: `is_processing`", "Its type is boolean or null in ours and boolean in theirs."),
        ("response 200: `status`", "Its type is string or null in ours and any in theirs."),
        (
            "response 200: `status`",
            "Its value is only `waiting`, `processing`, `processed` and `error` in ours and any in theirs.",
        ),
        ("response 200: `total_images`", "Its type is integer or null in ours and number or null in theirs."),
        ("response 400", "The response is only in ours."),
        ("response 409", "The response is only in ours."),
        ("response 422: `detail`", "`json` is only in ours."),
        ("response 422: `detail`", "`query` is only in ours."),
        ("response 422: `detail`", "`<location>` is only in theirs."),
        ("response 422: `detail`", "Other fields are limited in ours and allowed in theirs."),
        ("response 429", "The response is only in ours."),
        ("response 5XX", "The response is only in ours."),
    ]
    assert not any(one.breaking for one in comparison.differences)


def test_a_difference_names_both_places() -> None:
    """With file and line."""
    differences = compare_upstream(our_contract(), str(HERE / "upstream/whole-api.yaml")).differences
    (total,) = (one for one in differences if one.what == "response 200: `total_images`")
    lines = (HERE / "upstream/whole-api.yaml").read_text("utf-8").splitlines()
    line = next(
        number for number, text in enumerate(lines, 1) if text.strip().startswith("total_images: {type: number")
    )
    file = f"{HERE}/upstream/whole-api.yaml"
    assert total.sides == (
        our_contract().where(("components", "schemas", "Order", "properties", "total_images", "type")),
        f"{file}:{line}: #/components/schemas/OrderBase/properties/total_images/type",
    )


def _rename(fields: dict[str, Any], old: str, new: str) -> None:
    fields[new] = fields.pop(old)


def _name(**keywords: Any) -> Callable[[Their], None]:
    return lambda their: their.edit["properties"]["name"].update(keywords)


def _body(**keywords: Any) -> Callable[[Their], None]:
    return lambda their: their.edit.update(keywords)


def _parameter(**keywords: Any) -> Callable[[Their], None]:
    return lambda their: their.operation["parameters"].append({"schema": {"type": "string"}, **keywords})


def _path_id(**keywords: Any) -> Callable[[Their], None]:
    return lambda their: their.operation["parameters"][0]["schema"].update(keywords)


def _scheme(**keywords: Any) -> Callable[[Their], None]:
    return lambda their: their.tree["components"]["securitySchemes"].update(apiKey=keywords)


def _security(*alternatives: dict[str, list[str]]) -> Callable[[Their], None]:
    def change(their: Their) -> None:
        their.tree["components"]["securitySchemes"]["bearer"] = {"type": "http", "scheme": "bearer"}
        their.operation["security"] = list(alternatives)

    return change


REQUESTS: dict[str, tuple[Callable[[Their], Any], list[str]]] = {
    "a field more": (
        _body(properties={**Their().edit["properties"], "tag": {}}),
        ["compatible field added, request body"],
    ),
    "a required field more": (
        _body(properties={**Their().edit["properties"], "tag": {"type": "string"}}, required=["tag"]),
        ["breaking required field added, request body"],
    ),
    "a field renamed": (
        lambda t: _rename(t.edit["properties"], "name", "title"),
        ["breaking field removed, request body", "compatible field added, request body"],
    ),
    "a field that is read-only": (_name(readOnly=True), ["breaking field removed, request body"]),
    "a field that is required": (_body(required=["name"]), ["breaking field required, request body"]),
    "a required field that is read-only": (
        _body(properties={**Their().edit["properties"], "made": {"readOnly": True}}, required=["made"]),
        [],
    ),
    "another type": (_name(type="integer"), ["breaking type, request body: `name`"]),
    "a type more": (_name(type=["string", "integer"]), ["compatible type, request body: `name`"]),
    "no type": (lambda t: t.edit["properties"].update(name={}), ["compatible type, request body: `name`"]),
    "null is allowed": (_name(type=["string", "null"]), ["compatible null allowed, request body: `name`"]),
    "a length": (_name(maxLength=80), ["breaking limit, request body: `name`"]),
    "a pattern": (_name(pattern="^[a-z]+$"), ["breaking limit, request body: `name`"]),
    "a format": (_name(format="uuid"), ["breaking limit, request body: `name`"]),
    "values": (_name(enum=["a", "b"]), ["breaking enum value removed, request body: `name`"]),
    "values without a type": (
        lambda t: t.edit["properties"].update(name={"enum": ["a"]}),
        ["breaking enum value removed, request body: `name`"],
    ),
    "a keyword that is not understood": (
        _name(**{"not": {"const": ""}}),
        ["breaking constraint, request body: `name`"],
    ),
    "a contradiction": (_name(allOf=[{"type": "integer"}]), ["breaking type, request body: `name`"]),
    "bounds that exclude each other": (
        _name(minLength=3, maxLength=2),
        [
            "breaking limit, request body: `name`",
            "breaking limit, request body: `name`",
            "breaking type, request body: `name`",
        ],
    ),
    "a schema that allows nothing": (
        lambda t: t.edit["properties"].update(name=False),
        ["breaking type, request body: `name`"],
    ),
    "a deprecated field": (_name(deprecated=True), ["compatible deprecated, request body: `name`"]),
    "at least one field": (_body(minProperties=1), ["compatible limit, request body"]),
    "at least two fields": (_body(minProperties=2), ["breaking limit, request body"]),
    "no other fields": (_body(additionalProperties=False), ["compatible other fields, request body"]),
    "the body is required": (
        lambda t: t.operation["requestBody"].update(required=True),
        ["compatible body required, request body"],
    ),
    "no body": (lambda t: t.operation.pop("requestBody"), ["breaking body removed, request body"]),
    "another media type": (
        lambda t: _rename(t.operation["requestBody"]["content"], JSON, "application/merge-patch+json"),
        ["breaking media type removed, request body", "compatible media type added, request body"],
    ),
    "JSON with a charset": (
        lambda t: _rename(t.operation["requestBody"]["content"], JSON, f"{JSON}; charset=utf-8"),
        [],
    ),
    "any media type": (lambda t: _rename(t.operation["requestBody"]["content"], JSON, "*/*"), []),
    "a query parameter": (_parameter(name="q", **{"in": "query"}), ["compatible parameter added, query parameter `q`"]),
    "a required query parameter": (
        _parameter(name="q", required=True, **{"in": "query"}),
        ["breaking parameter required, query parameter `q`"],
    ),
    "the key as a parameter": (
        _parameter(name="X-API-Key", required=True, **{"in": "header"}),
        ["compatible parameter required, header parameter `X-API-Key`"],
    ),
    "a header that OpenAPI ignores": (_parameter(name="Content-Type", required=True, **{"in": "header"}), []),
    "the version is required": (
        lambda t: t.operation["parameters"][1].update(required=True),
        ["breaking parameter required, header parameter `x-api-version`"],
    ),
    "the version is not declared": (
        lambda t: t.operation["parameters"].pop(1),
        ["compatible parameter removed, header parameter `x-api-version`"],
    ),
    "a header in other letters": (lambda t: t.operation["parameters"][1].update(name="X-API-Version"), []),
    "an id of a format": (_path_id(format="uuid"), ["breaking limit, path parameter `id`"]),
    "an id as long as ours": (
        _path_id(minLength=1, maxLength=255),
        ["compatible limit, path parameter `id`", "compatible limit, path parameter `id`"],
    ),
    "a shorter id": (_path_id(maxLength=36), ["breaking limit, path parameter `id`"]),
    "an id in another style": (
        lambda t: t.operation["parameters"][0].update(style="label"),
        ["breaking style, path parameter `id`"],
    ),
    "another header for the key": (
        _scheme(type="apiKey", name="authorization", **{"in": "header"}),
        ["breaking security, security"],
    ),
    "the key in other letters": (_scheme(type="apiKey", name="X-Api-Key", **{"in": "header"}), []),
    "the key in the query": (
        _scheme(type="apiKey", name="x-api-key", **{"in": "query"}),
        ["breaking security, security"],
    ),
    "another scheme": (_security({"bearer": []}), ["breaking security, security"]),
    "another scheme or ours": (_security({"bearer": []}, {"apiKey": []}), ["compatible security added, security"]),
    "another scheme and ours": (_security({"bearer": [], "apiKey": []}), ["breaking security, security"]),
    "a scheme that is not described": (_security({"unknown": []}), ["breaking security, security"]),
    "no security": (_security(), ["compatible security added, security"]),
    "a key and a token": (_scheme(type="oauth2", flows={}), ["breaking security, security"]),
    "a deprecated parameter": (
        lambda t: t.operation["parameters"][1].update(deprecated=True),
        ["compatible deprecated, header parameter `x-api-version`"],
    ),
    "a parameter that is JSON": (
        lambda t: t.operation["parameters"][1].update(
            content={JSON: {"schema": t.operation["parameters"][1].pop("schema")}}
        ),
        ["breaking style, header parameter `x-api-version`"],
    ),
    "deprecated": (lambda t: t.operation.update(deprecated=True), ["compatible deprecated, operation"]),
    "another host": (
        lambda t: t.tree.update(servers=[{"url": "https://api.example.com"}]),
        ["breaking server, address"],
    ),
    "a host that is not said": (lambda t: t.tree.update(servers=[{"url": "/"}]), []),
    "a path before ours": (lambda t: t.tree.update(servers=[{"url": "/api"}]), ["breaking server, address"]),
}


@pytest.mark.parametrize(("change", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_what_we_send_is_weighed_by_what_they_accept(change: Callable[[Their], Any], expected: list[str]) -> None:
    """Each change of the request gives its difference and no other."""
    assert short(found(change)) == expected


def test_the_path_parameter_may_have_another_name_and_stand_at_the_path() -> None:
    """A name in the template is not on the wire."""

    def change(their: Their) -> None:
        their.item["parameters"] = [{**their.operation["parameters"].pop(0), "name": "order"}]
        _rename(their.tree["paths"], PATH, "/v3/orders/{order}/")

    assert found(change) == []
