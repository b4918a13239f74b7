"""For any input and any response: an Order, an AutoenhanceError, or a ValueError before anything is sent."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import httpx
import pytest
from callers import answering, on_asyncio, sent, sync
from hypothesis import example, given
from hypothesis import strategies as st

from autoenhance import Autoenhance, AutoenhanceError, errors
from autoenhance.models import Order
from autoenhance_api.types import _LOOSE, parse_timestamp

if TYPE_CHECKING:
    from callers import Caller

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
# Orders with any JSON in any field.
FIELDS = sorted(Order.__annotations__.keys() - {"additional_properties", "_received"})
ORDERS = st.dictionaries(st.sampled_from(FIELDS), JSON | st.lists(st.dictionaries(st.sampled_from(FIELDS), SCALARS)))
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-encoding", "retry-after", "retry-after-ms", "location", "x-odd"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(["gzip", "deflate", "br", "text/html", "nan", "-1", "1e999", "https://elsewhere.example"]),
)


class Both(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that httpx does not decompress, for a sync or an async response."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Any:
        yield self._content

    async def __aiter__(self) -> Any:
        yield self._content


def outcome(status: int, headers: dict[str, str], body: bytes) -> Order | AutoenhanceError:
    """What the sync client makes of a response; the async one makes the same of it."""

    def result_of(caller: Caller) -> Order | AutoenhanceError:
        def respond(_: httpx.Request) -> httpx.Response:
            return httpx.Response(status, headers=headers, stream=Both(body))

        try:
            order = caller(answering(caller, respond, max_retries=0), "order", name="a").parsed
        except AutoenhanceError as error:
            return error
        assert isinstance(order, Order)
        return order

    first, second = result_of(sync), result_of(on_asyncio)
    assert (type(first), str(first)) == (type(second), str(second))
    return first


@given(JSON | ORDERS)
@example({})
@example({"images": [[]]})
@example({"images": [{"metadata": None, "finetune_settings": 7}]})
@example({"images": {"a": 1}})
@example({"images": [[["rating", 1]]]})
@example({"images": [{}, None]})
@example([["name", "a"]])
@example({"created_at": "\ud800", "additional_properties": {}})
def test_any_json_with_a_200_is_an_order_or_unreadable(value: Any) -> None:
    """An object whose images are objects is an order, and to_dict returns what was received."""
    result = outcome(200, {}, json.dumps(value).encode())
    if isinstance(result, Order):
        assert json.dumps(result.to_dict(), sort_keys=True) == json.dumps(value, sort_keys=True)
    else:
        assert type(result) is errors.APIResponseError
        images = value.get("images") if isinstance(value, dict) else []
        fine = images is None or (isinstance(images, list) and all(isinstance(image, dict) for image in images))
        assert not (isinstance(value, dict) and fine)


@given(st.integers(200, 599), HEADERS, st.binary(max_size=200))
@example(200, {"content-encoding": "gzip"}, b"")
@example(204, {"content-encoding": "deflate"}, b"x")
@example(200, {"x-odd": "a"}, b'{"a":' * 100_000)
@example(200, {}, '{"name": "é"}'.encode("latin-1"))
@example(301, {"location": "A:0"}, b"")
@example(503, {"retry-after": "9" * 40}, b"")
def test_any_response_is_an_order_or_the_right_error(status: int, headers: dict[str, str], body: bytes) -> None:
    """An error with a 2xx says that the edit was accepted, and any other status is an APIStatusError."""
    result = outcome(status, headers, body)
    if isinstance(result, AutoenhanceError):
        if isinstance(result, errors.APIConnectionError):
            # httpx fails on some locations that are not URLs, and then returns no response.
            assert 300 <= status < 400
            assert "location" in headers
        else:
            assert isinstance(result, errors.APIResponseError if status < 300 else errors.APIStatusError)
            assert result.status_code == status
            assert status >= 300 or str(result).startswith("order 'order': edit accepted (")
        assert "\n" not in str(result)
        assert len(str(result)) < 1000


@given(st.text())
@example("..%2F..")
@example("a/../b")
@example("{id}")
@example("\u2024\u2024")
@example("%")
def test_any_order_id_has_its_own_path_or_is_rejected(order_id: str) -> None:
    """The path, decoded once, ends with the id."""
    try:
        path = sent(sync, order_id, name="a").url.raw_path
    except ValueError:
        return
    assert path.startswith(b"/v3/orders/")
    end = path.removeprefix(b"/v3/orders/")
    assert not set(end) & set(b"/?#\\ ")
    assert unquote_to_bytes(end) == order_id.encode()
    assert end not in {b".", b".."}


@given(st.text())
@example("key\r\nx-other: 1")
@example(" key ")
def test_any_key_is_sent_verbatim_or_rejected(key: str) -> None:
    """It is one header, and never in an error or a repr."""
    try:
        request = sent(sync, "order", name="a", options={"api_key": key})
    except ValueError as error:
        assert str(error) in {  # noqa: PT017  # the other outcome is no error
            "the API key is empty",
            "the API key has invalid characters; only printable ASCII without spaces is valid",
        }
        return
    assert request.headers.get_list("x-api-key") == [key.strip()]
    assert repr(Autoenhance(key)) == repr(Autoenhance("another"))


ZONES = st.sampled_from(["", "Z", "z", " UTC", " GMT", "+02:00", "-0500", " +0130", "+23:59", "-24:00"])
TIMES = st.one_of(
    st.datetimes().map(str),
    st.builds(
        "{:{}}{}".format,
        st.datetimes(),
        st.sampled_from(
            ["%a, %d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%d %B %Y, %I:%M %p", "%Y-%m-%d %H:%M:%S.%f"]
        ),
        ZONES,
    ),
)


@given(
    st.text()
    | TIMES
    | st.from_regex(r"[0-9T:. /+-]{1,30}|[A-Z][a-z]{2} [0-9]{1,4}.*", fullmatch=True)
    | st.from_regex(_LOOSE, fullmatch=True)
)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59-23:59")
@example("10000000000000000000")
@example("1.1.1.1.1.1")
@example("1" + "\u0660" * 3)
def test_any_text_is_a_time_with_a_zone_or_stays_text(text: str) -> None:
    """Digits alone are no time; to_dict returns what was received."""
    order = Order.from_dict({"created_at": text})
    if order.created_at != text:
        assert type(order.created_at) is datetime
        assert order.created_at.utcoffset() is not None
        assert ":" in text
    assert order.to_dict() == {"created_at": text}


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS | st.just(UTC)), st.sampled_from(["T", " ", "t"]))
def test_isoformat_is_parsed(value: datetime, separator: str) -> None:
    assert parse_timestamp(value.isoformat(separator)) == value


@given(st.text())
def test_any_name_is_sent_verbatim_or_rejected(name: str) -> None:
    """Only half a surrogate pair is rejected."""
    is_valid = not any(0xD800 <= ord(character) <= 0xDFFF for character in name)
    with nullcontext() if is_valid else pytest.raises(ValueError, match="surrogate"):
        assert json.loads(sent(sync, "order", name=name).content) == {"name": name}
