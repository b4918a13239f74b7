"""make review: what it compares with, what it writes, and what its exit status means."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from repositories import ROOT, Repository
from review_samples import SAMPLES, apply, base_tree

from review.__main__ import main
from review.report import _cell, _span
from review.trees import CHANGELOG, SPEC, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.tools


class Checkout(Repository):
    """A git checkout of what a review reads."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder)
        self.capsys = capsys

    def replace(self, path: str, before: str, after: str) -> None:
        file = self.root / path
        text = file.read_text("utf-8")
        assert before in text
        file.write_text(text.replace(before, after, 1), encoding="utf-8")

    def review(self, status: int, *arguments: str) -> str:
        """Run a review, which must end with this exit status, and give what it writes, an error included."""
        assert main(["--root", str(self.root), *arguments]) == status
        return "".join(self.capsys.readouterr())

    def written(self, name: str) -> str:
        return (self.root / "build/review" / name).read_text("utf-8")


@pytest.fixture
def checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checkout:
    """One commit on the main branch."""
    root = tmp_path / "checkout"
    root.mkdir()
    base_tree(root)
    (root / ".gitignore").write_text("build/\n")
    checkout = Checkout(root, capsys)
    checkout.git("init", "--quiet")
    checkout.commit()
    return checkout


def test_a_branch_is_compared_with_its_merge_base_and_a_breaking_change_without_its_bumps_fails(
    checkout: Checkout,
) -> None:
    """What main did since is not the branch's; what the change needs besides is listed."""
    left = checkout.git("rev-parse", "--short=7", "HEAD")
    checkout.git("checkout", "--quiet", "-b", "change")
    checkout.git("checkout", "--quiet", "main")
    apply(checkout, "response-field-added")
    checkout.commit()
    checkout.git("checkout", "--quiet", "change")
    apply(checkout, "combined-breaking-bare")
    checkout.commit()

    out = " ".join(checkout.review(1, "--accept", "carried").split())

    sample = SAMPLES["combined-breaking-bare"]
    wire, python = (sum(change.startswith("breaking") for change in part) for part in (sample.wire, sample.python))
    assert out.startswith(f"Breaking: {wire + python} breaking changes ({wire} on the wire, {python} in Python). ")
    assert f"Compared with openapi/spec.yaml at {left}: the merge base with the main branch." in out
    record = json.loads(checkout.written("review.json"))
    assert record["verdict"] == "breaking"
    assert record["missing"] == [
        "info.version: bump 1.0.0 to 2.0.0 (major)",
        "the package's version: bump 0.1.0 to 0.2.0 (major)",
        "CHANGELOG.md: add a line about the change",
    ]
    assert all(f"Missing: {missing}" in out for missing in record["missing"])
    sources = record["sources"]
    assert sources["counts"]["sdk"]["now"] == sources["counts"]["sdk"]["base"] + 1
    new = [fact["name"] for fact in sources["facts"] if fact["new"]]
    assert new == ["OrderUpdate.title", "Image.restage", "Image.sky_replacement", "Image.restage (null)"]
    gone = {(fact["name"], fact["source"]) for fact in sources["gone"]}
    assert gone == {("OrderUpdate.name", "page"), ("response 409", "inferred")}


@pytest.mark.slow
def test_output_is_reproducible_and_names_no_folder_of_this_machine(checkout: Checkout) -> None:
    """Markdown, HTML and JSON, byte for byte; in a pipe the table fits 80 columns and has no colour."""
    apply(checkout, "combined-breaking-bare")
    runs = []
    for _ in range(2):
        out = checkout.review(1)
        assert "\x1b" not in out
        assert max(map(len, out.splitlines())) <= 80
        runs.append({path.name: path.read_bytes() for path in (checkout.root / "build/review").iterdir()})
        shutil.rmtree(checkout.root / "build")
    files = runs[0]
    assert files == runs[1]
    assert sorted(files) == ["review.html", "review.json", "review.md"]
    assert not [name for name, data in files.items() if str(checkout.root).encode() in data or b"/tmp" in data]
    for text in (files["review.md"].decode(), files["review.html"].decode()):
        for part in ("responses 400, 401, 404, 429, 5XX", "openapi/spec.yaml:", "autoenhance.models.OrderUpdate.name"):
            assert part in text


@pytest.mark.slow
def test_a_breaking_change_with_its_bumps_may_be_accepted(checkout: Checkout) -> None:
    """Exit 1; with --accept carried, which is how a pull request is checked, 0."""
    apply(checkout, "combined-breaking-carried")
    assert "Missing:" not in checkout.review(1)
    checkout.review(0, "--accept", "carried")
    checkout.replace(CHANGELOG, "- `name` of an edit is `title` now, and `total_images` is `image_count`.\n", "")
    checkout.review(1, "--accept", "carried")


@pytest.mark.slow
def test_a_compatible_change_passes_and_a_commit_of_main_is_compared_with_its_parent(checkout: Checkout) -> None:
    """Exit 0, and what callers can do now; a tag takes the parent's place."""
    apply(checkout, "request-field-added")
    apply(checkout, "parameter-added")
    checkout.commit()
    checkout.commit()
    out = checkout.review(0, "--base", "HEAD~2")
    assert out.startswith("Compatible: 6 changes, none of them breaking.\n")
    text = " ".join(checkout.written("review.md").split())
    for keyword, also in (("reference", " and the column `reference` of `edit-orders`,"), ("x_request_id", ",")):
        option = f"the option `--{keyword.replace('_', '-')}` of `autoenhance edit-order`"
        assert f"The keyword `{keyword}` of `edit_order` and `OrderEdit`, with {option}{also} was added" in text
    assert "To do: info.version: bump 1.0.0 to 1.1.0 (minor)\n" in out
    assert "the parent of the last commit" in checkout.review(0)
    checkout.git("tag", "v1", "HEAD~2")
    assert "the last tag, v1" in checkout.review(0)


def _no_contract(checkout: Checkout) -> None:
    (checkout.root / SPEC).rename(checkout.root / "elsewhere.yaml")
    checkout.commit()
    (checkout.root / "elsewhere.yaml").rename(checkout.root / SPEC)


def _broken_base(checkout: Checkout) -> None:
    checkout.replace(SPEC, "in: path\n", "in: pth\n")
    checkout.commit()
    checkout.replace(SPEC, "in: pth\n", "in: path\n")


def _nothing_in_common(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "--orphan", "another")
    checkout.git("commit", "--quiet", "--allow-empty", "--message", "Another first one")


def _write(path: str, content: bytes) -> Callable[[Checkout], object]:
    return lambda checkout: (checkout.root / path).write_bytes(content)


HEAD = ["--base", "HEAD"]
NO_BASE = "there is no base: "
slow = pytest.mark.slow


@pytest.mark.parametrize(
    ("break_it", "arguments", "message"),
    [
        (lambda it: shutil.rmtree(it.root / ".git"), [], f"{NO_BASE}fatal: not a git repository"),
        (_nothing_in_common, [], f"{NO_BASE}this branch has no commit in common with main. In a shallow clone"),
        (lambda it: it.git("branch", "--move", "b"), [], f"{NO_BASE}no main branch, no tag and no parent"),
        (lambda _: None, ["--base", "v9"], f"{NO_BASE}'v9' is not a revision of this checkout"),
        (_no_contract, [], "has no openapi/spec.yaml"),
        (lambda it: it.replace(SPEC, "in: path\n", "in: pth\n"), [], r"spec.yaml:\d+: #/.*/0/in: 'pth' is not one of"),
        (_broken_base, [], r"openapi/spec.yaml at \w{7}:\d+: #/paths/.*: 'pth' is not one of"),
        (_write("autoenhance/_edit.py", b"\ndef f(:\n"), HEAD, "autoenhance/_edit.py:2: is not Python: "),
        (lambda _: None, [*HEAD, "--upstream", "missing.yaml"], "missing.yaml"),
        pytest.param(_write(CHANGELOG, b"- caf\xe9\n"), HEAD, "UnicodeDecodeError", marks=slow),
        pytest.param(
            _write("openapi/generator.yaml", b"post_hooks: 7\n"), HEAD, "openapi-python-client failed: ", marks=slow
        ),
        pytest.param(
            _write("openapi/templates/str_enum.py.jinja", b"{% wrong %}"), [], "openapi/spec.yaml", marks=slow
        ),
    ],
)
def test_a_review_that_cannot_be_done_is_one_error(
    checkout: Checkout, break_it: Callable[[Checkout], object], arguments: list[str], message: str
) -> None:
    """Exit 2, what is wrong and where, and no traceback."""
    break_it(checkout)
    err = checkout.review(2, *arguments)
    assert err.startswith("review: ")
    assert re.search(message, err), err


@pytest.mark.slow
def test_the_services_own_document_is_compared_too(checkout: Checkout, tmp_path: Path) -> None:
    """What would break our client makes the review breaking; what would not is reported."""
    theirs, upstream = tmp_path / "theirs.yaml", ("--base", "HEAD", "--upstream", str(tmp_path / "theirs.yaml"))
    ours = (checkout.root / SPEC).read_text("utf-8")
    theirs.write_text(ours.replace("  version: 1.0.0", "  version: 7.0.0"), encoding="utf-8")
    checkout.review(0, *upstream)
    assert "No differences." in checkout.written("review.md")
    theirs.write_text(theirs.read_text("utf-8").replace("      name: x-api-key", "      name: x-key"), encoding="utf-8")
    assert "1 against the service's own document" in checkout.review(1, *upstream, "--accept", "carried")
    record = json.loads(checkout.written("review.json"))
    assert [difference["breaking"] for difference in record["upstream"]["differences"]] == [True]


@pytest.mark.slow
def test_a_clone_compares_with_the_main_branch_of_its_origin(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CI has it: no branch main, a tag on the commit itself, and a hook's variables that name another repository."""
    base = checkout.git("rev-parse", "--short=7", "HEAD")
    checkout.git("clone", "--quiet", str(checkout.root), str(tmp_path / "clone"))
    clone = Checkout(tmp_path / "clone", checkout.capsys)
    clone.git("checkout", "--quiet", "-b", "change")
    clone.git("branch", "--delete", "main")
    apply(clone, "description-changed")
    clone.commit()
    clone.git("tag", "--annotate", "--message", "A tag", "v9")
    monkeypatch.setenv("GIT_DIR", str(checkout.root / ".git"))
    out = " ".join(clone.review(0).split())
    assert f"openapi/spec.yaml at {base}: the merge base with the main branch." in out


@pytest.mark.slow
def test_findings_of_the_lint_are_reported(checkout: Checkout) -> None:
    """They do not stop a review, and are in everything that it writes."""
    checkout.replace(SPEC, "Whether the sky is replaced.", "Whether the sky is replaced")
    assert "To do: contract: openapi/spec.yaml:" in checkout.review(0)
    assert json.loads(checkout.written("review.json"))["findings"]
    for name in ("review.md", "review.html"):
        assert "does not end in a full stop" in checkout.written(name)


@pytest.mark.slow
def test_markup_and_control_characters_of_the_contract_are_escaped(checkout: Checkout) -> None:
    """In the page, in Markdown and on the terminal."""
    checkout.replace(SPEC, "        - HIGH_CLOUD\n", "        - HIGH_CLOUD\n        - <b>|[red]\n")
    odd = '        "ev[red]il\\e[31m @all":\n          type: string\n'
    checkout.replace(SPEC, "        upscale:\n", f"{odd}        upscale:\n")
    out = checkout.review(0)
    assert "<b>|[red]" in out
    assert "ev[red]il\\x1b[31m @all" in " ".join(out.split())
    page, text = checkout.written("review.html"), checkout.written("review.md")
    assert "&lt;b&gt;|[red]" in page
    assert "<b>" not in page
    assert "`<b>\\|[red]`" in text
    assert "\x1b" not in out + page + text


def test_text_of_the_services_document_is_escaped_in_markdown() -> None:
    """A pattern in it makes no link and mentions nobody."""
    text, escaped = (
        "a [x](http://e) *z* @who #1 | `a|b` <b>",
        "a \\[x\\](http://e) \\*z\\* &#64;who \\#1 \\| `a\\|b` \\<b\\>",
    )
    assert _cell(text) == escaped
    assert _cell("half a `tick *z*") == "half a \\`tick \\*z\\*"
    assert _span("a`b|c") == "`` a`b\\|c ``"


@pytest.mark.slow
def test_the_example_of_the_documentation_is_a_real_review(checkout: Checkout) -> None:
    """docs/review.md shows a change that is harmless on the wire and breaks code."""
    apply(checkout, "response-enum-value-removed")
    checkout.review(1)
    lines = (ROOT / "docs/review.md").read_text("utf-8").splitlines()
    shown = [line for line in lines if line.startswith(("| compatible", "| **breaking**"))]
    assert len(shown) == 2
    assert all(row in checkout.written("review.md") for row in shown)


def test_the_script_imports_its_own_modules_in_any_folder(tmp_path: Path) -> None:
    """No module of the caller's folder stands in for one of ours, and the help lists the exit statuses."""
    for name in ("review", "contract", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    command = [str(ROOT / "scripts/review.sh"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--upstream" in done.stdout
    assert "Exit status: 0 compatible, 1 breaking, 2" in " ".join(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_review_leaves_no_files(checkout: Checkout, tmp_path: Path, stop: signal.Signals) -> None:
    """Neither the base's files nor what the tools were given."""
    command = [str(ROOT / "scripts/review.sh"), "--root", str(checkout.root), "--base", "HEAD"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while not list(temporary.iterdir()) and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(stop)
        assert running.wait() == 128 + stop
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_missing_package_version_needs_a_bump(checkout: Checkout) -> None:
    """A version that cannot be read is never the one that is needed."""
    apply(checkout, "facade-parameter-renamed")
    (checkout.root / VERSION).write_text("")
    out = checkout.review(1, "--accept", "carried")
    assert "the package's version: bump (not set) to 0.2.0 (major)" in out
