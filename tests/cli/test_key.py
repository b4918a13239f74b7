"""The API key comes from a file, the environment or a prompt, never from an argument, and is shown nowhere."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest
from bulk import write_table
from terminal import on_terminal

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from terminal import Command

EDIT = ("edit-order", "harbour-view-7", "--name", "a")
PLANTED = "planted-key-6d1f"
HINT = "Set AUTOENHANCE_API_KEY, or give --api-key-file FILE."


@pytest.fixture
def key_file(tmp_path: Path, sandbox: Sandbox) -> Path:
    """A file with the sandbox's key, as an editor writes it."""
    path = tmp_path / "key"
    path.write_text(f"{sandbox.api_key}\n")
    path.chmod(0o600)
    return path


# --- From a file ---


def test_a_file_goes_before_the_environment(
    command: Command, key_file: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line break at its end is none of the key's."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", "wrong")
    ran = command(*EDIT, "--api-key-file", str(key_file))
    assert (ran.status, ran.err) == (0, "")
    key_file.write_bytes(b"\xef\xbb\xbf" + key_file.read_bytes().replace(b"\n", b"\r\n"))
    path = write_table(table, "harbour-view-7,a")
    assert command("edit-orders", path, "--api-key-file", str(key_file)).status == 0


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_file_that_others_may_read_gets_a_warning(command: Command, key_file: Path, mode: int) -> None:
    """On standard error; the edit is made all the same."""
    key_file.chmod(mode)
    ran = command(*EDIT, "--api-key-file", str(key_file))
    assert ran.status == 0
    assert ran.err == f"Warning: the key file {str(key_file)!r} is readable by other users; run chmod 600 on it\n"


def test_a_pipe_may_hold_the_key(command: Command, sandbox: Sandbox) -> None:
    """As a shell makes it of <(pass show autoenhance); its mode does not matter."""
    reads, writes = os.pipe()
    os.write(writes, sandbox.api_key.encode())
    os.close(writes)
    os.fchmod(reads, 0o644)
    ran = command(*EDIT, "--api-key-file", f"/dev/fd/{reads}")
    os.close(reads)
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("file", "content", "said"),
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
def test_what_holds_no_key_is_refused(
    command: Command, key_file: Path, file: str | None, content: bytes, said: str
) -> None:
    """One line that does not show its content. `-` too: standard input is not a place for a key."""
    key_file.write_bytes(content)
    ran = command(*EDIT, "--api-key-file", file or str(key_file))
    assert ran.problem()[0].startswith(said.replace("FILE", repr(file or str(key_file))))
    assert ran.err.count("\n") == 2


# --- Not from an argument ---


@pytest.mark.parametrize(
    "argument", ["--api-key", "--api_key", "--API-KEY", "--apikey", "-api-key", "--x-api-key", f"--api-key={PLANTED}"]
)
def test_the_key_is_not_taken_from_an_argument(command: Command, argument: str) -> None:
    """The error does not repeat it, and says where it belongs."""
    ran = command(*EDIT, argument, PLANTED)
    line, hint = ran.problem()
    assert line.startswith("the API key cannot be an argument: ")
    assert hint == HINT
    assert PLANTED not in ran.err


def test_an_order_may_be_called_like_an_option(command: Command) -> None:
    """After --, and in --name=, nothing is taken for a key."""
    assert "Name      --api-key\n" in command("edit-order", "--name=--api-key", "harbour-view-7").out
    assert "'--api-key'" in command("edit-order", "--name", "a", "--", "--api-key").err


# --- From a prompt ---


@pytest.mark.parametrize("stdin", [None, io.StringIO(PLANTED)])
def test_without_a_terminal_there_is_no_prompt(
    command: Command, monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO | None
) -> None:
    """A closed standard input, or a pipe, is not asked; nor is anything read from it."""
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    monkeypatch.setattr(sys, "stdin", stdin)
    assert command(*EDIT).problem() == ("there is no API key", HINT)


@pytest.mark.parametrize(
    ("in_bulk", "keys", "status", "said"),
    [
        # The order is then shown in colour.
        (False, "KEY\n", 0, "\x1b[33mwaiting\x1b[0m"),
        (True, "KEY\n", 0, "1 edited"),
        (False, "\x03", 3, "Error: stopped; nothing was sent"),
        (True, "\x04", 2, "Error: there is no API key"),
    ],
    ids=["edit-order", "edit-orders", "Ctrl-C", "Ctrl-D"],
)
def test_on_a_terminal_the_key_is_asked_for_and_not_shown(
    env: dict[str, str], sandbox: Sandbox, table: Path, *, in_bulk: bool, keys: str, status: int, said: str
) -> None:
    """Before anything else; the prompt can be left with Ctrl-C or Ctrl-D, and without a traceback."""
    del env["AUTOENHANCE_API_KEY"]
    arguments = ("edit-orders", write_table(table, "harbour-view-7,a")) if in_bulk else EDIT
    typed = keys.replace("KEY", sandbox.api_key).encode()
    ran = on_terminal(*arguments, env=env, asked="shown.: ", keys=typed)
    assert ran.status == status
    assert ran.out.startswith("API key (not shown): ")
    assert said in ran.out
    assert sandbox.api_key not in ran.out
    assert "Traceback" not in ran.out


# --- Never shown ---


def test_the_key_is_in_no_output_whatever_happens(
    command: Command, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """Not in the traceback that -v shows either, not even if an error has it in its text."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", PLANTED)

    class Broken:
        def __init__(self, key: object, **_: object) -> None:
            raise RuntimeError(f"broken with {key.reveal()}")  # type: ignore[attr-defined]

    monkeypatch.setattr("autoenhance.cli._service.Autoenhance", Broken)
    quiet, verbose = command(*EDIT), command(*EDIT, "-v")
    assert (quiet.status, quiet.err.splitlines()[0]) == (1, "Error: RuntimeError: broken with <secret>")
    assert quiet.err.count("\n") == 2
    assert verbose.err.startswith("Traceback (most recent call last):")
    assert "test_key.py" in verbose.err
    assert PLANTED not in quiet.err + verbose.err
    assert sandbox.api_key not in verbose.err


def test_a_key_of_a_few_letters_makes_no_holes_in_words(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no secret, and its letters are in every word."""
    with Sandbox(api_key="e") as sandbox:
        monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
        ran = command("edit-order", "nope", "--name", "a", "--base-url", sandbox.url)
    assert ran.err.startswith("Error: order 'nope' not found")
