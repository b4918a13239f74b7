"""`autoenhance edit-order`: edit one order and show the result."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, cast

from autoenhance._params import BODY
from autoenhance.cli._console import is_terminal, output_encoding, write_output, write_text
from autoenhance.cli._curl import as_curl
from autoenhance.cli._error_messages import CommandError, as_command_error, stopped
from autoenhance.cli._header import is_blank
from autoenhance.cli._order_table import order_table
from autoenhance.cli._service import check_service, open_client
from autoenhance.cli._text import join_or, option_name, printable_json

if TYPE_CHECKING:
    from autoenhance.cli._arguments import EditOrder
    from autoenhance.cli._console import Console
    from autoenhance.models import Order
    from autoenhance_api.types import Response


def edit_order(options: EditOrder, console: Console) -> None:
    """Edit an order and show it, or print the cURL command.

    Raises:
        CommandError: If the options are invalid, or the command was stopped.
        AutoenhanceError: If the edit failed.
        OutputError: If standard output cannot be written.
    """
    _check(options)
    try:
        if options.as_curl:
            write_text(_curl(options))
            return
        response = _send(options, console)
    except ValueError as error:
        raise as_command_error(error) from None
    if options.as_json:
        # Verbatim, except on a terminal, where control characters are escaped.
        safe = printable_json(response.content.decode("utf-8", "replace")) if is_terminal() else None
        write_output(response.content) if safe is None else write_text(f"{safe}\n")
        return
    colour = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns
    write_text(order_table(cast("Order", response.parsed), width=width, colour=colour))


def _check(options: EditOrder) -> None:
    if options.as_json and options.as_curl:
        raise CommandError("--json and --curl cannot be used together", "Give one of them.")
    if not any(param.keyword in options.changes for param in BODY):
        raise CommandError("no changes given", f"Give {join_or([option_name(param.keyword) for param in BODY])}.")
    name = options.changes.get("name")
    if is_blank(name) and "name" in options.changes and not options.allow_empty_name:
        raise CommandError("--name is empty", "Give a name, or --allow-empty-name to remove the current one.")
    if name is not None and len(name) > options.max_name_length:
        line = f"--name has {len(name)} characters; at most {options.max_name_length} are allowed"
        raise CommandError(line, "Give a larger --max-name-length to allow it.")
    check_service(options)


def _curl(options: EditOrder) -> str:
    return as_curl(
        options.order_id,
        options.changes,
        base_url=options.base_url,
        timeout=options.timeout,
        ascii_only="utf" not in output_encoding().lower(),
    )


def _send(options: EditOrder, console: Console) -> Response[Order]:
    client = open_client(options, console)
    try:
        with client, console.log_retries():
            return client.edit_order_detailed(options.order_id, **options.changes)
    except KeyboardInterrupt:
        raise stopped(options.order_id, options.changes.get("new_order_id")) from None
