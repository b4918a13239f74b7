"""One way to make a bulk run with the sync and the async client, so that a test states a behaviour once and holds it for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import pytest
from callers import CALLERS
from editors import BACKENDS, KINDS

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from callers import Caller

    from autoenhance.bulk import AsyncEditRun, EditResult, EditRun

    Run = EditRun[Any] | AsyncEditRun[Any]
    Each = Callable[[EditResult[Any], Run], object]
    Edit = Callable[..., Any]


@dataclass
class Outcome:
    """What came of a bulk run."""

    results: list[EditResult[Any]] = field(default_factory=list)
    """Those that were taken in the loop, in the order in which they came."""
    rest: list[EditResult[Any]] = field(default_factory=list)
    """Those that were taken after the run was closed."""
    unsent: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    """What was raised where the results were taken."""

    @property
    def all(self) -> list[EditResult[Any]]:
        return self.results + self.rest

    def of(self, order_id: str) -> EditResult[Any]:
        """The one result of an order."""
        (found,) = [result for result in self.all if result.edit.order_id == order_id]
        return found


class Bulk(Protocol):
    """Makes a client with options, edits orders, closes the run and then the client.

    `each` is called with each result and the run; the loop is left as soon as it returns True.
    """

    __name__: str

    def __call__(self, options: dict[str, Any], edits: Iterable[Any], each: Each = ..., **told: Any) -> Outcome: ...


def go_on(_: EditResult[Any], __: Run) -> None:
    """Take one result after another."""


def sync(options: dict[str, Any], edits: Iterable[Any], each: Each = go_on, **told: Any) -> Outcome:
    outcome = Outcome()
    with Autoenhance(**options) as client:
        try:
            with client.edit_orders(edits, **told) as run:
                for result in run:
                    outcome.results.append(result)
                    if each(result, run):
                        break
        except BaseException as error:  # noqa: BLE001  # tests look at it
            outcome.error = error
        outcome.rest, outcome.unsent = list(run), run.unsent
    return outcome


def on_asyncio(options: dict[str, Any], edits: Iterable[Any], each: Each = go_on, **told: Any) -> Outcome:
    return anyio.run(_run, options, edits, each, told, backend="asyncio")


def on_trio(options: dict[str, Any], edits: Iterable[Any], each: Each = go_on, **told: Any) -> Outcome:
    return anyio.run(_run, options, edits, each, told, backend="trio")


async def _run(options: dict[str, Any], edits: Iterable[Any], each: Each, told: dict[str, Any]) -> Outcome:
    outcome = Outcome()
    async with AsyncAutoenhance(**options) as client:
        try:
            async with client.edit_orders(edits, **told) as run:
                async for result in run:
                    outcome.results.append(result)
                    if each(result, run):
                        break
        except BaseException as error:  # noqa: BLE001  # tests look at it
            outcome.error = error
        outcome.rest, outcome.unsent = [result async for result in run], run.unsent
    return outcome


BULKS: list[Bulk] = [sync, on_asyncio, on_trio]
# For a test's parameter `bulk`.
every_bulk = pytest.mark.parametrize("bulk", BULKS, ids=lambda bulk: bulk.__name__)
# For a parameter `backend`: those of the async client, and all that `editors.opened` takes.
every_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])
every_client = pytest.mark.parametrize("backend", BACKENDS)


def _exclusive(caller: Caller) -> Edit:
    return lambda options, order_id="order", **edit: caller(options, order_id, **edit).parsed


def _in_bulk(bulk: Bulk) -> Edit:
    def edit_one(options: dict[str, Any], order_id: str = "order", **edit: Any) -> Any:
        outcome = bulk(options, [OrderEdit(order_id, **edit)])
        if error := outcome.error or outcome.results[0].error:
            raise error
        return outcome.results[0].order

    return edit_one


# For a test's parameter `edit`: makes a client with options and edits one order, with one call or in bulk.
every_way = pytest.mark.parametrize(
    "edit", [*map(_exclusive, CALLERS), *map(_in_bulk, BULKS)], ids=[*KINDS[::2], *KINDS[1::2]]
)


def edits(count: int, *, prefix: str = "order") -> list[OrderEdit]:
    """Edits of as many orders."""
    return [OrderEdit(f"{prefix}-{number}", name=f"Name {number}") for number in range(count)]
