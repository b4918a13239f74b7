"""Requests, with a session. The snippet on the service's page has none, and opens a connection for each edit."""

from __future__ import annotations

from typing import Any, NamedTuple

import requests


class Client(NamedTuple):
    """A session, and the base URL."""

    session: requests.Session
    url: str


def open_client(url: str, key: str) -> Client:
    """Open a session."""
    session = requests.Session()
    session.headers["x-api-key"] = key
    return Client(session, url)


def edit(client: Client, order_id: str, name: str) -> Any:
    """Edit one order."""
    response = client.session.patch(f"{client.url}/v3/orders/{order_id}", json={"name": name}, timeout=60)
    response.raise_for_status()
    return response.json()


def close(client: Client) -> None:
    """Close the session."""
    client.session.close()
