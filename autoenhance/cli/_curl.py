"""Pure: an edit as the cURL command that makes it. The library builds the request; it is held back and written down."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

import httpx

from autoenhance import Autoenhance
from autoenhance.cli._text import printable_json
from autoenhance_api.edit_order_params import PARAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

# The others are about the connection, or about us.
_HEADERS: Final = ("content-type", *(param.wire_name for param in PARAMS if param.location == "header"))
# In URLs curl takes these for patterns.
_PATTERNS: Final = frozenset("[]{}")


class _CapturedError(Exception):
    """The request goes no further."""


def as_curl(
    order_id: str,
    changes: Mapping[str, Any],
    *,
    base_url: str | None,
    timeout: float,
    ascii_only: bool,
) -> str:
    """The command for a shell; it takes the key from `$AUTOENHANCE_API_KEY`, and tries once.

    Raises:
        ValueError: If the library does not accept an argument.
    """
    held: list[httpx.Request] = []

    def capture(request: httpx.Request) -> NoReturn:
        held.append(request)
        raise _CapturedError

    # A key has to be there, and goes nowhere.
    with (
        httpx.Client(transport=httpx.MockTransport(capture)) as http,
        Autoenhance("none", base_url=base_url, timeout=timeout, http_client=http) as client,
        suppress(_CapturedError),
    ):
        client.edit_order(order_id, **changes)
    (request,) = held
    url = str(request.url)
    # Written anew, because httpx writes JSON in one way or another from version to version.
    body = printable_json(json.dumps(json.loads(request.content), ensure_ascii=ascii_only))
    headers = [f"{name}: {request.headers[name]}" for name in _HEADERS if name in request.headers]
    options = [
        *(["--globoff"] if not _PATTERNS.isdisjoint(url) else []),
        f"--request {request.method}",
        "--header @-",
        *(f"--header {shlex.quote(header)}" for header in headers),
        f"--data {shlex.quote(body)}",
        "--fail-with-body --silent --show-error",
        f"--max-time {timeout:g}",
    ]
    # The key goes in by standard input, so that no list of processes shows it.
    lines = [f"  curl {shlex.quote(url)}", *(f"    {option}" for option in options)]
    return "printf 'x-api-key: %s\\n' \"$AUTOENHANCE_API_KEY\" |\n" + " \\\n".join(lines) + "\n"
