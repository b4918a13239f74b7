from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypedDict

from .models.image_sort_order import ImageSortOrder
from .types import Unset


class EditOrderParams(TypedDict, total=False):
    """What an edit of an order can set, as keywords. What is left out, or UNSET, is not sent."""

    name: str | Unset
    """ The name that the order gets. The service states no limit on its length. """
    new_order_id: str | Unset
    """ The id that the order is to have. What another id than the present one does is not documented: it may be
    ignored, refused, or become the id under which the order lives from then on. """
    default_image_sort_order: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    )
    """ The order that the images are to have where no other is asked for. Since API version 2026-10-01. """
    sort_images_by: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    )
    """ The order of the images in the response. Since API version 2026-10-01. """
    api_version: str | Unset
    """ The API version to answer in, a date. Without it the version assigned to the account applies. """


class Param(NamedTuple):
    """A keyword of `EditOrderParams`, and where it goes."""

    keyword: str
    location: Literal["body", "query", "header"]
    wire_name: str
    """ Its name in the request. """
    python_name: str
    """ Its name in the model of the body, or in the function of the operation. """
    is_required: bool
    description: str


PARAMS: tuple[Param, ...] = (
    Param(
        "name",
        "body",
        "name",
        "name",
        False,
        "The name that the order gets. The service states no limit on its length.",
    ),
    Param(
        "new_order_id",
        "body",
        "order_id",
        "order_id",
        False,
        "The id that the order is to have. What another id than the present one does is not documented: it may be ignored, refused, or become the id under which the order lives from then on.",
    ),
    Param(
        "default_image_sort_order",
        "body",
        "default_image_sort_order",
        "default_image_sort_order",
        False,
        "The order that the images are to have where no other is asked for. Since API version 2026-10-01.",
    ),
    Param(
        "sort_images_by",
        "query",
        "sort_images_by",
        "sort_images_by",
        False,
        "The order of the images in the response. Since API version 2026-10-01.",
    ),
    Param(
        "api_version",
        "header",
        "x-api-version",
        "x_api_version",
        False,
        "The API version to answer in, a date. Without it the version assigned to the account applies.",
    ),
)


def check_keywords(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Make sure that each keyword that a function was given is known.

    Raises:
        TypeError: If one is not; it names the nearest that is.
    """
    known = list(known)
    for keyword in given:
        if keyword not in known:
            hint = f"; did you mean {near!r}?" if (near := nearest(keyword, known)) else ""
            raise TypeError(f"{function}() got an unexpected keyword argument {keyword!r}{hint}")


def nearest(text: object, known: Iterable[object]) -> str:
    """The known value that a text was probably meant to be; empty if it is like none."""
    from difflib import get_close_matches  # noqa: PLC0415  # slow to import, and seldom needed

    return next(iter(get_close_matches(str(text), list(map(str, known)), 1)), "")


# The rest is for the facade, and no promise.
__all__ = ["EditOrderParams"]
