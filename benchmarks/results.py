"""What one run measured, as results.json keeps it. Nothing in it names the machine."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import ROOT

# By metric and peer: a value for each round, in the order of the rounds.
Measurements = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Results:
    """The measurements of one run, and what they depend on."""

    date: str
    commit: str
    machine: dict[str, str]
    packages: dict[str, dict[str, str]]
    """The versions in each environment."""
    measurements: Measurements

    def values(self, metric: str, peer: str) -> list[float]:
        """What was measured of one peer, empty if nothing was."""
        return self.measurements.get(metric, {}).get(peer, [])


def to_json(results: Results) -> str:
    """Results as JSON, with each list on one line."""
    text = json.dumps(asdict(results), indent=1)
    return re.sub(r"\[[^\]]*\]", lambda match: " ".join(match[0].split()), text) + "\n"


def from_json(text: str) -> Results:
    """Results from what `to_json` made."""
    return Results(**json.loads(text))


def machine() -> dict[str, str]:
    """What times depend on."""
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", cpuinfo.read_text("utf-8")) if cpuinfo.exists() else []
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": f"{os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"Python {platform.python_version()}",
    }


def today() -> str:
    """The day, in UTC."""
    return datetime.now(UTC).date().isoformat()


def commit() -> str:
    """The commit that is measured, with a + if the checkout has changes."""
    number = _git("rev-parse", "--short=12", "HEAD") or "unknown"
    return number + ("+" if _git("status", "--porcelain", "--", "autoenhance", "generated", "benchmarks/*.py") else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S607
    return done.stdout.strip()
