"""The wheel holds exactly the two packages, and works outside the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import autoenhance

if TYPE_CHECKING:
    from wheels import Installed

# It is built and installed (4 s).
pytestmark = [pytest.mark.tools, pytest.mark.slow]

ROOT = Path(__file__).parent.parent.parent


def tracked(*folders: str) -> set[str]:
    """What git tracks or would track: what is built must not depend on what lies around."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.splitlines() if (ROOT / name).exists()}


def test_the_wheel_holds_exactly_the_two_packages(built: Path) -> None:
    """Every file of both packages, their metadata, and nothing else: no tests, no scripts, no `generated`."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    generated = {name.removeprefix("generated/") for name in tracked("generated/autoenhance_api")}
    assert names == tracked("autoenhance") | generated
    assert {"autoenhance/py.typed", "autoenhance_api/py.typed", "autoenhance_api/openapi.json"} <= names


def test_the_sdist_holds_what_it_takes_to_regenerate_and_test(built: Path) -> None:
    """The contract, the scripts, the tests, and the pages."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked("autoenhance", "docs", "generated", "openapi", "scripts", "tests") <= names
    pages = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"}
    assert {"Makefile", "constraints.txt", "pyproject.toml", *pages} <= names


EDIT = """
import sys
from autoenhance.sandbox import Sandbox
from autoenhance import Autoenhance
import autoenhance, autoenhance_api
with Sandbox() as sandbox, Autoenhance(sandbox.api_key, base_url=sandbox.url) as client:
    print(client.edit_order("harbour-view-7", name="12 Acacia Avenue").name)
for name in ("generated", "tests", "scripts"):
    try: __import__(name)
    except ModuleNotFoundError: continue
    raise SystemExit(f"{name} can be imported")
print(autoenhance.__file__)
"""


def test_an_installed_wheel_works_outside_the_checkout(installed: Installed, tmp_path: Path) -> None:
    """In another folder, from a virtual environment with only the dependencies that it declares, an order is edited."""

    def run(*command: Path | str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=installed.environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    edited = run(installed.python, "-W", "error", "-c", EDIT)
    assert edited.splitlines() == ["12 Acacia Avenue", str(installed.site_packages / "autoenhance/__init__.py")]
    version = run(installed.folder / "bin/autoenhance", "--version")
    assert version == f"autoenhance-orders {autoenhance.__version__}\n"


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml", "Makefile"])
def test_no_registry_is_named(name: str) -> None:
    """Neither the pins nor the metadata say where packages come from."""
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text.replace("https://github.com", "").replace("https://docs", "")


def test_on_a_package_index_the_links_of_the_readme_lead_to_the_repository() -> None:
    """The release workflow names the repository; a checkout does not know it, and leaves the links as they are."""
    command = [sys.executable, "-m", "hatchling", "metadata"]
    told, plain = (
        json.loads(
            subprocess.run(command, cwd=ROOT, env=os.environ | more, capture_output=True, text=True, check=True).stdout
        )
        for more in ({"REPOSITORY_URL": "https://git.example/o/r/"}, {})
    )
    tag = f"v{autoenhance.__version__}"
    links = set(re.findall(r"\]\(([^)]+)\)", told["readme"]["text"]))
    assert {f"https://git.example/o/r/blob/{tag}/docs/bulk.md", told["urls"]["Changelog"]} <= links
    assert f"https://git.example/o/r/raw/{tag}/benchmarks/results.svg" in links
    assert [link for link in links if not link.startswith("https://")] == []
    assert plain["readme"]["text"] == (ROOT / "README.md").read_text("utf-8")
    assert plain["urls"].keys() < told["urls"].keys()
