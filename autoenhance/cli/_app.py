"""The commands, and the function that runs each. It is imported when it runs: `--help` needs none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from autoenhance._params import BODY
from autoenhance._version import __version__
from autoenhance.cli._arguments import EditOrder, EditOrders, RunSandbox, ShowResults
from autoenhance.cli._console import write_text
from autoenhance.cli._options import command_of
from autoenhance.sandbox._foreground import serve
from autoenhance_api.edit_order_params import PARAMS

if TYPE_CHECKING:
    from autoenhance.cli._console import Console

# Plain text: the help is the same on a terminal, in a pipe and in a screen reader.
app = typer.Typer(
    name="autoenhance",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit status: 0 success, 1 failed edits, 2 invalid input, 3 stopped early.",
)


def _show_version(is_given: bool) -> None:  # noqa: FBT001  # typer passes it by position
    if is_given:
        write_text(f"autoenhance-orders {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def autoenhance(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001  # its callback handles it
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Edit orders of Autoenhance.ai, or run a local sandbox of the service."""
    if context.invoked_subcommand is None:
        for line in context.get_help().splitlines():
            context.obj.print(line)
        raise typer.Exit(2)


def _edit_order(options: EditOrder, console: Console) -> None:
    from autoenhance.cli._edit_order import edit_order

    edit_order(options, console)


def _edit_orders(options: EditOrders, console: Console) -> int:
    from autoenhance.cli._edit_orders import edit_orders

    return edit_orders(options, console)


def _show_results(options: ShowResults, _: Console) -> None:
    from autoenhance.cli._results_table import show_results

    show_results(options.file, options.output)


def _run_sandbox(options: RunSandbox, console: Console) -> int:
    order_ids: list[str] = []
    if options.orders is not None:
        from autoenhance.cli._edit_orders import read_valid_table

        table = read_valid_table(options.orders, options, {}, console, outcome="the sandbox did not start")
        order_ids = [row.order_id for row in table.rows]
    return serve(
        port=options.port,
        db=options.db,
        latency=options.latency,
        fail_rate=options.fail_rate,
        rate_limit=options.rate_limit,
        seed=options.seed,
        order_ids=order_ids,
    )


app.command("edit-order")(command_of(EditOrder, _edit_order, PARAMS))
app.command("edit-orders")(command_of(EditOrders, _edit_orders, [param for param in PARAMS if param not in BODY]))
app.command("results")(command_of(ShowResults, _show_results))
app.command("sandbox")(command_of(RunSandbox, _run_sandbox))
