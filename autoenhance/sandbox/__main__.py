"""`python -m autoenhance.sandbox`: run the sandbox until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from autoenhance.sandbox._foreground import DEFAULT_PORT, HELP, serve
from autoenhance.sandbox._simulation import DEFAULT_RATE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the sandbox with these arguments, by default those of the process, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m autoenhance.sandbox",
        description="Run a local sandbox of the Autoenhance API until Ctrl-C. "
        "It implements the API contract and needs no real API key.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--port", metavar="NUMBER", type=int, default=DEFAULT_PORT, help=HELP["port"])
    parser.add_argument("--db", metavar="FILE", default=argparse.SUPPRESS, help=HELP["db"])
    parser.add_argument("--latency", metavar="SECONDS", default="0", help=HELP["latency"])
    parser.add_argument("--fail-rate", metavar="FRACTION", type=float, default=0.0, help=HELP["fail_rate"])
    parser.add_argument("--rate-limit", metavar="NUMBER", type=int, default=DEFAULT_RATE_LIMIT, help=HELP["rate_limit"])
    parser.add_argument("--seed", metavar="NUMBER", type=int, default=argparse.SUPPRESS, help=HELP["seed"])
    return serve(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(main())
