"""What the sync and the async client have in common: settings, and a copy with other ones."""

from __future__ import annotations

import copy
from typing import Self, cast

import httpx

from autoenhance._settings import NOT_GIVEN, NotGiven, Settings, change_settings
from autoenhance_api.models import Order
from autoenhance_api.types import Response


class BaseClient:
    """What the sync and the async client have in common: settings, and whether the transports are closed with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owns_transports = True

    def with_options(
        self,
        *,
        timeout: float | httpx.Timeout | NotGiven | None = NOT_GIVEN,
        deadline: float | NotGiven | None = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        api_version: str | NotGiven | None = NOT_GIVEN,
    ) -> Self:
        """Return a client with other options that shares this one's connections.

        What is left out stays as it is here; so does `deadline` if an `httpx.Timeout` is given. Closing the copy leaves the
        connections open; closing this client closes them for both.

        Raises:
            TypeError: If an option has the wrong type.
            ValueError: If an option is invalid, such as a negative timeout.
        """
        settings = change_settings(
            self._settings, timeout=timeout, deadline=deadline, max_retries=max_retries, api_version=api_version
        )
        other = copy.copy(self)
        other._settings = settings  # noqa: SLF001  # a copy of this very object
        other._owns_transports = False  # noqa: SLF001
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
    """The order of a response that a call returned."""
    # A success always has one: the call raised otherwise.
    return cast("Order", response.parsed)
