"""Pure: the cURL command for an edit. The library builds the request, which is captured instead of sent."""

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

# All other headers are about the connection or the client.
_HEADERS: Final = ("content-type", *(param.wire_name for param in PARAMS if param.location == "header"))
# curl takes these characters in a URL for patterns.
_PATTERNS: Final = frozenset("[]{}")


class _CapturedError(Exception):
    """Raised by the transport in the place of sending the request."""


def as_curl(
    order_id: str,
    changes: Mapping[str, Any],
    *,
    base_url: str | None,
    timeout: float,
    ascii_only: bool,
) -> str:
    """Return the shell command. It reads the API key from `$AUTOENHANCE_API_KEY`, and makes one attempt.

    Raises:
        ValueError: If an argument is invalid.
    """
    captured: list[httpx.Request] = []

    def capture(request: httpx.Request) -> NoReturn:
        captured.append(request)
        raise _CapturedError

    # The client needs a key, which is not used.
    with (
        httpx.Client(transport=httpx.MockTransport(capture)) as http,
        Autoenhance("none", base_url=base_url, timeout=timeout, http_client=http) as client,
        suppress(_CapturedError),
    ):
        client.edit_order(order_id, **changes)
    (request,) = captured
    url = str(request.url)
    # Encoded again, because the JSON encoding of httpx differs from version to version.
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
    # The key is passed on standard input, so that process lists do not show it.
    lines = [f"  curl {shlex.quote(url)}", *(f"    {option}" for option in options)]
    return "printf 'x-api-key: %s\\n' \"$AUTOENHANCE_API_KEY\" |\n" + " \\\n".join(lines) + "\n"
