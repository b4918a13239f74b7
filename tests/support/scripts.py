"""Python code that a test runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys


def run_script(code: str, *arguments: str) -> str:
    """What it prints; it succeeds without a word on stderr, and warnings are errors."""
    # asyncio's debug mode tells of what is slow, which is of no interest here.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"}
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout
