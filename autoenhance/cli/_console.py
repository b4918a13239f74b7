"""What is said on standard error, without the key; and what is put on standard output."""

from __future__ import annotations

import logging
import os
import re
import sys
import textwrap
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from autoenhance.cli._error_messages import FAILED, error_message, reason_of
from autoenhance.cli._text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance._settings import Secret

# A key of a few letters is no secret, and hiding it would make holes in words.
_SHORTEST_KEY: Final = 8
_USUAL_WIDTH: Final = 80


class OutputError(Exception):
    """Standard output takes no more."""


class Console:
    """What one run of the command says, and to whom."""

    def __init__(self) -> None:
        self.is_verbose = False
        self._secret: Secret | None = None

    def redact(self, secret: Secret) -> None:
        """Let nothing that is said from here on show the key."""
        self._secret = secret

    def print(self, text: str) -> None:
        """Say a line on standard error, if there is one to hear it."""
        key = self._secret.reveal() if self._secret else ""
        if len(key) >= _SHORTEST_KEY:
            text = text.replace(key, "<secret>")
        # None is closed; to print, it would be standard output.
        if sys.stderr is not None:
            encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
            try:
                # Whoever cannot be told must not end what is being done.
                line = _wrap(printable(text)).encode(encoding, "backslashreplace").decode(encoding)
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()
            except OSError:
                _discard(2)
            except ValueError:  # its owner has closed it
                pass

    def confirm(self, question: str) -> bool:
        """Ask whoever sits at the terminal; False if nobody does, or says no."""
        if not (is_tty(sys.stdin) and is_tty(sys.stderr)):
            return False
        self.print(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def report(self, error: BaseException) -> int:
        """Say what ended the run; returns the exit status."""
        if isinstance(error, OutputError):
            return self._report_output(error)
        problem = error_message(error)
        if problem.is_unexpected and self.is_verbose:
            # Without local variables, which may hold the key.
            for line in "".join(traceback.format_exception(error)).splitlines():
                self.print(line)
        # What the service said may have line breaks in it; one problem is one line.
        self.print(f"Error: {' '.join(problem.line.split())}")
        self.print(f"Hint: {problem.hint}")
        return problem.exit_status

    def _report_output(self, error: OutputError) -> int:
        _discard(1)
        if isinstance(error.__cause__, BrokenPipeError):
            return 0  # a reader that left has what it wanted
        self.print(f"Error: the output cannot be written: {error}")
        self.print("Hint: If an edit was asked for, it was done: do not repeat it for its output.")
        return FAILED

    @contextmanager
    def log_retries(self) -> Iterator[None]:
        """Report what the library logs, which is each retry."""
        if not self.is_verbose:
            yield
            return
        logger, handler = logging.getLogger("autoenhance"), logging.Handler()
        handler.emit = lambda record: self.print(record.getMessage())  # type: ignore[method-assign]
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)


def write_output(data: bytes) -> None:
    """Write data to standard output, all of it, at once.

    Raises:
        OutputError: If it takes no more.
    """
    buffer = getattr(sys.stdout, "buffer", None)
    try:
        sys.stdout.flush()
        if buffer is None:  # a stream of text and nothing else, as in notebooks and Celery
            sys.stdout.write(data.decode(output_encoding(), "replace"))
        else:
            buffer.write(data)
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # the second where its owner has closed it
        raise OutputError(reason_of(error)) from error


def write_text(text: str) -> None:
    """Write text to standard output; what its encoding does not have is written as Python would."""
    write_output(text.encode(output_encoding(), "backslashreplace"))


def output_encoding() -> str:
    """The encoding of standard output."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def is_terminal() -> bool:
    """Whether a person sees standard output."""
    return is_tty(sys.stdout)


def is_tty(stream: object) -> bool:
    """Whether a stream is a terminal; those of notebooks may not even know the question."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):  # the second where its owner has closed it
        return False


def _wrap(text: str) -> str:
    """The text, broken between words where a terminal would break it within them."""
    if not is_tty(sys.stderr) or len(text) <= (width := terminal_width()):
        return text
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def terminal_width() -> int:
    """The columns of standard error, which is another terminal than standard output if that is none."""
    given = os.environ.get("COLUMNS", "")
    if re.fullmatch(r"[1-9][0-9]{0,3}", given):  # some programs set it to 0
        return int(given)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_WIDTH
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return _USUAL_WIDTH


def _discard(descriptor: int) -> None:
    """Let what is still in a stream's buffer go nowhere, so that Python does not complain of it at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
