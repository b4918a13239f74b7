"""The sandbox checks, stores and returns what the contract says, also one that has grown: no line of it knows a field."""

from __future__ import annotations

import json
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from sandboxes import ORDER_ID, patch

from autoenhance.sandbox import Sandbox
from autoenhance.sandbox._contract import Contract

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
    settings = {"type": "object", "required": ["size"]}
    fields = {"new_sort": nullable_sort, "new_weight": {"type": "number"}, "new_settings": settings}
    schemas["OrderUpdate"]["properties"] |= fields
    kinds = {"new_open": {"enum": ["a"], "x-open-enum": True}, "new_closed": {"enum": ["a"]}}
    schemas["Order"]["properties"] |= {"new_sort": nullable_sort, **kinds}
    document["components"]["responses"] = {"New": operation["responses"]["200"]}
    operation["responses"]["200"] = {"$ref": "#/components/responses/New"}
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


def edit(
    sandbox: Sandbox, *, required: str = "new_required=1.5", query: str = "", headers: Any = None, **more: Any
) -> httpx.Response:
    """An edit with these parameters, and with those that are required unless they are given, None to leave one out."""
    sent = {"x-new-required": "a", **(headers or {})}
    sent = {name: value for name, value in sent.items() if value is not None}
    return patch(sandbox, query=f"{required}&{query}", headers=sent, **more)


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
MISSING = ["Missing data for required field."]
INTEGER, NUMBER, STRING = ["Not a valid integer."], ["Not a valid number."], ["Not a valid string."]
INVALID: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"body": b"[]"}, {"json": {"_schema": NO_OBJECT}}),
    ({"body": b"null"}, {"json": {"_schema": NO_OBJECT}}),
    ({"body": b'{"name": null}'}, {"json": {"name": NULL}}),
    ({"body": b'{"name": 7, "order_id": []}'}, {"json": {"name": STRING, "order_id": STRING}}),
    ({"required": ""}, {"query": {"new_required": MISSING}}),
    ({"required": "new_required=x", "headers": {"x-new-required": ""}}, {"query": {"new_required": NUMBER}}),
    ({"headers": {"x-new-required": None}}, {"headers": {"X-New-Required": MISSING}}),
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
    ({"body": b'{"new_settings": {}}'}, {"json": {"new_settings.size": MISSING}}),
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


@pytest.mark.parametrize(
    "query",
    [
        "new_sort=na%6De",
        "new_sorts=name&new_sorts=date",
        "new_count=-7",
        "new_counts=1&new_counts=2",
        "new_counts=1",
        "new_joined=1,2",
        "new_old=1",  # deprecated; warnings are errors here
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
    fields = {"new_sort": "date", "new_weight": 1.5, "new_settings": {"size": [None]}, "new_tags": ["a", "b"]}
    response = edit(grown, body=json.dumps({**fields, "name": "b", "not_in_the_contract": 1}).encode())
    assert response.status_code == 200
    assert fields.items() <= response.json().items()
    assert "not_in_the_contract" not in response.json()
    assert edit(grown, body=b'{"new_sort": null, "order_id": "moved"}').json()["new_sort"] is None
    order = grown.order("moved") or {}
    assert {**fields, "name": "b", "new_sort": None}.items() <= order.items()


def test_enums_that_are_open_are_open_in_responses(grown: Sandbox) -> None:
    """They list what is known, and the service may send others, which no request may hold; a closed enum stays closed."""
    order = {"order_id": ORDER_ID, "new_sort": "size", "new_open": "b", "status": "unheard-of"}
    grown.add_order(order)
    assert order.items() <= edit(grown).json().items()
    grown.add_order({**order, "new_closed": "b"})
    response = edit(grown)
    assert (response.status_code, response.json()["message"]) == (500, "new_closed: 'b' is not one of ['a']")
