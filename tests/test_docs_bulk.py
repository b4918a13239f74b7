"""docs/bulk.md says what the command and the library do."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
import typer

from autoenhance.cli import main
from autoenhance.cli._app import app

if TYPE_CHECKING:
    from autoenhance.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/bulk.md").read_text("utf-8")
(TABLE,) = re.findall(r"^\| Order ID \|.*\n(?:\|.*\n)+", TEXT, re.MULTILINE)
BROKEN = "order_id,name\nharbour-view-7,a\n,b\nc,#N/A\nharbour-view-7,e\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Path:
    """A folder with the page's tables, and the sandbox in the place of the service."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if "---" not in line]
    workbook = openpyxl.Workbook()
    workbook.active.title = "Renames"
    for row in rows:
        workbook.active.append(row)
    workbook.save("renames.xlsx")
    Path("broken.csv").write_text(BROKEN, "utf-8")
    sandbox.add_orders(order_id for order_id, *_ in rows[1:])
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: block.splitlines()[0])
def test_a_command_shows_what_the_page_shows(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    """To the letter, standard output first."""
    command, _, shown = block.partition("\n")
    name, *arguments = shlex.split(command.removeprefix("$ "))
    assert name == "autoenhance"
    main(arguments)
    said = capsys.readouterr()
    assert said.out + said.err == shown


def test_the_results_are_as_the_page_shows_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same keys in the same order, and the same values but for times."""
    assert main(["edit-orders", "renames.xlsx"]) == 0, capsys.readouterr().err
    lines = (folder / "renames.xlsx.results.jsonl").read_text("utf-8").splitlines()
    (found,) = (record for record in map(json.loads, lines) if record["order_id"] == "harbour-view-7")
    (shown,) = map(json.loads, blocks("json"))
    assert list(found) == list(shown)
    differ = {key for key, value in found.items() if value != shown[key]}
    assert differ <= {"seconds", "finished_at", "service"}


def test_jq_lists_what_failed_at_last(folder: Path, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Not what failed before it succeeded."""
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    (program,) = re.findall(r"^    (jq .*)$", TEXT, re.MULTILINE)
    results = folder / "renames.xlsx.results.jsonl"
    sandbox.answer_next(422, headers={"content-type": "application/json"}, body=b"{}")
    assert main(["edit-orders", "renames.xlsx", "--concurrency", "1"]) == 1, capsys.readouterr().err
    listed = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)  # noqa: S607
    assert re.fullmatch(r"harbour-view-7\t.*422.*\n", listed.stdout)
    assert main(["edit-orders", "renames.xlsx"]) == 0, capsys.readouterr().err
    assert results.read_text("utf-8").count("failed") == 1
    listed = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)  # noqa: S607
    assert listed.stdout == ""


def test_the_example_in_python_does_what_it_says(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One order is edited and the other is not there."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    (block,) = blocks("python")
    exec(compile(block, "bulk.md", "exec"), {"__name__": "page"})  # noqa: S102  # our own page
    first, second = sorted(capsys.readouterr().out.splitlines())
    assert first == "harbour-view-7 is now 12 Acacia Avenue"
    assert second.startswith("nope failed: The service refused to edit order 'nope' (404 Not Found).")


def test_every_option_on_the_page_is_one() -> None:
    """Of the command that edits, or of the sandbox."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {name for command in commands.values() for parameter in command.params for name in parameter.opts}
    on_page = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT))
    assert on_page
    assert on_page <= known


def test_every_picture_and_link_is_there() -> None:
    """Nothing that the page points to is missing."""
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists()
