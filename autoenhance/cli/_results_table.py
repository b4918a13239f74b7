"""`autoenhance results`: convert a results file to a table for a spreadsheet program."""

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

_WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_OUTCOME: Final = ("status", "error", "finished_at", "service")


def show_results(file: str, output: str | None) -> None:
    """Write the latest result of each order and service as a row of a table.

    The table is tab-separated UTF-16, the one text format that Excel opens as a table in every locale. A terminal gets
    plain text.

    Args:
        file: The results file.
        output: The file to create; None for standard output.

    Raises:
        CommandError: If the file cannot be read, or the output file exists or cannot be written.
        OutputError: If standard output cannot be written.
    """
    if output is not None and output.lower().endswith(_WORKBOOKS):
        raise CommandError(
            f"--output {output!r} names a workbook, but the table is text", "Give a name such as report.csv."
        )
    latest: dict[tuple[str, str], Record] = {}

    def add(record: Record) -> None:
        latest[record.service, record.order_id] = record

    read_results(file, add, "Give the results file of edit-orders.")
    is_text = output is None and (is_terminal() or not hasattr(sys.stdout, "buffer"))
    records = sorted(latest.values(), key=lambda record: record.row)
    text = _as_text(records, printable if is_text else _no_formula)
    data = codecs.BOM_UTF16_LE + text.encode("utf-16-le", "replace")
    if output is not None:
        try:
            with open(output, "xb") as output_file:  # noqa: PTH123  # never overwrites a file
                output_file.write(data)
        except (OSError, ValueError) as error:
            if not isinstance(error, FileExistsError | ValueError):
                with suppress(OSError):
                    Path(output).unlink()  # incomplete, such as on a full disk
            reason = "it exists already" if isinstance(error, FileExistsError) else reason_of(error)
            raise CommandError(f"{output!r} cannot be written: {reason}", "Give another file with --output.") from None
    elif is_text:
        write_text(text.replace("\r\n", "\n"))
    else:
        write_output(data)


def _no_formula(cell: str) -> str:
    """Return the cell so that Excel does not run it as a formula, which untrusted text may be."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def _as_text(records: list[Record], escape: Callable[[str], str]) -> str:
    changes = list(dict.fromkeys(keyword for record in records for keyword in record.changes))
    columns = list(dict.fromkeys(name for record in records for name in record.columns))
    table = io.StringIO()
    writer = csv.writer(table, dialect="excel-tab")
    own_names = ["order_id", *changes, *_OUTCOME]
    other_names = [f"{name} (table)" if name in own_names else name for name in columns]
    writer.writerow(map(escape, ["order_id", *changes, *other_names, *_OUTCOME]))
    for record in records:
        values = [record.changes.get(keyword) for keyword in changes] + [record.columns.get(name) for name in columns]
        outcome = (getattr(record, name) for name in _OUTCOME)
        writer.writerow(map(escape, [record.order_id, *map(_cell, [*values, *outcome])]))
    return table.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
