"""Pure: which columns of a table are ours, as its header says."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from autoenhance._params import BODY
from autoenhance.cli._text import printable, quote, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS: Final = ("order_id", *(param.keyword for param in BODY))
"""Those that make an edit; all others are only carried along."""
HEADER_ROWS: Final = 20
"""The header is within so many rows."""
_SETTABLE: Final = frozenset(COLUMNS[1:])
_NEEDED: Final = f"the header names the columns: order_id, and what to set ({', '.join(COLUMNS[1:])})"
_MOST_SHOWN: Final = 5
_ROWS_SHOWN: Final = 3


class RowError(NamedTuple):
    """What is wrong with a row, or with the header."""

    row: int
    """As the spreadsheet counts, from 1; 0 if it is about the whole table."""
    line: int
    """Where the row begins in a text file, from 1."""
    column: str
    """Where in the row it is; empty if it is all of it."""
    what: str

    def __str__(self) -> str:
        where = [location(self.row, self.line) + (f", {self.column}" if self.column else "")] if self.row else []
        return ": ".join([*where, self.what])


class RawRow(NamedTuple):
    """One row as it is in the file."""

    row: int
    line: int
    values: Sequence[Any]
    swallows: bool = False
    """Whether it may have other rows within a quoted field."""


class CellError(str):
    """What stands in the place of a value where a cell has none that could be used: the reason."""

    __slots__ = ()


class FormattedNumber(int):
    """A whole number that the spreadsheet program shows in another way, such as `0012` or `12 %`."""


class Entry(NamedTuple):
    """One row, sorted out."""

    row: int
    line: int
    given: Mapping[str, Any]
    """What it has for our columns."""
    other: dict[str, Any]
    """What else it has, by the title of the column."""
    swallows: bool = False
    """Whether it may have other rows within a quoted field."""


class HeaderError(Exception):
    """The table has no header that can be used; `errors` say why."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__(*errors)
        self.errors = errors


class Header(NamedTuple):
    """Where a table has what."""

    row: int
    width: int
    ours: dict[str, int]
    """The index of each of our columns."""
    labels: dict[str, str]
    """What our columns are called in errors."""
    others: list[tuple[int, str]]
    """The index and the name of each other column; those without a title are called `column D`."""

    def entry(self, cells: RawRow) -> Entry:
        """A row by column; empty cells of other columns are left out."""
        values, count = cells.values, len(cells.values)
        given = {column: values[index] for column, index in self.ours.items() if index < count}
        others = [*self.others, *((index, f"column {column_letters(index)}") for index in range(self.width, count))]
        other = {
            name: str(values[index])
            for index, name in others
            if index < count and values[index] != "" and not isinstance(values[index], CellError)
        }
        return Entry(cells.row, cells.line, given, other, cells.swallows)


def location(row: int, line: int) -> str:
    """A row as people find it: in the spreadsheet, and in the text where that counts otherwise."""
    return f"row {row}" + (f" (line {line})" if line != row else "")


def column_letters(index: int) -> str:
    """What a spreadsheet calls a column."""
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name, index = chr(ord("A") + letter) + name, index - 1
    return name


@lru_cache(256)  # few files have more titles
def column_of(title: str) -> str | None:
    """Which of our columns a title means, if one: letters and digits decide, and `New name` alone means `name`."""
    return None if is_error(title.strip(BLANK)) else _BY_TITLE.get(_key(title))


def is_blank(value: Any) -> bool:
    """Whether a cell has nothing that one can see."""
    return value is None or (isinstance(value, str) and INVISIBLE.issuperset(value))


def is_error(text: str) -> bool:
    """Whether a text is how a spreadsheet program, in whatever language, shows an error: `#N/A`, `Err:509`."""
    if text.startswith("#"):
        return text == text.upper() and len(text) > 1 and not re.search("[1-9]", text)
    return _ERROR.fullmatch(text) is not None


def _key(title: str) -> str:
    return "".join(filter(str.isalnum, title.casefold()))


_ERROR: Final = re.compile(r"(?:Err|Fehler) ?:\d+|Loading\.\.\.", re.IGNORECASE)
_RANGES: Final = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF))
_INVISIBLE_RANGES: Final = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE01EF)),
)


def _characters(*ranges: tuple[int, int]) -> str:
    return "".join(chr(number) for first, last in ranges for number in range(first, last + 1))


BLANK: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + _characters(*_RANGES)
"""Characters around a text that one cannot see: whitespace, also without a break, those of no width, and directions."""
INVISIBLE: Final = frozenset(BLANK + _characters(*_INVISIBLE_RANGES))
"""More that one cannot see, but that a text may end in, such as emoji."""
_BY_TITLE: Final = {
    **{f"new{_key(column)}": column for column in COLUMNS[1:]},
    **{_key(column): column for column in COLUMNS},
}


def find_header(rows: Iterator[RawRow | RowError]) -> tuple[Header, Iterator[RawRow | RowError]]:
    """Find the header among the first rows of a table; returns it, and the rows below it.

    Raises:
        HeaderError: If there is none, or it is ambiguous.
    """
    first = list(islice(rows, HEADER_ROWS))
    seen = [cells for cells in first if isinstance(cells, RawRow) and not all(map(is_blank, cells.values))]
    named = [cells for cells in seen if "order_id" in columns_in(cells)]
    cells = next((cells for cells in named if columns_in(cells) & _SETTABLE), None)
    if cells is not None:
        header = _read(cells)
        return header, (row for row in chain(first, rows) if row.row > header.row)
    errors = [row for row in first if isinstance(row, RowError)][:1]
    if named:
        what = f"no column to set ({', '.join(COLUMNS[1:])}); it has {_column_names(named[0])}"
        raise HeaderError(*errors, RowError(named[0].row, named[0].line, "", what))
    if not seen:
        raise HeaderError(*(errors or [RowError(0, 0, "", f"empty; {_NEEDED}")]))
    rows_seen = "; ".join(
        f"{location(cells.row, cells.line)} has {_column_names(cells)}" for cells in seen[:_ROWS_SHOWN]
    )
    more = f"; and so on to row {seen[-1].row}" if len(seen) > _ROWS_SHOWN else ""
    within = f" in the first {HEADER_ROWS} rows" if len(first) == HEADER_ROWS else ""
    raise HeaderError(*errors, RowError(0, 0, "", f"no column order_id{within}; {_NEEDED}; {rows_seen}{more}"))


def columns_in(cells: RawRow) -> set[str]:
    """Which of our columns a row names."""
    return {column for title in cells.values if isinstance(title, str) and (column := column_of(title))}


def _read(cells: RawRow) -> Header:
    header = Header(cells.row, len(cells.values), {}, {}, [])
    errors = []
    names = set()
    for index, value in enumerate(cells.values):
        title = "" if is_blank(value) else str(value).strip(BLANK)
        label = f"column {column_letters(index)} ({printable(truncate(title))})"
        column = column_of(title)
        if column in header.labels:
            what = f"{header.labels[column]} and {label} both mean {column}; keep one of them, or rename the other"
            errors.append(RowError(cells.row, cells.line, "", what))
        elif column:
            header.ours[column] = index
            header.labels[column] = label
        else:
            where = f"column {column_letters(index)}"
            name = where if not title else title if title not in names else f"{title} ({where})"
            names.add(name)
            header.others.append((index, name))
    if errors:
        raise HeaderError(*errors)
    return header


def _column_names(cells: RawRow) -> str:
    titles = [quote(str(value)) for value in cells.values if not is_blank(value)]
    return ", ".join(titles[:_MOST_SHOWN]) + (", ..." if len(titles) > _MOST_SHOWN else "")
