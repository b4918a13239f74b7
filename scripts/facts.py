"""What the contract states, each with the words that say where it is known from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer

# In the order in which a reviewer wants them: what is documented first, what nobody has seen last.
SOURCES = {
    "page": "documented: the page about editing an order",
    "changelog": "documented: the notes on API versions",
    "rate-limit-page": "documented: the page on rate limits",
    "sdk": "the service's own SDK",
    "observed": "observed in answers of the live service",
    "inferred": "inferred from the others",
}
# What a source may be about: the thing itself, or one property of it that is known from elsewhere.
ASPECTS = {"x-source": "", "x-null-source": "null", "x-type-source": "type", "x-values-source": "values"}


@dataclass(frozen=True)
class Part:
    """A part of the contract that must say what it is and where that is known from."""

    name: str
    kind: str
    pointer: Pointer
    node: Any


@dataclass(frozen=True)
class Fact:
    """One thing that is known, and where from."""

    name: str
    aspect: str
    source: str
    pointer: Pointer


def parts(tree: Any) -> Iterator[Part]:
    """Every operation, parameter, request body, response, schema, property and security scheme."""
    for path, item in _items(tree, "paths"):
        for method, operation in _items(item):
            if isinstance(operation, dict) and "responses" in operation:
                yield from _parts_of_operation(operation, ("paths", path, method))
    components = tree.get("components", {})
    for name, schema in _items(components, "schemas"):
        pointer: Pointer = ("components", "schemas", name)
        yield Part(name, "schema", pointer, schema)
        for key, value in _items(schema, "properties"):
            yield Part(f"{name}.{key}", "property", (*pointer, "properties", key), value)
    for name, scheme in _items(components, "securitySchemes"):
        yield Part(f"security scheme {name}", "security scheme", ("components", "securitySchemes", name), scheme)


def _parts_of_operation(operation: Any, pointer: Pointer) -> Iterator[Part]:
    yield Part(f"operation {operation.get('operationId')}", "operation", pointer, operation)
    parameters = operation.get("parameters")
    for index, parameter in enumerate(parameters if isinstance(parameters, list) else []):
        if isinstance(parameter, dict):
            name = f"{parameter.get('in')} parameter {parameter.get('name')}"
            yield Part(name, "parameter", (*pointer, "parameters", index), parameter)
    if "requestBody" in operation:
        yield Part("request body", "request body", (*pointer, "requestBody"), operation["requestBody"])
    for status, response in _items(operation, "responses"):
        yield Part(f"answer {status}", "answer", (*pointer, "responses", status), response)


def facts(tree: Any) -> Iterator[Fact]:
    """Every statement of a source, in the order of the contract."""
    for part in parts(tree):
        for key, aspect in ASPECTS.items():
            if isinstance(part.node, dict) and key in part.node:
                yield Fact(part.name, aspect, str(part.node[key]), (*part.pointer, key))


def _items(node: Any, key: str | None = None) -> Iterator[tuple[str, Any]]:
    if key is not None:
        node = node.get(key) if isinstance(node, dict) else None
    if isinstance(node, dict):
        yield from node.items()
