"""What the service may send, against our contract: what the table says of our client is what the real one does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from upstream_documents import Their, found, our_contract, short
from upstream_responses import CASES, EMPTY, Sample

from autoenhance import Autoenhance, errors
from contract_diff.severities import BREAKING, RULES

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("change", "expected", "sample"), CASES.values(), ids=CASES)
def test_what_they_send_is_weighed_by_what_our_client_does_with_it(
    change: Callable[[Their], Any], expected: list[str], sample: Sample
) -> None:
    """Nothing else is told, and the real client keeps going or breaks with the sample as is said."""
    assert short(found(change)) == expected
    assert _client_breaks(*sample) == any(each.startswith("breaking") for each in expected)


def _client_breaks(status: int, body: Any) -> bool:
    """Whether an edit does not go on as it should: a success gives an order with all that was sent, an error its own error."""
    content = b"" if body is EMPTY else body if isinstance(body, bytes) else json.dumps(body).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    with httpx.Client(transport=transport) as http, Autoenhance("k" * 20, http_client=http, max_retries=0) as client:
        try:
            order = client.edit_order("a", name="b")
        except errors.APIResponseError:
            return True
        except errors.APIStatusError as error:
            return error.status_code < 400
    assert order.to_dict() == body
    return False


def test_whatever_breaks_our_client_in_a_response_is_tried() -> None:
    """A rule that says so needs a sample; that of a required field cannot have one, because our contract requires none."""
    breaking = {rule.kind for rule in RULES if rule.client == BREAKING and rule.direction == "response"}
    assert breaking == {"field optional", "no order", "no JSON"}
    told = {line for _, expected, _ in CASES.values() for line in expected if line.startswith("breaking")}
    assert {line.split(",")[0] for line in told} >= {
        "breaking type",
        "breaking null allowed",
        "breaking media type removed",
    }
    assert {line.split(",")[0] for line in told} >= {"breaking success added", "breaking redirect added"}


def test_our_contract_requires_no_field_of_a_response() -> None:
    """So the rule about a field that theirs no longer requires cannot decide today."""
    schemas = our_contract().plain()["components"]["schemas"]
    assert not [name for name, schema in schemas.items() if schema.get("required")]
    change = found(lambda t: t.order.pop("required"), base=lambda t: t.order.update(required=["name"]))
    assert short(change) == ["breaking field optional, response 200"]


def test_a_null_that_our_contract_does_not_announce_keeps_the_client_going() -> None:
    """All fields may be null in our contract; if one were not, the client would give None all the same."""
    change = found(
        lambda t: t.order["properties"]["name"].update(type=["string", "null"]),
        base=lambda t: t.order["properties"]["name"].update(type="string"),
    )
    assert short(change) == ["compatible null allowed, response 200: `name`"]
    assert not _client_breaks(200, {"name": None})
