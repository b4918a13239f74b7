"""Our contract against documents of the service: what differs, where, and whether our client would break."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import JSON, PATH, ROOT, Their, found, our_contract, short

from contract import read
from review.upstream import compare

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

HERE = Path(__file__).parent
THEIRS, OURS, DISAGREE = "only theirs", "only ours", "disagree"
NAME = "request body: name"
KEY = "a key in the header x-api-key"


@pytest.mark.parametrize("source", ["openapi/spec.yaml", "generated/autoenhance_api/openapi.json"])
def test_our_contract_does_not_differ_from_itself(source: str) -> None:
    """In YAML and in JSON there is nothing to tell."""
    contract = read(ROOT / "openapi/spec.yaml", "openapi/spec.yaml")
    comparison = compare(contract, str(ROOT / source))
    assert (comparison.version, comparison.openapi, comparison.differences) == (
        contract.tree["info"]["version"],
        "3.1.1",
        (),
    )


def test_a_document_of_the_whole_api_gives_the_expected_table() -> None:
    """OpenAPI 3.0 with all that generators write: exactly what the reconstruction was made to differ in is told."""
    comparison = compare(our_contract(), str(HERE / "upstream/whole-api.yaml"))
    assert (comparison.version, comparison.openapi) == ("2026-10-01", "3.0.3")
    assert [(one.kind, one.what, one.sentence) for one in comparison.differences] == [
        (OURS, "header parameter x-api-version", "Ours has this parameter; theirs lacks it."),
        (THEIRS, "query parameter sort_images_by", "Theirs has this parameter; ours lacks it."),
        (THEIRS, "request body: default_image_sort_order", "Theirs has this field, a string; ours lacks it."),
        (THEIRS, "answer 200: images[].cloud_type", 'Theirs also lists "LOW_CLOUD_LOW_SAT".'),
        (THEIRS, "answer 200: images[].image_id", "Our format is none, theirs uuid."),
        (
            THEIRS,
            "answer 200: images[].parent_image",
            "Theirs has this field, an object or null that is again what answer 200: images[] is; ours lacks it.",
        ),
        (OURS, "answer 200: images[].status", 'Ours also lists "expired".'),
        (THEIRS, "answer 200: images[].window_pull", "Theirs has this field, a boolean or null; ours lacks it."),
        (OURS, "answer 200: images[].window_pull_type", "Ours has this field, a string or null; theirs lacks it."),
        (DISAGREE, "answer 200: is_processing", "Ours may be null, theirs may not."),
        (DISAGREE, "answer 200: status", "Ours is a string, theirs has no type."),
        (DISAGREE, "answer 200: total_images", "Ours is an integer, theirs a number."),
        (OURS, "answer 400", "Ours lists this status; theirs does not."),
        (OURS, "answer 409", "Ours lists this status; theirs does not."),
        (DISAGREE, "answer 422: detail", "Ours refuses or limits fields that it does not name, theirs takes any."),
        (THEIRS, "answer 422: detail.<location>", "Theirs has this field, an object; ours lacks it."),
        (OURS, "answer 422: detail.json", "Ours has this field, an object; theirs lacks it."),
        (OURS, "answer 422: detail.query", "Ours has this field, an object; theirs lacks it."),
        (OURS, "answer 429", "Ours lists this status; theirs does not."),
        (OURS, "answer 5XX", "Ours lists this status; theirs does not."),
    ]
    assert not any(one.breaks for one in comparison.differences)


def test_a_difference_names_both_places() -> None:
    """Ours with file and line, theirs with pointer and line."""
    differences = compare(our_contract(), str(HERE / "upstream/whole-api.yaml")).differences
    (total,) = (one for one in differences if one.what == "answer 200: total_images")
    ours, theirs = (
        "#/components/schemas/Order/properties/total_images",
        "#/components/schemas/OrderBase/properties/total_images",
    )
    assert total.ours == our_contract().where(tuple(ours.split("/")[1:]))
    line = next(
        number
        for number, text in enumerate((HERE / "upstream/whole-api.yaml").read_text("utf-8").splitlines(), 1)
        if text.strip().startswith("total_images: {type: number")
    )
    assert total.theirs == f"{theirs} (line {line})"


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


REQUESTS: dict[str, tuple[Callable[[Their], Any], list[tuple[str, str, bool]]]] = {
    "a field more": (
        _body(properties={**Their().edit["properties"], "tag": {}}),
        [(THEIRS, "request body: tag", False)],
    ),
    "a required field more": (
        _body(properties={**Their().edit["properties"], "tag": {"type": "string"}}, required=["tag"]),
        [(THEIRS, "request body: tag", True)],
    ),
    "a field renamed": (
        lambda t: _rename(t.edit["properties"], "name", "title"),
        [(OURS, NAME, True), (THEIRS, "request body: title", False)],
    ),
    "a field that is read-only": (_name(readOnly=True), [(OURS, NAME, True)]),
    "a field that is required": (_body(required=["name"]), [(DISAGREE, NAME, True)]),
    "a required field that is read-only": (
        _body(properties={**Their().edit["properties"], "made": {"readOnly": True}}, required=["made"]),
        [],
    ),
    "another type": (_name(type="integer"), [(DISAGREE, NAME, True)]),
    "a type more": (_name(type=["string", "integer"]), [(DISAGREE, NAME, False)]),
    "no type": (lambda t: t.edit["properties"].update(name={}), [(DISAGREE, NAME, False)]),
    "null is allowed": (_name(type=["string", "null"]), [(DISAGREE, NAME, False)]),
    "a length": (_name(maxLength=80), [(THEIRS, NAME, True)]),
    "a pattern": (_name(pattern="^[a-z]+$"), [(THEIRS, NAME, True)]),
    "a format": (_name(format="uuid"), [(THEIRS, NAME, True)]),
    "values": (_name(enum=["a", "b"]), [(THEIRS, NAME, True)]),
    "values without a type": (lambda t: t.edit["properties"].update(name={"enum": ["a"]}), [(THEIRS, NAME, True)]),
    "a keyword that is not understood": (_name(**{"not": {"const": ""}}), [(THEIRS, NAME, True)]),
    "a contradiction": (_name(allOf=[{"type": "integer"}]), [(DISAGREE, NAME, True)]),
    "bounds that exclude each other": (_name(minLength=3, maxLength=2), [(DISAGREE, NAME, True)]),
    "a schema that allows nothing": (lambda t: t.edit["properties"].update(name=False), [(DISAGREE, NAME, True)]),
    "a deprecated field": (_name(deprecated=True), [(THEIRS, NAME, False)]),
    "at least one field": (_body(minProperties=1), [(THEIRS, "request body", False)]),
    "at least two fields": (_body(minProperties=2), [(THEIRS, "request body", True)]),
    "no other fields": (_body(additionalProperties=False), [(DISAGREE, "request body", False)]),
    "the body is required": (
        lambda t: t.operation["requestBody"].update(required=True),
        [(DISAGREE, "request body", False)],
    ),
    "no body": (lambda t: t.operation.pop("requestBody"), [(OURS, "request body", True)]),
    "another media type": (
        lambda t: _rename(t.operation["requestBody"]["content"], JSON, "application/merge-patch+json"),
        [(OURS, "request body", True), (THEIRS, "request body", False)],
    ),
    "JSON with a charset": (
        lambda t: _rename(t.operation["requestBody"]["content"], JSON, f"{JSON}; charset=utf-8"),
        [],
    ),
    "any media type": (lambda t: _rename(t.operation["requestBody"]["content"], JSON, "*/*"), []),
    "a query parameter": (_parameter(name="q", **{"in": "query"}), [(THEIRS, "query parameter q", False)]),
    "a required query parameter": (
        _parameter(name="q", required=True, **{"in": "query"}),
        [(THEIRS, "query parameter q", True)],
    ),
    "the key as a parameter": (
        _parameter(name="X-API-Key", required=True, **{"in": "header"}),
        [(THEIRS, "header parameter X-API-Key", False)],
    ),
    "a header that OpenAPI ignores": (_parameter(name="Content-Type", required=True, **{"in": "header"}), []),
    "the version is required": (
        lambda t: t.operation["parameters"][1].update(required=True),
        [(DISAGREE, "header parameter x-api-version", True)],
    ),
    "the version is not declared": (
        lambda t: t.operation["parameters"].pop(1),
        [(OURS, "header parameter x-api-version", False)],
    ),
    "a header in other letters": (lambda t: t.operation["parameters"][1].update(name="X-API-Version"), []),
    "an id of a format": (_path_id(format="uuid"), [(THEIRS, "path parameter id", True)]),
    "an id as long as ours": (_path_id(minLength=1, maxLength=255), [(THEIRS, "path parameter id", False)] * 2),
    "a shorter id": (_path_id(maxLength=36), [(THEIRS, "path parameter id", True)]),
    "an id in another style": (
        lambda t: t.operation["parameters"][0].update(style="label"),
        [(DISAGREE, "path parameter id", True)],
    ),
    "another header for the key": (
        _scheme(type="apiKey", name="authorization", **{"in": "header"}),
        [(DISAGREE, "security", True)],
    ),
    "the key in other letters": (_scheme(type="apiKey", name="X-Api-Key", **{"in": "header"}), []),
    "the key in the query": (
        _scheme(type="apiKey", name="x-api-key", **{"in": "query"}),
        [(DISAGREE, "security", True)],
    ),
    "another scheme": (_security({"bearer": []}), [(DISAGREE, "security", True)]),
    "another scheme or ours": (_security({"bearer": []}, {"apiKey": []}), [(THEIRS, "security", False)]),
    "another scheme and ours": (_security({"bearer": [], "apiKey": []}), [(DISAGREE, "security", True)]),
    "a scheme that is not described": (_security({"unknown": []}), [(DISAGREE, "security", True)]),
    "no security": (_security(), [(OURS, "security", False)]),
    "a key and a token": (_scheme(type="oauth2", flows={}), [(DISAGREE, "security", True)]),
    "a deprecated parameter": (
        lambda t: t.operation["parameters"][1].update(deprecated=True),
        [(THEIRS, "header parameter x-api-version", False)],
    ),
    "a parameter that is JSON": (
        lambda t: t.operation["parameters"][1].update(
            content={JSON: {"schema": t.operation["parameters"][1].pop("schema")}}
        ),
        [(DISAGREE, "header parameter x-api-version", True)],
    ),
    "deprecated": (lambda t: t.operation.update(deprecated=True), [(THEIRS, "operation", False)]),
    "another host": (
        lambda t: t.tree.update(servers=[{"url": "https://api.example.com"}]),
        [(DISAGREE, "address", True)],
    ),
    "a host that is not said": (lambda t: t.tree.update(servers=[{"url": "/"}]), []),
    "a path before ours": (lambda t: t.tree.update(servers=[{"url": "/api"}]), [(DISAGREE, "address", True)]),
}


@pytest.mark.parametrize(("change", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_what_we_send_is_weighed_by_what_they_accept(
    change: Callable[[Their], Any], expected: list[tuple[str, str, bool]]
) -> None:
    """Each change of the request gives its difference and no other."""
    assert sorted(short(found(change))) == sorted(expected)


def test_the_path_parameter_may_have_another_name_and_stand_at_the_path() -> None:
    """A name in the template is not on the wire."""

    def change(their: Their) -> None:
        their.item["parameters"] = [{**their.operation["parameters"].pop(0), "name": "order"}]
        _rename(their.tree["paths"], PATH, "/v3/orders/{order}/")

    assert found(change) == []
