"""The types of what is public: type checkers accept what callers write, and typing.get_type_hints resolves each."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import subprocess
import sys
import textwrap
import typing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from type_hints import annotated, unresolved, with_methods

import autoenhance_api
from autoenhance_api import models
from autoenhance_api.api.orders import edit_order
from autoenhance_api.types import Response, Unset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheels import Installed

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAMPLE = re.compile(r"lang: Python\n.*\n +source: \|\n((?: {12}.*\n|\n)+)")
# distributed says that it is typed, and its functions are not.
NOT_STRICT = {"edit_on_dask.py"}
SIGNATURES = "tests/typing/public_signatures.py"
PUBLIC = ("autoenhance", "autoenhance.bulk", "autoenhance.errors", "autoenhance.models", "autoenhance_api.models")
# What a type checker must find: an argument of another type, and a module that only the checkout has.
WRONG = "# A page\n\n```python\nfrom autoenhance import edit_order\n\nedit_order(7, name='a')\nimport wheels\n```\n"


class Code(NamedTuple):
    """Code that stands by itself, from a page and the line before it."""

    page: str
    line: int
    text: str


def blocks(page: str, text: str, pattern: re.Pattern[str] = BLOCK) -> Iterator[Code]:
    """The Python blocks of a page. A reader pastes one of them, so each stands by itself."""
    for found in pattern.finditer(text):
        yield Code(page, text.count("\n", 0, found.start(1)), textwrap.dedent(found[1]))


def written() -> Iterator[Code]:
    """Each Python block of the README and docs/, the contract's code sample, the examples, and the pinned signatures;
    and for each public module, an import of each name in its `__all__`."""
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        yield from blocks(str(page.relative_to(ROOT)), page.read_text("utf-8"))
    yield from blocks("openapi/spec.yaml", (ROOT / "openapi/spec.yaml").read_text("utf-8"), SAMPLE)
    for file in (*(ROOT / "examples").glob("*.py"), ROOT / SIGNATURES):
        if file.name not in NOT_STRICT:
            yield Code(str(file.relative_to(ROOT)), 0, file.read_text("utf-8"))
    for module in PUBLIC:
        names = importlib.import_module(module).__all__
        yield Code(module, 0, "".join(f"from {module} import {name}\n" for name in names))


def problems(tool: str, codes: list[Code], installed: Installed, folder: Path) -> list[str]:
    """What a type checker says of code outside the checkout, each with the page and its line."""
    # Without a configuration of its own, pyright looks for one in the folders above.
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
    found = re.findall(r"^(?: *|.*/)(code_\d+\.py):(\d+)(:.*)$", ran.stdout, re.MULTILINE)
    assert found, ran.stdout + ran.stderr
    return [f"{pages[file]}:{line}{message}" for file, line, message in found if "note:" not in message]


# The wheel is built and installed (4 s), and each tool runs for up to 10 s.
@pytest.mark.tools
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_what_callers_write_type_checks(tool: str, installed: Installed, tmp_path: Path) -> None:
    """On the installed wheel, without the checkout; errors are only reported of a page that has some."""
    codes = list(written())
    pages = {code.page for code in codes}
    assert {
        "README.md",
        "docs/bulk.md",
        "openapi/spec.yaml",
        "examples/generated_only.py",
        SIGNATURES,
        *PUBLIC,
    } <= pages
    found = problems(tool, [*codes, *blocks("docs/wrong.md", WRONG)], installed, tmp_path)
    assert len(found) == 2, found
    assert [line.startswith(f"docs/wrong.md:{number}:") for line, number in zip(found, (6, 7), strict=True)], found


def test_every_annotation_of_the_generated_package_can_be_resolved() -> None:
    """Models and their methods, enums, types, clients, errors and the functions of the endpoint."""
    assert unresolved(autoenhance_api) == []
    names = {name.rpartition(".")[2] for name in annotated(autoenhance_api)}
    assert {*models.__all__, *autoenhance_api.__all__, "Response", "sync_detailed", "from_dict", "__init__"} <= names


@pytest.mark.parametrize("name", ["autoenhance", "autoenhance.errors", "autoenhance.bulk", "autoenhance.sandbox"])
def test_every_annotation_of_what_is_public_can_be_resolved(name: str) -> None:
    """Clients and their methods, functions, results, errors, the sandbox."""
    module = importlib.import_module(name)
    found = dict(pair for public in module.__all__ for pair in with_methods(public, getattr(module, public)))
    assert unresolved({name: value for name, value in found.items() if not re.search(r"\._(?!_init__)", name)}) == []
    assert len(found) > len(module.__all__)


@pytest.mark.parametrize("name", ["sync_detailed", "asyncio_detailed"])
def test_the_annotations_of_an_endpoint_are_the_classes_themselves(name: str) -> None:
    """The client, the models of every response, and the body."""
    hints = typing.get_type_hints(getattr(edit_order, name))
    assert typing.get_origin(hints["return"]) is Response
    (parsed,) = typing.get_args(hints["return"])
    assert {models.ErrorBody, models.Order, models.ValidationErrorBody} <= {*typing.get_args(parsed)}
    assert hints["client"] == autoenhance_api.AuthenticatedClient | autoenhance_api.Client
    assert hints["body"] == models.OrderUpdate | Unset


def test_the_annotations_of_a_model_are_the_classes_themselves() -> None:
    """By the class, and by its __init__, which attrs makes before the other models are imported."""
    for annotated_by in (models.Order, models.Order.__init__):
        hints = typing.get_type_hints(annotated_by)
        assert hints["images"] == list[models.Image] | None | Unset
        assert hints["created_at"] == dt.datetime | None | Unset
