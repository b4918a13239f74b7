"""Sample changes to the contract, kept as patches: what each changes, and what a review must report.

A patch begins with a sentence. Lines of the form `key: value` follow, then the difference:

    on: NAME              the patch changes what that other one gives, not the contract as it is
    wire: VERDICT KIND    a change on the wire that is reported, breaking or compatible, and its kind in severities.py
    place: WHAT | POINTER which part of the wire that is, and where it stands in the contract
    python: VERDICT NAME  a change in Python that is reported
    versions: A B         the versions of the contract and of the package that follow, from 1.0.0 and 0.1.0

Nothing else may be reported; places are listed for some only.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from repositories import ROOT, Repository

from review.trees import CHANGELOG, SPEC, VERSION, Tree

if TYPE_CHECKING:
    from pathlib import Path

PATCHES = ROOT / "tests/review/patches"


@dataclass
class Sample:
    """One patch, with the verdict it must get."""

    name: str
    sentence: str
    patch: str
    on: str = ""
    wire: list[str] = field(default_factory=list)
    place: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)


def read_sample(path: Path) -> Sample:
    """Read one patch."""
    text = path.read_text(encoding="utf-8")
    head, _, patch = text.partition("--- a/")
    sample = Sample(path.stem, head.splitlines()[0], f"--- a/{patch}")
    for key, value in re.findall(r"^(\w+): (.+)$", head, re.MULTILINE):
        if key == "on":
            sample.on = value
        else:
            getattr(sample, key).append(value)
    return sample


SAMPLES = {sample.name: sample for sample in map(read_sample, sorted(PATCHES.glob("*.patch")))}


def base_tree(folder: Path) -> Tree:
    """What a review reads, with a contract, versions and a changelog that stay the same when ours move on."""
    for part in ("openapi", "autoenhance"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "tests/review/spec.yaml", folder / SPEC)
    (folder / VERSION).write_text('__version__ = "0.1.0"\n', encoding="utf-8")
    (folder / CHANGELOG).write_text("# Changelog\n\n## [Unreleased]\n\n- What was there before.\n", encoding="utf-8")
    return Tree(folder)


def apply(repository: Repository, name: str) -> None:
    """Change a folder, which need not be a repository, as a patch says."""
    repository.git("apply", "--whitespace=nowarn", "-", given=SAMPLES[name].patch)


def patched(tree: Tree, names: list[str], folder: Path) -> Tree:
    """A copy of the tree with these patches."""
    shutil.copytree(tree.root, folder)
    for name in names:
        apply(Repository(folder), name)
    return Tree(folder)
