"""Pure: who is measured, and under which name."""

from __future__ import annotations

from typing import Final

PEERS: Final = {
    "ours": "this client",
    "ours_async": "this client, async",
    "generated": "the bare generated client",
    "sdk": "the service's SDK",
    "httpx": "httpx",
    "httpx_async": "httpx, async",
    "httpx_naive": "httpx, all at once",
    "aiohttp": "aiohttp",
    "requests": "requests, as on the page",
    "requests_session": "requests, a session",
    "urllib3": "urllib3",
    "floor": "a socket and json",
}
# Whose pins a peer shares, if they are not called as it is: it uses the same packages in another way.
PINS: Final = {
    "ours_async": "ours",
    "generated": "ours",
    "httpx_async": "httpx",
    "httpx_naive": "httpx",
    "requests_session": "requests",
}
# These are there for many edits only.
BULK_ONLY: Final = ("httpx_naive",)
