"""The commands, and which function runs each. They are imported when they run: `--help` needs none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from autoenhance._params import BODY
from autoenhance._version import __version__
from autoenhance.cli._arguments import EditOrder, EditOrders, RunSandbox, ShowResults
from autoenhance.cli._options import command_of
from autoenhance.cli._voice import put_text
from autoenhance.sandbox._foreground import serve
from autoenhance_api.edit_order_params import PARAMS

if TYPE_CHECKING:
    from autoenhance.cli._voice import Voice

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
        for line in context.get_help().splitlines():
            context.obj.say(line)
        raise typer.Exit(2)


def _edit_order(asked: EditOrder, voice: Voice) -> None:
    from autoenhance.cli._edit import edit_order

    edit_order(asked, voice)


def _edit_orders(asked: EditOrders, voice: Voice) -> int:
    from autoenhance.cli._bulk import edit_orders

    return edit_orders(asked, voice)


def _show_results(asked: ShowResults, _: Voice) -> None:
    from autoenhance.cli._results_table import show_results

    show_results(asked.file, asked.output)


def _run_sandbox(asked: RunSandbox, voice: Voice) -> int:
    order_ids: list[str] = []
    if asked.orders is not None:
        from autoenhance.cli._bulk import read_correct_table

        table = read_correct_table(asked.orders, asked, {}, voice, so="the sandbox did not start")
        order_ids = [row.order_id for row in table.rows]
    return serve(
        port=asked.port,
        db=asked.db,
        latency=asked.latency,
        fail_rate=asked.fail_rate,
        rate_limit=asked.rate_limit,
        seed=asked.seed,
        order_ids=order_ids,
    )


app.command("edit-order")(command_of(EditOrder, _edit_order, PARAMS))
app.command("edit-orders")(command_of(EditOrders, _edit_orders, [param for param in PARAMS if param not in BODY]))
app.command("results")(command_of(ShowResults, _show_results))
app.command("sandbox")(command_of(RunSandbox, _run_sandbox))
