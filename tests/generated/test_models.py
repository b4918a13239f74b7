"""What the generated models do that the generator's own templates would not: open enums, tolerant timestamps."""

from __future__ import annotations

import copy
import pickle
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from autoenhance.models import UNSET, CloudType, Image, Order, OrderStatus, Unset
from autoenhance_api.types import parse_timestamp

TABLE = yaml.safe_load(Path(__file__).with_name("timestamps.yaml").read_text("utf-8"))


def test_an_enum_keeps_an_unknown_value() -> None:
    """A new value of the service's is no reason to lose an order."""
    image = Image.from_dict({"cloud_type": "LOW_CLOUD_LOW_SAT"})
    assert image.cloud_type == "LOW_CLOUD_LOW_SAT"
    assert isinstance(image.cloud_type, CloudType)
    assert image.cloud_type.value == image.cloud_type.name == str(image.cloud_type) == "LOW_CLOUD_LOW_SAT"
    assert hash(image.cloud_type) == hash("LOW_CLOUD_LOW_SAT")
    assert image.cloud_type != CloudType.LOW_CLOUD
    assert image.to_dict() == {"cloud_type": "LOW_CLOUD_LOW_SAT"}


@pytest.mark.parametrize("value", [CloudType("NEW"), CloudType.CLEAR])
def test_an_enum_value_survives_copy_and_pickle(value: CloudType) -> None:
    """Known or not, a value is the same on the other side of a queue. Python 3.11.2 asks it for more than later ones do."""
    for other in copies(value):
        assert (other, other.value, other.name, type(other)) == (value, value.value, value.name, CloudType)
        assert (other is CloudType.CLEAR) == (value is CloudType.CLEAR)


def copies(value: Any) -> list[Any]:
    pickled = [pickle.dumps(value, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [copy.copy(value), copy.deepcopy(value), *map(pickle.loads, pickled)]


def test_known_members_stay_singletons() -> None:
    """`is` works for what the contract knows, and an unknown value does not join the members."""
    assert CloudType("CLEAR") is CloudType.CLEAR
    CloudType("NEW")
    assert CloudType.CLEAR in list(CloudType)
    assert "NEW" not in list(CloudType)


def test_an_enum_value_that_is_not_text_stays_as_received() -> None:
    """Only text can be an unknown value; an order with another thing keeps that thing."""
    with pytest.raises(ValueError, match="7 is not a valid OrderStatus"):
        OrderStatus(7)  # type: ignore[arg-type]  # the mistake to catch
    assert Order.from_dict({"status": 7}).to_dict() == {"status": 7}


@pytest.mark.parametrize(("text", "expected"), TABLE["timestamps"].items())
def test_an_unambiguous_timestamp_is_a_plain_datetime(text: str, expected: str) -> None:
    """Always with a time zone, always of Python's own type, and written back as it was received."""
    order = Order.from_dict({"created_at": text})
    assert type(order.created_at) is datetime
    assert (type(order.created_at.tzinfo), order.created_at) == (timezone, datetime.fromisoformat(expected))
    assert order.to_dict() == {"created_at": text}


@pytest.mark.parametrize("text", TABLE["texts"])
def test_an_ambiguous_timestamp_stays_text(text: str) -> None:
    """Nothing is guessed, and the order is not lost."""
    with pytest.raises(ValueError):  # noqa: PT011  # dateutil and the standard library have their own words
        parse_timestamp(text)
    order: dict[str, Any] = {"created_at": text, "name": "a"}
    assert Order.from_dict(order).to_dict() == order


@pytest.mark.posix("tzset")
@pytest.mark.parametrize("name", ["GMT", "UTC", "XYZ"])
def test_timestamps_do_not_depend_on_the_local_time_zone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text is the same time everywhere, also in London, whose winter time is called GMT."""
    monkeypatch.setenv("TZ", f"{name}-9")
    time.tzset()
    try:
        for text in ("30 Jun 2025 5:00 pm GMT", "Mon Jun 30 17:00:00 GMT 2025"):
            assert parse_timestamp(text) == datetime(2025, 6, 30, 17, 0, tzinfo=UTC)
        with pytest.raises(ValueError, match="5:00 pm XYZ"):
            parse_timestamp("30 Jun 2025 5:00 pm XYZ")
    finally:
        monkeypatch.undo()
        time.tzset()


RECEIVED: dict[str, Any] = {
    "created_at": "Thu, 30 Oct 2025 01:26:03 GMT",
    "images": [{"image_id": "a"}],
    "last_updated_at": "2025-10-30T01:26:03Z",
}


def test_an_order_is_written_as_it_was_received_after_copy_and_pickle() -> None:
    """The received texts go where the order goes; two spellings of one time do not mix."""
    order = Order.from_dict(RECEIVED)
    for other in [order, *copies(order)]:
        assert other == order
        assert type(other.created_at) is datetime
        assert other.to_dict() == RECEIVED


def test_a_timestamp_that_was_set_is_written_as_iso_8601() -> None:
    """Also one that is the same time in another time zone; the other fields are written as they were received."""
    order = Order.from_dict(RECEIVED)
    assert isinstance(order.created_at, datetime)
    for value, written in [
        (order.created_at + timedelta(hours=1), "2025-10-30T02:26:03+00:00"),
        (order.created_at.astimezone(timezone(timedelta(hours=2))), "2025-10-30T03:26:03+02:00"),
        (None, None),
        ("soon", "soon"),
    ]:
        changed = copy.copy(order)
        changed.created_at = value  # type: ignore[assignment]  # some callers do
        assert changed.to_dict() == {**RECEIVED, "created_at": written}
    assert order.to_dict() == RECEIVED
    order.created_at = UNSET
    assert "created_at" not in order.to_dict()
    assert Order(created_at=order.last_updated_at).to_dict() == {"created_at": "2025-10-30T01:26:03+00:00"}


def test_orders_are_equal_whatever_the_spelling_of_their_timestamps() -> None:
    """What was received is neither compared nor shown."""
    texts = ("2025-10-30T01:26:03Z", "Thu, 30 Oct 2025 01:26:03 GMT")
    first, second = (Order.from_dict({"created_at": text}) for text in texts)
    assert (first, repr(first)) == (second, repr(second))
    assert "GMT" not in repr(second)
    assert first.to_dict() != second.to_dict()


def test_unset_is_one_object_everywhere() -> None:
    """to_dict compares with `is`, so a copy of UNSET would be written into the dictionary."""
    assert Unset() is copy.deepcopy(UNSET) is pickle.loads(pickle.dumps(UNSET)) is UNSET  # noqa: S301
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    order = Order.from_dict({"name": "a", "images": [{"image_id": "b"}]})
    for other in copies(order):
        assert (other, other.to_dict()) == (order, {"name": "a", "images": [{"image_id": "b"}]})
