"""make review: what it compares with, what it writes, and what its exit status means."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from review_samples import SAMPLES, base_tree

from review.__main__ import main
from review.report import _cell, _span
from review.trees import CHANGELOG, SPEC, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent.parent


class Checkout:
    """A git checkout of what a review reads."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
        command = ["git", *who, *arguments]
        return subprocess.run(
            command, cwd=self.root, input=stdin, capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A change")
        return self.git("rev-parse", "--short=7", "HEAD")

    def apply(self, name: str) -> None:
        self.git("apply", "--whitespace=nowarn", "-", stdin=SAMPLES[name].patch)

    def replace(self, path: str, before: str, after: str) -> None:
        file = self.root / path
        text = file.read_text("utf-8")
        assert before in text
        file.write_text(text.replace(before, after, 1), encoding="utf-8")

    def review(self, *arguments: str) -> int:
        return main(["--root", str(self.root), *arguments])

    def written(self, name: str) -> str:
        return (self.root / "build/review" / name).read_text("utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """One commit on the main branch."""
    root = tmp_path / "checkout"
    root.mkdir()
    base_tree(root)
    (root / ".gitignore").write_text("build/\n")
    checkout = Checkout(root)
    checkout.git("init", "--quiet")
    checkout.commit()
    return checkout


def test_a_branch_is_compared_with_where_it_left_main_and_a_bare_breaking_change_fails(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """What main did since is not the branch's; what the change must bring along is said."""
    left = checkout.git("rev-parse", "--short=7", "HEAD")
    checkout.git("checkout", "--quiet", "-b", "change")
    checkout.git("checkout", "--quiet", "main")
    checkout.apply("response-field-added")
    checkout.commit()
    checkout.git("checkout", "--quiet", "change")
    checkout.apply("combined-breaking-bare")
    checkout.commit()

    assert checkout.review("--accept", "carried") == 1

    out = " ".join(capsys.readouterr().out.split())
    sample = SAMPLES["combined-breaking-bare"]
    wire = sum(change.startswith("breaking") for change in sample.wire)
    python = sum(change.startswith("breaking") for change in sample.python)
    told = f"Breaking: {wire + python} breaking changes ({wire} on the wire, {python} in Python). "
    assert out.startswith(told)
    assert f"Compared with openapi/spec.yaml at {left}: where this branch left the main branch." in out
    record = json.loads(checkout.written("review.json"))
    assert record["verdict"] == "breaking"
    assert record["missing"] == [
        "info.version: bump 1.0.0 to 2.0.0 (major)",
        "the package's version: bump 0.1.0 to 0.2.0 (major)",
        "CHANGELOG.md: add a line that tells users",
    ]
    assert all(f"Missing: {missing}" in out for missing in record["missing"])
    assert record["sources"]["counts"]["sdk"]["now"] == record["sources"]["counts"]["sdk"]["base"] + 1
    assert [fact["name"] for fact in record["sources"]["facts"] if fact["new"]] == [
        "OrderUpdate.title",
        "Image.restage",
        "Image.sky_replacement",
        "Image.restage (null)",
    ]
    assert {(fact["name"], fact["source"]) for fact in record["sources"]["gone"]} == {
        ("OrderUpdate.name", "page"),
        ("response 409", "inferred"),
    }


@pytest.mark.slow
def test_what_is_written_is_the_same_twice_and_names_no_folder_of_this_machine(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markdown, HTML and JSON, byte for byte; in a pipe the table fits 80 columns and has no colour."""
    checkout.apply("combined-breaking-bare")
    seen = []
    for _ in range(2):
        assert checkout.review() == 1
        seen.append({path.name: path.read_bytes() for path in (checkout.root / "build/review").iterdir()})
        shutil.rmtree(checkout.root / "build")
    assert seen[0] == seen[1]
    assert sorted(seen[0]) == ["review.html", "review.json", "review.md"]
    assert not [name for name, data in seen[0].items() if str(checkout.root).encode() in data or b"/tmp" in data]
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= 80
    for text in (seen[0]["review.md"].decode(), seen[0]["review.html"].decode()):
        assert "responses 400, 401, 404, 429, 5XX" in text
        assert "openapi/spec.yaml:" in text
        assert "autoenhance.models.OrderUpdate.name" in text


@pytest.mark.slow
def test_a_breaking_change_that_carries_its_versions_is_breaking_still_but_may_be_accepted(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1; with --accept carried, which is how a pull request is checked, 0."""
    checkout.apply("combined-breaking-carried")
    assert checkout.review() == 1
    assert "Missing:" not in capsys.readouterr().out
    assert checkout.review("--accept", "carried") == 0
    checkout.replace(CHANGELOG, "- `name` of an edit is `title` now, and `total_images` is `image_count`.\n", "")
    assert checkout.review("--accept", "carried") == 1


@pytest.mark.slow
def test_a_compatible_change_passes_and_a_commit_of_main_is_compared_with_its_parent(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0; a tag takes the parent's place."""
    checkout.apply("response-enum-value-added")
    checkout.commit()
    checkout.commit()
    assert checkout.review("--base", "HEAD~2") == 0
    out = capsys.readouterr().out
    assert out.startswith("Compatible: 2 changes, none of them breaking.\n")
    assert "To do: info.version: bump 1.0.0 to 1.1.0 (minor)\n" in out
    assert checkout.review() == 0
    assert "the parent of the last commit" in capsys.readouterr().out
    checkout.git("tag", "v1", "HEAD~2")
    assert checkout.review() == 0
    assert "the last tag, v1" in capsys.readouterr().out


def _no_git(checkout: Checkout) -> None:
    shutil.rmtree(checkout.root / ".git")


def _only_commit(checkout: Checkout) -> None:
    checkout.git("branch", "--move", "another")


def _no_contract(checkout: Checkout) -> None:
    (checkout.root / SPEC).rename(checkout.root / "elsewhere.yaml")
    checkout.commit()
    (checkout.root / "elsewhere.yaml").rename(checkout.root / SPEC)


def _broken(checkout: Checkout) -> None:
    checkout.replace(SPEC, "          in: path\n", "          in: pth\n")


def _broken_base(checkout: Checkout) -> None:
    _broken(checkout)
    checkout.commit()
    checkout.replace(SPEC, "          in: pth\n", "          in: path\n")


def _no_text(checkout: Checkout) -> None:
    with (checkout.root / CHANGELOG).open("ab") as file:
        file.write(b"- caf\xe9\n")


def _no_python(checkout: Checkout) -> None:
    with (checkout.root / "autoenhance/_edit.py").open("a") as file:
        file.write("def f(:\n")


def _broken_settings(checkout: Checkout) -> None:
    (checkout.root / "openapi/generator.yaml").write_text("post_hooks: 7\n")


def _nothing_in_common(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "--orphan", "another")
    checkout.git("commit", "--quiet", "--allow-empty", "--message", "Another first one")


def _generator_refuses(checkout: Checkout) -> None:
    (checkout.root / "openapi/templates/str_enum.py.jinja").write_text("{% wrong %}")


@pytest.mark.parametrize(
    ("break_it", "arguments", "says"),
    [
        (_no_git, [], "there is no base: fatal: not a git repository"),
        (_nothing_in_common, [], "there is no base: this branch has no commit in common with main. A shallow clone"),
        pytest.param(_no_text, ["--base", "HEAD"], "UnicodeDecodeError", marks=pytest.mark.slow),
        (_no_python, ["--base", "HEAD"], r"autoenhance/_edit.py:\d+: is not Python: "),
        pytest.param(
            _broken_settings,
            ["--base", "HEAD"],
            "openapi/spec.yaml: openapi-python-client fails: ",
            marks=pytest.mark.slow,
        ),
        (_only_commit, [], "there is no base: no main branch to have left, no tag and no parent commit. Name one with"),
        (lambda _: None, ["--base", "v9"], "there is no base: 'v9' is no revision of this checkout."),
        (_no_contract, [], "has no openapi/spec.yaml."),
        (_broken, [], r"openapi/spec.yaml:\d+: #/paths/~1v3~1orders~1{id}/patch/parameters/0/in: 'pth' is not one of"),
        (_broken_base, [], r"openapi/spec.yaml at \w{7}:\d+: #/paths/.*: 'pth' is not one of"),
        (lambda _: None, ["--base", "HEAD", "--upstream", "missing.yaml"], "missing.yaml"),
        pytest.param(_generator_refuses, [], "openapi/spec.yaml", marks=pytest.mark.slow),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
    break_it: Callable[[Checkout], object],
    arguments: list[str],
    says: str,
) -> None:
    """Exit 2, what is wrong and where, and no traceback."""
    break_it(checkout)
    assert checkout.review(*arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("review: ")
    assert re.search(says, err), err


@pytest.mark.slow
def test_the_services_own_document_is_compared_too(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What would break our client makes the review breaking; what would not is told."""
    theirs = tmp_path / "theirs.yaml"
    ours = (checkout.root / SPEC).read_text("utf-8")
    theirs.write_text(ours.replace("  version: 1.0.0", "  version: 7.0.0"), encoding="utf-8")
    assert checkout.review("--base", "HEAD", "--upstream", str(theirs)) == 0
    assert "No differences." in checkout.written("review.md")
    theirs.write_text(theirs.read_text("utf-8").replace("      name: x-api-key", "      name: x-key"), encoding="utf-8")
    capsys.readouterr()
    assert checkout.review("--base", "HEAD", "--upstream", str(theirs), "--accept", "carried") == 1
    assert "1 against the service's own document" in capsys.readouterr().out
    record = json.loads(checkout.written("review.json"))
    assert [difference["breaking"] for difference in record["upstream"]["differences"]] == [True]


@pytest.mark.slow
def test_a_clone_compares_with_the_main_branch_of_its_origin(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CI has it: no branch main, a tag on the commit itself, and a hook's variables that name another repository."""
    base = checkout.git("rev-parse", "--short=7", "HEAD")
    checkout.git("clone", "--quiet", str(checkout.root), str(tmp_path / "clone"))
    clone = Checkout(tmp_path / "clone")
    clone.git("checkout", "--quiet", "-b", "change")
    clone.git("branch", "--delete", "main")
    clone.apply("description-changed")
    clone.commit()
    clone.git("tag", "--annotate", "--message", "A tag", "v9")
    monkeypatch.setenv("GIT_DIR", str(checkout.root / ".git"))
    assert clone.review() == 0
    assert f"openapi/spec.yaml at {base}: where this branch left the main branch." in " ".join(
        capsys.readouterr().out.split()
    )


@pytest.mark.slow
def test_what_is_not_well_formed_is_shown(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """A finding of the lint does not stop a review, and is in everything that it writes."""
    checkout.replace(SPEC, "Whether the sky is replaced.", "Whether the sky is replaced")
    assert checkout.review() == 0
    assert "To do: contract: openapi/spec.yaml:" in capsys.readouterr().out
    assert json.loads(checkout.written("review.json"))["findings"]
    for name in ("review.md", "review.html"):
        assert "does not end in a full stop" in checkout.written(name)


@pytest.mark.slow
def test_text_of_the_contract_is_text_in_the_page_and_in_the_tables(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name with markup in it is shown, not obeyed, and nothing steers the terminal."""
    checkout.replace(SPEC, "        - HIGH_CLOUD\n", "        - HIGH_CLOUD\n        - <b>|[red]\n")
    checkout.replace(
        SPEC, "        upscale:\n", '        "ev[red]il\\e[31m @all":\n          type: string\n        upscale:\n'
    )
    assert checkout.review() == 0
    out = capsys.readouterr().out
    assert "<b>|[red]" in out
    assert "ev[red]il\\x1b[31m @all" in " ".join(out.split())
    page, text = checkout.written("review.html"), checkout.written("review.md")
    assert "&lt;b&gt;|[red]" in page
    assert "<b>" not in page
    assert "`<b>\\|[red]`" in text
    assert "\x1b" not in out + page + text


def test_prose_of_others_is_prose_in_markdown() -> None:
    """A pattern of the service's document makes no link and calls nobody."""
    assert _cell("a [x](http://e) *z* @who #1 | `a|b` <b>") == (
        "a \\[x\\](http://e) \\*z\\* &#64;who \\#1 \\| `a\\|b` \\<b\\>"
    )
    assert _cell("half a `tick *z*") == "half a \\`tick \\*z\\*"
    assert _span("a`b|c") == "`` a`b\\|c ``"


@pytest.mark.slow
def test_the_example_of_the_documentation_is_what_a_review_says(checkout: Checkout) -> None:
    """docs/review.md shows a change that is harmless on the wire and breaks code."""
    checkout.apply("response-enum-value-removed")
    assert checkout.review() == 1
    written = checkout.written("review.md")
    rows = [line for line in (ROOT / "docs/review.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    shown = [row for row in rows if row.startswith(("| compatible", "| **breaking**"))]
    assert len(shown) == 2
    assert all(row in written for row in shown)


@pytest.mark.slow
def test_a_pull_request_shows_the_review(checkout: Checkout) -> None:
    """review.md is the job's summary and review.html an artifact; the step that shows it is run as it stands."""
    from ruamel.yaml import YAML

    job = YAML(typ="safe").load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]["review"]
    assert [step["run"] for step in job["steps"] if "run" in step][1] == "scripts/review.sh --accept carried"
    artifact = next(step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    checkout.apply("description-changed")
    assert checkout.review() == 0
    assert (checkout.root / artifact["with"]["path"]).is_file()
    (show,) = (step["run"] for step in job["steps"] if step.get("name") == "Show the review")
    summary = checkout.root / "summary.md"
    shutil.move(checkout.root / "build/review/review.md", checkout.root / "kept.md")
    environment = {"GITHUB_STEP_SUMMARY": str(summary), "PATH": "/usr/bin:/bin"}
    subprocess.run(["/bin/bash", "-e", "-c", show], cwd=checkout.root, env=environment, check=True)
    shutil.move(checkout.root / "kept.md", checkout.root / "build/review/review.md")
    environment = {"GITHUB_STEP_SUMMARY": str(summary), "PATH": "/usr/bin:/bin"}
    subprocess.run(["/bin/bash", "-e", "-c", show], cwd=checkout.root, env=environment, check=True)
    assert summary.read_text("utf-8") == checkout.written("review.md")


def test_the_script_finds_its_modules_wherever_it_is_called(tmp_path: Path) -> None:
    """No module of the caller's folder stands in for one of ours, and the help tells the exit status."""
    for name in ("review", "contract", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    command = [str(ROOT / "scripts/review.sh"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--upstream" in done.stdout
    assert "Exit status: 0 the change is compatible, 1 it breaks something, 2" in " ".join(done.stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_a_review_that_is_stopped_leaves_nothing_behind(
    checkout: Checkout, tmp_path: Path, stop: signal.Signals
) -> None:
    """Neither the base's files nor what the tools were given."""
    command = [str(ROOT / "scripts/review.sh"), "--root", str(checkout.root), "--base", "HEAD"]
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while not list((tmp_path / "temporary").iterdir()) and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(stop)
        assert running.wait() == 128 + stop
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.slow
def test_a_facade_without_its_version_is_told(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    """A version that cannot be read is never the one that is needed."""
    checkout.apply("facade-parameter-renamed")
    (checkout.root / VERSION).write_text("")
    assert checkout.review("--accept", "carried") == 1
    assert "the package's version: bump nothing to 0.2.0 (major)" in capsys.readouterr().out
