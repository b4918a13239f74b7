from enum import StrEnum


class OrderStatus(StrEnum):
    """The processing status of an order. The service declared these values until API version 2024-10-01 and none
    since, so others are possible."""

    ERROR = "error"
    PROCESSED = "processed"
    PROCESSING = "processing"
    WAITING = "waiting"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "OrderStatus | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __reduce_ex__(self, proto: object) -> "tuple[type[OrderStatus], tuple[str]]":
        return type(self), (self._value_,)
