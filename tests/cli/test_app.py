"""The command as a whole: its help, version and completion, missing dependencies, invalid input, and the API key."""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
import typer
from bulk import write_table
from terminal import on_terminal, process

from autoenhance import __version__, errors
from autoenhance.cli._app import app
from autoenhance.cli._error_messages import error_message
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from terminal import Command

COMMANDS = ["edit-order", "edit-orders", "results", "sandbox"]
EDIT = ("edit-order", "harbour-view-7", "--name", "a")
PLANTED = "planted-key-6d1f"
HINT = "Set AUTOENHANCE_API_KEY, or give --api-key-file FILE."


# --- Help, version, completion ---


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_option_is_documented_in_80_columns(command: Command, name: str) -> None:
    """The help of each command describes its options and arguments."""
    ran = command(*name.split(), "--help")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    group = typer.main.get_command(app)
    assert [*group.commands] == COMMANDS  # type: ignore[attr-defined]
    assert name or all(re.search(rf"^  {command} +[A-Z].*\.$", ran.out, re.MULTILINE) for command in COMMANDS)
    params = (group.commands[name] if name else group).params  # type: ignore[attr-defined]
    for parameter in params:
        assert parameter.help  # type: ignore[union-attr]
        shown = re.escape(str(parameter.opts[-1] if parameter.param_type_name == "option" else parameter.metavar))
        assert re.search(rf"^  .*{shown}( \S+)?( {{2,}}|\n {{20,}})\S|{shown}$", ran.out, re.MULTILINE)
    # It fits on a screen: an option has one line, except those of the contract, whose choices may need two.
    assert len(lines) <= 24 + len(params)


def test_version(command: Command) -> None:
    assert command("--version").out == f"autoenhance-orders {__version__}\n"


def test_without_a_command_the_help_is_on_standard_error(command: Command) -> None:
    """With exit status 2."""
    ran = command()
    assert (ran.status, ran.out) == (2, "")
    assert "Commands:\n  edit-order  " in ran.err


def test_bash_completes_options(env: dict[str, str]) -> None:
    """And its completion script calls this command."""
    words = {"COMP_WORDS": "autoenhance edit-order --na", "COMP_CWORD": "2"}
    ran = process(env={**env, "_AUTOENHANCE_COMPLETE": "complete_bash", **words})
    assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, [b"--name"], b"")
    script = process(env={**env, "_AUTOENHANCE_COMPLETE": "source_bash"}).stdout.decode()
    assert re.search(r"complete .*-F _autoenhance_completion autoenhance$", script, re.MULTILINE)


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_the_command_says_how_to_install_it(missing: str) -> None:
    """In one line, with exit status 2; the library itself works."""
    ran = run_python(
        f"import sys; sys.modules[{missing!r}] = sys.modules['{missing}.console'] = None\n"
        "import autoenhance; autoenhance.Autoenhance\n"
        "from autoenhance.cli import main; sys.exit(main(['--help']))"
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    hint = rf"autoenhance needs '{missing}[.a-z]*': run pip install '\.\[cli\]' in the checkout\n"
    assert re.fullmatch(hint, ran.stderr)


def test_the_library_does_not_import_the_command() -> None:
    """Nor typer (rich may come with httpx)."""
    code = "import sys, autoenhance; autoenhance.Autoenhance('k'); print({'typer', 'autoenhance.cli'} & {*sys.modules})"
    assert run_python(code).stdout == "set()\n"


# --- Errors ---


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("edit", "no such command 'edit'"),
        ("edit-order", "missing argument 'ORDER_ID'"),
        ("edit-order x", "no changes given"),
        ("edit-order x --nam a", "no such option: --nam"),
        ("edit-order x --name a --json --curl", "--json and --curl cannot be used together"),
        ("edit-order x --name a --timeout 0", "--timeout 0 is invalid"),
        ("edit-order x --name a --timeout nan", "--timeout nan is invalid"),
        ("edit-order x --name a --max-retries -1", "invalid value for '--max-retries'"),
        ("edit-order  --name a", "ORDER_ID is empty; give the order's id"),
        ("edit-order a/b --name a", "ORDER_ID is 'a/b'; it must not contain /"),
        ("edit-order a\nb\x1b --name a", r"ORDER_ID is 'a\nb\x1b'; remove control characters"),
        ("edit-order x --new-order-id .", "--new-order-id is '.'"),
        ("edit-order x --name \udcff", r"--name is '\udcff', which is not valid Unicode"),
        ("edit-order x --name a --base-url x", "--base-url (or AUTOENHANCE_BASE_URL) is not a URL"),
        ("edit-order x --name a --base-url http://a.example", "over http to this machine"),
        ("edit-orders", "missing argument 'FILE'"),
        ("edit-orders x.csv", "'x.csv' cannot be read: No such file or directory"),
        ("edit-orders -", "standard input needs --results"),
        ("edit-orders TABLE --shard 3/2", "--shard '3/2' is invalid"),
        ("edit-orders TABLE --shard 0/2", "--shard '0/2' is invalid"),
        ("edit-orders TABLE --rate 0", "--rate is 0.0; it must be above 0"),
        ("edit-orders TABLE --rate nan", "--rate is nan"),
        ("edit-orders TABLE --concurrency 0", "invalid value for '--concurrency'"),
        ("edit-orders TABLE --max-failures -1", "invalid value for '--max-failures'"),
        ("edit-orders TABLE --max-name-length 0", "invalid value for '--max-name-length'"),
        ("edit-orders TABLE --results -", "--results takes a file; a run cannot resume from standard output"),
        ("edit-orders TABLE --results ", "--results takes a file; a run cannot resume from standard output"),
        ("edit-orders TABLE --results TABLE", "the results would go into 'TABLE', which holds the edits"),
        ("edit-orders TABLE --results /no/r", "the results file '/no/r' cannot be opened: No such file or directory"),
    ],
)
def test_invalid_input_is_status_2(command: Command, sandbox: Sandbox, table: Path, arguments: str, error: str) -> None:
    """Nothing is sent, and the error is one line with a hint."""
    before = sandbox.order("harbour-view-7")
    path = write_table(table, "harbour-view-7,a")
    ran = command(*arguments.replace("TABLE", path).split(" "))
    assert error.replace("TABLE", path) in ran.problem()[0]
    assert ran.err.count("\n") == 2
    assert sandbox.order("harbour-view-7") == before


def test_every_error_of_the_library_has_a_hint() -> None:
    """A new one gets that of its base class."""
    for name in errors.__all__:
        problem = error_message(getattr(errors, name)("A sentence."))
        assert (problem.line, bool(problem.hint)) == ("A sentence", True)
        assert problem.exit_status == (3 if name in {"AuthenticationError", "PermissionDeniedError"} else 1)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (httpx.ReadError(""), "Error: ReadError"),
        # It is not about standard output.
        (OSError(errno.EMFILE, "Too many open files"), "Error: OSError: [Errno 24] Too many open files"),
    ],
)
def test_unexpected_errors(command: Command, monkeypatch: pytest.MonkeyPatch, error: Exception, line: str) -> None:
    """They are one line with a hint at -v, which shows the traceback."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("autoenhance.cli._edit_order.edit_order", fail)
    ran = command(*EDIT)
    assert (ran.status, ran.err.splitlines()[0]) == (1, line)
    assert re.search(r"^Hint: .*-v.*\n\Z", ran.err, re.MULTILINE)


# --- The API key: from a file, the environment or a prompt ---


@pytest.fixture
def key_file(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A file with the sandbox's key, as an editor writes it."""
    path = tmp_path / "key"
    path.write_text(f"{sandbox.api_key}\n")
    path.chmod(0o600)
    return path


def test_a_key_file_takes_precedence_over_the_environment(command: Command, key_file: Path, table: Path) -> None:
    """The line break at its end is not part of the key, nor is a byte order mark."""
    ran = command(*EDIT, "--api-key-file", str(key_file), AUTOENHANCE_API_KEY="wrong")
    assert (ran.status, ran.err) == (0, "")
    key_file.write_bytes(b"\xef\xbb\xbf" + key_file.read_bytes().replace(b"\n", b"\r\n"))
    path = write_table(table, "harbour-view-7,a")
    ran = command("edit-orders", path, "--api-key-file", str(key_file), AUTOENHANCE_API_KEY="wrong")
    assert ran.status == 0


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_file_that_others_can_read_is_a_warning(command: Command, key_file: Path, mode: int) -> None:
    """On standard error; the edit is made."""
    key_file.chmod(mode)
    ran = command(*EDIT, "--api-key-file", str(key_file))
    assert ran.status == 0
    assert ran.err == f"Warning: the key file {str(key_file)!r} is readable by other users; run chmod 600 on it\n"


def test_a_key_file_may_be_a_pipe(command: Command, sandbox: Sandbox) -> None:
    """As a shell makes it of <(pass show autoenhance); its mode does not matter."""
    reads, writes = os.pipe()
    os.write(writes, sandbox.api_key.encode())
    os.close(writes)
    os.fchmod(reads, 0o644)
    ran = command(*EDIT, "--api-key-file", f"/dev/fd/{reads}")
    os.close(reads)
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("file", "content", "error"),
    [
        (None, b"", "the API key is empty"),
        (None, b"\n", "the API key is empty"),
        (None, b"one\ntwo", "the API key has invalid characters"),
        (None, b"\xff\xfe", "the key file FILE is not UTF-8 text"),
        (None, b"a" * 70_000, "the key file FILE has more than 64 KiB"),
        ("-", b"", "--api-key-file takes a file, not standard input"),
        ("/nowhere/key", b"", "the key file FILE cannot be read: No such file or directory"),
        ("/", b"", "the key file FILE cannot be read: Is a directory"),
        ("a\0b", b"", "the key file FILE cannot be read: embedded null byte"),
    ],
    ids=range(9),
)
def test_invalid_key_files(command: Command, key_file: Path, file: str | None, content: bytes, error: str) -> None:
    """The error is one line that does not show the content."""
    key_file.write_bytes(content)
    ran = command(*EDIT, "--api-key-file", file or str(key_file))
    assert ran.problem()[0].startswith(error.replace("FILE", repr(file or str(key_file))))
    assert ran.err.count("\n") == 2


@pytest.mark.parametrize(
    "argument", ["--api-key", "--api_key", "--API-KEY", "--apikey", "-api-key", "--x-api-key", f"--api-key={PLANTED}"]
)
def test_the_key_cannot_be_an_argument(command: Command, argument: str) -> None:
    """The error does not repeat it, and says where it belongs."""
    ran = command(*EDIT, argument, PLANTED)
    line, hint = ran.problem()
    assert (line[:35], hint, PLANTED in ran.err) == ("the API key cannot be an argument: ", HINT, False)


def test_an_id_or_name_may_be_like_an_option(command: Command) -> None:
    """After --, and in --name=, nothing is taken for a key."""
    assert "Name      --api-key\n" in command("edit-order", "--name=--api-key", "harbour-view-7").out
    assert "'--api-key'" in command("edit-order", "--name", "a", "--", "--api-key").err


@pytest.mark.parametrize("stdin", [None, io.StringIO(PLANTED)])
def test_no_prompt_without_a_terminal(command: Command, monkeypatch: pytest.MonkeyPatch, stdin: object) -> None:
    """Nothing is read from standard input, whether it is closed or a pipe."""
    monkeypatch.setattr(sys, "stdin", stdin)
    assert command(*EDIT, AUTOENHANCE_API_KEY=None).problem() == ("there is no API key", HINT)


@pytest.mark.parametrize(
    ("in_bulk", "keys", "status", "output"),
    [
        # The order is then shown in colour.
        (False, "KEY\n", 0, "\x1b[33mwaiting\x1b[0m"),
        (True, "KEY\n", 0, "1 edited"),
        (False, "\x03", 3, "Error: stopped; nothing was sent"),
        (True, "\x04", 2, "Error: there is no API key"),
    ],
    ids=["edit-order", "edit-orders", "Ctrl-C", "Ctrl-D"],
)
def test_on_a_terminal_there_is_a_prompt_that_hides_the_key(
    env: dict[str, str], sandbox: Sandbox, table: Path, *, in_bulk: bool, keys: str, status: int, output: str
) -> None:
    """Before anything else; Ctrl-C and Ctrl-D leave it, without a traceback."""
    del env["AUTOENHANCE_API_KEY"]
    arguments = ("edit-orders", write_table(table, "harbour-view-7,a")) if in_bulk else EDIT
    ran = on_terminal(*arguments, env=env, prompt="shown.: ", keys=keys.replace("KEY", sandbox.api_key))
    assert (ran.status, ran.out[:21]) == (status, "API key (not shown): ")
    assert output in ran.out
    assert sandbox.api_key not in ran.out
    assert "Traceback" not in ran.out


def test_the_key_is_in_no_output(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the traceback of -v either, not even if an error has it in its message."""

    class Broken:
        def __init__(self, key: object, **_: object) -> None:
            raise RuntimeError(f"broken with {key.reveal()}")  # type: ignore[attr-defined]

    monkeypatch.setattr("autoenhance.cli._service.Autoenhance", Broken)
    quiet, verbose = (command(*EDIT, *options, AUTOENHANCE_API_KEY=PLANTED) for options in ([], ["-v"]))
    assert (quiet.status, quiet.err.splitlines()[0]) == (1, "Error: RuntimeError: broken with <secret>")
    assert quiet.err.count("\n") == 2
    assert verbose.err.startswith("Traceback (most recent call last):")
    assert "test_app.py" in verbose.err
    assert PLANTED not in quiet.err + verbose.err


def test_a_short_key_is_not_removed_from_words(command: Command) -> None:
    """It is no secret, and its letters are in every word."""
    with Sandbox(api_key="e") as sandbox:
        ran = command("edit-order", "nope", "--name", "a", "--base-url", sandbox.url, AUTOENHANCE_API_KEY="e")
    assert ran.err.startswith("Error: order 'nope' not found")
