"""Compares all operations of two documents, including their servers, security, requests and responses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from contract_diff.changes import Action, Difference, Location, show
from contract_diff.containment import Containment
from contract_diff.operations import JSON, Operation, addresses, find_media_type, is_json, operations
from contract_diff.resolver import resolvers
from contract_diff.schemas import SchemaComparison
from contract_diff.severities import SENT_ALWAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contract import Pointer
    from contract_diff.document import Direction, Document
    from contract_diff.resolver import Resolver

Pair = tuple["Pointer", "Pointer"]
_OPERATION: Final = Location("both", "operation")
_OPTIONAL: Final = ("optional", "required")


def compare_documents(old: Document, new: Document) -> Iterator[Difference]:
    """Yield all differences between the operations of two documents."""
    versions: tuple[Pointer, ...] = (("info", "version"), ("openapi",))
    for pointer in versions:
        shown = show(old.get(pointer)), show(new.get(pointer))
        if shown[0] != shown[1]:
            location = Location("both", str(pointer[0]))
            yield Difference(
                "contract version", location, f"`{pointer[-1]}`", "changed", *shown, places=(pointer, pointer)
            )
    before, after = operations(old), operations(new)
    removed = [operation for key, operation in before.items() if key not in after]
    added = [operation for key, operation in after.items() if key not in before]
    for each in removed:
        note = _find_rename(each, added)
        yield Difference(
            "operation removed", _OPERATION, f"`{each.name}`", "removed", places=(each.pointer, None), note=note
        )
    for each in added:
        note = _find_rename(each, removed)
        yield Difference(
            "operation added", _OPERATION, f"`{each.name}`", "added", places=(None, each.pointer), note=note
        )
    both = resolvers(old, new)
    if old.get(("webhooks",)) and not both["request"].is_same((0, ("webhooks",)), (1, ("webhooks",)), "webhooks"):
        places = ("webhooks",), ("webhooks",) if new.get(("webhooks",)) else ()
        yield Difference("callbacks", Location("both", "webhooks"), "`webhooks`", "changed", places=places)
    for key in [key for key in before if key in after]:
        yield from _compare_servers(before[key], after[key])
        yield from OperationComparison(before[key], after[key], both).differences()


def _find_rename(operation: Operation, others: list[Operation]) -> str:
    twins = [other for other in others if other.node == operation.node]
    return f"It looks like a rename: `{twins[0].name}` is the same." if len(twins) == 1 else ""


def _compare_servers(old: Operation, new: Operation) -> Iterator[Difference]:
    """Compare servers: clients use the first one; the order of the others does not matter."""
    location = Location("both", "servers")
    old_place, new_place = old.nearest("servers") or old.pointer, new.nearest("servers") or new.pointer
    old_first, new_first = old.servers[0][0], new.servers[0][0]
    if old_first != new_first:
        places = tuple((*each, 0, "url") if each[-1] == "servers" else each for each in (old_place, new_place))
        shown = f"`{old_first}`", f"`{new_first}`"
        yield Difference("server", location, "The first server", "changed", *shown, places=(places[0], places[1]))
    before, after = ({url for urls in each.servers for url in urls} - {old_first, new_first} for each in (old, new))
    for url in sorted(before - after):
        yield Difference("server removed", location, f"`{url}`", "removed", places=(old_place, None))
    for url in sorted(after - before):
        yield Difference("server added", location, f"`{url}`", "added", places=(None, new_place))


def compare_addresses(ours: Operation, theirs: Operation) -> Iterator[Difference]:
    """Yield differences in the host and the path that requests to our operation and to theirs go to."""
    sides = addresses(ours), addresses(theirs)
    for index, subject in enumerate(("The host", "The path")):
        old, new = ({each[index] for each in side if each[index]} for side in sides)
        if old and new and not old & new:
            texts = [" or ".join(f"`{each}`" for each in sorted(side)).replace("{}", "{id}") for side in (old, new)]
            places = ours.nearest("servers") or ours.pointer, theirs.nearest("servers") or theirs.pointer
            yield Difference("server", Location("both", "address"), subject, old=texts[0], new=texts[1], places=places)


class OperationComparison:
    """Compares two operations, except their servers.

    Args:
        old: The operation of the old contract.
        new: The operation of the new contract.
        resolvers: The schemas of both documents, by direction.
    """

    def __init__(self, old: Operation, new: Operation, resolvers: dict[Direction, Resolver]) -> None:
        self._old, self._new, self._resolvers = old, new, resolvers

    def differences(self) -> Iterator[Difference]:
        """Yield all differences.

        Raises:
            DiffError: If something cannot be compared; the message says where it is.
        """
        with self._new.document.comparing(self._new.pointer):
            yield from self._differences()

    def _differences(self) -> Iterator[Difference]:
        old, new = self._old, self._new
        for key, kind in (("operationId", "operation id"), ("deprecated", "deprecated")):
            before, after = old.node.get(key) or None, new.node.get(key) or None
            if before != after:
                places = (*old.pointer, key) if before else old.pointer, (*new.pointer, key) if after else new.pointer
                yield Difference(kind, _OPERATION, f"`{key}`", "changed", show(before), show(after), places=places)
        yield from self._whole("callbacks", _OPERATION, (old.pointer, new.pointer))
        yield from self._security()
        for where, name in sorted(old.parameters.keys() | new.parameters.keys()):
            pair = old.parameters.get((where, name)), new.parameters.get((where, name))
            yield from self._parameter(where, name, *pair)
        yield from self._body(Location("request", "request body"), old.body, new.body)
        for status in sorted(old.responses.keys() | new.responses.keys()):
            is_only = status == "default" and len(old.responses) == 1 == len(new.responses)
            location = Location("response" if status.startswith("2") or is_only else "error", "", status)
            yield from self._response(location, old.response_of(status), new.response_of(status))

    def _security(self) -> Iterator[Difference]:
        """Compare security: credentials that were accepted must still be accepted."""
        old, new = self._old.security, self._new.security
        if old.keys() == new.keys():
            return
        refused = [needs for needs in old if not any(each <= needs for each in new)]
        shown = _show_security(old), _show_security(new)
        places = old[refused[0]] if refused else next(iter(old.values())), next(iter(new.values()))
        kind = "security" if refused else "security added"
        places = self._find_scheme(*places) or places
        yield Difference(
            kind, Location("both", "security"), "The required credentials", "changed", *shown, places=places
        )

    def _find_scheme(self, old: Pointer, new: Pointer) -> Pair | None:
        """Return the places of a changed security scheme, if both sides require only this one, by the same name."""
        needs = self._old.document.get(old), self._new.document.get(new)
        if not all(isinstance(each, dict) and len(each) == 1 for each in needs) or needs[0].keys() != needs[1].keys():
            return None
        pointer: Pointer = ("components", "securitySchemes", *needs[0])
        for key in ("type", "in", "name", "scheme"):
            before, after = self._values(key, (pointer, pointer))
            if before != after:
                return (*pointer, key), (*pointer, key)
        return None

    def _parameter(self, where: str, name: str, old: Pointer | None, new: Pointer | None) -> Iterator[Difference]:
        names = self._values("name", (old, new))
        location = Location("request", f"{where} parameter `{names[1] or names[0]}`")
        if old is None:
            sent = SENT_ALWAYS | {need.rpartition(" ")[2] for needs in self._old.security for need in needs}
            is_sent = where == "path" or (where == "header" and name in sent)
            is_required = self._values("required", (old, new))[1] is True
            kind = "parameter required" if is_required else "parameter added"
            client, text = "parameter sent" if is_sent and is_required else "", _OPTIONAL[is_required]
            yield Difference(kind, location, "The parameter", "added", new=text, places=(None, new), client=client)
        elif new is None:
            client = "header removed from request" if where == "header" else ""
            yield Difference(
                "parameter removed", location, "The parameter", "removed", places=(old, None), client=client
            )
        else:
            if where == "path" and names[0] != names[1]:
                shown = show(names[0]), show(names[1])
                yield Difference("path parameter renamed", location, "Its name", "changed", *shown, places=(old, new))
            if where != "path":
                yield from self._flag("required", "parameter {}", location, "The parameter", (old, new))
            yield from self._flag("deprecated", "deprecated", location, "`deprecated`", (old, new))
            yield from self._inner(location, old, new)

    def _body(self, location: Location, old: Pointer | None, new: Pointer | None) -> Iterator[Difference]:
        if old is None and new is not None:
            kind = "required body added" if self._values("required", (old, new))[1] is True else "body added"
            yield Difference(kind, location, "The body", "added", places=(self._old.pointer, new))
        elif old is not None and new is None:
            yield Difference("body removed", location, "The body", "removed", places=(old, self._new.pointer))
        elif old is not None and new is not None:
            yield from self._flag("required", "body {}", location, "The body", (old, new))
            yield from self._content(location, old, new)

    def _response(self, location: Location, old: Pointer | None, new: Pointer | None) -> Iterator[Difference]:
        if old is None and new is not None:
            kind = {"2": "success added", "3": "redirect added"}.get(location.status[0], "error added")
            may_be_order = any(is_json(name) for name in self._new.content(new))
            client = "success without order" if kind == "success added" and not may_be_order else ""
            yield Difference(kind, location, "The response", "added", places=(None, new), client=client)
            success = next((pointer for status, pointer in self._old.responses.items() if status.startswith("2")), None)
            if kind == "success added" and may_be_order and success is not None:
                # This client reads it as an order: of its schema, report only what is not an order.
                yield from (
                    difference
                    for difference in self._response(location, success, new)
                    if difference.client == "no order"
                )
        elif old is not None and new is None:
            if not any(_is_part(each, location.status) for each in self._new.responses):
                kind = "success removed" if location.direction == "response" else "error removed"
                yield Difference(kind, location, "The response", "removed", places=(old, None))
        elif old is not None and new is not None:
            before, after = self._old.headers(old), self._new.headers(new)
            for name in sorted(before.keys() | after.keys()):
                inner = replace(location, base=f" header `{name}`")
                yield from self._header(inner, before.get(name), after.get(name))
            if self._values("links", (old, new))[0]:
                yield from self._whole("links", location, (old, new))
            yield from self._content(location, old, new)

    def _header(self, location: Location, old: Pointer | None, new: Pointer | None) -> Iterator[Difference]:
        if old is None or new is None:
            action: Action = "added" if old is None else "removed"
            yield Difference(f"header {action}", location, "The header", action, places=(old, new))
        else:
            yield from self._flag("required", "header {}", location, "The header", (old, new))
            yield from self._inner(location, old, new)

    def _content(self, location: Location, old_place: Pointer, new_place: Pointer) -> Iterator[Difference]:
        """Compare media types: those of requests must still be accepted, those of responses must have been promised."""
        old, new = self._old.content(old_place), self._new.content(new_place)
        kept = {(name, match) for name in old if (match := find_media_type(name, new))}
        known = {(match, name) for name in new if (match := find_media_type(name, old))}
        pairs = kept if location.direction == "request" else known
        removed = [name for name in old if name not in {old_name for old_name, _ in pairs}]
        added = [name for name in new if name not in {new_name for _, new_name in pairs}]
        before, after = (next((name for name in each if is_json(name)), None) for each in (old, new))
        for name in removed:
            client = "no JSON" if location.direction != "request" and name == before and after is None else ""
            yield Difference(
                "media type removed", location, f"`{name}`", "removed", places=(old[name], None), client=client
            )
        for name in added:
            kind = "media type added" if old or location.direction == "request" else "response body added"
            yield Difference(kind, location, f"`{name}`", "added", places=(None, new[name]))
        if location.direction != "request" and before in removed and after in added:
            pairs.add((before, after))  # JSON under another media type
        # A media type that belonged to a range, or does now, is compared with the range, too.
        pairs |= kept if location.direction != "request" else known
        for old_name, new_name in sorted(pairs):
            name = old_name if location.direction == "request" else new_name
            inner = replace(location, base=location.base + ("" if name == JSON else f" ({name})"))
            pair = old[old_name], new[new_name]
            yield from self._schemas(inner, *pair)
            yield from self._whole("encoding", inner, pair)

    def _flag(self, key: str, kind: str, location: Location, subject: str, pair: Pair) -> Iterator[Difference]:
        """Compare a boolean keyword: `required` or `deprecated`."""
        old, new = (value is True for value in self._values(key, pair))
        words = _OPTIONAL if key == "required" else ("`false`", "`true`")
        if old != new:
            yield Difference(kind.format(words[new]), location, subject, "changed", words[old], words[new], places=pair)

    def _inner(self, location: Location, old: Pointer, new: Pointer) -> Iterator[Difference]:
        """Compare the style and the schemas of two parameters or headers; the schema may be that of a media type."""
        before, after = self._old.content(old), self._new.content(new)
        styles = self._old.style(old), self._new.style(new)
        if styles[0] != styles[1]:
            yield Difference("style", location, "Its style", "changed", *styles, places=(old, new))
        yield from self._schemas(location, next(iter(before.values()), old), next(iter(after.values()), new))

    def _schemas(self, location: Location, old: Pointer, new: Pointer) -> Iterator[Difference]:
        """Compare the schemas of two media types, parameters or headers, each of which may have none."""
        resolver = self._resolvers["request" if location.direction == "request" else "response"]
        has_old, has_new = ("schema" in node for node in self._nodes((old, new)))
        before, after = (0, (*old, "schema")), (1, (*new, "schema"))
        if has_old and has_new:
            with self._new.document.comparing(new):
                yield from SchemaComparison(resolver).compare(location, (before,), (after,))
        elif has_old and not Containment(resolver).is_within((), (before,)):
            violates = resolver.direction == "response"
            yield Difference("schema", location, "The schema", "removed", places=(before[1], None), violates=violates)
        elif has_new and not Containment(resolver).is_within((), (after,)):
            violates = resolver.direction == "request"
            yield Difference("schema", location, "The schema", "added", places=(None, after[1]), violates=violates)

    def _whole(self, key: str, location: Location, pair: Pair) -> Iterator[Difference]:
        """Compare a keyword as a whole, with all that it refers to, but not in detail."""
        before, after = (each or None for each in self._values(key, pair))
        parts = (0, (*pair[0], key)), (1, (*pair[1], key))
        if before != after or (before and not self._resolvers["request"].is_same(*parts, key)):
            places = parts[0][1] if before else pair[0], parts[1][1] if after else pair[1]
            yield Difference(key, location, f"`{key}`", "changed", show(before), show(after), places=places)

    def _nodes(self, pair: tuple[Pointer | None, Pointer | None]) -> list[dict[str, Any]]:
        """Return the mapping at the pointer in each contract; empty without a pointer."""
        both = zip((self._old, self._new), pair, strict=True)
        return [{} if pointer is None else operation.document.mapping(pointer) for operation, pointer in both]

    def _values(self, key: str, pair: tuple[Pointer | None, Pointer | None]) -> list[Any]:
        """Return the value of a key in each contract."""
        return [node.get(key) for node in self._nodes(pair)]


def _show_security(alternatives: Iterable[frozenset[str]]) -> str:
    return " or ".join(sorted(" and ".join(sorted(needs)) or "nothing" for needs in alternatives))


def _is_part(status: str, of: str) -> bool:
    """Return whether a status or a range belongs to a range."""
    return of.endswith("XX") and status not in {of, "default"} and status.startswith(of[0])
