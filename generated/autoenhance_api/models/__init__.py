"""Contains all the data models used in inputs/outputs"""

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
