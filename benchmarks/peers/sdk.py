"""The service's own SDK, `autoenhance` on PyPI. Its package has the name of ours, so that types cannot be had here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

sdk: Any = import_module("autoenhance")


def setup(url: str, key: str) -> Any:
    """Make a client."""
    return sdk.Autoenhance(key, baseURL=url)


def one(client: Any, order_id: str, name: str) -> Any:
    """Edit one order."""
    return client.update_order(id=order_id, name=name)


def close(client: Any) -> None:
    """Close the connections; it has no method for that."""
    client.rest_client.pool_manager.clear()


def read(content: bytes) -> Any:
    """Decode an order as its client does with an answer."""
    response = SimpleNamespace(status=200, data=content, getheader=_content_type, getheaders=dict)
    return _reader().response_deserialize(response, {"200": "OrderOut"}).data


def names(order: Any) -> list[str]:
    """The names of its images."""
    return [image.image_name for image in order.images]


def write(order: Any) -> Any:
    """Turn an order back into a dict."""
    return order.to_dict()


def _content_type(_: str) -> str:
    return "application/json"


@cache
def _reader() -> Any:
    return setup("http://127.0.0.1", "key")
