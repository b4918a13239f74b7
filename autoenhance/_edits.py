"""What goes into a bulk run, and what comes out of it."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from autoenhance_api.types import UNSET, Unset

if TYPE_CHECKING:
    from autoenhance.models import Order


class OrderEditLike(Protocol):
    """Anything that says which order gets which name or id: an `OrderEdit`, or an object of yours with these attributes."""

    @property
    def order_id(self) -> str:
        """The id of the order."""
        ...  # without it pyright takes this for a function that returns nothing

    @property
    def name(self) -> str | Unset | None:
        """The name that it gets; UNSET leaves it as it is."""

    @property
    def new_order_id(self) -> str | Unset | None:
        """The id that it gets; UNSET leaves it as it is."""


_logger = logging.getLogger("autoenhance")
E = TypeVar("E", bound=OrderEditLike)
E_co = TypeVar("E_co", bound=OrderEditLike, covariant=True)


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """One edit of a bulk run: the arguments of `edit_order`.

    Attributes:
        order_id: The id of the order.
        name: The name that it gets.
        new_order_id: The id that it gets. What the service does with another id is not documented.
    """

    order_id: str
    name: str | Unset | None = UNSET
    new_order_id: str | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class EditResult(Generic[E_co]):
    """What became of one edit of a bulk run.

    Attributes:
        edit: The edit, the very object that was given.
        order: The order as it is afterwards; None if the edit failed.
        error: Why it failed: an `AutoenhanceError`, a `ValueError` or a `TypeError` if it was no use to send it, or what
            `on_retry` or an attribute of the edit raised; None if it did not fail.
        attempts: How many requests were sent.
        seconds: How long it took from its first request on, waits included.
    """

    edit: E_co
    order: Order | None
    error: Exception | None
    attempts: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the service accepted the edit and its answer is an order."""
        return self.error is None


def tell_untaken(result: EditResult[Any]) -> None:
    """Log what became of an edit, because nobody is there any more to take it."""
    became = "was edited" if result.ok else f"failed ({result.error})"
    order_id = "?"
    with suppress(Exception):  # it may be no edit at all
        order_id = result.edit.order_id
    _logger.warning("order %s: %s, after its bulk run had been left", order_id, became)
