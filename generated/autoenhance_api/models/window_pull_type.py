from enum import StrEnum


class WindowPullType(StrEnum):
    """How the view through windows is processed. Before API version 2025-08-31, the service sent `window_pull`, a
    boolean or null, instead. Others are possible."""

    NONE = "NONE"
    ONLY_WINDOWS = "ONLY_WINDOWS"
    WINDOWS_WITH_SKIES = "WINDOWS_WITH_SKIES"

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> "WindowPullType | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __reduce_ex__(self, proto: object) -> "tuple[type[WindowPullType], tuple[str]]":
        return type(self), (self._value_,)
