"""What is public is exactly what is meant to be, and what may import what."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import autoenhance
import autoenhance_api
from autoenhance import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(autoenhance.__file__).parent


def test_all_is_sorted_and_is_exactly_what_is_there() -> None:
    """Each name in __all__ can be had, and each public name that can be had is in __all__ (submodules apart)."""
    assert autoenhance.__all__ == sorted(autoenhance.__all__)
    for name in autoenhance.__all__:
        assert getattr(autoenhance, name) is not None
    submodules = {path.stem for path in PACKAGE.iterdir()} | {"TYPE_CHECKING", "annotations"}
    public = {name for name in dir(autoenhance) if not name.startswith("_")} - submodules
    assert public | {"bulk", "errors", "models", "__version__"} == set(autoenhance.__all__)


def test_every_error_is_public_at_the_top() -> None:
    """`autoenhance.NotFoundError` needs no second import."""
    assert all(getattr(autoenhance, name) is getattr(errors, name) for name in errors.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typo gets Python's own error."""
    with pytest.raises(AttributeError, match="module 'autoenhance' has no attribute 'Autoenhence'"):
        _ = autoenhance.Autoenhence  # type: ignore[attr-defined]  # the mistake to catch


def test_an_error_within_a_module_that_is_imported_late_is_shown_as_it_is() -> None:
    """Python takes an AttributeError there to mean that there is no such name, and would hide where it came from."""
    code = "import sys, types; sys.modules['httpx'] = types.ModuleType('httpx'); from autoenhance import Autoenhance"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "AttributeError: module 'httpx' has no attribute" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "ImportError: autoenhance._client cannot be imported: module 'httpx' has no attribute"
    )


def test_the_version_is_stated_once() -> None:
    """The package and the distribution have one version."""
    assert autoenhance.__version__ == version("autoenhance-orders")


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports anywhere in it, also for type checkers only; without the names of those."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_modules_are_layers() -> None:
    """Each imports only what is above it in docs/architecture.md, and nothing imports the command or the sandbox."""
    page = (PACKAGE.parent / "docs/architecture.md").read_text("utf-8").partition("## The sandbox")[0]
    rows = re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE)
    layers = [f"autoenhance.{name.replace('/', '.')}" for row in rows for name in re.findall(r"`([\w/]*\w)`", row)]
    files = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }
    of_the_sandbox = {name for name in files if name.startswith("autoenhance.sandbox.")}
    assert sorted(layers) == sorted(files.keys() - of_the_sandbox)
    for number, name in enumerate(layers):
        ours = {module for module in imports(files[name]) if module in files}
        allowed = of_the_sandbox if name.startswith("autoenhance.cli.") else set()
        assert ours <= {*layers[:number], *allowed}, name
    TopologicalSorter({name: set(imports(files[name])) for name in of_the_sandbox}).prepare()
    outside = {
        module for name in of_the_sandbox for module in imports(files[name]) if module.startswith("autoenhance.cli")
    }
    assert not outside


def test_generated_code_imports_nothing_of_ours() -> None:
    """autoenhance_api stands on its own."""
    imported = {name for path in Path(autoenhance_api.__file__).parent.rglob("*.py") for name in imports(path)}
    assert "httpx" in imported
    assert "autoenhance" not in {name.partition(".")[0] for name in imported}


def test_the_modules_stay_small() -> None:
    """A newcomer reads the facade in half an hour."""
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: count for name, count in lines.items() if count > 300} == {}
