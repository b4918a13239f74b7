"""Many edits as one writes them first: one `httpx.AsyncClient`, and every edit handed to it at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

IS_ASYNC = True


async def bulk(url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int) -> None:
    """Edit many orders. The pool limits how many are in flight; the others wait for it without a timeout."""
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    timeout = httpx.Timeout(60, pool=None)
    async with httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=timeout, limits=limits) as client:

        async def edit(order_id: str, name: str) -> None:
            (await client.patch(f"/v3/orders/{order_id}", json={"name": name})).raise_for_status().json()

        await asyncio.gather(*(edit(*each) for each in edits))
