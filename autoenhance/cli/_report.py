"""Pure: what is said of a bulk run, before it and after it."""

from __future__ import annotations

import json
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from autoenhance.cli._tally import per_second
from autoenhance.cli._text import cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autoenhance.cli._checks import Row
    from autoenhance.cli._record import Record
    from autoenhance.cli._sheet import Shard, Sheet
    from autoenhance.cli._tally import Tally

_MOST_FAILURES: Final = 20
_AT_ONCE: Final = 500


class Report:
    """What is said of one run."""

    def __init__(self, sheet: Sheet, shard: Shard | None, path: str) -> None:
        self._sheet = sheet
        self._shard = shard
        self._path = path
        self._failures: list[Record] = []
        self._before = sheet.done_count(shard)

    def note(self, failure: Record) -> None:
        """Remember a failure, as long as there are few."""
        if len(self._failures) < _MOST_FAILURES:
            self._failures.append(failure)

    def of_nothing(self) -> Iterator[str]:
        """There is nothing to do."""
        before = f", {_were_done(self._before)}" if self._before else ""
        yield f"Nothing to do: {self._scope()}{before}."
        yield f"Results: {self._path}"

    def of_beginning(self, total: int) -> Iterator[str]:
        """What is about to be done."""
        yield f"{self._scope()}: editing {_orders(total)}" + (f", {_were_done(self._before)}." if self._before else ".")

    def of_dry_run(self) -> Iterator[str]:
        """What would be done."""
        pending = self._sheet.pending_count(self._shard)
        before = f", {_were_done(self._before)}" if self._before else ""
        yield f"{self._scope()}: {_orders(pending)} would be edited{before}. Nothing was sent."
        yield f"Results would go to {self._path}"

    def of_end(self, tally: Tally, unwritten: int, seconds: float) -> Iterator[str]:
        """What was done; of some edits that could not be written down."""
        left = tally.total - tally.done - unwritten
        counts = [f"{tally.edited:,} edited", f"{tally.failed:,} failed"]
        counts += [f"{unwritten:,} not written down"] if unwritten else []
        counts += [f"{left:,} not begun"] if left else []
        counts += [_were_done(self._before)] if self._before else []
        speed = f" ({per_second(tally.done / seconds)})" if seconds >= 1 else ""
        yield f"{', '.join(counts)}, in {seconds:,.1f} s{speed}."
        if tally.failed:
            yield "Failed:"
            for failure in sorted(self._failures, key=attrgetter("line")):
                yield f"  line {failure.line}, {cut(printable(failure.order_id))}: {failure.error}"
            if tally.failed > len(self._failures):
                yield f"  and {tally.failed - len(self._failures):,} more, which the results list"
        yield f"Results: {self._path}"
        if tally.failed and not left:
            yield "The same command tries what failed again."

    def _scope(self) -> str:
        rows = f"{self._sheet.name}, {self._sheet.form}, {_rows(self._sheet.count)}"
        return f"{rows}, shard {self._shard.number} of {self._shard.of}" if self._shard else rows


def faults_of(sheet: Sheet) -> Iterator[str]:
    """What is wrong with a file, a line for each of the first faults."""
    for fault in sheet.faults:
        yield f"{sheet.name}:{fault}"
    if sheet.fault_count > len(sheet.faults):
        yield f"and {sheet.fault_count - len(sheet.faults):,} more"


def edits_to_make(rows: Iterable[Row]) -> Iterator[str]:
    """What a dry run shows: a line for each edit, many of them in one text."""
    lines = map(_edit_to_make, rows)
    while block := list(islice(lines, _AT_ONCE)):
        yield "".join(block)


def _edit_to_make(row: Row) -> str:
    sets = (f"{keyword} {printable(json.dumps(value, ensure_ascii=False))}" for keyword, value in row.changes.items())
    return f"{printable(row.order_id)}: {', '.join(sets)}\n"


def _rows(count: int) -> str:
    return f"{count:,} row{'s' if count != 1 else ''}"


def _orders(count: int) -> str:
    return f"{count:,} order{'s' if count != 1 else ''}"


def _were_done(count: int) -> str:
    return f"{count:,} {'were' if count != 1 else 'was'} done before"
