"""The command `autoenhance`: in this process, as a process of its own, and on a terminal."""

from __future__ import annotations

import os
import re
import select
import struct
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest
from message_rules import check_printed

from autoenhance.cli import main

with suppress(ImportError):  # on Windows, where no test uses a terminal
    import fcntl
    import pty
    import termios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"  # the cursor
SCRIPT = str(Path(sys.executable).parent / "autoenhance")
# Makes it the controlling terminal, whose Ctrl-C reaches the process.
_OWN_TERMINAL = "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass
class Ran:
    """The exit status, and the output; on a terminal, both streams are in `out`."""

    status: int
    out: str
    err: str

    def problem(self, status: int = 2) -> tuple[str, str]:
        """The error and its hint, which are the last two lines; there is nothing on standard output."""
        line, hint = self.err.splitlines()[-2:]
        assert (self.status, self.out, line[:7], hint[:6]) == (status, "", "Error: ", "Hint: ")
        return line[7:], hint[6:]


class Command:
    """Runs the command in this process, with the sandbox in place of the service."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, **variables: str | None) -> Ran:
        """Run it with other environment variables; None unsets one."""
        with pytest.MonkeyPatch.context() as patched:
            for name, value in variables.items():
                patched.delenv(name) if value is None else patched.setenv(name, value)
            status = main(arguments)
        out, err = self._capsys.readouterr()
        check_printed(err)
        return Ran(status, out, err)


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with other variables, and warnings as errors; 80 columns."""
    left_out = ("AUTOENHANCE_", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONUNBUFFERED")
    own = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**own, "PYTHONWARNINGS": "error", **variables}


_STREAMS: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the console script until it ends."""
    return subprocess.run([SCRIPT, *arguments], timeout=30, check=False, **_STREAMS | options)


@contextmanager
def started(*arguments: str, command: Sequence[str] = (SCRIPT,), **options: Any) -> Iterator[subprocess.Popen[str]]:
    """The console script, or another command, while it runs; it does not outlive the block."""
    with subprocess.Popen([*command, *arguments], text=True, **_STREAMS | options) as running:
        try:
            yield running
        finally:
            running.kill()


def in_bash(line: str, env: Mapping[str, str]) -> Ran:
    """Run a line of bash, in which `autoenhance` is the console script."""
    command = ["bash", "-c", f'autoenhance() {{ "{SCRIPT}" "$@"; }}; {line}']
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


class Terminal:
    """The console script on a terminal, which can be read, typed at and closed while it runs."""

    def __init__(self, *arguments: str, env: Mapping[str, str], columns: int = 80, **streams: Any) -> None:
        self._master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        options = {"stdin": terminal, "stdout": terminal, "stderr": terminal, **streams}
        command = [sys.executable, "-c", _OWN_TERMINAL, SCRIPT, *arguments]
        self.running = subprocess.Popen(command, env={"TERM": "xterm-256color", **env}, **options)
        os.close(terminal)
        self._is_open = True
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.running.kill()
        self.running.wait()
        self.close()

    def read(self, until: str | None = None) -> str:
        """Read until this pattern is shown, or to the end; returns all that was shown so far."""
        deadline = time.monotonic() + 20
        while until is None or not re.search(until, self.shown):
            assert select.select([self._master], [], [], max(0, deadline - time.monotonic()))[0], self.shown
            try:
                piece = os.read(self._master, 4096)
            except OSError:  # no process has the terminal open
                piece = b""
            if not piece:
                assert until is None, self.shown
                break
            self.shown += piece.decode("utf-8", "replace")
        return self.shown

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read to the end; returns the exit status."""
        self.read()
        return self.running.wait(20)

    def close(self) -> None:
        """Close the terminal, as by closing its window."""
        if self._is_open:
            self._is_open = False
            os.close(self._master)


def on_terminal(*arguments: str, env: Mapping[str, str], prompt: str = "", keys: str = "", **options: Any) -> Ran:
    """Run the console script on a terminal to its end; type `keys` at the prompt."""
    with Terminal(*arguments, env=env, **options) as terminal:
        if prompt:
            terminal.read(prompt)
            terminal.type(keys)
        return Ran(terminal.end(), terminal.shown, "")


def lines_of(shown: str) -> list[str]:
    """The lines that were drawn on a terminal, without the codes for cursor and colours."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
