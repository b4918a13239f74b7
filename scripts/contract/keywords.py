"""Lists what an edit can set, by which keyword callers set it, and what no keyword can be generated for."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from contract.checks import statements
from contract.load import Contract, Finding, Pointer, operations, parameters, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names of keywords, options and columns that autoenhance and its command use already.
RESERVED = frozenset({
    *("order_id", "options", "self", "cls", "api_key", "base_url", "timeout", "max_retries"),
    *("extra_body", "extra_query", "extra_headers", "context", "help", "json", "as_json", "curl", "as_curl"),
    *("api_key_file", "verbose", "field", "row", "line", "changes", "other", "allow_empty_name", "max_name_length"),
    *("file", "results", "sheet", "encoding", "strict", "dry_run", "shard", "concurrency", "rate", "max_failures"),
    *("str", "int", "float", "bool", "datetime"),  # they would shadow the types in the body of the generated class
})  # fmt: skip
# Headers that the client sets itself, or that OpenAPI ignores as parameters.
_RESERVED_HEADERS = frozenset({
    *("x-api-key", "authorization", "content-type", "content-length", "transfer-encoding", "host"),
    *("accept", "accept-encoding"),
})  # fmt: skip
# Variables of the generated functions.
_FUNCTION_NAMES = frozenset({"body", "headers", "kwargs", "params", "response"})


def keyword_of(name: str, node: Any) -> Any:
    """Return the keyword of a field or parameter: its `x-keyword`, or its name with underscores."""
    return node.get("x-keyword", re.sub(r"\W", "_", name))


def settable(tree: Any) -> Iterator[tuple[str, str, Pointer, Any]]:
    """Yield what callers can set: its location (body, query or header), its name there, its pointer and its node."""
    for here in operations(tree):
        for pointer, node in parameters(tree, here):  # an operation may repeat a parameter of its path
            if node.get("in") in {"query", "header"}:
                yield node["in"], node["name"], pointer, node
        pointer, body = resolve(tree, (*here, "requestBody"))
        for media_type in (body or {}).get("content", {}):
            yield from _fields(tree, (*pointer, "content", media_type, "schema"))


def _fields(tree: Any, pointer: Pointer) -> Iterator[tuple[str, str, Pointer, Any]]:
    """Yield the fields of a body, its own and those in `allOf`."""
    pointer, schema = resolve(tree, pointer)
    if not isinstance(schema, dict):
        return
    for index in range(len(schema.get("allOf") or ())):
        yield from _fields(tree, (*pointer, "allOf", index))
    for name, node in (schema.get("properties") or {}).items():
        yield "body", name, (*pointer, "properties", name), node


def unusable_keywords(contract: Contract) -> Iterator[Finding]:
    """Yield what callers could not set by a keyword, or would send without setting it."""
    if wrong := list(_unusable_bodies(contract)):
        yield from wrong
        return
    seen: dict[str, tuple[str, str]] = {}
    entries = list(settable(contract.tree))
    for location, name, pointer, node in entries:
        _, schema = resolve(contract.tree, pointer if location == "body" else (*pointer, "schema"))
        if not isinstance(schema, dict):
            yield Finding(contract.where(pointer), f"{name} needs a schema that is a mapping")
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
            owner = "{!r} in the {}".format(*seen[keyword]) if keyword in seen else "an argument or option"
            yield Finding(here, f"the keyword {keyword!r} is taken by {owner}; give another one with x-keyword")
        seen.setdefault(str(keyword), (name, location))
        yield from (Finding(here, f"{name} {problem}") for problem in _unusable(location, name, node, schema))
    places = {pointer for _, _, pointer, _ in entries}
    for pointer, node in statements(contract.tree):
        if "x-keyword" in node and pointer not in places:
            yield Finding(contract.where((*pointer, "x-keyword")), "x-keyword is only allowed on what an edit can set")


def _unusable(location: str, name: str, node: Any, schema: Any) -> Iterator[str]:
    """Yield why the generator or the client cannot support a field or parameter."""
    is_parameter, is_header = location != "body", location == "header"
    is_choice = isinstance(schema.get("type"), list) or "anyOf" in schema or "oneOf" in schema
    has_style = (node.get("style", "form"), node.get("explode", True)) != ("form", True)
    may_be_null = "null" in str(schema.get("type", schema.get("anyOf")))
    in_header = "which the generator cannot write into a header; use a plain type"
    for is_wrong, problem in (
        ("default" in schema, "has a default, which every call would send; describe it instead"),
        (is_parameter and name.lower() in _FUNCTION_NAMES, "has a name that the generated function uses already"),
        (
            location == "query" and has_style,
            "has a style, which the generator ignores; leave out style and explode",
        ),
        (is_parameter and may_be_null, "may be null, which only a body can express; remove null from its type"),
        (is_header and name.lower() in _RESERVED_HEADERS, "is a header that the client sets itself"),
        (is_header and "format" in schema, f"has a format, {in_header}"),
        (is_header and is_choice, f"has a choice of types, {in_header}"),
    ):
        if is_wrong:
            yield problem


def _unusable_bodies(contract: Contract) -> Iterator[Finding]:
    """Yield what an edit cannot be generated from: a second operation, another media type, a body without properties."""
    for index, here in enumerate(operations(contract.tree)):
        if index:
            yield Finding(contract.where(here), "a second operation; the contract has only one, which edits an order")
        pointer, body = resolve(contract.tree, (*here, "requestBody"))
        if body is None:
            continue
        if set(body["content"]) != {"application/json"}:
            where = contract.where((*pointer, "content"))
            yield Finding(where, "an edit is sent as application/json; remove other media types")
        elif not any(_fields(contract.tree, (*pointer, "content", "application/json", "schema"))):
            where = contract.where((*pointer, "content", "application/json"))
            yield Finding(where, "the body has no properties that an edit could set, its own or in allOf")
