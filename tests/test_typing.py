"""mypy --strict and pyright find nothing, in the facade, the generated package and the pinned signatures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent
CHECKED = ["autoenhance", "generated/autoenhance_api", "tests/typing/public_signatures.py"]


def check(tool: str, *arguments: str) -> str:
    command = [sys.executable, "-m", tool, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_mypy_strict_finds_nothing() -> None:
    """The pinned signatures hold, and every ignore in them is needed."""
    said = check("mypy", "--strict", "--warn-unused-ignores", *CHECKED)
    assert said.startswith("Success: no issues found in"), said


@pytest.mark.slow
def test_pyright_finds_nothing() -> None:
    """The other type checker agrees."""
    said = check("pyright", "--warnings", "--pythonpath", sys.executable, *CHECKED)
    assert "0 errors, 0 warnings" in said, said


def test_a_changed_signature_would_be_noticed(tmp_path: Path) -> None:
    """The pins bite: a client whose edit_order takes `title` for `name` does not pass."""
    pinned = (ROOT / CHECKED[-1]).read_text("utf-8")
    changed = tmp_path / "changed.py"
    changed.write_text(
        pinned.replace('edit_order("id", name="a", new_order_id', 'edit_order("id", title="a", new_order_id')
    )
    assert "changed.py" in check("mypy", "--strict", str(changed))
