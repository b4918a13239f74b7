from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ValidationErrorBody")


@_attrs_define
class ValidationErrorBody:
    """The body of a 422, with the rejected fields and the reasons."""

    message: str | Unset = UNSET
    """ A short description of the error. """
    detail: ValidationDetail | Unset = UNSET
    """ The messages about rejected fields, by part of the request. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)
    """ The fields that are not in the contract, by name; `model["name"]` reads them, too. """

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; UNSET fields are left out."""
        message = self.message

        detail: dict[str, Any] | Unset = UNSET
        if not isinstance(self.detail, Unset):
            detail = self.detail.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if message is not UNSET:
            field_dict["message"] = message
        if detail is not UNSET:
            field_dict["detail"] = detail

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        """Read the fields of a JSON object; fields that are not in the contract are kept in `additional_properties`."""
        d = dict(src_dict)
        message = d.pop("message", UNSET)

        _detail = d.pop("detail", UNSET)
        detail: ValidationDetail | Unset
        if isinstance(_detail, Unset):
            detail = UNSET
        else:
            detail = ValidationDetail.from_dict(_detail)

        validation_error_body = cls(
            message=message,
            detail=detail,
        )

        validation_error_body.additional_properties = d or {}
        return validation_error_body

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


from ..models.validation_detail import ValidationDetail

# attrs created __init__ before these imports; typing.get_type_hints looks up its annotations here.
ValidationErrorBody.__init__.__globals__.update(globals())
