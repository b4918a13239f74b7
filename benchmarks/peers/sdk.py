"""The service's own SDK, `autoenhance` on PyPI. Its package has the name of ours, so that mypy cannot see its types."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

sdk: Any = import_module("autoenhance")


def open_client(url: str, key: str) -> Any:
    """Make a client."""
    return sdk.Autoenhance(key, baseURL=url)


def edit(client: Any, order_id: str, name: str) -> Any:
    """Edit one order."""
    return client.update_order(id=order_id, name=name)


def close(client: Any) -> None:
    """Close the connections; it has no method for that."""
    client.rest_client.pool_manager.clear()


def read(content: bytes) -> Any:
    """Turn a response into models as its client does, and ask each image for its name."""
    response = SimpleNamespace(status=200, data=content, getheader=_content_type, getheaders=dict)
    order = _reader().response_deserialize(response, {"200": "OrderOut"}).data
    return [image.image_name for image in order.images]


def _content_type(_: str) -> str:
    return "application/json"


@cache
def _reader() -> Any:
    return open_client("http://127.0.0.1", "key")
