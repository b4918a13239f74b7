"""Fixtures that most tests use. The sandbox comes from the fixture that users get too: autoenhance_sandbox."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from callers import BACKENDS, KINDS, Bulk, Caller, open_client
from hypothesis import settings

from autoenhance import OrderEdit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callers import EditOne

    from autoenhance.sandbox import Sandbox


pytest_plugins = ["pytester", "no_skips", "wheels", "windows"]

# The same examples in each run, so that a test that passed here passes in CI; `make fuzz` looks further.
settings.register_profile("default", max_examples=200, deadline=None, derandomize=True, database=None)
settings.register_profile("quick", max_examples=20, deadline=None, derandomize=True, database=None)
settings.register_profile("fuzz", max_examples=10_000, deadline=None)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the developer's shell reaches a test."""
    for name in os.environ:
        if name.startswith("AUTOENHANCE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Any:
    """For `callers.opened`."""
    return request.param


@pytest.fixture
def caller(backend: str) -> Caller:
    """Edits an order through the sync client, and through the async one on asyncio and on trio."""
    return Caller(backend)


@pytest.fixture
def bulk(backend: str) -> Bulk:
    """Edits orders in bulk, likewise."""
    return Bulk(backend)


@pytest.fixture(params=KINDS)
def edit(request: pytest.FixtureRequest) -> EditOne:
    """Makes a client with options and edits one order, with one call or in bulk."""

    def edit_one(options: dict[str, Any], **fields: Any) -> Any:
        with open_client(request.param, **options) as edit:
            return edit([OrderEdit("order", **fields)])[0]

    return edit_one


@pytest.fixture
def sandbox(autoenhance_sandbox: Sandbox) -> Sandbox:
    """The sandbox, as new."""
    return autoenhance_sandbox


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a key and a certificate for 127.0.0.1, from an authority that httpx trusts."""
    import tls

    own, trusted = tls.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return own


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Python switches between threads at almost every instruction, which brings out races."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
