"""What Redocly CLI found, and the words to tell it in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from review.places import Place


@dataclass(frozen=True)
class Found:
    """One change as Redocly CLI reports it; values are those of the canonical documents."""

    kind: str
    subject: str
    key: str
    """The last part of the pointer."""
    parent: str
    """The part before the last."""
    property: str | None
    flagged: bool
    old: Any
    new: Any
    place: Place
    turned: bool = False
    """Whether it stands below `not` or `if`, where what allows more may allow less in the end."""


@dataclass(frozen=True)
class Event:
    """What a change is, in a sentence."""

    name: str
    sentence: str
    flagged: bool


def show(value: Any) -> str:
    """A value as JSON, in a word or two."""
    if value is None:
        return "not said"
    text = json.dumps(value, ensure_ascii=False)
    longest = 60
    return f"`{text}`" if len(text) <= longest else f"`{text[: longest - 1]}…`"


def names(values: list[Any]) -> str:
    """A list in words: `a`, `b` and `c`."""
    shown = [f"`{value}`" for value in values]
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
