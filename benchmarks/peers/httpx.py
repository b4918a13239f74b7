"""Raw httpx, sync."""

from __future__ import annotations

from typing import Any

import httpx


def setup(url: str, key: str) -> httpx.Client:
    """Make a client."""
    return httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=60)


def one(client: httpx.Client, order_id: str, name: str) -> Any:
    """Edit one order."""
    response = client.patch(f"/v3/orders/{order_id}", json={"name": name})
    response.raise_for_status()
    return response.json()


def close(client: httpx.Client) -> None:
    """Close the client."""
    client.close()
