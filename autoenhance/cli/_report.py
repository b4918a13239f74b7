"""Pure: the messages before and after a run, and of a dry run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from autoenhance.cli._header import location
from autoenhance.cli._progress import per_second
from autoenhance.cli._text import printable, truncate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoenhance.cli._progress import EditProgress
    from autoenhance.cli._record import Record
    from autoenhance.cli._rows import Row
    from autoenhance.cli._table import Shard, Table

_MAX_SHOWN: Final = 20


@dataclass(slots=True)
class History:
    """The latest result of each order in the results file of earlier runs."""

    service: str
    """The base URL of the service; results of other services do not count."""
    latest: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """The changes of each order's last edit, by order id; None if it failed."""
    other_services: Counter[str] = field(default_factory=Counter)
    """The number of results of each other service, by its base URL."""

    def add(self, record: Record) -> None:
        """Add the next result of the file."""
        if record.service == self.service:
            self.latest[record.order_id] = record.changes if record.is_edited else None
        else:
            self.other_services[record.service] += 1

    def is_done(self, row: Row) -> bool:
        """Return whether the last edit of the order succeeded and made the changes of this row."""
        return self.latest.get(row.order_id) == row.changes

    def has_failed(self, row: Row) -> bool:
        """Return whether the last edit of the order failed."""
        return self.latest.get(row.order_id, row) is None


class Report:
    """The messages about a run, and the rows of its table that are pending."""

    def __init__(self, table: Table, shard: Shard | None, path: str, history: History) -> None:
        number, of = shard or (1, 1)
        # By position in the table, so that a row that gains changes does not move others to another shard.
        rows = [row for row in table.rows if (row.row - table.header_row) % of == number % of]
        self.pending = [row for row in rows if not history.is_done(row)]
        self.path = path
        self.service = history.service
        self._done = len(rows) - len(self.pending)
        self._failed = sum(map(history.has_failed, self.pending))
        self._other_services = history.other_services
        parts = [table.name, table.form, _count(len(table.rows), "row")]
        parts += [f"shard {shard.number} of {shard.of}"] if shard else []
        parts += [f"{_count(table.skipped, 'row')} without changes skipped"] if table.skipped else []
        self._scope = ", ".join(parts)
        self._failures: list[Record] = []

    def add_failure(self, failure: Record) -> None:
        """Keep a failure for the summary, up to a limit."""
        if len(self._failures) < _MAX_SHOWN:
            self._failures.append(failure)

    def start_lines(self) -> Iterator[str]:
        """Return the messages before the run."""
        yield from self._other_service_lines()
        if self.pending:
            yield f"{self._scope}: editing {_count(len(self.pending), 'order')}{self._history_text()}."
        else:
            yield f"Nothing to do: {self._scope}{self._history_text()}."
            yield f"Results: {self.path}"

    def dry_run_lines(self) -> Iterator[str]:
        """Return the messages of a dry run."""
        yield from self._other_service_lines()
        yield f"{self._scope}: {_count(len(self.pending), 'order')} would be edited{self._history_text()}. Nothing was sent."
        yield f"Results would go to {self.path}"

    def end_lines(self, progress: EditProgress, unwritten: int, seconds: float) -> Iterator[str]:
        """Return the summary of the run; `unwritten` results could not be written."""
        left = progress.total - progress.done - unwritten
        counts = [f"{progress.edited:,} edited", f"{progress.failed:,} failed"]
        counts += [f"{unwritten:,} not in the results"] if unwritten else []
        counts += [f"{left:,} not sent"] if left else []
        counts += [f"{self._done:,} edited before"] if self._done else []
        speed = f" ({per_second(progress.done / seconds)})" if seconds >= 1 else ""
        yield f"{', '.join(counts)}, in {seconds:,.1f} s{speed}."
        if progress.failed:
            yield "Failed:"
            for failure in sorted(self._failures, key=attrgetter("row")):
                where = location(failure.row, failure.line)
                reason = str(failure.error).removeprefix(f"order {failure.order_id!r}").removeprefix(":").strip()
                yield f"  {where}, {truncate(printable(failure.order_id))}: {reason}"
            if progress.failed > len(self._failures):
                yield f"  and {progress.failed - len(self._failures):,} more; see the results"
        yield f"Results: {self.path}"
        if progress.failed and not left:
            yield "Rerun the command to retry what failed."

    def _history_text(self) -> str:
        parts = [f"{self._done:,} edited before"] if self._done else []
        parts += [f"{self._failed:,} failed before"] if self._failed else []
        return f" ({', '.join(parts)})" if parts else ""

    def _other_service_lines(self) -> Iterator[str]:
        for service, count in self._other_services.items():
            yield f"{_count(count, 'result')} of another service ({printable(service)}) not counted as done."


def errors_of(table: Table) -> Iterator[str]:
    """Return a line for each of the first errors of a table, and the number of further ones."""
    for error in table.errors[:_MAX_SHOWN]:
        yield f"{table.name}: {error}"
    if len(table.errors) > _MAX_SHOWN:
        yield f"and {len(table.errors) - _MAX_SHOWN:,} more"


def edits_to_make(rows: Sequence[Row]) -> Iterator[str]:
    """Return a line for each edit of a dry run."""
    for row in rows:
        changes = (f"{keyword} {_as_json(value)}" for keyword, value in row.changes.items())
        yield f"{printable(row.order_id)}: {', '.join(changes)}\n"


def _as_json(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"
