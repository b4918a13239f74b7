"""Records of edits, as the command writes them."""

from __future__ import annotations

from typing import Any

from autoenhance.cli._record import Record

NOON = "2026-11-25T12:00:00.123Z"
SERVICE = "https://api.autoenhance.ai"


def edited(order_id: str = "a-1", row: int = 2, **fields: Any) -> Record:
    """The record of an edit that succeeded."""
    made: dict[str, Any] = {"status": "edited", "error": None, "error_type": None, "status_code": 200}
    made |= {"attempts": 1, "seconds": 0.25, "finished_at": NOON, "service": SERVICE}
    made |= {"row": row, "line": row, "changes": {"name": "12 Acacia Avenue"}, "columns": {"agent": "Zoë"}}
    return Record(**{"order_id": order_id, **made, **fields})


def failed(order_id: str = "a-2", error: str = "There is no order 'a-2'.", **fields: Any) -> Record:
    """The record of an edit that failed."""
    made = {"status": "failed", "error_type": "NotFoundError", "status_code": 404, **fields}
    return edited(order_id, error=error, **made)
