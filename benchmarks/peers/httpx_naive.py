"""One `httpx.AsyncClient` with as many connections as edits may be in flight, and all edits given to it at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

IS_ASYNC = True


async def many(url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int, _: float) -> AsyncIterator[None]:
    """Edit many orders."""
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=None, limits=limits) as client:  # noqa: S113

        async def one(order_id: str, name: str) -> None:
            response = await client.patch(f"/v3/orders/{order_id}", json={"name": name})
            response.raise_for_status()
            response.json()

        tasks = [asyncio.create_task(one(*edit)) for edit in edits]
        try:
            for done in asyncio.as_completed(tasks):
                await done
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
