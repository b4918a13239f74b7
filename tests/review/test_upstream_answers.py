"""What the service may answer, against our contract; and each rule about answers against the real client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from upstream_answers import CASES, EMPTY, Sample
from upstream_documents import Their, found, our_contract, short

from autoenhance import Autoenhance, errors
from review.upstream.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

# One cannot be tried: our contract requires no field of an answer. The other way round, null of ours, the last is tried.
UNTRIED = {"answer: less required", "answer: null, theirs"}


@pytest.mark.parametrize(("rule", "change", "difference", "sample"), CASES.values(), ids=CASES)
def test_what_they_answer_is_weighed_by_what_our_client_does_with_it(
    rule: str, change: Callable[[Their], Any], difference: tuple[str, str], sample: Sample
) -> None:
    """The rule decides, and the real client keeps going or breaks with the sample as the rule says."""
    differences = [one for one in found(change) if one.why == RULES[rule].why]
    assert short(differences) == [(*difference, RULES[rule].breaks)]
    assert _client_breaks(*sample) == RULES[rule].breaks


def _client_breaks(status: int, body: Any) -> bool:
    """Whether an edit goes on as it should: a success gives an order with all that was sent, an error its own error."""
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


def test_every_rule_about_answers_is_tried_with_the_client() -> None:
    """A new rule needs a sample; those that cannot have one are named."""
    about_answers = {name for name in RULES if name.startswith(("answer", "error", "deprecated"))}
    assert {case[0] for case in CASES.values()} | UNTRIED == about_answers


def test_our_contract_requires_no_field_of_an_answer() -> None:
    """So the rule about a field that theirs no longer requires cannot decide today."""
    schemas = our_contract().plain()["components"]["schemas"]
    assert not [name for name, schema in schemas.items() if schema.get("required")]
    (difference,) = found(lambda t: t.order.pop("required"), base=lambda t: t.order.update(required=["name"]))
    assert (difference.why, difference.breaks) == (RULES["answer: less required"].why, True)


def test_a_null_that_our_contract_does_not_announce_keeps_the_client_going() -> None:
    """All fields may be null in our contract; if one were not, the client would give None all the same."""
    (difference,) = found(
        lambda t: t.order["properties"]["name"].update(type=["string", "null"]),
        base=lambda t: t.order["properties"]["name"].update(type="string"),
    )
    assert (difference.why, difference.breaks) == (RULES["answer: null, theirs"].why, False)
    assert not _client_breaks(200, {"name": None})
