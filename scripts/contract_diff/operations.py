"""The operations of a document, with their resolved parameters, body, responses, servers and security."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from contract import METHODS, at
from contract_diff.document import DiffError

if TYPE_CHECKING:
    from contract import Pointer
    from contract_diff.document import Document

# OpenAPI ignores these as parameters.
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
_STYLES: Final = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}
_MAX_URLS: Final = 10_000
# The operation that is compared with a document of the service.
METHOD: Final = "patch"
PATH: Final = "/v3/orders/{id}"
JSON: Final = "application/json"
_MAX_SIMILAR: Final = 6


@dataclass(frozen=True)
class Operation:
    """One operation of a document: its path, and the pointers of the path item and of the operation."""

    document: Document
    path: str
    method: str
    item: Pointer
    pointer: Pointer

    @property
    def name(self) -> str:
        """Its method and path, as text."""
        return f"{self.method.upper()} {self.path}"

    @property
    def node(self) -> dict[str, Any]:
        """Its mapping in the document."""
        return self.document.mapping(self.pointer)

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Pointer]:
        """The pointer of each parameter, by location and name: a header in lower case, a path parameter by its position."""
        order = re.findall(r"\{([^}]*)\}", self.path)
        parameters: dict[tuple[str, str], Pointer] = {}
        # Parameters next to the reference of a path item count as well.
        for owner in dict.fromkeys((("paths", self.path), self.item, self.pointer)):
            for index in range(len(self.document.sequence((*owner, "parameters")))):
                pointer = self.document.follow((*owner, "parameters", index))
                parameter = self.document.mapping(pointer)
                where, name = str(parameter.get("in")), str(parameter.get("name"))
                if where == "header":
                    name = name.lower()
                    if name in _IGNORED_HEADERS:
                        continue
                elif where == "path":
                    name = str(order.index(name)) if name in order else name
                parameters[where, name] = pointer
        return parameters

    def style(self, pointer: Pointer) -> str:
        """Return how a parameter is serialized, as text: its style, or its media type."""
        parameter = self.document.mapping(pointer)
        if content := self.content(pointer):
            return next(iter(content))
        style = str(parameter.get("style") or _STYLES.get(str(parameter.get("in")), "simple"))
        explode = parameter.get("explode", style == "form")
        reserved = ", allowReserved" if parameter.get("allowReserved") is True else ""
        empty = ", allowEmptyValue" if parameter.get("allowEmptyValue") is True else ""
        return f"`{style}`, {'exploded' if explode else 'not exploded'}{reserved}{empty}"

    @cached_property
    def body(self) -> Pointer | None:
        """The pointer of the request body, if there is one."""
        return self.document.follow((*self.pointer, "requestBody")) if "requestBody" in self.node else None

    @cached_property
    def responses(self) -> dict[str, Pointer]:
        """The pointer of each response, by status."""
        owner = (*self.pointer, "responses")
        names = [name for name in self.document.mapping(owner) if not name.startswith("x-")]
        if "" in names:
            raise self.document.error(owner, "has a response without a status")
        places = {name: self.document.follow((*self.pointer, "responses", name)) for name in names}
        return {name if name == "default" else name.upper(): location for name, location in sorted(places.items())}

    def response_of(self, status: str) -> Pointer | None:
        """Return the response of a status: its own, that of its range, or the default, which is for errors."""
        if status in self.responses:
            return self.responses[status]
        has_success = any(each.startswith("2") for each in self.responses)
        is_default = not (status.startswith("2") and has_success) and status[0] not in "13"
        return self.responses.get(f"{status[0]}XX") or (self.responses.get("default") if is_default else None)

    def content(self, pointer: Pointer) -> dict[str, Pointer]:
        """Return the pointer of each media type of a body, by its name without a charset."""
        return {_media_type(name): (*pointer, "content", name) for name in self.document.mapping((*pointer, "content"))}

    def headers(self, pointer: Pointer) -> dict[str, Pointer]:
        """Return the pointer of each header of a response, by its name in lower case."""
        names = [name for name in self.document.mapping((*pointer, "headers")) if name.lower() != "content-type"]
        return {name.lower(): self.document.follow((*pointer, "headers", name)) for name in names}

    def nearest(self, key: str) -> Pointer | None:
        """Return the pointer of a key in the operation, else in its path item, else in the document."""
        for owner in (self.pointer, self.item, ()):
            node = self.document.mapping(owner)
            if key in node and (node[key] or key == "security"):
                return (*owner, key)
        return None

    @cached_property
    def servers(self) -> list[list[str]]:
        """The URLs of each server, the one with the defaults of its variables first."""
        pointer = self.nearest("servers")
        servers = self.document.sequence(pointer) if pointer else [{"url": "/"}]
        return [_urls(server) for server in servers if isinstance(server, dict)]

    @cached_property
    def security(self) -> dict[frozenset[str], Pointer]:
        """The pointer of each alternative of `security`, by the credentials that it requires, such as a key in a header."""
        pointer = self.nearest("security")
        if pointer is None or not self.document.sequence(pointer):
            return {frozenset(): pointer or self.pointer}
        places: list[Pointer] = [(*pointer, index) for index in range(len(self.document.sequence(pointer)))]
        return {self._needs(self.document.mapping(place)): place for place in places}

    def _needs(self, requirement: dict[str, Any]) -> frozenset[str]:
        needs = set()
        for name, scopes in requirement.items():
            scheme = self.document.get(("components", "securitySchemes", name))
            credential = _credential(scheme) if isinstance(scheme, dict) else f"{name}, which is not defined"
            needs |= {credential, *(f"the scope {scope} of {credential}" for scope in (scopes or ()))}
        return frozenset(needs)


def _credential(scheme: dict[str, Any]) -> str:
    """Return how a credential is sent, as text; the name of the scheme in the document does not matter."""
    kind = str(scheme.get("type"))
    if kind == "apiKey":
        where, key = str(scheme.get("in")), str(scheme.get("name"))
        return f"a key in the {where} {key.lower() if where == 'header' else key}"
    if kind == "http":
        return f"HTTP {str(scheme.get('scheme')).lower()} authentication"
    flows = scheme["flows"] if isinstance(scheme.get("flows"), dict) else {}
    texts = [str(scheme.get("openIdConnectUrl", ""))]
    for name, flow in sorted(flows.items()):
        texts += [name, *(str(flow[key]) for key in ("authorizationUrl", "tokenUrl") if key in flow)]
    return " ".join([kind, *filter(None, texts)])


def _media_type(text: str) -> str:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    return ";".join([name, *sorted(each for each in parameters if each and not each.startswith("charset="))])


def find_media_type(name: str, content: dict[str, Pointer]) -> str | None:
    """Return the media type, or the media type range, that a media type belongs to."""
    bare = name.partition(";")[0]
    matches = [each for each in (name, bare) if each in content] + [each for each in content if fnmatchcase(bare, each)]
    return next(iter(matches), None)


def is_json(name: str) -> bool:
    """Return whether a media type, or a media type range, may be JSON."""
    name = name.partition(";")[0]
    return name.endswith(("/json", "+json")) or ("*" in name and fnmatchcase(JSON, name))


def _urls(server: dict[str, Any]) -> list[str]:
    variables = server["variables"] if isinstance(server.get("variables"), dict) else {}
    known = [variable if isinstance(variable, dict) else {} for variable in variables.values()]
    # A variable without an `enum` may have any value, which is shown as its name in braces.
    choices = [
        dict.fromkeys([each.get("default", ""), *(each.get("enum") or [f"{{{name}}}"])])
        for name, each in zip(variables, known, strict=True)
    ]
    urls = []
    for values in islice(product(*choices), _MAX_URLS):
        url = str(server.get("url", ""))
        for name, value in zip(variables, values, strict=True):
            url = url.replace("{" + name + "}", str(value))
        scheme, mark, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        url = (
            f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else url
        )  # the case of a host does not matter
        urls.append(url.rstrip("/") or "/")
    return urls


def template(path: str) -> str:
    """Return a path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def find_in_path(document: Document, path: str) -> dict[str, Operation]:
    """Return the operations of a path by method, including those of the path item that it refers to."""
    places = dict.fromkeys((("paths", path), document.follow(("paths", path))))
    by_method: dict[str, Operation] = {}
    for place in places:
        node = at(document.tree, place)
        for method in METHODS:
            if isinstance(node, dict) and method in node:
                by_method.setdefault(method, Operation(document, path, method, place, (*place, method)))
    return by_method


def operations(document: Document) -> dict[tuple[str, str], Operation]:
    """Return every operation, by its path without the names of parameters, and its method."""
    paths = [path for path in document.mapping(("paths",)) if not path.startswith("x-")]
    every = ((path, each) for path in paths for each in find_in_path(document, path).values())
    return {(template(path), operation.method): operation for path, operation in every}


def find_ours(document: Document) -> Operation:
    """Find the operation that edits an order, whatever the name of its path parameter and its base path.

    Raises:
        DiffError: If there is none; the message names similar operations.
    """
    paths = document.tree.get("paths")
    if not isinstance(paths, dict):
        raise DiffError(f"{document.name}: has no paths, so it does not describe {METHOD.upper()} {PATH}")
    matches = []
    for path in paths:
        operation = find_in_path(document, path).get(METHOD) if _address(path).endswith("/{}") else None
        if operation is not None:
            known = {address for _, address in addresses(operation)}
            if _address(PATH) in known | {_address(path)}:
                # A path that matches together with the path of its server comes before one that matches alone.
                matches.append((_address(PATH) not in known, operation))
    if not matches:
        raise DiffError(f"{document.name}: does not describe {METHOD.upper()} {PATH}; {_similar(document)}")
    return min(matches, key=lambda each: each[0])[1]


def _address(path: str) -> str:
    """Return a path without the names of its parameters and without a trailing slash."""
    return template(path).rstrip("/")


def addresses(operation: Operation) -> list[tuple[str, str]]:
    """Return the host and the path of the operation at each server; the host of a relative server URL is empty."""
    pairs = []
    for urls in operation.servers:
        for url in urls:
            try:
                parts = urlsplit(url)
                host, path = parts.hostname or "", parts.path.strip("/")
            except ValueError:
                host, path = "", ""
            pairs.append((host, _address((f"/{path}" if path not in {"", "."} else "") + operation.path)))
    return pairs


def _similar(document: Document) -> str:
    """Return the operations that a reader may look for: on the same path, about orders, or with our method."""
    ranked = []
    for path, item in document.tree["paths"].items():
        for method in METHODS:
            if isinstance(item, dict) and method in item:
                rank = (_address(path) != _address(PATH), "order" not in path.lower(), method != METHOD)
                ranked.append((rank, f"{method.upper()} {path}"))
    names = [name for rank, name in sorted(ranked) if not all(rank)]
    more = f" and {len(names) - _MAX_SIMILAR} more" if len(names) > _MAX_SIMILAR else ""
    return (
        f"the most similar that it has: {', '.join(names[:_MAX_SIMILAR])}{more}" if names else "nor a similar operation"
    )
