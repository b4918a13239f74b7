"""One way to call the sync and the async client, so that a test states a behaviour once and holds it for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import anyio
import httpx

from autoenhance import AsyncAutoenhance, Autoenhance

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance.models import Order, Response

    Handler = Callable[[httpx.Request], httpx.Response]


class Caller(Protocol):
    """Makes a client with options, edits an order, closes the client."""

    __name__: str

    def __call__(self, options: dict[str, Any], *arguments: Any, **edit: Any) -> Response[Order]: ...


def sync(options: dict[str, Any], *arguments: Any, **edit: Any) -> Response[Order]:
    with Autoenhance(**options) as client:
        return client.edit_order_detailed(*arguments, **edit)


def on_asyncio(options: dict[str, Any], *arguments: Any, **edit: Any) -> Response[Order]:
    return anyio.run(_edit, options, arguments, edit, backend="asyncio")


def on_trio(options: dict[str, Any], *arguments: Any, **edit: Any) -> Response[Order]:
    return anyio.run(_edit, options, arguments, edit, backend="trio")


async def _edit(options: dict[str, Any], arguments: tuple[Any, ...], edit: dict[str, Any]) -> Response[Order]:
    async with AsyncAutoenhance(**options) as client:
        return await client.edit_order_detailed(*arguments, **edit)


CALLERS: list[Caller] = [sync, on_asyncio, on_trio]


def answering(caller: Caller, handler: Handler, **options: Any) -> dict[str, Any]:
    """Options for a client whose requests a function answers, without a network."""
    transport = httpx.MockTransport(handler)
    http = httpx.Client(transport=transport) if caller is sync else httpx.AsyncClient(transport=transport)
    return {"api_key": "key", "http_client": http, **options}


def at(sandbox: Any, **options: Any) -> dict[str, Any]:
    """Options for a client of the sandbox."""
    return {"api_key": sandbox.api_key, "base_url": sandbox.url, **options}


def echo(requests: list[httpx.Request]) -> Handler:
    """A service that notes what it is asked and responds with the simplest order."""

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"order_id": "order"})

    return respond


def sent(caller: Caller, *arguments: Any, options: dict[str, Any] | None = None, **edit: Any) -> httpx.Request:
    """The one request for an edit; none has been sent if an error is raised."""
    requests: list[httpx.Request] = []
    try:
        caller({**answering(caller, echo(requests)), **(options or {})}, *arguments, **edit)
    except (TypeError, ValueError):
        assert requests == []
        raise
    (request,) = requests
    return request
