"""Which service a command talks to, with which key and how much patience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from autoenhance.cli._key import find_key
from autoenhance.cli._problems import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoenhance import Autoenhance, Retry
    from autoenhance.cli._voice import Voice

_LONGEST_TIMEOUT: Final = 365 * 86400


@dataclass(frozen=True, slots=True)
class Service:
    """What the command line says of it."""

    api_key_file: str | None
    base_url: str | None
    timeout: float
    max_retries: int

    def check(self) -> None:
        """Make sure of what can be told before there is a key.

        Raises:
            CommandError: If the timeout is of no use.
        """
        if not 0 < self.timeout <= _LONGEST_TIMEOUT:
            raise CommandError(f"--timeout is {self.timeout:g}.", "Give seconds, above 0 and at most a year.")

    def open(self, voice: Voice, *, on_retry: Callable[[Retry], object] | None = None) -> Autoenhance:
        """A client for it; nothing that is said from here on shows the key.

        Raises:
            CommandError: If there is no key.
            ValueError: If the library does not accept what was said.
        """
        secret = find_key(self.api_key_file, voice)
        voice.hide(secret)
        # The constructor takes a hidden key as it is.
        key = cast("str", secret)
        from autoenhance import Autoenhance

        return Autoenhance(
            key, base_url=self.base_url, timeout=self.timeout, max_retries=self.max_retries, on_retry=on_retry
        )
