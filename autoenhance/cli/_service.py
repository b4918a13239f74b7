"""The client of a command, with its base URL, API key, timeout and retries."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from autoenhance import Autoenhance
from autoenhance._settings import MAX_TIMEOUT
from autoenhance.cli._api_key import find_key
from autoenhance.cli._error_messages import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance import Retry
    from autoenhance.cli._arguments import ServiceOptions
    from autoenhance.cli._console import Console


def check_service(options: ServiceOptions) -> None:
    """Check the options that need no API key.

    Raises:
        CommandError: If the timeout is invalid.
    """
    if not 0 < options.timeout <= MAX_TIMEOUT:
        raise CommandError(f"--timeout {options.timeout:g} is invalid", "Give seconds, above 0 and at most a year.")


def open_client(
    options: ServiceOptions, console: Console, *, on_retry: Callable[[Retry], object] | None = None
) -> Autoenhance:
    """Return a client of the service, and redact its API key from all messages.

    Raises:
        CommandError: If there is no valid API key.
        ValueError: If an option is invalid.
    """
    secret = find_key(options.api_key_file, console)
    console.redact(secret)
    return Autoenhance(
        cast("str", secret),  # the constructor accepts a Secret, too
        base_url=options.base_url,
        timeout=options.timeout,
        max_retries=options.max_retries,
        on_retry=on_retry,
    )
