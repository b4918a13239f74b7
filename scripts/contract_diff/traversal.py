"""Compares all operations of two documents, each with its servers, security, request and responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract_diff.changes import Event, Place, show
from contract_diff.operations import Operation, operations
from contract_diff.requests import RequestComparison
from contract_diff.resolver import Resolver
from contract_diff.responses import ResponseComparison

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contract import Pointer
    from contract_diff.document import Document

_OPERATION = Place("both", "operation")


def compare_documents(old: Document, new: Document) -> Iterator[Event]:
    """What differs between all operations of two documents."""
    versions: tuple[Pointer, ...] = (("info", "version"), ("openapi",))
    for pointer in versions:
        shown = show(old.get(pointer)), show(new.get(pointer))
        if shown[0] != shown[1]:
            place = Place("both", str(pointer[0]))
            yield Event("contract version", place, f"`{pointer[-1]}`", "changed", *shown, places=(pointer, pointer))
    before, after = operations(old), operations(new)
    gone = [operation for key, operation in before.items() if key not in after]
    come = [operation for key, operation in after.items() if key not in before]
    for one in gone:
        note = _find_rename(one, come)
        yield Event("operation removed", _OPERATION, f"`{one.name}`", "removed", places=(one.pointer, None), note=note)
    for one in come:
        note = _find_rename(one, gone)
        yield Event("operation added", _OPERATION, f"`{one.name}`", "added", places=(None, one.pointer), note=note)
    resolvers = Resolver((old, new), "request"), Resolver((old, new), "response")
    for key in [key for key in before if key in after]:
        yield from _compare_servers(before[key], after[key])
        yield from compare_operations(before[key], after[key], *resolvers)


def compare_operations(old: Operation, new: Operation, requests: Resolver, responses: Resolver) -> Iterator[Event]:
    """What differs between two operations but for their servers."""
    for key, kind in (("operationId", "operation id"), ("deprecated", "deprecated"), ("callbacks", "callbacks")):
        before, after = old.node.get(key) or None, new.node.get(key) or None
        if before != after:
            places = (*old.pointer, key) if before else old.pointer, (*new.pointer, key) if after else new.pointer
            yield Event(kind, _OPERATION, f"`{key}`", "changed", show(before), show(after), places=places)
    yield from _compare_security(old, new)
    yield from RequestComparison(old, new, requests).events()
    yield from ResponseComparison(old, new, responses).events()


def _find_rename(operation: Operation, others: list[Operation]) -> str:
    twins = [other for other in others if other.node == operation.node]
    return f"It looks like a rename: `{twins[0].name}` is the same." if len(twins) == 1 else ""


def _compare_servers(old: Operation, new: Operation) -> Iterator[Event]:
    """Clients send to the first server; the others are as good as one another."""
    place = Place("both", "servers")
    here, there = old.nearest("servers") or old.pointer, new.nearest("servers") or new.pointer
    first, now_first = old.servers[0][0], new.servers[0][0]
    if first != now_first:
        places = tuple((*each, 0, "url") if each[-1] == "servers" else each for each in (here, there))
        shown = f"`{first}`", f"`{now_first}`"
        yield Event("server", place, "The first server", "changed", *shown, places=(places[0], places[1]))
    before, after = ({url for urls in each.servers for url in urls} - {first, now_first} for each in (old, new))
    for url in sorted(before - after):
        yield Event("server removed", place, f"`{url}`", "removed", places=(here, None))
    for url in sorted(after - before):
        yield Event("server added", place, f"`{url}`", "added", places=(None, there))


def _compare_security(old: Operation, new: Operation) -> Iterator[Event]:
    """Every way in that was enough must still be enough."""
    if old.security.keys() == new.security.keys():
        return
    refused = [way for way in old.security if not any(other <= way for other in new.security)]
    shown = _show_security(old), _show_security(new)
    places = (
        old.security[refused[0]] if refused else next(iter(old.security.values())),
        next(iter(new.security.values())),
    )
    key = _find_scheme(old, new, *places)
    kind = "security" if refused else "security added"
    place = Place("both", "security")
    yield Event(kind, place, "What is asked for", "changed", *shown, places=(key, key) if key else places)


def _show_security(operation: Operation) -> str:
    return " or ".join(sorted(" and ".join(sorted(way)) or "nothing" for way in operation.security))


def _find_scheme(old: Operation, new: Operation, here: Pointer, there: Pointer) -> Pointer | None:
    """Where a scheme changed, if it is the only one that is asked for, by the same name in both."""
    asked = old.document.get(here), new.document.get(there)
    if not (all(isinstance(each, dict) and len(each) == 1 for each in asked) and asked[0].keys() == asked[1].keys()):
        return None
    pointer: Pointer = ("components", "securitySchemes", *asked[0])
    before, after = old.document.mapping(pointer), new.document.mapping(pointer)
    return next(
        ((*pointer, key) for key in ("type", "in", "name", "scheme") if before.get(key) != after.get(key)), None
    )
