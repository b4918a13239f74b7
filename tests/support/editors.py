"""Clients of each kind that stay open, with the methods of the sync one, so that a test states a behaviour once for all."""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from anyio.from_thread import start_blocking_portal

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anyio.from_thread import BlockingPortal

    from autoenhance import EditResult
    from autoenhance.models import Order

    # Takes the ids of orders and returns them as they are afterwards; a failed edit is raised.
    Edit = Callable[[list[str]], list[Order]]

NAME = "12 Acacia Avenue"
KINDS = ["sync", "sync bulk", "asyncio", "asyncio bulk", "trio", "trio bulk"]
BACKENDS = ["sync", "asyncio", "trio"]
_END = object()


class _Driven:
    """An async client or bulk run in the event loop of another thread, with the methods of the sync one."""

    def __init__(self, portal: BlockingPortal, driven: Any) -> None:
        self._portal, self._driven = portal, driven

    def in_loop(self, function: Callable[[], object]) -> None:
        """Call it in the event loop, which does nothing else meanwhile."""
        self._portal.call(function)

    def edit_orders(self, *arguments: Any, **limits: Any) -> _Driven:
        return _Driven(self._portal, self._driven.edit_orders(*arguments, **limits))

    def __iter__(self) -> _Driven:
        return self

    def __next__(self) -> Any:
        async def take() -> Any:
            return await anext(self._driven, _END)

        result = self._portal.call(take)
        if result is _END:
            raise StopIteration
        return result

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._driven, {"close": "aclose"}.get(name, name))
        if name in {"edit_order", "close"}:
            return lambda *arguments, **options: self._portal.call(partial(attribute, *arguments, **options))
        return attribute


@contextmanager
def opened(backend: str, **options: Any) -> Iterator[Any]:
    """A sync client; or an async one in an event loop on another thread, whose methods are called as the sync one's are."""
    if backend == "sync":
        with Autoenhance(**options) as client:
            yield client
        return
    with (
        start_blocking_portal(backend) as portal,
        portal.wrap_async_context_manager(AsyncAutoenhance(**options)) as async_client,
    ):
        yield _Driven(portal, async_client)


@contextmanager
def open_client(kind: str, **options: Any) -> Iterator[Edit]:
    """A client with these options, as one function that edits orders."""
    backend, _, bulk = kind.partition(" ")
    with opened(backend, **options) as client:
        yield partial(_edit_bulk if bulk else _edit, client)


def _edit(client: Any, order_ids: list[str]) -> list[Order]:
    return [client.edit_order(order_id, name=NAME) for order_id in order_ids]


def _edit_bulk(client: Any, order_ids: list[str]) -> list[Order]:
    with closing(client.edit_orders(OrderEdit(order_id, name=NAME) for order_id in order_ids)) as run:
        return [_order(result) for result in run]


def _order(result: EditResult[Any]) -> Order:
    if result.error is not None:
        raise result.error
    assert result.order is not None
    return result.order
