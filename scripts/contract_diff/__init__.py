"""Compares two OpenAPI documents: does the new one take all that the old one allowed?

Requests that were right must stay right, and responses must stay within what was promised. What differs is told with its
place, and `severities.py` says what it means for users of the contract and for this client.
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

# What is ours alone to say, or never on the wire: no document of others need have it.
_NOT_UPSTREAM = frozenset(
    {"operation id", "path parameter renamed", "enum opened", "enum closed", "discriminator", "default"}
)

__all__ = ["RULES", "Change", "DiffError", "Impact", "compare", "compare_upstream", "highest", "is_within"]


def compare(old: Contract, new: Contract) -> list[Change]:
    """Every change of a contract, what it means for its users, the worst first.

    Raises:
        DiffError: If a contract cannot be followed.
    """
    before, after = Document(old), Document(new)
    changes = _judged(chain(compare_documents(before, after), compare_descriptions(before, after)), before, after)
    return sorted(
        changes, key=lambda change: (-IMPACTS.index(change.impact), change.what, change.where, change.sentence)
    )


def compare_upstream(ours: Contract, theirs: Contract) -> list[Change]:
    """How our operation differs from that of a document of the service, and what it means for this client.

    Raises:
        DiffError: If a document cannot be followed, or does not describe the operation.
    """
    before, after = Document(ours), Document(theirs)
    one, other = find_ours(before), find_ours(after)
    found = chain(
        compare_addresses(one, other), OperationComparison(one, other, resolvers(before, after)).differences()
    )
    return _judged(
        (difference for difference in found if difference.kind not in _NOT_UPSTREAM), before, after, upstream=True
    )


def is_within(narrow: Any, wide: Any) -> bool:
    """Whether one JSON Schema takes all that another one allows, fields without a name included."""
    one, other = (Document(Contract("schema", {"openapi": "3.1.0", "schema": schema})) for schema in (narrow, wide))
    return Containment(Resolver((one, other), "request"), is_strict=True).is_within(
        ((0, ("schema",)),), ((1, ("schema",)),)
    )


def _judged(differences: Iterable[Difference], old: Document, new: Document, *, upstream: bool = False) -> list[Change]:
    """Each event with its verdict; what is the same in several responses is told once."""
    grouped: dict[object, tuple[Difference, tuple[str, str], list[str]]] = {}
    try:
        for difference in differences:
            here, there = difference.places
            shown = old.where(here) if here is not None else "", new.where(there) if there is not None else ""
            # What stands once in the contract and is used in several responses is one change.
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
