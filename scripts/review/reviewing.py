"""Puts a review together: two trees go in, one record comes out, and nothing is written."""

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
from review.bump import Bump, bump, new_lines, version_of
from review.fetch import fetch
from review.surface import surface

if TYPE_CHECKING:
    from contract import Contract, Finding
    from contract_diff import Change
    from review.changes import PythonChange
    from review.trees import Tree

UPSTREAM = "against the service's own document"


@dataclass(frozen=True)
class Upstream:
    """How our contract and a document of the service differ.

    Attributes:
        source: The file or URL as it was given, a URL without what may be secret in it.
        version: The version that the document gives itself.
        openapi: The version of OpenAPI that it is written in.
        differences: What differs, and whether our client breaks.
    """

    source: str
    version: str
    openapi: str
    differences: list[Change]


@dataclass(frozen=True)
class Review:
    """Everything that a reviewer is told."""

    base: str
    why: str
    findings: list[Finding]
    wire: list[Change]
    python: list[PythonChange]
    versions: list[Bump]
    changelog: list[str]
    sources: dict[str, Any]
    upstream: Upstream | None

    @property
    def breaking(self) -> dict[str, int]:
        """How many changes break something, by where."""
        return {
            "on the wire": sum(change.breaking for change in self.wire),
            "in Python": sum(change.breaking for change in self.python),
            UPSTREAM: sum(difference.breaking for difference in (self.upstream.differences if self.upstream else ())),
        }

    @property
    def is_breaking(self) -> bool:
        """Whether anything breaks."""
        return any(self.breaking.values())

    @property
    def is_carried(self) -> bool:
        """Whether all that breaks is a change of ours that brings along what it must."""
        return not self.missing and not self.breaking[UPSTREAM]

    @property
    def missing(self) -> list[str]:
        """What a breaking change must bring along and does not."""
        is_ours = self.breaking["on the wire"] or self.breaking["in Python"]
        return [*self._bumps("major"), *self._changelog()] if is_ours else []

    @property
    def todo(self) -> list[str]:
        """What must be done, and what should be: versions, the changelog, and what is wrong with the contract."""
        has_changed = any(version.impact for version in self.versions)
        changelog = self._changelog() if has_changed else []
        return [*self._bumps(), *changelog, *(f"contract: {finding}" for finding in self.findings)]

    def _bumps(self, impact: str | None = None) -> list[str]:
        return [
            f"{version.of}: bump {version.new or 'nothing'} to {version.needed} ({version.impact})"
            for version in self.versions
            if not version.carried and impact in {None, version.impact}
        ]

    def _changelog(self) -> list[str]:
        return [] if self.changelog else [f"{trees.CHANGELOG}: add a line that tells users"]

    @property
    def verdict(self) -> str:
        """The line that says it all."""
        total = sum(self.breaking.values())
        if total:
            told = ", ".join(f"{number} {where}" for where, number in self.breaking.items() if number)
            return f"Breaking: {total} breaking {'change' if total == 1 else 'changes'} ({told})."
        count = len(self.wire) + len(self.python)
        if not count:
            return "Compatible: no changes."
        return f"Compatible: {count} {'change' if count == 1 else 'changes'}, none of them breaking."

    def record(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "verdict": "breaking" if self.is_breaking else "compatible",
            "summary": self.verdict,
            "breaking": self.breaking,
            "base": {"contract": self.base, "why": self.why},
            "todo": self.todo,
            "missing": self.missing,
            "findings": [asdict(finding) for finding in self.findings],
            "wire": [_record(change) for change in self.wire],
            "python": [{**asdict(change), "impact": change.impact} for change in self.python],
            "versions": [{**asdict(version), "carried": version.carried} for version in self.versions],
            "changelog": self.changelog,
            "sources": self.sources,
            "upstream": self.upstream and {
                **asdict(self.upstream),
                "differences": [_record(difference) for difference in self.upstream.differences],
            },
        }  # fmt: skip


def _record(change: Change) -> dict[str, Any]:
    """A change as it is written down; where there are two places, instead of the one."""
    made = asdict(change)
    sides = made.pop("sides")
    return made if sides is None else {**made, "ours": sides[0], "theirs": sides[1]}


def review(base: Tree, working: Tree, why: str, *, against: str | None = None) -> Review:
    """Compare two trees.

    Raises:
        FailureError: If a contract or the service's document cannot be had or used, a package cannot be generated, or
            Redocly CLI is missing or gives no report.
        contract_diff.DiffError: If a contract, or the service's document, cannot be compared.
    """
    new, old = working.contract, base.contract
    theirs = compare_upstream(new, against) if against else None
    on_the_wire = contract_diff.compare(old, new)
    with TemporaryDirectory(prefix="autoenhance-") as name:
        surfaces = surface(base, Path(name) / "base"), surface(working, Path(name) / "working")
        in_python = python_surface.compare(*surfaces, list(callers.compare(old, new)))
    # That the contract has another version asks for no other version.
    wire_impacts = [change.impact for change in on_the_wire if change.kind != "contract version"]
    every_impact = [*wire_impacts, *(change.impact for change in in_python)]
    packages = version_of(base.text(trees.VERSION)), version_of(working.text(trees.VERSION))
    return Review(
        base=base.name,
        why=why,
        findings=lint_contract(working.root / trees.SPEC, new),
        wire=on_the_wire,
        python=in_python,
        versions=[
            bump("info.version", _version(old), _version(new), contract_diff.highest(wire_impacts)),
            bump("the package's version", *packages, contract_diff.highest(every_impact)),
        ],
        changelog=new_lines(base.text(trees.CHANGELOG), working.text(trees.CHANGELOG)),
        sources=_sources(old, new),
        upstream=theirs,
    )


def compare_upstream(contract: Contract, source: str) -> Upstream:
    """Compare our contract with a document of the service, a file or an http(s) URL.

    Raises:
        contract.ContractError: If it is no OpenAPI document.
        contract_diff.DiffError: If it cannot be followed, or does not describe the operation.
        FailureError: If it cannot be fetched.
    """
    document = parse_document(*fetch(source))
    info = document.tree.get("info")
    version = str(info.get("version", "")) if isinstance(info, dict) else ""
    differences = contract_diff.compare_upstream(contract, document)
    return Upstream(document.name, version, str(document.tree.get("openapi")), differences)


def _sources(old: Contract, new: Contract) -> dict[str, Any]:
    """Every fact with where it stands and what its source was, those that are gone, and how many each source has."""
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
