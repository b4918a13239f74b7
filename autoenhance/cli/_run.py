"""One run of the command, from its arguments to its exit status."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Final

import rich  # noqa: F401  # if it is missing, this is reported before anything is sent
import typer

from autoenhance.cli._app import app
from autoenhance.cli._console import Console, OutputError, output_encoding
from autoenhance.cli._error_messages import CommandError, refuse_key_as_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED: Final = 130
"""The exit status that typer returns after Ctrl-C."""
_OUTPUT_ERRNOS: Final = frozenset({errno.EBADF, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPIPE})


def run(arguments: Sequence[str]) -> int:
    """Run the command, report errors on standard error, and return the exit status."""
    console = Console()
    try:
        return _run(arguments, console)
    except SystemExit as end:  # raised by shell completion
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:  # noqa: BLE001  # users get a message, not a traceback
        return console.report(error)


def _run(arguments: Sequence[str], console: Console) -> int:
    try:
        # Checked first, so that no edit is made whose result cannot be shown.
        sys.stdout.write("")
        sys.stdout.flush()
        "".encode(output_encoding())
    except (AttributeError, LookupError, TypeError, ValueError):  # sys.stdout is None if it was closed
        hint = "Redirect it to /dev/null to discard the output."
        raise CommandError("standard output cannot be written; nothing was sent", hint) from None
    refuse_key_as_argument(arguments)
    command = typer.main.get_command(app)
    try:
        status = command.main(list(arguments), prog_name="autoenhance", standalone_mode=False, obj=console)
    except OSError as error:
        # Raised by what typer and the sandbox write; the command's own files and sockets have their own errors.
        if error.errno in _OUTPUT_ERRNOS:
            raise OutputError(error.strerror) from error
        raise
    if status == _INTERRUPTED:
        raise KeyboardInterrupt
    return status or 0
