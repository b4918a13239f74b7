"""Type variables of bulk runs, in a module of their own so that clients need not import `_bulk.types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from autoenhance_api.order_edit import OrderEdit

E = TypeVar("E", bound="OrderEdit")
E_co = TypeVar("E_co", bound="OrderEdit", covariant=True)
