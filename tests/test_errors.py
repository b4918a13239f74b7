"""Every answer that is no order becomes an error that a person can act on."""

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

CLASSES = [
    (400, errors.BadRequestError),
    (401, errors.AuthenticationError),
    (402, errors.APIStatusError),
    (403, errors.PermissionDeniedError),
    (404, errors.NotFoundError),
    (405, errors.APIStatusError),
    (409, errors.ConflictError),
    (422, errors.ValidationError),
    (429, errors.RateLimitError),
    (499, errors.APIStatusError),
    (500, errors.InternalServerError),
    (503, errors.InternalServerError),
    (520, errors.InternalServerError),
    (599, errors.InternalServerError),
]
BODIES: dict[str, bytes] = {
    "APIFlask": b'{"detail": {}, "message": "Said by the service"}',
    "gateway": b'{"message": "Said by the service"}',
    "nested": b'{"error": {"message": "Said by the service"}}',
    "problem": b'{"title": "Said by the service", "status": 1}',
    "text": b"Said by the service",
    "HTML": b"<html><h1>Said by the service</h1></html>",
    "empty": b"",
    "array": b'["Said by the service"]',
    "null": b"null",
    "not UTF-8": b"\xff\xfe\xfd",
    "deep": b"[" * 100_000,
}


def fail(caller: Caller, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Any:
    """The error that an answer becomes."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers, content=body)

    with pytest.raises(errors.AutoenhanceError) as caught:
        caller(answering(caller, answer, max_retries=0), "order-7", name="a")
    return caught.value


@pytest.mark.parametrize(("status", "kind"), CLASSES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_status_has_its_class_whatever_the_body_is(
    caller: Caller, status: int, kind: type[errors.APIStatusError], body: bytes
) -> None:
    """The class follows from the status alone, and the error carries all there is."""
    error = fail(caller, status, body, {"x-served-by": "cache", "set-cookie": "session=1"})
    assert type(error) is kind
    assert (error.status_code, error.order_id, error.attempts) == (status, "order-7", 1)
    assert error.headers["x-served-by"] == "cache"
    assert "set-cookie" not in error.headers
    assert str(status) in str(error)
    assert "'order-7'" in str(error)
    assert len(str(error)) < 700


@pytest.mark.parametrize("shape", ["APIFlask", "gateway", "nested", "problem", "text"])
def test_the_services_own_words_are_in_the_sentence(caller: Caller, shape: str) -> None:
    """Wherever a service or gateway puts its message, it is found."""
    error = fail(caller, 418, BODIES[shape])
    assert error.message == "Said by the service"
    assert "Said by the service" in str(error)


@pytest.mark.parametrize("shape", ["HTML", "empty", "array", "null"])
def test_without_words_the_status_speaks(caller: Caller, shape: str) -> None:
    """A page of HTML tells a person nothing that its status does not."""
    assert fail(caller, 403, BODIES[shape]).message == "Forbidden"
    assert fail(caller, 599, BODIES[shape]).message == "no message"


def test_the_body_is_decoded_if_it_is_json_and_text_otherwise(caller: Caller) -> None:
    """Whoever wants more than the message finds the body."""
    assert fail(caller, 404, b'{"a": [1]}').body == {"a": [1]}
    assert fail(caller, 404, b"<html>").body == "<html>"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "Check the API key: api_key=, or AUTOENHANCE_API_KEY."),
        (403, "Check what the API key's account may do."),
        (404, "Check the id, and that the API key belongs to the order's account."),
        (409, "If the edit gives another id, check that it is not in use."),
        (429, "Send fewer requests a second."),
        (502, "The edit may have happened; making it twice is harmless."),
    ],
)
def test_an_error_says_what_to_do(caller: Caller, status: int, advice: str) -> None:
    """The sentence ends with advice where there is some."""
    assert str(fail(caller, status)).endswith(advice)


def test_the_sentences_read_well(caller: Caller, sandbox: Sandbox) -> None:
    """What a person sees, word for word."""

    def sentence(order_id: str = "nope", **edit: Any) -> str:
        with pytest.raises(errors.AutoenhanceError) as caught:
            caller(at(sandbox, api_key=edit.pop("api_key", sandbox.api_key)), order_id, **edit)
        return re.sub("Unprocessable (Entity|Content)", "Unprocessable", str(caught.value))

    assert sentence(name="a") == (
        "The service refused to edit order 'nope' (404 Not Found). "
        "Check the id, and that the API key belongs to the order's account."
    )
    assert sentence(name="a", api_key="wrong") == (
        "The service refused to edit order 'nope' (401 Unauthorized). "
        "Check the API key: api_key=, or AUTOENHANCE_API_KEY."
    )
    assert sentence(sandbox.order_ids[2], extra_body={"name": None}) == (
        "The service refused to edit order 'harbour-view-7' (422 Unprocessable): Validation error; "
        "name: Field may not be null."
    )
    assert sentence(sandbox.order_ids[2], new_order_id=sandbox.order_ids[0]) == (
        "The service refused to edit order 'harbour-view-7' (409 Conflict). "
        "If the edit gives another id, check that it is not in use."
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


def test_a_422_without_a_json_object_has_no_fields(caller: Caller) -> None:
    """An odd body is no reason for another exception."""
    assert fail(caller, 422, b"[]").fields == {}


def test_long_and_odd_messages_are_cut_to_a_readable_line(caller: Caller) -> None:
    """A message of 10 MB, or with control characters, still makes one line for a terminal."""
    error = fail(caller, 400, b"a\x1b[31m\nb " * 1_000_000)
    assert len(error.message) == 300
    assert error.message.startswith("a [31m b")
    assert error.message.endswith("…")


def test_a_422_with_odd_or_many_fields_is_still_a_readable_line(caller: Caller) -> None:
    """Field names are the service's words too, and five of them are enough for a sentence."""
    detail = {"json": {"na\nme\x1b[31m": ["Bad."]} | {f"field{number}": ["Bad."] for number in range(20_000)}}
    error = fail(caller, 422, json.dumps({"detail": detail}).encode())
    assert "na me [31m: Bad" in str(error)
    assert "and 19996 more fields" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 500
    assert len(error.fields["json"]) == 20_001


@pytest.mark.parametrize("depth", [90, 900, 100_000])
def test_a_deeply_nested_body_can_be_copied_and_pickled(caller: Caller, depth: int) -> None:
    """Deeper than a hundred it stays text, because Python could do neither."""
    error = fail(caller, 422, b'{"detail": {"json": ' + b'{"a": ' * depth + b"1" + b"}" * (depth + 2))
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        assert (str(other), other.body, other.fields) == (str(error), error.body, error.fields)
    assert isinstance(error.body, dict if depth < 100 else str)
    assert bool(error.fields) is (depth < 100)
    assert len(str(error)) < 1000


@pytest.mark.parametrize("location", ["foo:bar", "mailto:a@b", "http:a", "https://xn--/", "\\", "https://[v1.a]/"])
def test_a_redirect_to_what_is_no_url_is_an_error_like_any_other(caller: Caller, location: str) -> None:
    """httpx reads the location even if nobody follows it."""
    error = fail(caller, 302, headers={"location": location})
    assert isinstance(error, errors.APIStatusError | errors.APIConnectionError)
    assert error.attempts == 1


def test_a_request_that_cannot_be_built_is_a_value_error(caller: Caller) -> None:
    """A query beyond what a URL can hold is the caller's to mend."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    with pytest.raises(ValueError, match="there is no such request"):
        caller(answering(caller, answer), "order-7", name="a", extra_query={"q": "x" * 70_000})
    assert asked == []


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait_is_in_the_error(caller: Caller, status: int) -> None:
    """retry_after is what Retry-After says, None if it says nothing."""
    error = fail(caller, status, headers={"retry-after": "12"})
    assert error.retry_after == 12
    assert "It asks to wait 12 s." in str(error)
    assert fail(caller, status).retry_after is None


def test_a_redirect_is_not_followed(caller: Caller) -> None:
    """The key goes to the configured host and no other."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(307, headers={"location": "https://elsewhere.example/v3/orders/order-7"})

    with pytest.raises(errors.APIStatusError, match=r"redirected .* to 'elsewhere\.example'.* Check base_url"):
        caller(answering(caller, answer), "order-7", name="a")
    assert len(asked) == 1


UNREADABLE = {
    "empty": b"",
    "HTML": b"<html>",
    "truncated": b'{"order_id": "a"',
    "array": b"[]",
    "array of pairs": b'[["name", "a"]]',
    "string": b'"a"',
    "null": b"null",
    "number": b"1",
    "wrong encoding": '{"name": "é"}'.encode("latin-1"),
    "images that are no list": b'{"images": "a"}',
    "images that are an object": b'{"images": {"a": 1}}',
    "an image that is no object": b'{"images": [1]}',
    "an image that is an empty list": b'{"images": [[]]}',
    "an image that is a list of pairs": b'{"images": [[["rating", 1]]]}',
    "an image that is null": b'{"images": [{}, null]}',
    "deep": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("status", [200, 201, 204, 299])
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_success_that_is_no_order_says_that_the_edit_was_accepted(caller: Caller, status: int, body: bytes) -> None:
    """After a 2xx the edit has happened; the error says so and carries the answer."""
    error = fail(caller, status, body, {"X-Served-By": "cache", "set-cookie": "session=1"})
    assert type(error) is errors.APIResponseError
    assert "set-cookie" not in error.headers
    assert str(error).startswith("The service accepted the edit of order 'order-7'")
    assert error.status_code == status
    assert error.message.startswith("the response ")
    assert error.headers["x-served-by"] == "cache"


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_order_is_an_order_with_any_success(caller: Caller, status: int, encoding: str) -> None:
    """A 2xx that the contract does not list, or an odd encoding, does not cost the caller the order."""
    body = ' {"order_id": "é"}'.encode(encoding)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body)

    order = caller(answering(caller, answer), "order-7", name="a").parsed
    assert order is not None
    assert order.order_id == "é"


def everything() -> list[errors.AutoenhanceError]:
    made: list[errors.AutoenhanceError] = []
    for name in errors.__all__:
        error = getattr(errors, name)(
            f"A sentence about {name}.",
            message="message",
            order_id="order",
            attempts=3,
            status_code=422,
            body={"detail": {"json": {"name": ["Bad."]}}},
            headers={"a": "b"},
        )
        error.retry_after = 2.0
        made.append(error)
    return made


@pytest.mark.parametrize("error", everything(), ids=lambda error: type(error).__name__)
def test_every_error_survives_pickle(error: errors.AutoenhanceError) -> None:
    """Task queues and multiprocessing hand errors on without loss."""
    other = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other) == vars(error)
    if isinstance(other, errors.ValidationError):
        assert other.fields == {"json": {"name": ["Bad."]}}


def test_the_tree_that_the_module_draws_is_the_tree_there_is() -> None:
    """The drawing at the top of errors.py names every error, below its parent."""
    assert errors.__doc__ is not None
    drawn: dict[str, str] = {"AutoenhanceError": "Exception"}
    parents = ["AutoenhanceError"]
    for line in errors.__doc__.splitlines():
        found = re.match(r"([│ ]*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4
            parents[depth + 1 :] = [found[2]]
            drawn[found[2]] = parents[depth]
    assert drawn == {name: getattr(errors, name).__base__.__name__ for name in errors.__all__}


def test_an_error_about_an_answer_that_cannot_be_read_does_not_hold_what_that_was_made_of(caller: Caller) -> None:
    """Neither its cause nor its context has the answer with the key, nor frames that do."""
    key = "planted-key-7f3a"
    answer = httpx.Response(200, text=f'{{"order_id": "{key}" nonsense')
    options = {**answering(caller, lambda _: answer), "api_key": key}
    with pytest.raises(errors.APIResponseError) as caught:
        caller(options, "a", name="x")
    assert caught.value.__context__ is None
    assert key not in repr(vars(caught.value.__cause__))
