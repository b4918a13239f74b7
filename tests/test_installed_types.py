"""What callers write type-checks on the installed wheel, with mypy --strict and pyright, without the checkout."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheels import Installed

# The wheel is built and installed (4 s), and each tool is run twice (2 to 10 s).
pytestmark = [pytest.mark.tools, pytest.mark.slow]

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAMPLE = re.compile(r"lang: Python\n.*\n +source: \|\n((?: {12}.*\n|\n)+)")
# distributed says that it is typed, and its functions are not.
NOT_STRICT = {"edit_on_dask.py"}
SIGNATURES = "tests/typing/public_signatures.py"
PUBLIC = ("autoenhance", "autoenhance.bulk", "autoenhance.errors", "autoenhance.models", "autoenhance_api.models")

each_tool = pytest.mark.parametrize("tool", ["mypy", "pyright"])


class Code(NamedTuple):
    """Code that stands by itself, from a page and the line before it."""

    page: str
    line: int
    text: str


def blocks(page: str, text: str, pattern: re.Pattern[str] = BLOCK) -> Iterator[Code]:
    """The Python blocks of a page. A reader pastes one of them, so each stands by itself."""
    for found in pattern.finditer(text):
        yield Code(page, text.count("\n", 0, found.start(1)), textwrap.dedent(found[1]))


def documented() -> list[Code]:
    """Every Python block of the README and docs/, the contract's code sample, and the examples."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    shown = [block for page in pages for block in blocks(str(page.relative_to(ROOT)), page.read_text("utf-8"))]
    sample = blocks("openapi/spec.yaml", (ROOT / "openapi/spec.yaml").read_text("utf-8"), SAMPLE)
    examples = [file for file in sorted((ROOT / "examples").glob("*.py")) if file.name not in NOT_STRICT]
    return [*shown, *sample, *(Code(f"examples/{file.name}", 0, file.read_text("utf-8")) for file in examples)]


def imports() -> list[Code]:
    """For each public module, an import of each name in its `__all__`."""
    names = {module: importlib.import_module(module).__all__ for module in PUBLIC}
    return [Code(module, 0, "".join(f"from {module} import {name}\n" for name in names[module])) for module in names]


def problems(tool: str, codes: list[Code], installed: Installed, folder: Path) -> list[str]:
    """What a type checker says of code outside the checkout, each with the page and its line."""
    # Without a configuration of its own, pyright looks for one in the folders above.
    (folder / "pyrightconfig.json").write_text("{}", "utf-8")
    pages = {}
    for number, code in enumerate(codes):
        file = folder / f"code_{number}.py"
        file.write_text("\n" * code.line + code.text, "utf-8")
        pages[file.name] = code.page
    cache = installed.folder / "mypy_cache"
    options = {
        "mypy": ["--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary", "--python-executable"],
        "pyright": ["--warnings", "--pythonpath"],
    }[tool]
    command = [sys.executable, "-m", tool, *options, str(installed.python), *pages]
    ran = subprocess.run(command, cwd=folder, env=installed.environ, capture_output=True, text=True, check=False)
    found = [
        f"{pages[match[1]]}:{match[2]}"
        for match in re.finditer(r"^(?: *|.*/)(code_\d+\.py):(\d+:.*)$", ran.stdout, re.MULTILINE)
    ]
    assert (ran.returncode != 0) == bool(found), ran.stdout + ran.stderr
    return found


@each_tool
def test_what_callers_write_type_checks(tool: str, installed: Installed, tmp_path: Path) -> None:
    """Every documented block as it is pasted, every public name as it is imported, and the pinned signatures."""
    codes = documented() + imports() + [Code(SIGNATURES, 0, (ROOT / SIGNATURES).read_text("utf-8"))]
    pages = {code.page for code in codes}
    assert {"README.md", "docs/bulk.md", "openapi/spec.yaml", "examples/generated_only.py", *PUBLIC} <= pages
    assert problems(tool, codes, installed, tmp_path) == []


@each_tool
def test_a_type_error_is_reported_with_page_and_line(tool: str, installed: Installed, tmp_path: Path) -> None:
    """An error in a block is found where it stands in the page, and so is a name that only the checkout has."""
    page = "# A page\n\n```python\nfrom autoenhance import edit_order\n\nedit_order(7, name='a')\nimport wheels\n```\n"
    found = problems(tool, list(blocks("docs/page.md", page)), installed, tmp_path)
    assert [re.match(r"docs/page\.md:\d+", line)[0] for line in found if "note:" not in line] == [  # type: ignore[index]
        "docs/page.md:6",
        "docs/page.md:7",
    ]
