"""The edits and results of a bulk run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias

from autoenhance._bulk.typevars import E, E_co
from autoenhance_api.models import Order
from autoenhance_api.order_edit import OrderEdit

__all__ = ["EditFailure", "EditResult", "EditSuccess", "OrderEdit"]


@dataclass(frozen=True, slots=True)
class EditSuccess(Generic[E_co]):
    """An edit of a bulk run that the service accepted.

    Attributes:
        edit: The given object itself, not a copy.
        order: The order as the service returned it.
        error: Always None.
        attempts: How many requests were sent, retries included.
        seconds: How long the edit took in seconds, from its first request on, waits included.
        ok: Always True.
    """

    edit: E_co
    order: Order
    attempts: int
    seconds: float
    error: None = field(default=None, init=False)
    ok: Literal[True] = field(default=True, init=False)


@dataclass(frozen=True, slots=True)
class EditFailure(Generic[E_co]):
    """An edit of a bulk run that failed.

    Attributes:
        edit: The given object itself, not a copy.
        order: Always None.
        error: Why it failed: an `AutoenhanceError`; a `ValueError` or `TypeError` if the edit is invalid and was not sent;
            or an exception that `on_retry` or an attribute of the edit raised.
        attempts: How many requests were sent, retries included.
        seconds: How long the edit took in seconds, from its first request on, waits included.
        ok: Always False.
    """

    edit: E_co
    error: Exception
    attempts: int
    seconds: float
    order: None = field(default=None, init=False)
    ok: Literal[False] = field(default=False, init=False)


EditResult: TypeAlias = EditSuccess[E] | EditFailure[E]
"""The result of one edit of a bulk run: an `EditSuccess` if `result.ok`, or `result.error is None`; else an `EditFailure`."""
