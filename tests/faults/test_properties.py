"""Whatever is given and whatever comes back: an Order, an AutoenhanceError, or a ValueError before anything is sent."""

from __future__ import annotations

import json
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
# Orders that look like orders, with anything in any field: arbitrary JSON seldom gets that far.
FIELDS = sorted(Order.__annotations__.keys() - {"additional_properties", "_received"})
ORDERS = st.dictionaries(st.sampled_from(FIELDS), JSON | st.lists(st.dictionaries(st.sampled_from(FIELDS), SCALARS)))
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-encoding", "retry-after", "retry-after-ms", "location", "x-odd"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(["gzip", "deflate", "br", "text/html", "nan", "-1", "1e999", "https://elsewhere.example"]),
)


class Both(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body for a sync or an async response, which httpx does not decompress before we do."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Any:
        yield self._content

    async def __aiter__(self) -> Any:
        yield self._content


def outcome(status: int, headers: dict[str, str], body: bytes) -> Order | AutoenhanceError:
    """What a caller gets for a response, after making sure that an async caller gets the same."""

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
def test_any_json_with_a_200_is_an_order_or_says_that_the_edit_was_accepted(value: Any) -> None:
    """An object whose images are images is an order, and gives back what was received; all else is unreadable."""
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
def test_any_response_is_an_order_or_the_right_kind_of_error(status: int, headers: dict[str, str], body: bytes) -> None:
    """A 2xx never hides that the edit was accepted, and every other status is a status error."""
    result = outcome(status, headers, body)
    if isinstance(result, AutoenhanceError):
        if isinstance(result, errors.APIConnectionError):
            # httpx fails on some locations that are not URLs, and then returns no response.
            assert 300 <= status < 400
            assert "location" in headers
        else:
            assert (
                type(result) is errors.APIResponseError if status < 300 else isinstance(result, errors.APIStatusError)
            )
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
def test_any_text_as_an_order_id_goes_to_its_own_path_or_nowhere(order_id: str) -> None:
    """No id reaches another path: what arrives, decoded once, is what was given."""
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
def test_any_text_as_a_key_is_sent_as_it_is_or_not_at_all(key: str) -> None:
    """A key is one header, whatever is in it, and never a part of an error or of a repr."""
    try:
        request = sent(sync, "order", name="a", options={"api_key": key})
    except ValueError as error:
        # The sentence is one of a few, whatever the key is.
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
def test_any_text_is_a_plain_time_with_a_zone_or_stays_text(text: str) -> None:
    """Nothing else is raised, digits alone are never a time, and either is written back as it was received."""
    order = Order.from_dict({"created_at": text})
    if order.created_at != text:
        assert type(order.created_at) is datetime
        assert order.created_at.utcoffset() is not None
        assert ":" in text
    assert order.to_dict() == {"created_at": text}


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS | st.just(UTC)), st.sampled_from(["T", " ", "t"]))
def test_what_isoformat_writes_is_the_time_that_it_was(value: datetime, separator: str) -> None:
    """Nothing that is clear is left as text, and no clear time is read as another."""
    assert parse_timestamp(value.isoformat(separator)) == value


@given(st.text())
def test_any_name_arrives_or_is_refused(name: str) -> None:
    """A name is sent as it is; half a surrogate pair cannot be."""
    if any(0xD800 <= ord(character) <= 0xDFFF for character in name):
        with pytest.raises(ValueError, match="surrogate"):
            sent(sync, "order", name=name)
    else:
        assert json.loads(sent(sync, "order", name=name).content) == {"name": name}
