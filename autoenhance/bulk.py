"""Many edits at once: what `Autoenhance.edit_orders` and `AsyncAutoenhance.edit_orders` take and return.

>>> from autoenhance import Autoenhance, OrderEdit
>>> edits = (OrderEdit(f"order-{number}", name=f"{number} Acacia Avenue") for number in range(1000))
>>> with Autoenhance() as client, client.edit_orders(edits) as run:
...     for result in run:
...         if not result.ok:
...             print(result.edit.order_id, result.error)
"""

from autoenhance._bulk.tasks import AsyncEditRun
from autoenhance._bulk.threads import EditRun
from autoenhance._bulk.types import EditFailure, EditResult, EditSuccess, OrderEdit

__all__ = ["AsyncEditRun", "EditFailure", "EditResult", "EditRun", "EditSuccess", "OrderEdit"]
