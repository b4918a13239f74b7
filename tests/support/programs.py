"""Programs that tests run, where they are installed."""

from __future__ import annotations

import os
import shutil

import pytest


def program(*names: str) -> str:
    """Where a program is that has one of these names; without it the test is skipped."""
    # A server is where only root's PATH leads.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = next(filter(None, (shutil.which(name, path=path) for name in names)), None)
    return found or pytest.skip(f"{names[0]} is not installed")
