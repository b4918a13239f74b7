"""The built distributions, and the wheel in an environment of its own, as users have it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = Path(__file__).parent.parent.parent
EXTRAS = ("cli", "sandbox")


class Installed(NamedTuple):
    """A virtual environment that has the wheel and its dependencies, and nothing of the checkout."""

    folder: Path
    python: Path
    site_packages: Path
    # For processes: nothing leads them back to the checkout.
    environ: dict[str, str]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel with its extras `cli` and `sandbox`, and with those dependencies only that it declares."""
    (wheel,) = built.glob("*.whl")
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin/python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    (site_packages,) = (folder / "lib").glob("python*/site-packages")
    (own,) = distributions(path=[str(site_packages)])
    # Copies of what is installed here: an index would need the network.
    for dependency in dependencies(own, EXTRAS, {}).values():
        copy(dependency, site_packages)
    left_out = ("PYTHON", "MYPY", "COV", "VIRTUAL_ENV")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return Installed(folder, python, site_packages, environ)


def dependencies(
    of: Distribution, extras: Collection[str], known: dict[tuple[str, str], Distribution]
) -> dict[tuple[str, str], Distribution]:
    """What a distribution needs, and what that needs, by name and extras."""
    for text in of.requires or []:
        needed = Requirement(text)
        if needed.marker and not any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        key = (needed.name, ",".join(sorted(needed.extras)))
        if key not in known:
            known[key] = distribution(needed.name)
            dependencies(known[key], needed.extras, known)
    return known


def copy(found: Distribution, site_packages: Path) -> None:
    """Copy a distribution's files, but for its scripts and compiled files."""
    for file in found.files or []:
        if ".." not in file.parts and file.suffix != ".pyc":
            target = site_packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), target)
