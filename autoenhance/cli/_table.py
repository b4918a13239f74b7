"""A file of edits as checked rows, all of them in memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from autoenhance.cli._csv_rows import read_csv
from autoenhance.cli._error_messages import CommandError
from autoenhance.cli._header import HeaderError, RowError, column_letters, find_header, is_blank, location
from autoenhance.cli._json_lines import HEADER, read_json_lines
from autoenhance.cli._rows import Row, RowChecker
from autoenhance.cli._source import decode, is_workbook, name_of, read_bytes
from autoenhance.cli._text import quote
from autoenhance.cli._workbook import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from autoenhance.cli._arguments import TableOptions
    from autoenhance.cli._header import Entry, Header, RawRow

    # How it is written, the header, the rows, and what Checks has to know.
    _Read = tuple[str, Header, Iterable[Entry | RowError], dict[str, Any]]

_JSON: Final = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]])')
_SHARD: Final = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")


class Shard(NamedTuple):
    """Every so many-th row, beginning with the number-th."""

    number: int
    of: int


def parse_shard(text: str) -> Shard:
    """Read what --shard says.

    Raises:
        CommandError: If it is invalid.
    """
    found = _SHARD.fullmatch(text)
    if not found or int(found[1]) > int(found[2]):
        raise CommandError(f"--shard {text!r} is invalid", "Give K/N with K from 1 to N, such as 2/8.")
    return Shard(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Table:
    """What a file asks for."""

    name: str
    """What the file is called in messages."""
    form: str
    """How it is written, for people."""
    header_row: int
    """The row of the header; 0 without one."""
    rows: list[Row]
    """The rows that can be sent, in the order of the file."""
    errors: list[RowError]
    """What is wrong, in the order of the file."""
    skipped: int
    """How many rows have no changes."""
    warnings: list[str]


def read_table(source: str, options: TableOptions, common: Mapping[str, Any], confirm: Callable[[str], bool]) -> Table:
    """Read a file, or standard input if it is "-", and check it.

    Args:
        source: The path of the file.
        options: How to read it.
        common: What each edit gets that is not in the table, by keyword.
        confirm: Asks whoever sits at the terminal a question; False if nobody does.

    Raises:
        CommandError: If it cannot be read.
    """
    name, data = name_of(source), read_bytes(source)
    try:
        read = _workbook(data, name, options) if is_workbook(data) else _text(data, name, options, confirm)
    except HeaderError as error:
        return Table(name, "", 0, [], list(error.errors), 0, [])
    form, header, entries, kind = read
    checks = RowChecker(header.labels, options, common, **kind)
    for entry in entries:
        if isinstance(entry, RowError):
            checks.errors.append(entry)
        else:
            checks.take(entry)
    errors = sorted([*checks.errors, *_conflicts(checks.rows, checks.skipped, header.labels)], key=attrgetter("row"))
    return Table(name, form, header.row, checks.rows, errors, len(checks.skipped), list(_warnings(name, checks)))


def _workbook(data: bytes, name: str, options: TableOptions) -> _Read:
    if options.encoding is not None:
        raise CommandError(f"{name} is a workbook, and has no encoding", "Leave out --encoding.")
    sheet = read_workbook(data, name, options.sheet)
    entries = (_entry(sheet.header, row, ragged=True) for row in sheet.rows)
    return f"sheet {quote(sheet.name)}", sheet.header, entries, {"hides_errors": sheet.hides_errors}


def _text(data: bytes, name: str, options: TableOptions, confirm: Callable[[str], bool]) -> _Read:
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
    # In a text, a separator in a name without quotes makes a field more, and the name shorter.
    for index in () if ragged else range(header.width, len(row.values)):
        if not is_blank(row.values[index]):
            what = f"{quote(row.values[index])} has no column; does a field before it need quotes?"
            return RowError(row.row, row.line, f"column {column_letters(index)}", what)
    return header.entry(row)


def _conflicts(
    rows: Iterable[Row], skipped: Iterable[tuple[str, Entry]], labels: Mapping[str, str]
) -> Iterator[RowError]:
    """Orders that are in the table twice, and ids that two orders would have."""
    first: dict[str, Row | Entry] = {}
    for row in rows:
        if (other := first.setdefault(row.order_id, row)) is not row:
            yield _conflict(row, labels["order_id"], f"duplicate order_id {quote(row.order_id)}", "first on", other)
    first = {**dict(skipped), **first}
    taken: dict[str, Row] = {}
    for row in rows:
        new_id = row.changes.get("new_order_id", row.order_id)
        if new_id != row.order_id:
            label = labels["new_order_id"]
            if new_id in first:
                yield _conflict(row, label, f"{quote(new_id)} is the order_id of another order", "on", first[new_id])
            if (other := taken.setdefault(new_id, row)) is not row:
                yield _conflict(row, label, f"duplicate new_order_id {quote(new_id)}", "first on", other)


def _conflict(row: Row, label: str, what: str, where: str, other: Row | Entry) -> RowError:
    return RowError(row.row, row.line, label, f"{what} ({where} {location(other.row, other.line)})")


def _warnings(name: str, checks: RowChecker) -> Iterator[str]:
    for first, count in checks.noticed.values():
        more = f" (and {count - 1:,} more)" if count > 1 else ""
        yield f"Warning: {name}: {first}{more}"
