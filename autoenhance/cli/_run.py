"""One run of the command, from its arguments to its exit status."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING, Final

import rich  # noqa: F401  # what shows orders needs it: that it is missing is said first
import typer

from autoenhance.cli._app import app
from autoenhance.cli._console import Console, OutputError, output_encoding
from autoenhance.cli._error_messages import CommandError, refuse_key_as_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED: Final = 130
"""What typer makes of Ctrl-C."""
_OF_OUTPUT: Final = frozenset({errno.EBADF, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPIPE})


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; whatever goes wrong is said on standard error. Returns the exit status."""
    console = Console()
    try:
        return _run(arguments, console)
    except SystemExit as end:  # a completion ends like that
        return end.code if isinstance(end.code, int) else 0
    except BaseException as error:  # noqa: BLE001  # nobody is shown a traceback
        return console.report(error)


def _run(arguments: Sequence[str], console: Console) -> int:
    try:
        # Found out before anything is done, so that nobody wonders whether it was.
        sys.stdout.write("")
        sys.stdout.flush()
        "".encode(output_encoding())
    except (AttributeError, LookupError, TypeError, ValueError):  # it is None where it was closed
        hint = "Send it to /dev/null to see nothing."
        raise CommandError("standard output cannot be written; nothing was sent", hint) from None
    refuse_key_as_argument(arguments)
    command = typer.main.get_command(app)
    try:
        status = command.main(list(arguments), prog_name="autoenhance", standalone_mode=False, obj=console)
    except OSError as error:
        # Of what typer and the sandbox write; what the command itself does with files and sockets has its own errors.
        if error.errno in _OF_OUTPUT:
            raise OutputError(error.strerror) from error
        raise
    if status == _INTERRUPTED:
        raise KeyboardInterrupt
    return status or 0
