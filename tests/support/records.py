"""Records of edits, as the command writes them, and a full disk."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autoenhance.cli._record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@contextmanager
def room_for(length: int) -> Iterator[None]:
    """Limit the size of files: as on a full disk, a write ends in the middle."""
    import resource  # not on Windows

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
