"""Pure: turn a caller's arguments into one edit, or a clear error before anything is sent."""

from __future__ import annotations

import copy
import json
import re
from math import isfinite
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from autoenhance._params import BODY, BY_KEYWORD, REQUIRED, convert, describe, is_order_id, types_of
from autoenhance_api.models import OrderUpdate
from autoenhance_api.types import Unset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoenhance_api.edit_order_params import Param

_MAX_ORDER_ID_LENGTH = 255
_RESERVED = frozenset("/\\?#")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
# Headers that say who we are and what we send; a caller who changes them breaks the request, or leaks the key.
_OUR_HEADERS = frozenset({"x-api-key", "content-type", "content-length", "host", "transfer-encoding"})


class Edit(NamedTuple):
    """One edit as it will be sent."""

    order_id: str
    update: OrderUpdate
    body: Mapping[str, Any]
    """The JSON body."""
    parameters: Mapping[str, Any] = MappingProxyType({})
    """Query and header parameters, by the generated function's names."""
    query: Mapping[str, Any] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def gives_new_id(self) -> bool:
        """Whether the order may afterwards live under another id, so that a repeat would not find it."""
        return bool(self.body.get("order_id", self.order_id) != self.order_id)


def plan_edit(order_id: str, options: Mapping[str, Any]) -> Edit:
    """Check the arguments of an edit.

    Args:
        order_id: The id of the order.
        options: What to set, by keyword, and `extra_body`, `extra_query`, `extra_headers`.

    Raises:
        TypeError: If an argument has the wrong type, or the contract requires one that is missing.
        ValueError: If the order id cannot be part of a path, no changes are given, or two arguments set the same thing.
    """
    order_id = check_order_id("order_id", order_id)
    given: dict[str, dict[str, Any]] = {"body": {}, "query": {}, "header": {}}
    taken: dict[str, set[str]] = {"body": set(), "query": set(), "header": set()}
    for keyword, value in options.items():
        param = BY_KEYWORD.get(keyword)
        if param is not None and not isinstance(value, Unset):
            given[param.location][param.python_name] = check_value(param, convert(param, value))
            taken[param.location].add(_key(param.location, param.wire_name))
    for param in REQUIRED:
        if _key(param.location, param.wire_name) not in taken[param.location]:
            raise TypeError(f"{param.keyword} is missing; it must be {describe(types_of(param.keyword))}")
    extra_body, query, headers = (
        _check_mapping(argument, options.get(argument), location, taken[location])
        for argument, location in (("extra_body", "body"), ("extra_query", "query"), ("extra_headers", "header"))
    )
    update = OrderUpdate(**given["body"])
    update.additional_properties = extra_body
    body = update.to_dict()
    if not body:
        settable = ", ".join(param.keyword for param in BODY)
        raise ValueError(f"no changes given: give {settable} or extra_body")
    if extra_body or any(type(value) is not str for value in body.values()):
        _check_json(body)
        update = copy.deepcopy(update)  # each attempt sends what was checked, even if the caller changes it meanwhile
    for key, header in headers.items():
        _check_header(key, header)
    for key, value in query.items():
        _check_query(key, value)
    query = {key: [*value] if isinstance(value, list | tuple) else value for key, value in query.items()}
    return Edit(order_id, update, body, {**given["query"], **given["header"]}, query, headers)


def check_value(param: Param, value: Any) -> Any:
    """Check a value beyond its type.

    Raises:
        ValueError: If the value cannot be sent.
    """
    if is_order_id(param) and value is not None:
        return check_order_id(param.keyword, value)
    for text in (value, *(value if isinstance(value, list) else ())):
        if isinstance(text, str) and not _is_unicode(text):
            raise ValueError(f"{param.keyword} is {text!r}, which is not valid Unicode (half of a surrogate pair)")
        if isinstance(text, float) and not isfinite(text):
            raise ValueError(f"{param.keyword} is {text!r}, which JSON cannot represent; give a finite number")
        if text == "" and param.location == "header":
            raise ValueError(f"{param.keyword} is empty; leave it out instead")
        if isinstance(text, str) and param.location == "header" and not _is_header_value(text):
            raise ValueError(f"{param.keyword} is {text!r}, which is not a valid header value; use printable ASCII")
    return value


def check_order_id(argument: str, order_id: object) -> str:
    """Check an id, and return it as a plain string.

    Raises:
        TypeError: If it is not a string.
        ValueError: If it cannot be part of a path.
    """
    if not isinstance(order_id, str):
        raise TypeError(f"{argument} must be a string, not {type(order_id).__name__}")
    # The plain text of a string enum or the like, whose own __str__ says something else.
    order_id = str.__str__(order_id)
    if not order_id:
        raise ValueError(f"{argument} is empty; give the order's id")
    if len(order_id) > _MAX_ORDER_ID_LENGTH:
        raise ValueError(f"{argument} has {len(order_id)} characters; at most {_MAX_ORDER_ID_LENGTH} are allowed")
    if order_id != order_id.strip():
        raise ValueError(f"{argument} is {order_id!r}; remove the whitespace around it")
    if not _is_unicode(order_id) or _CONTROL.search(order_id):
        raise ValueError(f"{argument} is {order_id!r}; remove control characters and invalid Unicode")
    # A proxy may decode once more than we encode, so the decoded forms of %2e%2e and %2F count, too.
    decoded, previous = order_id, ""
    while decoded != previous:
        if decoded in {".", ".."} or not _RESERVED.isdisjoint(decoded):
            raise ValueError(f"{argument} is {order_id!r}; it must not contain / \\ ? or #, nor be '.' or '..'")
        decoded, previous = unquote(decoded), decoded
    return order_id


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(location: str, name: str) -> str:
    """Normalize a name, so that all spellings of a header are equal."""
    return name.lower() if location == "header" else name


def _check_mapping(argument: str, mapping: Mapping[str, Any] | None, location: str, taken: set[str]) -> dict[str, Any]:
    """Check one of the `extra_` mappings against what keywords set already."""
    if mapping is None:
        return {}
    try:
        items = dict(mapping)
    except (TypeError, ValueError):
        raise TypeError(f"{argument} must be a mapping, not {type(mapping).__name__}") from None
    for key in items:
        if not isinstance(key, str):
            raise TypeError(f"{argument} has the key {key!r}; keys must be strings")
        if _key(location, key) in taken:
            raise ValueError(f"{argument} sets {key!r}, which has an argument of its own; give only one of them")
    if len({_key(location, key) for key in items}) < len(items):
        raise ValueError(f"{argument} has a header twice, in upper and lower case; give it once")
    return items


def _check_json(body: Mapping[str, Any]) -> None:
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the body cannot be written as JSON: {error}") from None


def _check_query(name: str, value: object) -> None:
    for one in (name, *(value if isinstance(value, list | tuple) else (value,))):
        if not isinstance(one, str | int | float | None):
            raise TypeError(
                f"extra_query has {name!r} with {type(one).__name__}; values must be strings, numbers, or lists of these"
            )
        if isinstance(one, str) and not _is_unicode(one):
            raise ValueError(f"extra_query has {name!r} with invalid Unicode (half of a surrogate pair)")


def _check_header(name: str, value: object) -> None:
    if name.lower() in _OUR_HEADERS:
        raise ValueError(f"extra_headers sets {name!r}, which the client sets; remove it")
    if not isinstance(value, str):
        raise TypeError(f"extra_headers has {name!r} with {type(value).__name__}; header values must be strings")
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"extra_headers has {name!r}, which is not a valid header name")
    if not _is_header_value(value):
        raise ValueError(f"extra_headers has {name!r} with an invalid value; use printable ASCII")


def _is_header_value(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()
