from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.image_sort_order import ImageSortOrder
from ..models.order_status import OrderStatus
from ..types import UNSET, Unset, received_texts

T = TypeVar("T", bound="Order")


@_attrs_define
class Order:
    """A set of images that are enhanced together, with its state."""

    created_at: datetime.datetime | None | Unset = UNSET
    """ When the order was created. Also observed without a time zone; it is then read as UTC. """
    default_image_sort_order: ImageSortOrder | None | Unset = UNSET
    """ The default order of the images. Its presence in an order is inferred from the request body. Since API
    version 2026-10-01. """
    images: list[Image] | None | Unset = UNSET
    """ The images of the order. """
    is_deleted: bool | None | Unset = UNSET
    """ Whether the order was deleted. """
    is_merging: bool | None | Unset = UNSET
    """ Whether bracketed exposures are being grouped and merged into one image each. """
    is_processing: bool | None | Unset = UNSET
    """ Whether images are still being enhanced. False means that the order is complete. """
    last_updated_at: datetime.datetime | None | Unset = UNSET
    """ When the order last changed. Also observed without a time zone; it is then read as UTC. """
    name: None | str | Unset = UNSET
    """ The name of the order. """
    order_id: None | str | Unset = UNSET
    """ The id of the order. """
    status: None | OrderStatus | Unset = UNSET
    """ The processing status of the order. The page's example has null. """
    total_images: int | None | Unset = UNSET
    """ How many images the order has. The service's SDK calls it a number, but a count is an integer. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)
    """ The fields that are not in the contract, by name; `model["name"]` reads them, too. """
    _received: dict[str, tuple[str, str]] = _attrs_field(
        init=False, factory=dict, repr=False, eq=False
    )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; UNSET fields are left out."""
        created_at: None | str | Unset
        if isinstance(self.created_at, Unset):
            created_at = UNSET
        elif isinstance(self.created_at, datetime.datetime):
            created_at = self.created_at.isoformat()
        else:
            created_at = self.created_at

        default_image_sort_order: None | str | Unset
        if isinstance(self.default_image_sort_order, Unset):
            default_image_sort_order = UNSET
        elif isinstance(self.default_image_sort_order, ImageSortOrder):
            default_image_sort_order = self.default_image_sort_order.value
        else:
            default_image_sort_order = self.default_image_sort_order

        images: list[dict[str, Any]] | None | Unset
        if isinstance(self.images, Unset):
            images = UNSET
        elif isinstance(self.images, list):
            images = []
            for images_type_0_item_data in self.images:
                images_type_0_item = images_type_0_item_data.to_dict()
                images.append(images_type_0_item)

        else:
            images = self.images

        is_deleted: bool | None | Unset
        if isinstance(self.is_deleted, Unset):
            is_deleted = UNSET
        else:
            is_deleted = self.is_deleted

        is_merging: bool | None | Unset
        if isinstance(self.is_merging, Unset):
            is_merging = UNSET
        else:
            is_merging = self.is_merging

        is_processing: bool | None | Unset
        if isinstance(self.is_processing, Unset):
            is_processing = UNSET
        else:
            is_processing = self.is_processing

        last_updated_at: None | str | Unset
        if isinstance(self.last_updated_at, Unset):
            last_updated_at = UNSET
        elif isinstance(self.last_updated_at, datetime.datetime):
            last_updated_at = self.last_updated_at.isoformat()
        else:
            last_updated_at = self.last_updated_at

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        order_id: None | str | Unset
        if isinstance(self.order_id, Unset):
            order_id = UNSET
        else:
            order_id = self.order_id

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, OrderStatus):
            status = self.status.value
        else:
            status = self.status

        total_images: int | None | Unset
        if isinstance(self.total_images, Unset):
            total_images = UNSET
        else:
            total_images = self.total_images

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if default_image_sort_order is not UNSET:
            field_dict["default_image_sort_order"] = default_image_sort_order
        if images is not UNSET:
            field_dict["images"] = images
        if is_deleted is not UNSET:
            field_dict["is_deleted"] = is_deleted
        if is_merging is not UNSET:
            field_dict["is_merging"] = is_merging
        if is_processing is not UNSET:
            field_dict["is_processing"] = is_processing
        if last_updated_at is not UNSET:
            field_dict["last_updated_at"] = last_updated_at
        if name is not UNSET:
            field_dict["name"] = name
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if status is not UNSET:
            field_dict["status"] = status
        if total_images is not UNSET:
            field_dict["total_images"] = total_images
        for _name, (_written, _text) in self._received.items():
            if field_dict.get(_name) == _written:
                field_dict[_name] = _text

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        """Read the fields of a JSON object; fields that are not in the contract are kept in `additional_properties`."""
        d = dict(src_dict)

        created_at = _parse_created_at(d.pop("created_at", UNSET))

        default_image_sort_order = _parse_default_image_sort_order(
            d.pop("default_image_sort_order", UNSET)
        )

        images = _parse_images(d.pop("images", UNSET))

        is_deleted = d.pop("is_deleted", UNSET)

        is_merging = d.pop("is_merging", UNSET)

        is_processing = d.pop("is_processing", UNSET)

        last_updated_at = _parse_last_updated_at(d.pop("last_updated_at", UNSET))

        name = d.pop("name", UNSET)

        order_id = d.pop("order_id", UNSET)

        status = _parse_status(d.pop("status", UNSET))

        total_images = d.pop("total_images", UNSET)

        order = cls(
            created_at=created_at,
            default_image_sort_order=default_image_sort_order,
            images=images,
            is_deleted=is_deleted,
            is_merging=is_merging,
            is_processing=is_processing,
            last_updated_at=last_updated_at,
            name=name,
            order_id=order_id,
            status=status,
            total_images=total_images,
        )

        order.additional_properties = d or {}
        order._received = received_texts(
            src_dict, {"created_at": created_at, "last_updated_at": last_updated_at}
        )
        return order

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


def _parse_created_at(data: object) -> datetime.datetime | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        from autoenhance_api.types import parse_timestamp

        created_at_type_0 = parse_timestamp(data)

        return created_at_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(datetime.datetime | None | Unset, data)


def _parse_default_image_sort_order(data: object) -> ImageSortOrder | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        default_image_sort_order_type_0 = ImageSortOrder(data)

        return default_image_sort_order_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(ImageSortOrder | None | Unset, data)


def _parse_images(data: object) -> list[Image] | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, list):
            raise TypeError()
        images_type_0 = []
        _images_type_0 = data
        for images_type_0_item_data in _images_type_0:
            images_type_0_item = Image.from_dict(images_type_0_item_data)

            images_type_0.append(images_type_0_item)

        return images_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(list[Image] | None | Unset, data)


def _parse_last_updated_at(data: object) -> datetime.datetime | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        from autoenhance_api.types import parse_timestamp

        last_updated_at_type_0 = parse_timestamp(data)

        return last_updated_at_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(datetime.datetime | None | Unset, data)


def _parse_status(data: object) -> None | OrderStatus | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        status_type_0 = OrderStatus(data)

        return status_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(None | OrderStatus | Unset, data)


from ..models.image import Image

# attrs created __init__ before these imports; typing.get_type_hints looks up its annotations here.
Order.__init__.__globals__.update(globals())
