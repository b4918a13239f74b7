from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.cloud_type import CloudType
from ..models.enhance_type import EnhanceType
from ..models.image_status import ImageStatus
from ..models.window_pull_type import WindowPullType
from ..types import UNSET, Unset

T = TypeVar("T", bound="Image")


@_attrs_define
class Image:
    """One photograph of an order, with its enhancement settings. Newer API versions send more fields, for example
    `restage`; older ones send `window_pull`, a boolean or null, instead of `window_pull_type`.

    """

    ai_version: None | str | Unset = UNSET
    """ The version of the model that enhances the image, for example `5.x` or `stable`. """
    cloud_type: CloudType | None | Unset = UNSET
    """ The kind of sky that replaces the one in the photograph. """
    date_added: int | None | Unset = UNSET
    """ When the image was added, in milliseconds since 1970-01-01T00:00:00Z. The unit was observed. """
    downloaded: bool | None | Unset = UNSET
    """ Whether the enhanced image has been downloaded. """
    enhance: bool | None | Unset = UNSET
    """ Whether colours and light are enhanced. The default for new images is true. """
    enhance_type: EnhanceType | None | Unset = UNSET
    """ The style of the enhancement. """
    finetune_settings: FinetuneSettings | None | Unset = UNSET
    """ Fine adjustments to the enhancement. """
    image_id: None | str | Unset = UNSET
    """ The id of the image. The page's example has a UUID. """
    image_name: None | str | Unset = UNSET
    """ The name of the image, usually that of the uploaded file. """
    lens_correction: bool | None | Unset = UNSET
    """ Whether the distortion of the lens is corrected. The default for new images is true. """
    metadata: ImageMetadata | None | Unset = UNSET
    """ Data that the account stores with the image. """
    order_id: None | str | Unset = UNSET
    """ The id of the order that the image belongs to. The page's example has null. """
    parent_image_id: None | str | Unset = UNSET
    """ The id of the image that this one was made from. The meaning is inferred from the name. Since API version
    2026-10-01. """
    preset_id: None | str | Unset = UNSET
    """ The id of the preset that the settings came from. The page's example has null. """
    privacy: bool | None | Unset = UNSET
    """ A privacy setting. Its effect is not documented. """
    rating: int | None | Unset = UNSET
    """ The rating of the enhanced image, from 0 to 5. """
    scene: None | str | Unset = UNSET
    """ What the photograph shows, according to the service. """
    sky_replacement: bool | None | Unset = UNSET
    """ Whether the sky is replaced. """
    status: ImageStatus | None | Unset = UNSET
    """ The processing status of the image. The page's example has null. """
    status_reason: None | str | Unset = UNSET
    """ Why the image has its status. The page's example has null. """
    upscale: bool | None | Unset = UNSET
    """ Whether the image is enlarged. """
    user_id: None | str | Unset = UNSET
    """ The id of the user who owns the image. The page's example has null; `auth0|…` was observed. """
    vertical_correction: bool | None | Unset = UNSET
    """ Whether leaning vertical lines are straightened. """
    window_pull_type: None | Unset | WindowPullType = UNSET
    """ How the view through windows is processed. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)
    """ The fields that are not in the contract, by name; `model["name"]` reads them, too. """

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; UNSET fields are left out."""
        ai_version: None | str | Unset
        if isinstance(self.ai_version, Unset):
            ai_version = UNSET
        else:
            ai_version = self.ai_version

        cloud_type: None | str | Unset
        if isinstance(self.cloud_type, Unset):
            cloud_type = UNSET
        elif isinstance(self.cloud_type, CloudType):
            cloud_type = self.cloud_type.value
        else:
            cloud_type = self.cloud_type

        date_added: int | None | Unset
        if isinstance(self.date_added, Unset):
            date_added = UNSET
        else:
            date_added = self.date_added

        downloaded: bool | None | Unset
        if isinstance(self.downloaded, Unset):
            downloaded = UNSET
        else:
            downloaded = self.downloaded

        enhance: bool | None | Unset
        if isinstance(self.enhance, Unset):
            enhance = UNSET
        else:
            enhance = self.enhance

        enhance_type: None | str | Unset
        if isinstance(self.enhance_type, Unset):
            enhance_type = UNSET
        elif isinstance(self.enhance_type, EnhanceType):
            enhance_type = self.enhance_type.value
        else:
            enhance_type = self.enhance_type

        finetune_settings: dict[str, Any] | None | Unset
        if isinstance(self.finetune_settings, Unset):
            finetune_settings = UNSET
        elif isinstance(self.finetune_settings, FinetuneSettings):
            finetune_settings = self.finetune_settings.to_dict()
        else:
            finetune_settings = self.finetune_settings

        image_id: None | str | Unset
        if isinstance(self.image_id, Unset):
            image_id = UNSET
        else:
            image_id = self.image_id

        image_name: None | str | Unset
        if isinstance(self.image_name, Unset):
            image_name = UNSET
        else:
            image_name = self.image_name

        lens_correction: bool | None | Unset
        if isinstance(self.lens_correction, Unset):
            lens_correction = UNSET
        else:
            lens_correction = self.lens_correction

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, ImageMetadata):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        order_id: None | str | Unset
        if isinstance(self.order_id, Unset):
            order_id = UNSET
        else:
            order_id = self.order_id

        parent_image_id: None | str | Unset
        if isinstance(self.parent_image_id, Unset):
            parent_image_id = UNSET
        else:
            parent_image_id = self.parent_image_id

        preset_id: None | str | Unset
        if isinstance(self.preset_id, Unset):
            preset_id = UNSET
        else:
            preset_id = self.preset_id

        privacy: bool | None | Unset
        if isinstance(self.privacy, Unset):
            privacy = UNSET
        else:
            privacy = self.privacy

        rating: int | None | Unset
        if isinstance(self.rating, Unset):
            rating = UNSET
        else:
            rating = self.rating

        scene: None | str | Unset
        if isinstance(self.scene, Unset):
            scene = UNSET
        else:
            scene = self.scene

        sky_replacement: bool | None | Unset
        if isinstance(self.sky_replacement, Unset):
            sky_replacement = UNSET
        else:
            sky_replacement = self.sky_replacement

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, ImageStatus):
            status = self.status.value
        else:
            status = self.status

        status_reason: None | str | Unset
        if isinstance(self.status_reason, Unset):
            status_reason = UNSET
        else:
            status_reason = self.status_reason

        upscale: bool | None | Unset
        if isinstance(self.upscale, Unset):
            upscale = UNSET
        else:
            upscale = self.upscale

        user_id: None | str | Unset
        if isinstance(self.user_id, Unset):
            user_id = UNSET
        else:
            user_id = self.user_id

        vertical_correction: bool | None | Unset
        if isinstance(self.vertical_correction, Unset):
            vertical_correction = UNSET
        else:
            vertical_correction = self.vertical_correction

        window_pull_type: None | str | Unset
        if isinstance(self.window_pull_type, Unset):
            window_pull_type = UNSET
        elif isinstance(self.window_pull_type, WindowPullType):
            window_pull_type = self.window_pull_type.value
        else:
            window_pull_type = self.window_pull_type

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if ai_version is not UNSET:
            field_dict["ai_version"] = ai_version
        if cloud_type is not UNSET:
            field_dict["cloud_type"] = cloud_type
        if date_added is not UNSET:
            field_dict["date_added"] = date_added
        if downloaded is not UNSET:
            field_dict["downloaded"] = downloaded
        if enhance is not UNSET:
            field_dict["enhance"] = enhance
        if enhance_type is not UNSET:
            field_dict["enhance_type"] = enhance_type
        if finetune_settings is not UNSET:
            field_dict["finetune_settings"] = finetune_settings
        if image_id is not UNSET:
            field_dict["image_id"] = image_id
        if image_name is not UNSET:
            field_dict["image_name"] = image_name
        if lens_correction is not UNSET:
            field_dict["lens_correction"] = lens_correction
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if order_id is not UNSET:
            field_dict["order_id"] = order_id
        if parent_image_id is not UNSET:
            field_dict["parent_image_id"] = parent_image_id
        if preset_id is not UNSET:
            field_dict["preset_id"] = preset_id
        if privacy is not UNSET:
            field_dict["privacy"] = privacy
        if rating is not UNSET:
            field_dict["rating"] = rating
        if scene is not UNSET:
            field_dict["scene"] = scene
        if sky_replacement is not UNSET:
            field_dict["sky_replacement"] = sky_replacement
        if status is not UNSET:
            field_dict["status"] = status
        if status_reason is not UNSET:
            field_dict["status_reason"] = status_reason
        if upscale is not UNSET:
            field_dict["upscale"] = upscale
        if user_id is not UNSET:
            field_dict["user_id"] = user_id
        if vertical_correction is not UNSET:
            field_dict["vertical_correction"] = vertical_correction
        if window_pull_type is not UNSET:
            field_dict["window_pull_type"] = window_pull_type

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        """Read the fields of a JSON object; fields that are not in the contract are kept in `additional_properties`."""
        d = dict(src_dict)
        ai_version = d.pop("ai_version", UNSET)

        cloud_type = _parse_cloud_type(d.pop("cloud_type", UNSET))

        date_added = d.pop("date_added", UNSET)

        downloaded = d.pop("downloaded", UNSET)

        enhance = d.pop("enhance", UNSET)

        enhance_type = _parse_enhance_type(d.pop("enhance_type", UNSET))

        finetune_settings = _parse_finetune_settings(d.pop("finetune_settings", UNSET))

        image_id = d.pop("image_id", UNSET)

        image_name = d.pop("image_name", UNSET)

        lens_correction = d.pop("lens_correction", UNSET)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        order_id = d.pop("order_id", UNSET)

        parent_image_id = d.pop("parent_image_id", UNSET)

        preset_id = d.pop("preset_id", UNSET)

        privacy = d.pop("privacy", UNSET)

        rating = d.pop("rating", UNSET)

        scene = d.pop("scene", UNSET)

        sky_replacement = d.pop("sky_replacement", UNSET)

        status = _parse_status(d.pop("status", UNSET))

        status_reason = d.pop("status_reason", UNSET)

        upscale = d.pop("upscale", UNSET)

        user_id = d.pop("user_id", UNSET)

        vertical_correction = d.pop("vertical_correction", UNSET)

        window_pull_type = _parse_window_pull_type(d.pop("window_pull_type", UNSET))

        image = cls(
            ai_version=ai_version,
            cloud_type=cloud_type,
            date_added=date_added,
            downloaded=downloaded,
            enhance=enhance,
            enhance_type=enhance_type,
            finetune_settings=finetune_settings,
            image_id=image_id,
            image_name=image_name,
            lens_correction=lens_correction,
            metadata=metadata,
            order_id=order_id,
            parent_image_id=parent_image_id,
            preset_id=preset_id,
            privacy=privacy,
            rating=rating,
            scene=scene,
            sky_replacement=sky_replacement,
            status=status,
            status_reason=status_reason,
            upscale=upscale,
            user_id=user_id,
            vertical_correction=vertical_correction,
            window_pull_type=window_pull_type,
        )

        image.additional_properties = d or {}
        return image

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


def _parse_cloud_type(data: object) -> CloudType | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        cloud_type_type_0 = CloudType(data)

        return cloud_type_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(CloudType | None | Unset, data)


def _parse_enhance_type(data: object) -> EnhanceType | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        enhance_type_type_0 = EnhanceType(data)

        return enhance_type_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(EnhanceType | None | Unset, data)


def _parse_finetune_settings(data: object) -> FinetuneSettings | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, dict):
            raise TypeError()
        finetune_settings_type_0 = FinetuneSettings.from_dict(data)

        return finetune_settings_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(FinetuneSettings | None | Unset, data)


def _parse_metadata(data: object) -> ImageMetadata | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, dict):
            raise TypeError()
        metadata_type_0 = ImageMetadata.from_dict(data)

        return metadata_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(ImageMetadata | None | Unset, data)


def _parse_status(data: object) -> ImageStatus | None | Unset:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        status_type_0 = ImageStatus(data)

        return status_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(ImageStatus | None | Unset, data)


def _parse_window_pull_type(data: object) -> None | Unset | WindowPullType:
    if data is None:
        return data
    if isinstance(data, Unset):
        return data
    try:
        if not isinstance(data, str):
            raise TypeError()
        window_pull_type_type_0 = WindowPullType(data)

        return window_pull_type_type_0
    except (TypeError, ValueError, AttributeError, KeyError):
        pass
    return cast(None | Unset | WindowPullType, data)


from ..models.finetune_settings import FinetuneSettings
from ..models.image_metadata import ImageMetadata

# attrs created __init__ before these imports; typing.get_type_hints looks up its annotations here.
Image.__init__.__globals__.update(globals())
