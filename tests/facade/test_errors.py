"""Which error a response raises, and what it says."""

from __future__ import annotations

import copy
import json
import pickle
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callers import answering, at

from autoenhance import errors

if TYPE_CHECKING:
    from callers import Caller

    from autoenhance.sandbox import Sandbox

# For each status its error, and the advice at the end of the message.
STATUSES: list[tuple[int, type[errors.AutoenhanceError], str]] = [
    (200, errors.APIResponseError, ""),
    (400, errors.BadRequestError, ""),
    (401, errors.AuthenticationError, "Check the API key: api_key=, or AUTOENHANCE_API_KEY."),
    (403, errors.PermissionDeniedError, "Check what the API key's account may do."),
    (404, errors.NotFoundError, "Check the id, and that the API key belongs to the order's account."),
    (405, errors.APIStatusError, ""),
    (409, errors.ConflictError, "If the edit gives another id, check that it is not in use."),
    (422, errors.ValidationError, ""),
    (429, errors.RateLimitError, "Send fewer requests a second."),
    (500, errors.InternalServerError, "The edit may have happened; making it twice is harmless."),
    (503, errors.InternalServerError, ""),
    (599, errors.InternalServerError, ""),
]
# For each body its message; None if it has none, and the status's is used.
BODIES: dict[str, tuple[bytes, str | None]] = {
    "APIFlask": (b'{"detail": {}, "message": "No access"}', "No access"),
    "nested": (b'{"error": {"message": "No access"}}', "No access"),
    "problem": (b'{"title": "No access", "status": 1}', "No access"),
    "text": (b"No access", "No access"),
    "long and odd": (b"a\x1b[31m\nb " * 1_000_000, ("a [31m b " * 40)[:299] + "…"),
    "HTML": (b"<html><h1>No access</h1></html>", None),
    "empty": (b"", None),
    "array": (b'["No access"]', None),
    "null": (b"null", None),
    "not UTF-8": (b"\xff\xfe\xfd", "\ufffd"),
    "deep": (b"[" * 100_000, "[" * 299 + "…"),
}
HEADERS = {"x-served-by": "cache", "set-cookie": "session=1", "retry-after": "12"}


def fail(caller: Caller, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    """The error for a response."""

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, content=body)

    with pytest.raises(errors.AutoenhanceError) as caught:
        caller(answering(caller, respond, max_retries=0), "order-7", name="a")
    return caught.value


@pytest.mark.parametrize(("status", "kind", "advice"), STATUSES)
def test_each_status_has_its_error(
    caller: Caller, status: int, kind: type[errors.AutoenhanceError], advice: str
) -> None:
    """With advice, and all headers except cookies."""
    error = fail(caller, status, headers=HEADERS)
    assert status not in {429, 503} or (error.retry_after, fail(caller, status).retry_after) == (12, None)
    assert type(error) is kind
    assert (error.status_code, error.order_id, error.attempts) == (status, "order-7", 1)
    assert error.headers["x-served-by"] == "cache"
    assert "set-cookie" not in error.headers
    assert f"({status}" in str(error)
    assert str(error).removesuffix(" Retry after 12 s.").endswith(advice)


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
def test_the_message_is_that_of_the_service(caller: Caller, body: bytes, message: str | None) -> None:
    """Wherever a service or gateway puts it, in one line; not from HTML."""
    for status, otherwise in ((403, "Forbidden"), (599, "no message")):
        error = fail(caller, status, body)
        assert error.status_code == status
        assert error.message == (message or otherwise)
        assert message is None or message in str(error)
        assert len(str(error)) < 700
        assert str(error).isprintable()


def test_a_body_of_json_is_decoded(caller: Caller) -> None:
    assert fail(caller, 404, b'{"a": [1]}').body == {"a": [1]}
    assert fail(caller, 404, b"<html>").body == "<html>"


def test_the_messages_read_well(caller: Caller, sandbox: Sandbox) -> None:
    with pytest.raises(errors.NotFoundError) as caught:
        caller(at(sandbox), "nope", name="a")
    assert str(caught.value) == (
        "order 'nope' not found (404). Check the id, and that the API key belongs to the order's account."
    )
    with pytest.raises(errors.ValidationError) as invalid:
        caller(at(sandbox), "harbour-view-7", extra_body={"name": None})
    message = "order 'harbour-view-7': validation failed (422): Validation error; name: Field may not be null."
    assert str(invalid.value) == message


@pytest.mark.parametrize(
    ("detail", "fields"),
    [
        ({"json": {"name": ["Not a valid string."]}}, {"json": {"name": ["Not a valid string."]}}),
        ({"json": {"name": "One."}, "query": {"a": ["Two."]}}, {"json": {"name": ["One."]}, "query": {"a": ["Two."]}}),
        ({"json": {"images": {"0": {"name": ["Bad."]}}}}, {"json": {"images.0.name": ["Bad."]}}),
        ({"json": ["Bad."]}, {"json": {"": ["Bad."]}}),
        ([{"loc": ["body", "images", 0], "msg": "Bad."}], {"body": {"images.0": ["Bad."]}}),
        ([{"loc": [], "msg": "Bad."}, "junk", {"msg": "Bad."}], {}),
        ("Bad.", {}),
        (None, {}),
    ],
)
def test_a_422_has_its_messages_by_field(caller: Caller, detail: object, fields: dict[str, Any]) -> None:
    """In the format of the service and in others."""
    error = fail(caller, 422, json.dumps({"message": "Validation error", "detail": detail}).encode())
    assert error.fields == fields
    for messages in fields.values():
        for field, texts in messages.items():
            assert field in str(error)
            assert texts[0].rstrip(".") in str(error)
    assert fail(caller, 422, b"[]").fields == {}


def test_many_or_strange_fields_of_a_422_are_a_readable_line(caller: Caller) -> None:
    detail = {"json": {"na\nme\x1b[31m": ["Bad."]} | {f"field{number}": ["Bad."] for number in range(2_000)}}
    error = fail(caller, 422, json.dumps({"detail": detail}).encode())
    assert "na me [31m: Bad" in str(error)
    assert "and 1996 more fields" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert len(error.fields["json"]) == 2_001


@pytest.mark.parametrize("depth", [90, 900, 100_000])
def test_a_deeply_nested_body_can_be_copied_and_pickled(caller: Caller, depth: int) -> None:
    """Deeper than a hundred levels it stays text."""
    error = fail(caller, 422, b'{"detail": {"json": ' + b'{"a": ' * depth + b"1" + b"}" * (depth + 2))
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert (str(other), other.body, other.fields) == (str(error), error.body, error.fields)
    assert isinstance(error.body, dict if depth < 100 else str)
    assert bool(error.fields) is (depth < 100)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_can_be_pickled(name: str) -> None:
    """Without loss."""
    facts: dict[str, Any] = {
        "message": "message",
        "order_id": "order",
        "attempts": 3,
        "status_code": 422,
        "body": {"detail": {"json": {"name": ["Bad."]}}},
        "headers": {"a": "b"},
    }
    error = getattr(errors, name)(f"A sentence about {name}.", **facts)
    error.retry_after = 2.0
    other = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))
    if isinstance(other, errors.ValidationError):
        assert other.fields == {"json": {"name": ["Bad."]}}


def test_the_module_draws_the_tree_of_errors() -> None:
    parents, drawn = ["AutoenhanceError"], {"AutoenhanceError": "Exception"}
    for branch, name in re.findall(r"^([│ ]*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE):
        parents[len(branch) // 4 + 1 :] = [name]
        drawn[name] = parents[-2]
    assert drawn == {name: getattr(errors, name).__base__.__name__ for name in errors.__all__}
