"""The clients: their lifetime, and one call each. What a call does is decided elsewhere."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

import httpx

from autoenhance._edit import plan_edit
from autoenhance._settings import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    NOT_GIVEN,
    NotGiven,
    check_api_version,
    check_max_retries,
    check_timeout,
    read_settings,
)
from autoenhance._transport import AsyncCall, SyncCall
from autoenhance_api.api.orders.edit_order import asyncio_detailed, sync_detailed
from autoenhance_api.models import Order, OrderUpdate
from autoenhance_api.types import UNSET, Response, Unset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

# Connections are kept for as long as a burst of edits needs them; the deadline of a call bounds the wait for one.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


class _Options:
    """What both clients have in common: settings, and a copy with other ones."""

    def __init__(
        self,
        api_key: str | None,
        *,
        base_url: str | None,
        timeout: float | None,
        max_retries: int,
        api_version: str | None,
        owns_connections: bool,
    ) -> None:
        self._settings = read_settings(
            api_key, base_url=base_url, timeout=timeout, max_retries=max_retries, api_version=api_version
        )
        self._owns_connections = owns_connections

    def with_options(
        self,
        *,
        timeout: float | NotGiven | None = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        api_version: str | NotGiven | None = NOT_GIVEN,
    ) -> Self:
        """Return a client with other options that shares this one's connections.

        What is left out stays as it is here. Closing the copy leaves the connections open; closing this client closes
        them for both.

        Raises:
            TypeError: If an option has the wrong type.
            ValueError: If an option is of no use, such as a negative timeout.
        """
        settings = self._settings
        if timeout is not NOT_GIVEN:
            settings = replace(settings, timeout=check_timeout(timeout))
        if max_retries is not NOT_GIVEN:
            settings = replace(settings, max_retries=check_max_retries(max_retries))
        if api_version is not NOT_GIVEN:
            settings = replace(settings, api_version=check_api_version(api_version))
        other = copy.copy(self)
        other._settings = settings  # noqa: SLF001  # a copy of this very object
        other._owns_connections = False  # noqa: SLF001
        return other

    def __repr__(self) -> str:
        settings = self._settings
        return (
            f"{type(self).__name__}(base_url={settings.base_url!r}, timeout={settings.timeout!r}, "
            f"max_retries={settings.max_retries!r}, api_version={settings.api_version!r})"
        )


class Autoenhance(_Options):
    """A client that edits orders.

    It may be shared by threads. Close it, or use it in a `with` statement, so that its connections are closed.

    Args:
        api_key: The account's API key; by default the environment's `AUTOENHANCE_API_KEY`.
        base_url: Where the service is; by default `AUTOENHANCE_BASE_URL`, else `https://api.autoenhance.ai` (the page).
            Only https, or http to this machine.
        timeout: The whole patience of one call in seconds, retries and waits included; None waits for ever.
        max_retries: How many times a call is tried again when that is safe.
        api_version: The API version to ask for, a date such as `2025-08-31` (the service's changelog); by default
            `AUTOENHANCE_API_VERSION`, else the version that the service assigned to the account.
        http_client: An httpx client of your own, for proxies and the like. It is not closed by this one.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If there is no API key, or an argument is of no use.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        api_version: str | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        super().__init__(
            api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            api_version=api_version,
            owns_connections=http_client is None,
        )
        if http_client is not None and not isinstance(http_client, httpx.Client):
            raise TypeError(f"http_client is an httpx.Client, not {type(http_client).__name__}")
        self._http = httpx.Client(limits=_LIMITS) if http_client is None else http_client

    def edit_order(
        self,
        order_id: str,
        *,
        name: str | Unset | None = UNSET,
        new_order_id: str | Unset | None = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Order:
        """Edit one order and return it as it is afterwards.

        Args:
            order_id: The id of the order.
            name: The name that it gets. None is sent as null, which the service probably refuses (inferred).
            new_order_id: The id that it gets. What the service does with another id is not documented.
            extra_body: More fields of the body, such as newer API versions accept.
            extra_query: More fields of the query, such as `sort_images_by` (the service's changelog).
            extra_headers: More headers. The API key and the content type cannot be replaced.

        Raises:
            TypeError: If an argument has the wrong type; nothing was sent.
            ValueError: If an argument is of no use, or the edit sets nothing; nothing was sent.
            APIStatusError: If the service refused; its subclasses tell why.
            APIConnectionError: If there was no answer; `APITimeoutError` if it did not come in time.
            APIResponseError: If the service accepted the edit, but its answer is not an order.
        """
        return _order(
            self.edit_order_detailed(
                order_id,
                name=name,
                new_order_id=new_order_id,
                extra_body=extra_body,
                extra_query=extra_query,
                extra_headers=extra_headers,
            )
        )

    def edit_order_detailed(
        self,
        order_id: str,
        *,
        name: str | Unset | None = UNSET,
        new_order_id: str | Unset | None = UNSET,
        extra_body: Mapping[str, Any] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Response[Order]:
        """Edit one order like `edit_order`, and return the whole answer: status, headers, raw bytes, and the order.

        The order is `parsed`; `content` is what the service sent, to the byte.
        """
        edit = plan_edit(
            order_id,
            name=name,
            new_order_id=new_order_id,
            extra_body=extra_body,
            extra_query=extra_query,
            extra_headers=extra_headers,
        )
        if self._http.is_closed:
            raise _closed(self)
        call = SyncCall(self._http, self._settings, edit)
        with call.decoding():
            response = sync_detailed(
                edit.order_id,
                client=call.as_generated_client(),
                body=OrderUpdate.from_dict(edit.body),
                x_api_version=self._settings.api_version or UNSET,
            )
            return call.check(response)

    def close(self) -> None:
        """Close the connections, unless they are another client's. Closing twice is fine."""
        if self._owns_connections:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncAutoenhance(_Options):
    """`Autoenhance` for async code, on asyncio or trio: the same arguments, the same methods, the same errors.

    Close it with `aclose`, or use it in an `async with` statement.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        api_version: str | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(
            api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            api_version=api_version,
            owns_connections=http_client is None,
        )
        if http_client is not None and not isinstance(http_client, httpx.AsyncClient):
            raise TypeError(f"http_client is an httpx.AsyncClient, not {type(http_client).__name__}")
        self._http = httpx.AsyncClient(limits=_LIMITS) if http_client is None else http_client

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
        return _order(
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
        if self._http.is_closed:
            raise _closed(self)
        call = AsyncCall(self._http, self._settings, edit)
        with call.decoding():
            response = await asyncio_detailed(
                edit.order_id,
                client=call.as_generated_client(),
                body=OrderUpdate.from_dict(edit.body),
                x_api_version=self._settings.api_version or UNSET,
            )
            return call.check(response)

    async def aclose(self) -> None:
        """Close the connections, unless they are another client's. Closing twice is fine."""
        if self._owns_connections:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def edit_order(
    order_id: str,
    *,
    name: str | Unset | None = UNSET,
    new_order_id: str | Unset | None = UNSET,
    extra_body: Mapping[str, Any] | None = None,
    extra_query: Mapping[str, Any] | None = None,
    extra_headers: Mapping[str, str] | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    timeout: float | None = DEFAULT_TIMEOUT,
    max_retries: int = DEFAULT_MAX_RETRIES,
    api_version: str | None = None,
) -> Order:
    """Edit one order with a client that lives for this call; see `Autoenhance` and `Autoenhance.edit_order`.

    For more than a few edits keep a client: it keeps the connection.
    """
    client = Autoenhance(api_key, base_url=base_url, timeout=timeout, max_retries=max_retries, api_version=api_version)
    # From here on the key stands in no local variable that a traceback could show.
    api_key = None
    with client:
        return client.edit_order(
            order_id,
            name=name,
            new_order_id=new_order_id,
            extra_body=extra_body,
            extra_query=extra_query,
            extra_headers=extra_headers,
        )


def _order(response: Response[Order]) -> Order:
    # A success always has one: the call raised otherwise.
    return cast("Order", response.parsed)


def _closed(client: _Options) -> RuntimeError:
    return RuntimeError(f"this {type(client).__name__} is closed; make a new one")
