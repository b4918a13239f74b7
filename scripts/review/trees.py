"""The two sides of a review: the working tree, and the base, which is extracted from git."""

from __future__ import annotations

import os
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from command import FailureError
from contract import read

if TYPE_CHECKING:
    from pathlib import Path

    from contract import Contract

SPEC = "openapi/spec.yaml"
VERSION = "autoenhance/_version.py"
CHANGELOG = "CHANGELOG.md"
GIT = "git"
# The paths that a review reads; an old base may lack some.
_PARTS = ("openapi", "autoenhance", CHANGELOG)


@dataclass(frozen=True)
class Tree:
    """One side: a folder with openapi/, autoenhance/ and CHANGELOG.md, and the name of its contract in messages."""

    root: Path
    name: str = SPEC

    @cached_property
    def contract(self) -> Contract:
        """The contract of this side.

        Raises:
            contract.ContractError: If it cannot be used.
        """
        return read(self.root / SPEC, self.name)

    def text(self, path: str) -> str:
        """Return the text of a file, or an empty string if it is missing."""
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else ""


@dataclass(frozen=True)
class Base:
    """The commit that the working tree is compared with, and why."""

    commit: str
    why: str


def choose_base(root: Path, revision: str | None) -> Base:
    """Return the given revision; else the merge base with the main branch, else the last tag, else the parent commit.

    On the main branch itself, uncommitted changes are compared with the last commit.

    Raises:
        FailureError: If there is no such revision, or nothing to compare with.
    """
    head, complaint = _git(root, "rev-parse", "--verify", "HEAD^{commit}")
    if head is None:
        raise FailureError(f"there is no base: {complaint or 'this is not a git checkout with a commit'}")
    if revision:
        commit = _commit(root, revision)
        if commit is None:
            raise FailureError(f"there is no base: {revision!r} is not a revision of this checkout")
        return Base(commit, f"BASE={revision}")
    main = [name for name in ("main", "origin/main", "origin/HEAD", "master") if _commit(root, name)]
    if main:
        commit, _ = _git(root, "merge-base", head, *main)
        if commit is None:
            raise FailureError(f"there is no base: this branch has no commit in common with {main[0]}. {_SHALLOW}")
        if commit != head:
            return Base(commit, "the merge base with the main branch")
        if _git(root, "status", "--porcelain", "--", *_PARTS)[0]:
            return Base(commit, "the last commit of the main branch")
    parent = _commit(root, "HEAD^1")
    if parent is None:
        raise FailureError(
            f"there is no base: no main branch, no tag and no parent commit; give one with BASE. {_SHALLOW}"
        )
    tag, _ = _git(root, "describe", "--tags", "--abbrev=0", "HEAD^1")
    if tag:
        return Base(_commit(root, tag) or parent, f"the last tag, {tag}")
    return Base(parent, "the parent of the last commit")


def take_out(root: Path, base: Base, folder: Path) -> Tree:
    """Extract the files of the base into an empty folder.

    Raises:
        FailureError: If the base has no contract, or git cannot extract its files.
    """
    short = base.commit[:7]
    listed = (_git(root, "ls-tree", "-r", "--name-only", base.commit, "--", *_PARTS)[0] or "").splitlines()
    if SPEC not in listed:
        raise FailureError(f"the base {short} ({base.why}) has no {SPEC}")
    present = sorted({path.split("/")[0] for path in listed})
    archive = folder / "base.tar"
    _, complaint = _git(root, "archive", f"--output={archive}", base.commit, *present)
    try:
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        archive.unlink()
    except (OSError, tarfile.TarError) as error:
        raise FailureError(f"the files of the base {short} cannot be extracted: {complaint or error}") from error
    return Tree(folder, f"{SPEC} at {short}")


def _commit(root: Path, revision: str) -> str | None:
    return _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")[0]


def _git(root: Path, *arguments: str) -> tuple[str | None, str]:
    """Run git, and return its output, None if it failed, and its error output."""
    # The variables of a git hook could point to another repository than that of `root`.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        finished = subprocess.run(
            [GIT, *arguments],
            cwd=root,
            env={**environment, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return None, f"git cannot be run: {error.strerror}"
    complaint = " ".join(finished.stderr.split())
    return (finished.stdout.strip() if finished.returncode == 0 else None), complaint


_SHALLOW = "In a shallow clone, run 'git fetch --unshallow'."
