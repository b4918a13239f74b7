"""The async client: its lifetime, and one call. What a call does is decided elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

import autoenhance  # annotations name autoenhance.bulk, which is imported when they are resolved
from autoenhance._attempt import AsyncCall
from autoenhance._base_client import BaseClient, EditOptions, expand_options, order_of
from autoenhance._bulk.limits import DEFAULT_CONCURRENCY, DEFAULT_RATE, read_limits
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
    """A client that edits orders in async code, on asyncio or trio.

    Close it with `aclose`, or use it in an `async with` statement, so that its connections are closed. Several event loops
    may use a client one after another, each with its own connections. Only the first event loop can use an `http_client` of
    yours.

    Args:
        api_key: The account's API key; by default the environment variable `AUTOENHANCE_API_KEY`.
        base_url: The URL of the service, as in `Autoenhance`.
        timeout: The total timeout of one call in seconds, or an `httpx.Timeout`, as in `Autoenhance`; 30 by default, None for
            no limit. DNS resolution is interrupted, too.
        deadline: The total timeout in seconds, for use with an `httpx.Timeout`; 30 by default, None for no limit.
        max_retries: The maximum number of retries of a call, which are made only where safe; 2 by default.
        api_version: The API version to ask for, a date, as in `Autoenhance`.
        http_client: Your own `httpx.AsyncClient`, for proxies and the like; by default each client has its own connections.
            This client does not close it.
        max_response_bytes: The maximum size of a response in bytes, compressed or decompressed; 64 MiB by default.
        allow_insecure: Whether the key may be sent over http to another machine; False by default.
        on_retry: A function, not async, that is called with a `Retry` before each wait for another attempt; by default
            retries are only logged. An exception that it raises ends the call.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If there is no API key, or if an argument or an environment variable for a proxy or certificates is
            invalid.
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
        """Edit one order and return the edited order.

        Args:
            order_id: The id of the order.
            **options: What to set, and how the call is made; see `EditOptions`.

        Returns:
            The order as the service returned it. Each of its fields may be None or UNSET; both are false.

        Raises:
            TypeError: If an argument is not known or has the wrong type; nothing was sent.
            ValueError: If an argument is invalid, or no changes are given; nothing was sent.
            APIStatusError: If the service refused the edit; its subclasses say why.
            APIConnectionError: If there was no response; `APITimeoutError` if it did not come in time.
            APIResponseError: If the service accepted the edit, but its response is not an order.
            RuntimeError: If this client is closed, or its `http_client` belongs to another process or event loop.
        """
        return order_of(await self.edit_order_detailed(order_id, **options))

    @expand_options
    async def edit_order_detailed(
        self,
        order_id: str,
        **options: Unpack[EditOptions],
    ) -> Response[Order]:
        """Edit one order like `edit_order`, and return the whole response: status, headers, raw bytes, and the order.

        Args:
            order_id: The id of the order.
            **options: What to set, and how the call is made; see `EditOptions`.

        Returns:
            The last response: the order is `parsed`, and `content` the body that the service sent, decompressed.

        Raises:
            TypeError: If an argument is not known or has the wrong type; nothing was sent.
            ValueError: If an argument is invalid, or no changes are given; nothing was sent.
            AutoenhanceError: If the edit failed, as in `edit_order`.
            RuntimeError: If this client is closed, or its `http_client` belongs to another process or event loop.
        """
        settings, edit = self._plan(order_id, options)
        return await AsyncCall(settings, edit, proxy_note=self._transports.proxy_note).edit(
            await self._transports.get()
        )

    def edit_orders(
        self,
        edits: Iterable[E] | AsyncIterable[E],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        rate: float = DEFAULT_RATE,
        max_failures: int | None = None,
    ) -> autoenhance.bulk.AsyncEditRun[E]:
        """Edit many orders at once, and return the results as the edits finish; see `Autoenhance.edit_orders`.

        Args:
            edits: The edits, in an iterable or an async iterable: each is an `OrderEdit`, or an object of your own class that
                extends it. They are read during the run.
            concurrency: The maximum number of edits in flight; 32 by default. An `http_client` of yours may allow fewer
                connections.
            rate: The maximum number of requests per second, retries included; 250 by default, `math.inf` for no limit.
            max_failures: How many edits may fail; one more stops the run. None, the default, means any number.

        Returns:
            An async iterator of `EditResult`, which can also be stopped and closed. The run starts when the first result is
            asked for.

        Raises:
            TypeError: If an argument has the wrong type; from the iterator, if an edit is not an `OrderEdit`.
            ValueError: If an argument is invalid; nothing was sent.
            RuntimeError: From the iterator, if this client is closed, or its `http_client` belongs to another event loop.
            BulkStoppedError: From the iterator, after the last result, if the run stopped by itself.
        """
        from autoenhance._bulk.tasks import AsyncEditRun  # a single edit has no use for it

        return AsyncEditRun(self._settings, self._transports, edits, read_limits(concurrency, rate, max_failures))

    async def aclose(self) -> None:
        """Close the connections of this event loop; those of another loop are closed when it ends.

        A client made by `with_options` leaves them open. Closing twice is allowed.
        """
        if self._owns_transports:
            await self._transports.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
