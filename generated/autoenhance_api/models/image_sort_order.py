from enum import StrEnum


class ImageSortOrder(StrEnum):
    """The sort order of images; a minus sign reverses it. Others are possible. Since API version 2026-10-01."""

    CUSTOM = "custom"
    DATE_ADDED = "date_added"
    DATE_ADDED_DESCENDING = "-date_added"
    NAME = "name"
    NAME_DESCENDING = "-name"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "ImageSortOrder | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __reduce_ex__(self, proto: object) -> "tuple[type[ImageSortOrder], tuple[str]]":
        return type(self), (self._value_,)
