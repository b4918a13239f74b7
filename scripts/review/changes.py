"""What a review consists of: changes, each with where it is, what it is, and whom it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Impact = Literal["major", "minor", "patch"]
Breaks = Literal["senders", "receivers", "everyone", "nobody"]

ORDER: tuple[Impact, ...] = ("patch", "minor", "major")


class ReviewError(Exception):
    """The review could not be done; the message says what and where."""


@dataclass(frozen=True)
class Change:
    """One change on the wire."""

    what: str
    """Which part of the wire, for example `answer 200: images[].status`."""
    where: str
    """File, line and JSON pointer in the contract; in the base where the part is gone."""
    event: str
    """What happened, in the words of `rules.py`."""
    sentence: str
    breaks: Breaks
    impact: Impact
    because: str


@dataclass(frozen=True)
class PythonChange:
    """One change of what can be imported, called or read in Python."""

    name: str
    sentence: str
    breaks: bool
    because: str

    @property
    def impact(self) -> Impact:
        """The bump of the package that follows."""
        return "major" if self.breaks else "minor"


def highest(impacts: list[Impact]) -> Impact | None:
    """The one that decides, or None where nothing changed."""
    return max(impacts, key=ORDER.index, default=None)
