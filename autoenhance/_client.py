"""The sync client: its lifetime, and one call. What a call does is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack, cast

import httpx

import autoenhance  # annotations name autoenhance.bulk, which is imported when somebody resolves them
from autoenhance._attempt import SyncCall
from autoenhance._base_client import BaseClient, EditOptions, check_options, expand_options, order_of
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
from autoenhance._transport import Transports
from autoenhance_api.models import Order
from autoenhance_api.types import Response

if TYPE_CHECKING:
    import autoenhance.bulk


class Autoenhance(BaseClient):
    """A client that edits orders.

    It may be shared by threads. Close it, or use it in a `with` statement, so that its connections are closed.

    Args:
        api_key: The account's API key; by default the environment's `AUTOENHANCE_API_KEY`.
        base_url: Where the service is; by default `AUTOENHANCE_BASE_URL`, else `https://api.autoenhance.ai` (the page).
            Only https, or http to this machine.
        timeout: The total timeout of one call in seconds: connecting, sending, reading, retries and waits. None for no
            limit. An `httpx.Timeout` bounds the steps of one attempt, and `deadline` the call. Only DNS resolution is not
            interrupted by the sync client.
        deadline: The total timeout in seconds beside an `httpx.Timeout`; 30 by default, None for no limit.
        max_retries: How many retries a call may have, where a retry is safe.
        api_version: The API version to ask for, a date such as `2025-08-31` (the service's changelog); by default
            `AUTOENHANCE_API_VERSION`, else the version that the service assigned to the account.
        http_client: An httpx client of your own, for proxies and the like. It is not closed by this one, stays in its
            process, and (sync) may be held up beyond `timeout` by a service that sends its headers byte by byte.
        max_response_bytes: The longest response that is read, compressed or decompressed; 64 MiB by default.
        allow_insecure: Whether the key may go over http to another machine.
        on_retry: A function that is called before each wait for another attempt. What it raises ends the call.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If there is no API key, or an argument is invalid.
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
        http_client: httpx.Client | None = None,
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
        self._transports = Transports(http_client, self._settings)

    @expand_options
    def edit_order(
        self,
        order_id: str,
        **options: Unpack[EditOptions],
    ) -> Order:
        """Edit one order and return it as it is afterwards.

        Args:
            order_id: The id of the order.
            **options: What to set, and how the call is made; see `EditOptions`.

        Raises:
            TypeError: If an argument is not known or has the wrong type; nothing was sent.
            ValueError: If an argument is invalid, or no changes are given; nothing was sent.
            APIStatusError: If the service refused; its subclasses say why.
            APIConnectionError: If there was no response; `APITimeoutError` if it did not come in time.
            APIResponseError: If the service accepted the edit, but its response is not an order.
            RuntimeError: If this client is closed.
        """
        return order_of(self.edit_order_detailed(order_id, **options))

    @expand_options
    def edit_order_detailed(
        self,
        order_id: str,
        **options: Unpack[EditOptions],
    ) -> Response[Order]:
        """Edit one order like `edit_order`, and return the whole response: status, headers, raw bytes, and the order.

        The order is `parsed`; `content` is the body that the service sent, decompressed.

        Args:
            order_id: The id of the order.
            **options: What to set, and how the call is made; see `EditOptions`.
        """
        settings, edit = self._plan(order_id, options)
        return SyncCall(settings, edit, proxy_note=self._transports.proxy_note).edit(self._transports.get())

    def edit_orders(
        self,
        edits: Iterable[E],
        *,
        concurrency: int = 32,
        rate: float = 250.0,
        max_failures: int | None = None,
    ) -> autoenhance.bulk.EditRun[E]:
        """Edit many orders; the results come as they finish.

        An edit that fails is a result with an error, and the others go on. Two edits of one order keep their order. The run
        stops by itself if no further edit can succeed: the key was refused (401, 403), the service responds
        with nothing but 429, or ten edits in a row do not reach it. Edits that have not begun by then stay as they are.

        Args:
            edits: `OrderEdit`s, or objects of a class of yours that extends it. They are read as it goes, on this thread: a million
                of them are never in memory.
            concurrency: How many edits may be in flight. At 300 ms an edit, 32 make about 100 edits a second.
            rate: How many requests a second there may be, retries included. The service allows 300 from one address (its
                rate-limit page). On 429 the whole run pauses, for as long as the service asks or a growing while, and that
                is no failure of an edit and no time of its `timeout`.
            max_failures: How many edits may fail; one more stops the run. None for any number.

        Returns:
            An iterator of `EditResult`, which can also be stopped and closed. It begins with the first one asked for.

        Raises:
            TypeError: If an argument has the wrong type; nothing was sent.
            ValueError: If an argument is invalid; nothing was sent.
            RuntimeError: If this client is closed.
            BulkStoppedError: Where it is iterated, after the last result, if the run stopped by itself.
        """
        limits = read_limits(concurrency, rate, max_failures)
        self._transports.get()
        from autoenhance._bulk.threads import EditRun  # a single edit has no use for it

        return EditRun(self._settings, self._transports, edits, limits)

    def close(self) -> None:
        """Close the connections, unless they are another client's. Closing twice is fine."""
        if self._owns_transports:
            self._transports.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


@expand_options
def edit_order(
    order_id: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    **options: Unpack[EditOptions],
) -> Order:
    """Edit one order with a client that lives for this call; see `Autoenhance` and `Autoenhance.edit_order`.

    For more than a few edits keep a client: it keeps the connection.

    Args:
        order_id: The id of the order.
        api_key: The account's API key; by default the environment's `AUTOENHANCE_API_KEY`.
        base_url: Where the service is; by default `AUTOENHANCE_BASE_URL`, else `https://api.autoenhance.ai` (the page).
        **options: What to set, and how the call is made; see `EditOptions`.
    """
    check_options(options, "api_key", "base_url")
    # From here on the key is in no local variable that a traceback could show.
    secret = cast("str", read_api_key(api_key))  # the constructor takes a hidden key as it is
    del api_key
    with Autoenhance(secret, base_url=base_url) as client:
        return client.edit_order(order_id, **options)
