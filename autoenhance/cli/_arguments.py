"""What each command takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from autoenhance._params import BODY
from autoenhance._settings import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from autoenhance.sandbox._foreground import DEFAULT_PORT, HELP
from autoenhance.sandbox._simulation import DEFAULT_RATE_LIMIT

_TABLE: Final = (
    "A workbook (.xlsx, .xlsm, .xls, .xlsb, .ods), CSV or JSON Lines file; - for standard input. The columns are order_id, and "
    f"what to set ({', '.join(param.keyword for param in BODY)}); others are copied to the results."
)


def _argument(metavar: str, text: str) -> Any:
    return typer.Argument(metavar=metavar, help=text, show_default=False)


def _flag(name: str, text: str) -> Any:
    return typer.Option(name, help=text)


def _value(metavar: str, text: str, least: int | None = None) -> Any:
    return typer.Option(metavar=metavar, help=text, min=least)


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """Which service, with which key, timeout and retries."""

    api_key_file: Annotated[str | None, _value("FILE", "File with the key, else AUTOENHANCE_API_KEY.")] = None
    base_url: Annotated[str | None, _value("URL", "The service, else AUTOENHANCE_BASE_URL.")] = None
    timeout: Annotated[float, _value("SECONDS", "Total timeout of an edit.")] = DEFAULT_TIMEOUT
    max_retries: Annotated[int, _value("NUMBER", "Retries of an edit, where safe.", 0)] = DEFAULT_MAX_RETRIES
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Report retries on standard error.")] = False


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How a table is read."""

    sheet: Annotated[str | None, _value("NAME", "Sheet of a workbook.")] = None
    encoding: Annotated[str | None, _value("NAME", "Encoding if not Unicode, such as cp1252.")] = None
    strict: Annotated[bool, _flag("--strict", "Refuse rows without changes.")] = False
    max_name_length: Annotated[int, _value("NUMBER", "Longest name allowed.", 1)] = 255


@dataclass(frozen=True, kw_only=True)
class EditOrder(ServiceOptions):
    """Edit one order, and show it as it is afterwards.

    Times are in the local time zone. The API key comes from --api-key-file, from AUTOENHANCE_API_KEY, or, on a terminal,
    from a prompt; never from an argument.
    """

    order_id: Annotated[str, _argument("ORDER_ID", "The id of the order.")]
    changes: dict[str, Any]
    as_json: Annotated[bool, _flag("--json", "Print the raw response.")] = False
    as_curl: Annotated[bool, _flag("--curl", "Print the cURL command, and send nothing.")] = False
    allow_empty_name: Annotated[bool, _flag("--allow-empty-name", "Let --name be empty.")] = False
    max_name_length: Annotated[int, _value("NUMBER", "Longest name allowed.", 1)] = 255


@dataclass(frozen=True, kw_only=True)
class EditOrders(ServiceOptions, TableOptions):
    """Edit many orders, from a spreadsheet.

    Every row is checked before the first request. Rerun the command to resume: what was edited is not sent again, what
    failed is. Ctrl-C waits for the requests in flight; a second one does not.
    """

    file: Annotated[str, _argument("FILE", _TABLE)]
    changes: dict[str, Any]
    results: Annotated[str | None, _value("FILE", "Results file, else FILE.results.jsonl.")] = None
    dry_run: Annotated[bool, _flag("--dry-run", "Check and show the edits, and send nothing.")] = False
    shard: Annotated[str | None, _value("K/N", "Every N-th row from the K-th, such as 2/8.")] = None
    concurrency: Annotated[int, _value("NUMBER", "Edits in flight.", 1)] = 32
    rate: Annotated[float, _value("NUMBER", "Requests a second.")] = 250.0
    max_failures: Annotated[int | None, _value("NUMBER", "Stop when more edits fail.", 0)] = None


@dataclass(frozen=True, kw_only=True)
class ShowResults:
    """Convert a results file to a table for Excel.

    It has a row for each order, with its latest result, as UTF-16 text with tabs, which Excel opens as a table.
    """

    file: Annotated[str, _argument("FILE", "The results file of edit-orders.")]
    output: Annotated[str | None, _value("FILE", "Where the table goes; by default to standard output.")] = None


@dataclass(frozen=True, kw_only=True)
class RunSandbox(TableOptions):
    """Run a sandbox of the service, until Ctrl-C.

    It implements the API contract, and needs no key of yours. --latency, --fail-rate and --rate-limit simulate a slow or unreliable service.
    """

    port: Annotated[int, _value("NUMBER", HELP["port"])] = DEFAULT_PORT
    db: Annotated[str | None, _value("FILE", HELP["db"])] = None
    latency: Annotated[str, _value("SECONDS", HELP["latency"])] = "0"
    fail_rate: Annotated[float, _value("SHARE", HELP["fail_rate"])] = 0.0
    rate_limit: Annotated[int, _value("NUMBER", HELP["rate_limit"])] = DEFAULT_RATE_LIMIT
    seed: Annotated[int | None, _value("NUMBER", HELP["seed"])] = None
    orders: Annotated[str | None, _value("FILE", "Have the orders of this table, too.")] = None
