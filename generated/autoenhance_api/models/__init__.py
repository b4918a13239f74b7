"""Contains all the data models used in inputs/outputs"""

from typing import TYPE_CHECKING

__all__ = (
    "CloudType",
    "EnhanceType",
    "ErrorBody",
    "ErrorDetail",
    "FieldMessages",
    "FinetuneSettings",
    "Image",
    "ImageMetadata",
    "ImageSortOrder",
    "ImageStatus",
    "Order",
    "OrderStatus",
    "OrderUpdate",
    "ValidationDetail",
    "ValidationErrorBody",
    "WindowPullType",
)

_MODULES = {
    "CloudType": ".cloud_type",
    "EnhanceType": ".enhance_type",
    "ErrorBody": ".error_body",
    "ErrorDetail": ".error_detail",
    "FieldMessages": ".field_messages",
    "FinetuneSettings": ".finetune_settings",
    "Image": ".image",
    "ImageMetadata": ".image_metadata",
    "ImageSortOrder": ".image_sort_order",
    "ImageStatus": ".image_status",
    "Order": ".order",
    "OrderStatus": ".order_status",
    "OrderUpdate": ".order_update",
    "ValidationDetail": ".validation_detail",
    "ValidationErrorBody": ".validation_error_body",
    "WindowPullType": ".window_pull_type",
}

if not TYPE_CHECKING:  # a type checker would take any name for a model

    def __getattr__(name):
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        model = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = model
        return model

else:
    from .cloud_type import CloudType
    from .enhance_type import EnhanceType
    from .error_body import ErrorBody
    from .error_detail import ErrorDetail
    from .field_messages import FieldMessages
    from .finetune_settings import FinetuneSettings
    from .image import Image
    from .image_metadata import ImageMetadata
    from .image_sort_order import ImageSortOrder
    from .image_status import ImageStatus
    from .order import Order
    from .order_status import OrderStatus
    from .order_update import OrderUpdate
    from .validation_detail import ValidationDetail
    from .validation_error_body import ValidationErrorBody
    from .window_pull_type import WindowPullType


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
