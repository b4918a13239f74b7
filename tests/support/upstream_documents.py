"""Documents of the service to compare with, made by changing something in a contract that stays as it is."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import contract_diff
from contract import Contract, parse_document, read
from contract_diff import Change

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent.parent
FROZEN = "tests/review/spec.yaml"
PATH = "/v3/orders/{id}"
JSON = "application/json"


@cache
def our_contract() -> Contract:
    """Our contract as it was once, so that it may grow without changing what these tests find; read once."""
    return read(ROOT / FROZEN, FROZEN)


@cache
def _our_json() -> str:
    return json.dumps(our_contract().plain())


class Their:
    """A document of the service that says what our contract says, until it is changed."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = json.loads(_our_json())
        self.item: dict[str, Any] = self.tree["paths"][PATH]
        self.operation: dict[str, Any] = self.item["patch"]
        self.schemas: dict[str, Any] = self.tree["components"]["schemas"]
        self.edit: dict[str, Any] = self.schemas["OrderUpdate"]
        self.order: dict[str, Any] = self.schemas["Order"]
        self.image: dict[str, Any] = self.schemas["Image"]
        self.responses: dict[str, Any] = self.operation["responses"]


def found(change: Callable[[Their], Any], base: Callable[[Their], Any] | None = None) -> list[Change]:
    """The differences that a change of their document makes; `base` changes our contract as well as theirs."""
    their = Their()
    contract = our_contract()
    if base is not None:
        base(their)
        contract = Contract(contract.name, copy.deepcopy(their.tree))
    change(their)
    return compared(their.tree, contract)


def compared(tree: Any, contract: Contract | None = None) -> list[Change]:
    """The differences of a document."""
    theirs = parse_document("theirs.json", json.dumps(tree).encode())
    return contract_diff.compare_upstream(contract or our_contract(), theirs)


def short(differences: list[Change]) -> list[str]:
    """What matters of each difference: whether our client breaks, what it is, and where."""
    return sorted(f"{'breaking' if one.breaking else 'compatible'} {one.kind}, {one.what}" for one in differences)
