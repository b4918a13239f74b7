"""The cassettes pin what goes over the wire and what a caller sees of it, sync and async."""

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
    """Play a scenario from its cassette alone; every recorded request must be made, and no other."""
    scenario = SCENARIOS[name]
    options = {"api_key": "planted-key", **scenario.options}
    with recorder().use_cassette(name, record_mode="none") as cassette:
        try:
            order = caller(options, cassette.get_metadata("order_id", ""), **scenario.edit).parsed
        finally:
            assert cassette.all_played
    assert order is not None
    return order


def test_there_is_a_cassette_for_each_scenario_and_no_other() -> None:
    """A cassette that no test plays pins nothing."""
    assert [path.stem for path in FILES] == sorted(SCENARIOS)


@pytest.mark.parametrize("name", ["edited", "retried"])
def test_an_edit_returns_the_order(caller: Caller, name: str) -> None:
    """With its new name and its images, at once or after a 503."""
    order = replay(name, caller)
    assert order.name == "12 Acacia Avenue"
    assert order.images


def test_the_order_of_the_images_can_be_set(caller: Caller) -> None:
    """What an API version added is sent only by callers who give it, and comes back as a known value."""
    assert replay("sorted", caller).default_image_sort_order is ImageSortOrder.DATE_ADDED_DESCENDING


def test_unknown_values_are_kept(caller: Caller) -> None:
    """Values that the contract does not know come through as they are, in the type of those that it knows."""
    order = replay("unknown_values", caller)
    assert order.status == "archived"
    (image,) = order.images or []
    assert image.cloud_type == "LOW_CLOUD_LOW_SAT"
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
def test_an_error_response_is_an_error(
    caller: Caller, name: str, error: type[errors.APIStatusError], message: str, fields: tuple[str, str] | None
) -> None:
    """Which says what to do, and of a field or parameter where it is; without a retry."""
    with pytest.raises(error, match=message) as caught:
        replay(name, caller)
    assert caught.value.attempts == 1
    if isinstance(caught.value, errors.ValidationError) and fields:
        location, field = fields
        assert field in caught.value.fields[location]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_is_as_the_contract_says(path: Path) -> None:
    """Every recorded request and response is valid against openapi/spec.yaml, but for one that is wrong on purpose."""
    for exchange in exchanges.read(path):
        assert exchange.line.startswith("PATCH /v3/orders/")
        assert exchange.request.host_url == PRODUCTION
        wrong = load_contract().problems_of_request(exchange.request)
        assert len(wrong) == (path.stem in exchanges.ON_PURPOSE)
        assert exchange.problems_of_request(load_contract()) == []
        assert exchange.problems_of_response(load_contract()) == []


SECRETS = ("x-api-key", "sandbox-key", "not-a-key", "planted-key", "authorization", "cookie", "127.0.0.1", "localhost")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_says_what_it_was_recorded_from_and_holds_no_secret(path: Path) -> None:
    """The service or the sandbox, and since when; no key, no cookie, no address of the machine that recorded."""
    text = path.read_text("utf-8")
    metadata = yaml.safe_load(text)["metadata"]
    assert metadata["recorded_from"].startswith(("the sandbox of autoenhance-orders ", "the live service at https://"))
    assert set(metadata) == {"recorded_from", "recorded_on", "order_id"}
    assert [word for word in SECRETS if word in text.lower()] == []


def test_a_new_recording_has_the_same_requests_and_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the recorder makes it, with a key of its own; the spaces in a body are the choice of httpx's version."""

    def requests(path: Path) -> list[Any]:
        asked = [interaction["request"] for interaction in yaml.safe_load(path.read_text("utf-8"))["interactions"]]
        return [{**request, "body": json.loads(request["body"])} for request in asked]

    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    assert cassettes.record(api_key="planted-key") == list(SCENARIOS)
    for path in FILES:
        new = tmp_path / path.name
        assert [word for word in SECRETS if word in new.read_text("utf-8").lower()] == []
        if "recorded_from: the sandbox" in path.read_text("utf-8"):
            assert requests(new) == requests(path)


def test_recording_live_needs_a_key_and_an_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without them nothing is touched, and the error says what to set."""
    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    monkeypatch.setenv("AUTOENHANCE_RECORD", "live")
    with pytest.raises(SystemExit, match="AUTOENHANCE_RECORD_ORDER_ID"):
        cassettes.record()
    assert list(tmp_path.iterdir()) == []
