"""Read the environment's network settings: the proxy to the service, and the certificates to trust."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx


class Network(NamedTuple):
    """How our own connections reach the service."""

    context: ssl.SSLContext
    proxy: httpx.Proxy | None

    @property
    def proxy_note(self) -> str:
        """What messages add to the service's URL; httpx keeps the proxy's password apart."""
        return f" through the proxy {self.proxy.url}" if self.proxy else ""


def read_network(base_url: str) -> Network:
    """Read the environment's proxy and certificates.

    Raises:
        ValueError: If they cannot be used; it names the variable.
    """
    is_https = base_url.startswith("https:")
    # A proxy tunnels https, but it would read what goes over http, and the API key with it.
    proxy = _read_proxy(base_url) if is_https else None
    # Loading certificates takes 20 ms. Nothing goes over https from an http URL: redirects are not followed.
    return Network(_read_context() if is_https else _ssl_context_without_cas(), proxy)


def _read_proxy(base_url: str) -> httpx.Proxy | None:
    url = urlsplit(base_url)
    proxies = getproxies()
    kind = "https" if proxies.get("https") else "all"
    text = proxies.get(kind)
    # NO_PROXY may name a host, or a host with its port.
    if not text or proxy_bypass(url.hostname or "") or proxy_bypass(f"{url.hostname}:{url.port or 443}"):
        return None
    variable = _variable(f"{kind}_proxy")
    try:
        return _check_proxy(text if "://" in text else f"http://{text}")
    except ImportError:
        raise ValueError(
            f"{variable} names a SOCKS proxy, which needs another package: pip install 'httpx[socks]'"
        ) from None
    except (ValueError, httpx.InvalidURL):  # what these say may hold the proxy's password
        raise ValueError(f"{variable} is not the URL of a proxy, such as http://proxy.example:8080") from None


def _check_proxy(text: str) -> httpx.Proxy:
    url = urlsplit(text)
    if not url.hostname or url.port == 0 or any(character.isspace() for character in text):
        raise ValueError
    proxy = httpx.Proxy(text)
    # Some of what cannot be used is found only when a transport is made.
    httpx.HTTPTransport(verify=_ssl_context_without_cas(), proxy=proxy).close()
    return proxy


def _variable(name: str) -> str:
    """The name of a variable as the environment has it; some systems keep proxies elsewhere, too."""
    return next((spelling for spelling in (name, name.upper()) if os.environ.get(spelling)), f"the system's {name}")


def _read_context() -> ssl.SSLContext:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not file and folder and not os.path.isdir(folder):  # noqa: PTH112  # keeps pathlib unloaded
        raise ValueError(f"SSL_CERT_DIR is {folder!r}, which is not a directory")
    try:
        version = os.stat(file) if file else None  # noqa: PTH116
        return _ssl_context(file, folder, (version.st_mtime_ns, version.st_ino, version.st_size) if version else None)
    except ssl.SSLError:
        raise ValueError(f"SSL_CERT_FILE is {file!r}, which holds no certificates in PEM format") from None
    except OSError as error:
        raise ValueError(f"SSL_CERT_FILE is {file!r}, which cannot be read: {error.strerror}") from None


@lru_cache(maxsize=1)
def _ssl_context(*_: object) -> ssl.SSLContext:
    """Create a context, anew as soon as the variables or the file change."""
    return httpx.create_ssl_context()


@lru_cache(maxsize=1)
def _ssl_context_without_cas() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
