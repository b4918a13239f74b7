"""`make docs` builds the API reference from the docstrings; it is complete, and needs no server and no network."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import types
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import chromium, noted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

pytestmark = [pytest.mark.tools, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SUBMODULES = ("bulk", "errors", "models", "sandbox", "sandbox.pytest_plugin")
MODULES = ["autoenhance", *(f"autoenhance.{name}" for name in SUBMODULES)]
# Constructors, which their classes describe, and values of enums have no docstring.
PLAIN = re.compile(r"\w+\.(__init__|[A-Z_]+)")


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-X", "utf8", "-m", "reference", "--output", str(folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "scripts", ROOT, ROOT / "generated")))}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)


def file_of(module: str) -> str:
    return f"{module.replace('.', '/')}.html"


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name == "id":
                self.anchors.add(value)
            elif value and (tag, name) == ("a", "href"):
                self.links.add(value)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the reference, built once."""
    folder = tmp_path_factory.mktemp("docs") / "python"
    finished = build(folder)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == f"Written: {folder}/index.html\n"
    return folder


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def browser(one_browser: Chrome) -> Chrome:
    """A browser on an empty page, with an empty log."""
    one_browser.get("about:blank")
    noted(one_browser)
    return one_browser


def test_the_reference_is_the_same_each_time(reference: Path, tmp_path: Path) -> None:
    """A page for each module, an index, and the index of the search; no path of this machine is in them."""
    files = {file.relative_to(reference).as_posix(): file.read_bytes() for file in reference.rglob("*.*")}
    assert set(files) == {"index.html", "search.js", *map(file_of, MODULES)}
    assert not [name for name, content in files.items() if str(ROOT).encode() in content]
    assert build(tmp_path).returncode == 0
    assert {name: (tmp_path / name).read_bytes() for name in files} == files


def test_an_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    """With exit status 2."""
    (tmp_path / "file").touch()
    finished = build(tmp_path / "file/python")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert re.fullmatch(r"reference: \S+file\S*: (File exists|Not a directory)\n", finished.stderr)


def test_every_link_has_a_target(reference: Path) -> None:
    """A page or an entry of the reference, or the contract's page, to which each page links."""
    pages = {(reference / file_of(name)).resolve(): Page(reference / file_of(name)) for name in MODULES}
    contract = (reference.parent.resolve() / "index.html", "")
    known = {contract, *((file, anchor) for file, page in pages.items() for anchor in page.anchors | {""})}
    for file, page in pages.items():
        targets = [link.partition("#")[::2] for link in page.links if not link.startswith("https://")]
        linked = {((file.parent / path).resolve() if path else file, anchor) for path, anchor in targets}
        assert contract in linked
        assert linked <= known


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_has_an_entry(name: str, reference: Path) -> None:
    """Also each public method, property and field of its classes."""
    module = import_module(name)
    anchors = Page(reference / file_of(name)).anchors
    public = getattr(module, "__all__", ["autoenhance_sandbox"])
    values = {key: getattr(module, key) for key in public}
    assert {key for key, value in values.items() if not isinstance(value, types.ModuleType)} <= anchors
    for key, value in values.items():
        assert not isinstance(value, types.ModuleType) or value.__name__ in MODULES
        if not isinstance(value, type):
            continue
        bases = [value] if issubclass(value, BaseException) else value.__mro__
        own = {member for base in bases if base.__module__.startswith("autoenhance") for member in members_of(base)}
        assert {f"{key}.{member}" for member in own} <= anchors


def members_of(class_: type) -> set[str]:
    """The public methods, properties and fields that a class itself has."""
    documented = (types.FunctionType, classmethod, staticmethod, property)
    found = {name for name, value in vars(class_).items() if isinstance(value, documented)}
    if not issubclass(class_, BaseException):  # an error has only what it adds
        found |= set(inspect.get_annotations(class_))
    return {name for name in found if not name.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_each_entry_has_a_description(name: str, reference: Path, browser: Chrome) -> None:
    """Each entry has a docstring, no private module is named, and only the page is loaded."""
    url = (reference / file_of(name)).as_uri()
    browser.get(url)
    undescribed = browser.execute_script(
        "return [...document.querySelectorAll('main section, main .classattr')]"
        ".filter(entry => !entry.querySelector(':scope > .docstring')?.innerText.trim()).map(entry => entry.id)"
    )
    assert not [entry for entry in undescribed if not PLAIN.fullmatch(entry)]
    text = browser.find_element("tag name", "body").text
    assert not re.findall(r"\b(?:\w+\.)*_[a-z]\w*\.\w+|autoenhance_api|[~+]E\b|@\w+_options", text)
    assert "`" not in text
    assert noted(browser) == ([url], [])


def test_the_index_redirects_to_the_package(reference: Path, browser: Chrome) -> None:
    browser.get((reference / "index.html").as_uri())
    assert browser.find_element("tag name", "h1").text == "autoenhance"
    assert noted(browser)[1] == []


@pytest.mark.parametrize("module", ["autoenhance", "autoenhance.sandbox.pytest_plugin"])
def test_the_search_box_finds_a_method(module: str, reference: Path, browser: Chrome) -> None:
    """On any page, without a server; the result links to its entry."""
    page, index = (reference / name for name in (file_of(module), "search.js"))
    browser.get(page.as_uri())
    browser.find_element("css selector", "input[type=search]").send_keys("edit_orders")
    result = browser.find_element("css selector", ".search-result a")
    assert result.text.split("(")[0] == "def autoenhance.Autoenhance.edit_orders"
    assert noted(browser) == ([page.as_uri(), index.as_uri()], [])
    result.click()
    assert browser.current_url == (reference / "autoenhance.html").as_uri() + "#Autoenhance.edit_orders"


def test_a_page_cannot_load_anything_else(reference: Path, browser: Chrome, tmp_path: Path) -> None:
    """Its content security policy blocks it, and the tests above would see it."""
    other, image = tmp_path / "index.html", "http://127.0.0.1:8/a.png"
    text = (reference / "autoenhance.html").read_text("utf-8")
    other.write_text(text.replace("</body>", f'<img src="{image}"></body>'), "utf-8")
    browser.get(other.as_uri())
    sent, complaints = noted(browser)
    assert sent == [other.as_uri(), image]
    assert [complaint for complaint in complaints if image in complaint and "Policy" in complaint]
