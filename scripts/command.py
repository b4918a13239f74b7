"""Shared by the commands in scripts/: the paths of the project, the names of files in messages, and exit statuses."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from _typeshed import ReadableBuffer

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "openapi/spec.yaml"


class _Output(io.FileIO):
    """Standard output. After its reader has left, as `| head` does, what is written is discarded."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


class FailureError(Exception):
    """A command could not do its work; the message says what is wrong, and where."""


def name_of(path: Path, root: Path = ROOT) -> str:
    """Return a path as messages show it: relative to the project if it is inside."""
    path = path.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def run(name: str, work: Callable[[], int], *, redact: Callable[[str], str] = str) -> int:
    """Run a command, and report an error on standard error.

    A command that is stopped by SIGTERM or SIGHUP cleans up first. If the reader of its output leaves, it discards the rest,
    and keeps its exit status.

    Args:
        name: The name of the command in messages.
        work: The command itself; returns the exit status.
        redact: Removes secrets from a message.

    Returns:
        The exit status: that of `work`, 2 after an error, 130 after Ctrl-C.
    """
    if (stdout := sys.__stdout__) is not None and sys.stdout is stdout:  # None if it is closed
        output = io.BufferedWriter(_Output(stdout.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(output, stdout.encoding, stdout.errors, line_buffering=stdout.isatty())
    previous = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return work()
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
    except FailureError as failure:
        message = str(failure)
    except ModuleNotFoundError as error:
        message = f"{error.name} is missing; 'make setup' installs it"
    except Exception as error:  # noqa: BLE001  # no error may exit with 1, the status of a finding
        message = f"{type(error).__name__}: {error}"
        if isinstance(error, OSError) and error.filename:
            message = f"{error.filename}: {error.strerror}"
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    print(redact(f"{name}: {message}"), file=sys.stderr)
    return 2


def _stop(signal_number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + signal_number)
