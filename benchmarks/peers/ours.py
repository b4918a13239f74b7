"""This project's client, sync."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autoenhance import Autoenhance

if TYPE_CHECKING:
    from collections.abc import Iterator


def open_client(url: str, key: str) -> Autoenhance:
    """Make a client."""
    return Autoenhance(key, base_url=url)


def edit(client: Autoenhance, order_id: str, name: str) -> Any:
    """Edit one order."""
    return client.edit_order(order_id, name=name)


def close(client: Autoenhance) -> None:
    """Close the client."""
    client.close()


def bulk(url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int) -> None:
    """Edit many orders."""
    from autoenhance import OrderEdit

    with Autoenhance(key, base_url=url) as client:
        orders = (OrderEdit(order_id, name=name) for order_id, name in edits)
        for result in client.edit_orders(orders, concurrency=in_flight, rate=float("inf")):
            if result.error:
                raise result.error


def read(content: bytes) -> Any:
    """Turn a response into models."""
    return from_dict(json.loads(content))


def from_dict(data: Any) -> Any:
    """Turn decoded JSON into models, and ask each image for its name."""
    from autoenhance.models import Order

    return [image.image_name for image in Order.from_dict(data).images or []]
