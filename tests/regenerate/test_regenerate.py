"""scripts/regenerate.sh: whole or not at all, the same bytes every time, and a place for every complaint."""

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

# What is broken in it must not depend on what the contract gains.
SPEC = (ROOT / "tests/review/spec.yaml").read_text("utf-8")
CAPTION = "        caption:\n          type: [string, 'null']\n"
IS_DELETED = "        is_deleted:\n"


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
        """Change the contract that stays as it is, and have that one."""
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


def test_generated_is_what_the_contract_gives() -> None:
    """The committed tree passes its own check."""
    done = subprocess.run([ROOT / "scripts/regenerate.sh", "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "generated/ is up to date\n")


@pytest.mark.slow
def test_the_same_spec_gives_the_same_bytes(copied: Copy, tmp_path: Path) -> None:
    """Neither the folder, nor the locale, nor what was there before, nor modules of the caller's make a difference."""
    for name in ("json", "typer", "httpx", "contract", "regenerate", "openapi_python_client"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported by mistake')")
    shutil.rmtree(copied.generated)
    elsewhere = {"LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "0", "TZ": "Asia/Tokyo", "CDPATH": "."}
    done = copied.run(cwd=tmp_path, PYTHONPATH=str(tmp_path), **elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    copied.check_untouched()


def test_changed_stray_and_missing_files_are_found_and_named(copied: Copy) -> None:
    """One byte counts, links count as what they are, bytecode does not count; nothing is mended."""
    package = copied.generated / "autoenhance_api"
    changed = [
        copied.generated / "README.md",
        *(package / name for name in ("models/order.py", "py.typed", "openapi.json")),
    ]
    for path in changed:
        path.write_bytes(path.read_bytes() + b" ")
    (package / "stray.py").touch()
    (package / "client.py").unlink()
    (package / "errors.py").rename(copied.root / "scripts/errors.py")
    (package / "errors.py").symlink_to(copied.root / "scripts/errors.py")
    (package / "__pycache__").mkdir()
    (package / "__pycache__/client.pyc").touch()
    before = copied.tree()
    done = copied.run("--check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "generated/README.md: differs",
        "generated/autoenhance_api/client.py: missing",
        "generated/autoenhance_api/errors.py: differs",
        "generated/autoenhance_api/models/order.py: differs",
        "generated/autoenhance_api/openapi.json: differs",
        "generated/autoenhance_api/py.typed: differs",
        "generated/autoenhance_api/stray.py: not generated",
    ]
    assert "run 'make regenerate'" in done.stderr
    assert copied.tree() == before


FACADE = """
import httpx
from autoenhance import Autoenhance
from autoenhance.models import EditAccepted, OrderStatus

def respond(request):
    if request.url.path.endswith("/accepted"):
        return httpx.Response(202, json={"job": "7"})
    return httpx.Response(200, json={"caption": "Front", "status": "archived"})

with httpx.Client(transport=httpx.MockTransport(respond)) as http, Autoenhance("key", http_client=http) as client:
    order = client.edit_order("order", name="a")
    accepted = client.edit_order("accepted", name="a")
assert order.caption == "Front", order
assert order.status is OrderStatus.ARCHIVED, order
assert accepted == EditAccepted(job="7"), accepted
"""


@pytest.mark.slow
def test_regenerating_is_all_it_takes_for_the_facade_to_return_what_is_new(copied: Copy) -> None:
    """A field, an enum value and a response that are added to the contract reach the caller, untouched facade and all."""
    accepted = (
        "        '202':\n          description: Accepted.\n          content:\n            application/json:\n"
        "              schema:\n                $ref: '#/components/schemas/EditAccepted'\n        '400':\n"
    )
    copied.change(
        (IS_DELETED, CAPTION + IS_DELETED),
        ("        - error\n\n    ImageStatus:", "        - error\n        - archived\n\n    ImageStatus:"),
        ("        '400':\n", accepted),
        added="\n    EditAccepted:\n      type: object\n      properties:\n        job:\n          type: string\n",
    )
    assert copied.run("--check").returncode == 1
    done = copied.run()
    assert done.returncode == 0, done.stderr
    assert copied.run("--check").returncode == 0
    shutil.copytree(ROOT / "autoenhance", copied.generated / "autoenhance")
    # -S and a path of our own: the editable install must not win over the copies.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    path = os.pathsep.join([str(copied.generated), packages])
    subprocess.run([sys.executable, "-S", "-c", FACADE], env={**os.environ, "PYTHONPATH": path}, check=True, timeout=60)


BROKEN = {
    "no YAML": ("  title:", "\ttitle:", "openapi/spec.yaml:4:1: is not YAML"),
    "no reference": (
        "schemas/OrderUpdate'",
        "schemas/OrderUpdat'",
        "'#/components/schemas/OrderUpdat' has no target",
    ),
    "what the generator refuses": (
        "        - LOW_CLOUD\n",
        "        - LOW_CLOUD\n        - a-b\n        - a_b\n",
        "Duplicate key A_B in enum",
    ),
    "what the generator warns of": (
        "x-keyword: api_version\n          schema:\n            type: string\n",
        "x-keyword: api_version\n          schema:\n            type: array\n            items: {type: string}\n",
        "openapi-python-client failed",
    ),
}


@pytest.mark.parametrize(("before", "after", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_contract_is_refused_with_its_place(copied: Copy, before: str, after: str, says: str) -> None:
    """The line or the JSON pointer is in the message, and generated/ is untouched; tests/contract/lint.yaml has more."""
    copied.change((before, after))
    done = copied.run()
    assert done.returncode == 2
    assert done.stderr.startswith("regenerate: ")
    assert says in done.stderr
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
    ("added", "says"),
    [
        ("    wrong: int = 'text'\n", r"mypy failed\.\n(?s:.*)autoenhance_api/models/cloud_type\.py:"),
        ("    wrong = (\n", r"(?m)^ruff check .* failed: "),
    ],
)
def test_a_template_that_does_not_type_check_or_format_is_refused(copied: Copy, added: str, says: str) -> None:
    """The tool's complaint is passed on, and nothing is swapped in."""
    template = copied.root / "openapi/templates/str_enum.py.jinja"
    template.write_text(f"{template.read_text()}\n{added}")
    done = copied.run()
    assert done.returncode == 2
    assert re.search(says, done.stderr)
    copied.check_untouched()


@pytest.mark.slow
def test_killed_at_any_moment_it_leaves_the_old_tree_or_the_new_one(copied: Copy) -> None:
    """Kills from the start to the end, most of them near the swap; the next run is none the worse for them."""
    old = copied.before
    copied.change((IS_DELETED, CAPTION + IS_DELETED))
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


def test_where_names_cannot_be_exchanged_a_kill_between_two_renames_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without renameat2 there is a moment with no tree; the next run puts the old one back first."""
    monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    new, target, aside = tmp_path / "new", tmp_path / "target", tmp_path / "aside"
    for folder in (new, target):
        folder.mkdir()
        (folder / folder.name).touch()
    swap.swap_in(new, target, aside)
    assert (target / "new").exists()
    assert (aside / "target").exists()
    shutil.rmtree(target)
    for _ in range(2):
        swap.restore(target, aside)
        assert (target / "target").exists()


def test_a_swap_that_fails_leaves_the_old_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the file system is passed on with everything where it was."""
    monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(OSError, match="No such file"):
        swap.swap_in(tmp_path / "nothing", target, tmp_path / "aside")
    assert target.is_dir()
    assert not (tmp_path / "aside").exists()


@pytest.mark.parametrize("output", [".", "src", "file"])
def test_a_folder_that_is_not_ours_is_not_replaced(copied: Copy, output: str) -> None:
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
def test_of_three_at_once_one_does_the_work(copied: Copy) -> None:
    """The others say so or come after it; the tree is whole."""
    processes = [copied.start() for _ in range(3)]
    statuses = {process.wait() for process in processes}
    assert 0 in statuses
    assert statuses <= {0, 2}
    copied.check_untouched()
