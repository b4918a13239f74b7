"""This project's client, sync."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from autoenhance import Autoenhance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.models import Order


def setup(url: str, key: str) -> Autoenhance:
    """Make a client."""
    return Autoenhance(key, base_url=url)


def one(client: Autoenhance, order_id: str, name: str) -> Any:
    """Edit one order."""
    return client.edit_order(order_id, name=name)


def close(client: Autoenhance) -> None:
    """Close the client."""
    client.close()


def many(url: str, key: str, edits: Iterator[tuple[str, str]], in_flight: int, rate: float) -> Iterator[None]:
    """Edit many orders."""
    from autoenhance import OrderEdit

    with Autoenhance(key, base_url=url, timeout=60) as client:
        for result in client.edit_orders(
            (OrderEdit(order_id, name=name) for order_id, name in edits), concurrency=in_flight, rate=rate
        ):
            if result.error:
                raise result.error
            yield


def read(content: bytes) -> Order:
    """Decode an order."""
    from autoenhance.models import Order

    return Order.from_dict(json.loads(content))


def names(order: Order) -> list[Any]:
    """The names of its images."""
    return [image.image_name for image in order.images or []]


def write(order: Order) -> Any:
    """Turn an order back into a dict."""
    return order.to_dict()
