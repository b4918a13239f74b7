"""Pure: checks the rows of a table. Nothing is guessed: a value that may be damaged is an error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from autoenhance._edit import check_order_id, check_value, plan_edit
from autoenhance._params import BODY, BY_KEYWORD, is_order_id
from autoenhance.cli._header import (
    BLANK,
    COLUMNS,
    HIDDEN,
    INVISIBLE,
    CellError,
    FormattedNumber,
    RowError,
    column_of,
    is_blank,
    is_error,
)
from autoenhance.cli._text import join_or, quote
from autoenhance.cli._values import is_text, read_json, read_text
from autoenhance_api.order_edit import OrderEdit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoenhance.cli._arguments import TableOptions
    from autoenhance.cli._header import Entry

_IDS: Final = frozenset({"order_id", *(param.keyword for param in BODY if is_order_id(param))})
_STRINGS: Final = _IDS | {param.keyword for param in BODY if is_text(param)}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_EXPONENT: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-][0-9]+")
_MONTH: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE: Final = re.compile(rf"[0-9]{{1,4}}([-./])[0-9]{{1,2}}\1[0-9]{{1,4}}|[0-9]{{1,2}}-{_MONTH}|{_MONTH}-[0-9]{{2}}")
_MIN_SHORTENED: Final = 10**11
"""Spreadsheet programs display whole numbers from this one with an exponent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(OrderEdit):
    """The edit of one row."""

    row: int
    """The row, from 1 as in the spreadsheet program."""
    line: int
    """The line of the text file where the row begins, from 1."""
    changes: dict[str, Any]
    """The changes, by keyword, as JSON values."""
    other: dict[str, Any]
    """The values of the other columns, by column name."""


@dataclass(slots=True)
class RowChecker:
    """Checks the rows of one table, and collects their edits, errors and warnings."""

    labels: Mapping[str, str]
    """The label of each known column in errors."""
    options: TableOptions
    common: Mapping[str, Any]
    """Arguments of every edit that are not in the table, by keyword."""
    is_json: bool = False
    hides_errors: bool = False
    """Whether error cells are read as empty."""
    rows: list[Row] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    skipped: list[tuple[str, Entry]] = field(default_factory=list)
    """The rows without changes, with their order ids."""
    warnings: dict[str, tuple[RowError, int]] = field(default_factory=dict)
    """For each kind of warning, the first one and their number."""

    def check(self, entry: Entry) -> None:
        """Check a row, and add its edit or all of its errors."""
        values: dict[str, Any] = {}
        messages: dict[str, str] = {}
        for column, cell in entry.values.items():
            if not is_blank(cell):
                try:
                    values[column] = self._value(column, cell, entry)
                except (TypeError, ValueError) as error:
                    messages[column] = str(error).removeprefix(f"{column} ")
        self._warn_empty(entry, self.labels.keys() - values.keys() - messages.keys() if values else set())
        if not messages and not values.keys() - {"order_id"}:
            self._skip(entry, values.get("order_id", ""))
            return
        if "order_id" not in values:
            messages.setdefault("order_id", "is empty; give the order's id")
        if not messages:
            try:
                self.rows.append(self._row(entry, **values))
            except (TypeError, ValueError) as error:
                messages[""] = str(error)
        for column in [column for column, message in messages.items() if message == HIDDEN][1:]:
            del messages[column]
        for column, message in messages.items():
            self.errors.append(RowError(entry.row, entry.line, self.labels.get(column, ""), message))

    def _row(self, entry: Entry, order_id: str, **values: Any) -> Row:
        if entry.may_contain_rows:
            self._warn("a quoted field has lines that look like rows; is a quote missing?", "", entry)
        keywords = list(values)
        values |= self.common
        body = plan_edit(order_id, values).body
        changes = {keyword: body[BY_KEYWORD[keyword].wire_name] for keyword in keywords}
        return Row(order_id, row=entry.row, line=entry.line, changes=changes, other=entry.other, **values)

    def _skip(self, entry: Entry, order_id: str) -> None:
        if not order_id and all(map(is_blank, entry.other.values())):
            return
        if self.options.strict:
            self.errors.append(RowError(entry.row, entry.line, "", f"no changes given; give {join_or(COLUMNS[1:])}"))
        else:
            self.skipped.append((order_id, entry))

    def _value(self, column: str, cell: Any, entry: Entry) -> Any:
        if isinstance(cell, CellError):
            raise ValueError(cell)  # noqa: TRY004  # the value is invalid, not its type
        if isinstance(cell, str):
            text = cell.strip(BLANK)
            self._check_decoding(column, cell, entry)
            if len(text) < len(cell):
                self._warn("whitespace around the text was removed", column, entry)
            if message := _text_error(text):
                raise ValueError(message)
            read = read_json if self.is_json else read_text
            value: Any = text if column in _STRINGS else read(BY_KEYWORD[column], text)
        elif column in _STRINGS:
            value = self._as_text(column, cell, entry)
        else:
            value = read_json(BY_KEYWORD[column], cell if isinstance(cell, int | float | list | dict) else str(cell))
        if column in _IDS:
            check_order_id(column, value)
            self._check_id(column, value, entry)
        elif isinstance(value, str):
            limit = self.options.max_name_length
            if column == "name" and len(value) > limit:
                raise ValueError(f"has {len(value)} characters; at most {limit} are allowed (--max-name-length)")
        return value if column == "order_id" else check_value(BY_KEYWORD[column], value)

    def _as_text(self, column: str, cell: Any, entry: Entry) -> str:
        """Convert a cell of a workbook, or a JSON value, that is not a string."""
        if self.is_json:
            raise ValueError("is not a string; put it in quotes")
        if column not in _IDS and type(cell) is int and abs(cell) < _MIN_SHORTENED:
            if self.hides_errors:
                self._warn(
                    "is a number; its format cannot be read from .xls and .xlsb; format it as text", column, entry
                )
            return str(cell)
        if isinstance(cell, bool):
            kind = "TRUE or FALSE"
        elif isinstance(cell, int | float):
            kind = "a formatted number" if isinstance(cell, FormattedNumber) and column not in _IDS else "a number"
        else:
            kind = "a date or time"
        if kind == "a number":
            kind, advice = "a number, and may have lost leading zeros", ", and enter it again"
        else:
            advice = ""
        raise ValueError(f"is {kind}; format the column as text{advice}")

    def _check_id(self, column: str, value: str, entry: Entry) -> None:
        if column_of(value):
            raise ValueError(f"{quote(value)} is the header again; remove the row")
        if not INVISIBLE.isdisjoint(value):
            raise ValueError(f"{value!a} has an invisible character; remove it")
        if _EXPONENT.fullmatch(value):
            raise ValueError(f"{quote(value)} is a number that was shortened; format the column as text")
        if _DATE.fullmatch(value):
            self._warn("{} looks like a date; check the id", column, entry, value)

    def _check_decoding(self, column: str, text: str, entry: Entry) -> None:
        if not text.isascii():
            try:
                decoded_once = text.encode("cp1252").decode()
            except UnicodeError:
                return
            self._warn("{} looks garbled; is it {}?", column, entry, text, decoded_once)

    def _warn_empty(self, entry: Entry, empty: set[str]) -> None:
        message = "is empty or an error: .xls and .xlsb do not distinguish them; save it as .xlsx"
        for column in sorted(empty, key=list(self.labels).index) if self.hides_errors else ():
            self._warn(message, column, entry)

    def _warn(self, template: str, column: str, entry: Entry, *values: str) -> None:
        # Only the first warning of each kind is shown, whatever its values.
        warning = RowError(entry.row, entry.line, self.labels.get(column, ""), template.format(*map(quote, values)))
        first, count = self.warnings.get(template, (warning, 0))
        self.warnings[template] = first, count + 1


def _text_error(text: str) -> str:
    if match := _CONTROL.search(text):
        if match[0] in "\r\n":
            return f"line break in {quote(text)}; remove it (in CSV, a quote may be missing in this row or before it)"
        if match[0] == "\ufffd":
            return f"{quote(text)} has lost a character in a conversion; correct it"
        return f"control character {match[0]!a} in {quote(text)}; remove it"
    if is_error(text):
        return f"{quote(text)} is an error of the spreadsheet program; correct the cell"
    return f"{quote(text)} is a formula; give the text itself" if text.startswith('="') else ""
