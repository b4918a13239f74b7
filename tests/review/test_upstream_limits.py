"""Limits on what we send: ours against theirs, and those that the client keeps to by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import JSON, Their, found, short

from autoenhance._edit import plan_edit
from contract_diff.severities import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

NAME = "request body: `name`"

LOOSER: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "a longer name": ({"maxLength": 10}, {"maxLength": 20}, False),
    "a shorter name": ({"maxLength": 20}, {"maxLength": 10}, True),
    "no length": ({"maxLength": 10}, {}, False),
    "no format": ({"format": "uuid"}, {}, False),
    "more values": ({"enum": ["a"]}, {"enum": ["a", "b"]}, False),
    "fewer values": ({"enum": ["a", "b"]}, {"enum": ["a"]}, True),
    "no values": ({"enum": ["a"]}, {}, False),
    "no null": ({"type": ["string", "null"]}, {}, True),
    "a number for an integer": ({"type": "integer"}, {"type": "number"}, False),
    "an integer for a number": ({"type": "number"}, {"type": "integer"}, True),
    "a pattern for another": ({"pattern": "a"}, {"pattern": "b"}, True),
}


@pytest.mark.parametrize(("ours", "theirs", "breaks"), LOOSER.values(), ids=LOOSER)
def test_a_limit_of_ours_is_weighed_against_theirs(
    ours: dict[str, Any], theirs: dict[str, Any], *, breaks: bool
) -> None:
    """Looser keeps our client going, tighter breaks it."""

    def with_name(keywords: dict[str, Any]) -> Callable[[Their], None]:
        return lambda their: their.edit["properties"].update(name={"type": "string", **keywords})

    (difference,) = found(with_name(theirs), base=with_name(ours))
    assert (difference.what, difference.breaking) == (NAME, breaks)


@pytest.mark.parametrize(("place", "keyword"), KEPT)
def test_limits_that_count_as_kept_are_kept_by_the_client(place: str, keyword: str) -> None:
    """What is beyond them is refused before anything is sent."""
    bound = KEPT[place, keyword]
    text = "x" * (bound + 1 if keyword.startswith("max") else bound - 1)
    edits: dict[str, tuple[str, dict[str, str]]] = {
        "path parameter `id`": (text, {"name": "b"}),
        "request body: `order_id`": ("a", {"new_order_id": text}),
        "request body": ("a", {}),
    }
    with pytest.raises(ValueError, match=r"empty|at most|no changes given"):
        plan_edit(*edits[place])


def test_what_only_ours_has_is_told_too() -> None:
    """A body, a parameter in the query, a mark, a server's header."""

    def more(their: Their) -> None:
        their.operation["deprecated"] = their.edit["properties"]["name"]["deprecated"] = True
        their.operation["parameters"].append(
            {"name": "q", "in": "query", "deprecated": True, "schema": {"type": "string"}}
        )
        their.responses["200"]["headers"] = {"ETag": {"schema": {"type": "string"}}}

    def less(their: Their) -> None:
        del (
            their.operation["deprecated"],
            their.edit["properties"]["name"]["deprecated"],
            their.responses["200"]["headers"],
        )
        their.operation["parameters"].pop()

    assert short(found(less, base=more)) == [
        "breaking parameter removed, query parameter `q`",
        "compatible deprecated, operation",
        "compatible deprecated, request body: `name`",
        "compatible header removed, response 200 header `etag`",
    ]


def test_a_body_that_ours_lacks_breaks_if_it_is_required() -> None:
    """The client would send none."""

    def without(their: Their) -> None:
        their.operation.pop("requestBody")

    def change(their: Their) -> None:
        their.operation["requestBody"] = {"required": required, "content": {JSON: {}}}

    for required in (True, False):
        expected = "breaking required body added" if required else "compatible body added"
        assert short(found(change, base=without)) == [f"{expected}, request body"]
