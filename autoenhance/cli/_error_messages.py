"""Pure: what went wrong as one line, a hint and an exit status."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from autoenhance import errors
from autoenhance._outcome import ADVICE, CHECK_NETWORK
from autoenhance.cli._text import option_name
from autoenhance_api.edit_order_params import PARAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
BAD_INPUT: Final = 2
STOPPED: Final = 3
_WHERE_THE_KEY_IS: Final = "Set AUTOENHANCE_API_KEY, or give --api-key-file FILE."
_SERVICE: Final = "Check the network, and --base-url or AUTOENHANCE_BASE_URL."
_HINTS: Final[dict[type[errors.AutoenhanceError], str]] = {
    errors.AuthenticationError: "Check the key in AUTOENHANCE_API_KEY, or in the file of --api-key-file.",
    errors.PermissionDeniedError: "Check what the key's account may do.",
    errors.NotFoundError: "Check the id, and that the key belongs to the order's account.",
    errors.ConflictError: "Choose another --new-order-id.",
    errors.ValidationError: "Correct what the service does not accept.",
    errors.RateLimitError: "Try again in a moment; a larger --max-retries tries more often.",
    errors.InternalServerError: "Try again later; a larger --max-retries tries more often.",
    errors.APITimeoutError: "A larger --timeout waits longer.",
    errors.APIConnectionError: _SERVICE,
    errors.APIResponseError: "The edit was accepted; do not repeat it to find out.",
    errors.AutoenhanceError: "Check --base-url and AUTOENHANCE_BASE_URL.",
}
_HINT_FOR_UNEXPECTED: Final = "This is a bug in autoenhance; -v shows where it comes from."
# The library speaks of its arguments; here they have other names.
_NAMES: Final = {
    "order_id": "ORDER_ID",
    "base_url": "--base-url (or AUTOENHANCE_BASE_URL)",
    "concurrency": "--concurrency",
    "rate": "--rate",
    "max_failures": "--max-failures",
    **{param.keyword: option_name(param.keyword) for param in PARAMS},
    "api_version": "--api-version (or AUTOENHANCE_API_VERSION)",
}
_FOR_PROGRAMS: Final = (" (allow_insecure=True allows http to others)", " (math.inf for no limit)")
_KEY_OPTION: Final = re.compile(r"-{1,2}(?:x[-_])?(?:autoenhance[-_])?api[-_]?key(?:=.*)?", re.IGNORECASE | re.DOTALL)


class CommandError(Exception):
    """What the command itself finds wrong, with its hint and its exit status."""

    def __init__(self, line: str, hint: str, exit_status: int = BAD_INPUT) -> None:
        super().__init__(line)
        self.hint = hint
        self.exit_status = exit_status


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """What is said on standard error, and the exit status."""

    line: str
    hint: str
    exit_status: int
    is_unexpected: bool = False


def error_message(error: BaseException) -> ErrorMessage:
    """What to say about an error that ended the command."""
    if isinstance(error, CommandError):
        return ErrorMessage(str(error), error.hint, error.exit_status)
    if isinstance(error, errors.AutoenhanceError):
        return _of_the_edit(error)
    if isinstance(error, KeyboardInterrupt):
        return ErrorMessage("stopped; nothing was sent", "Rerun the command.", STOPPED)
    # What typer finds wrong with a command line: it exports no class that all of these have.
    format_message = getattr(error, "format_message", None)
    if format_message is not None:
        command = getattr(getattr(error, "ctx", None), "command_path", "autoenhance")
        return ErrorMessage(format_message(), f"{command} --help lists the options.", BAD_INPUT)
    line = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ErrorMessage(line, _HINT_FOR_UNEXPECTED, FAILED, is_unexpected=True)


def _of_the_edit(error: errors.AutoenhanceError) -> ErrorMessage:
    hint = next(_HINTS[kind] for kind in type(error).__mro__ if kind in _HINTS)
    is_stop = isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError)
    return ErrorMessage(line_of(error), hint, STOPPED if is_stop else FAILED)


def line_of(error: Exception) -> str:
    """What happened to an edit, without the library's advice, which is for programs."""
    line = str(error)
    for advice in (*ADVICE.values(), CHECK_NETWORK):
        line = line.removesuffix(advice).rstrip()
    return line


def bad_input(error: ValueError) -> CommandError:
    """What the library does not accept, in the words of the command."""
    text = str(error)
    for advice in _FOR_PROGRAMS:
        text = text.removesuffix(advice)
    first, _, rest = text.partition(" ")
    line = f"{_NAMES.get(first, first)} {rest}"
    return CommandError(line, "--help lists the options.")


def reason_of(error: Exception) -> object:
    """Why the system refuses a path; of one that cannot be one, Python says why."""
    return getattr(error, "strerror", None) or error


def no_key() -> CommandError:
    """There is no key to send."""
    return CommandError("there is no API key", _WHERE_THE_KEY_IS)


def refuse_key_as_argument(arguments: Sequence[str]) -> None:
    """Refuse a command line that seems to hold the key; what is said does not repeat it.

    Raises:
        CommandError: If it does.
    """
    for argument in arguments:
        if argument == "--":
            return
        if _KEY_OPTION.fullmatch(argument):
            line = "the API key is not an argument: the list of processes and the shell's history would show it"
            raise CommandError(line, _WHERE_THE_KEY_IS)


def stopped(order_id: str, new_order_id: str | None) -> CommandError:
    """Ctrl-C came while the edit was in flight."""
    hint = "Rerunning the command is harmless."
    if new_order_id not in {None, order_id}:
        hint = f"Look under {order_id!r} and under {new_order_id!r}."
    return CommandError("stopped before the response came; the edit may have happened", hint, STOPPED)
