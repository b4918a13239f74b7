"""The sandbox checks, stores and returns what the contract says, also one that has grown: no line of it knows a field."""

from __future__ import annotations

import copy
import json
import warnings
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from sandboxes import ORDER_ID, patch

from autoenhance.sandbox import Sandbox
from autoenhance.sandbox._contract import Contract, Problem, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

PATH = "/v3/orders/{id}"


def parameter(name: str, schema: dict[str, Any], where: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": schema, **more}


def grown_contract() -> dict[str, Any]:
    """The contract of the package with parameters and fields that it does not have."""
    document: dict[str, Any] = json.loads(files("autoenhance_api").joinpath("openapi.json").read_text("utf-8"))
    operation = document["paths"][PATH]["patch"]
    schemas = document["components"]["schemas"]
    schemas["NewSort"] = {"type": "string", "x-open-enum": True, "enum": ["name", "date"]}
    sort = {"$ref": "#/components/schemas/NewSort"}
    nullable_sort = {"anyOf": [sort, {"type": "null"}]}
    integers = {"type": "array", "items": {"type": "integer"}}
    document["components"]["parameters"] = {"NewCount": parameter("new_count", {"type": "integer"})}
    document["paths"][PATH].setdefault("parameters", []).append(parameter("new_text", {"type": "string"}))
    operation["parameters"] += [
        {"$ref": "#/components/parameters/NewCount"},
        parameter("new_required", {"type": "number"}, required=True),
        parameter("new_sort", sort),
        parameter("new_sorts", {"type": "array", "items": sort}),
        parameter("new_counts", integers),
        parameter("new_joined", integers, explode=False),
        parameter("new_flag", {"type": "boolean"}),
        parameter("new_time", {"type": "string", "format": "date-time"}),
        parameter("new_old", {"type": "integer"}, deprecated=True),
        parameter("X-New-Required", {"type": "string"}, "header", required=True),
        parameter("X-New-Level", {"type": "integer", "maximum": 3}, "header"),
        parameter("X-New-Sorts", {"type": "array", "items": sort}, "header"),
    ]
    media = operation["requestBody"]["content"]["application/json"]
    # Only a reference and `allOf` lead from the body to its fields.
    tags = {"type": "object", "properties": {"new_tags": {"type": "array", "items": {"type": "string"}}}}
    media["schema"] = {"allOf": [media["schema"], tags]}
    fields = {"new_sort": nullable_sort, "new_weight": {"type": "number"}, "new_settings": {"type": "object"}}
    schemas["OrderUpdate"]["properties"] |= fields
    schemas["Order"]["properties"]["new_sort"] = nullable_sort
    return document


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    contract = Contract(grown_contract())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("autoenhance.sandbox._server.load_contract", lambda: contract)
        sandbox = Sandbox(rate_limit=None).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def grown(running: Sandbox) -> Sandbox:
    """A sandbox of the contract that has grown, as new."""
    running.reset()
    return running


def edit(sandbox: Sandbox, *, query: str = "", headers: Any = None, **more: Any) -> httpx.Response:
    """An edit that has every required parameter, and these."""
    headers = {"x-new-required": "a", **(headers or {})}
    return patch(sandbox, query=f"new_required=1.5&{query}", headers=headers, **more)


BAD_REQUESTS: list[tuple[dict[str, Any], int]] = [
    ({"headers": {"x-api-key": "wrong"}}, 401),
    ({"headers": {"x-api-key": b"\xe9"}}, 401),
    # Without the key nobody learns which values there are.
    ({"headers": {"x-api-key": "wrong"}, "query": "new_sort=size"}, 401),
    ({"order_id": "nope"}, 404),
    ({"body": b"{"}, 400),
    ({"body": b'{"name": "\xff"}'}, 400),
    ({"body": b'{"a":' * 3000 + b"1" + b"}" * 3000}, 400),
    ({"headers": {"content-type": "text/plain"}}, 400),
    ({"headers": {"content-type": ";"}}, 400),
    # No client could read a response with these.
    *[({"body": b'{"new_weight": %b}' % number}, 400) for number in (b"NaN", b"-Infinity", b"1e999")],
]
ONE_OF, NULL, NO_OBJECT = ["Must be one of: name, date."], ["Field may not be null."], ["Invalid input type."]
INTEGER, NUMBER, STRING = ["Not a valid integer."], ["Not a valid number."], ["Not a valid string."]
INVALID: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"body": b"[]"}, {"json": {"_schema": NO_OBJECT}}),
    ({"body": b"null"}, {"json": {"_schema": NO_OBJECT}}),
    ({"body": b'{"name": null}'}, {"json": {"name": NULL}}),
    ({"body": b'{"name": 7, "order_id": []}'}, {"json": {"name": STRING, "order_id": STRING}}),
    ({"query": "new_sort=size"}, {"query": {"new_sort": ONE_OF}}),
    ({"query": "new_sort="}, {"query": {"new_sort": ["Value of new_sort query parameter cannot be empty"]}}),
    ({"query": "new_sorts=name&new_sorts=size"}, {"query": {"new_sorts.1": ONE_OF}}),
    ({"query": "new_count=many"}, {"query": {"new_count": INTEGER}}),
    ({"query": "new_counts=1&new_counts=x"}, {"query": {"new_counts": INTEGER}}),
    ({"query": "new_joined=1,x"}, {"query": {"new_joined": INTEGER}}),
    ({"query": "new_flag=perhaps"}, {"query": {"new_flag": ["Not a valid boolean."]}}),
    ({"query": "new_time=soon"}, {"query": {"new_time": ["Not a valid datetime."]}}),
    ({"headers": {"x-new-level": "high"}}, {"headers": {"X-New-Level": INTEGER}}),
    ({"headers": {"X-NEW-SORTS": "name,size"}}, {"headers": {"X-New-Sorts.1": ONE_OF}}),
    ({"body": b'{"new_sort": "size"}'}, {"json": {"new_sort": ONE_OF}}),
    ({"body": b'{"new_sort": 7}'}, {"json": {"new_sort": STRING}}),
    ({"body": b'{"new_weight": null}'}, {"json": {"new_weight": NULL}}),
    ({"body": b'{"new_weight": "heavy"}'}, {"json": {"new_weight": NUMBER}}),
    ({"body": b'{"new_tags": "a"}'}, {"json": {"new_tags": ["Not a valid list."]}}),
    ({"body": b'{"new_tags": ["a", 7]}'}, {"json": {"new_tags.1": STRING}}),
    (
        {"query": "new_sort=size&new_count=x", "headers": {"x-new-level": "x"}, "body": b'{"new_weight": "x"}'},
        {
            "query": {"new_sort": ONE_OF, "new_count": INTEGER},
            "headers": {"X-New-Level": INTEGER},
            "json": {"new_weight": NUMBER},
        },
    ),
]


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [*((sent, status, {}) for sent, status in BAD_REQUESTS), *((sent, 422, detail) for sent, detail in INVALID)],
)
def test_a_bad_request_gets_an_error_of_the_services_shape(
    grown: Sandbox, sent: dict[str, Any], status: int, detail: dict[str, Any]
) -> None:
    """In the shape of APIFlask, with marshmallow's words, and the order stays as it is."""
    before = grown.order(ORDER_ID)
    response = edit(grown, **sent)
    message = "Validation error" if status == 422 else HTTPStatus(status).phrase
    assert (response.status_code, response.json()) == (status, {"message": message, "detail": detail})
    assert grown.order(ORDER_ID) == before


MISSING = ["Missing data for required field."]


@pytest.mark.parametrize(
    ("query", "headers", "detail"),
    [
        ("", {"x-new-required": "a"}, {"query": {"new_required": MISSING}}),
        ("new_required=1", {}, {"headers": {"X-New-Required": MISSING}}),
        ("new_required=x", {"x-new-required": ""}, {"query": {"new_required": NUMBER}}),
    ],
)
def test_a_required_parameter_is_required(
    grown: Sandbox, query: str, headers: dict[str, str], detail: dict[str, Any]
) -> None:
    """In the query and in the headers; an empty header is there."""
    response = patch(grown, query=query, headers=headers)
    assert (response.status_code, response.json()["detail"]) == (422, detail)


@pytest.mark.parametrize(
    "query",
    [
        "new_sort=na%6De",
        "new_sorts=name&new_sorts=date",
        "new_count=-7",
        "new_counts=1&new_counts=2",
        "new_counts=1",
        "new_joined=1,2",
        "new_flag=true&new_time=2026-01-02T03:04:05Z",
        "new_flag=False&new_time=2026-01-02T03:04:05",
        "new_text=a%2Fb%3F%26=&not_in_the_contract=1",
    ],
)
def test_a_value_that_the_contract_has_is_accepted(grown: Sandbox, query: str) -> None:
    """Arrays, booleans, integers and times are read from text; an unknown query parameter is ignored."""
    response = edit(grown, query=query, headers={"x-new-level": "3", "x-new-sorts": "date,name"})
    assert (response.status_code, response.json().get("detail")) == (200, None)


def test_the_fields_of_the_contract_are_stored_and_returned(grown: Sandbox) -> None:
    """Under their own names; what is not sent stays, and what is not listed is ignored."""
    fields = {"new_sort": "date", "new_weight": 1.5, "new_settings": {"a": [None]}, "new_tags": ["a", "b"]}
    response = edit(grown, body=json.dumps({**fields, "name": "b", "not_in_the_contract": 1}).encode())
    assert response.status_code == 200
    assert fields.items() <= response.json().items()
    assert "not_in_the_contract" not in response.json()
    assert edit(grown, body=b'{"new_sort": null, "order_id": "moved"}').json()["new_sort"] is None
    order = grown.order("moved") or {}
    assert {**fields, "name": "b", "new_sort": None}.items() <= order.items()


def test_a_response_may_hold_a_value_that_a_request_may_not(grown: Sandbox) -> None:
    """An open enum lists what is known; the service may send others."""
    grown.add_order({"order_id": ORDER_ID, "new_sort": "size", "status": "unheard-of"})
    assert edit(grown).json()["new_sort"] == "size"


def test_enums_are_open_in_responses_alone() -> None:
    """Wherever a response refers to them, and also where it says them itself."""
    document = grown_contract()
    responses = document["paths"][PATH]["patch"]["responses"]
    document["components"]["responses"] = {"New": copy.deepcopy(responses["200"])}
    schema = {"properties": {"a": {"type": "string", "x-open-enum": True, "enum": ["b"]}, "c": {"enum": ["d"]}}}
    content = {"application/json": {"schema": schema}}
    responses |= {"201": {"$ref": "#/components/responses/New"}, "202": {"description": "New.", "content": content}}
    contract = Contract(document)

    def wrong(status: int, body: str) -> list[tuple[str | int, ...]]:
        response = Response(status, {"content-type": "application/json"}, body.encode())
        problems = contract.problems_of_response(Request("patch", "/v3/orders/a", {}, b""), response)
        return [problem.path for problem in problems]

    assert wrong(201, '{"new_sort": "size"}') == wrong(202, '{"a": "e"}') == []
    assert wrong(201, '{"new_sort": 7}') == [("new_sort",)]
    assert wrong(202, '{"c": "e"}') == [("c",)]


def problems_of(
    query: str, headers: dict[str, str], body: bytes = b"", required: tuple[str, ...] = ()
) -> list[Problem]:
    """What is wrong with a request, where the contract requires these fields of the body."""
    document = grown_contract()
    document["components"]["schemas"]["OrderUpdate"]["required"] = list(required)
    headers = {"x-api-key": "a", "content-type": "application/json", **headers}
    return Contract(document).problems_of_request(Request("patch", f"/v3/orders/a?{query}", headers, body))


def test_a_deprecated_parameter_may_be_sent() -> None:
    """Also where a program makes errors of warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert problems_of("new_old=1&new_required=1", {"x-new-required": "a"}) == []


def test_a_problem_says_which_parameter_and_where_its_rule_stands() -> None:
    """For the report of `make conformance`."""
    missing, level, sorts = problems_of("new_required=1", {"x-new-level": "7", "x-new-sorts": "size"})
    assert missing.message == "Missing required header parameter: X-New-Required"
    assert (missing.parameter, missing.rule_path) == (("header", "X-New-Required"), ("required",))
    assert level.message == "header parameter X-New-Level: 7 is greater than the maximum of 3"
    assert (level.parameter, level.rule_path) == (("header", "X-New-Level"), ("schema", "maximum"))
    assert sorts.message == "header parameter X-New-Sorts/0: 'size' is not one of ['name', 'date']"
    assert (sorts.path, sorts.rule_path) == ((0,), ("schema", "items", "enum"))


def test_a_required_field_of_the_body_is_named() -> None:
    """By its name, as a wrong value of any other field is."""
    required = ("name", "new_weight")
    (problem,) = problems_of("new_required=1", {"x-new-required": "a"}, b'{"name": "a"}', required)
    assert (problem.path, problem.rule) == (("new_weight",), "required")
