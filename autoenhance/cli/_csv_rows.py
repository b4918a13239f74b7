"""Pure: read the rows of a CSV file."""

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
# A first line that tells Excel the separator, and is not counted as a row.
_SEP_LINE: Final = re.compile(r'"?sep=([^"\s]|\t)"?[^\S\r\n]*(?:\r\n?|\n|\Z)', re.IGNORECASE)
_TEXT_AFTER_QUOTE: Final = 'text after a closing quote ("); in a quoted field, write a quote twice ("")'
_UNTERMINATED: Final = "unterminated quoted field; add the closing quote"


def read_csv(text: str) -> tuple[str, Iterator[RawRow | RowError]]:
    """Return the display name of the format of a CSV file, and its rows, which are read lazily."""
    sep_line = _SEP_LINE.match(text)
    table = text[sep_line.end() :] if sep_line else text
    separator = sep_line[1] if sep_line else max(_SEPARATORS, key=lambda candidate: _score(table, candidate))
    rows = _csv_rows(table, separator, skipped=1 if sep_line else 0)
    return f"CSV with {_SEPARATORS.get(separator, repr(separator))}", rows


def _score(text: str, separator: str) -> tuple[int, int]:
    """Return how likely it is the separator of the text: known columns in a row, then fields in a row."""
    rows = [row for row in islice(_csv_rows(text, separator), HEADER_ROWS) if isinstance(row, RawRow)]
    return max(((len(columns_in(row)), len(row.values)) for row in rows), default=(0, 0))


def _without_blanks(text: str, separator: str) -> str:
    """Remove whitespace before an opening quote, which csv would take for an unquoted field."""
    blanks, separator = "".join(set(BLANK) - {"\r", "\n", separator}), re.escape(separator)
    if not re.search(f'(?:^|[{separator}\r\n])[{blanks}]++"', text):
        return text
    # Quoted fields are matched whole, so that they are not changed.
    return re.sub(f'(^|[{separator}\r\n])[{blanks}]*+("(?:[^"]|"")*+"?)', r"\1\2", text)


def _csv_rows(text: str, separator: str, skipped: int = 0) -> Iterator[RawRow | RowError]:
    text = _without_blanks(text, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    row, line = 0, skipped + 1
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
            yield RowError(row, line, "", _TEXT_AFTER_QUOTE)
        else:
            if values is None:
                return
            is_one_line = skipped + reader.line_num <= line
            yield RawRow(row, line, values, not is_one_line and _contains_rows(values, separator))
        line = skipped + reader.line_num + 1


def _contains_rows(values: list[str], separator: str) -> bool:
    """Return whether a line within a field looks like a row; a closing quote may be missing then."""
    lines = (line for value in values if "\n" in value or "\r" in value for line in value.splitlines()[1:])
    return any(line.count(separator) >= max(len(values) - 1, 1) for line in lines)
