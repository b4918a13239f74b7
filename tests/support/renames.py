"""Every way to rename orders: single calls and bulk; with the sync client, and with the async one on asyncio and trio."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from editors import BACKENDS, opened

from autoenhance import OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    ) -> list[tuple[object, ...]]:
        """Rename orders; returns the id and name of each response, or the id and the error.

        Args:
            options: Those of the client.
            wanted: The new name of each order.
            http2: Whether the client uses an httpx client of the caller, with HTTP/2.
            each: Called after each edit.
            limits: Those of `edit_orders`.
        """
        backend = "sync" if self.backend == "threads" else self.backend
        own = (httpx.Client if backend == "sync" else httpx.AsyncClient)(http2=True) if http2 else None
        results: list[tuple[object, ...]] = []
        with opened(backend, **options, http_client=own) as client:
            for result in (self._bulk if self.in_bulk else self._single)(client, wanted, limits):
                results.append(result)
                each()
            if isinstance(own, httpx.AsyncClient):
                client.in_loop(own.aclose)
            elif own:
                own.close()
        return results

    def _single(self, client: Any, wanted: Mapping[str, str], _: object) -> Any:
        with ThreadPoolExecutor(16 if self.backend == "threads" else 1) as pool:
            for order in pool.map(lambda item: client.edit_order(item[0], name=item[1]), wanted.items()):
                yield order.order_id, order.name

    def _bulk(self, client: Any, wanted: Mapping[str, str], limits: Mapping[str, Any]) -> Any:
        with closing(
            client.edit_orders([OrderEdit(order_id, name=name) for order_id, name in wanted.items()], **limits)
        ) as run:
            for result in run:
                order = result.order
                yield (result.edit.order_id, result.error) if order is None else (order.order_id, order.name)


# For a test's parameter `rename`.
_BULK = [Rename(backend, in_bulk=True) for backend in BACKENDS]
shared = pytest.mark.parametrize("rename", [Rename("threads", in_bulk=False), *_BULK], ids=str)
every_way = pytest.mark.parametrize("rename", [*(Rename(one, in_bulk=False) for one in BACKENDS), *_BULK], ids=str)
