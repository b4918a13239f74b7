"""What every bulk run here is spared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trustme

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(autouse=True)
def _one_authority(_authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the 150 authorities that httpx trusts takes most of the time of a short run."""
    monkeypatch.setenv("SSL_CERT_FILE", str(_authority))
