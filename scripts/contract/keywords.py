"""What an edit can set, as the contract says: by which keyword callers do, and what of it none could be made for."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from contract.checks import statements
from contract.load import Contract, Finding, Pointer, operations, parameters, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the keywords, options and columns of an edit are called already: in autoenhance and its command.
RESERVED = frozenset({
    *("order_id", "options", "self", "cls", "api_key", "base_url", "timeout", "max_retries"),
    *("extra_body", "extra_query", "extra_headers", "context", "help", "json", "as_json", "curl", "as_curl"),
    *("api_key_file", "verbose", "field", "row", "line", "changes", "other", "allow_empty_name", "max_name_length"),
    *("file", "results", "sheet", "encoding", "strict", "dry_run", "shard", "concurrency", "rate", "max_failures"),
    *("str", "int", "float", "bool", "datetime"),  # in the place of the types, in the class that has them
})  # fmt: skip
# Headers that the client sets, or that OpenAPI says to ignore as parameters.
_RESERVED_HEADERS = frozenset({
    *("x-api-key", "authorization", "content-type", "content-length", "transfer-encoding", "host"),
    *("accept", "accept-encoding"),
})  # fmt: skip
_OF_FUNCTION = frozenset({"body", "headers", "kwargs", "params", "response"})


def keyword_of(name: str, node: Any) -> Any:
    """What callers call something that can be set: what the contract says, else its name with underscores."""
    return node.get("x-keyword", re.sub(r"\W", "_", name))


def settable(tree: Any) -> Iterator[tuple[str, str, Pointer, Any]]:
    """What callers of an operation can set: where it goes (body, query or header), its name there, and what is said of it."""
    for here in operations(tree):
        for pointer, node in parameters(tree, here):  # those of the operation may say again what those of its path say
            if node.get("in") in {"query", "header"}:
                yield node["in"], node["name"], pointer, node
        pointer, body = resolve(tree, (*here, "requestBody"))
        for media_type in (body or {}).get("content", {}):
            yield from _fields(tree, (*pointer, "content", media_type, "schema"))


def _fields(tree: Any, pointer: Pointer) -> Iterator[tuple[str, str, Pointer, Any]]:
    """The fields of a body, which has them itself or by `allOf`."""
    pointer, schema = resolve(tree, pointer)
    if not isinstance(schema, dict):
        return
    for index in range(len(schema.get("allOf") or ())):
        yield from _fields(tree, (*pointer, "allOf", index))
    for name, node in (schema.get("properties") or {}).items():
        yield "body", name, (*pointer, "properties", name), node


def unusable_keywords(contract: Contract) -> Iterator[Finding]:
    """What callers could not set by a keyword, or would send without setting it."""
    if wrong := list(_unusable_bodies(contract)):
        yield from wrong
        return
    seen: dict[str, tuple[str, str]] = {}
    found = list(settable(contract.tree))
    for location, name, pointer, node in found:
        _, schema = resolve(contract.tree, pointer if location == "body" else (*pointer, "schema"))
        if not isinstance(schema, dict):
            yield Finding(contract.where(pointer), f"{name} has no schema that is an object; the generator needs one")
            continue
        keyword = keyword_of(name, node)
        here = contract.where((*pointer, "x-keyword") if "x-keyword" in node else pointer)
        if (
            not isinstance(keyword, str)
            or not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", keyword)
            or iskeyword(keyword)
        ):
            yield Finding(here, f"the keyword {keyword!r} is not in snake_case; give one with x-keyword")
        elif keyword in RESERVED or seen.get(keyword, (name, location)) != (name, location):
            whose = "{!r} in the {}".format(*seen[keyword]) if keyword in seen else "an argument of its own"
            yield Finding(here, f"the keyword {keyword!r} is taken by {whose}; give another one with x-keyword")
        seen.setdefault(str(keyword), (name, location))
        yield from (Finding(here, f"{name} {what}") for what in _unusable(location, name, node, schema))
    places = {pointer for _, _, pointer, _ in found}
    for pointer, node in statements(contract.tree):
        if "x-keyword" in node and pointer not in places:
            yield Finding(contract.where((*pointer, "x-keyword")), "x-keyword is for what an edit can set")


def _unusable(location: str, name: str, node: Any, schema: Any) -> Iterator[str]:
    """What the generator, or the client, would make something else of."""
    is_parameter, is_header = location != "body", location == "header"
    is_choice = isinstance(schema.get("type"), list) or "anyOf" in schema or "oneOf" in schema
    has_style = (node.get("style", "form"), node.get("explode", True)) != ("form", True)
    may_be_null = "null" in str(schema.get("type", schema.get("anyOf")))
    in_header = "which the generator cannot write into a header; make it plain"
    for is_wrong, what in (
        ("default" in schema, "has a default, which every call would send; say it in the description"),
        (is_parameter and name.lower() in _OF_FUNCTION, "is what the generated function has already"),
        (
            location == "query" and has_style,
            "has a style, which the generator does not respect; leave out style and explode",
        ),
        (is_parameter and may_be_null, "may be null, which nothing but a body can say; leave it out instead"),
        (is_header and name.lower() in _RESERVED_HEADERS, "is a header that the client sets itself"),
        (is_header and "format" in schema, f"has a format, {in_header}"),
        (is_header and is_choice, f"has a choice of types, {in_header}"),
    ):
        if is_wrong:
            yield what


def _unusable_bodies(contract: Contract) -> Iterator[Finding]:
    """What an edit would not be made of: another operation, another form of the body, one of which nothing can be set."""
    for index, here in enumerate(operations(contract.tree)):
        if index:
            yield Finding(contract.where(here), "the contract is of one operation, which edits an order")
        pointer, body = resolve(contract.tree, (*here, "requestBody"))
        if body is None:
            continue
        if set(body["content"]) != {"application/json"}:
            where = contract.where((*pointer, "content"))
            yield Finding(where, "an edit is sent as application/json; say no other media type")
        elif not any(_fields(contract.tree, (*pointer, "content", "application/json", "schema"))):
            where = contract.where((*pointer, "content", "application/json"))
            yield Finding(where, "the body has no properties of its own, or in allOf, that an edit could set")
