from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from .edit_order_params import check_keywords
from .types import UNSET, Unset


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """One edit of an order: its id, and what to set. What is UNSET is not sent.

    Attributes:
        order_id: The id of the order.
        name: The name that the order gets. The service states no limit on its length.
        new_order_id: The id that the order is to have. What another id than the present one does is not documented: it may be ignored, refused, or become the id under which the order lives from then on.
        api_version: The API version to answer in, a date. Without it the version assigned to the account applies.
    """

    order_id: str
    name: str | Unset = field(default=UNSET, kw_only=True)
    """ The name that the order gets. The service states no limit on its length. """
    new_order_id: str | Unset = field(default=UNSET, kw_only=True)
    """ The id that the order is to have. What another id than the present one does is not documented: it may be
    ignored, refused, or become the id under which the order lives from then on. """
    api_version: str | Unset = field(default=UNSET, kw_only=True)
    """ The API version to answer in, a date. Without it the version assigned to the account applies. """


if not TYPE_CHECKING:  # type checkers know the keywords, and say the same
    _init = OrderEdit.__init__

    @wraps(_init)
    def _checked(self: OrderEdit, *args: Any, **given: Any) -> None:
        check_keywords("OrderEdit", given, OrderEdit.__dataclass_fields__)
        _init(self, *args, **given)

    OrderEdit.__init__ = _checked
