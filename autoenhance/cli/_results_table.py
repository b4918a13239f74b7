"""`autoenhance results`: a results file as a table for a spreadsheet program."""

from __future__ import annotations

import codecs
import csv
import io
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autoenhance.cli._console import is_terminal, write_output, write_text
from autoenhance.cli._error_messages import CommandError, reason_of
from autoenhance.cli._results_file import read_results
from autoenhance.cli._text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance.cli._record import Record

_OUTCOME: Final = ("status", "error", "finished_at", "service")


def show_results(file: str, output: str | None) -> None:
    """Write a row for each order of a service, whose latest result counts: what it was to get, and what became of it.

    UTF-16 with tabs, the one form of text that Excel opens as a table wherever it comes from; on a terminal as text.

    Raises:
        CommandError: If the file cannot be read, or the output cannot be written.
        OutputError: If standard output takes no more.
    """
    latest: dict[tuple[str, str], Record] = {}

    def take(record: Record) -> None:
        latest[record.service, record.order_id] = record

    read_results(file, take, "Give the results file of edit-orders.")
    is_shown = output is None and (is_terminal() or not hasattr(sys.stdout, "buffer"))
    records = sorted(latest.values(), key=lambda record: record.row)
    text = _as_text(records, printable if is_shown else _no_formula)
    data = codecs.BOM_UTF16_LE + text.encode("utf-16-le", "replace")
    if output is not None:
        try:
            with open(output, "xb") as new:  # noqa: PTH123  # never in the place of another file
                new.write(data)
        except (OSError, ValueError) as error:
            if not isinstance(error, FileExistsError | ValueError):
                with suppress(OSError):
                    Path(output).unlink()  # what did not fit
            raise CommandError(
                f"{output!r} cannot be written: {reason_of(error)}", "Give another file with --output."
            ) from None
    elif is_shown:
        write_text(text.replace("\r\n", "\n"))
    else:
        write_output(data)


def _no_formula(cell: str) -> str:
    """The cell as Excel does not take it for a formula, which notes from elsewhere may be."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def _as_text(records: list[Record], safe: Callable[[str], str]) -> str:
    changes = list(dict.fromkeys(keyword for record in records for keyword in record.changes))
    columns = list(dict.fromkeys(title for record in records for title in record.columns))
    table = io.StringIO()
    writer = csv.writer(table, dialect="excel-tab")
    titles = ["order_id", *changes, *_OUTCOME]
    others = [f"{title} (table)" if title in titles else title for title in columns]
    writer.writerow(map(safe, ["order_id", *changes, *others, *_OUTCOME]))
    for record in records:
        values = [record.changes.get(keyword) for keyword in changes] + [record.columns.get(title) for title in columns]
        outcome = (getattr(record, name) for name in _OUTCOME)
        writer.writerow(map(safe, [record.order_id, *map(_cell, [*values, *outcome])]))
    return table.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
