"""Messages on standard error, with the API key redacted; and data on standard output."""

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

_DEFAULT_WIDTH: Final = 80


class OutputError(Exception):
    """Standard output cannot be written."""


class Console:
    """The messages of one run of the command, on standard error."""

    def __init__(self) -> None:
        self.is_verbose = False
        self._secret: Secret | None = None

    def redact(self, secret: Secret) -> None:
        """Redact this API key from all further messages."""
        self._secret = secret

    def print(self, text: str) -> None:
        """Print a line on standard error; do nothing if it is closed or cannot be written."""
        text = self._secret.redact(text) if self._secret else text
        # None if it was closed; print() would take that for standard output.
        if sys.stderr is not None:
            encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
            try:
                # A message that cannot be written must not stop the edits.
                line = _wrap(printable(text)).encode(encoding, "backslashreplace").decode(encoding)
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()
            except OSError:
                _discard(2)
            except ValueError:  # the stream was closed
                pass

    def confirm(self, question: str) -> bool:
        """Ask a yes/no question on the terminal; False if there is no terminal, or the answer is no."""
        if not (is_tty(sys.stdin) and is_tty(sys.stderr)):
            return False
        self.print(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def report(self, error: BaseException) -> int:
        """Print an error and a hint, and return the exit status."""
        if isinstance(error, OutputError):
            return self._report_output(error)
        message = error_message(error)
        if message.is_unexpected and self.is_verbose:
            # Without local variables, which may hold the key.
            for line in "".join(traceback.format_exception(error)).splitlines():
                self.print(line)
        # On one line: the service's message may have line breaks.
        self.print(f"Error: {' '.join(message.line.split())}")
        self.print(f"Hint: {message.hint}")
        return message.exit_status

    def _report_output(self, error: OutputError) -> int:
        _discard(1)
        if isinstance(error.__cause__, BrokenPipeError):
            return 0  # the reader of the pipe has what it wanted
        self.print(f"Error: the output cannot be written: {error}")
        self.print("Hint: If the command edits an order, the edit was made; do not repeat it for the output.")
        return FAILED

    @contextmanager
    def log_retries(self) -> Iterator[None]:
        """Print what the library logs, which is each retry, if the console is verbose."""
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
    """Write data to standard output, and flush it.

    Raises:
        OutputError: If it cannot be written.
    """
    buffer = getattr(sys.stdout, "buffer", None)
    try:
        sys.stdout.flush()
        if buffer is None:  # a text-only stream, as in notebooks and Celery
            sys.stdout.write(data.decode(output_encoding(), "replace"))
        else:
            buffer.write(data)
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # ValueError if the stream was closed
        raise OutputError(reason_of(error)) from error


def write_text(text: str) -> None:
    """Write text to standard output; characters that its encoding lacks are backslash-escaped."""
    write_output(text.encode(output_encoding(), "backslashreplace"))


def output_encoding() -> str:
    """Return the encoding of standard output."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return is_tty(sys.stdout)


def is_tty(stream: object) -> bool:
    """Return whether a stream is a terminal."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):  # a stream of a notebook without isatty; a closed stream
        return False


def _wrap(text: str) -> str:
    """Wrap the text between words if it is wider than the terminal."""
    if not is_tty(sys.stderr) or len(text) <= (width := terminal_width()):
        return text
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    lines = textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)


def terminal_width() -> int:
    """Return the width of standard error, which may be a terminal where standard output is not."""
    columns = os.environ.get("COLUMNS", "")
    if re.fullmatch(r"[1-9][0-9]{0,3}", columns):  # some programs set it to 0
        return int(columns)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _DEFAULT_WIDTH
    except (OSError, ValueError):  # io.UnsupportedOperation is both
        return _DEFAULT_WIDTH


def _discard(descriptor: int) -> None:
    """Discard what is still in a stream's buffer, so that Python reports no error about it at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, descriptor)
    os.close(devnull)
