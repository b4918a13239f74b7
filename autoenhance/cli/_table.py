"""Read a file of edits into memory as checked rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from autoenhance.cli._csv_rows import read_csv
from autoenhance.cli._error_messages import CommandError
from autoenhance.cli._header import (
    HeaderError,
    RowError,
    column_letters,
    find_header,
    is_blank,
    location,
    misspelt_columns,
)
from autoenhance.cli._json_lines import HEADER, read_json_lines
from autoenhance.cli._rows import Row, RowChecker
from autoenhance.cli._source import decode, is_workbook, read_bytes, source_name
from autoenhance.cli._text import quote
from autoenhance.cli._workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from autoenhance.cli._arguments import TableOptions
    from autoenhance.cli._header import Entry, Header, RawRow

    # The format, the header, the rows, and further arguments of RowChecker.
    _Source = tuple[str, Header, Iterable[Entry | RowError], dict[str, Any]]

_JSON: Final = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
_SHARD: Final = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")


class Shard(NamedTuple):
    """Every `of`-th row, from the `number`-th."""

    number: int
    of: int


def parse_shard(text: str) -> Shard:
    """Parse the value of --shard.

    Raises:
        CommandError: If it is invalid.
    """
    match = _SHARD.fullmatch(text)
    if not match or int(match[1]) > int(match[2]):
        raise CommandError(f"--shard {text!r} is invalid", "Give K/N with K from 1 to N, such as 2/8.")
    return Shard(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Table:
    """The edits of a file, and its errors and warnings."""

    name: str
    """The name of the file in messages."""
    form: str
    """The format, for messages."""
    header_row: int
    """The row of the header; 0 if there is none."""
    rows: list[Row]
    """The valid rows, in the order of the file."""
    errors: list[RowError]
    """The errors, in the order of the file."""
    skipped: int
    """The number of rows without changes."""
    warnings: list[str]


def read_table(source: str, options: TableOptions, common: Mapping[str, Any], confirm: Callable[[str], bool]) -> Table:
    """Read and check a file of edits.

    Args:
        source: The path of the file; "-" for standard input.
        options: The options for reading it.
        common: Arguments of every edit that are not in the table, by keyword.
        confirm: Asks a yes/no question on the terminal; False if there is no terminal.

    Raises:
        CommandError: If it cannot be read.
    """
    name, data = source_name(source), read_bytes(source)
    try:
        read = _read_workbook(data, name, options) if is_workbook(data) else _read_text(data, name, options, confirm)
    except HeaderError as error:
        return Table(name, "", 0, [], list(error.errors), 0, [])
    form, header, entries, arguments = read
    checker = RowChecker(header.labels, options, common, **arguments)
    for entry in entries:
        if isinstance(entry, RowError):
            checker.errors.append(entry)
        else:
            checker.check(entry)
    errors = sorted([*checker.errors, *_conflicts(checker.rows, checker.skipped, header.labels)], key=attrgetter("row"))
    warnings = [f"Warning: {name}: {warning}" for warning in misspelt_columns(header)]
    warnings += _warnings(name, checker)
    return Table(name, form, header.row, checker.rows, errors, len(checker.skipped), warnings)


def _read_workbook(data: bytes, name: str, options: TableOptions) -> _Source:
    if options.encoding is not None:
        raise CommandError(f"{name} is a workbook, and has no encoding", "Leave out --encoding.")
    sheet = read_workbook(data, name, options.sheet)
    entries = (_entry(sheet.header, row, ragged=True) for row in sheet.rows)
    return f"sheet {quote(sheet.name)}", sheet.header, entries, {"hides_errors": sheet.hides_errors}


def _read_text(data: bytes, name: str, options: TableOptions, confirm: Callable[[str], bool]) -> _Source:
    if options.sheet is not None:
        raise CommandError(f"{name} is text, and has no sheet", "Leave out --sheet.")
    text, encoding = decode(data, name, options.encoding, confirm)
    if _JSON.match(text):
        return f"JSON Lines, {encoding}", HEADER, read_json_lines(text), {"is_json": True}
    form, rows = read_csv(text)
    header, rows = find_header(rows)
    return f"{form}, {encoding}", header, (_entry(header, row) for row in rows), {}


def _entry(header: Header, row: RawRow | RowError, *, ragged: bool = False) -> Entry | RowError:
    if isinstance(row, RowError):
        return row
    # In text, an unquoted separator in a name makes an extra field, and cuts the name short.
    for index in () if ragged else range(header.width, len(row.values)):
        if not is_blank(row.values[index]):
            message = f"extra field {quote(row.values[index])}; does a field before it need quotes?"
            return RowError(row.row, row.line, f"column {column_letters(index)}", message)
    return header.entry(row)


def _conflicts(
    rows: Iterable[Row], skipped: Iterable[tuple[str, Entry]], labels: Mapping[str, str]
) -> Iterator[RowError]:
    """Find duplicate orders, and ids that two orders would have."""
    by_id: dict[str, Row | Entry] = {}
    for row in rows:
        if (first := by_id.setdefault(row.order_id, row)) is not row:
            yield _conflict(row, labels["order_id"], f"duplicate order_id {quote(row.order_id)}", "first on", first)
    by_id = {**dict(skipped), **by_id}
    by_new_id: dict[str, Row] = {}
    for row in rows:
        new_id = row.changes.get("new_order_id", row.order_id)
        if new_id != row.order_id:
            label = labels["new_order_id"]
            if new_id in by_id:
                yield _conflict(row, label, f"{quote(new_id)} is the order_id of another order", "on", by_id[new_id])
            if (first := by_new_id.setdefault(new_id, row)) is not row:
                yield _conflict(row, label, f"duplicate new_order_id {quote(new_id)}", "first on", first)


def _conflict(row: Row, label: str, message: str, relation: str, other: Row | Entry) -> RowError:
    return RowError(row.row, row.line, label, f"{message} ({relation} {location(other.row, other.line)})")


def _warnings(name: str, checker: RowChecker) -> Iterator[str]:
    for first, count in checker.warnings.values():
        more = f" (and {count - 1:,} more)" if count > 1 else ""
        yield f"Warning: {name}: {first}{more}"
