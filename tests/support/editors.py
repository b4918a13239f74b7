"""A client of each kind that stays open while mocks start and stop around it, as one function that edits orders."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from anyio.from_thread import start_blocking_portal

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autoenhance import EditResult
    from autoenhance.models import Order

    # Takes the ids of orders and returns them as they are afterwards; a failed edit is raised.
    Edit = Callable[[list[str]], list[Order]]

NAME = "12 Acacia Avenue"
KINDS = ["sync", "sync bulk", "asyncio", "asyncio bulk", "trio", "trio bulk"]


@contextmanager
def open_client(kind: str, **options: Any) -> Iterator[Edit]:
    """A client with these options, in an event loop on another thread if it is async."""
    backend, _, bulk = kind.partition(" ")
    if backend == "sync":
        with Autoenhance(**options) as client:
            yield partial(_edit_bulk if bulk else _edit, client)
        return
    edit = _edit_bulk_async if bulk else _edit_async
    with (
        start_blocking_portal(backend) as portal,
        portal.wrap_async_context_manager(AsyncAutoenhance(**options)) as async_client,
    ):
        yield lambda order_ids: portal.call(edit, async_client, order_ids)


def _edit(client: Autoenhance, order_ids: list[str]) -> list[Order]:
    return [client.edit_order(order_id, name=NAME) for order_id in order_ids]


def _edit_bulk(client: Autoenhance, order_ids: list[str]) -> list[Order]:
    with client.edit_orders(OrderEdit(order_id, name=NAME) for order_id in order_ids) as run:
        return [_order(result) for result in run]


async def _edit_async(client: AsyncAutoenhance, order_ids: list[str]) -> list[Order]:
    return [await client.edit_order(order_id, name=NAME) for order_id in order_ids]


async def _edit_bulk_async(client: AsyncAutoenhance, order_ids: list[str]) -> list[Order]:
    async with client.edit_orders(OrderEdit(order_id, name=NAME) for order_id in order_ids) as run:
        return [_order(result) async for result in run]


def _order(result: EditResult[Any]) -> Order:
    if result.error is not None:
        raise result.error
    assert result.order is not None
    return result.order
