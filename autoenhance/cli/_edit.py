"""`autoenhance edit-order`: one edit, and what is shown of it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, cast

from autoenhance._params import BODY
from autoenhance.cli._curl import as_curl
from autoenhance.cli._header import is_blank
from autoenhance.cli._problems import CommandError, bad_input, stopped
from autoenhance.cli._service import check_service, open_client
from autoenhance.cli._show import order_as_table
from autoenhance.cli._text import either, option_name, printable_json
from autoenhance.cli._voice import is_terminal, output_encoding, put, put_text

if TYPE_CHECKING:
    from autoenhance.cli._arguments import EditOrder
    from autoenhance.cli._voice import Voice
    from autoenhance.models import Order
    from autoenhance_api.types import Response


def edit_order(asked: EditOrder, voice: Voice) -> None:
    """Do what was asked, and show what came of it.

    Raises:
        CommandError: If it cannot be asked like that, or was stopped.
        AutoenhanceError: If the edit failed.
        OutputError: If what came of it cannot be shown.
    """
    _check(asked)
    try:
        if asked.as_curl:
            put_text(_curl(asked))
            return
        response = _send(asked, voice)
    except ValueError as error:
        raise bad_input(error) from None
    if asked.as_json:
        # Verbatim, but on a terminal, which would act on some of them: there the same JSON without these.
        safe = printable_json(response.content.decode("utf-8", "replace")) if is_terminal() else None
        put(response.content) if safe is None else put_text(safe)
        return
    colour = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns
    put_text(order_as_table(cast("Order", response.parsed), width=width, colour=colour))


def _check(asked: EditOrder) -> None:
    if asked.as_json and asked.as_curl:
        raise CommandError("--json and --curl cannot be used together", "Give one of them.")
    if not any(param.keyword in asked.changes for param in BODY):
        raise CommandError("no changes given", f"Give {either([option_name(param.keyword) for param in BODY])}.")
    name = asked.changes.get("name")
    if is_blank(name) and "name" in asked.changes and not asked.allow_empty_name:
        raise CommandError("--name is empty", "Give a name, or --allow-empty-name to remove the one that it has.")
    if name is not None and len(name) > asked.max_name_length:
        line = f"--name has {len(name)} characters; at most {asked.max_name_length} are allowed"
        raise CommandError(line, "--max-name-length allows more.")
    check_service(asked)


def _curl(asked: EditOrder) -> str:
    return as_curl(
        asked.order_id,
        asked.changes,
        base_url=asked.base_url,
        timeout=asked.timeout,
        ascii_only="utf" not in output_encoding().lower(),
    )


def _send(asked: EditOrder, voice: Voice) -> Response[Order]:
    client = open_client(asked, voice)
    try:
        with client, voice.retelling():
            return client.edit_order_detailed(asked.order_id, **asked.changes)
    except KeyboardInterrupt:
        raise stopped(asked.order_id, asked.changes.get("new_order_id")) from None
