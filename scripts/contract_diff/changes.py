"""What a comparison finds: events, each with its place, and the words to tell them in."""

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
_LONGEST: Final = 60
_MOST_VALUES: Final = 12


@dataclass(frozen=True)
class Location:
    """A part of the wire; places of different responses that are otherwise the same can be told together."""

    direction: Direction
    base: str
    """What it belongs to, such as `request body`; of a response what comes after its status."""
    status: str = ""
    fields: str = ""

    def below(self, step: str) -> Location:
        """The place of a field, an item or an alternative."""
        fields = f"{self.fields}{step}" if step.startswith(("[", "(")) or not self.fields else f"{self.fields}.{step}"
        return Location(self.direction, self.base, self.status, fields)

    def show(self, statuses: list[str]) -> str:
        """The place in words, for all of these statuses."""
        base = self.base
        if self.status:
            base = f"{'responses' if len(statuses) > 1 else 'response'} {', '.join(statuses)}{base}"
        return f"{base}: `{self.fields}`" if self.fields else base


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes:
        kind: What happened, in the words of `severities.py`.
        place: Where on the wire.
        subject: What it happened to.
        action: Whether the subject came, went, or is another.
        old: What it was.
        new: What it is.
        places: Where it stands in the old and in the new contract.
        violates: Whether the new contract may not take what the old one allowed, or allow what the old one did not.
        client: The kind by which this client judges, where that is another one.
        note: What else a reader may want to know.
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
        """What happened; or, of a document of the service, what is in which of the two."""
        is_many = self.subject.startswith(("Enum values", "Other fields"))
        are, were = ("are", "were") if is_many else ("is", "was")
        if self.action != "changed":
            words = {"added": ("new", "only in theirs"), "removed": ("gone", "only in ours")}[self.action]
            said = self.new if self.action == "added" else self.old
            verb = f"{are} {words[upstream]}{f' ({said})' if said else ''}"
        elif not self.old:
            verb = "differs" if upstream else "changed"
        elif upstream:
            verb = f"{are} {self.old} in ours and {self.new} in theirs"
        else:
            verb = f"{were} {self.old} and {are} {self.new}"
        return f"{self.subject} {verb}.{f' {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Change:
    """One change on the wire, judged.

    Attributes:
        what: Which part of the wire, such as ``response 200: `images[].status` ``.
        where: File, line and JSON pointer; in the old contract where the part is gone.
        kind: What happened, in the words of `severities.py`.
        sentence: What happened.
        breaking: Whether it breaks something.
        impact: Which part of a version follows.
        because: Why.
        sides: Where it is in ours and in theirs, if a document of the service is compared; empty where it is not.
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
    """The one that decides, or None where nothing changed."""
    return max(impacts, key=IMPACTS.index, default=None)


def show(value: Any) -> str:
    """A value as JSON, in a word or two."""
    if value is None:
        return "not set"
    text = json.dumps(value, ensure_ascii=False).replace("`", "'")
    return f"`{text}`" if len(text) <= _LONGEST else f"`{text[: _LONGEST - 1]}…`"


def names(values: list[Any]) -> str:
    """A list in words: `a`, `b` and `c`; of many the first."""
    shown = [
        f"`{value}`" if isinstance(value, str) and re.fullmatch(r"[^`\s]+", value) else show(value) for value in values
    ]
    if len(shown) > _MOST_VALUES:
        shown = [*shown[:_MOST_VALUES], f"{len(shown) - _MOST_VALUES} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
