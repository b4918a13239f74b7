"""The arguments and options of each command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from autoenhance._bulk.limits import DEFAULT_CONCURRENCY, DEFAULT_RATE
from autoenhance._params import BODY
from autoenhance._settings import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from autoenhance.sandbox._foreground import DEFAULT_PORT, HELP
from autoenhance.sandbox._simulation import DEFAULT_RATE_LIMIT

_TABLE: Final = (
    "A workbook (.xlsx, .xlsm, .xls, .xlsb, .ods), CSV or JSON Lines file, or - for standard input. Required columns: order_id "
    f"and at least one of {', '.join(param.keyword for param in BODY)}. Other columns are copied to the results."
)


def _argument(metavar: str, help_text: str) -> Any:
    return typer.Argument(metavar=metavar, help=help_text, show_default=False)


def _flag(name: str, help_text: str) -> Any:
    return typer.Option(name, help=help_text)


def _value(metavar: str, help_text: str, minimum: int | None = None) -> Any:
    return typer.Option(metavar=metavar, help=help_text, min=minimum)


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """Options for the API key, the service, the timeout and retries."""

    api_key_file: Annotated[str | None, _value("FILE", "File with the API key, else AUTOENHANCE_API_KEY.")] = None
    base_url: Annotated[str | None, _value("URL", "Base URL, else AUTOENHANCE_BASE_URL.")] = None
    timeout: Annotated[float, _value("SECONDS", "Total timeout of an edit.")] = DEFAULT_TIMEOUT
    max_retries: Annotated[int, _value("NUMBER", "Retries of a request, where safe.", 0)] = DEFAULT_MAX_RETRIES
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Report retries on standard error.")] = False


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Options for reading a table."""

    sheet: Annotated[str | None, _value("NAME", "Sheet of the workbook.")] = None
    encoding: Annotated[str | None, _value("NAME", "Encoding, if not Unicode, such as cp1252.")] = None
    strict: Annotated[bool, _flag("--strict", "Treat rows without changes as errors.")] = False
    max_name_length: Annotated[int, _value("NUMBER", "Maximum length of a name.", 1)] = 255


@dataclass(frozen=True, kw_only=True)
class EditOrder(ServiceOptions):
    """Edit one order and show the result.

    Times are in the local time zone. The API key is read from --api-key-file, from AUTOENHANCE_API_KEY or, on a terminal,
    from a prompt; it is never an argument.
    """

    order_id: Annotated[str, _argument("ORDER_ID", "The id of the order.")]
    changes: dict[str, Any]
    as_json: Annotated[bool, _flag("--json", "Print the raw response.")] = False
    as_curl: Annotated[bool, _flag("--curl", "Print the cURL command; send nothing.")] = False
    allow_empty_name: Annotated[bool, _flag("--allow-empty-name", "Allow an empty --name.")] = False
    max_name_length: Annotated[int, _value("NUMBER", "Maximum name length.", 1)] = 255


@dataclass(frozen=True, kw_only=True)
class EditOrders(ServiceOptions, TableOptions):
    """Edit the orders of a spreadsheet.

    All rows are checked before the first request. Rerun the command to resume: successful edits are skipped, failed
    ones are retried. Ctrl-C waits for the requests in flight; a second Ctrl-C does not.
    """

    file: Annotated[str, _argument("FILE", _TABLE)]
    changes: dict[str, Any]
    results: Annotated[str | None, _value("FILE", "Results file; by default FILE.results.jsonl.")] = None
    dry_run: Annotated[bool, _flag("--dry-run", "Check and show the edits; send nothing.")] = False
    shard: Annotated[str | None, _value("K/N", "Every N-th row from the K-th, such as 2/8.")] = None
    concurrency: Annotated[int, _value("NUMBER", "Edits in flight.", 1)] = DEFAULT_CONCURRENCY
    rate: Annotated[float, _value("NUMBER", "Requests per second.")] = DEFAULT_RATE
    max_failures: Annotated[int | None, _value("NUMBER", "Stop if more edits than this fail.", 0)] = None


@dataclass(frozen=True, kw_only=True)
class ShowResults:
    """Convert a results file to a table for Excel.

    The table has one row per order, with its latest result. It is tab-separated UTF-16 text, which Excel opens as a table.
    """

    file: Annotated[str, _argument("FILE", "The results file of edit-orders.")]
    output: Annotated[str | None, _value("FILE", "New file for the table; by default standard output.")] = None


@dataclass(frozen=True, kw_only=True)
class RunSandbox(TableOptions):
    """Run a local sandbox of the service until Ctrl-C.

    It implements the API contract and needs no real API key. To simulate a slow or unreliable service, use --latency,
    --fail-rate and --rate-limit.
    """

    port: Annotated[int, _value("NUMBER", HELP["port"])] = DEFAULT_PORT
    db: Annotated[str | None, _value("FILE", HELP["db"])] = None
    latency: Annotated[str, _value("SECONDS", HELP["latency"])] = "0"
    fail_rate: Annotated[float, _value("FRACTION", HELP["fail_rate"])] = 0.0
    rate_limit: Annotated[int, _value("NUMBER", HELP["rate_limit"])] = DEFAULT_RATE_LIMIT
    seed: Annotated[int | None, _value("NUMBER", HELP["seed"])] = None
    orders: Annotated[str | None, _value("FILE", "Add the orders of this table.")] = None
