"""The commands and their options, as typer reads them. What they do is elsewhere."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from autoenhance._params import BODY
from autoenhance._settings import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from autoenhance._version import __version__
from autoenhance.cli._options import with_options
from autoenhance.cli._service import Service
from autoenhance.cli._voice import Voice, put_text
from autoenhance.sandbox._foreground import DEFAULT_PORT, HELP, serve
from autoenhance.sandbox._rehearsal import DEFAULT_RATE_LIMIT

_ApiKeyFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="The file with the API key; by default it is in AUTOENHANCE_API_KEY.")
]
_BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where the service is; by default in AUTOENHANCE_BASE_URL, else the real one."),
]
_Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", help="How long an edit may take, retries and waits included.")
]
_MaxRetries = Annotated[
    int, typer.Option(metavar="NUMBER", min=0, help="How many retries an edit may have, where a retry is safe.")
]
_Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Report retries on standard error.")]

# Plain help: it reads the same on a terminal, in a pipe and aloud.
app = typer.Typer(
    name="autoenhance",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit status: 0 all done, 1 some failed, 2 usage or bad input, 3 stopped early (the key was refused, or Ctrl-C).",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # what typer calls
    if wanted:
        put_text(f"autoenhance-orders {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def autoenhance(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001  # its callback has done what there is to do
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Edit orders of Autoenhance.ai, and run a sandbox of the service."""
    if context.invoked_subcommand is None:
        voice: Voice = context.obj
        for line in context.get_help().splitlines():
            voice.say(line)
        raise typer.Exit(2)


@app.command("edit-order")
@with_options
def edit_order_command(
    context: typer.Context,
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="The id of the order.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the raw response.")] = False,
    as_curl: Annotated[
        bool, typer.Option("--curl", help="Print the cURL command that makes this edit once, and send nothing.")
    ] = False,
    api_key_file: _ApiKeyFile = None,
    base_url: _BaseUrl = None,
    timeout: _Timeout = DEFAULT_TIMEOUT,
    max_retries: _MaxRetries = DEFAULT_MAX_RETRIES,
    verbose: _Verbose = False,
    **changes: Any,
) -> None:
    """Edit one order, and show it as it is afterwards.

    Times are in the local time zone. The API key comes from --api-key-file, from AUTOENHANCE_API_KEY, or, on a terminal, from a prompt; never from an
    argument.
    """
    from autoenhance.cli._edit import Asked, edit_order

    voice: Voice = context.obj
    voice.is_verbose = verbose
    asked = Asked(
        order_id=order_id,
        changes={keyword: value for keyword, value in changes.items() if value is not None},
        as_json=as_json,
        as_curl=as_curl,
        service=Service(api_key_file, base_url, timeout, max_retries),
    )
    edit_order(asked, voice)


@app.command("edit-orders")
def edit_orders_command(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A CSV file as spreadsheet programs write it, or JSON Lines; - for standard input. The columns are "
            f"order_id, and what to set ({', '.join(param.keyword for param in BODY)}); others are copied to the results.",
            show_default=False,
        ),
    ],
    *,
    results: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Where a line for each finished edit goes; by default FILE.results.jsonl."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row, show what would be done, and send nothing.")
    ] = False,
    shard: Annotated[
        str | None, typer.Option(metavar="K/N", help="Take only every N-th row, beginning with the K-th, such as 2/8.")
    ] = None,
    concurrency: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="How many edits may be in flight.")] = 32,
    rate: Annotated[
        float,
        typer.Option(metavar="NUMBER", help="How many requests a second there may be; the service allows 300."),
    ] = 250.0,
    max_failures: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=0, help="Stop when more edits than this have failed.")
    ] = None,
    max_name_length: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, help="How long a name may be; the API documents no limit.")
    ] = 255,
    api_key_file: _ApiKeyFile = None,
    base_url: _BaseUrl = None,
    timeout: _Timeout = DEFAULT_TIMEOUT,
    max_retries: _MaxRetries = DEFAULT_MAX_RETRIES,
    verbose: _Verbose = False,
) -> None:
    """Edit many orders, from a spreadsheet.

    Every row is checked before the first request. Rerun the command to resume: what was edited is not sent again, what failed is. Ctrl-C finishes the requests in flight;
    a second one does not.
    """
    from autoenhance.cli import _bulk

    voice: Voice = context.obj
    voice.is_verbose = verbose
    asked = _bulk.Asked(
        file=file,
        results=results,
        shard=shard,
        dry_run=dry_run,
        concurrency=concurrency,
        rate=rate,
        max_failures=max_failures,
        longest_name=max_name_length,
        service=Service(api_key_file, base_url, timeout, max_retries),
    )
    raise typer.Exit(_bulk.edit_orders(asked, voice))


@app.command("sandbox")
def sandbox_command(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(metavar="NUMBER", help=HELP["port"])] = DEFAULT_PORT,
    db: Annotated[str | None, typer.Option(metavar="FILE", help=HELP["db"])] = None,
    latency: Annotated[str, typer.Option(metavar="SECONDS", help=HELP["latency"])] = "0",
    fail_rate: Annotated[float, typer.Option(metavar="SHARE", help=HELP["fail_rate"])] = 0.0,
    rate_limit: Annotated[int, typer.Option(metavar="NUMBER", help=HELP["rate_limit"])] = DEFAULT_RATE_LIMIT,
    seed: Annotated[int | None, typer.Option(metavar="NUMBER", help=HELP["seed"])] = None,
    orders: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Have the orders of this file, too, as edit-orders reads it."),
    ] = None,
) -> None:
    """Run a local service that obeys the contract, until Ctrl-C.

    It needs no key of yours. --latency, --fail-rate and --rate-limit rehearse a slow or unreliable service.
    """
    from autoenhance.cli import _bulk

    voice: Voice = context.obj
    so = "the sandbox did not start"
    with nullcontext() if orders is None else _bulk.read_sheet(orders, sys.maxsize, voice, so=so) as sheet:
        status = serve(
            port=port,
            db=db,
            latency=latency,
            fail_rate=fail_rate,
            rate_limit=rate_limit,
            seed=seed,
            order_ids=(row.order_id for row in sheet.pending()) if sheet else (),
        )
    raise typer.Exit(status)
