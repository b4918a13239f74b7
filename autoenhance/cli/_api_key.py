"""Where the API key comes from: a file, the environment, or whoever sits at the terminal. Never an argument."""

from __future__ import annotations

import getpass
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from autoenhance._settings import Secret, read_api_key
from autoenhance.cli._console import is_tty
from autoenhance.cli._error_messages import CommandError, bad_input, no_key, reason_of

if TYPE_CHECKING:
    from autoenhance.cli._console import Console

_LONGEST_FILE: Final = 64 * 2**10
_ANOTHER_FILE: Final = "Give a file that holds the key and nothing else."


def find_key(file: str | None, console: Console) -> Secret:
    """The key from the file that was named, else from the environment, else from a prompt.

    Raises:
        CommandError: If there is none, or it cannot be one.
    """
    try:
        if file is not None:
            return read_api_key(_read(file, console))
        if os.environ.get("AUTOENHANCE_API_KEY"):
            return read_api_key(None)
        return read_api_key(_prompt())
    except ValueError as error:
        raise bad_input(error) from None


def _read(file: str, console: Console) -> str:
    if file == "-":
        raise CommandError("--api-key-file takes a file, not standard input", _ANOTHER_FILE)
    try:
        with open(file, "rb") as opened:  # noqa: PTH123  # what it says may be /dev/fd/63, which must be opened as it is
            mode = os.fstat(opened.fileno()).st_mode
            # One byte more than there may be; a device may have no end.
            content = opened.read(_LONGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise CommandError(f"the key file {file!r} cannot be read: {reason_of(error)}", _ANOTHER_FILE) from None
    if len(content) > _LONGEST_FILE:
        raise CommandError(f"the key file {file!r} is too long to hold a key", _ANOTHER_FILE)
    if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        console.print(f"Warning: others may read the key file {file!r}; chmod 600 changes that")
    try:
        return content.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise CommandError(f"the key file {file!r} does not hold text", _ANOTHER_FILE) from None


def _prompt() -> str:
    if not is_tty(sys.stdin) or sys.stderr is None:
        raise no_key()
    try:
        return getpass.getpass("API key (not shown): ", stream=sys.stderr)
    except EOFError:
        raise no_key() from None
