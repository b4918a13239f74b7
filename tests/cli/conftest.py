"""Fixtures of the command's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from terminal import Command, environment

if TYPE_CHECKING:
    from pathlib import Path

    from autoenhance.sandbox import Sandbox


@pytest.fixture
def command(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process, with the sandbox in the place of the service."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    monkeypatch.setenv("COLUMNS", "80")
    return Command(capsys)


@pytest.fixture
def env(sandbox: Sandbox) -> dict[str, str]:
    """The environment for the command as a process of its own."""
    return environment(AUTOENHANCE_API_KEY=sandbox.api_key, AUTOENHANCE_BASE_URL=sandbox.url)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Where the table is."""
    return tmp_path / "orders.csv"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where its results go."""
    return tmp_path / "orders.csv.results.jsonl"
