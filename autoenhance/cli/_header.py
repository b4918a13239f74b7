"""Pure: the header of a table, and which of its columns are known."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from autoenhance._params import BODY
from autoenhance.cli._text import printable, quote, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS: Final = ("order_id", *(param.keyword for param in BODY))
"""The known columns; all others are only copied to the results."""
HEADER_ROWS: Final = 20
"""The header is searched for in this many rows."""
_SETTABLE: Final = frozenset(COLUMNS[1:])
_NEEDED: Final = f"the header must have order_id and at least one of {', '.join(COLUMNS[1:])}"
_MAX_SHOWN: Final = 5
_ROWS_SHOWN: Final = 3


class RowError(NamedTuple):
    """An error in a row, or in the header."""

    row: int
    """The row, from 1 as in the spreadsheet program; 0 for the whole table."""
    line: int
    """The line of the text file where the row begins, from 1."""
    column: str
    """The column; empty for the whole row."""
    message: str

    def __str__(self) -> str:
        where = [location(self.row, self.line) + (f", {self.column}" if self.column else "")] if self.row else []
        return ": ".join([*where, self.message])


class RawRow(NamedTuple):
    """The cells of a row, as they are in the file."""

    row: int
    line: int
    values: Sequence[Any]
    may_contain_rows: bool = False
    """Whether a quoted field looks as if it contained other rows."""


_SIMILAR: Final = 0.8
"""The least similarity of a misspelt column's name; at 0.7 `Old name` would be similar to `name`."""
HIDDEN: Final = "is in a hidden row; show the row, or delete it"


class CellError(str):
    """The error message of a cell without a usable value, in the place of the value."""

    __slots__ = ()


class FormattedNumber(int):
    """A whole number that the spreadsheet program displays differently, such as `0012` or `12 %`."""


class Entry(NamedTuple):
    """The cells of a row, by column."""

    row: int
    line: int
    values: Mapping[str, Any]
    """The values of known columns."""
    other: dict[str, Any]
    """The values of other columns, by column name."""
    may_contain_rows: bool = False
    """Whether a quoted field looks as if it contained other rows."""


class HeaderError(Exception):
    """The table has no valid header; `errors` tell why."""

    def __init__(self, *errors: RowError) -> None:
        super().__init__(*errors)
        self.errors = errors


class Header(NamedTuple):
    """The columns of a table."""

    row: int
    width: int
    columns: dict[str, int]
    """The index of each known column."""
    labels: dict[str, str]
    """The label of each known column in errors."""
    other_columns: list[tuple[int, str]]
    """The index and name of each other column; one without a name is called `column D`."""

    def entry(self, row: RawRow) -> Entry:
        """Return a row by column; empty cells of other columns are left out."""
        values, count = row.values, len(row.values)
        known = {column: values[index] for column, index in self.columns.items() if index < count}
        other_columns = [
            *self.other_columns,
            *((index, f"column {column_letters(index)}") for index in range(self.width, count)),
        ]
        other = {
            name: str(values[index])
            for index, name in other_columns
            if index < count and values[index] != "" and not isinstance(values[index], CellError)
        }
        return Entry(row.row, row.line, known, other, row.may_contain_rows)


def location(row: int, line: int) -> str:
    """Format the location of a row: its number in the spreadsheet program, and its line where that differs."""
    return f"row {row}" + (f" (line {line})" if line != row else "")


def column_letters(index: int) -> str:
    """Return the letters of a column in a spreadsheet program."""
    name = ""
    while index >= 0:
        index, letter = divmod(index, 26)
        name, index = chr(ord("A") + letter) + name, index - 1
    return name


@lru_cache(256)  # few files have more columns
def column_of(name: str) -> str | None:
    """Return the known column that a column name stands for, if any. Only letters and digits count."""
    return None if is_error(name.strip(BLANK)) else _BY_NAME.get(_normalize(name))


def is_blank(value: Any) -> bool:
    """Return whether a cell has no visible characters."""
    return value is None or (isinstance(value, str) and INVISIBLE.issuperset(value))


def is_error(text: str) -> bool:
    """Return whether a text is an error of a spreadsheet program, in any language, such as `#N/A` or `Err:509`."""
    if text.startswith("#"):
        return text == text.upper() and len(text) > 1 and not re.search("[1-9]", text)
    return _ERROR.fullmatch(text) is not None


def _normalize(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


_ERROR: Final = re.compile(r"(?:Err|Fehler) ?:\d+|Loading\.\.\.", re.IGNORECASE)
_RANGES: Final = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF))
_INVISIBLE_RANGES: Final = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE01EF)),
)


def _characters(*ranges: tuple[int, int]) -> str:
    return "".join(chr(number) for first, last in ranges for number in range(first, last + 1))


BLANK: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + _characters(*_RANGES)
"""Invisible characters that are stripped: whitespace, no-break and zero-width spaces, and direction marks."""
INVISIBLE: Final = frozenset(BLANK + _characters(*_INVISIBLE_RANGES))
"""All invisible characters, with those that are not stripped, because emoji and other text may end in them."""
# `New name` alone is `name`.
_BY_NAME: Final = {
    **{f"new{_normalize(column)}": column for column in COLUMNS[1:]},
    **{_normalize(column): column for column in COLUMNS},
}


def find_header(rows: Iterator[RawRow | RowError]) -> tuple[Header, Iterator[RawRow | RowError]]:
    """Find the header in the first rows of a table, and return it and the rows below it.

    Raises:
        HeaderError: If there is no header, or it has a column twice.
    """
    first = list(islice(rows, HEADER_ROWS))
    not_blank = [row for row in first if isinstance(row, RawRow) and not all(map(is_blank, row.values))]
    with_id = [row for row in not_blank if "order_id" in columns_in(row)]
    header_row = next((row for row in with_id if columns_in(row) & _SETTABLE), None)
    if header_row is not None:
        header = _read_header(header_row)
        return header, (row for row in chain(first, rows) if row.row > header.row)
    errors = [row for row in first if isinstance(row, RowError)][:1]
    if with_id:
        message = f"no column to set ({', '.join(COLUMNS[1:])}); the header has {_column_names(with_id[0])}"
        raise HeaderError(*errors, RowError(with_id[0].row, with_id[0].line, "", message))
    if not not_blank:
        raise HeaderError(*(errors or [RowError(0, 0, "", f"empty; {_NEEDED}")]))
    rows_shown = "; ".join(f"{location(row.row, row.line)} has {_column_names(row)}" for row in not_blank[:_ROWS_SHOWN])
    more = f"; and so on to row {not_blank[-1].row}" if len(not_blank) > _ROWS_SHOWN else ""
    within = f" in the first {HEADER_ROWS} rows" if len(first) == HEADER_ROWS else ""
    raise HeaderError(*errors, RowError(0, 0, "", f"no column order_id{within}; {_NEEDED}; {rows_shown}{more}"))


def misspelt_columns(header: Header) -> Iterator[RowError]:
    """Return a warning for each column that is not ours, but nearly has the name of a column that the table lacks."""
    missing = {_normalize(column): column for column in COLUMNS if column not in header.columns}
    for index, name in header.other_columns:
        for close in get_close_matches(_normalize(name), missing, 1, _SIMILAR):
            message = f"{quote(name)} is not sent; did you mean {missing[close]!r}?"
            yield RowError(header.row, header.row, f"column {column_letters(index)}", message)


def columns_in(row: RawRow) -> set[str]:
    """Return the known columns that a row names."""
    return {column for value in row.values if isinstance(value, str) and (column := column_of(value))}


def _read_header(row: RawRow) -> Header:
    header = Header(row.row, len(row.values), {}, {}, [])
    errors = []
    names = set()
    for index, value in enumerate(row.values):
        name = "" if is_blank(value) else str(value).strip(BLANK)
        label = f"column {column_letters(index)} ({printable(truncate(name))})"
        column = column_of(name)
        if column in header.labels:
            message = f"{header.labels[column]} and {label} both mean {column}; keep one of them, or rename the other"
            errors.append(RowError(row.row, row.line, "", message))
        elif column:
            header.columns[column] = index
            header.labels[column] = label
        else:
            position = f"column {column_letters(index)}"
            name = position if not name else name if name not in names else f"{name} ({position})"
            names.add(name)
            header.other_columns.append((index, name))
    if errors:
        raise HeaderError(*errors)
    return header


def _column_names(row: RawRow) -> str:
    names = [quote(str(value)) for value in row.values if not is_blank(value)]
    return ", ".join(names[:_MAX_SHOWN]) + (", ..." if len(names) > _MAX_SHOWN else "")
