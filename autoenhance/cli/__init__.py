"""The `autoenhance` command-line interface.

It needs the extra: `pip install ".[cli]"` in a checkout. No other module of the library imports it.

Exit status: 0 success, 1 failed edits (the service rejected them, or did not respond), 2 invalid input, 3 stopped early
(API key rejected, service unreachable, results not writable, too many failed edits, or Ctrl-C).
Only data is written to standard output; messages are written to standard error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default those of the process, and return the exit status."""
    try:
        # Imported here, and not above, to report a missing typer or rich in one line.
        from autoenhance.cli._run import run
    except ModuleNotFoundError as error:
        if sys.stderr is not None:
            message = f"autoenhance needs {error.name!r}: run pip install '.[cli]' in the checkout"
            print(message, file=sys.stderr)  # noqa: T201  # a command prints
        return 2
    return run(sys.argv[1:] if arguments is None else arguments)
