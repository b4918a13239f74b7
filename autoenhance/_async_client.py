"""The async client: its lifetime, and one call. What a call does is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from autoenhance._connections import AsyncConnections
from autoenhance._edit import plan_edit
from autoenhance._options import Options, order_of
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
from autoenhance._transport import AsyncCall
from autoenhance_api.types import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping
    from types import TracebackType

    import httpx

    from autoenhance._async_run import AsyncEditRun
    from autoenhance._edits import E
    from autoenhance.models import Order, Response


class AsyncAutoenhance(Options):
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
        # From here on the key stands in no local variable that a traceback could show.
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
        self._connections = AsyncConnections(http_client, self._settings)

    async def edit_order(
        self,
        order_id: str,
        *,
        name: str | Unset | None = UNSET,
        new_order_id: str | Unset | None = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Order:
        """Edit one order and return it as it is afterwards; see `Autoenhance.edit_order`."""
        return order_of(
            await self.edit_order_detailed(
                order_id,
                name=name,
                new_order_id=new_order_id,
                extra_body=extra_body,
                extra_query=extra_query,
                extra_headers=extra_headers,
            )
        )

    async def edit_order_detailed(
        self,
        order_id: str,
        *,
        name: str | Unset | None = UNSET,
        new_order_id: str | Unset | None = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Response[Order]:
        """Edit one order and return the whole answer; see `Autoenhance.edit_order_detailed`."""
        edit = plan_edit(
            order_id,
            name=name,
            new_order_id=new_order_id,
            extra_body=extra_body,
            extra_query=extra_query,
            extra_headers=extra_headers,
        )
        return await AsyncCall(await self._connections.get(), self._settings, edit).edit()

    def edit_orders(
        self,
        edits: Iterable[E] | AsyncIterable[E],
        *,
        concurrency: int = 32,
        rate: float = 250.0,
        max_failures: int | None = None,
    ) -> AsyncEditRun[E]:
        """Edit many orders; see `Autoenhance.edit_orders`.

        `edits` may be an async iterable, and an `http_client` of yours is used, with as many connections as it allows.
        """
        from autoenhance._async_run import AsyncEditRun
        from autoenhance._limits import read_limits

        return AsyncEditRun(self._settings, self._connections, edits, read_limits(concurrency, rate, max_failures))

    async def aclose(self) -> None:
        """Close the connections, unless they are another client's. Closing twice is fine."""
        if self._owns_connections:
            await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
