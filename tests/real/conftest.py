"""A certificate for servers on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tls

if TYPE_CHECKING:
    import ssl
    from pathlib import Path


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a key and a certificate for 127.0.0.1, from an authority that httpx is told to trust."""
    own, trusted = tls.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return own


@pytest.fixture
def server_context(certificate: Path) -> ssl.SSLContext:
    """The same certificate for a server of this process."""
    return tls.server_context(certificate)
