"""The generated client alone, without the facade."""

from __future__ import annotations

from typing import Any

from autoenhance_api import AuthenticatedClient
from autoenhance_api.api.orders import edit_order
from autoenhance_api.models import OrderUpdate


def open_client(url: str, key: str) -> AuthenticatedClient:
    """Make a client."""
    return AuthenticatedClient(base_url=url, token=key, prefix="", auth_header_name="x-api-key")


def edit(client: AuthenticatedClient, order_id: str, name: str) -> Any:
    """Edit one order."""
    return edit_order.sync(order_id, client=client, body=OrderUpdate(name=name))


def close(client: AuthenticatedClient) -> None:
    """Close its connections."""
    client.get_httpx_client().close()
