"""Generates generated/ from the contract, or checks that it is what the contract gives. Run through regenerate.sh.

Exit status: 0 done, or nothing differs; 1 the check found a difference; 2 it could not be done, and nothing was changed.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "autoenhance_api"
# Isolated: no module of the folder that this is called from, or of PYTHONPATH, stands in for one of the tools'.
PYTHON = (sys.executable, "-I", "-B", "-X", "utf8")
# What the bytes depend on must be exactly the pinned version; of the others any will do.
EXACT_TOOLS = ("openapi-python-client", "ruff")
OTHER_TOOLS = ("mypy", "openapi-spec-validator", "ruamel.yaml")

README = """\
# Generated, not written

`{package}` is what openapi-python-client {generator} makes of `openapi/spec.yaml`, formatted by ruff {ruff}. Do not edit
it: change the contract, `openapi/generator.yaml` or a template in `openapi/templates/`, and run `make regenerate`.
`make check-generated` tells whether it is still what the contract gives.

`{package}/openapi.json` is the contract itself, for programs that need it at run time.
"""


class FailureError(Exception):
    """It could not be done; the message says what and where."""


def main(arguments: list[str] | None = None) -> int:
    """Regenerate, or check; returns the exit status."""
    parser = argparse.ArgumentParser(prog="regenerate.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something differs")
    parser.add_argument(
        "--spec", type=Path, default=ROOT / "openapi/spec.yaml", help="the contract (default: %(default)s)"
    )
    parser.add_argument(
        "--output", type=Path, default=ROOT / "generated", help="the folder to fill (default: %(default)s)"
    )
    parser.add_argument(
        "--templates",
        type=Path,
        default=ROOT / "openapi/templates",
        help="overrides of the generator's templates (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        versions = _check_tools()
        run = _check if options.check else _regenerate
        return run(options.spec.absolute(), options.output.absolute(), options.templates.absolute(), versions)
    except FailureError as failure:
        print(f"regenerate: {failure}", file=sys.stderr)
        print(f"regenerate: {_name(options.output)}/ was left as it was.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("regenerate: stopped.", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001  # whatever it is, the status must not be that of a difference
        print(f"regenerate: {type(error).__name__}: {error}", file=sys.stderr)
        return 2


def _regenerate(spec: Path, output: Path, templates: Path, versions: dict[str, str]) -> int:
    _check_output(output)
    workspace = output.parent / ".regenerate"
    with _only_one(output.parent):
        from regenerate.swap import restore, swap_in

        restore(output, workspace / "old")
        shutil.rmtree(workspace, ignore_errors=True)
        new = workspace / "new"
        try:
            _build(spec, new, templates, versions)
            _check_types(new)
            swap_in(new, output, workspace / "old")
        except OSError as error:
            raise FailureError(f"{error.filename or workspace}: {error.strerror}") from error
        finally:
            # A signal may have come between the two renames of a system that cannot exchange names.
            restore(output, workspace / "old")
            shutil.rmtree(workspace, ignore_errors=True)
    print(f"{_name(output)}/ is up to date.")
    return 0


def _check_output(output: Path) -> None:
    """Make sure that what is replaced is ours to replace: the whole folder goes."""
    if output.is_dir():
        others = sorted({path.name for path in output.iterdir()} - {"README.md", PACKAGE})
        if others or output in (ROOT, *ROOT.parents):
            raise FailureError(f"{output} holds {', '.join(others[:3]) or 'this project'}; it would be deleted.")
    elif output.exists():
        raise FailureError(f"{output} is not a folder.")


def _check(spec: Path, output: Path, templates: Path, versions: dict[str, str]) -> int:
    with tempfile.TemporaryDirectory(prefix="autoenhance-") as folder:
        expected = Path(folder) / "new"
        _build(spec, expected, templates, versions)
        differences = list(_differences(expected, output))
    for path, what in differences:
        print(f"{_name(output)}/{path}: {what}")
    if differences:
        print(f"{_name(output)}/ is out of date; run 'make regenerate'.", file=sys.stderr)
        return 1
    print(f"{_name(output)}/ is up to date.")
    return 0


def _differences(expected: Path, actual: Path) -> Iterator[tuple[str, str]]:
    ours, theirs = _files(expected), _files(actual)
    for path in sorted(ours | theirs):
        if path not in theirs:
            yield path, "is missing"
        elif path not in ours:
            yield path, "does not belong there"
        elif (actual / path).is_symlink() or (expected / path).read_bytes() != (actual / path).read_bytes():
            yield path, "differs"


def _files(folder: Path) -> set[str]:
    # Bytecode appears by importing the package; everything else that lies there counts.
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and "__pycache__" not in path.parts
    }


def _build(spec: Path, folder: Path, templates: Path, versions: dict[str, str]) -> None:
    from contract import ContractError, read
    from contract.keywords import unusable_keywords

    try:
        contract = read(spec, _name(spec))
    except ContractError as error:
        raise FailureError(f"the contract cannot be used.\n{error}") from error
    if findings := list(unusable_keywords(contract)):
        raise FailureError(f"the contract cannot be used.\n{ContractError(findings)}")
    package = folder / PACKAGE
    folder.mkdir(parents=True)
    document = folder / "contract.json"
    document.write_text(json.dumps(contract.plain()), encoding="utf-8")
    # Not isolated: it imports the packages in scripts/, and nothing else that is not installed.
    program = [sys.executable, "-P", "-s", "-B", "-X", "utf8", "-m", "regenerate.generator"]
    arguments = map(str, (document, ROOT / "openapi", templates, package))
    _run("openapi-python-client", folder, [*program, *arguments], PYTHONPATH=str(ROOT / "scripts"))
    document.unlink()
    (package / "py.typed").write_bytes(b"")
    text = json.dumps(contract.plain(), indent=1, ensure_ascii=False, allow_nan=False)
    (package / "openapi.json").write_text(text + "\n", encoding="utf-8")
    readme = README.format(package=PACKAGE, generator=versions["openapi-python-client"], ruff=versions["ruff"])
    (folder / "README.md").write_text(readme, encoding="utf-8")


def _check_types(folder: Path) -> None:
    cache = ROOT / ".mypy_cache/regenerate"
    # An empty configuration: the rules here are these alone, whatever pyproject.toml says.
    command = ["-m", "mypy", "--config-file=", "--strict", f"--cache-dir={cache}", "--no-error-summary", "-p", PACKAGE]
    _run("mypy", folder, [*PYTHON, *command], MYPYPATH=str(folder))


def _run(tool: str, folder: Path, command: list[str], **environment: str) -> None:
    # The generator calls ruff by its name, and must find the one beside this Python.
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    fixed = {"PATH": path, "PYTHONUTF8": "1", "PYTHONHASHSEED": "0", "NO_COLOR": "1", "TERM": "dumb"}
    finished = subprocess.run(
        command,
        cwd=folder,  # mypy takes modules from where it is called
        env={**os.environ, **fixed, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        said = finished.stdout.strip() or f"exit status {finished.returncode}, without a word"
        raise FailureError(f"{tool} failed.\n{said}")


def _check_tools() -> dict[str, str]:
    constraints = ROOT / "constraints.txt"
    try:
        pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", constraints.read_text(encoding="utf-8"), re.MULTILINE))
    except OSError as error:
        raise FailureError(f"{constraints}: {error.strerror}") from error
    versions = {}
    for tool in (*EXACT_TOOLS, *OTHER_TOOLS):
        try:
            versions[tool] = importlib.metadata.version(tool)
        except importlib.metadata.PackageNotFoundError:
            raise FailureError(f"{tool} is missing from {sys.prefix}; 'make regenerate' installs it.") from None
    for tool in EXACT_TOOLS:
        if versions[tool] != pins.get(tool):
            raise FailureError(f"{tool} is {versions[tool]}, but constraints.txt pins {pins.get(tool, 'none')}.")
    if not shutil.which("ruff", path=sysconfig.get_path("scripts")):
        raise FailureError(
            f"the command ruff is missing from {sysconfig.get_path('scripts')}; 'make regenerate' installs it."
        )
    return versions


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FailureError(f"{folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FailureError("another regenerate is running here.") from None
    else:
        yield
    finally:
        os.close(descriptor)


def _name(path: Path) -> str:
    path = path.absolute()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _stop(signal_number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    sys.exit(main())
