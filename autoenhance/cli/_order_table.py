"""Pure: format an order as a table."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from autoenhance.cli._text import printable
from autoenhance_api.types import Unset

if TYPE_CHECKING:
    from autoenhance.models import Order

_STYLES: Final = {"processed": "green", "error": "red", "processing": "yellow", "waiting": "yellow"}
_NOTHING: Final = "-"


def order_table(order: Order, *, width: int, colour: bool) -> str:
    """Format an order and its images as a table; long values are wrapped, not shortened.

    Args:
        order: The order.
        width: The width in columns.
        colour: Whether escape codes may be used.
    """
    images = [] if isinstance(order.images, Unset) or order.images is None else order.images
    head = Table.grid(padding=(0, 3))
    head.add_column(style="bold", no_wrap=True)
    head.add_column(overflow="fold")
    head.add_row("Order", _cell(order.order_id))
    head.add_row("Name", _cell(order.name))
    head.add_row("Status", _status(order.status))
    head.add_row("Created", _time(order.created_at))
    head.add_row("Changed", _time(order.last_updated_at))
    parts: list[Table | str] = [head]
    if images:
        names = ["Image", "Status", "Reason"] if any(image.status_reason for image in images) else ["Image", "Status"]
        rows = [
            [_cell(image.image_name), _status(image.status), _cell(image.status_reason)][: len(names)]
            for image in images
        ]
        image_table = Table.grid(padding=(0, 2))
        for _ in names:
            image_table.add_column(overflow="fold")
        image_table.add_row(*(Text(name, "bold") for name in names))
        columns = [[Text(name), *cells] for name, cells in zip(names, zip(*rows, strict=True), strict=True)]
        image_table.add_row(*(_rule(max(cell.cell_len for cell in column), width) for column in columns))
        for row in rows:
            image_table.add_row(*row)
        parts += ["", image_table]
    else:
        head.add_row("Images", Text("none"))
    # Only rendered by rich, which would end the process on a broken pipe.
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=colour,
        color_system="auto" if colour else None,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(Group(*parts))
    return "".join(line.rstrip() + "\n" for line in capture.get().splitlines())


def _cell(value: object) -> Text:
    return Text(_NOTHING if value is None or isinstance(value, Unset) else printable(str(value)) or _NOTHING)


def _rule(length: int, width: int) -> Text:
    """Return the rule below a column name. It is of dashes, because not every encoding has box characters."""
    # Cropped where long values leave the column less room.
    return Text("-" * min(length, width // 2), no_wrap=True, overflow="crop")


def _status(value: object) -> Text:
    text = _cell(value)
    text.stylize(_STYLES.get(text.plain, ""))
    return text


def _time(value: object) -> Text:
    if not isinstance(value, datetime):
        return _cell(value)
    # A time out of the range of the local time zone is shown in its own.
    with suppress(OverflowError, OSError, ValueError):
        value = value.astimezone()
    return _cell(f"{value:%Y-%m-%d %H:%M %Z}")
