"""Certificates for servers on this machine."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """Issue a certificate; returns the files with its key and itself, and with its authority's certificate."""
    authority = trustme.CA()
    own, trusted = folder / "server.pem", folder / "authority.pem"
    authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(str(own))
    authority.cert_pem.write_to_path(str(trusted))
    return own, trusted


def server_context(own: Path) -> ssl.SSLContext:
    """What a server of this process encrypts with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context
