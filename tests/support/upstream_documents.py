"""Documents of the service to compare with, made by changing something in a contract that stays as it is."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import contract_diff
from contract import Contract, parse_document, read
from contract_diff import Change

ROOT = Path(__file__).parent.parent.parent
FROZEN = "tests/review/spec.yaml"
PATH = "/v3/orders/{id}"
_OPERATION = ("paths", PATH, "patch")


@cache
def our_contract() -> Contract:
    """Our contract as it was once, so that it may grow without changing what these tests find; read once."""
    return read(ROOT / FROZEN, FROZEN)


@cache
def _our_json() -> str:
    return json.dumps(our_contract().plain())


def document() -> Any:
    """A document of the service that says what our contract says, to be changed."""
    return json.loads(_our_json())


def changed(tree: Any, row: dict[str, Any]) -> Any:
    """A copy of the document with what a row of a table changes: what is dropped, set and moved, in this order."""
    tree = copy.deepcopy(tree)
    for name in row.get("drop", ()):
        parent, key = _parent(tree, name)
        del parent[key]
    for name, value in row.get("set", {}).items():
        parent, key = _parent(tree, name)
        parent.append(value) if key == "-" else parent.__setitem__(key, value)
    for name, target in row.get("move", {}).items():
        (parent, key), (new_parent, new_key) = _parent(tree, name), _parent(tree, target)
        new_parent[new_key] = parent.pop(key)
    return tree


def _parent(tree: Any, name: str) -> tuple[Any, Any]:
    """Where a part of the document stands, named by `Order.name/type`, `operation/deprecated` or a JSON pointer."""
    first, *steps = (step.replace("~1", "/").replace("~0", "~") for step in name.split("/"))
    schema, _, field = first.partition(".")
    roots = {first: (first,), "operation": _OPERATION, "responses": (*_OPERATION, "responses")}
    if schema in tree["components"]["schemas"]:
        roots[first] = ("components", "schemas", schema, *(("properties", field) if field else ()))
    *path, last = (*roots[first], *steps)
    for step in path:
        tree = tree[int(step) if isinstance(tree, list) else step]
    return tree, int(last) if isinstance(tree, list) and last != "-" else last


def differences(row: dict[str, Any]) -> list[Change]:
    """The differences that a row makes; what `ours` changes is in our contract as well as in theirs."""
    tree = changed(document(), row.get("ours", {}))
    return compared(changed(tree, row), Contract(FROZEN, tree) if "ours" in row else None)


def compared(tree: Any, contract: Contract | None = None) -> list[Change]:
    """The differences of a document."""
    theirs = parse_document("theirs.json", json.dumps(tree).encode())
    return contract_diff.compare_upstream(contract or our_contract(), theirs)
