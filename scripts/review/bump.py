"""Computes the version bumps that a change needs, and whether the change includes them; no I/O."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from contract_diff import Impact


@dataclass(frozen=True)
class Bump:
    """One version: old, new, and the lowest one that is needed."""

    of: str
    old: str
    new: str
    impact: Impact | None
    needed: str

    @property
    def carried(self) -> bool:
        """Whether the working tree has the version that is needed, or a higher one."""
        needed, new = _version(self.needed), _version(self.new)
        return self.impact is None or (needed is not None and new is not None and new >= needed)

    @property
    def to_do(self) -> str:
        """The instruction for a reviewer, if the version is too low."""
        return f"{self.of}: bump {self.new or '(not set)'} to {self.needed} ({self.impact})"


def bump(of: str, old: str, new: str, impact: Impact | None) -> Bump:
    """Return the version that semantic versioning needs; before 1.0.0, minor for a breaking change, else patch."""
    numbers = _numbers(old)
    if numbers is None or impact is None:
        # After an invalid version, any valid one is enough.
        return Bump(of, old, new, impact, old if impact is None else "0.0.1")
    major, minor, patch = numbers
    steps = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}
    if major == 0:
        steps |= {"major": steps["minor"], "minor": steps["patch"]}
    return Bump(of, old, new, impact, ".".join(map(str, steps[impact])))


def version_of(module: str) -> str:
    """Return the version in the text of `_version.py`, or an empty string."""
    match = re.search(r'^__version__ = "(.+)"$', module, re.MULTILINE)
    return match[1] if match else ""


def new_lines(old: str, new: str) -> list[str]:
    """Return the new entries of a changelog; those added to an old release do not count."""
    released = _sections(old).keys() - {_UNRELEASED}
    before = Counter(_sections(old).get(_UNRELEASED, []))
    after = Counter(line for heading, lines in _sections(new).items() if heading not in released for line in lines)
    # A reworded entry is not a new one.
    return list((after - before).elements()) if after.total() > before.total() else []


_UNRELEASED = "[unreleased]"


def _sections(changelog: str) -> dict[str, list[str]]:
    parts = re.split(r"^## (.*)$", changelog, flags=re.MULTILINE)[1:]
    return {
        heading.strip().lower(): re.findall(r"^[-*] .*\w.*$", text, re.MULTILINE)
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _numbers(version: str) -> tuple[int, int, int] | None:
    known = _version(version)
    return (known.major, known.minor, known.micro) if known else None


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
