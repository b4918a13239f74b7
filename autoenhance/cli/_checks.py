"""Pure: what a row of a file may hold, and what is said of one that holds something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from autoenhance._edit import plan_edit
from autoenhance.cli._decoding import LONGEST_ROW
from autoenhance.cli._text import printable
from autoenhance_api.types import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS: Final = ("order_id", "name", "new_order_id")
"""Those that make an edit; all others are only carried along."""
NOT_READ: Final = "What comes after it was not read"
_LONGEST_SHOWN: Final = 40
_NOTHING_ELSE: Final[dict[str, Any]] = {"extra_body": None, "extra_query": None, "extra_headers": None}


@dataclass(frozen=True, slots=True)
class Row:
    """One edit that a file asks for."""

    line: int
    """Where it begins in the file, from 1."""
    order_id: str
    name: str | Unset
    new_order_id: str | Unset
    other: dict[str, Any]
    """What else stands in the row, by its title."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row; as text it goes behind the file's name and a colon."""

    line: int
    """Where the row begins in the file, from 1."""
    column: str
    """Where in the row it is; empty if it is all of it."""
    what: str

    def __str__(self) -> str:
        return ": ".join([str(self.line), *([self.column] if self.column else []), self.what])


def too_long(line: int) -> Fault:
    """A row that begins on this line and is not taken into memory."""
    what = f'the row has {LONGEST_ROW:,} characters or more; is a quote (") missing behind a cell? {NOT_READ}'
    return Fault(line, "", what)


@lru_cache(64)  # few files have more titles, and a title may be long
def column_of(title: str) -> str | None:
    """Which of our columns a title means, if it does: case, and how words are set apart, do not matter."""
    name = re.sub(r"[\s_-]+", "_", title.strip().lower())
    return name if name in COLUMNS else None


def shown(text: str) -> str:
    """Text from a file, in quotes, as it may go to a terminal, and not too long."""
    return f"'{printable(cut(text))}'"


def cut(text: str) -> str:
    """The text, or so much of it that one knows which it is."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


@dataclass(frozen=True, slots=True)
class Checks:
    """What the rows of one file may hold."""

    longest_name: int
    labels: Mapping[str, str]
    """What our columns are called in a fault."""

    def row(
        self, line: int, order_id: str, name: str | Unset, new_order_id: str | Unset, other: dict[str, Any]
    ) -> Row | list[Fault]:
        """The row, or everything that is wrong with it. No id can have blanks around it, so they go."""
        order_id = order_id.strip()
        if not isinstance(new_order_id, Unset):
            new_order_id = new_order_id.strip()
        try:
            plan_edit(order_id, name=name, new_order_id=new_order_id, **_NOTHING_ELSE)
        except ValueError:
            pass
        else:
            if isinstance(name, Unset) or len(name) <= self.longest_name:
                return Row(line, order_id, name, new_order_id, other)
        asked = {"order_id": order_id, "name": name, "new_order_id": new_order_id}
        given = {column: value for column, value in asked.items() if not isinstance(value, Unset)}
        faults = [
            Fault(line, self.labels[column], what)
            for column, value in given.items()
            if (what := self._what_is_wrong(column, value))
        ]
        if len(given) == 1:
            faults.append(Fault(line, "", "it sets nothing; give a name, a new_order_id or both"))
        return faults

    def _what_is_wrong(self, column: str, value: str) -> str | None:
        # Each by itself, so that all that is wrong with a row is told at once.
        edit: dict[str, Any] = {"order_id": "x", "name": "x", "new_order_id": UNSET, column: value}
        try:
            plan_edit(**edit, **_NOTHING_ELSE)
        except ValueError as error:
            # The library names its argument first, and shows all of the text.
            return "it" + str(error).removeprefix(column).replace(repr(value), shown(value), 1)
        if column == "name" and len(value) > self.longest_name:
            return f"it has {len(value)} characters; at most {self.longest_name} are allowed (--max-name-length)"
        return None
