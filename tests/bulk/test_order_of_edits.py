"""Two edits of one order keep their order, and nothing else waits for them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from bulk_runs import edits, every_bulk
from callers import at
from edit_server import Answer, Asked, EditServer

from autoenhance import OrderEdit, errors
from autoenhance.models import UNSET, Unset

if TYPE_CHECKING:
    from bulk_runs import Bulk

    from autoenhance.sandbox import Sandbox


@every_bulk
@pytest.mark.parametrize("new", [UNSET, "order-7"], ids=["no other id", "the id that it has"])
def test_hundreds_of_edits_of_one_order_come_one_after_another(bulk: Bulk, new: str | Unset) -> None:
    """Never two at once, even if some are retried; what follows a failed edit is made all the same."""

    def answer(asked: Asked) -> Answer:
        if asked.body["name"] == "77":
            return Answer(422)
        return Answer(503 if asked.times % 50 == 1 else 200, {"retry-after": "0.001"})

    given = [OrderEdit("order-7", name=str(number), new_order_id=new) for number in range(150)]
    with EditServer(answer) as server:
        outcome = bulk(server.options, given, rate=math.inf)
    assert server.most_at_once == 1
    names = server.names("order-7")
    assert [*dict.fromkeys(names)] == [str(number) for number in range(150)]
    assert names == sorted(names, key=int)
    assert [result.edit for result in outcome.results] == given
    assert [result.edit.name for result in outcome.results if not result.ok] == ["77"]
    assert type(outcome.results[77].error) is errors.ValidationError


@every_bulk
def test_edits_of_other_orders_overtake(bulk: Bulk) -> None:
    """While one order's edits wait for each other, the others are made."""
    with EditServer(lambda asked: Answer(held=asked.order_id == "slow")) as server:
        slow = [OrderEdit("slow", name="first"), OrderEdit("slow", name="second")]

        def release(*_: object) -> None:
            if len(server.asked) == 21:
                server.release()

        outcome = bulk(server.options, [*slow, *edits(20)], release, concurrency=2)
    assert [result.edit for result in outcome.results[-2:]] == slow
    assert server.ids()[-1] == "slow"
    assert server.names("slow") == ["first", "second"]


@every_bulk
def test_an_order_keeps_its_order_over_a_new_id(bulk: Bulk, sandbox: Sandbox) -> None:
    """An edit under the new id waits for the edit that gives it, and a chain of them ends where it must."""
    ids = ["harbour-view-7", *(f"moved-{number}" for number in range(10))]
    given: list[OrderEdit] = []
    for old, new in pairwise(ids):
        given += [OrderEdit(old, name=f"At {old}"), OrderEdit(old, new_order_id=new)]
    given.append(OrderEdit(ids[-1], name="Home"))
    outcome = bulk(at(sandbox), given)
    assert [result.error for result in outcome.results] == [None] * len(given)
    assert [result.edit for result in outcome.results] == given
    assert (sandbox.order(ids[-1]) or {})["name"] == "Home"
    assert sandbox.order("harbour-view-7") is None


@every_bulk
def test_an_edit_of_an_id_that_is_given_away_comes_before_it_is_taken(bulk: Bulk) -> None:
    """A's edits, A becomes B, and only then what was asked of B and of A afterwards."""
    given = [
        OrderEdit(order_id, name=str(n), new_order_id="b" if n == 2 else UNSET) for n, order_id in enumerate("abaab")
    ]
    with EditServer(lambda _: Answer(after=0.02)) as server:
        bulk(server.options, given)
    asked = [one.body["name"] for one in server.asked]
    assert [sorted(asked[:2]), asked[2], sorted(asked[3:])] == [["0", "1"], "2", ["3", "4"]]
