from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal

from .edit_order_params import check_keywords
from .models.image_sort_order import ImageSortOrder
from .types import UNSET, Unset


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """One edit of an order: its id, and the values to set. UNSET values are not sent.

    Attributes:
        order_id: The id of the order.
        name: The new name of the order. The API documents no limit on its length.
        new_order_id: The new id of the order. The effect of an id other than the present one is not documented: it may be ignored, rejected, or become the id of the order.
        default_image_sort_order: The new default order of the images, for requests that do not ask for another. Since API version 2026-10-01.
        sort_images_by: The order of the images in the response. Since API version 2026-10-01.
        api_version: The API version of the response, a date. Without it, the version assigned to the account applies.
    """

    order_id: str
    name: str | Unset = field(default=UNSET, kw_only=True)
    """ The new name of the order. The API documents no limit on its length. """
    new_order_id: str | Unset = field(default=UNSET, kw_only=True)
    """ The new id of the order. The effect of an id other than the present one is not documented: it may be
    ignored, rejected, or become the id of the order. """
    default_image_sort_order: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    ) = field(default=UNSET, kw_only=True)
    """ The new default order of the images, for requests that do not ask for another. Since API version 2026-10-01. """
    sort_images_by: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    ) = field(default=UNSET, kw_only=True)
    """ The order of the images in the response. Since API version 2026-10-01. """
    api_version: str | Unset = field(default=UNSET, kw_only=True)
    """ The API version of the response, a date. Without it, the version assigned to the account applies. """


if not TYPE_CHECKING:  # type checkers report unknown keywords themselves
    _init = OrderEdit.__init__

    @wraps(_init)
    def _checked(self: OrderEdit, *args: Any, **given: Any) -> None:
        check_keywords("OrderEdit", given, OrderEdit.__dataclass_fields__)
        _init(self, *args, **given)

    OrderEdit.__init__ = _checked
