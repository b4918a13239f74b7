"""Puts a review together: two trees go in, one record comes out, and nothing is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lint import lint_contract
from review import callers, python_surface, sources, trees, upstream, wire
from review.bump import Bump, bump, new_lines, version_of
from review.changes import Change, PythonChange, highest
from review.generating import surface

if TYPE_CHECKING:
    from contract import Contract, Finding
    from review.trees import Tree


UPSTREAM = "against the service's own document"


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
    sources: sources.Sources
    upstream: upstream.Comparison | None

    @property
    def breaking(self) -> dict[str, int]:
        """How many changes break something, by where."""
        return {
            "on the wire": sum(change.impact == "major" for change in self.wire),
            "in Python": sum(change.breaks for change in self.python),
            UPSTREAM: sum(difference.breaks for difference in (self.upstream.differences if self.upstream else ())),
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
        if not (self.breaking["on the wire"] or self.breaking["in Python"]):
            return []
        said = [
            f"{version.of} is {version.new or 'not said'} and must be {version.needed} at least."
            for version in self.versions
            if version.impact == "major" and not version.carried
        ]
        if not self.changelog:
            said.append(f"{trees.CHANGELOG} has no new line that tells users.")
        return said

    @property
    def verdict(self) -> str:
        """The line that says it all."""
        if not self.is_breaking:
            count = len(self.wire) + len(self.python)
            if not count:
                return "Compatible: nothing changes."
            return f"Compatible: {count} {'change' if count == 1 else 'changes'}, none of them breaking."
        told = ", ".join(f"{number} {where}" for where, number in self.breaking.items() if number)
        total = sum(self.breaking.values())
        return f"Breaking: {total} {'change breaks' if total == 1 else 'changes break'} something ({told})."

    def record(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "verdict": "breaking" if self.is_breaking else "compatible",
            "summary": self.verdict,
            "breaking": self.breaking,
            "base": {"contract": self.base, "why": self.why},
            "missing": self.missing,
            "findings": [asdict(finding) for finding in self.findings],
            "wire": [asdict(change) for change in self.wire],
            "python": [{**asdict(change), "impact": change.impact} for change in self.python],
            "versions": [{**asdict(version), "carried": version.carried} for version in self.versions],
            "changelog": self.changelog,
            "sources": {
                "facts": [asdict(fact) | {"new": fact.is_new} for fact in self.sources.known],
                "gone": [{"name": name, "source": source} for name, source in self.sources.gone],
                "counts": {
                    source: {"base": self.sources.old.get(source, 0), "now": count}
                    for source, count in self.sources.new.items()
                },
            },
            "upstream": asdict(self.upstream) if self.upstream else None,
        }


def review(base: Tree, working: Tree, why: str, *, against: str | None = None) -> Review:
    """Compare two trees.

    Raises:
        contract.ContractError: If one of the contracts cannot be used.
        redocly.RedoclyError: If Redocly CLI is missing or gives no report.
        trees.ReviewError: If a package cannot be generated.
        upstream.UpstreamError: If the service's document cannot be used.
    """
    new, old = working.contract, base.contract
    theirs = upstream.compare(new, against) if against else None
    on_the_wire = wire.compare(old, new)
    with TemporaryDirectory(prefix="autoenhance-") as name:
        surfaces = surface(base, old, Path(name) / "base"), surface(working, new, Path(name) / "working")
        keywords = list(callers.compare(old, new)) if callers.have_keywords(*surfaces) else []
        in_python = python_surface.compare(*surfaces, keywords)
    # That the contract has another version asks for no other version.
    wire_impacts = [change.impact for change in on_the_wire if change.event != "contract version"]
    packages = version_of(base.text(trees.VERSION)), version_of(working.text(trees.VERSION))
    return Review(
        base=base.name,
        why=why,
        findings=lint_contract(working.root / trees.SPEC, new),
        wire=on_the_wire,
        python=in_python,
        versions=[
            bump("the contract's info.version", _version(old), _version(new), highest(wire_impacts)),
            bump(
                "the package's version", *packages, highest([*wire_impacts, *(change.impact for change in in_python)])
            ),
        ],
        changelog=new_lines(base.text(trees.CHANGELOG), working.text(trees.CHANGELOG)),
        sources=sources.compare(old, new),
        upstream=theirs,
    )


def _version(contract: Contract) -> str:
    return str(contract.tree["info"]["version"])
