"""Raw requests to a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from autoenhance.sandbox._contract import Request, Response, load_contract

if TYPE_CHECKING:
    from autoenhance.sandbox import Sandbox

ORDER_ID = "harbour-view-7"
# One client, because each reads all certificates. A connection for each request: a sandbox may be gone before the next.
_HTTP = httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def patch(
    sandbox: Sandbox, order_id: str = ORDER_ID, *, body: bytes = b'{"name": "a"}', query: str = "", headers: Any = None
) -> httpx.Response:
    """An edit, sent raw; the response must be one that the contract allows."""
    sent = {"x-api-key": sandbox.api_key, "content-type": "application/json", **(headers or {})}
    target = f"/v3/orders/{quote(order_id, safe='')}" + (query and f"?{query}")
    response = _HTTP.patch(sandbox.url + target, headers=sent, content=body)
    received = Response(response.status_code, response.headers, response.content)
    assert load_contract().problems_of_response(Request("patch", target, {}, body), received) == []
    return response
