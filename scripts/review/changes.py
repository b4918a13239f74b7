"""What changes in Python, and what stops a review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contract_diff import Impact


class ReviewError(Exception):
    """The review could not be done; the message says what and where."""


@dataclass(frozen=True)
class PythonChange:
    """One change of what can be imported, called or read in Python."""

    name: str
    sentence: str
    breaking: bool
    because: str

    @property
    def impact(self) -> Impact:
        """The bump of the package that follows."""
        return "major" if self.breaking else "minor"
