"""The sync client: its lifetime, and one call. What a call does is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from autoenhance._connections import Connections
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
from autoenhance._transport import SyncCall
from autoenhance_api.types import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    import httpx

    from autoenhance._edits import E
    from autoenhance._sync_run import EditRun
    from autoenhance.models import Order, Response


class Autoenhance(Options):
    """A client that edits orders.

    It may be shared by threads. Close it, or use it in a `with` statement, so that its connections are closed.

    Args:
        api_key: The account's API key; by default the environment's `AUTOENHANCE_API_KEY`.
        base_url: Where the service is; by default `AUTOENHANCE_BASE_URL`, else `https://api.autoenhance.ai` (the page).
            Only https, or http to this machine.
        timeout: The whole patience of one call in seconds: connecting, sending, reading, retries and waits. None waits for
            ever. An `httpx.Timeout` bounds the steps of one attempt, and `deadline` the call. Only the system's look-up of
            a host's name is not interrupted by the sync client.
        deadline: The whole patience in seconds beside an `httpx.Timeout`; 30 by default, None waits for ever.
        max_retries: How many times a call is tried again when that is safe.
        api_version: The API version to ask for, a date such as `2025-08-31` (the service's changelog); by default
            `AUTOENHANCE_API_VERSION`, else the version that the service assigned to the account.
        http_client: An httpx client of your own, for proxies and the like. It is not closed by this one, stays in its
            process, and (sync) may be held up beyond `timeout` by a service that sends its headers byte by byte.
        max_response_bytes: The longest answer that is read, packed or unpacked; 64 MiB by default.
        allow_insecure: Whether the key may go over http to another machine.
        on_retry: A function that is called before each wait for another attempt. What it raises ends the call.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If there is no API key, or an argument is of no use.
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
        self._connections = Connections(http_client, self._settings)

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
            RuntimeError: If this client is closed.
        """
        return order_of(
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
        return SyncCall(self._connections.get(), self._settings, edit).edit()

    def edit_orders(
        self,
        edits: Iterable[E],
        *,
        concurrency: int = 32,
        rate: float = 250.0,
        max_failures: int | None = None,
    ) -> EditRun[E]:
        """Edit many orders; the results come as they finish.

        An edit that fails is a result with an error, and the others go on. Two edits of one order keep their order. The run
        stops by itself if no further edit can succeed: the key was refused (401, 403), or the service answers nothing but
        429. Edits that have not begun by then stay as they are.

        Args:
            edits: `OrderEdit`s, or objects of yours with its attributes. They are read as it goes, on this thread: a million
                of them never stand in memory.
            concurrency: How many edits may be on their way at once. At 300 ms an edit, 32 make about 100 edits a second.
            rate: How many requests a second there may be, retries included. The service allows 300 from one address (its
                rate-limit page). On 429 the whole run pauses, for as long as the service asks or a growing while, and that
                is no failure of an edit and no time of its `timeout`.
            max_failures: How many edits may fail; one more stops the run. None for any number.

        Returns:
            An iterator of `EditResult`, which can also be stopped and closed. It begins with the first one asked for.

        Raises:
            TypeError: If an argument has the wrong type; nothing was sent.
            ValueError: If an argument is of no use, or the client has an `http_client` of yours, which cannot make many
                edits at once: an `AsyncAutoenhance` with an `httpx.AsyncClient` can. Nothing was sent.
            RuntimeError: If this client is closed.
            BulkStoppedError: Where it is iterated, after the last result, if the run stopped by itself.
        """
        from autoenhance._limits import read_limits
        from autoenhance._sync_run import EditRun

        limits = read_limits(concurrency, rate, max_failures)
        self._connections.check_bulk()
        return EditRun(self._settings, edits, limits)

    def close(self) -> None:
        """Close the connections, unless they are another client's. Closing twice is fine."""
        if self._owns_connections:
            self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


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
    # From here on the key stands in no local variable that a traceback could show.
    secret = cast("str", read_api_key(api_key))  # the constructor takes a hidden key as it is
    del api_key
    with Autoenhance(
        secret, base_url=base_url, timeout=timeout, max_retries=max_retries, api_version=api_version
    ) as client:
        return client.edit_order(
            order_id,
            name=name,
            new_order_id=new_order_id,
            extra_body=extra_body,
            extra_query=extra_query,
            extra_headers=extra_headers,
        )
