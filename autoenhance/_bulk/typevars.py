"""The kind of edit that a bulk run is given, and gives back. Apart from the types, because clients name it and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from autoenhance_api.order_edit import OrderEdit

E = TypeVar("E", bound="OrderEdit")
E_co = TypeVar("E_co", bound="OrderEdit", covariant=True)
