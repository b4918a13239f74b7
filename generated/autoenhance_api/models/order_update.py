from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.image_sort_order import ImageSortOrder
from ..types import UNSET, Unset

T = TypeVar("T", bound="OrderUpdate")


@_attrs_define
class OrderUpdate:
    """The changes of an edit. Newer API versions accept more fields."""

    name: str | Unset = UNSET
    """ The new name of the order. The API documents no limit on its length. """
    order_id: str | Unset = UNSET
    """ The new id of the order. The effect of an id other than the present one is not documented: it may be
    ignored,
    rejected, or become the id of the order. """
    default_image_sort_order: ImageSortOrder | Unset = UNSET
    """ The sort order of images; a minus sign reverses it. Others are possible. Since API version 2026-10-01. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)
    """ The fields that are not in the contract, by name; `model["name"]` reads them, too. """

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; UNSET fields are left out."""
        name = self.name

        order_id = self.order_id

        default_image_sort_order: str | Unset = UNSET
        if not isinstance(self.default_image_sort_order, Unset):
            default_image_sort_order = self.default_image_sort_order.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if name is not UNSET:
            field_dict["name"] = name
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if default_image_sort_order is not UNSET:
            field_dict["default_image_sort_order"] = default_image_sort_order

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        """Read the fields of a JSON object; fields that are not in the contract are kept in `additional_properties`."""
        d = dict(src_dict)
        name = d.pop("name", UNSET)

        order_id = d.pop("order_id", UNSET)

        _default_image_sort_order = d.pop("default_image_sort_order", UNSET)
        default_image_sort_order: ImageSortOrder | Unset
        if isinstance(_default_image_sort_order, Unset):
            default_image_sort_order = UNSET
        else:
            default_image_sort_order = ImageSortOrder(_default_image_sort_order)

        order_update = cls(
            name=name,
            order_id=order_id,
            default_image_sort_order=default_image_sort_order,
        )

        order_update.additional_properties = d or {}
        return order_update

    @property
    def additional_keys(self) -> list[str]:
        """The names of the fields that the contract does not have."""
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


# attrs created __init__ before these imports; typing.get_type_hints looks up its annotations here.
OrderUpdate.__init__.__globals__.update(globals())
