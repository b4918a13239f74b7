"""Arguments become an edit, or an error before anything is sent."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from autoenhance._edit import Edit, plan_edit
from autoenhance._params import BODY
from autoenhance.models import UNSET

DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


def plan(order_id: Any = "order", **fields: Any) -> Edit:
    return plan_edit(order_id, fields)


def test_only_given_fields_are_sent() -> None:
    """UNSET is as if it were not given; null can be sent by extra_body."""
    assert plan(new_order_id="b").body == {"order_id": "b"}
    assert plan(new_order_id="b", name=UNSET, api_version=UNSET).body == {"order_id": "b"}
    assert plan(extra_body={"name": None}).body == {"name": None}


@pytest.mark.parametrize("fields", [{}, {"extra_body": {}}, {"extra_query": {"sort_images_by": "name"}}])
def test_an_edit_without_changes_is_rejected(fields: dict[str, Any]) -> None:
    settable = ", ".join(param.keyword for param in BODY)
    with pytest.raises(ValueError, match=f"^no changes given: give {settable} or extra_body$"):
        plan(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"extra_body": {"name": "b"}},
        {"new_order_id": "c", "extra_body": {"order_id": "b"}},
        {"api_version": "2025-08-31", "extra_headers": {"X-API-Version": "2025-05-08"}},
    ],
)
def test_setting_a_field_twice_is_rejected(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"extra_\w+ sets '[\w-]+', which has an argument"):
        plan(name="a", **fields)


@pytest.mark.parametrize(
    ("fields", "gives"),
    [
        ({"name": "a"}, False),
        ({"new_order_id": "order"}, False),
        ({"new_order_id": "other"}, True),
        ({"extra_body": {"order_id": "other"}}, True),
        ({"extra_body": {"order_id": None}}, True),
    ],
)
def test_an_edit_knows_whether_it_gives_a_new_id(fields: dict[str, Any], gives: bool) -> None:  # noqa: FBT001
    """Then a retry is not safe."""
    assert plan(**fields).gives_new_id is gives


class Ids(str, Enum):  # noqa: UP042  # the kind whose str() is its name
    FRONT = "order-1"


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return ".."


def test_a_subclass_of_str_is_sent_as_its_value() -> None:
    """Not as its str(), which was not checked."""
    edit = plan(Ids.FRONT, name=Text("a"), new_order_id=Text("b"))
    assert type(edit.order_id) is str
    assert (edit.order_id, edit.body) == ("order-1", {"name": "a", "order_id": "b"})
    assert type(edit.body["name"]) is str
    assert plan(Text("order-2"), name="a").order_id == "order-2"


@pytest.mark.parametrize("order_id", ["a.b", "x" * 255, "日本'%20"])
@pytest.mark.parametrize("argument", ["order_id", "new_order_id"])
def test_valid_ids(argument: str, order_id: str) -> None:
    edit = plan(**{"order_id": "a", "new_order_id": "b", argument: order_id})
    assert order_id in {edit.order_id, edit.body["order_id"]}


ONE_PART = "must not contain /"


@pytest.mark.parametrize(
    ("order_id", "says"),
    [
        ("", "is empty"),
        ("x" * 256, "has 256 characters; at most 255"),
        ("\ud800", "invalid Unicode"),
        *((order_id, "remove the whitespace around it") for order_id in (" a", "a\n")),
        *((order_id, "control characters") for order_id in ("a\x00b", "a\x85b")),
        *((order_id, ONE_PART) for order_id in (".", "..", "%2e", ".%2E", "%252e%252e")),
        *((order_id, ONE_PART) for order_id in ("a/b", "a%2Fb", "a\\b", "a?b", "a#b")),
    ],
)
@pytest.mark.parametrize("argument", ["order_id", "new_order_id"])
def test_invalid_ids_are_rejected(argument: str, order_id: str, says: str) -> None:
    """Such as those that would change the path. The error names the argument."""
    with pytest.raises(ValueError, match=rf"^{argument} .*{says}"):
        plan(**{"order_id": "a", "new_order_id": "b", argument: order_id})


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"order_id": 7}, "order_id must be a string, not int"),
        ({"name": 7}, "name must be a string, not int$"),
        ({"name": None}, "name must be a string, not NoneType; leave it out instead"),
        ({"new_order_id": b"a"}, "new_order_id must be a string, not bytes"),
        ({"extra_body": "ab"}, "extra_body must be a mapping, not str"),
        ({"extra_body": {7: "a"}}, "extra_body has the key 7; keys must be strings"),
        ({"name": "a", "extra_query": {"x": object()}}, "extra_query has 'x' with object"),
        ({"name": "a", "extra_query": 7}, "extra_query must be a mapping, not int"),
        ({"name": "a", "extra_headers": {"x": 7}}, "extra_headers has 'x' with int; header values must be strings"),
    ],
)
def test_an_argument_of_the_wrong_type_is_a_type_error(fields: dict[str, Any], says: str) -> None:
    """Which names the argument, its type and the right one."""
    with pytest.raises(TypeError, match=says):
        plan(**fields)


CLIENTS_HEADERS = ("Content-Type", "Host", "Content-Length", "Transfer-Encoding")
NO_JSON = "the body cannot be written as JSON"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "\udc80"}, "name is .* not valid Unicode"),
        *(({"extra_body": {"a": value}}, NO_JSON) for value in (float("nan"), object(), "\ud800", DEEP)),
        ({"extra_body": {"\ud800": "a"}}, NO_JSON),
        ({"extra_query": {"a": "\ud800"}}, "extra_query has 'a' with invalid Unicode"),
        ({"extra_query": {"\ud800": "a"}}, "with invalid Unicode"),
        ({"extra_headers": {"X-API-Key": "b"}}, "extra_headers sets 'X-API-Key', which the client sets"),
        *(({"extra_headers": {name: "b"}}, f"extra_headers sets '{name}'") for name in CLIENTS_HEADERS),
        *(({"extra_headers": {name: "b"}}, "', which is not a valid header name") for name in ("", "a b", "a(b")),
        *(({"extra_headers": {"a": value}}, "'a' with an invalid value") for value in (" b", "b\r\nc: d", "ü")),
        ({"extra_headers": {"x-more": "a", "X-More": "b"}}, "extra_headers has a header twice"),
        ({"api_version": "ü"}, "api_version is 'ü', which is not a valid header value"),
        ({"api_version": "1\r\nx: y"}, "which is not a valid header value"),
        ({"api_version": ""}, "^api_version is empty; leave it out instead$"),
    ],
)
def test_a_value_that_cannot_be_sent_is_rejected(fields: dict[str, Any], says: str) -> None:
    """httpx or json would fail later, and less clearly."""
    with pytest.raises(ValueError, match=says):
        plan(**{"name": "a", **fields})
