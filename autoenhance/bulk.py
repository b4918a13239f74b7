"""Many edits at once: what `edit_orders` of both clients takes and returns."""

from autoenhance._bulk.tasks import AsyncEditRun
from autoenhance._bulk.threads import EditRun
from autoenhance._bulk.types import EditFailure, EditResult, EditSuccess, OrderEdit

__all__ = ["AsyncEditRun", "EditFailure", "EditResult", "EditRun", "EditSuccess", "OrderEdit"]
