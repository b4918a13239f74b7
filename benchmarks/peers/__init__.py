"""What is compared: a module each. Importing this imports none of them."""

LABELS = {
    "ours": "this client",
    "ours_async": "this client, async",
    "generated": "the generated client alone",
    "sdk": "the service's SDK",
    "httpx": "httpx",
    "httpx_async": "httpx, async",
    "httpx_gather": "httpx, asyncio.gather",
    "requests": "requests",
    "aiohttp": "aiohttp",
    "json": "json.loads alone",
}
# The environment of each peer that has none of its own.
SHARED = {
    "ours_async": "ours",
    "generated": "ours",
    "httpx_async": "httpx",
    "httpx_gather": "httpx",
    "json": "ours",
}
