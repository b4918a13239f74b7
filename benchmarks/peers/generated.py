"""The bare generated client, without what is written by hand."""

from __future__ import annotations

from typing import Any

from autoenhance_api import AuthenticatedClient
from autoenhance_api.api.orders import edit_order
from autoenhance_api.models import OrderUpdate


def setup(url: str, key: str) -> AuthenticatedClient:
    """Make a client."""
    return AuthenticatedClient(base_url=url, token=key, prefix="", auth_header_name="x-api-key")


def one(client: AuthenticatedClient, order_id: str, name: str) -> Any:
    """Edit one order."""
    return edit_order.sync(order_id, client=client, body=OrderUpdate(name=name))


def close(client: AuthenticatedClient) -> None:
    """Close its connections."""
    client.get_httpx_client().close()
