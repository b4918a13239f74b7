"""Ranges, the default and successes that our contract does not list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import JSON, Their, found, short

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

THEIRS, OURS, DISAGREE = "only theirs", "only ours", "disagree"

RANGES: dict[str, tuple[Callable[[Their], Any], list[tuple[str, str, bool]]]] = {
    "a range for a status": (
        lambda t: t.responses.update({"4XX": t.responses.pop("404")}),
        [(THEIRS, "answer 4XX", False)],
    ),
    "a range in small letters": (lambda t: t.responses.update({"5xx": t.responses.pop("5XX")}), []),
    "a status of our range": (lambda t: t.responses.update({"503": t.responses["5XX"]}), []),
    "a success as a range": (
        lambda t: t.responses.update({"2XX": t.responses.pop("200")}),
        [(THEIRS, "answer 2XX", False)],
    ),
    "the default for a success": (
        lambda t: t.responses.update(default=t.responses.pop("200")),
        [(THEIRS, "answer default", False)],
    ),
}


@pytest.mark.parametrize(("change", "expected"), RANGES.values(), ids=RANGES)
def test_a_range_or_the_default_stands_for_the_statuses_that_it_covers(
    change: Callable[[Their], Any], expected: list[tuple[str, str, bool]]
) -> None:
    """What is covered is compared, and not told as missing."""
    assert short(found(change)) == expected


def test_a_range_is_compared_with_each_status_that_it_covers() -> None:
    """What differs in theirs for 2XX differs from our 200."""

    def change(their: Their) -> None:
        their.responses["2XX"] = their.responses.pop("200")
        their.order["properties"]["name"]["type"] = "string"

    assert (DISAGREE, "answer 200: name", False) in short(found(change))


def test_a_success_that_we_do_not_list_is_compared_with_the_order_that_it_is_read_as() -> None:
    """A 202 that is only told to be a job has none of our fields, and its images would break our client."""
    job = {"type": "object", "properties": {"images": {"type": "string"}}}
    found_there = short(
        found(lambda t: t.responses.update({"202": {"description": "", "content": {JSON: {"schema": job}}}}))
    )
    assert (DISAGREE, "answer 202: images", True) in found_there
    assert (OURS, "answer 202: name", False) in found_there
