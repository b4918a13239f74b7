"""The sync client: its lifetime, and one call. What a call does is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack, cast

import httpx

import autoenhance  # annotations name autoenhance.bulk, which is imported when they are resolved
from autoenhance._attempt import SyncCall
from autoenhance._base_client import BaseClient, EditOptions, check_options, expand_options, order_of
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
from autoenhance._transport import Transports
from autoenhance_api.models import Order
from autoenhance_api.types import Response

if TYPE_CHECKING:
    import autoenhance.bulk


class Autoenhance(BaseClient):
    """A client that edits orders.

    Threads may share a client. Close it, or use it in a `with` statement, so that its connections are closed.

    Args:
        api_key: The account's API key; by default the environment variable `AUTOENHANCE_API_KEY`.
        base_url: The URL of the service; by default the environment variable `AUTOENHANCE_BASE_URL`, else
            `https://api.autoenhance.ai`, as the service's documentation says. It must be https, or http to this machine.
        timeout: The total timeout of one call in seconds: connecting, sending, reading, retries and waits; 30 by default,
            None for no limit. An `httpx.Timeout` limits the steps of one attempt, and `deadline` limits the call. The sync
            client does not interrupt DNS resolution.
        deadline: The total timeout in seconds, for use with an `httpx.Timeout`; 30 by default, None for no limit.
        max_retries: The maximum number of retries of a call, which are made only where safe; 2 by default. Each follows a
            random wait of at most 0.5, 1, 2, 4 and then 8 seconds, or the wait that the service asks for.
        api_version: The API version to ask for, a date such as `2025-08-31` (the service's changelog); by default the
            environment variable `AUTOENHANCE_API_VERSION`, else the version that the service assigned to the account.
        http_client: Your own `httpx.Client`, for proxies and the like; by default each client has its own connections. This
            client does not close it, and other processes cannot use it. With it, a service that sends its headers byte by
            byte can delay a call beyond `timeout`.
        max_response_bytes: The maximum size of a response in bytes, compressed or decompressed; 64 MiB by default.
        allow_insecure: Whether the key may be sent over http to another machine; False by default.
        on_retry: A function that is called with a `Retry` before each wait for another attempt; by default retries are only
            logged, on the logger `autoenhance` at level INFO. An exception that it raises ends the call.

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
            RuntimeError: If this client is closed, or its `http_client` belongs to another process.
        """
        return order_of(self.edit_order_detailed(order_id, **options))

    @expand_options
    def edit_order_detailed(
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
            RuntimeError: If this client is closed, or its `http_client` belongs to another process.
        """
        settings, edit = self._plan(order_id, options)
        return SyncCall(settings, edit, proxy_note=self._transports.proxy_note).edit(self._transports.get())

    def edit_orders(
        self,
        edits: Iterable[E],
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        rate: float = DEFAULT_RATE,
        max_failures: int | None = None,
    ) -> autoenhance.bulk.EditRun[E]:
        """Edit many orders at once, and return the results as the edits finish.

        A failed edit is a result with an error, and does not stop the others. Two edits of one order are made one after the
        other, in the given order. The run stops by itself if no further edit can succeed: the service rejects the key (401,
        403) or responds with nothing but 429, or ten edits in a row do not reach it. Edits that have not begun by then are
        not sent.

        Args:
            edits: The edits: each is an `OrderEdit`, or an object of your own class that extends it. They are read during the
                run, on the thread that asks for results, so a million edits are never in memory at once.
            concurrency: The maximum number of edits in flight; 32 by default. At 300 ms per edit, 32 make about 100 edits per
                second.
            rate: The maximum number of requests per second, retries included; 250 by default, `math.inf` for no limit. The
                service allows 300 from one IP address (its rate-limit page). After a 429 the whole run pauses, for as long as
                the service asks, else for longer each time. A pause does not make an edit fail, and does not count towards
                its `timeout`.
            max_failures: How many edits may fail; one more stops the run. None, the default, means any number.

        Returns:
            An iterator of `EditResult`, which can also be stopped and closed. The run starts when the first result is asked
            for.

        Raises:
            TypeError: If an argument has the wrong type; from the iterator, if an edit is not an `OrderEdit`.
            ValueError: If an argument is invalid; nothing was sent.
            RuntimeError: If this client is closed, or its `http_client` belongs to another process.
            BulkStoppedError: From the iterator, after the last result, if the run stopped by itself.
        """
        limits = read_limits(concurrency, rate, max_failures)
        self._transports.get()
        from autoenhance._bulk.threads import EditRun  # a single edit has no use for it

        return EditRun(self._settings, self._transports, edits, limits)

    def close(self) -> None:
        """Close the connections. A client made by `with_options` leaves them open; closing twice is allowed."""
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
    """Edit one order with a client that exists only for this call, and return the edited order.

    For more than a few edits, use an `Autoenhance`, which keeps its connections open.

    Args:
        order_id: The id of the order.
        api_key: The account's API key; by default the environment variable `AUTOENHANCE_API_KEY`.
        base_url: The URL of the service; by default the environment variable `AUTOENHANCE_BASE_URL`, else
            `https://api.autoenhance.ai`, as the service's documentation says. It must be https, or http to this machine.
        **options: What to set, and how the call is made; see `EditOptions`.

    Returns:
        The order as the service returned it. Each of its fields may be None or UNSET; both are false.

    Raises:
        TypeError: If an argument is not known or has the wrong type; nothing was sent.
        ValueError: If there is no API key, an argument is invalid, or no changes are given; nothing was sent.
        AutoenhanceError: If the edit failed, as in `Autoenhance.edit_order`.
    """
    check_options(options, "api_key", "base_url")
    # From here on the key is in no local variable that a traceback could show.
    secret = cast("str", read_api_key(api_key))  # the constructor takes a hidden key as it is
    del api_key
    with Autoenhance(secret, base_url=base_url) as client:
        return client.edit_order(order_id, **options)
