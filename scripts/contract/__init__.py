"""Reads, checks and renders the contract, and lists the facts in it with their sources.

The commands are `python -m contract lint` and `python -m contract render`.
"""

from __future__ import annotations

from contract.checks import read
from contract.load import (
    METHODS,
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
    "METHODS",
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
