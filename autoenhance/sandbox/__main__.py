"""`python -m autoenhance.sandbox`: the sandbox in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox and say how to reach it; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m autoenhance.sandbox",
        description="A local Autoenhance service that obeys the contract, for trying out without a key.",
    )
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1, 0 for any (default: %(default)s)")
    parser.add_argument("--db", metavar="FILE", help="keep the orders in this SQLite file (default: a temporary one)")
    options = parser.parse_args(arguments)
    try:
        from autoenhance.sandbox import Sandbox

        sandbox = Sandbox(db=options.db, port=options.port).start()
    except (OSError, OverflowError, ValueError, ModuleNotFoundError) as error:
        hint = ""
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            hint = f" (port {options.port}; --port 0 takes a free one)"
        print(f"The sandbox cannot start: {error}{hint}", file=sys.stderr)  # noqa: T201  # a program's own voice
        return 2
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    try:
        lines = [
            f"The sandbox listens on {sandbox.url}. Ctrl-C stops it.",
            "",
            f"export AUTOENHANCE_BASE_URL={sandbox.url}",
            f"export AUTOENHANCE_API_KEY={sandbox.api_key}",
            "",
            "Orders: " + ", ".join(sandbox.order_ids),
        ]
        print("\n".join(lines), flush=True)  # noqa: T201  # a program's own voice
        over.wait()
    finally:
        sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
