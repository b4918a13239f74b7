"""Checks a service and the recorded cassettes against the contract. Run by `make conformance`.

Exit status: 0 no mismatches; 1 mismatches; 2 the check could not be completed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from command import ROOT, SPEC, FailureError, name_of, run
from contract import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.schemathesis_run import Service
    from contract import Contract

CASSETTES = ROOT / "tests/cassettes"
KEY, ORDER_ID = "AUTOENHANCE_API_KEY", "AUTOENHANCE_CONFORMANCE_ORDER_ID"
_MIN_PREFIX_LENGTH = 8


def main(arguments: list[str] | None = None) -> int:
    """Check the service and the cassettes, and return the exit status."""
    options = _options(arguments)
    return run("conformance", lambda: _check(options), redact=_without_key)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__.splitlines()[0])
    parser.add_argument("--url", help=f"the URL of a service to check instead of the sandbox; set {KEY} to its API key")
    parser.add_argument("--part", choices=("service", "cassettes"), help="check only this part")
    parser.add_argument(
        "--max-examples", type=_positive, default=200, help="number of generated requests (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the generated requests (default: %(default)s)")
    parser.add_argument(
        "--cassettes", type=Path, default=CASSETTES, help="the folder of the cassettes (default: %(default)s)"
    )
    parser.add_argument("--spec", type=Path, default=SPEC, help="the contract (default: %(default)s)")
    return parser.parse_args(arguments)


def _check(options: argparse.Namespace) -> int:
    contract = read(options.spec, name_of(options.spec))
    conforms = True
    if options.part != "cassettes":
        conforms = _check_service(contract, options)
    if options.part != "service":
        conforms = _check_cassettes(contract, options.cassettes) and conforms
    return 0 if conforms else 1


def _check_service(contract: Contract, options: argparse.Namespace) -> bool:
    from conformance import report, schemathesis_run

    with _service(options.url) as service:
        outcome = schemathesis_run.run(contract.plain(), service, max_examples=options.max_examples, seed=options.seed)
    print(_without_key(report.service(contract, service, outcome)))
    if outcome.obstacles and not outcome.findings:
        raise FailureError("the check of the service could not be completed.\n" + "\n".join(outcome.obstacles))
    if not outcome.findings and not any(200 <= status < 300 for status in outcome.responses):  # noqa: PLR2004  # HTTP
        raise FailureError("no edit succeeded, so nothing was checked; check the API key and the order id")
    return not outcome.findings


def _check_cassettes(contract: Contract, folder: Path) -> bool:
    from autoenhance.sandbox._contract import Contract as Checker
    from conformance import exchanges, report

    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise FailureError(f"no cassettes in {folder}")
    recorded = [exchange for path in paths for exchange in exchanges.read(path)]
    text, conforms = report.cassettes(contract, Checker(contract.plain()), recorded)
    print(text)
    return conforms


@contextmanager
def _service(url: str | None) -> Iterator[Service]:
    from autoenhance.sandbox import Sandbox
    from conformance.gate import Gate
    from conformance.schemathesis_run import Service

    if url is not None:
        url, api_key, order_id = _live(url)
        yield Service(url, api_key, [order_id], Gate(url, order_id), is_live=True)
        return
    # No rate limit: 429 responses would only hide the others.
    with Sandbox(rate_limit=None) as sandbox:
        yield Service(sandbox.url, sandbox.api_key, sandbox.order_ids, lambda _: sandbox.reset(), is_live=False)


def _live(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise FailureError("URL is invalid; write it like https://api.autoenhance.ai")
    if parts.username is not None or parts.password is not None:
        raise FailureError(f"URL contains a user name or a password; set {KEY} to the API key instead")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise FailureError("URL must be https: http would send the API key unencrypted")
    order_id, api_key = os.environ.get(ORDER_ID, ""), os.environ.get(KEY, "")
    if not order_id:
        raise FailureError(f"{ORDER_ID} is not set; set it to an order that may be renamed hundreds of times")
    if order_id in {".", ".."} or not frozenset("#?%").isdisjoint(order_id):
        raise FailureError(
            f"{ORDER_ID} is {order_id!r}; an id that is checked must not contain '#', '?' or '%', nor be '.' or '..'"
        )
    if not api_key:
        raise FailureError(f"{KEY} is not set; set it to the API key of the service")
    return url.rstrip("/"), api_key, order_id


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_key(text: str) -> str:
    """Return the text without the live key, and without a prefix of it: a long response that repeats it may be truncated."""
    key = os.environ.get(KEY, "")
    for length in range(len(key), max(_MIN_PREFIX_LENGTH, len(key) // 2) - 1, -1):
        text = text.replace(key[:length], "[the key]")
    return text


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
