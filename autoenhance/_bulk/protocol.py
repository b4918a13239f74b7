"""What an edit of a bulk run must have. Apart from the other types, because clients name it and import nothing else of those."""

from __future__ import annotations

from typing import Protocol, TypeVar

from autoenhance_api.types import Unset


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


E = TypeVar("E", bound=OrderEditLike)
E_co = TypeVar("E_co", bound=OrderEditLike, covariant=True)
