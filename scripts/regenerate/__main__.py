"""Generates generated/ from the contract, or checks that it is up to date. Run through regenerate.sh.

Exit status: 0 up to date; 1 the check found differences; 2 an error, and nothing was changed.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from command import ROOT, SPEC, FailureError, name_of, run
from regenerate.swap import restore, swap_in

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "autoenhance_api"
# The generated files depend on the exact versions of these; other tools may have any version.
EXACT_TOOLS = ("openapi-python-client", "ruff")
OTHER_TOOLS = ("mypy", "openapi-spec-validator", "ruamel.yaml")

README = """\
# Generated code

openapi-python-client {generator} generates `{package}` from `openapi/spec.yaml`, and ruff {ruff} formats it. Do not edit
it: change the contract, `openapi/generator.yaml` or a template in `openapi/templates/`, and run `make regenerate`.
`make check-generated` checks that it is up to date.

`{package}/openapi.json` is the contract itself, for programs that need it at run time.
"""


def main(arguments: list[str] | None = None) -> int:
    """Regenerate, or check, and return the exit status."""
    parser = argparse.ArgumentParser(prog="regenerate.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the output is out of date")
    for option, default, description in (
        ("--spec", SPEC, "the contract"),
        ("--output", ROOT / "generated", "the output folder, which is replaced"),
        ("--templates", ROOT / "openapi/templates", "overrides of the generator's templates"),
    ):
        parser.add_argument(option, type=Path, default=default, help=f"{description} (default: %(default)s)")
    options = parser.parse_args(arguments)
    output = options.output.absolute()
    # The generator runs ruff by name, and must find the one of this environment.
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    os.environ |= {"PATH": path, "NO_COLOR": "1", "TERM": "dumb"}

    def work() -> int:
        versions = _check_tools()
        action = _check if options.check else _regenerate
        return action(options.spec.absolute(), output, options.templates.absolute(), versions)

    status = run("regenerate", work)
    if status == 0:
        print(f"{name_of(output)}/ is up to date")
    elif status == 2:  # noqa: PLR2004  # an error
        print(f"regenerate: {name_of(output)}/ was not changed", file=sys.stderr)
    return status


def _regenerate(spec: Path, output: Path, templates: Path, versions: dict[str, str]) -> int:
    _check_output(output)
    workspace = output.parent / ".regenerate"
    with _exclusive_lock(output.parent):
        restore(output, workspace / "old")
        shutil.rmtree(workspace, ignore_errors=True)
        new = workspace / "new"
        try:
            _build(spec, new, templates, versions)
            _check_types(new)
            changed = _differences(output, new)
            swap_in(new, output, workspace / "old")
        finally:
            # A signal may have come between the two renames on a system that cannot exchange names.
            restore(output, workspace / "old")
            shutil.rmtree(workspace, ignore_errors=True)
    if changed:
        print(f"{name_of(output)}/: {len(changed)} file{'s' if len(changed) > 1 else ''} changed")
    return 0


def _check_output(output: Path) -> None:
    """Make sure that the folder, which is replaced as a whole, contains nothing else."""
    if output.is_dir():
        others = sorted({path.name for path in output.iterdir()} - {"README.md", PACKAGE})
        if others or output in (ROOT, *ROOT.parents):
            raise FailureError(
                f"{output} contains {', '.join(others[:3]) or 'this project'}, which would be deleted; give another folder"
            )
    elif output.exists():
        raise FailureError(f"{output} is not a folder")


def _check(spec: Path, output: Path, templates: Path, versions: dict[str, str]) -> int:
    with tempfile.TemporaryDirectory(prefix="autoenhance-") as folder:
        new = Path(folder) / "new"
        _build(spec, new, templates, versions)
        differences = _differences(output, new)
    for path, problem in differences.items():
        print(f"{name_of(output)}/{path}: {problem}")
    if differences:
        print(f"{name_of(output)}/ is out of date; run 'make regenerate'", file=sys.stderr)
    return 1 if differences else 0


def _differences(old: Path, new: Path) -> dict[str, str]:
    """Return how each file that differs does so."""
    before, after = _contents(old), _contents(new)
    return {
        path: "missing" if path not in before else "not generated" if path not in after else "differs"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    }


def _contents(folder: Path) -> dict[str, bytes | str]:
    """Return the bytes of every file; a link or a special file is never generated, and differs."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        if path.is_file() and not path.is_symlink()
        else "not a regular file"
        for path in folder.rglob("*")
        # Importing the package writes bytecode, which is ignored; every other file counts.
        if (path.is_symlink() or not path.is_dir()) and "__pycache__" not in path.parts
    }


def _build(spec: Path, folder: Path, templates: Path, versions: dict[str, str]) -> None:
    # Imported here because they need the tools, which _check_tools has checked.
    from contract import ContractError, read
    from contract.keywords import unusable_keywords
    from regenerate.generator import generate

    contract = read(spec, name_of(spec))
    if findings := list(unusable_keywords(contract)):
        raise ContractError(findings)
    package = folder / PACKAGE
    folder.mkdir(parents=True)
    if errors := generate(contract.plain(), ROOT / "openapi", package, templates=templates, with_hooks=True):
        raise FailureError("\n".join(["openapi-python-client failed", *errors]))
    (package / "py.typed").write_bytes(b"")
    text = json.dumps(contract.plain(), indent=1, ensure_ascii=False, allow_nan=False)
    (package / "openapi.json").write_text(text + "\n", encoding="utf-8")
    readme = README.format(package=PACKAGE, generator=versions["openapi-python-client"], ruff=versions["ruff"])
    (folder / "README.md").write_text(readme, encoding="utf-8")


def _check_types(folder: Path) -> None:
    # Isolated: no module in the current folder or PYTHONPATH may shadow those of the tools.
    python = [sys.executable, "-I", "-B", "-X", "utf8"]
    cache = ROOT / ".mypy_cache/regenerate"
    # An empty configuration: only these options apply, whatever pyproject.toml says.
    command = ["-m", "mypy", "--config-file=", "--strict", f"--cache-dir={cache}", "--no-error-summary", "-p", PACKAGE]
    finished = subprocess.run(
        [*python, *command],
        cwd=folder,  # mypy finds modules in the current folder
        env={**os.environ, "MYPYPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode:
        output = finished.stdout.strip() or f"exit status {finished.returncode}, without output"
        raise FailureError(f"mypy failed\n{output}")


def _check_tools() -> dict[str, str]:
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", constraints, re.MULTILINE))
    versions = {}
    for tool in (*EXACT_TOOLS, *OTHER_TOOLS):
        try:
            versions[tool] = importlib.metadata.version(tool)
        except importlib.metadata.PackageNotFoundError:
            raise FailureError(f"{tool} is missing from {sys.prefix}; 'make regenerate' installs it") from None
        if tool in EXACT_TOOLS and versions[tool] != pins.get(tool):
            raise FailureError(f"{tool} is {versions[tool]}, but constraints.txt pins {pins.get(tool, 'none')}")
    scripts = sysconfig.get_path("scripts")
    if not shutil.which("ruff", path=scripts):
        raise FailureError(f"the command ruff is missing from {scripts}; 'make regenerate' installs it")
    return versions


@contextmanager
def _exclusive_lock(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FailureError(f"another regenerate is running in {folder}") from None
    else:
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
