"""scripts/regenerate.sh replaces generated/ as a whole or not at all, reproducibly, and reports errors with their place."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from repositories import ROOT, install_tools

from regenerate import swap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tools

# What is broken in it must not depend on additions to the contract.
SPEC = (ROOT / "tests/review/spec.yaml").read_text("utf-8")
CAPTION = ("        is_deleted:\n", "        caption:\n          type: [string, 'null']\n        is_deleted:\n")


class Copy:
    """A copy of what regenerating needs, with this environment's tools, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        for name in ("openapi", "generated", "scripts"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "constraints.txt", folder)
        install_tools(folder, ".mypy_cache/regenerate")
        self.spec = folder / "openapi/spec.yaml"
        self.generated = folder / "generated"
        self.before = self.tree()
        self._files = {*folder.iterdir(), folder / ".mypy_cache"}

    def run(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / "scripts/regenerate.sh"), *arguments]
        env = {**os.environ, **environment}
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)

    def start(self) -> subprocess.Popen[bytes]:
        command = [str(self.root / "scripts/regenerate.sh")]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def tree(self) -> dict[str, bytes]:
        files = (path for path in self.generated.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}

    def change(self, *replaced: tuple[str, str], added: str = "") -> None:
        """Use the contract of tests/review, with these changes."""
        text = SPEC
        for before, after in replaced:
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        self.spec.write_text(text + added, encoding="utf-8")

    def check_untouched(self) -> None:
        """Make sure that generated/ is what it was, and that nothing else is there."""
        assert self.tree() == self.before
        assert set(self.root.iterdir()) <= self._files


@pytest.fixture
def copied(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "a folder")


def test_generated_is_up_to_date() -> None:
    """The committed tree passes its own check."""
    done = subprocess.run([ROOT / "scripts/regenerate.sh", "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "generated/ is up to date\n")


@pytest.mark.slow
def test_the_output_is_reproducible(copied: Copy, tmp_path: Path) -> None:
    """Neither the folder, nor the locale, nor what was there before, nor modules of the caller's make a difference."""
    for name in ("json", "typer", "httpx", "contract", "regenerate", "openapi_python_client"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported by mistake')")
    shutil.rmtree(copied.generated)
    elsewhere = {"LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0", "TZ": "Asia/Tokyo", "CDPATH": "."}
    done = copied.run(cwd=tmp_path, PYTHONPATH=str(tmp_path), **elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    copied.check_untouched()


def test_check_lists_changed_stray_and_missing_files(copied: Copy) -> None:
    """One byte counts, links are not files, bytecode does not count; nothing is changed."""
    package = copied.generated / "autoenhance_api"
    for name in ("../README.md", "models/order.py", "py.typed", "openapi.json"):
        (package / name).write_bytes((package / name).read_bytes() + b" ")
    (package / "stray.py").touch()
    (package / "client.py").unlink()
    (package / "errors.py").rename(copied.root / "scripts/errors.py")
    (package / "errors.py").symlink_to(copied.root / "scripts/errors.py")
    (package / "__pycache__").mkdir()
    (package / "__pycache__/client.pyc").touch()
    before = copied.tree()
    done = copied.run("--check")
    assert done.returncode == 1
    first, *lines = done.stdout.splitlines()
    assert first == "generated/README.md: differs"
    assert [line.removeprefix("generated/autoenhance_api/") for line in lines] == [
        *("client.py: missing", "errors.py: differs", "models/order.py: differs", "openapi.json: differs"),
        *("py.typed: differs", "stray.py: not generated"),
    ]
    assert "run 'make regenerate'" in done.stderr
    assert copied.tree() == before


FACADE = """
import httpx
from autoenhance import Autoenhance
from autoenhance.models import EditAccepted

response = httpx.Response(202, json={"job": "7"})
with httpx.Client(transport=httpx.MockTransport(lambda _: response)) as http:
    accepted = Autoenhance("key", http_client=http).edit_order("accepted", name="a")
assert accepted == EditAccepted(job="7"), accepted
"""


@pytest.mark.slow
def test_the_facade_returns_a_new_response_after_regenerating(copied: Copy) -> None:
    """Without a change of the facade; tests/generated/test_growth.py has fields, values and parameters."""
    accepted = (
        "        '202':\n          description: Accepted.\n          content:\n            application/json:\n"
        "              schema:\n                $ref: '#/components/schemas/EditAccepted'\n        '400':\n"
    )
    schema = "\n    EditAccepted:\n      type: object\n      properties:\n        job:\n          type: string\n"
    copied.change(("        '400':\n", accepted), added=schema)
    assert copied.run("--check").returncode == 1
    done = copied.run()
    assert done.returncode == 0, done.stderr
    assert copied.run("--check").returncode == 0
    shutil.copytree(ROOT / "autoenhance", copied.generated / "autoenhance")
    # -S and a path of our own: the editable install must not win over the copies.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    path = os.pathsep.join([str(copied.generated), packages])
    subprocess.run([sys.executable, "-S", "-c", FACADE], env={**os.environ, "PYTHONPATH": path}, check=True, timeout=60)


BROKEN = [
    ("  title:", "\ttitle:", "openapi/spec.yaml:4:1: is not YAML"),
    ("schemas/OrderUpdate'", "schemas/OrderUpdat'", "'#/components/schemas/OrderUpdat' has no target"),
    # What the generator refuses, and what it only warns of.
    ("- LOW_CLOUD\n", "- LOW_CLOUD\n        - a-b\n        - a_b\n", "Duplicate key A_B in enum"),
    (
        "version\n          schema:\n            type: string\n",
        "version\n          schema: {}\n",
        "openapi-python-client failed",
    ),
]


@pytest.mark.parametrize(("before", "after", "message"), BROKEN)
def test_a_broken_contract_is_an_error_with_its_place(copied: Copy, before: str, after: str, message: str) -> None:
    """The line or the JSON pointer is in the message, and generated/ is unchanged; tests/contract/lint.yaml has more."""
    copied.change((before, after))
    done = copied.run()
    assert done.returncode == 2
    assert done.stderr.startswith("regenerate: ")
    assert message in done.stderr
    assert done.stderr.endswith("regenerate: generated/ was not changed\n")
    assert "Traceback" not in done.stderr
    copied.check_untouched()


def test_a_missing_tool_is_named(copied: Copy) -> None:
    """Whatever is missing, the message says what and how to get it."""
    (copied.root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    done = copied.run()
    assert done.returncode == 2
    assert "openapi-python-client is missing from" in done.stderr
    assert "'make regenerate' installs it" in done.stderr
    copied.check_untouched()


def test_another_version_of_the_generator_is_refused(copied: Copy) -> None:
    """The pin decides, not what happens to be installed."""
    constraints = copied.root / "constraints.txt"
    constraints.write_text(re.sub(r"(openapi-python-client==).*", r"\g<1>0.28.0", constraints.read_text()))
    done = copied.run("--check")
    assert done.returncode == 2
    assert re.search(r"openapi-python-client is [\d.]+, but constraints.txt pins 0\.28\.0", done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("wrong: int = 'text'", r"mypy failed\.?\n(?s:.*)models/cloud_type\.py:"),
        ("wrong = (", r"(?m)^ruff check .* failed: "),
    ],
)
def test_code_that_does_not_type_check_or_parse_is_refused(copied: Copy, added: str, message: str) -> None:
    """With the tool's message, and generated/ is unchanged."""
    template = copied.root / "openapi/templates/str_enum.py.jinja"
    template.write_text(f"{template.read_text()}\n    {added}\n")
    done = copied.run()
    assert done.returncode == 2
    assert re.search(message, done.stderr)
    copied.check_untouched()


@pytest.mark.slow
def test_a_kill_leaves_the_old_tree_or_the_new_one(copied: Copy) -> None:
    """From the start to the end, and most of all near the swap; the next run succeeds."""
    old = copied.before
    copied.change(CAPTION)
    assert copied.run().returncode == 0
    started = time.monotonic()
    assert copied.run().returncode == 0
    took = time.monotonic() - started
    new = copied.tree()
    chance = random.Random(7)  # noqa: S311  # moments, not secrets
    for earliest in (0.0, 0.6, 0.85, 0.9, 0.95):
        shutil.rmtree(copied.generated)
        for name, content in old.items():
            (copied.root / name).parent.mkdir(parents=True, exist_ok=True)
            (copied.root / name).write_bytes(content)
        process = copied.start()
        time.sleep(chance.uniform(earliest, 1) * took)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert copied.tree() in (old, new)
    assert copied.run().returncode == 0
    copied.before = new
    copied.check_untouched()


def test_without_atomic_exchange_a_kill_between_two_renames_is_recovered_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without renameat2 there is a moment with no tree; the next run puts the old one back first. An error leaves it."""
    monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    new, target, aside = tmp_path / "new", tmp_path / "target", tmp_path / "aside"
    for folder in (new, target):
        folder.mkdir()
        (folder / folder.name).touch()
    with pytest.raises(OSError, match="No such file"):
        swap.swap_in(tmp_path / "nothing", target, aside)
    assert (target / "target").exists()
    assert not aside.exists()
    swap.swap_in(new, target, aside)
    assert (target / "new").exists()
    assert (aside / "target").exists()
    shutil.rmtree(target)
    for _ in range(2):
        swap.restore(target, aside)
        assert (target / "target").exists()


@pytest.mark.parametrize("output", [".", "src", "file"])
def test_a_folder_with_other_files_is_not_replaced(copied: Copy, output: str) -> None:
    """The whole output folder goes, so it must hold nothing but what was generated."""
    (copied.root / "src").mkdir()
    (copied.root / "src/work.py").touch()
    (copied.root / "file").touch()
    before = sorted(copied.root.rglob("*"))
    done = copied.run("--output", output, cwd=copied.root)
    assert done.returncode == 2
    assert "would be deleted" in done.stderr or "is not a folder" in done.stderr
    assert sorted(copied.root.rglob("*")) == before


@pytest.mark.slow
def test_concurrent_runs_leave_a_whole_tree(copied: Copy) -> None:
    """One does the work; the others fail or come after it."""
    statuses = {process.wait() for process in [copied.start() for _ in range(3)]}
    assert 0 in statuses
    assert statuses <= {0, 2}
    copied.check_untouched()
