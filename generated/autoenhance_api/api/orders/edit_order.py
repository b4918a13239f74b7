from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_body import ErrorBody
from ...models.image_sort_order import ImageSortOrder
from ...models.order import Order
from ...models.order_update import OrderUpdate
from ...models.validation_error_body import ValidationErrorBody
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: OrderUpdate | Unset = UNSET,
    sort_images_by: ImageSortOrder | Unset = UNSET,
    x_api_version: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_api_version, Unset):
        headers["x-api-version"] = x_api_version

    params: dict[str, Any] = {}

    json_sort_images_by: str | Unset = UNSET
    if not isinstance(sort_images_by, Unset):
        json_sort_images_by = sort_images_by.value

    params["sort_images_by"] = json_sort_images_by

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v3/orders/{id}".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorBody | Order | ValidationErrorBody | None:
    if response.status_code == 200:
        response_200 = Order.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorBody.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorBody.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = ErrorBody.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ErrorBody.from_dict(response.json())

        return response_409

    if response.status_code == 422:
        response_422 = ValidationErrorBody.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = ErrorBody.from_dict(response.json())

        return response_429

    if 500 <= response.status_code <= 599:
        response_5xx = ErrorBody.from_dict(response.json())

        return response_5xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorBody | Order | ValidationErrorBody]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: OrderUpdate | Unset = UNSET,
    sort_images_by: ImageSortOrder | Unset = UNSET,
    x_api_version: str | Unset = UNSET,
) -> Response[ErrorBody | Order | ValidationErrorBody]:
    """Edit an order.

     Changes the details of one order that the key's account owns, and returns the whole order after the
    change.

    Elsewhere, the service's documentation says that only the name can be edited at present, although
    the body also
    accepts `order_id`.

    Args:
        id (str):
        sort_images_by (ImageSortOrder | Unset): The sort order of images; a minus sign reverses
            it. Others are possible. Since API version 2026-10-01.
        x_api_version (str | Unset):
        body (OrderUpdate | Unset): The changes of an edit. Newer API versions accept more fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | Order | ValidationErrorBody]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        sort_images_by=sort_images_by,
        x_api_version=x_api_version,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: OrderUpdate | Unset = UNSET,
    sort_images_by: ImageSortOrder | Unset = UNSET,
    x_api_version: str | Unset = UNSET,
) -> ErrorBody | Order | ValidationErrorBody | None:
    """Edit an order.

     Changes the details of one order that the key's account owns, and returns the whole order after the
    change.

    Elsewhere, the service's documentation says that only the name can be edited at present, although
    the body also
    accepts `order_id`.

    Args:
        id (str):
        sort_images_by (ImageSortOrder | Unset): The sort order of images; a minus sign reverses
            it. Others are possible. Since API version 2026-10-01.
        x_api_version (str | Unset):
        body (OrderUpdate | Unset): The changes of an edit. Newer API versions accept more fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | Order | ValidationErrorBody
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        sort_images_by=sort_images_by,
        x_api_version=x_api_version,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: OrderUpdate | Unset = UNSET,
    sort_images_by: ImageSortOrder | Unset = UNSET,
    x_api_version: str | Unset = UNSET,
) -> Response[ErrorBody | Order | ValidationErrorBody]:
    """Edit an order.

     Changes the details of one order that the key's account owns, and returns the whole order after the
    change.

    Elsewhere, the service's documentation says that only the name can be edited at present, although
    the body also
    accepts `order_id`.

    Args:
        id (str):
        sort_images_by (ImageSortOrder | Unset): The sort order of images; a minus sign reverses
            it. Others are possible. Since API version 2026-10-01.
        x_api_version (str | Unset):
        body (OrderUpdate | Unset): The changes of an edit. Newer API versions accept more fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorBody | Order | ValidationErrorBody]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        sort_images_by=sort_images_by,
        x_api_version=x_api_version,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: OrderUpdate | Unset = UNSET,
    sort_images_by: ImageSortOrder | Unset = UNSET,
    x_api_version: str | Unset = UNSET,
) -> ErrorBody | Order | ValidationErrorBody | None:
    """Edit an order.

     Changes the details of one order that the key's account owns, and returns the whole order after the
    change.

    Elsewhere, the service's documentation says that only the name can be edited at present, although
    the body also
    accepts `order_id`.

    Args:
        id (str):
        sort_images_by (ImageSortOrder | Unset): The sort order of images; a minus sign reverses
            it. Others are possible. Since API version 2026-10-01.
        x_api_version (str | Unset):
        body (OrderUpdate | Unset): The changes of an edit. Newer API versions accept more fields.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorBody | Order | ValidationErrorBody
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            sort_images_by=sort_images_by,
            x_api_version=x_api_version,
        )
    ).parsed
