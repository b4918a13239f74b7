"""Repositories of git in folders of their own: copies of the project whose contract can change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent


def install_tools(folder: Path, cache: str) -> None:
    """Give a copy of the project this environment's tools, and what mypy knows of the libraries; it changes no outcome."""
    tools = folder / ".venv/bin"
    tools.mkdir(parents=True)
    # Not a link: a Python that is linked to finds its packages by where the link stands.
    (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tools / "python").chmod(0o755)
    with suppress(FileNotFoundError):
        shutil.copytree(ROOT / cache, folder / cache)


class Repository:
    """A repository in a folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder

    def git(self, *arguments: str, given: str | None = None) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
        command = ["git", *who, *arguments]
        return subprocess.check_output(command, cwd=self.root, input=given, stderr=subprocess.PIPE, text=True).strip()

    def commit(self) -> str:
        """Commit everything, and give the beginning of the commit's name."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")
        return self.git("rev-parse", "--short=7", "HEAD")


class Project(Repository):
    """A copy of what git has of the project, in a repository of its own with one commit."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        listed = Repository(ROOT).git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        install_tools(folder, ".mypy_cache")
        self.git("init", "--quiet")
        self.commit()

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the copy, whose modules come before those that are installed."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AUTOENHANCE_", "COV", "PYTEST"))
        }
        path = os.pathsep.join(map(str, (self.root, self.root / "generated")))
        env = {**kept, "PYTHONPATH": path, "COLUMNS": "80", **environment}
        return subprocess.run(command, cwd=self.root, env=env, capture_output=True, encoding="utf-8", check=False)

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, *arguments, **environment)

    @contextmanager
    def contract(self) -> Iterator[Any]:
        """The contract, to be changed."""
        from ruamel.yaml import YAML  # a tool

        yaml = YAML()
        yaml.indent(mapping=2, sequence=4, offset=2)
        yaml.width = 4096
        yaml.preserve_quotes = True
        yaml.representer.add_representer(
            type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
        )
        spec = self.root / "openapi/spec.yaml"
        tree = yaml.load(spec)
        yield tree
        yaml.dump(tree, spec)
