from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypedDict

from .models.image_sort_order import ImageSortOrder
from .types import Unset


class EditOrderParams(TypedDict, total=False):
    """The keywords of an edit of an order. Keywords that are left out, or UNSET, are not sent."""

    name: str | Unset
    """ The new name of the order. The API documents no limit on its length. """
    new_order_id: str | Unset
    """ The new id of the order. The effect of an id other than the present one is not documented: it may be
    ignored, rejected, or become the id of the order. """
    default_image_sort_order: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    )
    """ The new default order of the images, for requests that do not ask for another. Since API version 2026-10-01. """
    sort_images_by: (
        ImageSortOrder | Literal["name", "-name", "date_added", "-date_added", "custom"] | Unset
    )
    """ The order of the images in the response. Since API version 2026-10-01. """
    api_version: str | Unset
    """ The API version of the response, a date. Without it, the version assigned to the account applies. """


class Param(NamedTuple):
    """A keyword of `EditOrderParams`, and its place in the request."""

    keyword: str
    location: Literal["body", "query", "header"]
    wire_name: str
    """ Its name in the request. """
    python_name: str
    """ Its name in the model of the body, or in the generated function. """
    is_required: bool
    description: str


PARAMS: tuple[Param, ...] = (
    Param(
        "name",
        "body",
        "name",
        "name",
        False,
        "The new name of the order. The API documents no limit on its length.",
    ),
    Param(
        "new_order_id",
        "body",
        "order_id",
        "order_id",
        False,
        "The new id of the order. The effect of an id other than the present one is not documented: it may be ignored, rejected, or become the id of the order.",
    ),
    Param(
        "default_image_sort_order",
        "body",
        "default_image_sort_order",
        "default_image_sort_order",
        False,
        "The new default order of the images, for requests that do not ask for another. Since API version 2026-10-01.",
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
        "The API version of the response, a date. Without it, the version assigned to the account applies.",
    ),
)


def check_keywords(function: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Make sure that each keyword argument of a function is known.

    Raises:
        TypeError: If one is not; the message suggests the most similar keyword.
    """
    known = list(known)
    for keyword in given:
        if keyword not in known:
            hint = f"; did you mean {near!r}?" if (near := nearest(keyword, known)) else ""
            raise TypeError(f"{function}() got an unexpected keyword argument {keyword!r}{hint}")


def nearest(text: object, known: Iterable[object]) -> str:
    """Return the known value that is most similar to a text; an empty string if none is similar."""
    from difflib import get_close_matches  # noqa: PLC0415  # slow to import, and rarely needed

    return next(iter(get_close_matches(str(text), list(map(str, known)), 1)), "")


# The other names are for autoenhance, and not public.
__all__ = ["EditOrderParams"]
