"""The commands and their options, as typer reads them. What they do is elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from autoenhance._settings import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT
from autoenhance._version import __version__
from autoenhance.cli._edit import Asked, edit_order
from autoenhance.cli._voice import Voice, put_text
from autoenhance.sandbox._foreground import DEFAULT_PORT, HELP, serve
from autoenhance.sandbox._rehearsal import DEFAULT_RATE_LIMIT

# Plain help: it reads the same on a terminal, in a pipe and aloud.
app = typer.Typer(
    name="autoenhance",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit status: 0 done, 1 the edit failed, 2 usage or bad input, 3 stopped early (the key was refused, or Ctrl-C).",
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
def edit_order_command(
    context: typer.Context,
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID", help="The id of the order.", show_default=False)],
    *,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="The name that the order gets.")] = None,
    new_order_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The id that the order gets. What the service does with it is not documented."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the service sent, to the byte.")] = False,
    as_curl: Annotated[
        bool, typer.Option("--curl", help="Print the cURL command that makes this edit once, and send nothing.")
    ] = False,
    api_key_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The file with the API key; by default it is in AUTOENHANCE_API_KEY."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Where the service is; by default in AUTOENHANCE_BASE_URL, else the real one."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long all of it may take, retries and waits included.")
    ] = DEFAULT_TIMEOUT,
    max_retries: Annotated[
        int, typer.Option(metavar="NUMBER", min=0, help="How often an edit is tried again when that is safe.")
    ] = DEFAULT_MAX_RETRIES,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tell of retries on standard error.")] = False,
) -> None:
    """Edit one order, and show it as it is afterwards.

    Times are in the local time zone. The API key comes from --api-key-file, from AUTOENHANCE_API_KEY, or, on a terminal, from a prompt; never from an
    argument.
    """
    voice: Voice = context.obj
    voice.is_verbose = verbose
    asked = Asked(
        order_id=order_id,
        name=name,
        new_order_id=new_order_id,
        as_json=as_json,
        as_curl=as_curl,
        api_key_file=api_key_file,
        base_url=base_url,
        timeout=timeout,
        max_retries=max_retries,
    )
    edit_order(asked, voice)


@app.command("sandbox")
def sandbox_command(
    *,
    port: Annotated[int, typer.Option(metavar="NUMBER", help=HELP["port"])] = DEFAULT_PORT,
    db: Annotated[str | None, typer.Option(metavar="FILE", help=HELP["db"])] = None,
    latency: Annotated[str, typer.Option(metavar="SECONDS", help=HELP["latency"])] = "0",
    fail_rate: Annotated[float, typer.Option(metavar="SHARE", help=HELP["fail_rate"])] = 0.0,
    rate_limit: Annotated[int, typer.Option(metavar="NUMBER", help=HELP["rate_limit"])] = DEFAULT_RATE_LIMIT,
    seed: Annotated[int | None, typer.Option(metavar="NUMBER", help=HELP["seed"])] = None,
) -> None:
    """Run a local service that obeys the contract, until Ctrl-C.

    It needs no key of yours. --latency, --fail-rate and --rate-limit rehearse a slow or unreliable service.
    """
    raise typer.Exit(serve(port=port, db=db, latency=latency, fail_rate=fail_rate, rate_limit=rate_limit, seed=seed))
