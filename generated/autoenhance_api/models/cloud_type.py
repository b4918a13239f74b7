from enum import StrEnum


class CloudType(StrEnum):
    """A kind of sky. The service's settings page also names `LOW_CLOUD_LOW_SAT`, which its SDK does not declare;
    others are possible."""

    CLEAR = "CLEAR"
    HIGH_CLOUD = "HIGH_CLOUD"
    LOW_CLOUD = "LOW_CLOUD"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "CloudType | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __reduce_ex__(self, proto: object) -> "tuple[type[CloudType], tuple[str]]":
        return type(self), (self._value_,)
