"""Finds PATCH /v3/orders/{id} in a document, and what it consists of: its pointers, with all references followed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from review.upstream.document import UpstreamError

if TYPE_CHECKING:
    from contract import Pointer
    from review.upstream.document import Document

METHOD: Final = "patch"
PATH: Final = "/v3/orders/{id}"
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_SIMILAR: Final = 6
# OpenAPI says that these mean nothing where they are declared as parameters.
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})


@dataclass(frozen=True)
class Operation:
    """One operation of a document.

    Attributes:
        document: The document.
        pointer: Where the operation stands.
        addresses: The paths below the host at which its servers have it.
        hosts: The hosts of its servers; none if they are relative to where the document is.
        parameters: Where each parameter stands, by where it is sent and what it is called.
        body: Where the request body stands, if it has one.
        responses: Where each response stands, by its status.
        security: The alternatives that a caller has, each the credentials to send together.
        security_pointer: Where they stand.
    """

    document: Document
    pointer: Pointer
    addresses: frozenset[str]
    hosts: frozenset[str]
    parameters: dict[tuple[str, str], Pointer]
    body: Pointer | None
    responses: dict[str, Pointer]
    security: frozenset[frozenset[str]]
    security_pointer: Pointer


def find(document: Document) -> Operation:
    """Find the operation.

    Raises:
        UpstreamError: If the document has none; the message names what is similar to it.
    """
    if not isinstance(document.tree.get("paths"), dict):
        raise UpstreamError(f"{document.name}: has no paths, so it does not describe {METHOD.upper()} {PATH}")
    found: list[tuple[bool, str, Pointer, Pointer]] = []
    for path in document.tree["paths"]:
        for item, operation in _operations(document, path):
            urls = _servers(document, item, operation)
            addresses = {_template(prefix + path) for prefix, _ in urls}
            if _template(PATH) in addresses | {_template(path)}:
                found.append((_template(PATH) not in addresses, path, item, operation))
    if not found:
        raise UpstreamError(f"{document.name}: does not describe {METHOD.upper()} {PATH}; {_similar(document)}")
    # A path that leads there with its server's comes before one that only looks like it.
    _, path, item, operation = min(found, key=lambda one: one[0])
    urls = _servers(document, item, operation)
    security, security_pointer = _security(document, operation)
    body = (*operation, "requestBody")
    return Operation(
        document,
        operation,
        frozenset(_template(prefix + path) for prefix, _ in urls),
        frozenset(host for _, host in urls if host),
        _parameters(document, path, item, operation),
        document.follow(body) if "requestBody" in document.mapping(operation) else None,
        _responses(document, operation),
        security,
        security_pointer,
    )


def _operations(document: Document, path: str) -> list[tuple[Pointer, Pointer]]:
    """The path item and the operation, if the path has one with our method: in what it refers to, or beside that."""
    item: Pointer = ("paths", path)
    followed = document.follow(item) if _template(path).endswith("/{}") else item
    for place in dict.fromkeys((item, followed)):
        if isinstance(document.at(place), dict) and METHOD in document.mapping(place):
            document.mapping((*place, METHOD))
            return [(place, (*place, METHOD))]
    return []


def _template(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def _servers(document: Document, item: Pointer, operation: Pointer) -> list[tuple[str, str]]:
    """The path and the host of each server; those of the operation come before those of the path and the document."""
    for place in (operation, item, ()):
        servers = document.mapping(place).get("servers")
        if isinstance(servers, list) and servers:
            return [_split(server) for server in servers if isinstance(server, dict)]
    return [("", "")]


def _split(server: dict[str, Any]) -> tuple[str, str]:
    url = str(server.get("url", ""))
    variables = server.get("variables")
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        default = variable.get("default", "") if isinstance(variable, dict) else ""
        url = url.replace("{" + str(name) + "}", str(default))
    try:
        parts = urlsplit(url)
        path, host = parts.path.strip("/"), parts.hostname or ""
    except ValueError:
        return "", ""
    return ("/" + path if path not in {"", "."} else ""), host


def _similar(document: Document) -> str:
    """What a reader may have been looking for: the same path, other orders, other operations with our method."""
    ranked = []
    for path in document.tree["paths"]:
        item = document.at(("paths", path))
        for method in _METHODS:
            if isinstance(item, dict) and method in item:
                rank = (_template(path) != _template(PATH), "order" not in path.lower(), method != METHOD)
                ranked.append((rank, f"{method.upper()} {path}"))
    names = [name for rank, name in sorted(ranked) if not all(rank)]
    more = f" and {len(names) - _MOST_SIMILAR} more" if len(names) > _MOST_SIMILAR else ""
    return (
        f"the most similar that it has: {', '.join(names[:_MOST_SIMILAR])}{more}" if names else "nor anything like it"
    )


def _parameters(document: Document, path: str, item: Pointer, operation: Pointer) -> dict[tuple[str, str], Pointer]:
    """The parameters of the path, and those of the operation in their place; a path's by their order, not their names."""
    order = re.findall(r"\{([^}]*)\}", path)
    found: dict[tuple[str, str], Pointer] = {}
    for place in (item, operation):
        if "parameters" not in document.mapping(place):
            continue
        for index in range(len(document.sequence((*place, "parameters")))):
            pointer = document.follow((*place, "parameters", index))
            parameter = document.mapping(pointer)
            where, name = str(parameter.get("in")), str(parameter.get("name"))
            if where == "header":
                name = name.lower()
                if name in _IGNORED_HEADERS:
                    continue
            elif where == "path":
                name = str(order.index(name)) if name in order else name
            found[where, name] = pointer
    return found


def _responses(document: Document, operation: Pointer) -> dict[str, Pointer]:
    if "responses" not in document.mapping(operation):
        return {}
    place = (*operation, "responses")
    names = [name for name in document.mapping(place) if not name.startswith("x-")]
    found = {name if name == "default" else name.upper(): document.follow((*place, name)) for name in names}
    return dict(sorted(found.items()))


def _security(document: Document, operation: Pointer) -> tuple[frozenset[frozenset[str]], Pointer]:
    place = operation if "security" in document.mapping(operation) else ()
    pointer = (*place, "security")
    if "security" not in document.mapping(place):
        return frozenset(), operation
    alternatives = [one for one in document.sequence(pointer) if isinstance(one, dict)]
    return frozenset(frozenset(_credential(document, name) for name in one) for one in alternatives), pointer


def _credential(document: Document, name: str) -> str:
    """How a credential is sent, in words: its name in the document does not matter."""
    try:
        scheme = document.mapping(document.follow(("components", "securitySchemes", name)))
    except (KeyError, TypeError):
        return f"{name}, which is not described"
    kind = str(scheme.get("type"))
    if kind == "apiKey":
        where, key = str(scheme.get("in")), str(scheme.get("name"))
        return f"a key in the {where} {key.lower() if where == 'header' else key}"
    if kind == "http":
        return f"HTTP {str(scheme.get('scheme')).lower()} authentication"
    return kind
