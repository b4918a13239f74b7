"""Every response that is no order becomes an error that a person can act on."""

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

# For each status its class, and what the caller is told to do about it.
STATUSES: list[tuple[int, type[errors.APIStatusError], str]] = [
    (400, errors.BadRequestError, ""),
    (401, errors.AuthenticationError, "Check the API key: api_key=, or AUTOENHANCE_API_KEY."),
    (402, errors.APIStatusError, ""),
    (403, errors.PermissionDeniedError, "Check what the API key's account may do."),
    (404, errors.NotFoundError, "Check the id, and that the API key belongs to the order's account."),
    (405, errors.APIStatusError, ""),
    (409, errors.ConflictError, "If the edit gives another id, check that it is not in use."),
    (422, errors.ValidationError, ""),
    (429, errors.RateLimitError, "Send fewer requests a second."),
    (499, errors.APIStatusError, ""),
    (500, errors.InternalServerError, "The edit may have happened; making it twice is harmless."),
    (502, errors.InternalServerError, "The edit may have happened; making it twice is harmless."),
    (599, errors.InternalServerError, ""),
]
# For each body the message that is found in it; None if the status must speak.
BODIES: dict[str, tuple[bytes, str | None]] = {
    "APIFlask": (b'{"detail": {}, "message": "Said by the service"}', "Said by the service"),
    "nested": (b'{"error": {"message": "Said by the service"}}', "Said by the service"),
    "problem": (b'{"title": "Said by the service", "status": 1}', "Said by the service"),
    "text": (b"Said by the service", "Said by the service"),
    "long and odd": (b"a\x1b[31m\nb " * 1_000_000, ("a [31m b " * 40)[:299] + "…"),
    "HTML": (b"<html><h1>Said by the service</h1></html>", None),
    "empty": (b"", None),
    "array": (b'["Said by the service"]', None),
    "null": (b"null", None),
    "not UTF-8": (b"\xff\xfe\xfd", "\ufffd"),
    "deep": (b"[" * 100_000, "[" * 299 + "…"),
}
ODD_HEADERS = {"x-served-by": "cache", "set-cookie": "session=1"}


def fail(caller: Caller, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    """The error that a response becomes."""

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, content=body)

    with pytest.raises(errors.AutoenhanceError) as caught:
        caller(answering(caller, respond, max_retries=0), "order-7", name="a")
    return caught.value


@pytest.mark.parametrize(("status", "kind", "advice"), STATUSES)
def test_a_status_has_its_class_and_says_what_to_do(
    caller: Caller, status: int, kind: type[errors.APIStatusError], advice: str
) -> None:
    """The error carries all there is, but for cookies."""
    error = fail(caller, status, headers=ODD_HEADERS)
    assert type(error) is kind
    assert (error.status_code, error.order_id, error.attempts) == (status, "order-7", 1)
    assert error.headers["x-served-by"] == "cache"
    assert "set-cookie" not in error.headers
    assert f"({status}" in str(error)
    assert str(error).endswith(advice)


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
def test_the_services_own_message_is_found(caller: Caller, body: bytes, message: str | None) -> None:
    """Wherever a service or gateway puts it, in one readable line; HTML tells a person nothing that its status does not."""
    for status, otherwise in ((403, "Forbidden"), (599, "no message")):
        error = fail(caller, status, body)
        assert error.status_code == status
        assert error.message == (message or otherwise)
        assert message is None or message in str(error)
        assert len(str(error)) < 700
        assert str(error).isprintable()


def test_the_body_is_decoded_if_it_is_json_and_text_otherwise(caller: Caller) -> None:
    """Callers who want more than the message find the body."""
    assert fail(caller, 404, b'{"a": [1]}').body == {"a": [1]}
    assert fail(caller, 404, b"<html>").body == "<html>"


def test_the_sentences_read_well(caller: Caller, sandbox: Sandbox) -> None:
    """What a person sees, word for word."""

    def sentence(order_id: str = "nope", **edit: Any) -> str:
        with pytest.raises(errors.AutoenhanceError) as caught:
            caller(at(sandbox), order_id, **edit)
        return re.sub("Unprocessable (Entity|Content)", "Unprocessable", str(caught.value))

    assert sentence(name="a") == (
        "order 'nope' not found (404). Check the id, and that the API key belongs to the order's account."
    )
    assert sentence(sandbox.order_ids[2], extra_body={"name": None}) == (
        "order 'harbour-view-7': validation failed (422): Validation error; name: Field may not be null."
    )


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
def test_a_422_says_which_field_and_why(caller: Caller, detail: object, fields: dict[str, Any]) -> None:
    """`fields` has the messages by location and field, in the service's shape and in others."""
    error = fail(caller, 422, json.dumps({"message": "Validation error", "detail": detail}).encode())
    assert error.fields == fields
    for messages in fields.values():
        for field, texts in messages.items():
            assert field in str(error)
            assert texts[0].rstrip(".") in str(error)
    assert fail(caller, 422, b"[]").fields == {}


def test_a_422_with_odd_or_many_fields_is_still_a_readable_line(caller: Caller) -> None:
    """Field names are the service's words too, and five of them are enough for a sentence."""
    detail = {"json": {"na\nme\x1b[31m": ["Bad."]} | {f"field{number}": ["Bad."] for number in range(2_000)}}
    error = fail(caller, 422, json.dumps({"detail": detail}).encode())
    assert "na me [31m: Bad" in str(error)
    assert "and 1996 more fields" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert len(error.fields["json"]) == 2_001


@pytest.mark.parametrize("depth", [90, 900, 100_000])
def test_a_deeply_nested_body_can_be_copied_and_pickled(caller: Caller, depth: int) -> None:
    """Deeper than a hundred it stays text, because Python could do neither."""
    error = fail(caller, 422, b'{"detail": {"json": ' + b'{"a": ' * depth + b"1" + b"}" * (depth + 2))
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert (str(other), other.body, other.fields) == (str(error), error.body, error.fields)
    assert isinstance(error.body, dict if depth < 100 else str)
    assert bool(error.fields) is (depth < 100)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait_is_in_the_error(caller: Caller, status: int) -> None:
    """retry_after is what Retry-After says, None if it says nothing."""
    error = fail(caller, status, headers={"retry-after": "12"})
    assert error.retry_after == 12
    assert "Retry after 12 s." in str(error)
    assert fail(caller, status).retry_after is None


def test_an_unreadable_response_leaves_no_key_in_its_error(caller: Caller) -> None:
    """Neither its cause nor its context has the response with the key, nor frames that do; cookies are not kept."""
    key = "planted-key-7f3a"
    response = httpx.Response(200, headers=ODD_HEADERS, text=f'{{"order_id": "{key}" nonsense')
    options = {**answering(caller, lambda _: response), "api_key": key}
    with pytest.raises(errors.APIResponseError) as caught:
        caller(options, "a", name="x")
    assert caught.value.__context__ is None
    assert key not in repr(vars(caught.value.__cause__))
    assert caught.value.message.startswith("the response ")
    assert caught.value.headers["x-served-by"] == "cache"
    assert "set-cookie" not in caught.value.headers


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_survives_pickle(name: str) -> None:
    """Task queues and multiprocessing hand errors on without loss."""
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


def test_the_tree_that_the_module_draws_is_the_tree_there_is() -> None:
    """The drawing at the top of errors.py names every error, below its parent."""
    assert errors.__doc__ is not None
    drawn: dict[str, str] = {"AutoenhanceError": "Exception"}
    parents = ["AutoenhanceError"]
    for line in errors.__doc__.splitlines():
        if found := re.match(r"([│ ]*)[├└]── (\w+)", line):
            depth = len(found[1]) // 4
            parents[depth + 1 :] = [found[2]]
            drawn[found[2]] = parents[depth]
    assert drawn == {name: getattr(errors, name).__base__.__name__ for name in errors.__all__}
