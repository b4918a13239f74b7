"""An environment for each peer, made by uv."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.peers import SHARED
from benchmarks.processes import HERE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

DIRECTORY: Final = ROOT / ".venv-bench"


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment."""
    return DIRECTORY / SHARED.get(peer, peer) / "bin/python"


def install(peers: Iterable[str]) -> None:
    """Make the environments that are missing, and bring the others up to date."""
    for name in sorted({SHARED.get(peer, peer) for peer in peers}):
        python = DIRECTORY / name / "bin/python"
        _uv("venv", "--allow-existing", "--python", sys.executable, DIRECTORY / name)
        install_to = ("pip", "install", "--python", python, "--compile-bytecode")
        _uv(*install_to, "--exact", *_requirements(name))
        if name == "ours":
            with tempfile.TemporaryDirectory() as directory:
                build = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", directory, str(ROOT))
                subprocess.run(build, check=True, capture_output=True)
                _uv(*install_to, "--no-deps", *Path(directory).glob("*.whl"))


def _requirements(name: str) -> list[str | Path]:
    pins = HERE / "requirements" / f"{name}.txt"
    if pins.exists():
        return ["--requirement", pins]
    # httpx and this client, without extras, have the same versions: those that the tests use.
    what = ["--requirement", ROOT / "pyproject.toml"] if name == "ours" else [name]
    return ["--constraint", ROOT / "constraints.txt", *what]


def _uv(command: str, *arguments: str | Path) -> None:
    subprocess.run([Path(sys.executable).parent / "uv", command, "--quiet", *arguments], check=True)
