"""What the generated models do that the generator's own templates would not: open enums, tolerant timestamps."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from autoenhance.models import UNSET, CloudType, Image, Order, OrderStatus, Unset
from autoenhance_api.types import format_timestamp, parse_timestamp


def test_an_enum_keeps_a_value_that_the_contract_does_not_know() -> None:
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
        assert other == value
        assert other.value == value.value
        assert other.name == value.name
        assert type(other) is CloudType
        assert (other is CloudType.CLEAR) == (value is CloudType.CLEAR)


def copies(value: Any) -> list[Any]:
    pickled = [pickle.dumps(value, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [copy.copy(value), copy.deepcopy(value), *map(pickle.loads, pickled)]


def test_known_members_stay_singletons() -> None:
    """`is` works for what the contract knows, and an unknown value does not join the members."""
    assert CloudType("CLEAR") is CloudType.CLEAR is pickle.loads(pickle.dumps(CloudType.CLEAR))  # noqa: S301
    CloudType("NEW")
    assert CloudType.CLEAR in list(CloudType)
    assert "NEW" not in list(CloudType)


def test_an_enum_of_something_that_is_no_text_is_an_error_and_costs_no_order() -> None:
    """Only text can be an unknown value; an order with another thing keeps that thing."""
    with pytest.raises(ValueError, match="7 is not a valid OrderStatus"):
        OrderStatus(7)  # type: ignore[arg-type]  # the mistake to catch
    assert Order.from_dict({"status": 7}).to_dict() == {"status": 7}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-30T01:26:03.111Z", datetime(2025, 10, 30, 1, 26, 3, 111000, UTC)),
        ("2006-01-02T15:04:05.999999", datetime(2006, 1, 2, 15, 4, 5, 999999, UTC)),
        ("2025-10-30 01:26:03", datetime(2025, 10, 30, 1, 26, 3, 0, UTC)),
        ("2025-10-30", datetime(2025, 10, 30, 0, 0, 0, 0, UTC)),
        ("2025-10-30T01:26:03+02:00", datetime(2025, 10, 29, 23, 26, 3, 0, UTC)),
        ("Thu, 30 Oct 2025 01:26:03 GMT", datetime(2025, 10, 30, 1, 26, 3, 0, UTC)),
        ("Thu, 30 Oct 2025 01:26:03 -0500", datetime(2025, 10, 30, 6, 26, 3, 0, UTC)),
        ("30 October 2025, 1:26 pm", datetime(2025, 10, 30, 13, 26, 0, 0, UTC)),
    ],
)
def test_a_timestamp_is_read_however_it_is_written(text: str, expected: datetime) -> None:
    """ISO 8601 and what dateutil reads, always with a time zone, and written back as it came."""
    order = Order.from_dict({"created_at": text})
    assert isinstance(order.created_at, datetime)
    assert order.created_at == expected
    assert order.created_at.tzinfo is not None
    assert order.to_dict() == {"created_at": text}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "12",
        "May",
        "10:22",
        "2025-13-45",
        "9" * 20,
        "30 Oct 2025 5pm PST",
        "\0",
        "02/03/76 10:00",
        "1" * 65,
        "31000199999999999999999999999h",
    ],
)
def test_a_text_that_names_no_day_is_kept_as_it_is(text: str) -> None:
    """Nothing is guessed from the present day or this machine's time zone, and the order is not lost."""
    with pytest.raises(ValueError):  # noqa: PT011  # dateutil and the standard library have their own words
        parse_timestamp(text)
    order: dict[str, Any] = {"created_at": text, "name": "a"}
    assert Order.from_dict(order).to_dict() == order


def test_the_name_of_this_machines_time_zone_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text is the same time everywhere."""
    monkeypatch.setattr("time.tzname", ("XYZ", "XYZ"))
    with pytest.raises(ValueError, match="the offset of the time zone 'XYZ' is not known"):
        parse_timestamp("30 Oct 2025 5pm XYZ")


def test_a_timestamp_survives_copy_and_pickle_and_is_a_plain_one_after_arithmetic() -> None:
    """The received text goes where the time goes, and not where another time goes."""
    received = parse_timestamp("Thu, 30 Oct 2025 01:26:03 GMT")
    for other in (copy.copy(received), copy.deepcopy(received), pickle.loads(pickle.dumps(received))):  # noqa: S301
        assert other == received
        assert format_timestamp(other) == "Thu, 30 Oct 2025 01:26:03 GMT"
    later = received + timedelta(hours=1)
    assert format_timestamp(later) == "2025-10-30T02:26:03+00:00"
    assert pickle.loads(pickle.dumps(later)) == later  # noqa: S301
    abroad = received.astimezone(timezone(timedelta(hours=2)))
    assert format_timestamp(abroad) == "2025-10-30T03:26:03+02:00"


def test_unset_is_one_object_everywhere() -> None:
    """to_dict compares with `is`, so a copy of UNSET would be written into the dictionary."""
    assert Unset() is copy.deepcopy(UNSET) is pickle.loads(pickle.dumps(UNSET)) is UNSET  # noqa: S301
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    order = Order.from_dict({"name": "a", "images": [{"image_id": "b"}]})
    for other in (copy.deepcopy(order), pickle.loads(pickle.dumps(order))):  # noqa: S301
        assert other == order
        assert other.to_dict() == {"name": "a", "images": [{"image_id": "b"}]}


def test_a_subclass_is_made_by_its_own_init() -> None:
    """from_dict fills the generated class itself without calling it, but nothing that a subclass adds is left out."""

    class Named(Order):
        def __init__(self, **fields: Any) -> None:
            super().__init__(**fields)
            self.title = f"Order {self.name}"

    order = Named.from_dict({"name": "a", "images": [{"image_id": "b"}], "new": 1})
    assert order.title == "Order a"
    assert order.to_dict() == {"new": 1, "name": "a", "images": [{"image_id": "b"}]}
    assert type(Order.from_dict({})) is Order
    assert Order.from_dict({}) == Order()
