"""What is public is exactly what is meant to be, and importing it is light."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import autoenhance
import autoenhance_api
from autoenhance import _version, errors

PACKAGE = Path(autoenhance.__file__).parent


def test_all_is_sorted_and_is_exactly_what_is_there() -> None:
    """Each name in __all__ can be had, and each public name that can be had is in __all__ (submodules apart)."""
    assert autoenhance.__all__ == sorted(autoenhance.__all__)
    for name in autoenhance.__all__:
        assert getattr(autoenhance, name) is not None
    submodules = {path.stem for path in PACKAGE.iterdir()} | {"TYPE_CHECKING", "annotations"}
    public = {name for name in dir(autoenhance) if not name.startswith("_")} - submodules
    assert public | {"bulk", "errors", "models", "__version__"} == set(autoenhance.__all__)
    assert "sandbox" not in autoenhance.__all__


def test_every_error_is_public_at_the_top() -> None:
    """`autoenhance.NotFoundError` needs no second import."""
    assert set(errors.__all__) <= set(autoenhance.__all__)
    assert all(getattr(autoenhance, name) is getattr(errors, name) for name in errors.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A typo gets Python's own kind of answer."""
    with pytest.raises(AttributeError, match="module 'autoenhance' has no attribute 'Autoenhence'"):
        _ = autoenhance.Autoenhence  # type: ignore[attr-defined]  # the mistake to catch


def test_an_error_within_a_module_that_is_imported_late_is_shown_as_it_is() -> None:
    """Python takes an AttributeError there for the word that there is no such name, and would hide where it came from."""
    code = "import sys, types; sys.modules['httpx'] = types.ModuleType('httpx'); from autoenhance import Autoenhance"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "AttributeError: module 'httpx' has no attribute" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "ImportError: autoenhance._client cannot be imported: module 'httpx' has no attribute"
    )


def test_the_version_is_stated_once() -> None:
    """The package, the distribution and the User-Agent have one version."""
    from importlib.metadata import version

    assert autoenhance.__version__ == _version.__version__ == version("autoenhance-orders")


def test_importing_autoenhance_imports_nothing_that_it_may_not_need() -> None:
    """No httpx, no models, no asyncio until something is asked for."""
    code = "import sys; before = set(sys.modules); import autoenhance; print(*sorted(set(sys.modules) - before))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {name for name in said.split() if not name.startswith("_")} <= {"autoenhance", "typing"} | STANDARD


STANDARD = {"collections.abc", "contextlib", "copyreg", "functools", "keyword", "operator", "re", "reprlib", "types"} | {
    "re._casefix", "re._compiler", "re._constants", "re._parser", "collections", "enum", "warnings", "itertools", "typing.io",
    "typing.re",
}  # fmt: skip


def test_generated_code_imports_nothing_of_ours() -> None:
    """autoenhance_api stands on its own."""
    for path in Path(autoenhance_api.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        assert "import autoenhance\n" not in text
        assert "from autoenhance " not in text
        assert "from autoenhance." not in text


def test_imports_run_downwards_only() -> None:
    """The modules are layers; each imports only what is below it."""
    layers = [
        *(
            "_version",
            "errors",
            "_settings",
            "_params",
            "_edit",
            "_retry",
            "models",
            "_response",
            "_outcome",
            "_transport_errors",
        ),
        *("_network", "_deadline", "_sender", "_transport", "_request", "_call", "_attempt", "_base_client"),
        *(
            "_bulk/limits",
            "_bulk/typevars",
            "_bulk/types",
            "_bulk/job",
            "_bulk/rate_limiter",
            "_bulk/scheduler",
            "_bulk/threads",
            "_bulk/tasks",
            "bulk",
        ),
        *("_async_client", "_client"),
    ]
    modules = [*PACKAGE.glob("*.py"), *PACKAGE.glob("_bulk/*.py")]
    assert {str(path.relative_to(PACKAGE).with_suffix("")) for path in modules} - {"__init__", "_bulk/__init__"} == {
        *layers
    }
    for position, name in enumerate(layers):
        text = (PACKAGE / f"{name}.py").read_text("utf-8")
        for above in (layer.replace("/", ".") for layer in layers[position:]):
            assert f"autoenhance.{above} " not in text, f"{name} imports {above}"
            assert f"from autoenhance import {above}" not in text, f"{name} imports {above}"


def test_the_commands_imports_run_downwards_only() -> None:
    """Its modules are layers too, and nothing below them knows of them."""
    layers = [
        *(
            "_text",
            "_values",
            "_error_messages",
            "_console",
            "_options",
            "_arguments",
            "_api_key",
            "_service",
            "_order_table",
            "_curl",
            "_header",
            "_edit",
        ),
        *(
            "_source",
            "_csv_rows",
            "_json_lines",
            "_workbook",
            "_rows",
            "_table",
            "_record",
            "_lock",
            "_results_file",
            "_results_table",
        ),
        *("_signals", "_progress", "_progress_display", "_report", "_bulk", "_app", "_run"),
    ]
    assert {path.stem for path in (PACKAGE / "cli").glob("*.py")} == {"__init__", *layers}
    for position, name in enumerate(layers):
        text = (PACKAGE / f"cli/{name}.py").read_text("utf-8")
        for above in layers[position:]:
            assert f"autoenhance.cli.{above} " not in text, f"{name} imports {above}"
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "cli":
            assert "autoenhance.cli" not in path.read_text("utf-8"), f"{path.name} imports the command"


def test_the_modules_stay_small() -> None:
    """A newcomer reads the facade in half an hour."""
    for path in PACKAGE.rglob("*.py"):
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= 300, f"{path.name} has {lines} lines"


def test_the_typed_packages_say_so() -> None:
    """Both packages carry py.typed."""
    for name in ("autoenhance", "autoenhance_api"):
        assert (Path(str(importlib.import_module(name).__file__)).parent / "py.typed").exists()
