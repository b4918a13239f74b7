"""The public names, their types, and which module may import which."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import textwrap
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from type_hints import annotated, unresolved, with_methods

import autoenhance
import autoenhance_api
from autoenhance import errors
from autoenhance_api import models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheels import Installed

PACKAGE = Path(autoenhance.__file__).parent
ROOT = Path(__file__).parents[2]
PUBLIC = ("autoenhance", "autoenhance.bulk", "autoenhance.errors", "autoenhance.models", "autoenhance_api.models")


# --- Names ---


def test_all_lists_the_public_names() -> None:
    """Sorted, and each can be imported; submodules apart, there are no others."""
    assert autoenhance.__all__ == sorted(autoenhance.__all__)
    assert None not in [getattr(autoenhance, name) for name in autoenhance.__all__]
    submodules = {path.stem for path in PACKAGE.iterdir()} | {"TYPE_CHECKING", "annotations"}
    public = {name for name in dir(autoenhance) if not name.startswith("_")} - submodules
    assert public | {"bulk", "errors", "models", "__version__"} == set(autoenhance.__all__)
    assert all(getattr(autoenhance, name) is getattr(errors, name) for name in errors.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Python's own."""
    with pytest.raises(AttributeError, match="module 'autoenhance' has no attribute 'Autoenhence'"):
        _ = autoenhance.Autoenhence  # type: ignore[attr-defined]  # the mistake to catch


def test_an_error_within_a_lazily_imported_module_is_shown() -> None:
    """As an ImportError: Python would take an AttributeError for an unknown name, and hide its cause."""
    code = "import sys, types; sys.modules['httpx'] = types.ModuleType('httpx'); from autoenhance import Autoenhance"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "AttributeError: module 'httpx' has no attribute" in done.stderr
    error = "ImportError: autoenhance._client cannot be imported: module 'httpx' has no attribute"
    assert done.stderr.splitlines()[-1].startswith(error)


def test_the_version_is_that_of_the_distribution() -> None:
    assert autoenhance.__version__ == version("autoenhance-orders")


# --- Imports ---


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, also for type checkers only; an imported name counts as one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_modules_are_layers() -> None:
    """Each imports only those above it in docs/architecture.md, and none imports the command or the sandbox."""
    page = (ROOT / "docs/architecture.md").read_text("utf-8").partition("## The sandbox")[0]
    rows = re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE)
    layers = [f"autoenhance.{name.replace('/', '.')}" for row in rows for name in re.findall(r"`([\w/]*\w)`", row)]
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    imported = {".".join(path.relative_to(ROOT).with_suffix("").parts): {*imports(path)} for path in paths}
    of_the_sandbox = {name for name in imported if name.startswith("autoenhance.sandbox.")}
    assert sorted(layers) == sorted(imported.keys() - of_the_sandbox)
    for number, name in enumerate(layers):
        allowed = of_the_sandbox if name.startswith("autoenhance.cli.") else set()
        assert imported[name] & imported.keys() <= {*layers[:number], *allowed}, name
    TopologicalSorter({name: imported[name] for name in of_the_sandbox}).prepare()
    assert not [name for each in of_the_sandbox for name in imported[each] if name.startswith("autoenhance.cli")]


def test_generated_code_is_independent() -> None:
    """autoenhance_api does not import autoenhance."""
    imported = {name for path in Path(autoenhance_api.__file__).parent.rglob("*.py") for name in imports(path)}
    assert "httpx" in imported
    assert "autoenhance" not in {name.partition(".")[0] for name in imported}


def test_modules_are_small() -> None:
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: count for name, count in lines.items() if count > 300} == {}


# --- Type hints ---


def test_type_hints_of_the_generated_package_are_resolved() -> None:
    """Of models and their methods, enums, types, clients, errors and the functions of the endpoint."""
    assert unresolved(autoenhance_api) == []
    names = {name.rpartition(".")[2] for name in annotated(autoenhance_api)}
    assert {*models.__all__, *autoenhance_api.__all__, "Response", "sync_detailed", "from_dict", "__init__"} <= names


@pytest.mark.parametrize("name", ["autoenhance", "autoenhance.errors", "autoenhance.bulk", "autoenhance.sandbox"])
def test_type_hints_of_public_names_are_resolved(name: str) -> None:
    """Of classes with their methods, and functions."""
    module = importlib.import_module(name)
    values = dict(pair for public in module.__all__ for pair in with_methods(public, getattr(module, public)))
    assert unresolved({name: value for name, value in values.items() if not re.search(r"\._(?!_init__)", name)}) == []
    assert len(values) > len(module.__all__)


# --- Type checkers ---

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAMPLE = re.compile(r"lang: Python\n.*\n +source: \|\n((?: {12}.*\n|\n)+)")
SIGNATURES = "tests/typing/public_signatures.py"
# With errors of types and imports: an argument of another type, and a module of the checkout.
WRONG = "# A page\n\n```python\nfrom autoenhance import edit_order\n\nedit_order(7, name='a')\nimport wheels\n```\n"


class Code(NamedTuple):
    """Code of a page, and the number of lines before it."""

    page: str
    line: int
    text: str


def blocks(page: str, text: str, pattern: re.Pattern[str] = BLOCK) -> Iterator[Code]:
    """The Python blocks of a page, each of which is complete."""
    for block in pattern.finditer(text):
        yield Code(page, text.count("\n", 0, block.start(1)), textwrap.dedent(block[1]))


def callers_code() -> Iterator[Code]:
    """The Python blocks of the README, docs/ and the contract, the examples, the public signatures, and an import of each
    public name."""
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        yield from blocks(str(page.relative_to(ROOT)), page.read_text("utf-8"))
    yield from blocks("openapi/spec.yaml", (ROOT / "openapi/spec.yaml").read_text("utf-8"), SAMPLE)
    for file in (*(ROOT / "examples").glob("*.py"), ROOT / SIGNATURES):
        if file.name != "edit_on_dask.py":  # distributed has a py.typed marker, and functions without types
            yield Code(str(file.relative_to(ROOT)), 0, file.read_text("utf-8"))
    for module in PUBLIC:
        names = importlib.import_module(module).__all__
        yield Code(module, 0, "".join(f"from {module} import {name}\n" for name in names))


def type_errors(tool: str, codes: list[Code], installed: Installed, folder: Path) -> list[str]:
    """The errors of a type checker outside the checkout, each with the page and its line."""
    # Without a configuration, pyright looks for one in the folders above.
    (folder / "pyrightconfig.json").write_text("{}", "utf-8")
    pages = {}
    for number, code in enumerate(codes):
        file = folder / f"code_{number}.py"
        file.write_text("\n" * code.line + code.text, "utf-8")
        pages[file.name] = code.page
    options = {
        "mypy": ["--strict", "--config-file=", "--no-error-summary", "--hide-error-context", "--python-executable"],
        "pyright": ["--warnings", "--pythonpath"],
    }[tool]
    command = [sys.executable, "-m", tool, *options, str(installed.python), *pages]
    ran = subprocess.run(command, cwd=folder, env=installed.environ, capture_output=True, text=True, check=False)
    messages = re.findall(r"^(?: *|.*/)(code_\d+\.py):(\d+)(:.*)$", ran.stdout, re.MULTILINE)
    assert messages, ran.stdout + ran.stderr
    return [f"{pages[file]}:{line}{message}" for file, line, message in messages if "note:" not in message]


@pytest.mark.tools
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_callers_code_has_no_type_errors(tool: str, installed: Installed, tmp_path: Path) -> None:
    """With the installed wheel; and errors are found."""
    codes = list(callers_code())
    expected = {"README.md", "docs/bulk.md", "openapi/spec.yaml", "examples/generated_only.py", SIGNATURES, *PUBLIC}
    assert expected <= {code.page for code in codes}
    found = type_errors(tool, [*codes, *blocks("docs/wrong.md", WRONG)], installed, tmp_path)
    assert [line.split(":")[:2] for line in found] == [["docs/wrong.md", "6"], ["docs/wrong.md", "7"]], found
