"""The wheel holds exactly the two packages, and works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import autoenhance

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def tracked(*folders: str) -> set[str]:
    """What git tracks or would track: what is built must not depend on what lies around."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.splitlines() if (ROOT / name).exists()}


def test_the_wheel_holds_exactly_the_two_packages(built: Path) -> None:
    """Every file of both packages, their metadata, and nothing else: no tests, no scripts, no `generated`."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = tracked("autoenhance") | {
        name.removeprefix("generated/") for name in tracked("generated/autoenhance_api")
    }
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {"autoenhance/py.typed", "autoenhance_api/py.typed", "autoenhance_api/openapi.json"} <= expected


def test_the_sdist_holds_what_it_takes_to_go_on(built: Path) -> None:
    """The contract, the scripts, the tests: whoever has the sdist can regenerate and test."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = ("autoenhance", "docs", "generated", "openapi", "scripts", "tests")
    assert tracked(*folders) <= names
    assert {"Makefile", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= names


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


def test_an_installed_wheel_works_outside_the_checkout(built: Path, tmp_path: Path) -> None:
    """In another folder, from a virtual environment of its own, an order is edited."""
    (wheel,) = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    # The dependencies are this environment's, without the editable install of the checkout.
    site_packages = next(path for path in sys.path if path.endswith("site-packages"))
    (own,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    for entry in Path(site_packages).iterdir():
        if not (own / entry.name).exists() and "autoenhance" not in entry.name and entry.suffix != ".pth":
            (own / entry.name).symlink_to(entry)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    said = subprocess.run(
        [python, "-W", "error", "-c", EDIT], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said == ["12 Acacia Avenue", str(own / "autoenhance/__init__.py")]
    script = [str(tmp_path / "venv/bin/autoenhance"), "--version"]
    version = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert version == f"autoenhance-orders {autoenhance.__version__}\n"


def test_no_registry_is_named(built: Path) -> None:
    """Neither the pins nor the metadata say where packages come from."""
    assert built.is_dir()
    for name in ("constraints.txt", "pyproject.toml", "Makefile"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text.replace("https://github.com", "").replace("https://docs", ""), name
