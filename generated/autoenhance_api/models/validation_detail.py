from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ValidationDetail")


@_attrs_define
class ValidationDetail:
    """The messages about rejected fields, by part of the request."""

    json: FieldMessages | Unset = UNSET
    """ Messages by field name. """
    query: FieldMessages | Unset = UNSET
    """ Messages by field name. """
    additional_properties: dict[str, FieldMessages] = _attrs_field(init=False, factory=dict)
    """ The fields that are not in the contract, by name; `model["name"]` reads them, too. """

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; UNSET fields are left out."""
        json: dict[str, Any] | Unset = UNSET
        if not isinstance(self.json, Unset):
            json = self.json.to_dict()

        query: dict[str, Any] | Unset = UNSET
        if not isinstance(self.query, Unset):
            query = self.query.to_dict()

        field_dict: dict[str, Any] = {}
        for prop_name, prop in self.additional_properties.items():
            field_dict[prop_name] = prop.to_dict()

        field_dict.update({})
        if json is not UNSET:
            field_dict["json"] = json
        if query is not UNSET:
            field_dict["query"] = query

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        """Read the fields of a JSON object; fields that are not in the contract are kept in `additional_properties`."""
        d = dict(src_dict)
        _json = d.pop("json", UNSET)
        json: FieldMessages | Unset
        if isinstance(_json, Unset):
            json = UNSET
        else:
            json = FieldMessages.from_dict(_json)

        _query = d.pop("query", UNSET)
        query: FieldMessages | Unset
        if isinstance(_query, Unset):
            query = UNSET
        else:
            query = FieldMessages.from_dict(_query)

        validation_detail = cls(
            json=json,
            query=query,
        )

        additional_properties = {}
        for prop_name, prop_dict in d.items():
            additional_property = FieldMessages.from_dict(prop_dict)

            additional_properties[prop_name] = additional_property

        validation_detail.additional_properties = additional_properties
        return validation_detail

    @property
    def additional_keys(self) -> list[str]:
        """The names of the fields that the contract does not have."""
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> FieldMessages:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: FieldMessages) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


from ..models.field_messages import FieldMessages

# attrs created __init__ before these imports; typing.get_type_hints looks up its annotations here.
ValidationDetail.__init__.__globals__.update(globals())
