"""Pure: the message, hint and exit status of each error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from autoenhance import errors
from autoenhance._outcome import ADVICE, CHECK_BASE_URL, CHECK_NETWORK
from autoenhance.cli._text import option_name
from autoenhance_api.edit_order_params import PARAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
BAD_INPUT: Final = 2
STOPPED: Final = 3
SET_KEY: Final = "Set AUTOENHANCE_API_KEY, or give --api-key-file FILE."
_CHECK_SERVICE: Final = "Check the network, and --base-url or AUTOENHANCE_BASE_URL."
_HINTS: Final[dict[type[errors.AutoenhanceError], str]] = {
    errors.AuthenticationError: "Check the key in AUTOENHANCE_API_KEY, or in the file of --api-key-file.",
    **{kind: ADVICE[kind] for kind in (errors.PermissionDeniedError, errors.NotFoundError)},
    errors.ConflictError: "Choose another --new-order-id.",
    errors.ValidationError: "Correct the values that the service rejected.",
    errors.RateLimitError: "Retry in a moment, or give a larger --max-retries.",
    errors.InternalServerError: "Retry later, or give a larger --max-retries.",
    errors.APITimeoutError: "Give a larger --timeout to wait longer.",
    errors.APIConnectionError: _CHECK_SERVICE,
    errors.APIResponseError: "The service accepted the edit; do not repeat it.",
    errors.AutoenhanceError: "Check --base-url and AUTOENHANCE_BASE_URL.",
}
_HINT_FOR_UNEXPECTED: Final = "This is a bug in autoenhance; -v shows the traceback."
# The options for the library's arguments, which its messages begin with.
_NAMES: Final = {
    "order_id": "ORDER_ID",
    "base_url": "--base-url (or AUTOENHANCE_BASE_URL)",
    "concurrency": "--concurrency",
    "rate": "--rate",
    "max_failures": "--max-failures",
    **{param.keyword: option_name(param.keyword) for param in PARAMS},
    "api_version": "--api-version (or AUTOENHANCE_API_VERSION)",
}
_LIBRARY_ADVICE: Final = (" (allow_insecure=True allows http to others)", " (math.inf for no limit)")
_KEY_OPTION: Final = re.compile(r"-{1,2}(?:x[-_])?(?:autoenhance[-_])?api[-_]?key(?:=.*)?", re.IGNORECASE | re.DOTALL)


class CommandError(Exception):
    """An error of the command itself, with a hint and an exit status."""

    def __init__(self, line: str, hint: str, exit_status: int = BAD_INPUT) -> None:
        super().__init__(line)
        self.hint = hint
        self.exit_status = exit_status


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """The message for standard error, and the exit status."""

    line: str
    hint: str
    exit_status: int
    is_unexpected: bool = False


def error_message(error: BaseException) -> ErrorMessage:
    """Return the message for an error that ended the command."""
    if isinstance(error, CommandError):
        return ErrorMessage(str(error), error.hint, error.exit_status)
    if isinstance(error, errors.AutoenhanceError):
        return _edit_error_message(error)
    if isinstance(error, KeyboardInterrupt):
        return ErrorMessage("stopped; nothing was sent", "Rerun the command.", STOPPED)
    # A usage error of typer, which exports no base class of them.
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        command = getattr(getattr(error, "ctx", None), "command_path", "autoenhance")
        text = format_message()
        return ErrorMessage(
            text[:1].lower() + text[1:].removesuffix("."), f"{command} --help lists the options.", BAD_INPUT
        )
    line = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ErrorMessage(line, _HINT_FOR_UNEXPECTED, FAILED, is_unexpected=True)


def _edit_error_message(error: errors.AutoenhanceError) -> ErrorMessage:
    hint = next(_HINTS[kind] for kind in type(error).__mro__ if kind in _HINTS)
    is_stop = isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError)
    return ErrorMessage(error_line(error), hint, STOPPED if is_stop else FAILED)


def error_line(error: Exception) -> str:
    """Return the message of a library error without its advice, which names arguments of the library."""
    line = str(error)
    for advice in (*ADVICE.values(), CHECK_BASE_URL, CHECK_NETWORK):
        line = line.removesuffix(advice).rstrip()
    return line.removesuffix(".")


def as_command_error(error: ValueError, hint: str = "--help lists the options.") -> CommandError:
    """Return the library's error about an argument as one about the command's option."""
    text = str(error)
    for advice in _LIBRARY_ADVICE:
        text = text.removesuffix(advice)
    first, _, rest = text.partition(" ")
    line = f"{_NAMES.get(first, first)} {rest}"
    return CommandError(line, hint)


def reason_of(error: Exception) -> object:
    """Return the operating system's reason for an error, or Python's, such as for a path with a NUL."""
    return getattr(error, "strerror", None) or error


def no_key_error() -> CommandError:
    """Return the error for a missing API key."""
    return CommandError("there is no API key", SET_KEY)


def refuse_key_as_argument(arguments: Sequence[str]) -> None:
    """Check that no option passes the API key.

    Raises:
        CommandError: If one does; the message does not repeat the key.
    """
    for argument in arguments:
        if argument == "--":
            return
        if _KEY_OPTION.fullmatch(argument):
            line = "the API key cannot be an argument: process lists and the shell history would show it"
            raise CommandError(line, SET_KEY)


def stopped(order_id: str, new_order_id: str | None) -> CommandError:
    """Return the error for Ctrl-C while an edit was in flight."""
    hint = "Rerunning the command is harmless."
    if new_order_id not in {None, order_id}:
        hint = f"Look under {order_id!r} and under {new_order_id!r}."
    return CommandError("stopped before the response came; the edit may have happened", hint, STOPPED)
