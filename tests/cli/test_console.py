"""What is written to standard output and standard error, whatever these are: files, pipes, terminals, or no files at all."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, numbered, results_in, rows_of, write_table
from terminal import in_bash, on_terminal, process

from autoenhance.cli import main

if TYPE_CHECKING:
    from terminal import Command

    from autoenhance.sandbox import Sandbox

EDIT = ("edit-order", "harbour-view-7", "--name", "a")
JSON = {"content-type": "application/json"}
LOST = "Error: the output cannot be written: No space left on device"


# --- Files and pipes ---


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        (f"{' '.join(EDIT)} >&-", 2, "Error: standard output cannot be written; nothing was sent"),
        (f"{' '.join(EDIT)} --json >/dev/full", 1, LOST),
        (f"{' '.join(EDIT)} --json 2>&- >/dev/full", 1, ""),
        (f"{' '.join(EDIT)} --json >/dev/full 2>/dev/full", 1, ""),
        (f"{' '.join(EDIT)} --json | true; exit ${{PIPESTATUS[0]}}", 0, ""),
        ("edit-order --api-key 2>&-", 2, ""),
        ("--help >/dev/full", 1, LOST),
    ],
)
def test_an_output_that_cannot_be_written_is_no_traceback(
    env: dict[str, str], line: str, status: int, said: str
) -> None:
    """It is said whether the edit was done; a reader that left wants to know nothing."""
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    ran = in_bash(f"autoenhance {line}", env)
    assert (ran.status, ran.out, ran.err.split("\n")[0]) == (status, "", said)
    assert ran.err.count("\n") == (2 if said else 0)


@pytest.mark.parametrize("redirected", ["2>&-", "2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}"])
def test_without_standard_error_the_edits_are_made(
    env: dict[str, str], sandbox: Sandbox, table: Path, results: Path, redirected: str
) -> None:
    """Closed, or a pipe that nobody reads any more."""
    wanted = numbered(sandbox, 5)
    write_table(table, *rows_of(wanted), "gone,a")
    ran = in_bash(f'autoenhance edit-orders "{table}" {redirected}', env)
    assert (ran.status, ran.out, ran.err) == (1, "", "")
    assert names_in(sandbox, wanted) == wanted
    assert len(results_in(results)) == 6


def test_a_reader_that_leaves_a_dry_run_is_no_error(env: dict[str, str], table: Path) -> None:
    """As `head` does."""
    write_table(table, *[f"o-{number},{'a' * 90}" for number in range(5000)])
    ran = in_bash(f'autoenhance edit-orders "{table}" --dry-run | head -1; exit ${{PIPESTATUS[0]}}', env)
    assert (ran.status, ran.out, ran.err) == (0, f'o-0: name "{"a" * 90}"\n', "")


def test_in_a_file_there_are_no_escape_codes(env: dict[str, str], table: Path) -> None:
    """Whatever the environment says, and where the encoding is poor."""
    variables = {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "COLUMNS": "40"}
    ran = process(*EDIT[:-1], "Café", env={**env, **variables, "PYTHONIOENCODING": "ascii"})
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"Name      Caf\\xe9\n" in ran.stdout
    assert b"\x1b" not in ran.stdout
    ran = process("edit-orders", write_table(table, "harbour-view-7,a"), env={**env, **variables})
    assert ran.returncode == 0
    assert b"\x1b" not in ran.stderr
    assert ran.stderr.count(b"\n") == 3


# --- Terminals ---


def test_on_a_terminal_no_color_means_no_escape_codes(env: dict[str, str], sandbox: Sandbox) -> None:
    """And --json shows the same JSON without what the terminal would act on."""
    plain = on_terminal(*EDIT, env={**env, "NO_COLOR": "1"})
    assert (plain.status, "\x1b" in plain.out, "Status    waiting\r\n" in plain.out) == (0, False, True)
    sandbox.answer_next(200, headers=JSON, body='{"name": "\x9b31m é"}'.encode())
    dumb = on_terminal(*EDIT, "--json", env={**env, "TERM": "dumb"})
    assert (dumb.status, dumb.out) == (0, '{"name": "\\u009b31m é"}')


def test_an_error_fits_the_terminal_that_shows_it(env: dict[str, str]) -> None:
    """Broken between words, at the width of standard error: standard output may be no terminal at all."""
    ran = on_terminal("edit-order", "nope", "--name", "a", env=env, columns=40, stdout=subprocess.DEVNULL)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[:2] == ["Error: order 'nope' not found (404)", "Hint: Check the id, and that the API key"]


@pytest.mark.parametrize("columns", ["0", "", "x", "-1", "9" * 30])
def test_an_invalid_width_is_not_used(command: Command, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Some programs set COLUMNS to 0; an order is shown all the same, and an error is a whole line."""
    monkeypatch.setenv("COLUMNS", columns)
    assert "Name      a\n" in command(*EDIT).out
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert command("edit-order", "").err.startswith("Error: no changes given\n")


# --- Streams that are no files, as notebooks and Celery have ---


class TextOnly:
    """A stream that takes text, and has nothing else of a file."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is kept back."""


class OddEncoding(TextOnly):
    """A stream whose encoding Python does not know."""

    encoding = "no-such"


def closed() -> io.StringIO:
    """A stream that its owner has closed."""
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.usefixtures("command")
class TestStreams:
    """The command with streams of other kinds."""

    def run(self, *arguments: str, out: object = None, err: object = None) -> tuple[int, str, str]:
        """The exit status, and the text of both streams."""
        streams = {"stdout": out or TextOnly(), "stderr": err or TextOnly()}
        # Here and not in a fixture: pytest puts its own streams in their place when a test begins.
        with pytest.MonkeyPatch.context() as patched:
            for name, stream in streams.items():
                patched.setattr(sys, name, stream)
            status = main(arguments)
        text = [getattr(stream, "text", "") for stream in streams.values()]
        return status, text[0], text[1]

    def test_an_order_and_its_raw_response_are_shown(self) -> None:
        status, out, err = self.run(*EDIT[:-1], "Königstraße")
        assert (status, out.split("\n")[1], err) == (0, "Name      Königstraße", "")
        assert json.loads(self.run(*EDIT, "--json")[1])["name"] == "a"

    def test_a_table_is_edited(self, table: Path, results: Path) -> None:
        """With its summary, and a dry run before it; the results are shown."""
        write_table(table, "harbour-view-7,é")
        assert self.run("edit-orders", str(table), "--dry-run")[:2] == (0, 'harbour-view-7: name "é"\n')
        assert "1 edited, 0 failed" in self.run("edit-orders", str(table))[2]
        assert self.run("results", str(results))[1].startswith("order_id\tname\tstatus")

    @pytest.mark.parametrize(
        "out", [object(), closed(), io.BytesIO(), OddEncoding()], ids=lambda out: type(out).__name__
    )
    def test_an_output_that_takes_no_text_is_noticed_before_anything_is_sent(
        self, sandbox: Sandbox, out: object
    ) -> None:
        before = sandbox.order("harbour-view-7")
        status, _, err = self.run(*EDIT, out=out)
        assert (status, err.split("\n")[0]) == (2, "Error: standard output cannot be written; nothing was sent")
        assert sandbox.order("harbour-view-7") == before

    @pytest.mark.parametrize(
        "err", [closed(), io.TextIOWrapper(io.BytesIO(), encoding="cp1252")], ids=["closed", "cp1252"]
    )
    def test_a_log_that_cannot_be_written_fails_no_edit(self, sandbox: Sandbox, table: Path, err: Any) -> None:
        """Retries are logged by the library; what cannot be written is left out, or escaped."""
        wanted = {f"日-{number}": f"{number} Acacia Avenue" for number in range(9)}
        sandbox.add_orders(wanted)
        sandbox.answer_next(503, headers={**JSON, "retry-after": "0"}, body=b"{}", times=3)
        write_table(table, *rows_of(wanted))
        assert self.run("edit-orders", str(table), "-v", "--max-retries", "4", err=err)[0] == 0
        assert names_in(sandbox, wanted) == wanted
        if not err.closed:
            err.seek(0)
            assert r"order \u65e5-" in err.read()
