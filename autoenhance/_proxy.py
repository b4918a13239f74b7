"""Which proxy of the environment leads to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    from autoenhance._settings import Settings


def proxy_of(settings: Settings) -> str | None:
    """The URL of the proxy, None if there is none, or none is to be used.

    A proxy tunnels https, but it would read what goes over http, and the API key with it.
    """
    url = urlsplit(settings.base_url)
    proxies = getproxies() if url.scheme == "https" else {}
    proxy = proxies.get("https") or proxies.get("all")
    if not proxy or proxy_bypass(url.hostname or ""):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
