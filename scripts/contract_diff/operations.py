"""The operations of a document: where each is, and its parameters, body, responses, servers and security, resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from contract import at
from contract_diff.document import DiffError

if TYPE_CHECKING:
    from contract import Pointer
    from contract_diff.document import Document

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# OpenAPI says that these mean nothing where they are declared as parameters.
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
_STYLES: Final = {"query": "form", "path": "simple", "header": "simple", "cookie": "form"}
_MOST_URLS: Final = 10_000
# The operation that a document of the service is compared in.
METHOD: Final = "patch"
PATH: Final = "/v3/orders/{id}"
JSON: Final = "application/json"
_MOST_SIMILAR: Final = 6


@dataclass(frozen=True)
class Operation:
    """One operation of a document: its path, and where the path's item and the operation stand."""

    document: Document
    path: str
    method: str
    item: Pointer
    pointer: Pointer

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.method.upper()} {self.path}"

    @property
    def node(self) -> dict[str, Any]:
        """What stands there."""
        return self.document.mapping(self.pointer)

    @cached_property
    def parameters(self) -> dict[tuple[str, str], Pointer]:
        """Where each parameter stands, by where it is sent and its name; headers without case, a path's by their order."""
        order = re.findall(r"\{([^}]*)\}", self.path)
        found: dict[tuple[str, str], Pointer] = {}
        # What stands beside the reference of a path counts as well.
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
                found[where, name] = pointer
        return found

    def style(self, pointer: Pointer) -> str:
        """How a parameter is written: by a style, or as a media type."""
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
        """Where the request body stands, if there is one."""
        return self.document.follow((*self.pointer, "requestBody")) if "requestBody" in self.node else None

    @cached_property
    def responses(self) -> dict[str, Pointer]:
        """Where each response stands, by its status."""
        owner = (*self.pointer, "responses")
        names = [name for name in self.document.mapping(owner) if not name.startswith("x-")]
        if "" in names:
            raise self.document.error(owner, "has a response without a status")
        places = {name: self.document.follow((*self.pointer, "responses", name)) for name in names}
        return {name if name == "default" else name.upper(): location for name, location in sorted(places.items())}

    def response_of(self, status: str) -> Pointer | None:
        """The response that a status gets: its own, that of its range, or the default, which is for errors."""
        if status in self.responses:
            return self.responses[status]
        has_success = any(each.startswith("2") for each in self.responses)
        is_default = not (status.startswith("2") and has_success) and status[0] not in "13"
        return self.responses.get(f"{status[0]}XX") or (self.responses.get("default") if is_default else None)

    def content(self, pointer: Pointer) -> dict[str, Pointer]:
        """Where each media type of a body stands, by its name without a charset."""
        return {_media_type(name): (*pointer, "content", name) for name in self.document.mapping((*pointer, "content"))}

    def headers(self, pointer: Pointer) -> dict[str, Pointer]:
        """Where each header of a response stands, by its name without case."""
        names = [name for name in self.document.mapping((*pointer, "headers")) if name.lower() != "content-type"]
        return {name.lower(): self.document.follow((*pointer, "headers", name)) for name in names}

    def nearest(self, key: str) -> Pointer | None:
        """Where the operation, else its path, else the document says something for it."""
        for owner in (self.pointer, self.item, ()):
            node = self.document.mapping(owner)
            if key in node and (node[key] or key == "security"):
                return (*owner, key)
        return None

    @cached_property
    def servers(self) -> list[list[str]]:
        """The URLs of each server, that of its variables' defaults first."""
        pointer = self.nearest("servers")
        servers = self.document.sequence(pointer) if pointer else [{"url": "/"}]
        return [_urls(server) for server in servers if isinstance(server, dict)]

    @cached_property
    def security(self) -> dict[frozenset[str], Pointer]:
        """What each way in needs, such as a key in a header, and where that is said; nothing where no key is asked for."""
        pointer = self.nearest("security")
        if pointer is None or not self.document.sequence(pointer):
            return {frozenset(): pointer or self.pointer}
        places: list[Pointer] = [(*pointer, index) for index in range(len(self.document.sequence(pointer)))]
        return {self._needs(self.document.mapping(location)): location for location in places}

    def _needs(self, way: dict[str, Any]) -> frozenset[str]:
        found = set()
        for name, scopes in way.items():
            scheme = self.document.get(("components", "securitySchemes", name))
            words = _credential(scheme) if isinstance(scheme, dict) else f"{name}, which is not described"
            found |= {words, *(f"the scope {scope} of {words}" for scope in (scopes or ()))}
        return frozenset(found)


def _credential(scheme: dict[str, Any]) -> str:
    """How a credential is sent, in words: its name in the document does not matter."""
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
    """The media type, or the range of them, that a media type belongs to."""
    bare = name.partition(";")[0]
    found = [each for each in (name, bare) if each in content] + [each for each in content if fnmatchcase(bare, each)]
    return next(iter(found), None)


def is_json(name: str) -> bool:
    """Whether a media type, or a range of them, may be JSON."""
    name = name.partition(";")[0]
    return name.endswith(("/json", "+json")) or ("*" in name and fnmatchcase(JSON, name))


def _urls(server: dict[str, Any]) -> list[str]:
    variables = server["variables"] if isinstance(server.get("variables"), dict) else {}
    known = [variable if isinstance(variable, dict) else {} for variable in variables.values()]
    # One without an `enum` may be anything: that is its name in braces.
    choices = [
        dict.fromkeys([each.get("default", ""), *(each.get("enum") or [f"{{{name}}}"])])
        for name, each in zip(variables, known, strict=True)
    ]
    found = []
    for values in islice(product(*choices), _MOST_URLS):
        url = str(server.get("url", ""))
        for name, value in zip(variables, values, strict=True):
            url = url.replace("{" + name + "}", str(value))
        scheme, mark, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        url = f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else url  # a host is the same in other case
        found.append(url.rstrip("/") or "/")
    return found


def template(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def find_in_path(document: Document, path: str) -> dict[str, Operation]:
    """The operations of a path by their methods: those in what it refers to, and those beside that."""
    places = dict.fromkeys((("paths", path), document.follow(("paths", path))))
    found: dict[str, Operation] = {}
    for location in places:
        node = at(document.tree, location)
        for method in METHODS:
            if isinstance(node, dict) and method in node:
                found.setdefault(method, Operation(document, path, method, location, (*location, method)))
    return found


def operations(document: Document) -> dict[tuple[str, str], Operation]:
    """Every operation, by its path without the names of parameters, and its method."""
    paths = [path for path in document.mapping(("paths",)) if not path.startswith("x-")]
    every = ((path, each) for path in paths for each in find_in_path(document, path).values())
    return {(template(path), operation.method): operation for path, operation in every}


def find_ours(document: Document) -> Operation:
    """Find the operation, whatever its path's parameter is called, and wherever its path begins.

    Raises:
        DiffError: If there is none; the message names what is similar to it.
    """
    paths = document.tree.get("paths")
    if not isinstance(paths, dict):
        raise DiffError(f"{document.name}: has no paths, so it does not describe {METHOD.upper()} {PATH}")
    found = []
    for path in paths:
        operation = find_in_path(document, path).get(METHOD) if _address(path).endswith("/{}") else None
        if operation is not None:
            known = {address for _, address in addresses(operation)}
            if _address(PATH) in known | {_address(path)}:
                # A path that leads there with its server's comes before one that only looks like it.
                found.append((_address(PATH) not in known, operation))
    if not found:
        raise DiffError(f"{document.name}: does not describe {METHOD.upper()} {PATH}; {_similar(document)}")
    return min(found, key=lambda each: each[0])[1]


def _address(path: str) -> str:
    """A path without the names of its parameters, and without a slash at its end."""
    return template(path).rstrip("/")


def addresses(operation: Operation) -> list[tuple[str, str]]:
    """The host and the path of each server; no host where it is relative to where the document is."""
    found = []
    for urls in operation.servers:
        for url in urls:
            try:
                parts = urlsplit(url)
                host, path = parts.hostname or "", parts.path.strip("/")
            except ValueError:
                host, path = "", ""
            found.append((host, _address((f"/{path}" if path not in {"", "."} else "") + operation.path)))
    return found


def _similar(document: Document) -> str:
    """What a reader may have been looking for: the same path, other orders, other operations with our method."""
    ranked = []
    for path, item in document.tree["paths"].items():
        for method in METHODS:
            if isinstance(item, dict) and method in item:
                rank = (_address(path) != _address(PATH), "order" not in path.lower(), method != METHOD)
                ranked.append((rank, f"{method.upper()} {path}"))
    names = [name for rank, name in sorted(ranked) if not all(rank)]
    more = f" and {len(names) - _MOST_SIMILAR} more" if len(names) > _MOST_SIMILAR else ""
    return (
        f"the most similar that it has: {', '.join(names[:_MOST_SIMILAR])}{more}" if names else "nor anything like it"
    )
