"""Finds PATCH /v3/orders/{id} in a document of the service, and compares it with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from contract_diff.changes import Event, Place
from contract_diff.comparison import OperationComparison
from contract_diff.document import DiffError
from contract_diff.operations import METHODS, Operation, find_in_path, template
from contract_diff.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract_diff.document import Document

METHOD: Final = "patch"
PATH: Final = "/v3/orders/{id}"
_MOST_SIMILAR: Final = 6


def compare_operation(ours: Document, theirs: Document) -> Iterator[Event]:
    """What differs between our operation and theirs.

    Raises:
        DiffError: If a document has no such operation, or cannot be followed.
    """
    one, other = find(ours), find(theirs)
    yield from _compare_addresses(one, other)
    resolvers = Resolver((ours, theirs), "request"), Resolver((ours, theirs), "response")
    yield from OperationComparison(one, other, *resolvers).events()


def find(document: Document) -> Operation:
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
            addresses = {address for _, address in _addresses(operation)}
            if _address(PATH) in addresses | {_address(path)}:
                # A path that leads there with its server's comes before one that only looks like it.
                found.append((_address(PATH) not in addresses, operation))
    if not found:
        raise DiffError(f"{document.name}: does not describe {METHOD.upper()} {PATH}; {_similar(document)}")
    return min(found, key=lambda each: each[0])[1]


def _address(path: str) -> str:
    """A path without the names of its parameters, and without a slash at its end."""
    return template(path).rstrip("/")


def _addresses(operation: Operation) -> list[tuple[str, str]]:
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


def _compare_addresses(ours: Operation, theirs: Operation) -> Iterator[Event]:
    one, other = _addresses(ours), _addresses(theirs)
    for index, subject in enumerate(("The host", "The path")):
        here, there = ({each[index] for each in addresses if each[index]} for addresses in (one, other))
        if here and there and not here & there:
            texts = [" or ".join(f"`{each}`" for each in sorted(side)).replace("{}", "{id}") for side in (here, there)]
            places = ours.nearest("servers") or ours.pointer, theirs.nearest("servers") or theirs.pointer
            yield Event("server", Place("both", "address"), subject, old=texts[0], new=texts[1], places=places)


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
