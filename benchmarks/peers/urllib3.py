"""Raw urllib3."""

from __future__ import annotations

from typing import Any, NamedTuple

import urllib3


class Client(NamedTuple):
    """A pool, and where the service is."""

    pool: urllib3.PoolManager
    url: str


def setup(url: str, key: str) -> Client:
    """Make a pool."""
    return Client(urllib3.PoolManager(headers={"x-api-key": key}), url)


def one(client: Client, order_id: str, name: str) -> Any:
    """Edit one order."""
    url = f"{client.url}/v3/orders/{order_id}"
    headers = {**client.pool.headers, "content-type": "application/json"}
    return client.pool.request("PATCH", url, json={"name": name}, headers=headers, timeout=60).json()


def close(client: Client) -> None:
    """Close the connections."""
    client.pool.clear()
