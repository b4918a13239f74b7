"""`make docs` makes one page that shows the whole contract, in a real browser and without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from programs import program

import autoenhance_api
from contract import with_since

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome

pytestmark = [pytest.mark.tools, pytest.mark.slow]

ROOT = Path(__file__).parent.parent
SPEC = ROOT / "openapi/spec.yaml"
DOCUMENT: dict[str, Any] = with_since(
    json.loads((Path(autoenhance_api.__file__).parent / "openapi.json").read_text("utf-8"))
)
OPERATION = DOCUMENT["paths"]["/v3/orders/{id}"]["patch"]
SCHEMAS = DOCUMENT["components"]["schemas"]
SAMPLES = {sample["label"]: sample["source"] for sample in OPERATION["x-codeSamples"]}
FLAGS = [
    "--headless=new",
    "--no-sandbox",  # it cannot have one as root, nor where namespaces are forbidden
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,12000",  # the page unfolds what comes into view: here all of it
]


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


def test_the_page_is_one_file_and_the_same_each_time(page: Path, tmp_path: Path) -> None:
    """Nothing lies beside it, no path of this machine is in it, and a second run gives the same bytes."""
    assert list(page.parent.iterdir()) == [page]
    text = page.read_text("utf-8")
    assert str(ROOT) not in text
    assert os.path.commonpath([page, tmp_path]) not in text
    assert render("--output", tmp_path / "index.html").returncode == 0
    assert (tmp_path / "index.html").read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("  title:", "\ttitle:", 1), r"render: \S+spec\.yaml:4:1: is not YAML: .+\n"),
        (lambda text: text.replace("type: object", "type: thing", 1), r"render: \S+spec\.yaml:\d+: #/components/.+\n"),
        (None, r"render: \S+spec\.yaml: cannot be read: No such file or directory\n"),
    ],
)
def test_a_broken_contract_is_told_in_one_line(
    change: Callable[[str], str] | None, said: str, tmp_path: Path, page: Path
) -> None:
    """Where it is broken and how, on standard error; the status is 2 and the old page stays."""
    spec, output = tmp_path / "spec.yaml", tmp_path / "index.html"
    if change:
        spec.write_text(change(SPEC.read_text("utf-8")), "utf-8")
    shutil.copyfile(page, output)
    finished = render("--spec", spec, "--output", output)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert re.fullmatch(said, finished.stderr)
    assert output.read_bytes() == page.read_bytes()


def test_a_page_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    """No traceback, and the status is 2."""
    (tmp_path / "file").touch()
    finished = render("--output", tmp_path / "file/index.html")
    assert finished.returncode == 2
    assert re.fullmatch(r"render: \S+file: (File exists|Not a directory)\n", finished.stderr)


@dataclass(frozen=True)
class Look:
    """What a browser showed of a page, and what happened meanwhile."""

    lines: list[str]
    samples: dict[str, str]
    requested: list[str]
    complaints: list[str]

    def between(self, begin: str, end: str) -> list[str]:
        """The lines from one heading to another."""
        return self.lines[self.lines.index(begin) : self.lines.index(end)]

    def fetched(self) -> list[str]:
        """What was asked for that is not in the page itself."""
        return [url for url in self.requested[1:] if not url.startswith(("data:", "blob:"))]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A Chromium with an empty profile, which notes each request and each word on its console."""
    chromium, chromedriver = program("chromium", "chromium-browser", "google-chrome"), program("chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with pytest.MonkeyPatch.context() as environment:
        # The driver is on this machine. The fixture that clears these for a test comes after this one.
        for name in os.environ:
            if name.lower().endswith("_proxy"):
                environment.delenv(name)
        # With its path given, Selenium does not look for a driver on the network.
        with webdriver.Chrome(options=options, service=Service(executable_path=chromedriver)) as driver:
            driver.implicitly_wait(30)
            yield driver


def look(browser: Chrome, page: Path) -> Look:
    """Open a page, wait until nothing more appears, and choose one sample after another."""
    # The browser's first page loads things from within the browser: those are not the page's.
    browser.get("about:blank")
    noted(browser, "performance")
    noted(browser, "browser")
    browser.get(page.as_uri())
    text = ""
    deadline = time.monotonic() + 30
    # Fields that are nested unfold one level after the other.
    while "images[]." not in text or text != (text := shown(browser)):
        assert time.monotonic() < deadline, text
        text = shown(browser)
    samples = {label: choose(browser, label) for label in SAMPLES}
    events = [json.loads(entry["message"])["message"] for entry in noted(browser, "performance")]
    sent = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    complaints = [entry["message"] for entry in noted(browser, "browser") if entry["level"] in {"WARNING", "SEVERE"}]
    return Look(text.splitlines(), samples, sent, complaints)


def noted(browser: Chrome, kind: str) -> list[dict[str, Any]]:
    """What was noted since this was last asked."""
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def shown(browser: Chrome) -> str:
    """The text that can be seen; what is in the page and hidden is not in it."""
    text: str = browser.find_element("css selector", "body").text
    return text


def choose(browser: Chrome, label: str) -> str:
    """Choose a sample from the menu, and give the text that stands there then."""
    menu = browser.find_element("xpath", f"//button[@aria-haspopup='menu'][{' or '.join(map(_says, SAMPLES))}]")
    menu.click()
    browser.find_element("xpath", f"//*[@role='menuitem'][{_says(label)}]").click()
    menu = browser.find_element("xpath", f"//button[@aria-haspopup='menu'][{_says(label)}]")
    text: str = menu.find_element("xpath", "following::pre[1]").text
    return text


def _says(label: str) -> str:
    return f"normalize-space()='{label}'"


@pytest.fixture(scope="module")
def seen(browser: Chrome, page: Path) -> Look:
    return look(browser, page)


def test_the_page_shows_the_operation(seen: Look) -> None:
    """What it does, its method and path, its parameters, and every status that it answers with."""
    lines = seen.between("Request", "Responses")
    said = " ".join(lines[1:3]).removesuffix(f"source: {OPERATION['x-source']}")
    assert OPERATION["description"].replace("`", "").split() == said.split()
    assert {"PATCH", "/v3/orders/{id}", "id", "x-api-version"} <= {*lines}
    assert {*OPERATION["responses"]} <= {*seen.lines}
    assert "The order of the images in the response. Since API version 2026-10-01. source: changelog" in lines


def test_the_page_begins_with_the_operation(seen: Look) -> None:
    """How the contract came about, and what the words for sources mean, is at the end."""
    about = DOCUMENT["info"]["description"].split("`")[0].replace("\n", " ").strip()
    (line,) = (number for number, text in enumerate(seen.lines) if text.startswith(about))
    assert line > len(seen.lines) - 20
    assert seen.lines.index("Request") < 20


def test_the_page_shows_a_real_example_first(seen: Look) -> None:
    """Not that of the service's documentation, which has the types' names for values."""
    examples = OPERATION["responses"]["200"]["content"]["application/json"]["examples"]
    shown = seen.lines[seen.lines.index("Response") :]
    assert next(iter(examples.values()))["summary"] in shown
    assert f'"{examples["renamed"]["value"]["name"]}",' in " ".join(shown)
    assert '"text"' not in " ".join(shown)


def test_the_page_shows_every_field(seen: Look) -> None:
    """Those of the body in the request, those of an order and of its images in the answer; each once."""
    request, answer = seen.between("Request", "Responses"), seen.between("Responses", "Response")
    for place, prefix, schema in (
        (request, "", "OrderUpdate"),
        (answer, "", "Order"),
        (answer, "images[].", "Image"),
    ):
        for name in SCHEMAS[schema]["properties"]:
            assert place.count(prefix + name) == 1, f"{schema}.{name}"


def test_the_page_says_of_every_field_what_it_is_and_how_that_is_known(seen: Look) -> None:
    """A line with its description and its sources comes soon after a field's name, whatever its type."""
    answer = seen.between("Responses", "Response")
    for prefix, schema in (("", "Order"), ("images[].", "Image")):
        for name, field in SCHEMAS[schema]["properties"].items():
            after = answer[answer.index(prefix + name) :]
            line = " ".join(field["description"].replace("`", "").split())
            facts = [
                f"{key[2:].removesuffix('-source')}: {value}" for key, value in field.items() if key.endswith("-source")
            ]
            found = next((each for each in after[:5] if each.startswith(f"{line} source: {field['x-source']}")), None)
            assert found is not None, f"{schema}.{name}"
            assert all(fact in found for fact in facts), f"{schema}.{name}"


def test_the_page_shows_the_four_samples(seen: Look) -> None:
    """As they stand in the contract, and as they are tested."""
    assert {label: text.rstrip() for label, text in seen.samples.items()} == {
        label: source.rstrip() for label, source in SAMPLES.items()
    }


def test_the_page_asks_for_nothing_but_itself(seen: Look, page: Path) -> None:
    """Nothing goes over a network, and the browser's console holds no error and no warning."""
    assert seen.requested[0] == page.as_uri()
    assert seen.fetched() == []
    assert seen.complaints == []


def test_a_page_that_asks_for_more_is_noticed_and_refused(browser: Chrome, page: Path, tmp_path: Path) -> None:
    """The test above sees what it looks for, and the page's own policy keeps the browser from sending it."""
    other, image = tmp_path / "index.html", "http://127.0.0.1:8/a.png"
    other.write_text(page.read_text("utf-8").replace("</body>", f'<img src="{image}"></body>'), "utf-8")
    greedy = look(browser, other)
    assert greedy.fetched() == [image]
    assert [complaint for complaint in greedy.complaints if image in complaint and "Policy" in complaint]
