"""The async client: its lifetime, and one call. What a call does is decided elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

import autoenhance  # annotations name autoenhance.bulk, which is imported when somebody resolves them
from autoenhance._attempt import AsyncCall
from autoenhance._base_client import BaseClient, EditOptions, expand_options, order_of
from autoenhance._bulk.limits import read_limits
from autoenhance._bulk.typevars import E
from autoenhance._settings import (
    DEFAULT_MAX_RESPONSE_BYTES,
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    NOT_GIVEN,
    NotGiven,
    Retry,
    read_api_key,
    read_settings,
)
from autoenhance._transport import AsyncTransports
from autoenhance_api.models import Order
from autoenhance_api.types import Response

if TYPE_CHECKING:
    import autoenhance.bulk


class AsyncAutoenhance(BaseClient):
    """`Autoenhance` for async code, on asyncio or trio: the same arguments, the same methods, the same errors.

    Close it with `aclose`, or use it in an `async with` statement. It may be used in several event loops one after another,
    with connections of its own in each; an `http_client` of yours stays with the loop that used it first.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | httpx.Timeout | None = DEFAULT_TIMEOUT,
        deadline: float | NotGiven | None = NOT_GIVEN,
        max_retries: int = DEFAULT_MAX_RETRIES,
        api_version: str | None = None,
        http_client: httpx.AsyncClient | None = None,
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        allow_insecure: bool = False,
        on_retry: Callable[[Retry], object] | None = None,
    ) -> None:
        # From here on the key is in no local variable that a traceback could show.
        secret = read_api_key(api_key)
        del api_key
        super().__init__(
            read_settings(
                secret,
                base_url=base_url,
                timeout=timeout,
                deadline=deadline,
                max_retries=max_retries,
                api_version=api_version,
                max_response_bytes=max_response_bytes,
                allow_insecure=allow_insecure,
                on_retry=on_retry,
            )
        )
        self._transports = AsyncTransports(http_client, self._settings)

    @expand_options
    async def edit_order(
        self,
        order_id: str,
        **options: Unpack[EditOptions],
    ) -> Order:
        """Edit one order and return it as it is afterwards; see `Autoenhance.edit_order`.

        Args:
            order_id: The id of the order.
            **options: What to set, and how the call is made; see `EditOptions`.
        """
        return order_of(await self.edit_order_detailed(order_id, **options))

    @expand_options
    async def edit_order_detailed(
        self,
        order_id: str,
        **options: Unpack[EditOptions],
    ) -> Response[Order]:
        """Edit one order and return the whole response; see `Autoenhance.edit_order_detailed`.

        Args:
            order_id: The id of the order.
            **options: What to set, and how the call is made; see `EditOptions`.
        """
        settings, edit = self._plan(order_id, options)
        return await AsyncCall(settings, edit, proxy_note=self._transports.proxy_note).edit(
            await self._transports.get()
        )

    def edit_orders(
        self,
        edits: Iterable[E] | AsyncIterable[E],
        *,
        concurrency: int = 32,
        rate: float = 250.0,
        max_failures: int | None = None,
    ) -> autoenhance.bulk.AsyncEditRun[E]:
        """Edit many orders; see `Autoenhance.edit_orders`.

        `edits` may be an async iterable, and an `http_client` of yours is used, with as many connections as it allows.
        """
        from autoenhance._bulk.tasks import AsyncEditRun  # a single edit has no use for it

        return AsyncEditRun(self._settings, self._transports, edits, read_limits(concurrency, rate, max_failures))

    async def aclose(self) -> None:
        """Close the connections, unless they are another client's. Closing twice is fine."""
        if self._owns_transports:
            await self._transports.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
