"""The sandbox checks, stores and returns what a contract says that has grown: no line of the sandbox knows a field."""

from __future__ import annotations

import copy
import json
import warnings
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autoenhance.sandbox import Sandbox
from autoenhance.sandbox._contract import Contract, Problem, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/v3/orders/{id}"
ORDER_ID = "harbour-view-7"


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
    document["components"]["parameters"] = {"NewCount": parameter("new_count", {"type": "integer"})}
    document["paths"][PATH].setdefault("parameters", []).append(parameter("new_text", {"type": "string"}))
    operation["parameters"] += [
        {"$ref": "#/components/parameters/NewCount"},
        parameter("new_required", {"type": "number"}, required=True),
        parameter("new_sort", sort),
        parameter("new_sorts", {"type": "array", "items": sort}),
        parameter("new_counts", {"type": "array", "items": {"type": "integer"}}),
        parameter("new_joined", {"type": "array", "items": {"type": "integer"}}, explode=False),
        parameter("new_flag", {"type": "boolean"}),
        parameter("new_time", {"type": "string", "format": "date-time"}),
        parameter("new_old", {"type": "integer"}, deprecated=True),
        parameter("X-New-Required", {"type": "string"}, "header", required=True),
        parameter("X-New-Level", {"type": "integer", "maximum": 3}, "header"),
        parameter("X-New-Sorts", {"type": "array", "items": sort}, "header"),
    ]
    media = operation["requestBody"]["content"]["application/json"]
    # Only a reference and `allOf` lead from the body to its fields.
    media["schema"] = {
        "allOf": [
            media["schema"],
            {"type": "object", "properties": {"new_tags": {"type": "array", "items": {"type": "string"}}}},
        ]
    }
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


def edit(sandbox: Sandbox, query: str = "", headers: dict[str, str] | None = None, body: str = "{}") -> httpx.Response:
    """An edit that has every required parameter, and these."""
    given = {"x-api-key": sandbox.api_key, "content-type": "application/json", "x-new-required": "a", **(headers or {})}
    url = f"{sandbox.url}/v3/orders/{ORDER_ID}?new_required=1.5&{query}"
    return httpx.patch(url, headers=given, content=body)


ONE_OF = ["Must be one of: name, date."]
REFUSED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"query": "new_sort=size"}, {"query": {"new_sort": ONE_OF}}),
    ({"query": "new_sort="}, {"query": {"new_sort": ["Value of new_sort query parameter cannot be empty"]}}),
    ({"query": "new_sorts=name&new_sorts=size"}, {"query": {"new_sorts.1": ONE_OF}}),
    ({"query": "new_count=many"}, {"query": {"new_count": ["Not a valid integer."]}}),
    ({"query": "new_counts=1&new_counts=x"}, {"query": {"new_counts": ["Not a valid integer."]}}),
    ({"query": "new_joined=1,x"}, {"query": {"new_joined": ["Not a valid integer."]}}),
    ({"query": "new_flag=perhaps"}, {"query": {"new_flag": ["Not a valid boolean."]}}),
    ({"query": "new_time=soon"}, {"query": {"new_time": ["Not a valid datetime."]}}),
    ({"headers": {"x-new-level": "high"}}, {"headers": {"X-New-Level": ["Not a valid integer."]}}),
    ({"headers": {"X-NEW-SORTS": "name,size"}}, {"headers": {"X-New-Sorts.1": ONE_OF}}),
    ({"body": '{"new_sort": "size"}'}, {"json": {"new_sort": ONE_OF}}),
    ({"body": '{"new_sort": 7}'}, {"json": {"new_sort": ["Not a valid string."]}}),
    ({"body": '{"new_weight": null}'}, {"json": {"new_weight": ["Field may not be null."]}}),
    ({"body": '{"new_weight": "heavy"}'}, {"json": {"new_weight": ["Not a valid number."]}}),
    ({"body": '{"new_tags": "a"}'}, {"json": {"new_tags": ["Not a valid list."]}}),
    ({"body": '{"new_tags": ["a", 7]}'}, {"json": {"new_tags.1": ["Not a valid string."]}}),
    (
        {"query": "new_sort=size&new_count=x", "headers": {"x-new-level": "x"}, "body": '{"new_weight": "x"}'},
        {
            "query": {"new_sort": ONE_OF, "new_count": ["Not a valid integer."]},
            "headers": {"X-New-Level": ["Not a valid integer."]},
            "json": {"new_weight": ["Not a valid number."]},
        },
    ),
]


@pytest.mark.parametrize(("given", "detail"), REFUSED)
def test_a_value_that_the_contract_does_not_have_is_refused(
    grown: Sandbox, given: dict[str, Any], detail: dict[str, Any]
) -> None:
    """422 in the shape of APIFlask, with marshmallow's words, and the order stays as it is."""
    before = grown.order(ORDER_ID)
    response = edit(grown, **given)
    assert (response.status_code, response.json()) == (422, {"message": "Validation error", "detail": detail})
    assert grown.order(ORDER_ID) == before


@pytest.mark.parametrize(
    ("query", "headers", "detail"),
    [
        ("", {"x-new-required": "a"}, {"query": {"new_required": ["Missing data for required field."]}}),
        ("?new_required=1", {}, {"headers": {"X-New-Required": ["Missing data for required field."]}}),
        ("?new_required=x", {"x-new-required": ""}, {"query": {"new_required": ["Not a valid number."]}}),
    ],
)
def test_a_required_parameter_is_required(
    grown: Sandbox, query: str, headers: dict[str, str], detail: dict[str, Any]
) -> None:
    """In the query and in the headers; an empty header is there."""
    headers = {"x-api-key": grown.api_key, **headers}
    response = httpx.patch(f"{grown.url}/v3/orders/{ORDER_ID}{query}", headers=headers)
    assert (response.status_code, response.json()["detail"]) == (422, detail)


@pytest.mark.parametrize(
    "query",
    [
        "new_sort=name",
        "new_sort=na%6De",
        "new_sorts=name&new_sorts=date",
        "new_count=-7",
        "new_counts=1&new_counts=2",
        "new_counts=1",
        "new_joined=1,2",
        "new_flag=true&new_time=2026-01-02T03:04:05Z",
        "new_flag=False&new_time=2026-01-02T03:04:05",
        "new_text=a%2Fb%3F%26=",
        "not_in_the_contract=1",
    ],
)
def test_a_value_that_the_contract_has_is_accepted(grown: Sandbox, query: str) -> None:
    """Arrays, booleans, integers and times are read from text; an unknown query parameter is ignored."""
    response = edit(grown, query, {"x-new-level": "3", "x-new-sorts": "date,name"})
    assert (response.status_code, response.json().get("detail")) == (200, None)


def test_the_key_is_checked_first(grown: Sandbox) -> None:
    """Without the key nobody learns which values there are."""
    assert edit(grown, "new_sort=size", {"x-api-key": "wrong"}).status_code == 401
    assert httpx.patch(f"{grown.url}/v3/orders/{ORDER_ID}?new_sort=size").status_code == 401


def test_fields_that_were_set_are_stored_and_returned(grown: Sandbox) -> None:
    """Whatever the contract lists, under its own name; what is not sent stays, and what is not listed is ignored."""
    fields = {"new_sort": "date", "new_weight": 1.5, "new_settings": {"a": [None]}, "new_tags": ["a", "b"]}
    response = edit(grown, body=json.dumps({**fields, "name": "b", "not_in_the_contract": 1}))
    assert response.status_code == 200
    assert fields.items() <= response.json().items()
    assert "not_in_the_contract" not in response.json()
    assert edit(grown, body='{"new_sort": null, "order_id": "moved"}').json()["new_sort"] is None
    order = grown.order("moved") or {}
    assert {**fields, "name": "b", "new_sort": None}.items() <= order.items()


def test_a_response_may_hold_a_value_that_a_request_may_not(grown: Sandbox) -> None:
    """An open enum lists what is known; the service may send others."""
    grown.add_order({"order_id": ORDER_ID, "new_sort": "size", "status": "unheard-of"})
    assert edit(grown).json()["new_sort"] == "size"


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_a_number_that_is_not_json_is_not_stored(grown: Sandbox, number: str) -> None:
    """No client could read the response with it."""
    before = grown.order(ORDER_ID)
    assert edit(grown, body=f'{{"new_weight": {number}}}').status_code == 400
    assert grown.order(ORDER_ID) == before


def problems_of(query: str, headers: dict[str, str]) -> list[Problem]:
    contract = Contract(grown_contract())
    return contract.problems_of_request(Request("patch", f"/v3/orders/a?{query}", {"x-api-key": "a", **headers}, b""))


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
    """By its name, as the refusal of any other field is."""
    document = copy.deepcopy(grown_contract())
    document["components"]["schemas"]["OrderUpdate"]["required"] = ["name", "new_weight"]
    headers = {"x-api-key": "a", "content-type": "application/json", "x-new-required": "a"}
    request = Request("patch", "/v3/orders/a?new_required=1", headers, b'{"name": "a"}')
    (problem,) = Contract(document).problems_of_request(request)
    assert (problem.path, problem.rule) == (("new_weight",), "required")


def test_enums_are_open_in_responses_alone() -> None:
    """Wherever a response refers to them, and also where it says them itself."""
    document = grown_contract()
    responses = document["paths"][PATH]["patch"]["responses"]
    document["components"]["responses"] = {"New": copy.deepcopy(responses["200"])}
    schema = {"properties": {"a": {"type": "string", "x-open-enum": True, "enum": ["b"]}, "c": {"enum": ["d"]}}}
    content = {"application/json": {"schema": schema}}
    responses |= {"201": {"$ref": "#/components/responses/New"}, "202": {"description": "New.", "content": content}}
    contract = Contract(document)

    def problems(status: int, body: str) -> list[Problem]:
        response = Response(status, {"content-type": "application/json"}, body.encode())
        return contract.problems_of_response(Request("patch", "/v3/orders/a", {}, b""), response)

    assert problems(201, '{"new_sort": "size", "images": [{"cloud_type": "unheard-of"}]}') == []
    assert [problem.path for problem in problems(201, '{"new_sort": 7}')] == [("new_sort",)]
    assert problems(202, '{"a": "e"}') == []
    assert [problem.path for problem in problems(202, '{"c": "e"}')] == [("c",)]


def test_requests_that_differ_in_the_query_are_different_requests() -> None:
    """A simulated outage gives each the same errors in any order."""
    counts = list(range(6))

    def statuses(order: list[int]) -> dict[int, int | None]:
        seen: dict[int, int | None] = {}
        with Sandbox(fail_rate=0.5, seed=4, rate_limit=None) as sandbox:
            for count in order:
                try:
                    seen[count] = edit(sandbox, f"new_count={count}").status_code
                except httpx.RemoteProtocolError:
                    seen[count] = None
        return seen

    assert statuses(counts) == statuses(counts[::-1])


UNREACHABLE = ["", ".", "..", "/", "a/b", "../a", "a/", "\ud800", "a" * 60_001, "é" * 10_001]


def move(sandbox: Sandbox, to: str, http: httpx.Client, order_id: str = ORDER_ID) -> httpx.Response:
    headers = {"x-api-key": sandbox.api_key, "content-type": "application/json"}
    body = json.dumps({"order_id": to})
    return http.patch(f"{sandbox.url}/v3/orders/{quote(order_id, safe='')}", headers=headers, content=body)


@pytest.mark.parametrize("order_id", UNREACHABLE)
def test_an_id_that_no_request_could_reach_is_refused(sandbox: Sandbox, order_id: str) -> None:
    """422 when an order is to get it, ValueError when one is added with it, and nothing changes."""
    before = [sandbox.order(known) for known in sandbox.order_ids]
    with httpx.Client() as http:
        response = move(sandbox, order_id, http)
    detail = {"json": {"order_id": ["No request can reach an order with this id."]}}
    assert (response.status_code, response.json()) == (422, {"message": "Validation error", "detail": detail})
    said = r"^order_id '.{0,80}: no request can reach an order with this id; use text without '/'"
    with pytest.raises(ValueError, match=said):
        sandbox.add_order({"order_id": order_id})
    with pytest.raises(ValueError, match=said):
        sandbox.add_orders(["a", order_id])
    assert [sandbox.order(known) for known in sandbox.order_ids] == before


# What a URL, a path, a template, SQL or a header gives a meaning, beside any other character.
SPECIAL = st.sampled_from([*"./\\%?#&=+:;@~{}$'\"* \0\t\r\n\x7f\x85\u2028\ufeff", "..", "%2F", "%2e", "%00", "://"])
IDS = st.lists(SPECIAL | st.characters(), max_size=6).map("".join)


@settings(max_examples=100)
@given(order_id=IDS)
@example("%2E%2E")
@example("...")
@example(" ")
@example("\n")
@example("a" * 60_000)
@example("é" * 10_000)
@example("http://a")
def test_an_id_is_refused_or_reaches_the_order(at_hand: tuple[Sandbox, httpx.Client], order_id: str) -> None:
    """Over HTTP, by the same id, percent-encoded as the client does it."""
    sandbox, http = at_hand
    sandbox.reset()
    moved = move(sandbox, order_id, http)
    assert moved.status_code in {200, 422}
    if moved.status_code == 200:
        again = move(sandbox, ORDER_ID, http, order_id)
        assert (again.status_code, again.json()["order_id"]) == (200, ORDER_ID)
    else:
        assert order_id in {"", ".", ".."} or "/" in order_id or any("\ud800" <= each <= "\udfff" for each in order_id)


@pytest.fixture(scope="module")
def at_hand() -> Iterator[tuple[Sandbox, httpx.Client]]:
    """A sandbox and a client that every example of a property uses."""
    with Sandbox(rate_limit=None) as sandbox, httpx.Client() as http:
        yield sandbox, http


@pytest.mark.parametrize("path", [".", "%2E", "%2e%2e", "a%2Fb", "%ED%A0%80"])
def test_a_path_that_no_order_can_have_is_not_found(sandbox: Sandbox, path: str) -> None:
    """404, not a refusal of a field that was not sent."""
    with httpx.Client() as http:
        # httpx itself would take the dots away.
        raw = http.build_request("PATCH", sandbox.url, headers={"x-api-key": sandbox.api_key})
        raw.extensions["target"] = f"/v3/orders/{path}".encode()
        assert http.send(raw).status_code == 404
