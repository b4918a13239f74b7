"""Pure: the text of a CSV file as rows of cells."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from autoenhance.cli._header import BLANK, HEADER_ROWS, RawRow, RowError, columns_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
# What Excel understands as the first line of a file, and does not count as a row.
_SEP_LINE: Final = re.compile(r'"?sep=([^"\s]|\t)"?[^\S\r\n]*(?:\r\n?|\n|\Z)', re.IGNORECASE)
_QUOTE: Final = (
    'a quote (") ends a field in the middle; is one missing or too many? In a quoted field it is written twice ("")'
)
_UNTERMINATED: Final = "unterminated quoted field; add the closing quote"


def read_csv(text: str) -> tuple[str, Iterator[RawRow | RowError]]:
    """How a CSV file is written, for people, and its rows, read as they are asked for."""
    found = _SEP_LINE.match(text)
    start = text[found.end() :] if found else text
    separator = found[1] if found else max(_SEPARATORS, key=lambda one: _fit(start, one))
    rows = _csv_rows(start, separator, before=1 if found else 0)
    return f"CSV with {_SEPARATORS.get(separator, repr(separator))}", rows


def _fit(text: str, separator: str) -> tuple[int, int]:
    """The greater, the more likely is it the separator of a text."""
    rows = [row for row in islice(_csv_rows(text, separator), HEADER_ROWS) if isinstance(row, RawRow)]
    return max(((len(columns_in(row)), len(row.values)) for row in rows), default=(0, 0))


def _without_blanks(text: str, separator: str) -> str:
    """The text, without whitespace before a quote that opens a field: it belongs to neither."""
    blanks, separator = "".join(set(BLANK) - {"\r", "\n", separator}), re.escape(separator)
    if not re.search(f'(?:^|[{separator}\r\n])[{blanks}]++"', text):
        return text
    # Quoted fields are matched whole, so that what is within them stays.
    return re.sub(f'(^|[{separator}\r\n])[{blanks}]*+("(?:[^"]|"")*+"?)', r"\1\2", text)


def _csv_rows(text: str, separator: str, before: int = 0) -> Iterator[RawRow | RowError]:
    text = _without_blanks(text, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row, line = 0, before + 1
    while True:
        row += 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            if "unexpected end" in str(error):
                yield RowError(row, line, "", _UNTERMINATED)
                return
            if "field limit" in str(error):
                limit = f"a field has more than {csv.field_size_limit():,} characters"
                yield RowError(row, line, "", f"{limit}; is a quote missing after it? The rows after it were not read")
                return
            yield RowError(row, line, "", _QUOTE)
        else:
            if values is None:
                return
            is_one_line = before + reader.line_num <= line
            yield RawRow(row, line, values, not is_one_line and _contains_rows(values, separator))
        line = before + reader.line_num + 1


def _contains_rows(values: list[str], separator: str) -> bool:
    """Whether a line within a field looks like a row, so that the field may have lost its closing quote."""
    within = (line for value in values if "\n" in value or "\r" in value for line in value.splitlines()[1:])
    return any(line.count(separator) >= max(len(values) - 1, 1) for line in within)
