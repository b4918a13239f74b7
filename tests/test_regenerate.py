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
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from regenerate import swap

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent
# What is broken in it must not depend on what the contract gains.
SPEC = (ROOT / "tests/review/spec.yaml").read_text("utf-8")


class Copy:
    """A copy of what regenerating needs, with this environment's tools, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        for name in ("openapi", "generated", "scripts"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "constraints.txt", folder)
        tools = folder / ".venv/bin"
        tools.mkdir(parents=True)
        # Not a link: a Python that is linked to finds its packages by where the link stands.
        (tools / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (tools / "python").chmod(0o755)
        # mypy's knowledge of the libraries, so that not every copy learns them anew; it changes no outcome.
        with suppress(FileNotFoundError):
            shutil.copytree(ROOT / ".mypy_cache/regenerate", folder / ".mypy_cache/regenerate")
        self.spec = folder / "openapi/spec.yaml"
        self.generated = folder / "generated"

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.root / "scripts/regenerate.sh"), *arguments]
        return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)

    def start(self) -> subprocess.Popen[bytes]:
        command = [str(self.root / "scripts/regenerate.sh")]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def tree(self) -> dict[str, bytes]:
        files = (path for path in self.generated.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}

    def change(self, before: str, after: str) -> None:
        assert SPEC.count(before) == 1, before
        self.spec.write_text(SPEC.replace(before, after), encoding="utf-8")

    def left_over(self) -> list[str]:
        return sorted(path.name for path in self.root.iterdir() if path.name not in self._ours)

    _ours = ("openapi", "generated", "scripts", "constraints.txt", ".venv", ".mypy_cache")


@pytest.fixture
def copied(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "a folder")


def test_generated_is_what_the_contract_gives() -> None:
    """The committed tree passes its own check."""
    done = subprocess.run([ROOT / "scripts/regenerate.sh", "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "generated/ is up to date.\n")


@pytest.mark.slow
def test_the_same_spec_gives_the_same_bytes(copied: Copy) -> None:
    """Neither the folder, nor the locale, nor the hash seed, nor what was there before makes a difference."""
    before = copied.tree()
    shutil.rmtree(copied.generated)
    done = copied.run(LC_ALL="C", PYTHONHASHSEED="7", PYTHONUTF8="0", TZ="Asia/Tokyo")
    assert (done.returncode, done.stderr) == (0, "")
    assert copied.tree() == before
    assert copied.left_over() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["README.md", "autoenhance_api/models/order.py", "autoenhance_api/py.typed", "autoenhance_api/openapi.json"]
)
def test_one_changed_byte_is_found_and_named(copied: Copy, name: str) -> None:
    """A hand edit anywhere exits 1 with the path, and nothing is mended."""
    path = copied.generated / name
    path.write_bytes(path.read_bytes() + b" ")
    before = copied.tree()
    done = copied.run("--check")
    assert (done.returncode, done.stdout) == (1, f"generated/{name}: differs\n")
    assert "run 'make regenerate'" in done.stderr
    assert copied.tree() == before


def test_stray_and_missing_files_are_found_and_named(copied: Copy) -> None:
    """Links count as what they are, and bytecode does not count."""
    (copied.generated / "autoenhance_api/stray.py").touch()
    (copied.generated / "autoenhance_api/client.py").unlink()
    errors = copied.generated / "autoenhance_api/errors.py"
    errors.rename(copied.root / "scripts/errors.py")
    errors.symlink_to(copied.root / "scripts/errors.py")
    (copied.generated / "autoenhance_api/__pycache__").mkdir()
    (copied.generated / "autoenhance_api/__pycache__/client.pyc").touch()
    done = copied.run("--check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "generated/autoenhance_api/client.py: is missing",
        "generated/autoenhance_api/errors.py: differs",
        "generated/autoenhance_api/stray.py: does not belong there",
    ]


@pytest.mark.slow
def test_a_tree_from_another_generator_is_found(copied: Copy) -> None:
    """generated/README.md says which generator made it."""
    path = copied.generated / "README.md"
    path.write_text(path.read_text().replace("0.29.1", "0.28.0"))
    done = copied.run("--check")
    assert (done.returncode, done.stdout) == (1, "generated/README.md: differs\n")


@pytest.mark.slow
def test_a_changed_contract_is_found_and_regenerated(copied: Copy) -> None:
    """A new field, a new enum value and a new response are in the models after one command."""
    copied.change("        is_deleted:\n", "        caption:\n          type: [string, 'null']\n        is_deleted:\n")
    copied.spec.write_text(
        copied.spec.read_text().replace("        - expired\n", "        - expired\n        - archived\n")
    )
    assert copied.run("--check").returncode == 1
    assert copied.run().returncode == 0
    assert copied.run("--check").returncode == 0
    code = (
        "from autoenhance_api.models import ImageStatus, Order\n"
        "assert Order.from_dict({'caption': 'a'}).caption == 'a'\n"
        "assert ImageStatus('archived') is ImageStatus.ARCHIVED\n"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(copied.generated)}, check=True)


FACADE = """
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from autoenhance import Autoenhance
from autoenhance.models import EditAccepted, OrderStatus

class Service(BaseHTTPRequestHandler):
    def do_PATCH(self):
        self.rfile.read(int(self.headers["content-length"]))
        accepted = self.path.endswith("/accepted")
        body = {"job": "7"} if accepted else {"caption": "Front", "status": "archived"}
        self.send_response(202 if accepted else 200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
    def log_message(self, *arguments): pass

with HTTPServer(("127.0.0.1", 0), Service) as server:
    threading.Thread(target=server.serve_forever).start()
    with Autoenhance("key", base_url=f"http://127.0.0.1:{server.server_port}") as client:
        order = client.edit_order("order", name="a")
        accepted = client.edit_order("accepted", name="a")
    server.shutdown()
assert order.caption == "Front", order
assert order.status is OrderStatus.ARCHIVED, order
assert accepted == EditAccepted(job="7"), accepted
"""


@pytest.mark.slow
def test_regenerating_is_all_it_takes_for_the_facade_to_return_what_is_new(copied: Copy) -> None:
    """A field, an enum value and a response that are added to the contract reach the caller, untouched facade and all."""
    changed = SPEC.replace(
        "        is_deleted:\n", "        caption:\n          type: [string, 'null']\n        is_deleted:\n"
    )
    changed = changed.replace(
        "        - error\n\n    ImageStatus:", "        - error\n        - archived\n\n    ImageStatus:"
    )
    changed = changed.replace(
        "        '400':\n",
        "        '202':\n          description: Accepted.\n          content:\n            application/json:\n"
        "              schema:\n                $ref: '#/components/schemas/EditAccepted'\n        '400':\n",
    )
    changed += "\n    EditAccepted:\n      type: object\n      properties:\n        job:\n          type: string\n"
    copied.spec.write_text(changed)
    done = copied.run()
    assert done.returncode == 0, done.stderr
    shutil.copytree(ROOT / "autoenhance", copied.generated / "autoenhance")
    # -S -P and a path of our own: the editable install must not win over the copies.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    path = os.pathsep.join([str(copied.generated), packages])
    subprocess.run([sys.executable, "-S", "-c", FACADE], env={**os.environ, "PYTHONPATH": path}, check=True, timeout=60)


BROKEN: dict[str, tuple[Callable[[str], str], str]] = {
    "tab": (lambda text: text.replace("  title:", "\ttitle:", 1), "openapi/spec.yaml:4:1: is not YAML"),
    "unclosed quote": (lambda text: text.replace("'200':", "'200:", 1), "openapi/spec.yaml:"),
    "same key twice": (
        lambda text: text.replace("  version:", "  version: 0.0.0\n  version:", 1),
        "openapi/spec.yaml:6:3: is not YAML: found duplicate key",
    ),
    "a list": (lambda _: "- a\n", "openapi/spec.yaml:1: is not an OpenAPI document"),
    "nothing": (lambda _: "", "openapi/spec.yaml:1: is not an OpenAPI document"),
    "a date": (
        lambda text: text.replace("example: '2025-08-31'", "example: 2025-08-31", 1),
        "#/paths/~1v3~1orders~1{id}/patch/parameters/1/example: 2025-08-31 is a date to YAML; quote it",
    ),
    "a status that is a number": (
        lambda text: text.replace("'404':", "404:", 1),
        "#/paths/~1v3~1orders~1{id}/patch/responses/404: the key 404 is not a string; quote it",
    ),
    "dangling reference": (
        lambda text: text.replace("schemas/OrderUpdate'", "schemas/OrderUpdat'", 1),
        "requestBody/content/application~1json/schema/$ref: the reference '#/components/schemas/OrderUpdat' points to nothing",
    ),
    "reference to elsewhere": (
        lambda text: text.replace("'#/components/schemas/OrderUpdate'", "other.yaml", 1),
        "the reference 'other.yaml' does not point into this document",
    ),
    "enum without a type": (
        lambda text: text.replace("    CloudType:\n      type: string\n", "    CloudType:\n", 1),
        "#/components/schemas/CloudType: an enum needs a `type` beside it",
    ),
    "value twice in an enum": (
        lambda text: text.replace("        - LOW_CLOUD\n", "        - LOW_CLOUD\n        - LOW_CLOUD\n", 1),
        "#/components/schemas/CloudType/enum/2: duplicate enum value 'LOW_CLOUD'",
    ),
    "unknown type": (
        lambda text: text.replace("    HtmlPage:\n      type: string", "    HtmlPage:\n      type: text", 1),
        "#/components/schemas/HtmlPage/type: 'text' is not valid under any of the given schemas (",
    ),
    "missing title": (
        lambda text: text.replace("  title: Autoenhance.ai orders\n", "", 1),
        "#/info: 'title' is a required",
    ),
    "another version of OpenAPI": (
        lambda text: text.replace("openapi: 3.1.1", "openapi: 3.0.3", 1),
        "openapi/spec.yaml:1: #/openapi: the contract is OpenAPI 3.1, not '3.0.3'",
    ),
    "two values of one name": (
        lambda text: text.replace("        - LOW_CLOUD\n", "        - LOW_CLOUD\n        - a-b\n        - a_b\n", 1),
        "Duplicate key A_B in enum",
    ),
    "what the generator warns of": (
        lambda text: text.replace(
            "x-keyword: api_version\n          schema:\n            type: string\n",
            "x-keyword: api_version\n          schema:\n            type: array\n            items: {type: string}\n",
            1,
        ),
        "openapi-python-client failed.",
    ),
}


@pytest.mark.parametrize(("break_it", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_contract_is_refused_with_its_place(copied: Copy, break_it: Callable[[str], str], says: str) -> None:
    """The line or the JSON pointer is in the message, and generated/ is untouched."""
    broken = break_it(SPEC)
    assert broken != SPEC
    copied.spec.write_text(broken, encoding="utf-8")
    before = copied.tree()
    done = copied.run()
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.endswith("regenerate: generated/ was left as it was.\n")
    assert "Traceback" not in done.stderr
    assert copied.tree() == before
    assert copied.left_over() == []


def test_the_line_of_a_finding_is_the_line_of_its_key(copied: Copy) -> None:
    """Who follows the line number lands on what is wrong."""
    copied.change("    CloudType:\n      type: string\n", "    CloudType:\n")
    line = copied.spec.read_text().splitlines().index("    CloudType:") + 1
    assert f"openapi/spec.yaml:{line}: #/components/schemas/CloudType" in copied.run().stderr


def test_a_contract_that_is_not_there_or_not_text_is_refused(copied: Copy) -> None:
    """Even then a sentence, and no traceback."""
    copied.spec.write_bytes(SPEC.encode() + b"\n# \xff\n")
    assert f":{SPEC.count(chr(10)) + 2}: is not UTF-8" in copied.run().stderr
    copied.spec.unlink()
    assert "openapi/spec.yaml: cannot be read: No such file or directory" in copied.run().stderr


def test_a_missing_tool_is_named(copied: Copy) -> None:
    """Whatever is missing, the message says what and how to get it."""
    before = copied.tree()
    (copied.root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    done = copied.run()
    assert done.returncode == 2
    assert "openapi-python-client is missing from" in done.stderr
    assert "'make regenerate' installs it" in done.stderr
    assert copied.tree() == before


def test_another_version_of_the_generator_is_refused(copied: Copy) -> None:
    """The pin decides, not what happens to be installed."""
    constraints = copied.root / "constraints.txt"
    constraints.write_text(
        constraints.read_text().replace("openapi-python-client==0.29.1", "openapi-python-client==0.28.0")
    )
    done = copied.run("--check")
    assert done.returncode == 2
    assert "openapi-python-client is 0.29.1, but constraints.txt pins 0.28.0" in done.stderr


@pytest.mark.slow
def test_templates_that_give_wrong_types_are_refused(copied: Copy) -> None:
    """What does not type-check is not swapped in."""
    template = copied.root / "openapi/templates/str_enum.py.jinja"
    template.write_text(template.read_text() + "\n    wrong: int = 'text'\n")
    before = copied.tree()
    done = copied.run()
    assert done.returncode == 2
    assert "mypy failed." in done.stderr
    assert "autoenhance_api/models/cloud_type.py:" in done.stderr
    assert copied.tree() == before


@pytest.mark.slow
def test_a_template_that_does_not_format_is_refused(copied: Copy) -> None:
    """ruff's complaint is passed on."""
    template = copied.root / "openapi/templates/str_enum.py.jinja"
    template.write_text(template.read_text() + "\n    wrong = (\n")
    done = copied.run()
    assert done.returncode == 2
    assert re.search(r"^ruff check .* failed: ", done.stderr, re.MULTILINE)


@pytest.mark.slow
def test_killed_at_any_moment_it_leaves_the_old_tree_or_the_new_one(copied: Copy) -> None:
    """Kills from the start to the end, most of them near the swap; the next run is none the worse for them."""
    old = copied.tree()
    copied.change("        is_deleted:\n", "        caption:\n          type: [string, 'null']\n        is_deleted:\n")
    assert copied.run().returncode == 0
    started = time.monotonic()
    assert copied.run().returncode == 0
    took = time.monotonic() - started
    new = copied.tree()
    chance = random.Random(7)  # noqa: S311  # moments, not secrets
    for earliest in (0.0, 0.3, 0.6, 0.8, 0.85, 0.9, 0.9, 0.95, 0.95, 0.95):
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
    assert copied.tree() == new
    assert copied.left_over() == []


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
    swap.restore(target, aside)
    assert (target / "target").exists()
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


@pytest.mark.parametrize("output", [".", "", "src", "file"])
def test_a_folder_that_is_not_ours_is_not_replaced(copied: Copy, output: str) -> None:
    """The whole output folder goes, so it must hold nothing but what was generated."""
    (copied.root / "src").mkdir()
    (copied.root / "src/work.py").touch()
    (copied.root / "file").touch()
    before = sorted(path.relative_to(copied.root) for path in copied.root.rglob("*"))
    command = [str(copied.root / "scripts/regenerate.sh"), "--output", output]
    done = subprocess.run(command, cwd=copied.root, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "would be deleted" in done.stderr or "is not a folder" in done.stderr
    assert sorted(path.relative_to(copied.root) for path in copied.root.rglob("*")) == before


@pytest.mark.slow
def test_no_module_of_the_callers_stands_in_for_a_tools(copied: Copy, tmp_path: Path) -> None:
    """Neither the folder that it is called from nor PYTHONPATH is on the tools' path."""
    for name in ("json", "typer", "httpx", "contract", "regenerate", "openapi_python_client"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported by mistake')")
    before = copied.tree()
    command = [str(copied.root / "scripts/regenerate.sh")]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "CDPATH": "."}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert copied.tree() == before


ODD = {
    "a loop": "    Loop:\n      allOf:\n        - $ref: '#/components/schemas/Loop'\n",
    "half a surrogate pair": '    Odd:\n      type: string\n      description: "\\ud800"\n',
    "no integer": "    Odd: !!int foo\n",
    "no date": "    Odd: 2025-99-99\n",
    "a merge": "    Odd: &odd\n      type: string\n    Other:\n      <<: *odd\n      enum: [1, 1]\n",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_contract_is_a_failure_and_no_difference(copied: Copy, odd: str) -> None:
    """Whatever the tools trip over: exit status 2, and the tree whole."""
    copied.spec.write_text(SPEC + odd, encoding="utf-8")
    before = copied.tree()
    done = copied.run()
    assert done.returncode == 2
    assert done.stderr.startswith("regenerate: ")
    assert copied.tree() == before
    assert copied.left_over() == []


@pytest.mark.slow
def test_two_at_once_do_not_meet(copied: Copy) -> None:
    """One does the work, the other says so or comes after it; the tree is whole."""
    before = copied.tree()
    processes = [copied.start() for _ in range(3)]
    statuses = [process.wait() for process in processes]
    assert 0 in statuses
    assert set(statuses) <= {0, 2}
    assert copied.tree() == before
    assert copied.left_over() == []
