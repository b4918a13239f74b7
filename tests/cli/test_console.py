"""Standard output and standard error: files, pipes, terminals, other streams; and the progress of a run."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, numbered, results_in, rows_of, write_table
from edit_server import EditServer, Request, Response
from terminal import HIDE, SHOW, in_bash, lines_of, on_terminal, process

from autoenhance.cli import main
from autoenhance.cli._console import Console
from autoenhance.cli._progress import EditProgress
from autoenhance.cli._progress_display import show_progress

if TYPE_CHECKING:
    from terminal import Command

    from autoenhance.sandbox import Sandbox

EDIT = ("edit-order", "harbour-view-7", "--name", "a")
JSON = {"content-type": "application/json"}
FULL = "Error: the output cannot be written: No space left on device"


# --- Files and pipes ---


@pytest.mark.parametrize(
    ("line", "status", "error"),
    [
        ("edit-order harbour-view-7 --name a >&-", 2, "Error: standard output cannot be written; nothing was sent"),
        ("edit-order harbour-view-7 --name a --json >/dev/full", 1, FULL),
        ("edit-order harbour-view-7 --name a --json 2>&- >/dev/full", 1, ""),
        ("edit-order harbour-view-7 --name a --json >/dev/full 2>/dev/full", 1, ""),
        ("edit-order harbour-view-7 --name a --json | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("edit-order --api-key 2>&-", 2, ""),
        ("--help >/dev/full", 1, FULL),
    ],
)
def test_an_unwritable_output_is_one_line(env: dict[str, str], line: str, status: int, error: str) -> None:
    """Which says whether the edit was made; a pipe that was closed is no error."""
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    ran = in_bash(f"autoenhance {line}", env)
    assert (ran.status, ran.out, ran.err.split("\n")[0]) == (status, "", error)
    assert ran.err.count("\n") == (2 if error else 0)


@pytest.mark.parametrize("redirection", ["2>&-", "2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}"])
def test_without_standard_error_the_edits_are_made(
    env: dict[str, str], sandbox: Sandbox, table: Path, results: Path, redirection: str
) -> None:
    """Whether it is closed or a closed pipe."""
    wanted = numbered(sandbox, 5)
    write_table(table, *rows_of(wanted), "gone,a")
    ran = in_bash(f'autoenhance edit-orders "{table}" {redirection}', env)
    assert (ran.status, ran.out, ran.err) == (1, "", "")
    assert names_in(sandbox, wanted) == wanted
    assert len(results_in(results)) == 6


def test_a_dry_run_into_head_is_no_error(env: dict[str, str], table: Path) -> None:
    write_table(table, *[f"o-{number},{'a' * 90}" for number in range(5000)])
    ran = in_bash(f'autoenhance edit-orders "{table}" --dry-run | head -1; exit ${{PIPESTATUS[0]}}', env)
    assert (ran.status, ran.out, ran.err) == (0, f'o-0: name "{"a" * 90}"\n', "")


def test_in_a_file_there_are_no_escape_codes(env: dict[str, str], table: Path) -> None:
    """Whatever the environment says, and if the encoding lacks characters."""
    env |= {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "COLUMNS": "40"}
    ran = process(*EDIT[:-1], "Café", env={**env, "PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"Name      Caf\\xe9\n" in ran.stdout
    assert b"\x1b" not in ran.stdout
    ran = process("edit-orders", write_table(table, "harbour-view-7,a"), env=env)
    assert (ran.returncode, b"\x1b" in ran.stderr, ran.stderr.count(b"\n")) == (0, False, 3)


# --- Terminals ---


def test_no_color_on_a_terminal_means_no_escape_codes(env: dict[str, str], sandbox: Sandbox) -> None:
    """And --json escapes control characters there."""
    plain = on_terminal(*EDIT, env={**env, "NO_COLOR": "1"})
    assert (plain.status, "\x1b" in plain.out, "Status    waiting\r\n" in plain.out) == (0, False, True)
    sandbox.answer_next(200, headers=JSON, body='{"name": "\x9b31m é"}'.encode())
    dumb = on_terminal(*EDIT, "--json", env={**env, "TERM": "dumb"})
    assert (dumb.status, dumb.out) == (0, '{"name": "\\u009b31m é"}\r\n')


def test_an_error_is_as_wide_as_its_terminal(env: dict[str, str]) -> None:
    """Broken between words, at the width of standard error: standard output may not be a terminal."""
    ran = on_terminal("edit-order", "nope", "--name", "a", env=env, columns=40, stdout=subprocess.DEVNULL)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[:2] == ["Error: order 'nope' not found (404)", "Hint: Check the id, and that the API key"]


@pytest.mark.parametrize("columns", ["0", "", "x", "-1", "9" * 30])
def test_an_invalid_width_is_ignored(command: Command, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Some programs set COLUMNS to 0."""
    assert "Name      a\n" in command(*EDIT, COLUMNS=columns).out
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert command("edit-order", "", COLUMNS=columns).err.startswith("Error: no changes given\n")


# --- Streams that are not files, as in notebooks and Celery ---


class TextOnly:
    """A stream that takes text, and has nothing else of a file."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is buffered."""


class UnknownEncoding(TextOnly):
    encoding = "no-such"


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


def run_with(*arguments: str, out: object = None, err: object = None) -> tuple[int, str, str]:
    """Run the command with these streams; returns the exit status and their text."""
    out, err = out or TextOnly(), err or TextOnly()
    # Here and not in a fixture: pytest replaces the streams when a test begins.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        status = main(arguments)
    return status, getattr(out, "text", ""), getattr(err, "text", "")


@pytest.mark.usefixtures("command")
def test_streams_of_text_are_enough(table: Path, results: Path) -> None:
    """For an order, its raw response, a dry run, a summary and a table of results."""
    status, out, err = run_with(*EDIT[:-1], "Königstraße")
    assert (status, out.split("\n")[1], err) == (0, "Name      Königstraße", "")
    assert json.loads(run_with(*EDIT, "--json")[1])["name"] == "a"
    write_table(table, "harbour-view-7,é")
    assert run_with("edit-orders", str(table), "--dry-run")[:2] == (0, 'harbour-view-7: name "é"\n')
    assert "1 edited, 0 failed" in run_with("edit-orders", str(table))[2]
    assert run_with("results", str(results))[1].startswith("order_id\tname\tstatus")


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize(
    "out", [object(), closed(), io.BytesIO(), UnknownEncoding()], ids=lambda out: type(out).__name__
)
def test_an_unwritable_stream_is_an_error_before_the_request(sandbox: Sandbox, out: object) -> None:
    before = sandbox.order("harbour-view-7")
    status, _, err = run_with(*EDIT, out=out)
    assert (status, err.split("\n")[0]) == (2, "Error: standard output cannot be written; nothing was sent")
    assert sandbox.order("harbour-view-7") == before


@pytest.mark.usefixtures("command")
@pytest.mark.parametrize("err", [closed(), io.TextIOWrapper(io.BytesIO(), encoding="cp1252")], ids=["closed", "cp1252"])
def test_an_unwritable_log_fails_no_edit(sandbox: Sandbox, table: Path, err: Any) -> None:
    """The library logs retries; what cannot be written is left out, or escaped."""
    wanted = {f"日-{number}": f"{number} Acacia Avenue" for number in range(9)}
    sandbox.add_orders(wanted)
    sandbox.answer_next(503, headers={**JSON, "retry-after": "0"}, body=b"{}", times=3)
    write_table(table, *rows_of(wanted))
    assert run_with("edit-orders", str(table), "-v", "--max-retries", "4", err=err)[0] == 0
    assert names_in(sandbox, wanted) == wanted
    if not err.closed:
        err.seek(0)
        assert r"order \u65e5-" in err.read()


# --- The text of the progress ---


def progress_of(count: int, **values: Any) -> EditProgress:
    """The progress of so many edits, begun at 0 s, with these values."""
    progress = EditProgress(count)
    progress.start(0)
    for name, value in values.items():
        setattr(progress, name, value)
    return progress


def test_the_progress_has_the_rate_and_the_time_left() -> None:
    """Without failures, retries, or the time left, if there are none or no rate."""
    progress = progress_of(2000)
    assert progress.text(0) == "0 of 2,000, 0.0/s"
    progress.edited = 5
    assert progress.text(2) == "5 of 2,000, 2.5/s, 13 min 18 s left"
    progress.failed = 1195
    progress.retrying |= {"o-1", "o-2"}
    assert progress.text(4) == "1,200 of 2,000, 300/s, 1,195 failed, 2 retrying, 3 s left"
    progress.edited, progress.retrying = 805, set()
    assert progress.text(5) == "2,000 of 2,000, 400/s, 1,195 failed"


@pytest.mark.parametrize(
    ("tenths", "time"), [(4, "0 s"), (597, "1 min 00 s"), (35_996, "1 h 00 min"), (36_000_000, "1,000 h 00 min")]
)
def test_time_left_is_rounded(tenths: int, time: str) -> None:
    """Before it is divided: there is no minute of 60 seconds."""
    assert progress_of(10 + tenths, edited=10).text(1).endswith(f", {time} left")


def test_the_rate_is_that_of_the_last_five_seconds() -> None:
    """Also after a pause."""
    progress = progress_of(10_000)
    for second in range(100):
        progress.edited = 10 * min(second, 50)
        expected = 0 if second in {0, *range(55, 100)} else min(10, 2 * (55 - second))
        assert progress.rate(second) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (60, "1,200 of 9,000, 1,200/s, 200 failed, 1 retrying, 6 s left"),
        (56, "1,200 of 9,000, 1,200/s, 200 failed, 6 s left"),
        (44, "1,200 of 9,000, 200 failed, 6 s left"),
        (35, "1,200 of 9,000, 200 failed"),
        (3, "1,200 of 9,000"),
    ],
)
def test_a_narrow_progress_leaves_out_the_less_important(width: int, text: str) -> None:
    assert progress_of(9000, edited=1000, failed=200, retrying={"o-1"}).text(1, width) == text


# --- The display of the progress ---


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time of the display, which stands still until `now` is set."""
    made = SimpleNamespace(now=1000.0)
    made.monotonic = lambda: made.now
    # Only of that module: an event loop would sleep for the difference.
    monkeypatch.setattr("autoenhance.cli._progress_display.time", made)
    return made


def test_a_line_every_five_seconds(clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal."""
    progress = EditProgress(1000)
    progress.start(clock.now)
    with show_progress(progress, Console()) as display:
        for _ in range(88):
            clock.now += 0.125
            progress.edited += 1
            display.show()
    lines = "40 of 1,000, 8.0/s, 2 min 00 s left\n80 of 1,000, 8.0/s, 1 min 55 s left\n"
    assert capsys.readouterr() == ("", lines)


def test_a_closed_terminal_is_no_error(clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on."""
    master, terminal = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with show_progress(EditProgress(9), Console()) as display:
            assert HIDE in os.read(master, 4096).decode()
            os.close(master)
            for _ in range(3):
                clock.now += 1
                display.show()
        monkeypatch.undo()
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stderr.fileno())  # for what is left in its buffer


def shown(env: dict[str, str], table: Path, *options: str, columns: int = 80, **variables: str) -> tuple[str, str]:
    """The output of a run of 60 edits, of which 12 fail or are retried: raw, and as lines."""

    def respond(request: Request) -> Response:
        fails = int(request.order_id) % 5 == 0 and request.times == 1
        return Response(503 if fails else 200, {"retry-after": "0"}, after=0.3)

    write_table(table, *(f"{number},a" for number in range(60)))
    arguments = ("edit-orders", table.name, "--concurrency=20", *options)
    with EditServer(respond) as server:
        env = {**env, "AUTOENHANCE_BASE_URL": server.url, **variables}
        ran = on_terminal(*arguments, env=env, columns=columns, cwd=table.parent)
    assert ran.status in {0, 1}
    lines = lines_of(ran.out)
    assert max(map(len, lines)) <= columns
    assert not any("retrying" in line for line in lines if "60 of 60" in line)
    return ran.out, "\n".join(lines)


def test_a_terminal_has_a_bar(env: dict[str, str], table: Path) -> None:
    """As wide as the terminal, in one line; it ends full, and the cursor is shown again."""
    raw, lines = shown(env, table, "--max-retries=0", COLUMNS="0")
    assert raw.count(HIDE) == raw.count(SHOW) == 1
    assert raw.index(HIDE) < raw.index("━") < raw.index(SHOW) < raw.index(" edited, ")
    counts = [int(count) for count in re.findall(r"━+╺?╸?━* (\d+) of 60, [^\n]*\d/s, (?:[^\n]*\d s left)?", lines)]
    assert counts == sorted(counts)
    assert len(set(counts)) >= 3
    assert counts[-1] == 60
    assert re.search(r"of 60, [\d.]+/s, \d+ failed", lines)
    # Each drawing replaces the last one.
    assert raw[raw.index(HIDE) : raw.index(SHOW)].count("\n") == 1


@pytest.mark.slow
def test_log_messages_are_above_the_bar(env: dict[str, str], table: Path) -> None:
    lines = shown(env, table, "-v")[1].split("\n")
    retries = [line for line in lines if re.match(r"order \d+: attempt 1 failed \(.*", line)]
    assert len(retries) == 12
    assert any(re.search(r"━.*of 60, .*\d retrying", line) for line in lines)
    assert lines.index(retries[-1]) < max(number for number, line in enumerate(lines) if "━" in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "variables", "never", "pattern"),
    [
        (40, {}, "\\\\u", r"━ +60 of 60"),
        (40, {"PYTHONIOENCODING": "ascii"}, r"\\u|[^\x00-\x7f]", r"-+ +60 of 60"),
        (80, {"NO_COLOR": "1"}, r"\x1b\[[0-9;]*m", r"━ 60 of 60"),
        (80, {"TERM": "dumb"}, r"\x1b", r"(?m)^\d+ of 60, [\d.]+/s, .*\d s left$"),
    ],
    ids=["narrow", "ascii", "no colour", "dumb"],
)
def test_the_bar_fits_the_terminal(
    env: dict[str, str], table: Path, *, columns: int, variables: dict[str, str], never: str, pattern: str
) -> None:
    """Narrow, without colours, in ASCII; lines where the cursor cannot be moved."""
    rate = ["--rate=10"] if "TERM" in variables else []
    raw, lines = shown(env, table, "--max-retries=0", *rate, columns=columns, **variables)
    assert not re.search(never, raw)
    assert re.search(pattern, lines)
