"""Many edits at once: what `edit_orders` of both clients takes and returns."""

from autoenhance._async_run import AsyncEditRun
from autoenhance._edits import EditResult, OrderEdit, OrderEditLike
from autoenhance._sync_run import EditRun

__all__ = ["AsyncEditRun", "EditResult", "EditRun", "OrderEdit", "OrderEditLike"]
