"""The sandbox responds as the contract says, keeps its orders, and starts and stops cleanly."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sandboxes import ORDER_ID, patch

import autoenhance.sandbox
from autoenhance.sandbox import Sandbox
from scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# --- Edits ---


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b'{"name": "a"}', {"name", "last_updated_at"}),
        (b'{"name": "a", "not_in_the_contract": 1}', {"name", "last_updated_at"}),
        (b"{}", {"last_updated_at"}),
        (b"", {"last_updated_at"}),  # which the service takes for {}, and our client does not send
    ],
)
def test_an_edit_changes_the_order_and_returns_it(sandbox: Sandbox, body: bytes, changed: set[str]) -> None:
    """As it is afterwards, with the time of the edit; fields that the contract does not list are ignored."""
    before = sandbox.order(ORDER_ID) or {}
    response = patch(sandbox, body=body)
    assert (response.status_code, response.json()) == (200, sandbox.order(ORDER_ID))
    assert {name for name, value in response.json().items() if before.get(name) != value} == changed


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v3/orders/a", 405), ("PATCH", "/v3/orders", 404)])
def test_other_paths_and_methods_get_an_error(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    """In the service's shape."""
    response = httpx.request(method, sandbox.url + path)
    assert (response.status_code, response.json()["message"]) == (status, HTTPStatus(status).phrase)


def test_an_order_that_breaks_the_contract_is_not_sent(sandbox: Sandbox) -> None:
    """The response is a 500 with the reason."""
    sandbox.add_order({"order_id": "odd", "is_deleted": "perhaps"})
    response = patch(sandbox, "odd")
    assert (response.status_code, response.json()["message"][:34]) == (500, "is_deleted: 'perhaps' is not of ty")


def test_requests_over_the_rate_limit_get_429(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Retry-After, until a second has passed. By default it is the service's, and the fixture has none."""
    assert (Sandbox()._rate_limit, sandbox._rate_limit) == (300, None)
    now = 0.0
    monkeypatch.setattr("autoenhance.sandbox._app.time", SimpleNamespace(monotonic=lambda: now))
    with Sandbox(rate_limit=3) as limited:
        responses = [patch(limited) for _ in range(5)]
        now = 1.0
        assert patch(limited).status_code == 200
    assert [response.status_code for response in responses] == [200, 200, 200, 429, 429]
    assert [response.headers.get("retry-after") for response in responses[2:]] == [None, "1", "1"]


def test_planned_responses_come_first_and_once(sandbox: Sandbox) -> None:
    """`answer_next` simulates any response of a service or proxy; a reset discards those that are left."""
    sandbox.answer_next(503, headers={"content-type": "text/html", "retry-after": "1"}, body=b"<html>", times=2)
    responses = [httpx.patch(sandbox.url + "/v3/orders/a") for _ in range(3)]
    assert [response.status_code for response in responses] == [503, 503, 401]
    assert (responses[0].content, responses[0].headers["retry-after"]) == (b"<html>", "1")
    sandbox.answer_next(503)
    sandbox.reset()
    assert patch(sandbox).status_code == 200


# --- Ids ---


@pytest.mark.parametrize("images", [[{"order_id": "old"}, {"order_id": "old"}], None])
def test_a_new_order_id_moves_the_order(sandbox: Sandbox, images: Any) -> None:
    """The order has its new id only, which the service does not document."""
    sandbox.add_order({"order_id": "old", "images": images})
    response = patch(sandbox, "old", body=b'{"order_id": "new"}')
    assert response.json()["order_id"] == "new"
    assert response.json()["images"] == (images and [{"order_id": "new"}] * 2)
    assert [patch(sandbox, order_id).status_code for order_id in ("old", "new")] == [404, 200]


def test_an_id_that_is_in_use_is_a_conflict(sandbox: Sandbox) -> None:
    """409, as when an order is created with a used id, and both orders are unchanged."""
    before = [sandbox.order(order_id) for order_id in sandbox.order_ids]
    body = json.dumps({"order_id": sandbox.order_ids[0]}).encode()
    assert patch(sandbox, body=body).status_code == 409
    assert [sandbox.order(order_id) for order_id in sandbox.order_ids] == before
    assert patch(sandbox, sandbox.order_ids[0], body=body).status_code == 200


@pytest.mark.parametrize("order_id", ["", ".", "..", "/", "a/b", "\ud800", "a" * 60_001, "é" * 10_001])
def test_an_id_that_no_request_can_reach_is_refused(sandbox: Sandbox, order_id: str) -> None:
    """422 when an order is to get it, ValueError when one is added with it, and nothing changes."""
    before = [sandbox.order(known) for known in sandbox.order_ids]
    response = patch(sandbox, body=json.dumps({"order_id": order_id}).encode())
    detail = {"json": {"order_id": ["No request can reach an order with this id."]}}
    assert (response.status_code, response.json()["detail"]) == (422, detail)
    error = r"^order_id '.{0,80}: not a path segment that a request can name; use text without '/'"
    with pytest.raises(ValueError, match=error):
        sandbox.add_order({"order_id": order_id})
    with pytest.raises(ValueError, match=error):
        sandbox.add_orders(["a", order_id])
    assert [sandbox.order(known) for known in sandbox.order_ids] == before


# Characters with a meaning in a URL, a path, a template, SQL or a header.
SPECIAL = st.sampled_from([*"./\\%?#&=+:;@~{}$'\"* \0\t\r\n\x7f\x85\u2028\ufeff", "..", "%2F", "%2e", "%00", "://"])


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    """A sandbox for all examples of a property."""
    with Sandbox(rate_limit=None) as sandbox:
        yield sandbox


@settings(max_examples=100)
@given(order_id=st.lists(SPECIAL | st.characters(), max_size=6).map("".join))
@example("%2E%2E")
@example("...")
@example("a" * 60_000)
@example("é" * 10_000)
def test_an_id_is_refused_or_reaches_the_order(shared: Sandbox, order_id: str) -> None:
    """Over HTTP, with the id percent-encoded as the client does it."""
    try:
        shared.add_order({"order_id": order_id})
    except ValueError:
        assert order_id in {"", ".", ".."} or "/" in order_id or any("\ud800" <= each <= "\udfff" for each in order_id)
    else:
        response = patch(shared, order_id)
        assert (response.status_code, response.json()["order_id"]) == (200, order_id)


# --- Orders ---


def test_many_orders_are_added_at_once(sandbox: Sandbox) -> None:
    """Without a name or images; existing orders, such as the three of a new sandbox, are unchanged."""
    before = sandbox.order(ORDER_ID)
    sandbox.add_orders(f"o-{number}" for number in range(5000))
    sandbox.add_orders([ORDER_ID, "o-1"])
    assert len(sandbox.order_ids) == 5003
    assert sandbox.order(ORDER_ID) == before
    assert sandbox.order("o-4999") == {"order_id": "o-4999", "name": None, "created_at": None, "images": []}
    assert patch(sandbox, "o-4999").status_code == 200
    sandbox.reset()
    assert [patch(sandbox, order_id).status_code for order_id in sandbox.order_ids] == [200] * 3


def test_orders_are_added_all_or_none(sandbox: Sandbox) -> None:
    """An error of an iterator leaves no half of them, and no lock. An order needs an id."""

    def broken() -> Iterator[str]:
        yield "o-1"
        raise LookupError

    before = sandbox.order_ids
    with pytest.raises(LookupError):
        sandbox.add_orders(broken())
    with pytest.raises(ValueError, match="order_ids is a string"):
        sandbox.add_orders("abc")
    with pytest.raises(ValueError, match="order_id None: not a path segment"):
        sandbox.add_order({"name": "a"})
    assert sandbox.order_ids == before
    sandbox.add_orders(["o-1"])
    assert len(sandbox.order_ids) == len(before) + 1


def test_orders_are_kept_in_a_file(tmp_path: Path) -> None:
    """With `db` the next sandbox has the orders as this one left them, until a reset."""
    path = tmp_path / "orders.sqlite3"
    with Sandbox(db=path) as sandbox:
        patch(sandbox, body=b'{"name": "kept"}')
    with Sandbox(db=path) as sandbox:
        assert (sandbox.order(ORDER_ID) or {})["name"] == "kept"
        sandbox.reset()
        assert (sandbox.order(ORDER_ID) or {})["name"] == "Harbour View 7"
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM orders").fetchone() == (3,)


def test_without_a_file_nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The temporary file is deleted when the sandbox stops."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Sandbox():
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_a_sandbox_database_is_refused(tmp_path: Path) -> None:
    """A text, and a database with other tables, even one called orders; both are unchanged."""
    letter, shop = tmp_path / "letter.txt", tmp_path / "shop.sqlite3"
    letter.write_text("Dear reader, " * 100)
    with closing(sqlite3.connect(shop)) as database:
        database.execute("CREATE TABLE orders (number INTEGER)")
    for path in (letter, shop):
        before = path.read_bytes()
        with pytest.raises(ValueError, match=rf"{path.name} is not a database of the sandbox"):
            Sandbox(db=path).start()
        assert path.read_bytes() == before


# --- Start and stop ---


@pytest.mark.parametrize(
    ("options", "error"),
    [
        *[({"api_key": key}, "api_key is not a valid header value") for key in ("", " x", "k\n", "é")],
        ({"latency": -1}, "latency is -1; it must be 0 or more"),
        ({"latency": (2, 1)}, r"latency is \(2, 1\); .* the shorter wait first"),
        ({"latency": float("inf")}, "latency is inf"),
        ({"fail_rate": 1.1}, "fail_rate is 1.1; it must be from 0"),
        ({"fail_rate": float("nan")}, "fail_rate is nan"),
    ],
)
def test_an_invalid_option_is_refused(options: dict[str, Any], error: str) -> None:
    """When the sandbox is made, not when the first request comes."""
    with pytest.raises(ValueError, match=error):
        Sandbox(**options)


def test_starting_twice_is_an_error() -> None:
    """So is the URL before the start; stopping twice is not."""
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="is not running; use it in a with statement"):
        _ = sandbox.url
    with sandbox, pytest.raises(RuntimeError, match="is already running"):
        sandbox.start()
    sandbox.stop()


def test_one_of_several_sandboxes_gets_a_port() -> None:
    """The others, which start at the same moment, raise the system's error and do not wait."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sandboxes = [Sandbox(port=port) for _ in range(4)]
    begin = threading.Barrier(4, timeout=10)

    def start(sandbox: Sandbox) -> str:
        begin.wait()
        try:
            sandbox.start()
        except OSError as error:
            return str(error.strerror)
        return "started"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(start, sandboxes))
    for sandbox in sandboxes:
        sandbox.stop()
    assert outcomes == ["Address already in use"] * 3 + ["started"]


def test_without_the_extra_the_error_says_what_to_install() -> None:
    """Importing the client and the pytest plugin works without the extra; the sandbox says what it needs."""
    printed = run_script(
        "import sys; sys.modules.update(dict.fromkeys(['uvicorn', 'starlette', 'openapi_core']))\n"
        "import autoenhance, autoenhance.sandbox, autoenhance.sandbox.pytest_plugin\n"
        "autoenhance.Autoenhance\n"
        "try: autoenhance.sandbox.Sandbox\n"
        "except ModuleNotFoundError as error: print(error)\n"
    )
    assert printed == "the sandbox needs 'uvicorn': run pip install '.[sandbox]' in the checkout\n"
    with pytest.raises(AttributeError, match=r"module 'autoenhance\.sandbox' has no attribute 'Sand'"):
        _ = autoenhance.sandbox.Sand  # the mistake to catch


@pytest.mark.parametrize("name", ["a", "b"])
def test_users_get_a_fixture_that_is_new_in_each_test(autoenhance_sandbox: Sandbox, name: str) -> None:
    """`autoenhance_sandbox` is there without an import or a conftest, and without the edits of another test."""
    assert (autoenhance_sandbox.order(ORDER_ID) or {})["name"] == "Harbour View 7"
    assert patch(autoenhance_sandbox, body=json.dumps({"name": name}).encode()).json()["name"] == name
