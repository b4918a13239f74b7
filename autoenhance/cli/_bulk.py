"""`autoenhance edit-orders`: a table of edits, and the result of each."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from autoenhance import errors
from autoenhance._bulk.limits import read_limits
from autoenhance._settings import read_base_url
from autoenhance.cli._problems import STOPPED, CommandError, bad_input, line_of, problem_of
from autoenhance.cli._progress import SHOW_EVERY, progress
from autoenhance.cli._record import Record, as_time
from autoenhance.cli._report import History, Report, edits_to_make, errors_of
from autoenhance.cli._results import Results, ResultsError, read_results
from autoenhance.cli._service import check_service, open_client
from autoenhance.cli._signals import say_last, stopping
from autoenhance.cli._table import parse_shard, read_table
from autoenhance.cli._tally import Tally
from autoenhance.cli._voice import put_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoenhance import EditResult
    from autoenhance.bulk import EditRun
    from autoenhance.cli._arguments import EditOrders, TableOptions
    from autoenhance.cli._progress import Display
    from autoenhance.cli._rows import Row
    from autoenhance.cli._table import Shard, Table
    from autoenhance.cli._voice import Voice

_STANDARD: Final = "-"
_AT_ONCE: Final = 500
"""So many lines of a dry run are one write."""


def edit_orders(asked: EditOrders, voice: Voice) -> int:
    """Do what was asked, and say what became of it; returns the exit status.

    Raises:
        CommandError: If it cannot be asked like that; then nothing was sent.
        OutputError: If what a dry run shows cannot be shown.
    """
    shard, history = _check(asked)
    path = _beside(asked.file, shard) if asked.results is None else asked.results
    table = read_correct_table(asked.file, asked, asked.changes, voice, so="nothing was sent")
    if asked.dry_run:
        if os.path.exists(path):  # noqa: PTH110  # a path that cannot be one does not exist
            read_results(path, history.add)
        report = Report(table, shard, path, history)
        for start in range(0, len(report.pending), _AT_ONCE):
            put_text("".join(edits_to_make(report.pending[start : start + _AT_ONCE])))
        for line in report.of_dry_run():
            voice.say(line)
        return 0
    with Results.open(path, history.add, table=asked.file) as results:
        return _Run(asked, Report(table, shard, path, history), results, voice).go()


def read_correct_table(file: str, options: TableOptions, common: Mapping[str, Any], voice: Voice, *, so: str) -> Table:
    """Read a file that has no errors.

    Raises:
        CommandError: If it has some, which are said, or cannot be read.
    """
    table = read_table(file, options, common, voice.confirm)
    for line in (*table.warnings, *errors_of(table)):
        voice.say(line)
    if table.errors:
        count = f"{len(table.errors):,} error{'s' if len(table.errors) > 1 else ''}"
        line = f"{', '.join(filter(None, [table.name, table.form]))}: {count}; {so}"
        raise CommandError(line, "Correct the file; autoenhance edit-orders --dry-run checks it again.")
    return table


def _check(asked: EditOrders) -> tuple[Shard | None, History]:
    check_service(asked)
    if asked.file == _STANDARD and asked.results is None:
        raise CommandError("standard input needs --results", "Give --results FILE.")
    if asked.results in {_STANDARD, ""}:
        raise CommandError("--results takes a file; a run cannot resume from standard output", "Give --results FILE.")
    try:
        read_limits(asked.concurrency, asked.rate, asked.max_failures)
        history = History(read_base_url(asked.base_url))
    except ValueError as error:
        raise bad_input(error) from None
    return parse_shard(asked.shard) if asked.shard is not None else None, history


def _beside(file: str, shard: Shard | None) -> str:
    # A file of its own for each shard, because two runs cannot write into one.
    return f"{file}.{shard.number}-of-{shard.of}.results.jsonl" if shard else f"{file}.results.jsonl"


class _Run:
    """One run over the rows that are not done."""

    def __init__(self, asked: EditOrders, report: Report, results: Results, voice: Voice) -> None:
        self._asked = asked
        self._report = report
        self._results = results
        self._voice = voice
        self._tally = Tally(len(report.pending))
        self._display: Display | None = None
        self._error: ResultsError | None = None
        self._is_stopping = False
        self._has_said_so = False

    def go(self) -> int:
        """Make the edits, and say what became of them; returns the exit status."""
        if not self._tally.total:
            self._say(*self._report.of_beginning())
            return 0
        asked = self._asked
        retrying = self._tally.retrying
        try:
            client = open_client(asked, self._voice, on_retry=lambda retry: retrying.add(retry.order_id))
        except ValueError as error:
            raise bad_input(error) from None
        with client:
            run = client.edit_orders(
                self._report.pending, concurrency=asked.concurrency, rate=asked.rate, max_failures=asked.max_failures
            )
            # Until the summary is shown: Ctrl-C in the middle of it must not be reported as one before the first request.
            with stopping(lambda: self._stop(run), self._stop_hard):
                self._say(*self._report.of_beginning())
                began = time.monotonic()
                stopped = self._edit(run)
                self._say(*self._report.of_end(self._tally, len(self._results.unwritten), time.monotonic() - began))
                if not self._results.is_in_place():
                    self._say(
                        f"Warning: {self._report.path} was moved or removed meanwhile; the results are not there."
                    )
                return self._status(stopped)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._voice.say(line)

    def _edit(self, run: EditRun[Row]) -> errors.BulkStoppedError | None:
        """Make the edits; returns what ended it before the end, but for signals."""
        self._tally.begin(time.monotonic())
        with run, progress(self._tally, self._voice) as self._display, self._voice.retelling():
            try:
                for batch in run.batches(wait=SHOW_EVERY):
                    if self._is_stopping and not self._has_said_so:
                        self._has_said_so = True
                        self._say("Stopping: waiting for the requests in flight. Ctrl-C again does not wait for them.")
                    self._take(batch, run)
                    self._display.show()
            except errors.BulkStoppedError as error:
                return error
            except BaseException:
                # Whatever ended it, nothing that was sent is lost.
                run.stop()
                with suppress(errors.BulkStoppedError):
                    for batch in run.batches():
                        self._take(batch, run)
                raise
        return None

    def _take(self, batch: list[EditResult[Row]], run: EditRun[Row]) -> None:
        """Write what came, and count it then; if that fails, send nothing more, and try again with what comes."""
        now = as_time(datetime.now(UTC))
        try:
            written = self._results.write([_record(result, now, self._report.service) for result in batch])
        except ResultsError as error:
            self._error = error
            run.stop()
            return
        for record in written:
            self._tally.retrying.discard(record.order_id)
            if record.is_edited:
                self._tally.edited += 1
            else:
                self._tally.failed += 1
                self._report.note(record)

    def _stop(self, run: EditRun[Row]) -> None:
        # Nothing is said here: a signal may come in the middle of saying something else.
        self._is_stopping = True
        run.stop()

    def _stop_hard(self) -> None:
        undo = self._display.undo if self._display is not None else ""
        say_last(f"{undo}Stopped: the edits in flight may have happened.\nRerun the command to send them again.\n")
        # Not by an exception: leaving would wait for the edits.
        os._exit(STOPPED)

    def _status(self, stopped: errors.BulkStoppedError | None) -> int:
        for record in self._results.unwritten:
            became = "was edited" if record.is_edited else f"failed ({record.error})"
            self._say(f"Not in the results: order {record.order_id} {became}.")
        is_all_done = self._tally.done == self._tally.total
        # It may have been possible later.
        if self._error is not None and not is_all_done:
            raise self._error
        if stopped is not None:
            raise _explained(stopped)
        if self._is_stopping and not is_all_done:
            raise CommandError("stopped before the end", "Rerun the command to resume.", STOPPED)
        return 1 if self._tally.failed else 0


def _explained(stopped: errors.BulkStoppedError) -> CommandError:
    cause = stopped.__cause__
    refusals = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RateLimitError)
    if isinstance(cause, (*refusals, errors.APIConnectionError)):
        hint = f"{problem_of(cause).hint} Then rerun the command to resume."
    else:
        hint = "Rerun the command to resume; --max-failures allows more."
    return CommandError(line_of(stopped), hint, STOPPED)


def _record(result: EditResult[Row], finished_at: str, service: str) -> Record:
    row, error = result.edit, result.error
    sentence = None if error is None else line_of(error)
    if isinstance(error, errors.NotFoundError) and (new_id := row.changes.get("new_order_id")):
        sentence = f"{sentence} If an earlier run gave it its new id, it is {new_id!r} now."
    return Record(
        order_id=row.order_id,
        status="edited" if result.ok else "failed",
        error=sentence,
        error_type=None if error is None else type(error).__name__,
        status_code=getattr(error, "status_code", None),
        attempts=result.attempts,
        seconds=round(result.seconds, 3),
        finished_at=finished_at,
        service=service,
        row=row.row,
        line=row.line,
        changes=row.changes,
        columns=row.other,
    )
