"""The settings of a client, from its arguments, the environment, or the defaults."""

from __future__ import annotations

import ipaddress
import os
import re
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

DEFAULT_BASE_URL: Final = "https://api.autoenhance.ai"
DEFAULT_TIMEOUT: Final = 30.0
DEFAULT_MAX_RETRIES: Final = 2
MAX_TIMEOUT: Final = 365 * 86400  # sockets and clocks overflow with more
DEFAULT_MAX_RESPONSE_BYTES: Final = 64 * 2**20
_MIN_SECRET_LENGTH: Final = 8
_REDACTED: Final = "<secret>"
# Matches from the first backslash of a row only, or a long row would take quadratic time.
_JSON_ESCAPE: Final = re.compile(r"(?<!\\)\\+u00([0-9a-fA-F]{2})")
# A key is ASCII. The standard library's unquote takes 180 times the memory of a text of percent signs.
_URL_ESCAPE: Final = re.compile(r"%([0-7][0-9a-fA-F])")


class NotGiven(Enum):
    """The type of NOT_GIVEN, which tells an argument left out from None."""

    NOT_GIVEN = "NOT_GIVEN"

    def __repr__(self) -> str:  # as signatures show it
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven.NOT_GIVEN


class Secret:
    """A text that no repr, log or traceback shows. `reveal` returns it; `redact` removes it from another text."""

    __slots__ = ("redact", "reveal")

    redact: Callable[[str], str]
    reveal: Callable[[], str]

    def __init__(self, text: str) -> None:
        # Closures, because debuggers and `vars` print what an attribute holds, but not what a function closes over.
        self.reveal = lambda: text
        self.redact = lambda other: _redact(other, text)

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> str:
        raise TypeError("a client holds an API key, so it cannot be pickled; create one where it is needed")


def _redact(text: str, secret: str) -> str:
    # Removing a few letters would damage words; so short a key is not a secret.
    if len(secret) < _MIN_SECRET_LENGTH:
        return text
    text = text.replace(secret, _REDACTED)
    # In an escaped form its beginning and end are unknown, so the whole text goes.
    return _REDACTED if _unescaped(secret) in _unescaped(text) else text


def _unescaped(text: str) -> str:
    """Undo the escapes of JSON, URLs, HTML and wide characters."""
    text = text.replace("\0", "")
    if "\\" in text:
        text = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace("\\", "")
    text = _URL_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if "&" in text:
        from html import unescape  # slow to import, and rarely needed

        text = unescape(text)
    return text


class Retry(NamedTuple):
    """A failed attempt, and the wait before the next one: the argument of `on_retry`.

    Attributes:
        order_id: The id of the order to edit.
        attempt: The number of the attempt that failed, from 1.
        reason: Why it failed, such as `status 503`.
        wait: The wait before the next attempt, in seconds.
    """

    order_id: str
    attempt: int
    reason: str
    wait: float


class Settings(NamedTuple):
    """The checked settings of one client."""

    api_key: Secret
    base_url: str
    timeout: float | httpx.Timeout | None
    deadline: float | None
    """The total timeout of a call in seconds."""
    max_retries: int
    api_version: str | None
    max_response_bytes: int
    on_retry: Callable[[Retry], object] | None


def read_settings(
    api_key: Secret,
    *,
    base_url: str | None,
    timeout: float | httpx.Timeout | None,
    deadline: float | NotGiven | None,
    max_retries: int,
    api_version: str | None,
    max_response_bytes: int,
    allow_insecure: bool,
    on_retry: Callable[[Retry], object] | None,
) -> Settings:
    """Read the settings from the arguments, then the environment, then the defaults.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is invalid.
    """
    if on_retry is not None and not callable(on_retry):
        raise TypeError(f"on_retry must be a function or None, not {type(on_retry).__name__}")
    return Settings(
        api_key=api_key,
        base_url=read_base_url(base_url, allow_insecure=allow_insecure),
        timeout=timeout,
        deadline=_read_deadline(timeout, deadline, default=DEFAULT_TIMEOUT),
        max_retries=check_whole_number("max_retries", max_retries, 0),
        api_version=_check_api_version(_or_environment(api_version, "AUTOENHANCE_API_VERSION")),
        max_response_bytes=check_whole_number("max_response_bytes", max_response_bytes, 1),
        on_retry=on_retry,
    )


def change_settings(
    settings: Settings,
    *,
    timeout: float | httpx.Timeout | NotGiven | None = NOT_GIVEN,
    deadline: float | NotGiven | None = NOT_GIVEN,
    max_retries: int | NotGiven = NOT_GIVEN,
    api_version: str | NotGiven | None = NOT_GIVEN,
) -> Settings:
    """Return the settings with the given ones replaced.

    Raises:
        TypeError: If a value has the wrong type.
        ValueError: If a value is invalid.
    """
    if timeout is not NOT_GIVEN or deadline is not NOT_GIVEN:
        timeout = settings.timeout if timeout is NOT_GIVEN else timeout
        whole = _read_deadline(timeout, deadline, default=settings.deadline)
        settings = settings._replace(timeout=timeout, deadline=whole)
    if max_retries is not NOT_GIVEN:
        settings = settings._replace(max_retries=check_whole_number("max_retries", max_retries, 0))
    if api_version is not NOT_GIVEN:
        settings = settings._replace(api_version=_check_api_version(api_version))
    return settings


def _read_deadline(
    timeout: float | httpx.Timeout | None, deadline: float | NotGiven | None, *, default: float | None
) -> float | None:
    """Return the total timeout of a call: `deadline` beside an httpx.Timeout, else `timeout` itself."""
    import httpx  # keeps the command's --help fast

    if not isinstance(timeout, httpx.Timeout):
        if deadline is not NOT_GIVEN:
            raise ValueError("timeout is already the total timeout; deadline is for use with an httpx.Timeout")
        return _check_seconds("timeout", timeout)
    return default if deadline is NOT_GIVEN else _check_seconds("deadline", deadline)


def _check_seconds(name: str, seconds: float | None) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        kinds = "a number of seconds, an httpx.Timeout" if name == "timeout" else "a number of seconds"
        raise TypeError(f"{name} must be {kinds} or None, not {type(seconds).__name__}")
    if not 0 < seconds <= MAX_TIMEOUT:
        raise ValueError(f"{name} is {seconds}; it must be above 0 and at most a year in seconds, or None for no limit")
    return float(seconds)


def check_whole_number(name: str, number: int, least: int, *, none: str = "") -> int:
    """Check an argument that is a whole number.

    Args:
        name: The name of the argument.
        number: Its value, not None.
        least: The smallest value that it may have.
        none: What None stands for, if the argument may be None: the messages say so.

    Raises:
        TypeError: If it is no whole number.
        ValueError: If it is too small.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"{name} must be a whole number{' or None' if none else ''}, not {type(number).__name__}")
    if number < least:
        raise ValueError(f"{name} is {number}; it must be {least} or more{f', or None for {none}' if none else ''}")
    return number


def _check_api_version(api_version: str | None) -> str | None:
    """Check that a version can be a header; only the service knows which versions exist."""
    if api_version is None:
        return None
    if not isinstance(api_version, str):
        raise TypeError(f"api_version must be a string such as '2025-08-31', not {type(api_version).__name__}")
    version = api_version.strip()
    if not version or not version.isascii() or not version.isprintable():
        raise ValueError(f"api_version is {api_version!r}; it must be a date such as '2025-08-31'")
    return version


def _or_environment(value: str | None, variable: str) -> str | None:
    # In a shell, an empty variable means an unset one.
    return value if value is not None else os.environ.get(variable) or None


def read_api_key(api_key: str | Secret | None) -> Secret:
    """Return the given or the environment's API key as a secret.

    Raises:
        TypeError: If it is not a string.
        ValueError: If there is none, or it is invalid.
    """
    if isinstance(api_key, Secret):
        return api_key
    api_key = _or_environment(api_key, "AUTOENHANCE_API_KEY")
    if api_key is None:
        raise ValueError("no API key: pass api_key=, or set AUTOENHANCE_API_KEY")
    if not isinstance(api_key, str):
        raise TypeError(f"api_key must be a string, not {type(api_key).__name__}")
    key = api_key.strip()
    # The messages never contain the key.
    if not key:
        raise ValueError("the API key is empty")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("the API key has invalid characters; only printable ASCII without spaces is valid")
    return Secret(key)


def read_base_url(base_url: str | None, *, allow_insecure: bool = False) -> str:
    """Return the given URL, else the environment's, else the real service's.

    Raises:
        TypeError: If it is not a string.
        ValueError: If it is invalid, or would send the API key unencrypted.
    """
    base_url = _or_environment(base_url, "AUTOENHANCE_BASE_URL") or DEFAULT_BASE_URL
    if not isinstance(base_url, str):
        raise TypeError(f"base_url must be a string, not {type(base_url).__name__}")
    import httpx

    text = base_url.strip()
    no_url = f"base_url is not a URL with a host, such as {DEFAULT_BASE_URL!r}"
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        raise ValueError(no_url) from None
    if not host or port == 0 or not text.isascii() or any(character.isspace() for character in text):
        raise ValueError(no_url)
    if url.username is not None or url.password is not None:
        raise ValueError("base_url has a user name or password; remove it: only the API key is sent")
    if url.query or url.fragment or text.endswith(("?", "#")):
        raise ValueError("base_url has a query or a fragment; it must end with the host or a path")
    if url.scheme != "https" and not (url.scheme == "http" and (allow_insecure or _is_loopback(host))):
        raise ValueError(
            f"base_url starts with {url.scheme}:// and goes to {host!r}; the API key is sent over https only, "
            "or over http to this machine (allow_insecure=True allows http to others)"
        )
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
