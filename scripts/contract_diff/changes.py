"""The results of a comparison: differences and changes, their places, and how they are worded."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from contract import Pointer

Direction = Literal["request", "response", "error", "both"]
Action = Literal["added", "removed", "changed"]
Impact = Literal["major", "minor", "patch"]
IMPACTS: Final[tuple[Impact, ...]] = ("patch", "minor", "major")
_MAX_LENGTH: Final = 60
_MAX_VALUES: Final = 12


@dataclass(frozen=True)
class Location:
    """A part of a request or response; equal parts of several responses can be shown together."""

    direction: Direction
    base: str
    """What it belongs to, such as `request body`; for a response, what comes after its status."""
    status: str = ""
    fields: str = ""

    def below(self, step: str) -> Location:
        """Return the location of a field, an item or an alternative."""
        fields = f"{self.fields}{step}" if step.startswith(("[", "(")) or not self.fields else f"{self.fields}.{step}"
        return Location(self.direction, self.base, self.status, fields)

    def show(self, statuses: list[str]) -> str:
        """Return the location as text, with all of these statuses."""
        base = self.base
        if self.status:
            base = f"{'responses' if len(statuses) > 1 else 'response'} {', '.join(statuses)}{base}"
        return f"{base}: `{self.fields}`" if self.fields else base


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        kind: The kind of change, one of those in `severities.py`.
        location: Where in a request or response.
        subject: What was added, removed or changed.
        action: Whether the subject was added, removed or changed.
        old: Its old value.
        new: Its new value.
        places: Its pointers in the old and in the new contract.
        violates: Whether the new contract may refuse requests, or allow responses, that the old one did not.
        client: The kind that decides for this client, if it is another one.
        note: Additional information for the reader.
    """

    kind: str
    location: Location
    subject: str
    action: Action = "changed"
    old: str = ""
    new: str = ""
    places: tuple[Pointer | None, Pointer | None] = (None, None)
    violates: bool = True
    client: str = ""
    note: str = ""

    def sentence(self, *, upstream: bool) -> str:
        """Return the difference as a sentence; with `upstream`, as what ours and theirs have."""
        is_many = self.subject.startswith(("Enum values", "Other fields"))
        are, were = ("are", "were") if is_many else ("is", "was")
        if self.action != "changed":
            side = {"added": "theirs", "removed": "ours"}[self.action]
            value = self.new if self.action == "added" else self.old
            verb = f"{are} only in {side}" if upstream else f"{were} {self.action}"
            verb += f" ({value})" if value else ""
        elif not self.old:
            verb = "differs" if upstream else "changed"
        elif upstream:
            verb = f"{are} {self.old} in ours and {self.new} in theirs"
        else:
            verb = f"{were} {self.old} and {are} {self.new}"
        return f"{self.subject} {verb}.{f' {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Change:
    """One judged change of requests or responses.

    Attributes:
        what: The changed part, such as ``response 200: `images[].status` ``.
        where: File, line and JSON pointer; those of the old contract if the part was removed.
        kind: The kind of change, one of those in `severities.py`.
        sentence: The change as a sentence.
        breaking: Whether it is a breaking change.
        impact: The version bump that it needs.
        because: The reason for the verdict.
        sides: The places in ours and in theirs (empty without one) if a document of the service is compared, else None.
    """

    what: str
    where: str
    kind: str
    sentence: str
    breaking: bool
    impact: Impact
    because: str
    sides: tuple[str, str] | None = None


def highest(impacts: list[Impact]) -> Impact | None:
    """Return the highest impact, or None without any."""
    return max(impacts, key=IMPACTS.index, default=None)


def show(value: Any) -> str:
    """Return a value as JSON in backticks, shortened."""
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False).replace("`", "'")
    return f"`{text}`" if len(text) <= _MAX_LENGTH else f"`{text[: _MAX_LENGTH - 1]}…`"


def names(values: list[Any]) -> str:
    """Return a list as text: `a`, `b` and `c`; of a long one only the first values."""
    shown = [
        f"`{value}`" if isinstance(value, str) and re.fullmatch(r"[^`\s]+", value) else show(value) for value in values
    ]
    if len(shown) > _MAX_VALUES:
        shown = [*shown[:_MAX_VALUES], f"{len(shown) - _MAX_VALUES} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
