"""`make docs` makes one page that shows the whole contract, in a real browser and without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import chromium, noted
from real_contract import DOCUMENT, OPERATION, SAMPLES, SCHEMAS

from contract import with_since

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

pytestmark = [pytest.mark.tools, pytest.mark.slow]

ROOT = Path(__file__).parent.parent.parent
SPEC = ROOT / "openapi/spec.yaml"


def render(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "contract", "render", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the contract, rendered once."""
    file = tmp_path_factory.mktemp("page") / "new/index.html"
    finished = render("--output", file)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == f"Written: {file}\n"
    return file


def test_the_page_is_one_file_and_reproducible(page: Path, tmp_path: Path) -> None:
    """Nothing lies beside it, no path of this machine is in it, and a second run gives the same bytes."""
    assert list(page.parent.iterdir()) == [page]
    text = page.read_text("utf-8")
    assert str(ROOT) not in text
    assert os.path.commonpath([page, tmp_path]) not in text
    assert render("--output", tmp_path / "index.html").returncode == 0
    assert (tmp_path / "index.html").read_bytes() == page.read_bytes()


def test_an_error_is_one_line_and_the_old_page_stays(tmp_path: Path, page: Path) -> None:
    """Exit 2: for a broken contract with its place, and for a page that cannot be written."""
    spec, output = tmp_path / "spec.yaml", tmp_path / "index.html"
    spec.write_text(SPEC.read_text("utf-8").replace("type: object", "type: thing", 1), "utf-8")
    shutil.copyfile(page, output)
    for arguments, message in (
        (("--spec", spec, "--output", output), r"render: \S+spec\.yaml:\d+: #/components/.+\n"),
        (("--output", output / "index.html"), r"render: \S+index.html: (File exists|Not a directory)\n"),
    ):
        finished = render(*arguments)
        assert (finished.returncode, finished.stdout) == (2, "")
        assert re.fullmatch(message, finished.stderr)
    assert output.read_bytes() == page.read_bytes()


@dataclass(frozen=True)
class View:
    """What a browser showed of a page, the requests that it sent, and the warnings and errors on its console."""

    lines: list[str]
    samples: dict[str, str]
    requests: list[str]
    console: list[str]

    def between(self, begin: str, end: str) -> list[str]:
        """The lines from one heading to another."""
        return self.lines[self.lines.index(begin) : self.lines.index(end)]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A Chromium with an empty profile, which notes each request and each word on its console."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def open_page(browser: Chrome, page: Path) -> View:
    """Open a page, wait until nothing more appears, and choose one sample after another."""
    # The browser's first page loads things from within the browser: those are not the page's.
    browser.get("about:blank")
    noted(browser)
    browser.get(page.as_uri())
    text = ""
    deadline = time.monotonic() + 30
    # Fields that are nested unfold one level after the other.
    while "images[]." not in text or text != (text := shown(browser)):
        assert time.monotonic() < deadline, text
        text = shown(browser)
    samples = {label: choose(browser, label) for label in SAMPLES}
    return View(text.splitlines(), samples, *noted(browser))


def shown(browser: Chrome) -> str:
    """The text that can be seen; what is in the page and hidden is not in it."""
    text: str = browser.find_element("css selector", "body").text
    return text


def choose(browser: Chrome, label: str) -> str:
    """Choose a sample from the menu, and give the text that is shown then."""
    menu = browser.find_element("xpath", f"//button[@aria-haspopup='menu'][{' or '.join(map(_says, SAMPLES))}]")
    menu.click()
    browser.find_element("xpath", f"//*[@role='menuitem'][{_says(label)}]").click()
    menu = browser.find_element("xpath", f"//button[@aria-haspopup='menu'][{_says(label)}]")
    text: str = menu.find_element("xpath", "following::pre[1]").text
    return text.rstrip()


def _says(label: str) -> str:
    return f"normalize-space()='{label}'"


@pytest.fixture(scope="module")
def view(browser: Chrome, page: Path) -> View:
    return open_page(browser, page)


def test_the_page_shows_the_operation(view: View) -> None:
    """What it does, its method and path, its parameters, and every status that it responds with."""
    lines = view.between("Request", "Responses")
    description = " ".join(lines[1:3]).removesuffix(f"source: {OPERATION['x-source']}")
    assert OPERATION["description"].replace("`", "").split() == description.split()
    assert {"PATCH", "/v3/orders/{id}", "id", "x-api-version"} <= {*lines}
    assert {*OPERATION["responses"]} <= {*view.lines}
    assert "The order of the images in the response. Since API version 2026-10-01. source: changelog" in lines


def test_the_page_begins_with_the_operation_and_ends_with_the_introduction(view: View) -> None:
    """How the contract came about is for few; the link to the Python reference, which is beside the page, for many."""
    about = DOCUMENT["info"]["description"].split("`")[0].replace("\n", " ").strip()
    (line,) = (number for number, text in enumerate(view.lines) if text.startswith(about))
    assert line > len(view.lines) - 20
    assert view.lines.index("In Python: the reference.") < view.lines.index("Request") < 20


def test_the_page_shows_a_real_example_first(view: View) -> None:
    """Not that of the service's documentation, which has the types' names for values."""
    examples = OPERATION["responses"]["200"]["content"]["application/json"]["examples"]
    shown = view.lines[view.lines.index("Response") :]
    assert next(iter(examples.values()))["summary"] in shown
    assert f'"{examples["renamed"]["value"]["name"]}",' in " ".join(shown)
    assert '"text"' not in " ".join(shown)


def test_the_page_has_the_description_and_sources_of_every_field(view: View) -> None:
    """Each is there once, and a line with its description and its sources comes soon after its name, whatever its type."""
    request, response = view.between("Request", "Responses"), view.between("Responses", "Response")
    places = (("OrderUpdate", request, ""), ("Order", response, ""), ("Image", response, "images[]."))
    for schema, lines, prefix in places:
        for name, field in SCHEMAS[schema]["properties"].items():
            assert lines.count(prefix + name) == 1, f"{schema}.{name}"
            after = lines[lines.index(prefix + name) :][:5]
            description = " ".join(with_since(field)["description"].replace("`", "").split())
            (line,) = (each for each in after if each.startswith(f"{description} source: {field['x-source']}"))
            facts = {key[2:].removesuffix("-source"): value for key, value in field.items() if key.endswith("-source")}
            assert all(f"{key}: {value}" in line for key, value in facts.items()), f"{schema}.{name}"


def test_the_page_shows_the_four_samples(view: View) -> None:
    """As they are in the contract, and as they are tested."""
    assert view.samples == {label: source.rstrip() for label, source in SAMPLES.items()}


def test_the_page_sends_no_requests(view: View, page: Path) -> None:
    """Nothing goes over a network, and the browser's console holds no error and no warning."""
    assert view.requests == [page.as_uri()]
    assert view.console == []


def test_the_policy_of_the_page_blocks_requests(browser: Chrome, page: Path, tmp_path: Path) -> None:
    """The test above sees what it looks for, and the page's own policy keeps the browser from sending it."""
    other, image = tmp_path / "index.html", "http://127.0.0.1:8/a.png"
    other.write_text(page.read_text("utf-8").replace("</body>", f'<img src="{image}"></body>'), "utf-8")
    greedy = open_page(browser, other)
    assert greedy.requests == [other.as_uri(), image]
    assert [message for message in greedy.console if image in message and "Policy" in message]
