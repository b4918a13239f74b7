"""Pure: what a caller asks for becomes one edit, or a clear error before anything is sent."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from autoenhance_api.types import Unset

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_ORDER_ID = 255
_RESERVED = frozenset("/\\?#")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
# Headers that say who we are and what we send; a caller who changes them breaks the request, or leaks the key.
_OUR_HEADERS = frozenset({"x-api-key", "content-type", "content-length", "host", "transfer-encoding"})


class Edit(NamedTuple):
    """One edit as it will be sent."""

    order_id: str
    body: Mapping[str, Any]
    query: Mapping[str, Any] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def gives_new_id(self) -> bool:
        """Whether the order may afterwards live under another id, so that a repeat would not find it."""
        return bool(self.body.get("order_id", self.order_id) != self.order_id)


def plan_edit(
    order_id: str,
    *,
    name: str | Unset | None,
    new_order_id: str | Unset | None,
    extra_body: Mapping[str, Any] | None = None,
    extra_query: Mapping[str, Any] | None = None,
    extra_headers: Mapping[str, str] | None = None,
) -> Edit:
    """Check what was asked for.

    Raises:
        TypeError: If an argument has the wrong type.
        ValueError: If the order id cannot be part of a path, no changes are given, or two arguments set the same thing.
    """
    order_id = _check_order_id("order_id", order_id)
    body: dict[str, Any] = {}
    if not isinstance(name, Unset):
        body["name"] = _check_text("name", name)
    if not isinstance(new_order_id, Unset):
        body["order_id"] = None if new_order_id is None else _check_order_id("new_order_id", new_order_id)
    for key, value in _check_mapping("extra_body", extra_body).items():
        if key in body:
            raise ValueError(f"extra_body sets {key!r}, and so does an argument of its own; say it once")
        body[key] = value
    if not body:
        raise ValueError("this edit sets nothing: give name, new_order_id or extra_body")
    if extra_body:
        _check_json(body)
    headers = dict(_check_mapping("extra_headers", extra_headers))
    for key, header in headers.items():
        _check_header(key, header)
    query = dict(_check_mapping("extra_query", extra_query))
    for key, value in query.items():
        _check_query(key, value)
    return Edit(order_id, body, query, headers)


def _check_order_id(argument: str, order_id: object) -> str:
    if not isinstance(order_id, str):
        raise TypeError(f"{argument} is a string, not {type(order_id).__name__}")
    # The plain text of a string enum or the like, whose own __str__ says something else.
    order_id = str.__str__(order_id)
    if not order_id:
        raise ValueError(f"{argument} is empty; give the id of the order")
    if len(order_id) > _LONGEST_ORDER_ID:
        raise ValueError(f"{argument} has {len(order_id)} characters; at most {_LONGEST_ORDER_ID} are possible")
    if order_id != order_id.strip():
        raise ValueError(f"{argument} is {order_id!r}; remove the whitespace around it")
    if not _is_unicode(order_id) or _CONTROL.search(order_id):
        raise ValueError(f"{argument} is {order_id!r}; remove the control characters and halves of surrogate pairs")
    # A proxy on the way may decode once more than we encode, so that what %2e%2e or %2F stands for counts too.
    decoded, previous = order_id, ""
    while decoded != previous:
        if decoded in {".", ".."} or not _RESERVED.isdisjoint(decoded):
            raise ValueError(f"{argument} is {order_id!r}; it must be one part of a path: no / \\ ? #, and not . or ..")
        decoded, previous = unquote(decoded), decoded
    return order_id


def _check_text(argument: str, text: object) -> str | None:
    if text is not None and not isinstance(text, str):
        raise TypeError(f"{argument} is a string or None, not {type(text).__name__}")
    if text is not None and not _is_unicode(text):
        raise ValueError(f"{argument} is {text!r}, which has half of a surrogate pair; it is not valid Unicode")
    return None if text is None else str.__str__(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_mapping(argument: str, mapping: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if mapping is None:
        return {}
    try:
        items = dict(mapping)
    except (TypeError, ValueError):
        raise TypeError(f"{argument} is a mapping, not {type(mapping).__name__}") from None
    for key in items:
        if not isinstance(key, str):
            raise TypeError(f"{argument} has the key {key!r}; keys are strings")
    return items


def _check_json(body: Mapping[str, Any]) -> None:
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"extra_body cannot be written as JSON: {error}") from None


def _check_query(name: str, value: object) -> None:
    for one in (name, *(value if isinstance(value, list | tuple) else (value,))):
        if not isinstance(one, str | int | float | None):
            raise TypeError(
                f"extra_query has {name!r} with {type(one).__name__}; values are strings, numbers, or lists of them"
            )
        if isinstance(one, str) and not _is_unicode(one):
            raise ValueError(f"extra_query has {name!r} with half of a surrogate pair; it is not valid Unicode")


def _check_header(name: str, value: object) -> None:
    if name.lower() in _OUR_HEADERS:
        raise ValueError(f"extra_headers sets {name!r}, which the client sets itself")
    if not isinstance(value, str):
        raise TypeError(f"extra_headers has {name!r} with {type(value).__name__}; header values are strings")
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"extra_headers has {name!r}, which is no name for a header")
    if not value.isascii() or not (value.isprintable() or not value) or value != value.strip():
        raise ValueError(f"extra_headers has {name!r} with a value that cannot stand in a header (printable ASCII can)")
