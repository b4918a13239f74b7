"""The command as a whole: its help, version and completion, what is not installed, and what nobody can mean."""

from __future__ import annotations

import errno
import importlib.metadata
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
import typer
from bulk import write_table
from terminal import process, started

from autoenhance import __version__, errors
from autoenhance.cli._app import app
from autoenhance.cli._error_messages import error_message

if TYPE_CHECKING:
    from pathlib import Path

    from terminal import Command

    from autoenhance.sandbox import Sandbox

COMMANDS = ["edit-order", "edit-orders", "results", "sandbox"]
EDIT = ["edit-order", "harbour-view-7", "--name", "a"]


# --- Help, version, completion ---


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_option_is_documented_in_80_columns(command: Command, name: str) -> None:
    """Each option and argument of each command is in its help with a sentence, or the start of one."""
    ran = command(*name.split(), "--help")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    found = typer.main.get_command(app)
    assert [*found.commands] == COMMANDS  # type: ignore[attr-defined]
    if name:
        found = found.commands[name]  # type: ignore[attr-defined]
    else:
        assert all(re.search(rf"^  {command} +[A-Z].*\.$", ran.out, re.MULTILINE) for command in COMMANDS)
    for parameter in found.params:
        assert parameter.help  # type: ignore[attr-defined]
        shown = re.escape(str(parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar))
        assert re.search(rf"^  .*{shown}( \S+)?( {{2,}}|\n {{20,}})\S|{shown}$", ran.out, re.MULTILINE)
    # It fits on a screen: an option has one line, but for those of the contract, whose choices may need two.
    assert len(lines) <= 24 + len(found.params)


def test_the_version_is_that_of_the_distribution(command: Command) -> None:
    """Nothing else on standard output."""
    ran = command("--version")
    assert (ran.status, ran.out, ran.err) == (0, f"autoenhance-orders {__version__}\n", "")
    assert importlib.metadata.version("autoenhance-orders") == __version__


def test_without_a_command_the_help_is_an_error(command: Command) -> None:
    """It was not asked for, so that it is no data."""
    ran = command()
    assert (ran.status, ran.out) == (2, "")
    assert "Commands:\n  edit-order  " in ran.err


def test_a_shell_can_complete(env: dict[str, str]) -> None:
    """As bash asks, through the environment; and the script that makes bash ask calls this command."""
    words = {"COMP_WORDS": "autoenhance edit-order --na", "COMP_CWORD": "2"}
    ran = process(env={**env, "_AUTOENHANCE_COMPLETE": "complete_bash", **words})
    assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, [b"--name"], b"")
    script = process(env={**env, "_AUTOENHANCE_COMPLETE": "source_bash"}).stdout.decode()
    assert re.search(r"complete .*-F _autoenhance_completion autoenhance$", script, re.MULTILINE)


# --- What is imported ---


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_it_says_how_to_install_it(missing: str) -> None:
    """One line and status 2, as the console script gets it; the library itself works."""
    ran = run_python(
        f"import sys; sys.modules[{missing!r}] = sys.modules['{missing}.console'] = None\n"
        "import autoenhance; autoenhance.Autoenhance\n"
        "from autoenhance.cli import main; sys.exit(main(['--help']))"
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    hint = rf"autoenhance needs '{missing}[.a-z]*': run pip install '\.\[cli\]' in the checkout\n"
    assert re.fullmatch(hint, ran.stderr)


def test_the_library_imports_nothing_of_the_command() -> None:
    """Using a client, too, leaves typer where it is (rich may come with httpx, which has a command of its own)."""
    code = (
        "import sys, autoenhance; autoenhance.Autoenhance('k'); print({'typer', 'autoenhance.cli'} & set(sys.modules))"
    )
    assert run_python(code).stdout == "set()\n"


# --- Errors ---


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("edit", "No such command 'edit'"),
        ("edit-order", "Missing argument 'ORDER_ID'"),
        ("edit-order x", "no changes given"),
        ("edit-order x --nam a", "No such option: --nam"),
        ("edit-order x --name a --json --curl", "--json and --curl cannot be used together"),
        ("edit-order x --name a --timeout 0", "--timeout 0 is invalid"),
        ("edit-order x --name a --timeout nan", "--timeout nan is invalid"),
        ("edit-order x --name a --max-retries -1", "Invalid value for '--max-retries'"),
        ("edit-order  --name a", "ORDER_ID is empty; give the order's id"),
        ("edit-order a/b --name a", "ORDER_ID is 'a/b'; it must be one path segment"),
        ("edit-order a\nb\x1b --name a", r"ORDER_ID is 'a\nb\x1b'; remove control characters"),
        ("edit-order x --new-order-id .", "--new-order-id is '.'"),
        ("edit-order x --name \udcff", r"--name is '\udcff', which is not valid Unicode"),
        ("edit-order x --name a --base-url x", "--base-url (or AUTOENHANCE_BASE_URL) is not a URL"),
        ("edit-order x --name a --base-url http://a.example", "over http to this machine"),
        ("edit-orders", "Missing argument 'FILE'"),
        ("edit-orders x.csv", "'x.csv' cannot be read: No such file or directory"),
        ("edit-orders -", "standard input needs --results"),
        ("edit-orders TABLE --shard 3/2", "--shard '3/2' is invalid"),
        ("edit-orders TABLE --shard 0/2", "--shard '0/2' is invalid"),
        ("edit-orders TABLE --rate 0", "--rate is 0.0; it must be above 0"),
        ("edit-orders TABLE --rate nan", "--rate is nan"),
        ("edit-orders TABLE --concurrency 0", "Invalid value for '--concurrency'"),
        ("edit-orders TABLE --max-failures -1", "Invalid value for '--max-failures'"),
        ("edit-orders TABLE --max-name-length 0", "Invalid value for '--max-name-length'"),
        ("edit-orders TABLE --results -", "--results takes a file; a run cannot resume from standard output"),
        ("edit-orders TABLE --results ", "--results takes a file; a run cannot resume from standard output"),
        ("edit-orders TABLE --results /no/r", "the results file '/no/r' cannot be opened: No such file or directory"),
    ],
)
def test_bad_input_is_status_2_and_nothing_is_sent(
    command: Command, sandbox: Sandbox, table: Path, arguments: str, said: str
) -> None:
    """Each has its line, and a hint that helps on."""
    before = sandbox.order("harbour-view-7")
    path = write_table(table, "harbour-view-7,a")
    ran = command(*arguments.replace("TABLE", path).split(" "))
    assert said in ran.problem()[0]
    assert ran.err.count("\n") == 2
    assert sandbox.order("harbour-view-7") == before


def test_every_error_of_the_library_has_a_hint() -> None:
    """A new one gets that of its parents."""
    for name in errors.__all__:
        problem = error_message(getattr(errors, name)("A sentence."))
        assert problem.line == "A sentence"
        assert problem.hint
        assert problem.exit_status == (3 if name in {"AuthenticationError", "PermissionDeniedError"} else 1)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (httpx.ReadError(""), "Error: ReadError"),
        # It has nothing to do with standard output.
        (OSError(errno.EMFILE, "Too many open files"), "Error: OSError: [Errno 24] Too many open files"),
    ],
)
def test_an_unexpected_error_is_one_line_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    """With a hint at -v, which shows the traceback."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("autoenhance.cli._edit_order.edit_order", fail)
    ran = command(*EDIT)
    assert (ran.status, ran.err.splitlines()[0]) == (1, line)
    assert re.search(r"^Hint: .*-v.*\n\Z", ran.err, re.MULTILINE)


# --- autoenhance sandbox ---


def test_the_sandbox_serves_with_its_options_until_it_is_stopped(env: dict[str, str]) -> None:
    """It is the same as that of the library."""
    options = "--port 0 --fail-rate 1 --seed 5 --latency 0.01 --rate-limit 9"
    with started("sandbox", *options.split(), env=env) as running:
        assert running.stdout
        lines = [running.stdout.readline() for _ in range(7)]
        assert lines[6] == "Simulation: latency 0.01 s, fail rate 1, seed 5\n"
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (0, "")


def test_a_sandbox_that_cannot_start_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid latency, or the extra that is missing."""
    for said in ("cannot start the sandbox: 'fast' is not a latency", "run pip install '.[sandbox]' in the checkout"):
        ran = command("sandbox", "--latency", "fast")
        assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert said in ran.err
        monkeypatch.setitem(sys.modules, "autoenhance.sandbox._server", None)
