"""The two sides of a review: the working tree, and the base, which is taken out of git."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from contract import read

if TYPE_CHECKING:
    from pathlib import Path

    from contract import Contract

SPEC = "openapi/spec.yaml"
VERSION = "autoenhance/_version.py"
CHANGELOG = "CHANGELOG.md"
GIT = "git"
# What a review reads; an old base may lack some of it.
_PARTS = ("openapi", "autoenhance", CHANGELOG)


class ReviewError(Exception):
    """The review could not be done; the message says what and where."""


@dataclass(frozen=True)
class Tree:
    """One side: a folder with openapi/, autoenhance/ and CHANGELOG.md, and what its contract is called in messages."""

    root: Path
    name: str = SPEC

    @cached_property
    def contract(self) -> Contract:
        """The contract, read once.

        Raises:
            contract.ContractError: If it cannot be used.
        """
        return read(self.root / SPEC, self.name)

    def text(self, path: str) -> str:
        """A file of this side, or nothing where it is missing."""
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else ""


@dataclass(frozen=True)
class Base:
    """The commit that the working tree is compared with, and why this one."""

    commit: str
    why: str


def choose_base(root: Path, asked: str | None) -> Base:
    """The revision that was asked for; else where this branch left the main one, else the last tag, else the parent.

    On the main branch itself, a change that is not committed yet is compared with the last commit.

    Raises:
        ReviewError: If there is no such revision, or nothing to compare with.
    """
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        raise ReviewError("there is no base: this is no git checkout with a commit. A review compares with one.")
    if asked:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}")
        if commit is None:
            raise ReviewError(f"there is no base: {asked!r} is no revision of this checkout.")
        return Base(commit, f"BASE={asked}")
    main = [name for name in ("main", "origin/main") if _git(root, "rev-parse", "--verify", "--quiet", name)]
    if main and (commit := _git(root, "merge-base", head, *main)):
        changed = _git(root, "status", "--porcelain", "--", *_PARTS)
        if commit != head:
            return Base(commit, "where this branch left the main branch")
        if changed:
            return Base(commit, "the last commit of the main branch")
    parent = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^1")
    if parent and (tag := _git(root, "describe", "--tags", "--abbrev=0", "HEAD^1")):
        commit = _git(root, "rev-parse", "--verify", f"{tag}^{{commit}}")
        return Base(commit or tag, f"the last tag, {tag}")
    if parent:
        return Base(parent, "the parent of the last commit")
    raise ReviewError(
        "there is no base: no main branch to have left, no tag and no parent commit. Name one with BASE=<revision>; "
        "a shallow clone needs its history (git fetch --unshallow)."
    )


def take_out(root: Path, base: Base, folder: Path) -> Tree:
    """Put the base's files into an empty folder.

    Raises:
        ReviewError: If the base has no contract.
    """
    short = base.commit[:7]
    listed = _git(root, "ls-tree", "-r", "--name-only", base.commit, "--", *_PARTS) or ""
    if SPEC not in listed.splitlines():
        raise ReviewError(f"the base {short} ({base.why}) has no {SPEC}.")
    present = sorted({path.split("/")[0] for path in listed.splitlines()})
    archive = subprocess.run([GIT, "archive", base.commit, *present], cwd=root, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return Tree(folder, f"{SPEC} at {short}")


def _git(root: Path, *arguments: str) -> str | None:
    """What git says, or None if it fails or is not there."""
    with contextlib.suppress(OSError):
        finished = subprocess.run(
            [GIT, *arguments], cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if finished.returncode == 0:
            return finished.stdout.strip()
    return None
