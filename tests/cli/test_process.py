"""The command as a process of its own: streams that are closed, Ctrl-C, completion, help, and what is not installed."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import typer
from terminal import SCRIPT, on_terminal, process

from autoenhance import __version__
from autoenhance.cli._app import app
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from terminal import Command

EDIT = ("edit-order", "harbour-view-7", "--name", "a")
FULL = Path("/dev/full")
COMMANDS = [[], ["edit-order"], ["edit-orders"], ["results"], ["sandbox"]]


@pytest.mark.parametrize("names", COMMANDS, ids=lambda names: " ".join(names) or "all")
def test_every_option_is_documented_in_80_columns(command: Command, names: list[str]) -> None:
    """Each option and argument of each command stands in its help with a sentence, or the start of one."""
    ran = command(*names, "--help")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    found = typer.main.get_command(app)
    for name in names:
        found = found.commands[name]  # type: ignore[attr-defined]
    for parameter in found.params:
        assert parameter.help  # type: ignore[attr-defined]
        shown = parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar
        assert re.search(
            rf"^  .*{re.escape(str(shown))}( \S+)?( {{2,}}|\n {{20,}})\S|{re.escape(str(shown))}$",
            ran.out,
            re.MULTILINE,
        )
    # It fits on a screen: an option has one line, but for those of the contract, whose choices may need two.
    assert len(lines) <= 24 + len(found.params)
    for name in getattr(found, "commands", {}):
        assert re.search(rf"^  {name} +[A-Z].*\.$", ran.out, re.MULTILINE)
    assert {name for (name,) in COMMANDS[1:]} == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_the_version_is_the_distributions(command: Command) -> None:
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
    asked = {
        **env,
        "_AUTOENHANCE_COMPLETE": "complete_bash",
        "COMP_WORDS": "autoenhance edit-order --na",
        "COMP_CWORD": "2",
    }
    ran = process(env=asked)
    assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, [b"--name"], b"")
    script = process(env={**env, "_AUTOENHANCE_COMPLETE": "source_bash"}).stdout.decode()
    assert re.search(r"complete .*-F _autoenhance_completion autoenhance$", script, re.MULTILINE)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_it_says_how_to_install_it(missing: str) -> None:
    """One line and status 2, as the console script gets it; the library itself works."""
    code = (
        f"import sys; sys.modules[{missing!r}] = sys.modules[{missing + '.console'!r}] = None\n"
        "import autoenhance; autoenhance.Autoenhance\n"
        "from autoenhance.cli import main; sys.exit(main())"
    )
    ran = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(rf"autoenhance needs '{missing}[.a-z]*': pip install 'autoenhance-orders\[cli\]'\n", ran.stderr)


def test_the_library_imports_nothing_of_the_command() -> None:
    """Using a client, too, leaves typer where it is (rich may come with httpx, which has a command of its own)."""
    code = (
        "import sys, autoenhance; autoenhance.Autoenhance('k'); print({'typer', 'autoenhance.cli'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        (">&-", 2, "Error: standard output cannot be written; nothing was sent"),
        (">/dev/full", 1, "Error: the output cannot be written: No space left on device"),
        ("2>&- >/dev/full", 1, ""),
        (">/dev/full 2>/dev/full", 1, ""),
        ("--api-key 2>&-", 2, ""),
        ("| true; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_an_output_that_takes_nothing_is_no_traceback(
    env: dict[str, str], redirected: str, status: int, said: str
) -> None:
    """It is said whether the edit was done; a reader that left wants to know nothing."""
    if "/dev/full" in redirected and not FULL.exists():
        pytest.skip("this system has no /dev/full")
    line = f'"{SCRIPT}" {" ".join(EDIT)} --json {redirected}'
    ran = subprocess.run(["bash", "-c", line], env=env, capture_output=True, text=True, check=False)  # noqa: S607
    assert ran.returncode == status
    assert ran.stderr.split("\n")[0] == said
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("new", "hint"),
    [
        (("--name", "a"), "Rerunning the command is harmless."),
        (("--new-order-id", "b"), "Look under 'harbour-view-7' and under 'b'."),
    ],
)
def test_ctrl_c_during_a_slow_answer_says_what_may_have_happened(
    env: dict[str, str], new: tuple[str, str], hint: str
) -> None:
    """Status 3, one line and a hint, no traceback."""
    with Sandbox(latency=3) as slow:
        options = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": {**env, "AUTOENHANCE_BASE_URL": slow.url},
        }
        with subprocess.Popen([SCRIPT, "edit-order", "harbour-view-7", *new], **options) as running:  # type: ignore[call-overload]
            while not slow._simulation._seen:
                time.sleep(0.02)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=10)
    assert (running.returncode, out) == (3, b"")
    lines = err.decode().splitlines()
    assert lines[0] == "Error: stopped before the response came; the edit may have happened"
    assert lines[1].startswith(f"Hint: {hint}")
    assert len(lines) == 2


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_help_that_cannot_be_written_is_one_line_too(env: dict[str, str]) -> None:
    """What typer writes has the same sentence as what we write."""
    with FULL.open("wb") as full:
        ran = process("--help", env=env, stdout=full)
    assert ran.returncode == 1
    assert ran.stderr.startswith(b"Error: the output cannot be written: No space left on device\nHint: ")
    assert ran.stderr.count(b"\n") == 2


def test_a_system_that_fails_otherwise_keeps_its_own_words(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many open files is no matter of standard output."""

    def no_more_files(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("autoenhance.cli._edit_order.edit_order", no_more_files)
    ran = command(*EDIT)
    assert (ran.status, ran.err.splitlines()[0]) == (1, "Error: OSError: [Errno 24] Too many open files")


def test_no_colour_means_no_escape_codes(env: dict[str, str], sandbox: Sandbox) -> None:
    """On a terminal; there, --json shows the same JSON without what the terminal would act on."""
    plain = on_terminal(*EDIT, env={**env, "NO_COLOR": "1"})
    assert (plain.status, "\x1b" in plain.out, "Status    waiting\r\n" in plain.out) == (0, False, True)
    sandbox.answer_next(200, headers={"content-type": "application/json"}, body='{"name": "\x9b31m é"}'.encode())
    dumb = on_terminal(*EDIT, "--json", env={**env, "TERM": "dumb"})
    assert (dumb.status, dumb.out) == (0, '{"name": "\\u009b31m é"}')


def test_the_sandbox_is_the_same_as_that_of_the_library(env: dict[str, str]) -> None:
    """It serves with the options that were given until it is stopped."""
    command = [
        SCRIPT,
        "sandbox",
        "--port",
        "0",
        "--fail-rate",
        "1",
        "--seed",
        "5",
        "--latency",
        "0.01",
        "--rate-limit",
        "9",
    ]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stderr
        watch = threading.Timer(20, running.kill)
        watch.start()
        lines = [running.stdout.readline() for _ in range(7)]
        assert lines[6] == "Simulation: latency 0.01 s, fail rate 1, seed 5\n"
        url = lines[2].split("=")[1].strip()
        met: set[int | None] = set()
        for number in range(8):
            try:
                met.add(httpx.patch(f"{url}/v3/orders/{number}").status_code)
            except httpx.RemoteProtocolError:
                met.add(None)
        assert len(met) > 1
        assert met <= {500, 502, 503, 504, None}
        os.kill(running.pid, signal.SIGINT)
        assert running.wait(10) == 0
        assert running.stderr.read() == ""
        watch.cancel()


def test_a_sandbox_that_cannot_start_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A latency that is none, or the extra that is missing."""
    ran = command("sandbox", "--latency", "fast")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("The sandbox cannot start: 'fast' is no latency")
    monkeypatch.setitem(sys.modules, "autoenhance.sandbox._server", None)
    ran = command("sandbox")
    assert (ran.status, ran.out) == (2, "")
    assert "pip install 'autoenhance-orders[sandbox]'" in ran.err
    assert ran.err.count("\n") == 1
