from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal

from .edit_order_params import check_keywords
from .models.image_sort_order import ImageSortOrder
from .types import UNSET, Unset


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """One edit of an order: its id, and what to set. What is UNSET is not sent.

    Attributes:
        order_id: The id of the order.
        name: The name that the order gets. The service states no limit on its length.
        new_order_id: The id that the order is to have. What another id than the present one does is not documented: it may be ignored, refused, or become the id under which the order lives from then on.
        default_image_sort_order: The order that the images are to have where no other is asked for. Since API version 2026-10-01.
        sort_images_by: The order of the images in the response. Since API version 2026-10-01.
        api_version: The API version to answer in, a date. Without it the version assigned to the account applies.
    """

    order_id: str
    name: str | Unset = field(default=UNSET, kw_only=True)
    """ The name that the order gets. The service states no limit on its length. """
    new_order_id: str | Unset = field(default=UNSET, kw_only=True)
    """ The id that the order is to have. What another id than the present one does is not documented: it may be
    ignored, refused, or become the id under which the order lives from then on. """
    default_image_sort_order: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    ) = field(default=UNSET, kw_only=True)
    """ The order that the images are to have where no other is asked for. Since API version 2026-10-01. """
    sort_images_by: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    ) = field(default=UNSET, kw_only=True)
    """ The order of the images in the response. Since API version 2026-10-01. """
    api_version: str | Unset = field(default=UNSET, kw_only=True)
    """ The API version to answer in, a date. Without it the version assigned to the account applies. """


if not TYPE_CHECKING:  # type checkers know the keywords, and say the same
    _init = OrderEdit.__init__

    @wraps(_init)
    def _checked(self: OrderEdit, *args: Any, **given: Any) -> None:
        check_keywords("OrderEdit", given, OrderEdit.__dataclass_fields__)
        _init(self, *args, **given)

    OrderEdit.__init__ = _checked
