"""The command `autoenhance`: what the library does, from a terminal.

It needs the extra: `pip install "autoenhance-orders[cli]"`. Nothing else of the library imports it.

Exit status: 0 done, 1 the edit failed (the service refused it, or did not respond), 2 usage or bad input, 3 stopped early
(the key was refused, the service cannot be reached, the results cannot be written, too many edits failed, or Ctrl-C).
Only data goes to standard output; the rest goes to standard error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default that of this process; returns the exit status."""
    try:
        # typer and rich are imported here, and only here, so that their absence has a sentence of its own.
        from autoenhance.cli._run import run
    except ModuleNotFoundError as error:
        if sys.stderr is not None:
            needs = f"autoenhance needs {error.name!r}: pip install 'autoenhance-orders[cli]'"
            print(needs, file=sys.stderr)  # noqa: T201  # a program's own voice
        return 2
    return run(sys.argv[1:] if arguments is None else arguments)
