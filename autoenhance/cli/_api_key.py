"""Read the API key from a file, the environment or a prompt; it is never an argument."""

from __future__ import annotations

import getpass
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from autoenhance._settings import Secret, read_api_key
from autoenhance.cli._console import is_tty
from autoenhance.cli._error_messages import SET_KEY, CommandError, as_command_error, no_key_error, reason_of

if TYPE_CHECKING:
    from autoenhance.cli._console import Console

_MAX_FILE_BYTES: Final = 64 * 2**10
_ANOTHER_FILE: Final = "Give a file that holds the key and nothing else."


def find_key(file: str | None, console: Console) -> Secret:
    """Return the API key from the given file, else from the environment, else from a prompt.

    Raises:
        CommandError: If there is no key, or it is invalid.
    """
    try:
        if file is not None:
            return read_api_key(_read(file, console))
        if os.environ.get("AUTOENHANCE_API_KEY"):
            return read_api_key(None)
        return read_api_key(_prompt())
    except ValueError as error:
        raise as_command_error(error, SET_KEY) from None


def _read(file: str, console: Console) -> str:
    if file == "-":
        raise CommandError("--api-key-file takes a file, not standard input", _ANOTHER_FILE)
    try:
        with open(file, "rb") as key_file:  # noqa: PTH123  # /dev/fd/63 must be opened as it is
            mode = os.fstat(key_file.fileno()).st_mode
            # One byte more than allowed, and not all of it: a device may be endless.
            content = key_file.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CommandError(f"the key file {file!r} cannot be read: {reason_of(error)}", _ANOTHER_FILE) from None
    if len(content) > _MAX_FILE_BYTES:
        raise CommandError(f"the key file {file!r} has more than {_MAX_FILE_BYTES // 2**10} KiB", _ANOTHER_FILE)
    if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        console.print(f"Warning: the key file {file!r} is readable by other users; run chmod 600 on it")
    try:
        return content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError(f"the key file {file!r} is not UTF-8 text", _ANOTHER_FILE) from None


def _prompt() -> str:
    if not is_tty(sys.stdin) or sys.stderr is None:
        raise no_key_error()
    try:
        return getpass.getpass("API key (not shown): ", stream=sys.stderr)
    except EOFError:
        raise no_key_error() from None
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # the prompt has not ended its line
        raise
