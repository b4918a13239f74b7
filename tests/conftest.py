"""Fixtures that most tests use. The sandbox comes from the fixture that users get too: autoenhance_sandbox."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from callers import CALLERS, Caller
from hypothesis import settings

if TYPE_CHECKING:
    from autoenhance.sandbox import Sandbox


pytest_plugins = ["pytester", "no_skips", "wheels", "windows"]

# The same examples in each run, so that a test that passed here passes in CI; `make fuzz` looks further.
settings.register_profile("default", max_examples=200, deadline=None, derandomize=True, database=None)
settings.register_profile("quick", max_examples=20, deadline=None, derandomize=True, database=None)
settings.register_profile("fuzz", max_examples=10_000, deadline=None)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that the developer's shell says reaches a test."""
    for name in os.environ:
        if name.startswith("AUTOENHANCE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=CALLERS, ids=lambda caller: caller.__name__)
def caller(request: pytest.FixtureRequest) -> Caller:
    """Edits an order through the sync client, and through the async one on asyncio and on trio."""
    made: Caller = request.param
    return made


@pytest.fixture
def sandbox(autoenhance_sandbox: Sandbox) -> Sandbox:
    """The sandbox, as new."""
    return autoenhance_sandbox
