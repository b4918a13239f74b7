"""What an edit of a bulk run must have. Apart from the other types, because clients name it and import nothing else of those."""

from __future__ import annotations

from typing import Protocol, TypeVar


class OrderEditLike(Protocol):
    """Anything that says which order to edit: an `OrderEdit`, or an object of yours with some of its attributes.

    What to set is read from the attributes that are there, of those that an `OrderEdit` has.
    """

    @property
    def order_id(self) -> str:
        """The id of the order."""
        ...  # without it pyright takes this for a function that returns nothing


E = TypeVar("E", bound=OrderEditLike)
E_co = TypeVar("E_co", bound=OrderEditLike, covariant=True)
