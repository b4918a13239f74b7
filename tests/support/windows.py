"""Skips on Windows what needs POSIX, with its reason; `--as-on-windows` does so elsewhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[1]
# Folders of which no module can be imported, or hardly a test can run.
FOLDERS = {
    "cli": "terminals, signals, file modes and shells",
    "real": "nginx and tinyproxy",
    "regenerate": "bash scripts",
    "review": "bash scripts",
    "scripts": "terminals and signals",
}
ABSENT = ("grp", "pty", "pwd", "resource", "termios")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--as-on-windows", action="store_true", default=os.name == "nt", help="skip what needs POSIX")


def pytest_configure(config: pytest.Config) -> None:
    """Let an import of a module that Windows does not have fail."""
    if config.getoption("--as-on-windows"):
        for name in ABSENT:
            sys.modules[name] = None  # type: ignore[assignment]  # what import takes for a module that is not there


class Skipped(pytest.File):
    """A module that is not imported."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one test, which is skipped."""
        yield SkippedItem.from_parent(self, name=self.path.stem)


class SkippedItem(pytest.Item):
    """The tests of a module."""

    def runtest(self) -> None:
        """Skip them."""
        pytest.skip(f"{self.path.name} needs POSIX: {FOLDERS[self.path.relative_to(TESTS).parts[0]]}")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Leave out the modules of the folders above."""
    is_left_out = module_path.is_relative_to(TESTS) and module_path.relative_to(TESTS).parts[0] in FOLDERS
    return (
        Skipped.from_parent(parent, path=module_path)
        if is_left_out and parent.config.getoption("--as-on-windows")
        else None
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests marked `posix` or `tools`."""
    if not config.getoption("--as-on-windows"):
        return
    for item in items:
        for marker in item.iter_markers("posix"):
            item.add_marker(pytest.mark.skip(reason=f"needs POSIX: {marker.args[0]}"))
        if item.get_closest_marker("tools"):
            item.add_marker(pytest.mark.skip(reason="needs POSIX: the development tools run in bash"))
