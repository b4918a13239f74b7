from enum import StrEnum


class EnhanceType(StrEnum):
    """A style of enhancement. Until 2024 there was also `authentic`; others are possible."""

    MODERN = "modern"
    NEUTRAL = "neutral"
    PROPERTY = "property"
    PROPERTY_USA = "property_usa"
    WARM = "warm"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "EnhanceType | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __reduce_ex__(self, proto: object) -> "tuple[type[EnhanceType], tuple[str]]":
        return type(self), (self._value_,)
