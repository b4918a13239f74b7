"""Compares two OpenAPI documents: is the new one backward compatible with the old one?

Requests that were valid must stay valid, and responses must stay within what was promised. Each difference has its place,
and `severities.py` decides what it means for users of the contract and for this client.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from contract import Contract
from contract_diff.changes import IMPACTS, Change, Difference, Impact, highest
from contract_diff.comparison import OperationComparison, compare_addresses, compare_documents
from contract_diff.containment import Containment
from contract_diff.descriptions import compare_descriptions
from contract_diff.document import DiffError, Document
from contract_diff.operations import find_ours
from contract_diff.resolver import Resolver, resolvers
from contract_diff.severities import RULES, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

# Only our own contract has these, or they are never sent: a document of the service may differ in them.
_NOT_UPSTREAM = frozenset(
    {"operation id", "path parameter renamed", "enum opened", "enum closed", "discriminator", "default"}
)

__all__ = ["RULES", "Change", "DiffError", "Impact", "compare", "compare_upstream", "highest", "is_within"]


def compare(old: Contract, new: Contract) -> list[Change]:
    """Return all changes of a contract, judged for its users, the worst first.

    Raises:
        DiffError: If a reference of a contract cannot be resolved, or something cannot be compared.
    """
    before, after = Document(old), Document(new)
    changes = _judged(chain(compare_documents(before, after), compare_descriptions(before, after)), before, after)
    return sorted(
        changes, key=lambda change: (-IMPACTS.index(change.impact), change.what, change.where, change.sentence)
    )


def compare_upstream(ours: Contract, theirs: Contract) -> list[Change]:
    """Return how our operation differs from that of a document of the service, judged for this client.

    Raises:
        DiffError: If a reference of a document cannot be resolved, or it does not describe the operation.
    """
    before, after = Document(ours), Document(theirs)
    old, new = find_ours(before), find_ours(after)
    differences = chain(
        compare_addresses(old, new), OperationComparison(old, new, resolvers(before, after)).differences()
    )
    return _judged(
        (difference for difference in differences if difference.kind not in _NOT_UPSTREAM), before, after, upstream=True
    )


def is_within(narrow: Any, wide: Any) -> bool:
    """Return whether `wide` accepts every value that `narrow` accepts, undeclared fields included (JSON Schema)."""
    left, right = (Document(Contract("schema", {"openapi": "3.1.0", "schema": schema})) for schema in (narrow, wide))
    return Containment(Resolver((left, right), "request"), is_strict=True).is_within(
        ((0, ("schema",)),), ((1, ("schema",)),)
    )


def _judged(differences: Iterable[Difference], old: Document, new: Document, *, upstream: bool = False) -> list[Change]:
    """Judge each difference; the same one in several responses becomes one change."""
    grouped: dict[object, tuple[Difference, tuple[str, str], list[str]]] = {}
    try:
        for difference in differences:
            before, after = difference.places
            shown = old.where(before) if before is not None else "", new.where(after) if after is not None else ""
            # A part of the contract that several responses refer to is one change.
            location = replace(difference.location, status=str(bool(difference.location.status)))
            key = replace(difference, location=location, places=(None, None)), shown
            grouped.setdefault(key, (difference, shown, []))[2].append(difference.location.status)
    except RecursionError:
        raise DiffError(f"{new.name}: is nested too deeply to be compared") from None
    changes = []
    for difference, shown, statuses in grouped.values():
        breaking, impact, because = judge(difference, client=upstream)
        what, sentence = difference.location.show(sorted(set(statuses))), difference.sentence(upstream=upstream)
        sides = shown if upstream else None
        changes.append(Change(what, shown[1] or shown[0], difference.kind, sentence, breaking, impact, because, sides))
    return changes
