"""Raw httpx, sync."""

from __future__ import annotations

from typing import Any

import httpx


def open_client(url: str, key: str) -> httpx.Client:
    """Make a client."""
    return httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=60)


def edit(client: httpx.Client, order_id: str, name: str) -> Any:
    """Edit one order."""
    return client.patch(f"/v3/orders/{order_id}", json={"name": name}).raise_for_status().json()


def close(client: httpx.Client) -> None:
    """Close the client."""
    client.close()
