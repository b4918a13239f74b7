"""The cassettes pin the requests of the client and the results of recorded responses, sync and async."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cassettes
import pytest
import yaml
from cassettes import FOLDER, PRODUCTION, SCENARIOS, recorder

from autoenhance import errors
from autoenhance.models import CloudType, ImageSortOrder, Order
from autoenhance.sandbox._contract import load_contract
from conformance import exchanges

if TYPE_CHECKING:
    from pathlib import Path

    from callers import Caller

FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)


def replay(name: str, caller: Caller) -> Order:
    """Replay a scenario from its cassette; exactly the recorded requests must be sent."""
    scenario = SCENARIOS[name]
    options = {"api_key": "planted-key", **scenario.options}
    with recorder().use_cassette(name, record_mode="none") as cassette:
        try:
            order = caller(options, cassette.get_metadata("order_id", ""), **scenario.edit).parsed
        finally:
            assert cassette.all_played
    assert order is not None
    return order


def test_each_scenario_has_a_cassette() -> None:
    assert [path.stem for path in FILES] == sorted(SCENARIOS)


@pytest.mark.parametrize("name", ["edited", "retried"])
def test_an_edit_returns_the_order(caller: Caller, name: str) -> None:
    """With its new name and its images, at once or after a 503."""
    order = replay(name, caller)
    assert (order.name, bool(order.images)) == ("12 Acacia Avenue", True)


def test_the_order_of_the_images_is_sent_and_returned(caller: Caller) -> None:
    """Added by an API version, it is sent only if it is given."""
    assert replay("sorted", caller).default_image_sort_order is ImageSortOrder.DATE_ADDED_DESCENDING


def test_unknown_values_are_kept(caller: Caller) -> None:
    """In the type of the known ones."""
    order = replay("unknown_values", caller)
    (image,) = order.images or []
    assert (order.status, image.cloud_type) == ("archived", "LOW_CLOUD_LOW_SAT")
    assert isinstance(image.cloud_type, CloudType)


@pytest.mark.parametrize(
    ("name", "error", "message", "fields"),
    [
        ("key_refused", errors.AuthenticationError, "Check the API key", None),
        ("not_found", errors.NotFoundError, "Check the id", None),
        ("field_refused", errors.ValidationError, "name: ", ("json", "name")),
        ("value_refused", errors.ValidationError, "sort_images_by: .* name, -name", ("query", "sort_images_by")),
        ("too_many_requests", errors.RateLimitError, "429", None),
    ],
)
def test_an_error_response_is_raised(
    caller: Caller, name: str, error: type[errors.APIStatusError], message: str, fields: tuple[str, str] | None
) -> None:
    """With what to do, and with the field or parameter; it is not retried."""
    with pytest.raises(error, match=message) as caught:
        replay(name, caller)
    assert caught.value.attempts == 1
    if isinstance(caught.value, errors.ValidationError) and fields:
        location, field = fields
        assert field in caught.value.fields[location]


SECRETS = ("x-api-key", "sandbox-key", "not-a-key", "planted-key", "authorization", "cookie", "127.0.0.1", "localhost")


def secrets_in(path: Path) -> list[str]:
    return [word for word in SECRETS if word in path.read_text("utf-8").lower()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_implements_the_contract(path: Path) -> None:
    """Its requests and responses are valid, except one on purpose; it has no secret, and says what it was recorded from."""
    for exchange in exchanges.read(path):
        assert exchange.line.startswith("PATCH /v3/orders/")
        assert exchange.request.host_url == PRODUCTION
        invalid = load_contract().problems_of_request(exchange.request)
        assert len(invalid) == (path.stem in exchanges.ON_PURPOSE)
        assert exchange.problems_of_request(load_contract()) == []
        assert exchange.problems_of_response(load_contract()) == []
    metadata = yaml.safe_load(path.read_text("utf-8"))["metadata"]
    assert metadata["recorded_from"].startswith(("the sandbox of autoenhance-orders ", "the live service at https://"))
    assert set(metadata) == {"recorded_from", "recorded_on", "order_id"}
    assert secrets_in(path) == []


def test_a_new_recording_has_the_same_requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And no secret. The spaces in a body depend on httpx's version."""

    def requests(path: Path) -> list[Any]:
        recorded = [interaction["request"] for interaction in yaml.safe_load(path.read_text("utf-8"))["interactions"]]
        return [{**request, "body": json.loads(request["body"])} for request in recorded]

    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    assert cassettes.record(api_key="planted-key") == list(SCENARIOS)
    for path in FILES:
        assert secrets_in(tmp_path / path.name) == []
        if "recorded_from: the sandbox" in path.read_text("utf-8"):
            assert requests(tmp_path / path.name) == requests(path)


def test_a_live_recording_needs_a_key_and_an_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without them no file is changed."""
    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    monkeypatch.setenv("AUTOENHANCE_RECORD", "live")
    with pytest.raises(SystemExit, match="AUTOENHANCE_RECORD_ORDER_ID"):
        cassettes.record()
    assert list(tmp_path.iterdir()) == []
