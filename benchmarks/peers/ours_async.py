"""This project's client, async."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autoenhance import AsyncAutoenhance

if TYPE_CHECKING:
    from collections.abc import Iterator

IS_ASYNC = True


async def open_client(url: str, key: str) -> AsyncAutoenhance:
    """Make a client."""
    return AsyncAutoenhance(key, base_url=url)


async def edit(client: AsyncAutoenhance, order_id: str, name: str) -> Any:
    """Edit one order."""
    return await client.edit_order(order_id, name=name)


async def close(client: AsyncAutoenhance) -> None:
    """Close the client."""
    await client.aclose()


async def bulk(url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int) -> None:
    """Edit many orders."""
    from autoenhance import OrderEdit

    async with AsyncAutoenhance(key, base_url=url) as client:
        orders = (OrderEdit(order_id, name=name) for order_id, name in edits)
        async for result in client.edit_orders(orders, concurrency=in_flight, rate=float("inf")):
            if result.error:
                raise result.error
