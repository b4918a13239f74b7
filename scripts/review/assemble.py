"""Assembles a review of two trees as one record; writes no files."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import contract_diff
from contract import parse_document
from contract.facts import SOURCES, facts
from contract.lint import lint_contract
from review import callers, python_surface, trees
from review.bump import bump, new_lines, version_of
from review.fetch import fetch
from review.surface import surface

if TYPE_CHECKING:
    from contract import Contract
    from contract_diff import Change
    from review.trees import Tree

UPSTREAM = "against the service's own document"


@dataclass(frozen=True)
class Upstream:
    """The comparison of our contract with a document of the service.

    Attributes:
        source: The file or URL, a URL without parts that may be secret.
        version: The version of the document.
        openapi: The OpenAPI version of the document.
        differences: The differences, judged for our client.
    """

    source: str
    version: str
    openapi: str
    differences: list[Change]


def review(base: Tree, working: Tree, why: str, *, against: str | None = None) -> dict[str, Any]:
    """Compare two trees, and return the review as plain JSON values.

    Raises:
        FailureError: If a contract or the service's document cannot be read or used, a package cannot be generated, or
            Redocly CLI is missing or gives no report.
        contract_diff.DiffError: If a contract, or the service's document, cannot be compared.
    """
    new, old = working.contract, base.contract
    upstream = compare_upstream(new, against) if against else None
    wire = contract_diff.compare(old, new)
    with TemporaryDirectory(prefix="autoenhance-") as name:
        surfaces = surface(base, Path(name) / "base"), surface(working, Path(name) / "working")
        python = python_surface.compare(*surfaces, list(callers.compare(old, new)))
    # A new version of the contract is not itself a reason for a version bump.
    wire_impacts = [change.impact for change in wire if change.kind != "contract version"]
    every_impact = [*wire_impacts, *(change.impact for change in python)]
    packages = version_of(base.text(trees.VERSION)), version_of(working.text(trees.VERSION))
    versions = [
        bump("info.version", _version(old), _version(new), contract_diff.highest(wire_impacts)),
        bump("the package's version", *packages, contract_diff.highest(every_impact)),
    ]
    changelog = new_lines(base.text(trees.CHANGELOG), working.text(trees.CHANGELOG))
    findings = lint_contract(working.root / trees.SPEC, new)
    breaking = {
        "on the wire": sum(change.breaking for change in wire),
        "in Python": sum(change.breaking for change in python),
        UPSTREAM: sum(difference.breaking for difference in (upstream.differences if upstream else ())),
    }
    bumps = [(version.impact, version.to_do) for version in versions if not version.carried]
    changelog_to_do = [] if changelog else [f"{trees.CHANGELOG}: add a line about the change"]
    is_ours = breaking["on the wire"] or breaking["in Python"]
    return {
        "verdict": "breaking" if any(breaking.values()) else "compatible",
        "summary": _summary(breaking, len(wire) + len(python)),
        "breaking": breaking,
        "base": {"contract": base.name, "why": why},
        # "todo" also lists the findings on the contract; "missing" is what a breaking change must include.
        "todo": [
            *(to_do for _, to_do in bumps),
            *(changelog_to_do if any(version.impact for version in versions) else []),
            *(f"contract: {finding}" for finding in findings),
        ],
        "missing": [*(to_do for impact, to_do in bumps if impact == "major"), *changelog_to_do] if is_ours else [],
        "findings": [asdict(finding) for finding in findings],
        "wire": [_record(change) for change in wire],
        "python": [{**asdict(change), "impact": change.impact} for change in python],
        "versions": [{**asdict(version), "carried": version.carried} for version in versions],
        "changelog": changelog,
        "sources": _sources(old, new),
        "upstream": upstream and {**asdict(upstream), "differences": [_record(each) for each in upstream.differences]},
    }


def is_carried(record: dict[str, Any]) -> bool:
    """Return whether a breaking change is our own, and includes its version bumps and a changelog line."""
    return not record["missing"] and not record["breaking"][UPSTREAM]


def _summary(breaking: dict[str, int], count: int) -> str:
    """Return the verdict in one line."""
    if total := sum(breaking.values()):
        counts = ", ".join(f"{number} {where}" for where, number in breaking.items() if number)
        return f"Breaking: {total} breaking {'change' if total == 1 else 'changes'} ({counts})."
    if not count:
        return "Compatible: no changes."
    return f"Compatible: {count} {'change' if count == 1 else 'changes'}, none of them breaking."


def _record(change: Change) -> dict[str, Any]:
    """Return a change as plain values; with the places of both sides if it has them."""
    record = asdict(change)
    sides = record.pop("sides")
    return record if sides is None else {**record, "ours": sides[0], "theirs": sides[1]}


def compare_upstream(contract: Contract, source: str) -> Upstream:
    """Compare our contract with a document of the service, a file or an http(s) URL.

    Raises:
        contract.ContractError: If it is not an OpenAPI document.
        contract_diff.DiffError: If a reference cannot be resolved, or it does not describe the operation.
        FailureError: If it cannot be fetched.
    """
    document = parse_document(*fetch(source))
    info = document.tree.get("info")
    version = str(info.get("version", "")) if isinstance(info, dict) else ""
    differences = contract_diff.compare_upstream(contract, document)
    return Upstream(document.name, version, str(document.tree.get("openapi")), differences)


def _sources(old: Contract, new: Contract) -> dict[str, Any]:
    """Return every fact with its place and its old source, the removed facts, and the number of facts by source."""
    before = {fact.name: fact.source for fact in facts(old.tree)}
    order = list(SOURCES)
    known = sorted(facts(new.tree), key=lambda fact: [*order, fact.source].index(fact.source))
    was, is_now = Counter(before.values()), Counter(fact.source for fact in known)
    names = {fact.name for fact in known}
    return {
        "facts": [
            {
                "name": fact.name,
                "source": fact.source,
                "where": new.where(fact.pointer),
                "before": before.get(fact.name),
                "new": before.get(fact.name) != fact.source,
            }
            for fact in known
        ],
        "gone": [{"name": name, "source": source} for name, source in before.items() if name not in names],
        "counts": {
            source: {"base": was[source], "now": is_now[source]} for source in dict.fromkeys([*order, *sorted(is_now)])
        },
    }


def _version(contract: Contract) -> str:
    return str(contract.tree["info"]["version"])
