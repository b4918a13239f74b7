"""Which versions follow from a change, and whether the change carries them; pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from review.changes import Impact


@dataclass(frozen=True)
class Bump:
    """One version: what it was, what it is, and what must be reached at least."""

    of: str
    old: str
    new: str
    impact: Impact | None
    needed: str

    @property
    def carried(self) -> bool:
        """Whether the working tree has the version that is needed, or a higher one."""
        needed, new = _numbers(self.needed), _numbers(self.new)
        return self.impact is None or (needed is not None and new is not None and new >= needed)


def bump(of: str, old: str, new: str, impact: Impact | None) -> Bump:
    """Semantic versioning. Before 1.0.0 a breaking change moves the second number, and everything else the third."""
    numbers = _numbers(old)
    if numbers is None or impact is None:
        return Bump(of, old, new, impact, old)
    major, minor, patch = numbers
    if major == 0:
        needed = (0, minor + 1, 0) if impact == "major" else (0, minor, patch + 1)
    else:
        needed = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}[
            impact
        ]
    return Bump(of, old, new, impact, ".".join(map(str, needed)))


def version_of(module: str) -> str:
    """What a module called `_version` says; nothing where it says nothing."""
    match = re.search(r'^__version__ = "(.+)"$', module, re.MULTILINE)
    return match[1] if match else ""


def new_lines(old: str, new: str) -> list[str]:
    """The entries of a changelog that the change adds."""
    before, after = (Counter(line for line in text.splitlines() if re.match(r"[-*] \S", line)) for text in (old, new))
    return list((after - before).elements())


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
