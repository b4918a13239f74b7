"""What the service may answer: changes of its document, what each means, and a response that it then may give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from upstream_documents import JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from upstream_documents import Their

ORDER = {"name": "b", "images": [{"image_id": "i"}]}
EMPTY = object()
Sample = tuple[int, Any]


def _of(model: str, name: str, **keywords: Any) -> Callable[[Their], Any]:
    """Replace a field of an order or an image."""
    return lambda their: their.schemas[model]["properties"].update({name: keywords})


def _response(status: str, content: dict[str, Any] | None = None, **keywords: Any) -> Callable[[Their], Any]:
    return lambda their: their.responses.update(
        {status: {"description": "", **({"content": content} if content else {}), **keywords}}
    )


def _content(status: str, content: dict[str, Any]) -> Callable[[Their], Any]:
    return lambda their: their.responses[status].update(content=content)


ORDER_SCHEMA = {"schema": {"$ref": "#/components/schemas/Order"}}
NOT_NULL = {"type": "array", "items": {"$ref": "#/components/schemas/Image"}}

# A change of their document; what it means for our client; and a response that the service then may give.
CASES: dict[str, tuple[Callable[[Their], Any], list[str], Sample]] = {
    "201": (_response("201", {JSON: ORDER_SCHEMA}), ["compatible success added, response 201"], (201, ORDER)),
    "204": (_response("204"), ["breaking success added, response 204"], (204, EMPTY)),
    "no 200": (
        lambda t: t.responses.update({"201": t.responses.pop("200")}),
        ["compatible success added, response 201", "compatible success removed, response 200"],
        (201, ORDER),
    ),
    "308": (_response("308"), ["breaking redirect added, response 308"], (308, EMPTY)),
    "no body": (
        lambda t: t.responses["200"].pop("content"),
        ["breaking media type removed, response 200"],
        (200, EMPTY),
    ),
    "a page": (
        _content("200", {"text/html": {}}),
        ["breaking media type removed, response 200", "compatible media type added, response 200"],
        (200, b"<html></html>"),
    ),
    "JSON by another name": (
        _content("200", {"application/hal+json": ORDER_SCHEMA}),
        ["compatible media type added, response 200", "compatible media type removed, response 200"],
        (200, ORDER),
    ),
    "XML too": (
        _content("200", {JSON: ORDER_SCHEMA, "application/xml": {}}),
        ["compatible media type added, response 200"],
        (200, ORDER),
    ),
    "a header": (
        lambda t: t.responses["200"].update(headers={"ETag": {"schema": {"type": "string"}}}),
        ["compatible header added, response 200 header `etag`"],
        (200, ORDER),
    ),
    "a field more": (
        _of("Order", "tag", type="object"),
        ["compatible field added, response 200"],
        (200, {"tag": {}}),
    ),
    "a field less": (
        lambda t: t.order["properties"].pop("name"),
        ["compatible field removed, response 200"],
        (200, {}),
    ),
    "a field always": (
        lambda t: t.order.update(required=["name"]),
        ["compatible field required, response 200"],
        (200, ORDER),
    ),
    "a list for an order": (
        _content("200", {JSON: {"schema": {"type": "array", "items": {}}}}),
        ["breaking type, response 200"],
        (200, [ORDER]),
    ),
    "an object for images": (
        _of("Order", "images", type=["object", "null"]),
        ["breaking type, response 200: `images`"],
        (200, {"images": {"a": {}}}),
    ),
    "images or an object": (
        _of("Order", "images", anyOf=[NOT_NULL, {"type": ["object", "null"]}]),
        ["breaking type, response 200: `images`"],
        (200, {"images": {}}),
    ),
    "ids for images": (
        _of("Order", "images", type=["array", "null"], items={"type": "string"}),
        ["breaking type, response 200: `images[]`"],
        (200, {"images": ["i"]}),
    ),
    "a number for the name": (
        _of("Order", "name", type=["number", "null"]),
        ["compatible type, response 200: `name`"],
        (200, {"name": 1.5}),
    ),
    "text for a count": (
        _of("Order", "total_images", type=["string", "null"]),
        ["compatible type, response 200: `total_images`"],
        (200, {"total_images": "3"}),
    ),
    "a number for a time": (
        _of("Order", "created_at", type=["integer", "null"], format="date-time"),
        ["compatible type, response 200: `created_at`"],
        (200, {"created_at": 1777885966120}),
    ),
    "an object for a status": (
        _of("Order", "status", type=["object", "null"]),
        ["compatible enum value added, response 200: `status`", "compatible type, response 200: `status`"],
        (200, {"status": {}}),
    ),
    "a list for metadata": (
        _of("Image", "metadata", type=["array", "null"]),
        ["compatible type, response 200: `images[].metadata`"],
        (200, {"images": [{"metadata": []}]}),
    ),
    "nothing but null": (
        _of("Image", "scene", type="null"),
        ["compatible type, response 200: `images[].scene`"],
        (200, {"images": [{"scene": None}]}),
    ),
    "anything for images": (
        _of("Order", "images", readOnly=True),
        ["compatible type, response 200: `images[]`", "compatible type, response 200: `images`"],
        (200, ORDER),
    ),
    "null for an order": (
        _content("200", {JSON: {"schema": {"anyOf": [ORDER_SCHEMA["schema"], {"type": "null"}]}}}),
        ["breaking null allowed, response 200"],
        (200, None),
    ),
    "null for an image": (
        lambda t: t.image.update(type=["object", "null"]),
        ["breaking null allowed, response 200: `images[]`"],
        (200, {"images": [None]}),
    ),
    "never null": (
        _of("Order", "name", type="string"),
        ["compatible null forbidden, response 200: `name`"],
        (200, ORDER),
    ),
    "a value more": (
        lambda t: t.schemas["OrderStatus"]["enum"].append("merging"),
        ["compatible enum value added, open, response 200: `status`"],
        (200, {"status": "merging"}),
    ),
    "any value": (
        lambda t: t.schemas["OrderStatus"].pop("enum"),
        ["compatible enum value added, response 200: `status`"],
        (200, {"status": "x"}),
    ),
    "a value less": (
        lambda t: t.schemas["OrderStatus"]["enum"].remove("error"),
        ["compatible enum value removed, response 200: `status`"],
        (200, {"status": "waiting"}),
    ),
    "another format": (
        lambda t: t.order["properties"]["created_at"].update(format="date"),
        ["compatible limit, response 200: `created_at`"],
        (200, {"created_at": "yesterday"}),
    ),
    "another limit": (
        lambda t: t.image["properties"]["rating"].update(maximum=10),
        ["compatible limit, response 200: `images[].rating`"],
        (200, {"images": [{"rating": 10}]}),
    ),
    "no other fields": (
        lambda t: t.order.update(additionalProperties=False),
        ["compatible other fields, response 200"],
        (200, ORDER),
    ),
    "a contradiction": (
        lambda t: t.order["properties"]["name"].update(allOf=[{"type": "integer"}]),
        ["compatible type, response 200: `name`"],
        (200, {}),
    ),
    "a deprecated field": (
        lambda t: t.order["properties"]["name"].update(deprecated=True),
        ["compatible deprecated, response 200: `name`"],
        (200, ORDER),
    ),
    "402": (_response("402"), ["compatible error added, response 402"], (402, EMPTY)),
    "the default": (_response("default"), ["compatible error added, response default"], (418, ["tea"])),
    "an error that is text": (
        lambda t: t.schemas["ValidationErrorBody"]["properties"].update(detail={"type": "string"}),
        ["compatible other fields, response 422: `detail`", "compatible type, response 422: `detail`"],
        (422, {"detail": "no"}),
    ),
}
