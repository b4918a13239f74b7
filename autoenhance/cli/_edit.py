"""`autoenhance edit-order`: one edit, and what is shown of it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from autoenhance._params import BODY
from autoenhance.cli._curl import as_curl
from autoenhance.cli._problems import CommandError, bad_input, stopped
from autoenhance.cli._show import order_as_table
from autoenhance.cli._text import either, option_name, printable_json
from autoenhance.cli._voice import is_terminal, put, put_text

if TYPE_CHECKING:
    from autoenhance.cli._service import Service
    from autoenhance.cli._voice import Voice
    from autoenhance.models import Order
    from autoenhance_api.types import Response


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    order_id: str
    changes: dict[str, Any]
    as_json: bool
    as_curl: bool
    service: Service


def edit_order(asked: Asked, voice: Voice) -> None:
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
        answer = _send(asked, voice)
    except ValueError as error:
        raise bad_input(error) from None
    if asked.as_json:
        # To the byte, but on a terminal, which would act on some of them: there the same JSON without these.
        safe = printable_json(answer.content.decode("utf-8", "replace")) if is_terminal() else None
        put(answer.content) if safe is None else put_text(safe)
        return
    colour = is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns
    put_text(order_as_table(cast("Order", answer.parsed), width=width, colour=colour))


def _check(asked: Asked) -> None:
    if asked.as_json and asked.as_curl:
        raise CommandError("--json and --curl are two ways to show two things.", "Give one of them.")
    if not any(param.keyword in asked.changes for param in BODY):
        raise CommandError("No changes given.", f"Give {either([option_name(param.keyword) for param in BODY])}.")
    asked.service.check()


def _curl(asked: Asked) -> str:
    return as_curl(
        asked.order_id,
        asked.changes,
        base_url=asked.service.base_url,
        timeout=asked.service.timeout,
        ascii_only="utf" not in sys.stdout.encoding.lower(),
    )


def _send(asked: Asked, voice: Voice) -> Response[Order]:
    client = asked.service.open(voice)
    try:
        with client, voice.retelling():
            return client.edit_order_detailed(asked.order_id, **asked.changes)
    except KeyboardInterrupt:
        raise stopped(asked.order_id, asked.changes.get("new_order_id")) from None
