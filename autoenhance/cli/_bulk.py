"""`autoenhance edit-orders`: a table of edits, and what is written down of each."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from autoenhance import errors
from autoenhance._bulk.limits import read_limits
from autoenhance.cli._problems import STOPPED, CommandError, bad_input, line_of, problem_of
from autoenhance.cli._progress import SHOW_EVERY, progress
from autoenhance.cli._record import Record
from autoenhance.cli._report import Report, edits_to_make, faults_of
from autoenhance.cli._results import Results, ResultsError
from autoenhance.cli._sheet import Sheet, parse_shard
from autoenhance.cli._signals import say_last, stopping
from autoenhance.cli._tally import Tally
from autoenhance.cli._voice import put_text

if TYPE_CHECKING:
    from collections.abc import Generator

    from autoenhance import Autoenhance, EditResult
    from autoenhance.bulk import EditRun
    from autoenhance.cli._checks import Row
    from autoenhance.cli._progress import Display
    from autoenhance.cli._service import Service
    from autoenhance.cli._sheet import Shard
    from autoenhance.cli._voice import Voice

_STANDARD: Final = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    file: str
    results: str | None
    shard: str | None
    dry_run: bool
    concurrency: int
    rate: float
    max_failures: int | None
    longest_name: int
    service: Service


def edit_orders(asked: Asked, voice: Voice) -> int:
    """Do what was asked, and say what came of it; returns the exit status.

    Raises:
        CommandError: If it cannot be asked like that; then nothing was sent.
        OutputError: If what a dry run shows cannot be shown.
    """
    shard = _check(asked)
    path = _beside(asked.file, shard) if asked.results is None else asked.results
    with read_sheet(asked.file, asked.longest_name, voice, so="nothing was sent") as sheet:
        if asked.dry_run:
            return _dry_run(sheet, path, shard, voice, asked)
        with Results.open(path, table=asked.file) as results:
            _settle(sheet, results)
            return _Run(asked, sheet, results, shard, voice).go(path)


def read_sheet(file: str, longest_name: int, voice: Voice, *, so: str) -> Sheet:
    """Read a file that has no faults.

    Raises:
        CommandError: If it has some, which are said, or cannot be read.
    """
    sheet = Sheet.read(file, longest_name=longest_name)
    if sheet.fault_count:
        sheet.close()
        for line in faults_of(sheet):
            voice.say(line)
        line = f"{sheet.name} ({sheet.form}) has rows that cannot be sent; {so}."
        raise CommandError(line, "Correct the file; autoenhance edit-orders --dry-run checks it again.")
    return sheet


def _check(asked: Asked) -> Shard | None:
    asked.service.check()
    if asked.file == _STANDARD and asked.results is None:
        raise CommandError("What comes from standard input has no place for its results.", "Give --results FILE.")
    if asked.results == _STANDARD:
        raise CommandError("--results takes a file; from standard output nothing goes on.", "Give --results FILE.")
    try:
        read_limits(asked.concurrency, asked.rate, asked.max_failures)
    except ValueError as error:
        raise bad_input(error, "edit-orders") from None
    return parse_shard(asked.shard) if asked.shard is not None else None


def _beside(file: str, shard: Shard | None) -> str:
    # A file of its own for each shard, because two runs cannot write into one.
    return f"{file}.{shard.number}-of-{shard.of}.results.jsonl" if shard else f"{file}.results.jsonl"


def _settle(sheet: Sheet, results: Results) -> None:
    for record in results.records():
        sheet.settle(record.order_id, record.changes, done=record.edited)


def _dry_run(sheet: Sheet, path: str, shard: Shard | None, voice: Voice, asked: Asked) -> int:
    if os.path.exists(path):  # noqa: PTH110  # os.PathLike or not, a path that cannot be one does not exist
        with Results.open(path, table=asked.file) as results:
            _settle(sheet, results)
    for text in edits_to_make(sheet.pending(shard)):
        put_text(text)
    for line in Report(sheet, shard, path).of_dry_run():
        voice.say(line)
    return 0


class _Run:
    """One run over the rows that are not finished."""

    def __init__(self, asked: Asked, sheet: Sheet, results: Results, shard: Shard | None, voice: Voice) -> None:
        self._asked = asked
        self._sheet = sheet
        self._results = results
        self._shard = shard
        self._voice = voice
        self._tally = Tally(sheet.pending_count(shard))
        self._display: Display | None = None
        self._unwritten: tuple[Record, ...] = ()
        self._trouble: ResultsError | None = None
        self._is_told_to_stop = False
        self._has_said_so = False

    def go(self, path: str) -> int:
        """Make the edits, and say what came of them; returns the exit status."""
        report = Report(self._sheet, self._shard, path)
        if not self._tally.total:
            for line in report.of_nothing():
                self._voice.say(line)
            return 0
        asked = self._asked
        # The rows are closed before the sheet is: where the run stops, some are left.
        with self._open() as client, closing(cast("Generator[Row]", self._sheet.pending(self._shard))) as rows:
            run = client.edit_orders(
                rows, concurrency=asked.concurrency, rate=asked.rate, max_failures=asked.max_failures
            )
            # To the last word: an end in the middle of the summary would be told as one before the first request.
            with stopping(lambda: self._stop(run), self._stop_hard):
                for line in report.of_beginning(self._tally.total):
                    self._voice.say(line)
                began = time.monotonic()
                stopped = self._edit(run, report)
                for line in report.of_end(self._tally, len(self._unwritten), time.monotonic() - began):
                    self._voice.say(line)
                if not self._results.is_in_place():
                    line = f"Warning: {path} was moved or removed meanwhile; what was written down is not there."
                    self._voice.say(line)
                return self._status(stopped)

    def _open(self) -> Autoenhance:
        try:
            return self._asked.service.open(
                self._voice, on_retry=lambda retry: self._tally.retrying.add(retry.order_id)
            )
        except ValueError as error:
            raise bad_input(error, "edit-orders") from None

    def _edit(self, run: EditRun[Row], report: Report) -> errors.BulkStoppedError | CommandError | None:
        """Make the edits; returns what ended it before the end, but for signals."""
        self._tally.begin(time.monotonic())
        with run, progress(self._tally, self._voice) as self._display, self._voice.retelling():
            try:
                for batch in run.batches(wait=SHOW_EVERY):
                    self._say_that_it_stops()
                    self._take(batch, run, report)
                    self._display.show()
            # The second comes from the sheet, whose rows are on disk; by then all that was sent has been taken.
            except (errors.BulkStoppedError, CommandError) as error:
                return error
        return None

    def _take(self, batch: list[EditResult[Row]], run: EditRun[Row], report: Report) -> None:
        """Write down what came, and count it then; if that fails, begin nothing more, and try again with what comes."""
        finished_at = datetime.now(UTC)
        records = [_record(result, finished_at) for result in batch]
        try:
            self._results.write([*self._unwritten, *records])
        except ResultsError as error:
            self._unwritten, self._trouble = error.records, error
            run.stop()
            return
        for record in (*self._unwritten, *records):
            self._tally.retrying.discard(record.order_id)
            if record.edited:
                self._tally.edited += 1
            else:
                self._tally.failed += 1
                report.note(record)
        self._unwritten = ()

    def _stop(self, run: EditRun[Row]) -> None:
        # Nothing is said here: a signal may come in the middle of saying something else.
        self._is_told_to_stop = True
        run.stop()

    def _say_that_it_stops(self) -> None:
        if self._is_told_to_stop and not self._has_said_so:
            self._has_said_so = True
            self._voice.say(
                "Stopping: what is on its way is finished and written down. Ctrl-C again does not wait for it."
            )

    def _stop_hard(self) -> None:
        undo = self._display.undo if self._display is not None else ""
        say_last(f"{undo}Stopped: what was on its way may have happened.\nThe same command sends it again.\n")
        # Not by an exception: leaving would wait for the edits.
        os._exit(STOPPED)

    def _status(self, stopped: errors.BulkStoppedError | CommandError | None) -> int:
        for record in self._unwritten:
            became = "was edited" if record.edited else f"failed ({record.error})"
            self._voice.say(f"Not written down: order {record.order_id} {became}.")
        is_all_done = self._tally.done == self._tally.total
        # It may have been possible later.
        if self._trouble is not None and not is_all_done:
            raise self._trouble
        if stopped is not None:
            raise _explained(stopped)
        if self._is_told_to_stop and not is_all_done:
            raise CommandError("Stopped before the end.", "The same command goes on where it was stopped.", STOPPED)
        return 1 if self._tally.failed else 0


def _explained(stopped: errors.BulkStoppedError | CommandError) -> CommandError:
    if isinstance(stopped, CommandError):
        return CommandError(str(stopped), f"{stopped.hint} Then the same command goes on.", STOPPED)
    cause = stopped.__cause__
    refusals = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RateLimitError)
    if isinstance(cause, (*refusals, errors.APIConnectionError)):
        hint = f"{problem_of(cause).hint} Then the same command goes on."
    else:
        hint = "The same command goes on, and --max-failures allows more."
    return CommandError(line_of(stopped), hint, STOPPED)


def _record(result: EditResult[Row], finished_at: datetime) -> Record:
    row, error = result.edit, result.error
    sentence = "" if error is None else line_of(error)
    if isinstance(error, errors.NotFoundError) and (new_id := row.changes.get("new_order_id")):
        sentence += f" If an earlier run gave it its new id, it is {new_id!r} now."
    return Record(
        order_id=row.order_id,
        edited=result.ok,
        error=sentence,
        error_type="" if error is None else type(error).__name__,
        status_code=getattr(error, "status_code", None),
        attempts=result.attempts,
        seconds=result.seconds,
        finished_at=finished_at,
        line=row.line,
        changes=row.changes,
        other=row.other,
    )
