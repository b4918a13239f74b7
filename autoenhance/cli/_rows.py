"""Pure: text becomes rows or faults, one after another: of a CSV file here, of JSON Lines through `_json_rows`."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from autoenhance.cli._checks import COLUMNS, NOT_READ, Checks, Fault, Row, column_of, is_empty, too_long
from autoenhance.cli._decoding import TooLongError
from autoenhance.cli._json_rows import LABELS, read_objects
from autoenhance.cli._text import cut, printable, shown
from autoenhance.cli._values import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autoenhance.cli._decoding import Lines

__all__ = ["Fault", "Row", "Table", "read_table"]

_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
# What Excel understands as the first line of a file.
_SAID_SEPARATOR: Final = re.compile(r'"?sep=([^"\s]|\t)"?\s*', re.IGNORECASE)
_MOST_LINES_OF_TITLES: Final = 20
_MOST_TITLES_SHOWN: Final = 10
_TITLES: Final = f"the first line has to name the columns: order_id, and what to set ({', '.join(COLUMNS[1:])})"


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds."""

    form: str
    """How it is written, for people."""
    rows: Iterator[Row | Fault]
    """To be gone through once."""
    labels: Mapping[str, str]
    """What our columns are called in a fault."""


def read_table(lines: Lines, *, longest_name: int) -> Table:
    """Find out how a file is written, and read its rows as they are asked for.

    Blank lines, and rows with nothing in their cells, are skipped. Titles without rows are a table without rows, and no
    fault: whatever made the file may have found nothing to do.

    Args:
        lines: The file's.
        longest_name: How many characters a name may have.
    """
    try:
        first = next((line for line in lines if line.strip()), "")
        start = first.lstrip()[:1]
        if start == "{":
            return Table("JSON Lines", read_objects(first, lines, longest_name=longest_name), LABELS)
        if start == "[":
            what = "it is a JSON array; JSON Lines has one object a line (jq -c '.[]' FILE makes them)"
            return Table("JSON", iter([Fault(lines.number, "", what)]), LABELS)
        if not start:
            return Table("empty", iter([Fault(1, "", f"it is empty; {_TITLES}")]), LABELS)
        return _read_csv(first, lines, longest_name)
    except TooLongError:
        return Table("no table", iter([too_long(lines.number)]), LABELS)


def _read_csv(first: str, lines: Lines, longest_name: int) -> Table:
    said = _SAID_SEPARATOR.fullmatch(first)
    head = [next(iter(lines), "") if said else first]
    # Titles may have line breaks in them.
    while "".join(head).count('"') % 2 and len(head) < _MOST_LINES_OF_TITLES and (line := next(iter(lines), "")):
        head.append(line)
    separator = said[1] if said else max(_SEPARATORS, key=lambda one: _fit(head, one))
    form = f"CSV with {_SEPARATORS.get(separator, repr(separator))}"
    records = _records(head, lines, separator)
    titles = next(records, Fault(1, "", f"it is empty; {_TITLES}"))
    if isinstance(titles, Fault):
        return Table(form, iter([titles]), LABELS)
    columns = _Columns(*titles)
    if columns.faults:
        return Table(form, iter(columns.faults), LABELS)
    return Table(form, _csv_rows(records, columns, Checks(longest_name, columns.labels, read_text)), columns.labels)


def _fit(head: list[str], separator: str) -> tuple[bool, int]:
    """The greater, the more likely is it the separator of a file that begins so."""
    try:
        titles = next(csv.reader(head, delimiter=separator), [])
    except csv.Error:
        return (False, 0)
    return ("order_id" in map(column_of, titles), len(titles))


def _records(head: list[str], lines: Lines, separator: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """The cells of each row that has any, with the line where it begins; faults where there are no cells to be had."""
    before = end = lines.number - len(head)
    reader = csv.reader(chain(head, lines), delimiter=separator, strict=True)
    while True:
        try:
            for cells in reader:
                line, end = end + 1, before + reader.line_num
                lines.begin_row()
                if "".join(cells).strip():
                    yield line, cells
        except csv.Error as error:
            line, end = end + 1, before + reader.line_num
            lines.begin_row()
            if "unexpected end" in str(error):
                yield Fault(line, "", 'a quote (") opens a cell in this row, and none ends it; add one behind the cell')
                return
            if "field limit" in str(error):
                lost = '; is a quote (") missing behind it?' if end > line else "."
                yield Fault(line, "", f"a cell has more than {csv.field_size_limit():,} characters{lost} {NOT_READ}")
                return
            what = 'a quote (") ends a cell in the middle; is one missing or too many? Within a cell it is written twice ("")'
            yield Fault(line, "", what)
        except TooLongError:
            yield too_long(end + 1)
            return
        else:
            return


class _Columns:
    """Where a CSV file has what, as the row of its titles says."""

    def __init__(self, line: int, titles: Sequence[str]) -> None:
        self.width = len(titles)
        self.labels: dict[str, str] = {}
        self.others: list[tuple[int, str]] = []
        self.untitled: list[tuple[int, str]] = []
        self.faults: list[Fault] = []
        places: dict[str, int] = {}
        for place, title in enumerate(titles):
            column = column_of(title)
            label = f"column {place + 1} ({printable(cut(title.strip()))})"
            key = column or (title if title.strip() else f"column {place + 1}")
            if key in places:
                self.faults.append(
                    Fault(line, label, f"column {places[key] + 1} has this title too; each needs its own")
                )
            places[key] = place
            if column:
                self.labels[column] = label
            else:
                (self.others if title.strip() else self.untitled).append((place, key))
        shown_titles = ", ".join(shown(title) for title in titles[:_MOST_TITLES_SHOWN])
        if "order_id" not in places:
            self.faults.append(Fault(line, "", f"there is no column order_id; {_TITLES}; it has {shown_titles}"))
        elif not places.keys() & set(COLUMNS[1:]):
            what = f"there is no column to set ({', '.join(COLUMNS[1:])}); it has {shown_titles}"
            self.faults.append(Fault(line, "", what))
        self.ours = {key: place for key, place in places.items() if key in COLUMNS}


def _csv_rows(
    records: Iterator[tuple[int, list[str]] | Fault], columns: _Columns, checks: Checks
) -> Iterator[Row | Fault]:
    width = columns.width
    for record in records:
        if isinstance(record, Fault):
            yield record
            continue
        line, cells = record
        if len(cells) > width:
            extra = next((place for place in range(width, len(cells)) if cells[place].strip()), None)
            if extra is not None:
                what = f"it holds {shown(cells[extra])}, but has no title; does a cell before it need quotes?"
                yield Fault(line, f"column {extra + 1}", what)
                continue
            del cells[width:]
        cells += [""] * (width - len(cells))
        other = {title: cells[place] for place, title in columns.others}
        if columns.untitled:
            other |= {title: cells[place] for place, title in columns.untitled if cells[place].strip()}
        given = {column: cells[place] for column, place in columns.ours.items() if not is_empty(column, cells[place])}
        found = checks.row(line, given, other)
        if isinstance(found, Row):
            yield found
        else:
            yield from found
