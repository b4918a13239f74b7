"""Raw httpx, async: one client, with the limits that it has by default, for however many edits are in flight."""

from __future__ import annotations

from typing import Any

import httpx

IS_ASYNC = True


async def setup(url: str, key: str) -> httpx.AsyncClient:
    """Make a client."""
    return httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=60)


async def one(client: httpx.AsyncClient, order_id: str, name: str) -> Any:
    """Edit one order."""
    response = await client.patch(f"/v3/orders/{order_id}", json={"name": name})
    response.raise_for_status()
    return response.json()


async def close(client: httpx.AsyncClient) -> None:
    """Close the client."""
    await client.aclose()
