"""An environment for each peer, made by uv from exact pins, and kept while those stay what they are."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.processes import HERE, ROOT
from benchmarks.roster import PINS

FOLDER: Final = ROOT / ".venv-bench"
_SOURCES: Final = ("autoenhance", "generated", "pyproject.toml", "README.md", "LICENSE")


def python_of(peer: str) -> Path:
    """The interpreter of a peer's environment."""
    return FOLDER / PINS.get(peer, peer) / "bin/python"


def prepare(peers: list[str]) -> None:
    """Make the environments that are missing, or whose pins have changed."""
    for name in sorted({PINS.get(peer, peer) for peer in peers}):
        pins = HERE / "requirements" / f"{name}.txt"
        state = _state(name, pins)
        stamp = FOLDER / name / ".made-from"
        if not stamp.exists() or stamp.read_text("utf-8") != state:
            print(f"Making the environment of {name}", file=sys.stderr)
            _make(name, pins)
            stamp.write_text(state, "utf-8")


def _make(name: str, pins: Path) -> None:
    folder = FOLDER / name
    _uv("venv", "--clear", "--python", sys.executable, str(folder))
    to = ("--python", str(folder / "bin/python"))
    _uv("pip", "install", *to, "--compile-bytecode", "--requirement", str(pins))
    if name == "ours":
        with tempfile.TemporaryDirectory() as made:
            build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", made, str(ROOT)]
            subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
            wheel = next(Path(made).glob("*.whl"))
            _uv("pip", "install", *to, "--compile-bytecode", "--no-deps", str(wheel))


def _uv(*arguments: str) -> None:
    subprocess.run([Path(sys.executable).parent / "uv", *arguments[:1], "--quiet", *arguments[1:]], check=True)


def _state(name: str, pins: Path) -> str:
    """What an environment is made from, in a few letters: the pins, the Python, and for ours the checkout."""
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode())
    if name == "ours":
        for source in _SOURCES:
            path = ROOT / source
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                # Python writes there under names that are gone a moment later.
                if file.is_file() and "__pycache__" not in file.parts:
                    digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
