"""Records of edits, as the command writes them."""

from __future__ import annotations

from typing import Any

from autoenhance.cli._record import Record

NOON = "2026-11-25T12:00:00.123Z"
SERVICE = "https://api.autoenhance.ai"


def edited(order_id: str = "a-1", **fields: Any) -> Record:
    """The record of an edit that succeeded, of row 2 unless told otherwise."""
    made = {"status": "edited", "error": None, "error_type": None, "status_code": 200, "attempts": 1, "seconds": 0.25}
    made |= {"finished_at": NOON, "service": SERVICE, "changes": {"name": "12 Acacia Avenue"}}
    row = fields.get("row", 2)
    return Record(**{"order_id": order_id, "row": row, "line": row, "columns": {"agent": "Zoë"}, **made, **fields})


def failed(order_id: str = "a-2", error: str = "There is no order 'a-2'.", **fields: Any) -> Record:
    """The record of an edit that failed."""
    made = {"status": "failed", "error_type": "NotFoundError", "status_code": 404, **fields}
    return edited(order_id, error=error, **made)
