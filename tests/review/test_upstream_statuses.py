"""Ranges, the default and successes that our contract does not list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import JSON, Their, found, short

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

RANGES: dict[str, tuple[Callable[[Their], Any], list[str]]] = {
    "a range for a status": (
        lambda t: t.responses.update({"4XX": t.responses.pop("404")}),
        ["compatible error added, response 4XX"],
    ),
    "a range in small letters": (lambda t: t.responses.update({"5xx": t.responses.pop("5XX")}), []),
    "a status of our range": (lambda t: t.responses.update({"503": t.responses["5XX"]}), []),
    "a success as a range": (
        lambda t: t.responses.update({"2XX": t.responses.pop("200")}),
        ["compatible success added, response 2XX"],
    ),
    "the default for a success": (
        lambda t: t.responses.update(default=t.responses.pop("200")),
        ["compatible error added, response default"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), RANGES.values(), ids=RANGES)
def test_a_range_or_the_default_stands_for_the_statuses_that_it_covers(
    change: Callable[[Their], Any], expected: list[str]
) -> None:
    """What is covered is compared, and not told as missing."""
    assert short(found(change)) == expected


def test_a_range_is_compared_with_each_status_that_it_covers() -> None:
    """What differs in theirs for 2XX differs from our 200."""

    def change(their: Their) -> None:
        their.responses["2XX"] = their.responses.pop("200")
        their.order["properties"]["name"]["type"] = "string"

    assert "compatible null forbidden, response 200: `name`" in short(found(change))


def test_a_success_that_we_do_not_list_is_compared_with_the_order_that_it_is_read_as() -> None:
    """A 202 that is only told to be a job has none of our fields, and its images would break our client."""
    job = {"type": "object", "properties": {"images": {"type": "string"}}}
    content = {JSON: {"schema": job}}
    differences = short(found(lambda t: t.responses.update({"202": {"description": "", "content": content}})))
    assert differences == ["breaking type, response 202: `images`", "compatible success added, response 202"]


def test_what_our_client_needs_is_told_at_its_place() -> None:
    """Although the same schema stands elsewhere in the response, where nothing is needed of it."""

    def with_cover(their: Their) -> None:
        fields = their.order["properties"]
        their.order["properties"] = {"cover": {"$ref": "#/components/schemas/Image"}, **fields}

    differences = short(found(lambda their: their.image.update(type=["object", "null"]), base=with_cover))
    assert "breaking null allowed, response 200: `images[]`" in differences
