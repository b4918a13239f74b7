"""Every way to rename orders: one call after another, and bulk; with the sync client, and with the async one on asyncio and trio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from autoenhance.bulk import EditResult

    Result = tuple[object, ...]
    Note = Callable[..., None]


@dataclass(frozen=True)
class Rename:
    """Renames orders with one client; returns a result for each."""

    backend: str
    in_bulk: bool

    def __str__(self) -> str:
        return f"bulk {self.backend}" if self.in_bulk else self.backend

    def __call__(
        self,
        options: Mapping[str, Any],
        wanted: Mapping[str, str],
        *,
        http2: bool = False,
        each: Callable[[], object] = lambda: None,
        **limits: Any,
    ) -> list[Result]:
        """Give orders names, and return what came of each edit: the id and the name of its response, or its error.

        Args:
            options: The client's.
            wanted: The name that each order is to get.
            http2: Whether the client is given an httpx client of the caller's, which speaks HTTP/2.
            each: What to call after each edit.
            limits: Those of `edit_orders`.
        """
        results: list[Result] = []

        def note(*result: object) -> None:
            results.append(result)
            each()

        if self.backend in {"sync", "threads"}:
            with ExitStack() as stack:
                own = stack.enter_context(httpx.Client(http2=True)) if http2 else None
                self._sync(stack.enter_context(Autoenhance(**options, http_client=own)), wanted, note, limits)
            return results

        async def main() -> None:
            async with AsyncExitStack() as stack:
                own = await stack.enter_async_context(httpx.AsyncClient(http2=True)) if http2 else None
                client = await stack.enter_async_context(AsyncAutoenhance(**options, http_client=own))
                await self._async(client, wanted, note, limits)

        anyio.run(main, backend=self.backend)
        return results

    def _sync(self, client: Autoenhance, wanted: Mapping[str, str], note: Note, limits: Mapping[str, Any]) -> None:
        if self.in_bulk:
            with client.edit_orders(_edits(wanted), **limits) as run:
                for result in run:
                    note(*_named(result))
            return
        # With one thread, one call after another.
        with ThreadPoolExecutor(16 if self.backend == "threads" else 1) as pool:
            for order in pool.map(lambda item: client.edit_order(item[0], name=item[1]), wanted.items()):
                note(order.order_id, order.name)

    async def _async(
        self, client: AsyncAutoenhance, wanted: Mapping[str, str], note: Note, limits: Mapping[str, Any]
    ) -> None:
        if self.in_bulk:
            async with client.edit_orders(_edits(wanted), **limits) as run:
                async for result in run:
                    note(*_named(result))
        else:
            for order_id, name in wanted.items():
                order = await client.edit_order(order_id, name=name)
                note(order.order_id, order.name)


def _edits(wanted: Mapping[str, str]) -> list[OrderEdit]:
    return [OrderEdit(order_id, name=name) for order_id, name in wanted.items()]


def _named(result: EditResult[OrderEdit]) -> Result:
    order = result.order
    return (result.edit.order_id, result.error) if order is None else (order.order_id, order.name)


_BACKENDS = ["sync", "asyncio", "trio"]
# For a test's parameter `rename`.
one_by_one = pytest.mark.parametrize("rename", [Rename(backend, in_bulk=False) for backend in _BACKENDS], ids=str)
in_bulk = pytest.mark.parametrize("rename", [Rename(backend, in_bulk=True) for backend in _BACKENDS], ids=str)
shared = pytest.mark.parametrize(
    "rename", [Rename("threads", in_bulk=False), *(Rename(backend, in_bulk=True) for backend in _BACKENDS)], ids=str
)
every_way = pytest.mark.parametrize(
    "rename", [Rename(backend, in_bulk) for in_bulk in (False, True) for backend in _BACKENDS], ids=str
)
