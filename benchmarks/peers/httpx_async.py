"""Raw httpx, async: one client, with its default limits, which tasks share."""

from __future__ import annotations

from typing import Any

import httpx

IS_ASYNC = True


async def open_client(url: str, key: str) -> httpx.AsyncClient:
    """Make a client."""
    return httpx.AsyncClient(base_url=url, headers={"x-api-key": key}, timeout=60)


async def edit(client: httpx.AsyncClient, order_id: str, name: str) -> Any:
    """Edit one order."""
    return (await client.patch(f"/v3/orders/{order_id}", json={"name": name})).raise_for_status().json()


async def close(client: httpx.AsyncClient) -> None:
    """Close the client."""
    await client.aclose()
