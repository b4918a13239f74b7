"""What the service may answer: for each rule a change of its document, and an answer that it then may give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from upstream_documents import JSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from upstream_documents import Their

THEIRS, OURS, DISAGREE = "only theirs", "only ours", "disagree"
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
IMAGES = "answer 200: images"

# The rule; a change of their document by which it decides; the difference; and what the service then may answer.
CASES: dict[str, tuple[str, Callable[[Their], Any], tuple[str, str], Sample]] = {
    "201": ("answer: status, theirs", _response("201", {JSON: ORDER_SCHEMA}), (THEIRS, "answer 201"), (201, ORDER)),
    "204": ("answer: status, theirs, no order", _response("204"), (THEIRS, "answer 204"), (204, EMPTY)),
    "no 200": (
        "answer: status, ours",
        lambda t: t.responses.update({"201": t.responses.pop("200")}),
        (OURS, "answer 200"),
        (201, ORDER),
    ),
    "308": ("answer: status, redirect", _response("308"), (THEIRS, "answer 308"), (308, EMPTY)),
    "no body": ("answer: no body", lambda t: t.responses["200"].pop("content"), (OURS, "answer 200"), (200, EMPTY)),
    "a page": (
        "answer: media type, no JSON",
        _content("200", {"text/html": {}}),
        (DISAGREE, "answer 200"),
        (200, b"<html></html>"),
    ),
    "JSON by another name": (
        "answer: media type, another JSON",
        _content("200", {"application/hal+json": ORDER_SCHEMA}),
        (DISAGREE, "answer 200"),
        (200, ORDER),
    ),
    "XML too": (
        "answer: media type, theirs",
        _content("200", {JSON: ORDER_SCHEMA, "application/xml": {}}),
        (THEIRS, "answer 200"),
        (200, ORDER),
    ),
    "a header": (
        "answer: header",
        lambda t: t.responses["200"].update(headers={"ETag": {"schema": {"type": "string"}}}),
        (THEIRS, "answer 200: header etag"),
        (200, ORDER),
    ),
    "a field more": (
        "answer: field, theirs",
        _of("Order", "tag", type="object"),
        (THEIRS, "answer 200: tag"),
        (200, {"tag": {}}),
    ),
    "a field less": (
        "answer: field, ours",
        lambda t: t.order["properties"].pop("name"),
        (OURS, "answer 200: name"),
        (200, {}),
    ),
    "a field always": (
        "answer: more required",
        lambda t: t.order.update(required=["name"]),
        (DISAGREE, "answer 200: name"),
        (200, ORDER),
    ),
    "a list for an order": (
        "answer: type, no order",
        _content("200", {JSON: {"schema": {"type": "array", "items": {}}}}),
        (DISAGREE, "answer 200"),
        (200, [ORDER]),
    ),
    "an object for images": (
        "answer: type, no order",
        _of("Order", "images", type=["object", "null"]),
        (DISAGREE, IMAGES),
        (200, {"images": {"a": {}}}),
    ),
    "images or an object": (
        "answer: type, no order",
        _of("Order", "images", anyOf=[NOT_NULL, {"type": ["object", "null"]}]),
        (DISAGREE, IMAGES),
        (200, {"images": {}}),
    ),
    "ids for images": (
        "answer: type, no order",
        _of("Order", "images", type=["array", "null"], items={"type": "string"}),
        (DISAGREE, f"{IMAGES}[]"),
        (200, {"images": ["i"]}),
    ),
    "a number for the name": (
        "answer: type, other",
        _of("Order", "name", type=["number", "null"]),
        (DISAGREE, "answer 200: name"),
        (200, {"name": 1.5}),
    ),
    "text for a count": (
        "answer: type, other",
        _of("Order", "total_images", type=["string", "null"]),
        (DISAGREE, "answer 200: total_images"),
        (200, {"total_images": "3"}),
    ),
    "a number for a time": (
        "answer: type, other",
        _of("Order", "created_at", type=["integer", "null"], format="date-time"),
        (DISAGREE, "answer 200: created_at"),
        (200, {"created_at": 1777885966120}),
    ),
    "an object for a status": (
        "answer: type, other",
        _of("Order", "status", type=["object", "null"]),
        (DISAGREE, "answer 200: status"),
        (200, {"status": {}}),
    ),
    "a list for metadata": (
        "answer: type, other",
        _of("Image", "metadata", type=["array", "null"]),
        (DISAGREE, f"{IMAGES}[].metadata"),
        (200, {"images": [{"metadata": []}]}),
    ),
    "nothing but null": (
        "answer: type, within ours",
        _of("Image", "scene", type="null"),
        (DISAGREE, f"{IMAGES}[].scene"),
        (200, {"images": [{"scene": None}]}),
    ),
    "anything for images": (
        "answer: type, unsaid",
        _of("Order", "images", readOnly=True),
        (DISAGREE, IMAGES),
        (200, ORDER),
    ),
    "null for an order": (
        "answer: null, no order",
        _content("200", {JSON: {"schema": {"anyOf": [ORDER_SCHEMA["schema"], {"type": "null"}]}}}),
        (DISAGREE, "answer 200"),
        (200, None),
    ),
    "null for an image": (
        "answer: null, no order",
        lambda t: t.image.update(type=["object", "null"]),
        (DISAGREE, f"{IMAGES}[]"),
        (200, {"images": [None]}),
    ),
    "never null": (
        "answer: null, ours",
        _of("Order", "name", type="string"),
        (DISAGREE, "answer 200: name"),
        (200, ORDER),
    ),
    "a value more": (
        "answer: values, theirs",
        lambda t: t.schemas["OrderStatus"]["enum"].append("merging"),
        (THEIRS, "answer 200: status"),
        (200, {"status": "merging"}),
    ),
    "any value": (
        "answer: values, ours",
        lambda t: t.schemas["OrderStatus"].pop("enum"),
        (OURS, "answer 200: status"),
        (200, {"status": "x"}),
    ),
    "a value less": (
        "answer: values, ours",
        lambda t: t.schemas["OrderStatus"]["enum"].remove("error"),
        (OURS, "answer 200: status"),
        (200, {"status": "waiting"}),
    ),
    "another format": (
        "answer: format",
        lambda t: t.order["properties"]["created_at"].update(format="date"),
        (DISAGREE, "answer 200: created_at"),
        (200, {"created_at": "yesterday"}),
    ),
    "another limit": (
        "answer: limit",
        lambda t: t.image["properties"]["rating"].update(maximum=10),
        (DISAGREE, f"{IMAGES}[].rating"),
        (200, {"images": [{"rating": 10}]}),
    ),
    "no other fields": (
        "answer: other fields",
        lambda t: t.order.update(additionalProperties=False),
        (DISAGREE, "answer 200"),
        (200, ORDER),
    ),
    "a contradiction": (
        "answer: contradiction",
        lambda t: t.order["properties"]["name"].update(allOf=[{"type": "integer"}]),
        (DISAGREE, "answer 200: name"),
        (200, {}),
    ),
    "a deprecated field": (
        "deprecated",
        lambda t: t.order["properties"]["name"].update(deprecated=True),
        (THEIRS, "answer 200: name"),
        (200, ORDER),
    ),
    "402": ("error: status", _response("402"), (THEIRS, "answer 402"), (402, EMPTY)),
    "the default": ("error: status", _response("default"), (THEIRS, "answer default"), (418, ["tea"])),
    "an error that is text": (
        "error: body",
        lambda t: t.schemas["ValidationErrorBody"]["properties"].update(detail={"type": "string"}),
        (DISAGREE, "answer 422: detail"),
        (422, {"detail": "no"}),
    ),
}
