"""What the commands in scripts/ have in common: where the project is, how its files are named, and how a command ends."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "openapi/spec.yaml"


class FailureError(Exception):
    """It could not be done; the message says what and where."""


def name_of(path: Path, root: Path = ROOT) -> str:
    """A path as messages show it: relative to the project if it is in it."""
    path = path.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def run(name: str, work: Callable[[], int], *, redact: Callable[[str], str] = str) -> int:
    """Do the work of a command, and report on standard error why it could not be done.

    What is stopped by SIGTERM or SIGHUP cleans up first.

    Args:
        name: What the command is called in messages.
        work: Does it, and returns the exit status.
        redact: Takes out of a message what nobody may see.

    Returns:
        The exit status: that of the work, 2 if it could not be done, 130 after Ctrl-C.
    """
    previous = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return work()
    except KeyboardInterrupt:
        print(f"{name}: stopped.", file=sys.stderr)
        return 130
    except FailureError as failure:
        message = str(failure)
    except ModuleNotFoundError as error:
        message = f"{error.name} is missing; 'make setup' installs it."
    except Exception as error:  # noqa: BLE001  # whatever it is, the status must not be that of a finding
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
