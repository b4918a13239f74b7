"""`autoenhance edit-orders`: make the edits of a table and record the result of each."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from autoenhance import errors
from autoenhance._bulk.limits import read_limits
from autoenhance._settings import read_base_url
from autoenhance.cli._console import write_text
from autoenhance.cli._error_messages import STOPPED, CommandError, as_command_error, error_line, error_message
from autoenhance.cli._progress import EditProgress
from autoenhance.cli._progress_display import SHOW_EVERY, show_progress
from autoenhance.cli._record import Record, as_time
from autoenhance.cli._report import History, Report, edits_to_make, errors_of
from autoenhance.cli._results_file import ResultsError, ResultsFile, read_results
from autoenhance.cli._service import check_service, open_client
from autoenhance.cli._signals import handle_signals, print_unbuffered
from autoenhance.cli._table import parse_shard, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoenhance import EditResult
    from autoenhance.bulk import EditRun
    from autoenhance.cli._arguments import EditOrders, TableOptions
    from autoenhance.cli._console import Console
    from autoenhance.cli._progress_display import ProgressDisplay
    from autoenhance.cli._rows import Row
    from autoenhance.cli._table import Shard, Table

_STDIO: Final = "-"
_LINES_PER_WRITE: Final = 500
"""Lines of a dry run per write."""


def edit_orders(options: EditOrders, console: Console) -> int:
    """Make the edits of a table, or show them in a dry run, and return the exit status.

    Raises:
        CommandError: If an option or the table is invalid, and nothing was sent; or if the run stopped early.
        OutputError: If a dry run cannot write to standard output.
    """
    shard, history = _check(options)
    path = _default_results_path(options.file, shard) if options.results is None else options.results
    table = read_valid_table(options.file, options, options.changes, console, outcome="nothing was sent")
    if options.dry_run:
        if os.path.exists(path):  # noqa: PTH110  # an invalid path does not exist
            read_results(path, history.add)
        report = Report(table, shard, path, history)
        for start in range(0, len(report.pending), _LINES_PER_WRITE):
            write_text("".join(edits_to_make(report.pending[start : start + _LINES_PER_WRITE])))
        for line in report.dry_run_lines():
            console.print(line)
        return 0
    with ResultsFile.open(path, history.add, table=options.file) as results:
        return _Run(options, Report(table, shard, path, history), results, console).run()


def read_valid_table(
    file: str, options: TableOptions, common: Mapping[str, Any], console: Console, *, outcome: str
) -> Table:
    """Read a file of edits, and print its warnings and errors.

    Raises:
        CommandError: If it has errors, or cannot be read.
    """
    table = read_table(file, options, common, console.confirm)
    for line in (*table.warnings, *errors_of(table)):
        console.print(line)
    if table.errors:
        count = f"{len(table.errors):,} error{'s' if len(table.errors) > 1 else ''}"
        line = f"{', '.join(filter(None, [table.name, table.form]))}: {count}; {outcome}"
        raise CommandError(line, "Correct the file; autoenhance edit-orders --dry-run checks it again.")
    return table


def _check(options: EditOrders) -> tuple[Shard | None, History]:
    check_service(options)
    if options.file == _STDIO and options.results is None:
        raise CommandError("standard input needs --results", "Give --results FILE.")
    if options.results in {_STDIO, ""}:
        raise CommandError("--results takes a file; a run cannot resume from standard output", "Give --results FILE.")
    try:
        read_limits(options.concurrency, options.rate, options.max_failures)
        history = History(read_base_url(options.base_url))
    except ValueError as error:
        raise as_command_error(error) from None
    return parse_shard(options.shard) if options.shard is not None else None, history


def _default_results_path(file: str, shard: Shard | None) -> str:
    # One file per shard, because two runs cannot write to the same file.
    return f"{file}.{shard.number}-of-{shard.of}.results.jsonl" if shard else f"{file}.results.jsonl"


class _Run:
    """A run over the pending rows of a table."""

    def __init__(self, options: EditOrders, report: Report, results: ResultsFile, console: Console) -> None:
        self._options = options
        self._report = report
        self._results = results
        self._console = console
        self._progress = EditProgress(len(report.pending))
        self._display: ProgressDisplay | None = None
        self._error: ResultsError | None = None
        self._is_stopping = False
        self._has_reported_stop = False

    def run(self) -> int:
        """Make the edits, report the results, and return the exit status."""
        if not self._progress.total:
            self._print(*self._report.start_lines())
            return 0
        options = self._options
        retrying = self._progress.retrying
        try:
            client = open_client(options, self._console, on_retry=lambda retry: retrying.add(retry.order_id))
        except ValueError as error:
            raise as_command_error(error) from None
        with client:
            run = client.edit_orders(
                self._report.pending,
                concurrency=options.concurrency,
                rate=options.rate,
                max_failures=options.max_failures,
            )
            # The summary is inside, too: Ctrl-C during it must not be reported as one before the first request.
            with handle_signals(lambda: self._stop(run), self._stop_hard):
                self._print(*self._report.start_lines())
                start = time.monotonic()
                stopped = self._edit(run)
                self._print(
                    *self._report.end_lines(self._progress, len(self._results.unwritten), time.monotonic() - start)
                )
                if not self._results.is_in_place():
                    self._print(
                        f"Warning: the results file {self._report.path!r} was moved or deleted during the run; "
                        "the results are not there"
                    )
                return self._status(stopped)

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._console.print(line)

    def _edit(self, run: EditRun[Row]) -> errors.BulkStoppedError | None:
        """Make the edits; returns the error that stopped the run early, if any."""
        self._progress.start(time.monotonic())
        with run, show_progress(self._progress, self._console) as self._display, self._console.log_retries():
            try:
                for batch in run.batches(wait=SHOW_EVERY):
                    if self._is_stopping and not self._has_reported_stop:
                        self._has_reported_stop = True
                        self._print(
                            "Stopping: waiting for the requests in flight. Ctrl-C again does not wait for them."
                        )
                    self._handle_results(batch, run)
                    self._display.show()
            except errors.BulkStoppedError as error:
                return error
            except BaseException:
                # Record the edits in flight before the error is raised.
                run.stop()
                with suppress(errors.BulkStoppedError):
                    for batch in run.batches():
                        self._handle_results(batch, run)
                raise
        return None

    def _handle_results(self, batch: list[EditResult[Row]], run: EditRun[Row]) -> None:
        """Write results, then count them. If writing fails, stop the run, and retry with the next results."""
        now = as_time(datetime.now(UTC))
        try:
            written = self._results.write([_record_of(result, now, self._report.service) for result in batch])
        except ResultsError as error:
            self._error = error
            run.stop()
            return
        for record in written:
            self._progress.retrying.discard(record.order_id)
            if record.is_edited:
                self._progress.edited += 1
            else:
                self._progress.failed += 1
                self._report.add_failure(record)

    def _stop(self, run: EditRun[Row]) -> None:
        # Nothing is printed here: the signal may have interrupted a write.
        self._is_stopping = True
        run.stop()

    def _stop_hard(self) -> None:
        undo = self._display.undo if self._display is not None else ""
        print_unbuffered(
            f"{undo}Stopped: the edits in flight may have happened.\nRerun the command to send them again.\n"
        )
        # Not an exception: the context managers would wait for the edits.
        os._exit(STOPPED)

    def _status(self, stopped: errors.BulkStoppedError | None) -> int:
        for record in self._results.unwritten:
            outcome = "was edited" if record.is_edited else f"failed ({record.error})"
            self._print(f"Not in the results: order {record.order_id!r} {outcome}")
        is_all_done = self._progress.done == self._progress.total
        # A later write may have succeeded.
        if self._error is not None and not is_all_done:
            raise self._error
        if stopped is not None:
            raise _explain(stopped)
        if self._is_stopping and not is_all_done:
            raise CommandError("stopped before the end", "Rerun the command to resume.", STOPPED)
        return 1 if self._progress.failed else 0


def _explain(stopped: errors.BulkStoppedError) -> CommandError:
    cause = stopped.__cause__
    rejections = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RateLimitError)
    if isinstance(cause, (*rejections, errors.APIConnectionError)):
        hint = f"{error_message(cause).hint} Then rerun the command to resume."
    else:
        hint = "Rerun the command to resume, with a larger --max-failures to allow more."
    return CommandError(error_line(stopped), hint, STOPPED)


def _record_of(result: EditResult[Row], finished_at: str, service: str) -> Record:
    row, error = result.edit, result.error
    sentence = None if error is None else error_line(error)
    if isinstance(error, errors.NotFoundError) and (new_id := row.changes.get("new_order_id")):
        sentence = f"{sentence}; if an earlier run changed its id, it is {new_id!r} now"
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
