"""What the sync and the async client have in common: settings, and a copy with other ones."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Self, cast

from autoenhance._settings import (
    NOT_GIVEN,
    NotGiven,
    Settings,
    check_api_version,
    check_max_retries,
    read_deadline,
)

if TYPE_CHECKING:
    import httpx

    from autoenhance_api.models import Order
    from autoenhance_api.types import Response


class Options:
    """A client's settings, and whether its connections are its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owns_connections = True

    def with_options(
        self,
        *,
        timeout: float | httpx.Timeout | NotGiven | None = NOT_GIVEN,
        deadline: float | NotGiven | None = NOT_GIVEN,
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
        if timeout is not NOT_GIVEN or deadline is not NOT_GIVEN:
            timeout = settings.timeout if timeout is NOT_GIVEN else timeout
            settings = settings._replace(timeout=timeout, deadline=read_deadline(timeout, deadline))
        if max_retries is not NOT_GIVEN:
            settings = settings._replace(max_retries=check_max_retries(max_retries))
        if api_version is not NOT_GIVEN:
            settings = settings._replace(api_version=check_api_version(api_version))
        other = copy.copy(self)
        other._settings = settings  # noqa: SLF001  # a copy of this very object
        other._owns_connections = False  # noqa: SLF001
        return other

    def __repr__(self) -> str:
        settings = getattr(self, "_settings", None)
        if settings is None:  # a traceback shows clients, too, whose arguments were refused
            return f"<{type(self).__name__} without settings>"
        return (
            f"{type(self).__name__}(base_url={settings.base_url!r}, timeout={settings.timeout!r}, "
            f"deadline={settings.deadline!r}, max_retries={settings.max_retries!r}, api_version={settings.api_version!r})"
        )


def order_of(response: Response[Order]) -> Order:
    """The order of an answer that a call returned."""
    # A success always has one: the call raised otherwise.
    return cast("Order", response.parsed)
