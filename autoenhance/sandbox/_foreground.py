"""Run the sandbox until Ctrl-C, for `python -m autoenhance.sandbox` and `autoenhance sandbox`."""

from __future__ import annotations

import errno
import signal
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING, Final

from autoenhance.sandbox._simulation import DEFAULT_RATE_LIMIT, parse_latency

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORT: Final = 8000
_MAX_SHOWN: Final = 10
# The help of the options, which both commands have.
HELP: Final = {
    "port": "Port on 127.0.0.1, 0 for any.",
    "db": "SQLite file of the orders; by default temporary.",
    "latency": "Delay of each request in seconds, or a range such as 0.1-0.5.",
    "fail_rate": "Fraction of requests that fail, 0 to 1: with 500, 502, 503, 504 or a closed connection, "
    "before or after the edit was made.",
    "rate_limit": "Requests per second; further ones get 429 with Retry-After.",
    "seed": "Seed of the simulation: the same requests get the same delays and failures.",
}


def serve(
    *,
    port: int = DEFAULT_PORT,
    db: str | None = None,
    latency: str = "0",
    fail_rate: float = 0.0,
    rate_limit: int = DEFAULT_RATE_LIMIT,
    seed: int | None = None,
    order_ids: Iterable[str] = (),
) -> int:
    """Run the sandbox until Ctrl-C, print how to connect to it, and return the exit status.

    Further orders with the given ids are added to those that the sandbox has. The other arguments are those of `Sandbox`.
    """
    try:
        from autoenhance.sandbox import Sandbox

        sandbox = Sandbox(
            port=port,
            db=db,
            rate_limit=_check_rate_limit(rate_limit),
            latency=parse_latency(latency),
            fail_rate=fail_rate,
            seed=seed,
        ).start()
        try:
            sandbox.add_orders(order_ids)
        except BaseException:
            sandbox.stop()
            raise
    except (OSError, OverflowError, ValueError, ModuleNotFoundError, sqlite3.Error) as error:
        is_taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = f"port {port} is in use" if is_taken else error
        hint = "\nHint: --port 0 chooses a free one." if is_taken else ""
        print(f"Error: cannot start the sandbox: {reason}{hint}", file=sys.stderr)  # noqa: T201  # a command prints
        return 2
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        lines = [
            f"The sandbox listens on {sandbox.url}. Ctrl-C stops it.",
            "",
            f"export AUTOENHANCE_BASE_URL={sandbox.url}",
            f"export AUTOENHANCE_API_KEY={sandbox.api_key}",
            "",
            "Orders: " + _format_ids(sandbox.order_ids),
            *([f"Simulation: {sandbox.simulation}"] if sandbox.simulation else []),
        ]
        print("\n".join(lines), flush=True)  # noqa: T201  # a command prints
        stopped.wait()
    finally:
        sandbox.stop()
    return 0


def _format_ids(order_ids: list[str]) -> str:
    more = len(order_ids) - _MAX_SHOWN
    return ", ".join(order_ids[:_MAX_SHOWN]) + (f", and {more:,} more" if more > 0 else "")


def _check_rate_limit(rate_limit: int) -> int:
    if rate_limit < 1:
        raise ValueError(f"rate_limit is {rate_limit}; it must be 1 or more")
    return rate_limit
