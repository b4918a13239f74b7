"""Lists the facts that the contract states, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contract.load import at, operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract.load import Pointer

# In the order of a review: documented facts first, inferred ones last.
SOURCES = {
    "page": "documented: the page about editing an order",
    "changelog": "documented: the notes on API versions",
    "rate-limit-page": "documented: the page on rate limits",
    "sdk": "the service's own SDK",
    "observed": "observed in responses of the live service",
    "inferred": "inferred from the others",
}
# What a source is about: the part itself, or one property of it that another source states.
ASPECTS = {"x-source": "", "x-null-source": "null", "x-type-source": "type", "x-values-source": "values"}


@dataclass(frozen=True)
class Part:
    """A part of the contract that must have a description and a source."""

    name: str
    kind: str
    pointer: Pointer
    node: Any


@dataclass(frozen=True)
class Fact:
    """One fact, and its source."""

    name: str
    source: str
    pointer: Pointer


def parts(tree: Any) -> Iterator[Part]:
    """Yield every operation, parameter, request body, response, schema, property and security scheme."""
    for pointer in operations(tree):
        yield from _parts_of_operation(at(tree, pointer), pointer)
    components = tree.get("components", {})
    for name, schema in _items(components, "schemas"):
        pointer = ("components", "schemas", name)
        yield Part(name, "schema", pointer, schema)
        yield from _properties(name, schema, pointer)
    for name, scheme in _items(components, "securitySchemes"):
        yield Part(f"security scheme {name}", "security scheme", ("components", "securitySchemes", name), scheme)


def _properties(owner: str, schema: Any, pointer: Pointer) -> Iterator[Part]:
    """Yield the properties of a schema, including nested ones; those of a referenced schema come with that schema."""
    for key, value in _items(schema, "properties"):
        yield Part(f"{owner}.{key}", "property", (*pointer, "properties", key), value)
        yield from _properties(f"{owner}.{key}", value, (*pointer, "properties", key))
    for key in ("items", "additionalProperties"):
        if isinstance(schema, dict) and isinstance(schema.get(key), dict):
            yield from _properties(f"{owner}{'[]' if key == 'items' else '.*'}", schema[key], (*pointer, key))
    for key in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(key) if isinstance(schema, dict) else None
        for index, branch in enumerate(branches if isinstance(branches, list) else []):
            yield from _properties(owner, branch, (*pointer, key, index))


def _parts_of_operation(operation: Any, pointer: Pointer) -> Iterator[Part]:
    yield Part(f"operation {operation.get('operationId')}", "operation", pointer, operation)
    parameters = operation.get("parameters")
    for index, parameter in enumerate(parameters if isinstance(parameters, list) else []):
        if isinstance(parameter, dict):
            name = f"{parameter.get('in')} parameter {parameter.get('name')}"
            yield Part(name, "parameter", (*pointer, "parameters", index), parameter)
    if "requestBody" in operation:
        here = (*pointer, "requestBody")
        yield Part("request body", "request body", here, operation["requestBody"])
        yield from _inline("request body", operation["requestBody"], here)
    for status, response in _items(operation, "responses"):
        here = (*pointer, "responses", status)
        yield Part(f"response {status}", "response", here, response)
        yield from _inline(f"response {status}", response, here)


def _inline(owner: str, node: Any, pointer: Pointer) -> Iterator[Part]:
    for media_type, content in _items(node, "content"):
        if isinstance(content, dict) and isinstance(content.get("schema"), dict):
            yield from _properties(owner, content["schema"], (*pointer, "content", media_type, "schema"))


def facts(tree: Any) -> Iterator[Fact]:
    """Yield every fact with a source, in the order of the contract."""
    for part in parts(tree):
        for key, aspect in ASPECTS.items():
            if isinstance(part.node, dict) and key in part.node:
                name = f"{part.name} ({aspect})" if aspect else part.name
                yield Fact(name, str(part.node[key]), (*part.pointer, key))


def _items(node: Any, key: str) -> list[tuple[str, Any]]:
    mapping = at(node, (key,))
    return list(mapping.items()) if isinstance(mapping, dict) else []
