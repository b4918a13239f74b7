"""Raw aiohttp: one session, with as many connections as edits are in flight."""

from __future__ import annotations

from typing import Any, NamedTuple

import aiohttp

IS_ASYNC = True


class Client(NamedTuple):
    """A session, and the base URL."""

    session: aiohttp.ClientSession
    url: str


async def open_client(url: str, key: str) -> Client:
    """Open a session."""
    session = aiohttp.ClientSession(headers={"x-api-key": key}, connector=aiohttp.TCPConnector(limit=0))
    return Client(session, url)


async def edit(client: Client, order_id: str, name: str) -> Any:
    """Edit one order."""
    async with client.session.patch(f"{client.url}/v3/orders/{order_id}", json={"name": name}) as response:
        response.raise_for_status()
        return await response.json()


async def close(client: Client) -> None:
    """Close the session."""
    await client.session.close()
