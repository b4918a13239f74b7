"""The contract: reads it, says what is wrong with it and what it states, and renders it.

`python -m contract lint` and `python -m contract render` are the commands.
"""

from __future__ import annotations

from contract.checks import read
from contract.load import (
    Contract,
    ContractError,
    Finding,
    Pointer,
    at,
    operations,
    parameters,
    parse,
    parse_document,
    resolve,
    show,
    target,
    with_since,
)

__all__ = [
    "Contract",
    "ContractError",
    "Finding",
    "Pointer",
    "at",
    "operations",
    "parameters",
    "parse",
    "parse_document",
    "read",
    "resolve",
    "show",
    "target",
    "with_since",
]
