"""Bulk edits: tables and their results."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from autoenhance.sandbox import Sandbox


def write_table(path: Path, *rows: str, columns: str = "order_id,name") -> str:
    """Write a CSV file with these rows; returns its path."""
    path.write_text("\n".join([columns, *rows, ""]), encoding="utf-8")
    return str(path)


def numbered(sandbox: Sandbox, count: int) -> dict[str, str]:
    """Orders without a name in the sandbox, and the name that each is to get."""
    wanted = {f"o-{number}": f"{number} Acacia Avenue" for number in range(1, count + 1)}
    sandbox.add_orders(wanted)
    return wanted


def rows_of(wanted: Mapping[str, str]) -> list[str]:
    """Rows that give orders names."""
    return [f"{order_id},{name}" for order_id, name in wanted.items()]


def names_in(sandbox: Sandbox, order_ids: Mapping[str, str]) -> dict[str, str | None]:
    """The names that orders have."""
    return {order_id: (sandbox.order(order_id) or {"name": "?"})["name"] for order_id in order_ids}


def results_in(path: Path | str) -> list[dict[str, Any]]:
    """The lines of a results file."""
    with open(path, encoding="utf-8", newline="\n") as lines:  # noqa: PTH123  # a path or the text of one
        return [json.loads(line) for line in lines]


def wait_for(happened: Callable[[], object], seconds: float = 20) -> None:
    """Look until something has happened."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
