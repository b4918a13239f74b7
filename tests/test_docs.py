"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

import autoenhance
from autoenhance.cli import main

if TYPE_CHECKING:
    from autoenhance.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a block of the README, with the sandbox in the place of the service."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    sandbox.add_order({**(sandbox.order(sandbox.order_ids[0]) or {}), "order_id": "ORDER_ID"})

    def execute(block: str) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "readme"}
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102  # our own README
        return names

    return execute


def test_the_first_example_edits_an_order(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing that a reader tries works as written."""
    run(BLOCKS[0])
    assert capsys.readouterr().out == "12 Acacia Avenue processed\n"
    run(BLOCKS[0].replace("ORDER_ID", "harbour-view-7"))
    assert capsys.readouterr().out == "12 Acacia Avenue waiting\n"


def test_the_second_example_does_what_it_says(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """One call, and the async client with its errors."""
    names = run(BLOCKS[1])
    anyio.run(names["rename"], "nope", "a")
    names = run(BLOCKS[1].replace("name=name", 'extra_body={"name": None}'))
    anyio.run(names["rename"], "ORDER_ID", "a")
    assert capsys.readouterr().out.splitlines() == [
        "front.jpg",
        "There is no order nope.",
        "front.jpg",
        "{'json': {'name': ['Field may not be null.']}}",
    ]


def test_the_third_example_edits_many_orders(run: Any, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of a thousand, and says which it could not edit."""
    sandbox.add_orders(f"order-{number}" for number in range(20))
    run(BLOCKS[2].replace("1000", "21"))
    assert capsys.readouterr().out.startswith("order-20 The service refused to edit order 'order-20' (404 Not Found).")
    assert (sandbox.order("order-7") or {})["name"] == "7 Acacia Avenue"


def test_the_fourth_example_is_a_test_that_passes(run: Any, sandbox: Sandbox) -> None:
    """The fixture is used as users use it."""
    run(BLOCKS[3])["test_rename"](sandbox)
    assert (sandbox.order("harbour-view-7") or {})["name"] == "Harbour View 7a"


def test_every_example_is_run() -> None:
    """A new block needs a new test."""
    assert len(BLOCKS) == 4


def test_the_readme_is_short() -> None:
    """Under 120 lines."""
    assert len(README.splitlines()) < 120


def test_the_demo_shows_what_the_readme_shows() -> None:
    """The table in the README is the demo's own output, but for the time."""
    said = subprocess.run([sys.executable, ROOT / "scripts/demo.py"], capture_output=True, text=True, check=True).stdout
    shown = re.search(r"^    Before:.*?(?=^The client needs)", README, re.MULTILINE | re.DOTALL)
    assert shown
    without_time = re.compile(r"last changed [0-9: -]+ UTC")
    demo = without_time.sub("", said.split("\n", 1)[1]).split()
    assert without_time.sub("", shown[0]).split() == demo


def test_the_command_shows_what_the_readme_shows(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The README's command line, run as it stands, gives the README's table, but for the time of the edit."""
    found = re.search(r"^`autoenhance (edit-order [^`]*)`.*?\n\n(.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    assert found
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert main(shlex.split(found[1])) == 0
    monkeypatch.undo()
    time.tzset()
    shown = textwrap.dedent(found[2]).splitlines()
    said = capsys.readouterr().out.splitlines()
    assert [line for line in shown if "Changed" not in line] == [line for line in said if "Changed" not in line]
    assert [len(line) for line in shown] == [len(line) for line in said]


@pytest.mark.tools
def test_make_lists_its_targets() -> None:
    """`make` alone says what can be done, in 80 columns, and every target that it names is there."""
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    listed = re.findall(r"^  make ([a-z-]+)", said, re.MULTILINE)
    assert {"demo", "test", "check", "regenerate", "check-generated", "record", "sandbox", "clean"} <= set(listed)
    assert max(map(len, said.splitlines())) <= 80


def test_the_changelog_knows_the_version() -> None:
    """A release has its section; before the first there is only what is to come."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    assert "## [Unreleased]" in changelog
    assert not released or released[0] == autoenhance.__version__
