"""Small contracts of one operation, to be compared: what a request or a response of it may be."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal

import contract_diff
from contract import Contract

if TYPE_CHECKING:
    from contract_diff import Change

JSON = "application/json"
Where = Literal["request", "response"]


def contract(
    schema: Any = None, where: Where = "response", schemas: dict[str, Any] | None = None, **operation: Any
) -> Contract:
    """A contract whose request or response has this schema, if it has one, and whose operation has these keywords."""
    media = {"content": {JSON: {} if schema is None else {"schema": schema}}}
    ours: dict[str, Any] = {"responses": {"200": {"description": "Yes."}}}
    if where == "request":
        ours["requestBody"] = media
    else:
        ours["responses"]["200"] |= media
    document = {
        "openapi": "3.1.1",
        "info": {"title": "T", "version": "1.0.0"},
        "paths": {"/a": {"patch": ours | operation}},
        "components": {"schemas": schemas or {}},
    }
    return Contract("spec.yaml", copy.deepcopy(document))


def told(changes: list[Change]) -> list[str]:
    """What matters of each change: its verdict, its kind and its place."""
    return sorted(f"{'breaking' if one.breaking else 'compatible'} {one.kind}, {one.what}" for one in changes)


def compared(old: Any, new: Any, where: Where, schemas: dict[str, Any] | None = None) -> list[str]:
    """The changes from one schema to another."""
    return told(contract_diff.compare(contract(old, where, schemas), contract(new, where, schemas)))
