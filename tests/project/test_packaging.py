"""The wheel has exactly the two packages, and works outside the checkout."""

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
    """The files that git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.splitlines() if (ROOT / name).exists()}


def test_the_wheel_has_exactly_the_two_packages(built: Path) -> None:
    """Every file of both packages, their metadata, and nothing else: no tests, no scripts, no `generated`."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    generated = {name.removeprefix("generated/") for name in tracked("generated/autoenhance_api")}
    assert names == tracked("autoenhance") | generated
    assert {"autoenhance/py.typed", "autoenhance_api/py.typed", "autoenhance_api/openapi.json"} <= names


def test_the_sdist_has_the_contract_the_scripts_and_the_tests(built: Path) -> None:
    """To regenerate and test it."""
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
    """In a virtual environment with only its declared dependencies."""

    def run(*command: Path | str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=installed.environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    edited = run(installed.python, "-W", "error", "-c", EDIT)
    assert edited.splitlines() == ["12 Acacia Avenue", str(installed.site_packages / "autoenhance/__init__.py")]
    version = run(installed.folder / "bin/autoenhance", "--version")
    assert version == f"autoenhance-orders {autoenhance.__version__}\n"


@pytest.mark.parametrize("name", ["constraints.txt", "pyproject.toml", "Makefile"])
def test_no_package_index_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text.replace("https://github.com", "").replace("https://docs", "")


@pytest.mark.parametrize("url", ["https://git.example/o/r/", ""])
def test_the_metadata_links_to_the_repository(url: str) -> None:
    """Which the release workflow sets; without it, the README has relative links."""
    command = [sys.executable, "-m", "hatchling", "metadata"]
    env = os.environ | ({"REPOSITORY_URL": url} if url else {})
    metadata = json.loads(subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout)
    readme, tag = metadata["readme"]["text"], f"v{autoenhance.__version__}"
    links = set(re.findall(r"\]\(([^)]+)\)", readme))
    if url:
        assert {f"{url}blob/{tag}/docs/bulk.md", metadata["urls"]["Changelog"]} <= links
        assert f"{url}raw/{tag}/benchmarks/results.svg" in links
        assert [link for link in links if not link.startswith("https://")] == []
    else:
        assert readme == (ROOT / "README.md").read_text("utf-8")
        assert "Changelog" not in metadata.get("urls", {})
