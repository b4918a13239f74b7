"""What a record says about where it comes from. Nothing that names the machine."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import ROOT


def machine() -> dict[str, str]:
    """What decides about times."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def today() -> str:
    """The day, in UTC."""
    return datetime.now(UTC).date().isoformat()


def commit() -> str:
    """The commit that is measured, with a + if there is more in the checkout."""
    try:
        number = _git("rev-parse", "--short=12", "HEAD")
        return number + ("+" if _git("status", "--porcelain", "--", "autoenhance", "generated", "benchmarks") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor() or "an unknown CPU"
