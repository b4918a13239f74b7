"""Documents of the service to compare with, made by changing something in a contract that stays as it is."""

from __future__ import annotations

import copy
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract import Contract, read
from review.upstream import Difference, compare

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


def found(change: Callable[[Their], Any], base: Callable[[Their], Any] | None = None) -> list[Difference]:
    """The differences that a change of their document makes; `base` changes our contract as well as theirs."""
    their = Their()
    contract = our_contract()
    if base is not None:
        base(their)
        contract = Contract(contract.name, copy.deepcopy(their.tree))
    change(their)
    return compared(their.tree, contract)


def compared(tree: Any, contract: Contract | None = None) -> list[Difference]:
    """The differences of a document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "theirs.json"
        path.write_text(json.dumps(tree), encoding="utf-8")
        return list(compare(contract or our_contract(), str(path)).differences)


def short(differences: list[Difference]) -> list[tuple[str, str, bool]]:
    """What matters of each difference: who has it, where, and whether our client breaks."""
    return [(one.kind, one.what, one.breaks) for one in differences]
