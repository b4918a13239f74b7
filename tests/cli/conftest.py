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
    """Runs the command in this process, with the sandbox in place of the service."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    monkeypatch.setenv("COLUMNS", "80")
    return Command(capsys)


@pytest.fixture
def env(sandbox: Sandbox) -> dict[str, str]:
    """The environment of the command in its own process."""
    return environment(AUTOENHANCE_API_KEY=sandbox.api_key, AUTOENHANCE_BASE_URL=sandbox.url)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The path of the table."""
    return tmp_path / "orders.csv"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The path of its results."""
    return tmp_path / "orders.csv.results.jsonl"
