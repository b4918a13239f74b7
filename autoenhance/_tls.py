"""The TLS context of our connections: what they trust."""

from __future__ import annotations

import os
import ssl
from functools import cache
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from autoenhance._settings import Settings


def tls_context(settings: Settings) -> ssl.SSLContext:
    """The context for a client: loading what is trusted takes 20 ms, so it is done once in a process, and only for https."""
    if not settings.base_url.startswith("https:"):
        # It trusts nobody, and nothing goes over https: no redirect is followed.
        return _trusting_nobody()
    return _trusting(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trusting(file: str | None, folder: str | None) -> ssl.SSLContext:  # noqa: ARG001  # httpx reads them from there, too
    return httpx.create_ssl_context()


@cache
def _trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
