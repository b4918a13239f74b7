"""Pure: what a row of a file may hold, and what is said of one that holds something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from autoenhance._edit import check_order_id, check_value, plan_edit
from autoenhance._params import BODY, BY_KEYWORD, is_order_id
from autoenhance.cli._decoding import LONGEST_ROW
from autoenhance.cli._text import either, shown
from autoenhance.cli._values import is_text
from autoenhance_api.order_edit import OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from autoenhance_api.edit_order_params import Param

COLUMNS: Final = ("order_id", *(param.keyword for param in BODY))
"""Those that make an edit; all others are only carried along."""
STRINGS: Final = frozenset({"order_id", *(param.keyword for param in BODY if is_text(param))})
"""The columns that hold strings, and nothing else."""
_WITH_BLANKS: Final = frozenset(param.keyword for param in BODY if is_text(param) and not is_order_id(param))
NOT_READ: Final = "What comes after it was not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(OrderEdit):
    """One edit that a file asks for."""

    line: int
    """Where it begins in the file, from 1."""
    changes: dict[str, Any]
    """What it sets, by keyword, as values of JSON."""
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


def is_empty(column: str, cell: str) -> bool:
    """Whether a cell sets nothing. Blanks are a text, such as a name, but neither an id nor a number."""
    return not (cell if column in _WITH_BLANKS else cell.strip())


@dataclass(frozen=True, slots=True)
class Checks:
    """What the rows of one file may hold."""

    longest_name: int
    labels: Mapping[str, str]
    """What our columns are called in a fault."""
    read: Callable[[Param, Any], Any]
    """Makes a value of what one of our columns holds: of a text in CSV, of a value of JSON in JSON Lines."""

    def row(self, line: int, given: Mapping[str, Any], other: dict[str, Any]) -> Row | list[Fault]:
        """The row, or everything that is wrong with it.

        Args:
            line: Where it begins.
            given: What our columns hold, as text or values of JSON, in the order of the file; those that set nothing are
                not there.
            other: What the other columns hold.
        """
        order_id = str(given.get("order_id", "")).strip()  # no id can have blanks around it
        values: dict[str, Any] = {}
        wrong: dict[str, str | None] = {}
        problem = ""
        for param in BODY:
            if param.keyword in given:
                try:
                    values[param.keyword] = self.read(param, given[param.keyword])
                except ValueError as error:
                    wrong[param.keyword] = str(error)
        if not wrong:
            try:
                plan = plan_edit(order_id, values)
            except (TypeError, ValueError) as error:
                problem = str(error)
            else:
                if self._fits(values):
                    changes = {param.keyword: plan.body[param.wire_name] for param in BODY if param.keyword in values}
                    return Row(order_id, line=line, changes=changes, other=other, **values)
        wrong |= {column: self._what_is_wrong(column, value) for column, value in values.items()}
        wrong["order_id"] = self._what_is_wrong("order_id", order_id)
        columns = given if "order_id" in given else ("order_id", *given)
        faults = [Fault(line, self.labels[column], what) for column in columns if (what := wrong[column])]
        if not given.keys() & set(COLUMNS[1:]):
            faults.append(Fault(line, "", f"no changes given; give {either(COLUMNS[1:])}"))
        return faults or [Fault(line, "", problem)]

    def _fits(self, values: Mapping[str, Any]) -> bool:
        return not isinstance(name := values.get("name"), str) or len(name) <= self.longest_name

    def _what_is_wrong(self, column: str, value: Any) -> str | None:
        # Each by itself, so that all that is wrong with a row is told at once.
        try:
            if column == "order_id":
                check_order_id(column, value)
            else:
                check_value(BY_KEYWORD[column], value)
        except ValueError as error:
            # The library names its argument first, and shows all of the text.
            text = str(error).removeprefix(column)
            return "it" + (text.replace(repr(value), shown(value), 1) if isinstance(value, str) else text)
        if not self._fits({column: value}):
            return f"it has {len(value)} characters; at most {self.longest_name} are allowed (--max-name-length)"
        return None
