"""What the sync and the async client share: settings, copies with other settings, and the keywords of an edit."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar, cast

import httpx

from autoenhance._edit import Edit, plan_edit
from autoenhance._settings import NOT_GIVEN, NotGiven, Settings, change_settings
from autoenhance_api.edit_order_params import PARAMS, EditOrderParams, check_keywords
from autoenhance_api.models import Order
from autoenhance_api.types import UNSET, Response

F = TypeVar("F", bound=Callable[..., Any])


class EditOptions(EditOrderParams, total=False):
    """The keywords of `edit_order`: what an edit can set, according to the contract, and how the call is made.

    It is a TypedDict, for `Unpack` and for dicts of keywords. Keywords that are left out, or UNSET, are not sent.

    Attributes:
        extra_body: Body fields that are not in the contract; by default None. They may be null.
        extra_query: Query parameters that are not in the contract; by default None.
        extra_headers: Additional headers; by default None. They cannot replace the API key or the content type.
        timeout: The total timeout of this call in seconds; by default the client's, which is 30 unless set.
        max_retries: The maximum number of retries of this call; by default the client's, which is 2 unless set.
    """

    extra_body: Mapping[str, Any] | None
    extra_query: Mapping[str, Any] | None
    extra_headers: Mapping[str, str] | None
    timeout: float | httpx.Timeout | NotGiven | None
    max_retries: int | NotGiven


def expand_options(function: F) -> F:
    """Show each keyword of `**options` in the signature and the docstring that `help()` and notebooks show."""
    signature = inspect.signature(function)
    *named, _ = signature.parameters.values()
    defaults = {
        **{param.keyword: inspect.Parameter.empty if param.is_required else UNSET for param in PARAMS},
        **dict.fromkeys(("extra_body", "extra_query", "extra_headers")),
        **dict.fromkeys(("timeout", "max_retries"), NOT_GIVEN),
    }
    keywords = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=kind.__forward_arg__)
        for name, kind in EditOptions.__annotations__.items()
    ]
    function.__signature__ = signature.replace(parameters=[*named, *keywords])  # type: ignore[attr-defined]  # a function
    if function.__doc__ and EditOptions.__doc__:  # python -OO has none
        described = (f"{param.keyword}: {param.description}" for param in PARAMS)
        rest = inspect.cleandoc(EditOptions.__doc__).partition("Attributes:\n")[2]
        lines = [*described, *(line.strip() for line in rest.splitlines())]
        function.__doc__ = re.sub(
            r"( +)\*\*options: .*", lambda found: "\n".join(found[1] + line for line in lines), function.__doc__
        )
    return function


def check_options(options: Mapping[str, object], *others: str) -> None:
    """Check that each keyword of a call is known.

    Raises:
        TypeError: If one is not; it names the nearest that is, also of the others.
    """
    check_keywords("edit_order", options, [*EditOptions.__annotations__, *others])


class BaseClient:
    """What the sync and the async client share: the settings, and whether closing it closes the transports."""

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
        """Return a client that has other options and shares this client's connections.

        Closing the new client leaves the connections open; closing this client closes them for both. Options that are left
        out keep this client's values.

        Args:
            timeout: The total timeout of one call in seconds, None for no limit, or an `httpx.Timeout` for the steps of one
                attempt, which leaves `deadline` unchanged.
            deadline: The total timeout in seconds, for use with an `httpx.Timeout`; None for no limit.
            max_retries: The maximum number of retries of a call, which are made only where safe.
            api_version: The API version to ask for, a date; None for the version that the service assigned to the account.

        Returns:
            A client of the same class.

        Raises:
            TypeError: If an option has the wrong type.
            ValueError: If an option is invalid, such as a negative timeout.
        """
        settings = change_settings(
            self._settings, timeout=timeout, deadline=deadline, max_retries=max_retries, api_version=api_version
        )
        other = copy.copy(self)
        other._settings = settings  # noqa: SLF001  # a copy of this object
        other._owns_transports = False  # noqa: SLF001
        return other

    def _plan(self, order_id: str, options: Mapping[str, Any]) -> tuple[Settings, Edit]:
        """Return the settings of one call, and its edit.

        Raises:
            TypeError: If an option is not known, or has the wrong type.
            ValueError: If an option is invalid, or no changes are given.
        """
        check_options(options)
        edit = plan_edit(order_id, options)
        timeout, max_retries = options.get("timeout", NOT_GIVEN), options.get("max_retries", NOT_GIVEN)
        return change_settings(self._settings, timeout=timeout, max_retries=max_retries), edit

    def __repr__(self) -> str:
        settings = getattr(self, "_settings", None)
        if settings is None:  # tracebacks also show clients whose arguments were invalid
            return f"<{type(self).__name__} without settings>"
        return (
            f"{type(self).__name__}(base_url={settings.base_url!r}, timeout={settings.timeout!r}, "
            f"deadline={settings.deadline!r}, max_retries={settings.max_retries!r}, api_version={settings.api_version!r})"
        )


def order_of(response: Response[Order]) -> Order:
    """Return the order of a successful response."""
    # A success always has one, or the call would have raised.
    return cast("Order", response.parsed)
