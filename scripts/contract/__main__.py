"""Checks the contract, or renders it as an HTML page; `python -m contract lint --help` lists the options."""

from __future__ import annotations

import sys

from command import run
from contract import lint, redocly, render

_COMMANDS = {
    "lint": lint.main,
    "render": render.main,
    "install-redocly": lambda _: run("redocly", redocly.install),
}


def main(arguments: list[str]) -> int:
    """Run a command, and return its exit status."""
    command = _COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        print(f"usage: python -m contract {{{','.join(_COMMANDS)}}} ...", file=sys.stderr)
        return 2
    return command(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
