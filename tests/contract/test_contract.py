"""The contract describes the page, gives the source of each fact, and allows what the service is known to send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from real_contract import DOCUMENT, OPERATION, SCHEMAS

import autoenhance_api
from autoenhance import models
from autoenhance._settings import DEFAULT_BASE_URL
from autoenhance.sandbox._contract import Request, Response, load_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = {"x-api-key": "k", "content-type": "application/json"}
REQUEST = Request("patch", "/v3/orders/a", HEADERS, b'{"name": "a"}')

# The example of the service's page, with all fields that it has.
PAGE = OPERATION["responses"]["200"]["content"]["application/json"]["examples"]["page"]["value"]
PAGE_IMAGE = {name: value for name, value in PAGE["images"][0].items() if name != "ANY_ADDITIONAL_PROPERTY"}


def test_every_possible_null_has_a_source() -> None:
    """The page shows some fields as null; for the others the contract says why they may be."""
    for schema, example in ((SCHEMAS["Order"], PAGE), (SCHEMAS["Image"], PAGE_IMAGE)):
        for name, value in schema["properties"].items():
            if name in example:
                assert ("x-null-source" in value) != (example[name] is None), name


def test_the_contract_has_every_field_of_the_page() -> None:
    """All 10 fields of an order, all 23 of an image and both of the body; what is not on the page has another source."""
    assert (len(PAGE), len(PAGE_IMAGE)) == (10, 23)
    for schema, fields in (("Order", PAGE), ("Image", PAGE_IMAGE), ("OrderUpdate", ("name", "order_id"))):
        from_page = {name for name, value in SCHEMAS[schema]["properties"].items() if value["x-source"] == "page"}
        assert from_page == {*fields}


def test_the_operation_is_the_one_of_the_page() -> None:
    """PATCH /v3/orders/{id} with the key in x-api-key, on the service's server, where the client goes."""
    assert OPERATION["operationId"] == "edit_order"
    assert [server["url"] for server in DOCUMENT["servers"]] == [DEFAULT_BASE_URL] == ["https://api.autoenhance.ai"]
    assert DOCUMENT["security"] == [{"apiKey": []}]
    scheme = DOCUMENT["components"]["securitySchemes"]["apiKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "x-api-key")
    parameters = [(each["name"], each["in"], each["required"]) for each in OPERATION["parameters"]]
    assert {("id", "path", True), ("x-api-version", "header", False)} <= {*parameters}
    assert [each["name"] for each in OPERATION["parameters"] if each["x-source"] == "page"] == ["id"]
    assert {"200", "401", "404", "422", "429"} <= set(OPERATION["responses"])
    assert OPERATION["responses"]["429"]["x-source"] == "rate-limit-page"


def examples() -> Iterator[tuple[str, str, str, Any]]:
    """Every example of a response: status, media type, name, value."""
    for status, response in OPERATION["responses"].items():
        for media_type, media in response["content"].items():
            named = media.get("examples") or {"example": {"value": media["example"]}}
            for name, example in named.items():
                yield status, media_type, name, example["value"]


def problems_of(status: int, body: Any, media_type: str = "application/json") -> list[str]:
    data = body.encode() if media_type == "text/html" else json.dumps(body).encode()
    response = Response(status, {"content-type": media_type}, data)
    return [problem.message for problem in load_contract().problems_of_response(REQUEST, response)]


@pytest.mark.parametrize(("status", "media_type", "name", "value"), list(examples()))
def test_every_example_of_a_response_is_valid(status: str, media_type: str, name: str, value: Any) -> None:
    """There is one for every response, and each is what its schema says."""
    assert name
    assert problems_of(int(status.replace("XX", "03")), value, media_type) == []


def test_every_example_of_a_request_is_valid() -> None:
    """The examples of the body are requests that the contract admits."""
    for example in OPERATION["requestBody"]["content"]["application/json"]["examples"].values():
        request = Request("patch", "/v3/orders/a", HEADERS, json.dumps(example["value"]).encode())
        assert load_contract().problems_of_request(request) == []


SHAPES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "no images": {"order_id": "a", "images": []},
    "no zone": {"created_at": "2006-01-02T15:04:05.999999", "last_updated_at": "2006-01-02T15:04:05"},
    "old image": {"images": [{"enhance_type": "authentic", "window_pull": True, "status": "expired"}]},
    "settings page": {"images": [{"cloud_type": "LOW_CLOUD_LOW_SAT"}]},
    "real date": {"images": [{"date_added": 1668061256650, "user_id": "auth0|5f0c"}]},
    "newer": {"default_image_sort_order": "-name", "images": [{"parent_image_id": "b", "restage": {"a": 1}}]},
    "integral float": {"total_images": 3.0},
    "own id": {"order_id": "acacia-avenue-12"},
    "all null": {**dict.fromkeys(PAGE), "images": [dict.fromkeys(PAGE_IMAGE)]},
    "images null": dict.fromkeys(PAGE),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_older_and_newer_responses_are_valid_and_models_keep_all_of_them(shape: dict[str, Any]) -> None:
    """No field is required, unknown ones are allowed, null is allowed anywhere; the models keep all of it."""
    assert problems_of(200, shape) == []
    assert models.Order.from_dict(shape).to_dict() == shape


@pytest.mark.parametrize(
    "wrong", [{"name": 7}, {"images": {}}, {"images": ["a"]}, {"is_deleted": "no"}, {"created_at": "soon"}, []]
)
def test_a_response_of_another_type_is_invalid(wrong: Any) -> None:
    """An open contract is still a contract."""
    assert problems_of(200, wrong) != []


def test_every_model_is_public() -> None:
    """autoenhance.models has all that is generated, and UNSET, Unset and Response."""
    assert set(models.__all__) == {*autoenhance_api.models.__all__, "UNSET", "Unset", "Response"}
    assert set(models.__all__) >= {"Order", "Image", "OrderStatus", "CloudType", "EnhanceType", "WindowPullType"}
    assert set(models.__all__) <= {*dir(models)}
