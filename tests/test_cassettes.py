"""The cassettes pin what goes over the wire and what a caller sees of it, sync and async."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cassettes
import pytest
import yaml
from cassettes import FOLDER, PRODUCTION, SCENARIOS, Scenario, recorder

from autoenhance import errors
from autoenhance.models import CloudType, ImageSortOrder, Order
from autoenhance.sandbox._contract import load_contract
from conformance import exchanges

if TYPE_CHECKING:
    from pathlib import Path

    from callers import Caller

FILES = sorted(FOLDER.glob("*.yaml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def requests(path: Path) -> list[Any]:
    """What was asked, with the bodies decoded: the spaces in them are the version of httpx's choice."""
    asked = [interaction["request"] for interaction in load(path)["interactions"]]
    return [{**request, "body": json.loads(request["body"])} for request in asked]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)


def replay(name: str, caller: Caller) -> Order:
    """Play a scenario from its cassette alone; every recorded request must be made, and no other."""
    scenario: Scenario = SCENARIOS[name]
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


def test_200_an_edited_order(caller: Caller) -> None:
    """The order comes back with its new name and its images."""
    order = replay("edited", caller)
    assert order.name == "12 Acacia Avenue"
    assert order.images


def test_401_a_refused_key(caller: Caller) -> None:
    """The error says that it is the key."""
    with pytest.raises(errors.AuthenticationError, match="Check the API key"):
        replay("key_refused", caller)


def test_404_an_order_that_is_not_there(caller: Caller) -> None:
    """The error says that it is the id."""
    with pytest.raises(errors.NotFoundError, match="Check the id"):
        replay("not_found", caller)


def test_422_a_refused_field(caller: Caller) -> None:
    """The error says which field and why."""
    with pytest.raises(errors.ValidationError, match="name: ") as caught:
        replay("field_refused", caller)
    assert "name" in caught.value.fields["json"]


def test_422_a_refused_parameter_of_the_query(caller: Caller) -> None:
    """The error says where the value was, and what would be right."""
    with pytest.raises(errors.ValidationError, match="sort_images_by: Must be one of: name, -name") as caught:
        replay("value_refused", caller)
    assert "sort_images_by" in caught.value.fields["query"]


def test_the_order_of_the_images_can_be_set(caller: Caller) -> None:
    """What an API version added is sent only by callers who give it, and comes back as a known value."""
    assert replay("sorted", caller).default_image_sort_order is ImageSortOrder.DATE_ADDED_DESCENDING


def test_429_too_many_requests(caller: Caller) -> None:
    """Without retries the error comes at once."""
    with pytest.raises(errors.RateLimitError) as caught:
        replay("too_many_requests", caller)
    assert caught.value.attempts == 1


def test_503_is_retried(caller: Caller) -> None:
    """The second attempt gives the order."""
    assert replay("retried", caller).name == "12 Acacia Avenue"


def test_unknown_values_are_kept(caller: Caller) -> None:
    """Values that the contract does not know come through as they are."""
    order = replay("unknown_values", caller)
    assert order.status == "archived"
    assert order.images
    assert order.images[0].cloud_type == "LOW_CLOUD_LOW_SAT"
    assert isinstance(order.images[0].cloud_type, CloudType)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_is_as_the_contract_says(path: Path) -> None:
    """Every recorded request and response is valid against openapi/spec.yaml."""
    for exchange in exchanges.read(path):
        assert exchange.line.startswith("PATCH /v3/orders/")
        assert exchange.request.host_url == PRODUCTION
        assert exchange.problems_of_request(load_contract()) == []
        assert exchange.problems_of_response(load_contract()) == []


def test_a_request_that_is_wrong_on_purpose_is_wrong() -> None:
    """Each exception is needed, and covers one problem."""
    for name, says in exchanges.ON_PURPOSE.items():
        (exchange,) = exchanges.read(FOLDER / f"{name}.yaml")
        problems = load_contract().problems_of_request(exchange.request)
        assert [problem.message.startswith(says) for problem in problems] == [True]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_says_what_it_was_recorded_from(path: Path) -> None:
    """A reader knows whether it shows the service or the sandbox, and since when."""
    metadata = load(path)["metadata"]
    assert metadata["recorded_from"].startswith(("the sandbox of autoenhance-orders ", "the live service at https://"))
    assert set(metadata) == {"recorded_from", "recorded_on", "order_id"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_cassette_holds_no_secret_and_no_host_but_the_services(path: Path) -> None:
    """No key, no cookie, no address of the machine that recorded."""
    text = path.read_text("utf-8").lower()
    for word in (
        "x-api-key",
        "sandbox-key",
        "not-a-key",
        "planted-key",
        "authorization",
        "cookie",
        "127.0.0.1",
        "localhost",
    ):
        assert word not in text


def test_recording_keeps_a_planted_key_and_the_host_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The proof on the recorder itself: a fresh recording has the same requests as the committed one, and no key."""
    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    assert cassettes.record(api_key="planted-key") == list(SCENARIOS)
    for path in FILES:
        fresh = (tmp_path / path.name).read_text("utf-8")
        assert "planted-key" not in fresh
        assert "127.0.0.1" not in fresh
        if "sandbox" in load(path)["metadata"]["recorded_from"]:
            assert requests(tmp_path / path.name) == requests(path)


def test_recording_live_needs_a_key_and_an_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without them nothing is touched, and the error says what to set."""
    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    monkeypatch.setenv("AUTOENHANCE_RECORD", "live")
    with pytest.raises(SystemExit, match="AUTOENHANCE_RECORD_ORDER_ID"):
        cassettes.record()
    assert list(tmp_path.iterdir()) == []
