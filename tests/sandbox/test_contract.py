"""The sandbox checks, stores and returns what the contract has, also when it has grown: the code names no field."""

from __future__ import annotations

import json
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from sandboxes import ORDER_ID, patch

from autoenhance.sandbox import Sandbox
from autoenhance.sandbox._contract import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

GROWN = yaml.safe_load(Path(__file__).with_name("grown.yaml").read_text("utf-8"))


def grown_contract() -> dict[str, Any]:
    """The contract of the package with the additions of grown.yaml."""
    document: dict[str, Any] = json.loads(files("autoenhance_api").joinpath("openapi.json").read_text("utf-8"))
    path, components = document["paths"]["/v3/orders/{id}"], document["components"]
    path["patch"]["parameters"] += GROWN["parameters"]
    path.setdefault("parameters", []).extend(GROWN["path_parameters"])
    components["parameters"] = GROWN["components"]["parameters"]
    components["schemas"] |= GROWN["components"]["schemas"]
    components["schemas"]["OrderUpdate"]["properties"] |= GROWN["update"]
    components["schemas"]["Order"]["properties"] |= GROWN["order"]
    # Only references and `allOf` lead from the body to its fields, and from the response to its schema.
    media = path["patch"]["requestBody"]["content"]["application/json"]
    media["schema"] = {"allOf": [media["schema"], {"$ref": "#/components/schemas/NewTags"}]}
    components["responses"] = {"New": path["patch"]["responses"]["200"]}
    path["patch"]["responses"]["200"] = {"$ref": "#/components/responses/New"}
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
    """A new sandbox with the grown contract."""
    running.reset()
    return running


def edit(
    sandbox: Sandbox,
    *,
    required: str = "new_required=1.5",
    query: str = "",
    headers: Any = None,
    body: str | bytes = "{}",
    **more: Any,
) -> httpx.Response:
    """An edit with these parameters and the required ones, unless they are given; None leaves out a header."""
    sent = {"x-new-required": "a", **(headers or {})}
    sent = {name: value for name, value in sent.items() if value is not None}
    data = body.encode() if isinstance(body, str) else body
    return patch(sandbox, query=f"{required}&{query}", headers=sent, body=data, **more)


BAD_REQUESTS: list[tuple[dict[str, Any], int]] = [
    ({"headers": {"x-api-key": "wrong"}}, 401),
    ({"headers": {"x-api-key": b"\xe9"}}, 401),
    # The key is checked before the values, which an unauthorized response would reveal.
    ({"headers": {"x-api-key": "wrong"}, "query": "new_sort=size"}, 401),
    ({"order_id": "nope"}, 404),
    ({"body": "{"}, 400),
    ({"body": b'{"name": "\xff"}'}, 400),
    ({"body": '{"a":' * 3000 + "1" + "}" * 3000}, 400),
    ({"headers": {"content-type": "text/plain"}}, 400),
    ({"headers": {"content-type": ";"}}, 400),
    # No client could read a response with these.
    *(({"body": f'{{"new_weight": {number}}}'}, 400) for number in ("NaN", "-Infinity", "1e999")),
]


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        *((sent, status, {}) for sent, status in BAD_REQUESTS),
        *((sent, 422, detail) for sent, detail in GROWN["invalid"]),
    ],
)
def test_an_invalid_request_gets_the_services_error(grown: Sandbox, request_: Any, status: int, detail: Any) -> None:
    """In the shape of APIFlask, with marshmallow's messages, and the order is unchanged."""
    before = grown.order(ORDER_ID)
    response = edit(grown, **request_)
    message = "Validation error" if status == 422 else HTTPStatus(status).phrase
    assert (response.status_code, response.json()) == (status, {"message": message, "detail": detail})
    assert grown.order(ORDER_ID) == before


@pytest.mark.parametrize("query", GROWN["accepted"])
def test_valid_parameters_are_accepted(grown: Sandbox, query: str) -> None:
    """Arrays, booleans, integers and times are read from text; an unknown query parameter is ignored."""
    response = edit(grown, query=query, headers={"x-new-level": "3", "x-new-sorts": "date,name"})
    assert (response.status_code, response.json().get("detail")) == (200, None)


def test_fields_are_stored_and_returned(grown: Sandbox) -> None:
    """Under their own names; what is not sent stays, and what is not in the contract is ignored."""
    fields = {"new_sort": "date", "new_weight": 1.5, "new_settings": {"size": [None]}, "new_tags": ["a", "b"]}
    response = edit(grown, body=json.dumps({**fields, "name": "b", "not_in_the_contract": 1}))
    assert response.status_code == 200
    assert fields.items() <= response.json().items()
    assert "not_in_the_contract" not in response.json()
    assert edit(grown, body='{"new_sort": null, "order_id": "moved"}').json()["new_sort"] is None
    assert {**fields, "name": "b", "new_sort": None}.items() <= (grown.order("moved") or {}).items()


def test_open_enums_are_open_in_responses(grown: Sandbox) -> None:
    """They list known values, and the service may send others, which no request may have; a closed enum is closed."""
    order = {"order_id": ORDER_ID, "new_sort": "size", "new_open": "b", "status": "unheard-of"}
    grown.add_order(order)
    assert order.items() <= edit(grown, body='{"name": "a"}').json().items()
    grown.add_order({**order, "new_closed": "b"})
    response = edit(grown)
    assert (response.status_code, response.json()["message"]) == (500, "new_closed: 'b' is not one of ['a']")
