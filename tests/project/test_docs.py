"""The code, commands and tables of README.md and docs/ are correct."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import openpyxl
import pytest
import typer

from autoenhance import Autoenhance, AutoenhanceError, errors
from autoenhance.cli import main
from autoenhance.cli._app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoenhance.sandbox import Sandbox

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
README, BULK, ERRORS = ((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/bulk.md", "docs/errors.md"))


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def rows(table: str) -> list[list[str]]:
    """The cells of a table, without its header."""
    lines = re.findall(r"^\|(.*)\|$", table, re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def run(block: str) -> dict[str, Any]:
    """Run a block of Python; returns its names."""
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(block, "page.md", "exec"), names)  # noqa: S102  # our own pages
    return names


@pytest.fixture(autouse=True)
def service(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox in place of the service."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    sandbox.add_order({**(sandbox.order(sandbox.order_ids[0]) or {}), "order_id": "ORDER_ID"})
    return sandbox


# --- README.md ---

EDIT, ERROR_HANDLING, MANY, TEST = blocks(README, "python")


def test_the_readme_edits_an_order(capsys: pytest.CaptureFixture[str]) -> None:
    run(EDIT)
    assert capsys.readouterr().out == "12 Acacia Avenue processed\n"


def test_the_readme_handles_errors(capsys: pytest.CaptureFixture[str]) -> None:
    """Of an order that does not exist, and of a name that is null, with the sync and the async client."""
    anyio.run(run(ERROR_HANDLING)["rename"], "nope", "a")
    anyio.run(run(ERROR_HANDLING.replace("name=name", 'extra_body={"name": None}'))["rename"], "ORDER_ID", "a")
    *printed, fields = capsys.readouterr().out.splitlines()
    assert printed == ["front.jpg", "There is no order nope.", "front.jpg"]
    assert fields == "{'json': {'name': ['Field may not be null.']}}"


def test_the_readme_edits_many_orders(service: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """And prints the errors."""
    service.add_orders(f"order-{number}" for number in range(20))
    run(MANY.replace("1000", "21"))
    assert capsys.readouterr().out.startswith("order-20 ")
    assert (service.order("order-7") or {})["name"] == "7 Acacia Avenue"


def test_the_test_of_the_readme_passes(service: Sandbox) -> None:
    run(TEST)["test_rename"](service)
    assert (service.order("harbour-view-7") or {})["name"] == "Harbour View 7a"


def test_the_readme_shows_the_output_of_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """Except the time."""
    runpy.run_path(str(ROOT / "scripts/demo.py"), run_name="__main__")
    shown = re.search(r"^    Before:.*?\n(?=\S)", README, re.MULTILINE | re.DOTALL)
    assert shown
    time_of_edit = re.compile(r"last changed [0-9: -]+ UTC")
    printed = capsys.readouterr().out.partition("\n")[2]
    assert time_of_edit.sub("", shown[0]).split() == time_of_edit.sub("", printed).split()


@pytest.mark.posix("tzset")
def test_the_readme_shows_a_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Except the time of the edit."""
    example = re.search(r"^`autoenhance (edit-order [^`]*)`.*?\n\n(.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    assert example
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        assert main(shlex.split(example[1])) == 0
    time.tzset()
    shown, printed = textwrap.dedent(example[2]).splitlines(), capsys.readouterr().out.splitlines()
    assert [line for line in shown if "Changed" not in line] == [line for line in printed if "Changed" not in line]
    assert [len(line) for line in shown] == [len(line) for line in printed]


# --- docs/bulk.md ---

(TABLE,) = re.findall(r"^\| Order ID \|.*\n(?:\|.*\n)+", BULK, re.MULTILINE)
BROKEN = "order_id,name\nharbour-view-7,a\n,b\nc,#N/A\nharbour-view-7,e\n"


@pytest.fixture
def results(service: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of the results of the page's table; the tables are in its folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    workbook = openpyxl.Workbook()
    workbook.active.title = "Renames"
    for row in [["Order ID", "Name", "Agent"], *rows(TABLE)]:
        workbook.active.append(row)
    workbook.save("renames.xlsx")
    Path("broken.csv").write_text(BROKEN, "utf-8")
    service.add_orders(order_id for order_id, *_ in rows(TABLE))
    return tmp_path / "renames.xlsx.results.jsonl"


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize("block", blocks(BULK, "console"), ids=lambda block: block.splitlines()[0])
def test_the_page_shows_the_output_of_commands(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Verbatim, standard output first."""
    command, _, shown = block.partition("\n")
    main(shlex.split(command.removeprefix("$ autoenhance ")))
    assert "".join(capsys.readouterr()) == shown


def test_the_page_shows_a_result(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With all keys in their order, and the same values except times."""
    assert main(["edit-orders", "renames.xlsx"]) == 0, capsys.readouterr().err
    (result,) = (line for line in results.read_text("utf-8").splitlines() if '"harbour-view-7"' in line)
    line = json.loads(result)
    (shown,) = map(json.loads, blocks(BULK, "json"))
    assert list(line) == list(shown)
    assert {key for key in line if line[key] != shown[key]} <= {"seconds", "finished_at", "service"}


@pytest.mark.posix("bash and jq")
@pytest.mark.usefixtures("results")
def test_jq_lists_the_last_failures(service: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Not those of edits that succeeded later."""
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    (program,) = re.findall(r"^    (jq .*)$", BULK, re.MULTILINE)
    service.answer_next(422, headers={"content-type": "application/json"}, body=b"{}")
    for status, expected in ((1, r"harbour-view-7\t.*422.*\n"), (0, "")):
        assert main(["edit-orders", "renames.xlsx", "--concurrency", "1"]) == status, capsys.readouterr().err
        listed = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)  # noqa: S607
        assert re.fullmatch(expected, listed.stdout)


def test_the_bulk_example_prints_each_result(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks(BULK, "python")
    run(block)
    assert re.fullmatch(
        "harbour-view-7 is now 12 Acacia Avenue\nnope failed: .*",
        "\n".join(sorted(capsys.readouterr().out.splitlines())),
    )


def test_every_option_on_the_page_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    known = {name for command in commands.values() for parameter in command.params for name in parameter.opts}
    assert set() < set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", BULK)) <= known


# --- docs/errors.md: its tables ---


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    return rows(ERRORS.partition(f"## {heading}\n")[2].partition("\n## ")[0])


def statuses(text: str) -> range:
    """The statuses of a cell such as `500 to 599`."""
    first, _, last = text.partition(" to ")
    return range(int(first), int(last or first) + 1)


def truncated() -> Iterator[bytes]:
    yield b"{"
    raise httpx.ReadError("no")


def error_of(outcome: int | Exception | None, edit: dict[str, str], headers: dict[str, str]) -> AutoenhanceError:
    """The error of an edit all of whose attempts have this status or error, or a truncated response."""

    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(outcome, Exception):
            raise outcome
        return httpx.Response(outcome, headers=headers) if outcome else httpx.Response(200, content=truncated())

    with httpx.Client(transport=httpx.MockTransport(respond)) as http, pytest.raises(AutoenhanceError) as caught:
        Autoenhance("key", http_client=http, max_retries=1).edit_order("order", extra_body=edit)
    return caught.value


def test_the_table_of_errors_is_complete() -> None:
    """And a status in its second column raises the error in the first."""
    raised = {row[0].strip("`"): row[1] for row in table("The errors")}
    assert sorted(raised) == errors.__all__
    for name, when in raised.items():
        for status in statuses(when) if re.fullmatch(r"\d+( to \d+)?", when) else ():
            assert type(error_of(status, {"name": "a"}, {"retry-after": "9999"})).__name__ == name


RETRIED = table("What is retried")
LISTED = {status for row in RETRIED if re.fullmatch(r"\d+( to \d+)?", row[0]) for status in statuses(row[0])}
LOST = (httpx.ReadError("no"), httpx.ReadTimeout("no"), httpx.RemoteProtocolError("no"))
OUTCOMES: dict[str, list[int | Exception | None]] = {
    "no connection": [httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")],
    "connection lost, or an attempt timed out": [*LOST],
    "any other status": [status for status in range(300, 600) if status not in LISTED],
    "a truncated success": [None],
    "an unreadable success": [200, 204],
}


@pytest.mark.parametrize("row", RETRIED, ids=lambda row: row[0])
def test_the_table_of_retries_is_correct(row: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a new name, and for a new id."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    status, _, has_retry_after = row[0].partition(" with ")
    for outcome in OUTCOMES.get(row[0]) or statuses(status):
        for edit, cell in (({"name": "a"}, row[1]), ({"order_id": "other"}, row[2])):
            error = error_of(outcome, edit, {"retry-after": "0"} if has_retry_after else {})
            assert error.attempts == {"retried": 2, "not retried": 1}[cell], (outcome, edit)


# --- All pages ---


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_and_links_exist(page: Path) -> None:
    """Those within the project."""
    targets = re.findall(r"\]\((?!https?://)([^)#]+)[^)]*\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.tools
def test_make_lists_its_targets() -> None:
    """In 80 columns."""
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    listed = set(re.findall(r"^  make ([a-z-]+)", printed, re.MULTILINE))
    assert {"demo", "test", "check", "regenerate", "check-generated", "record", "sandbox", "clean"} <= listed
    assert max(map(len, printed.splitlines())) <= 80
