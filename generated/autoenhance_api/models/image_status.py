from enum import StrEnum


class ImageStatus(StrEnum):
    """The processing status of an image. `expired` comes from the service's SDK; the rest are the values of an
    order's status (inferred). Others are possible."""

    ERROR = "error"
    EXPIRED = "expired"
    PROCESSED = "processed"
    PROCESSING = "processing"
    WAITING = "waiting"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "ImageStatus | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __reduce_ex__(self, proto: object) -> "tuple[type[ImageStatus], tuple[str]]":
        return type(self), (self._value_,)
