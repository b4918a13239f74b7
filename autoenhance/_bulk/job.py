"""Pure: one edit of a bulk run, as it was given and as it will be sent, and how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from autoenhance._bulk.typevars import E
from autoenhance._edit import plan_edit
from autoenhance._params import BY_KEYWORD
from autoenhance_api.order_edit import OrderEdit

if TYPE_CHECKING:
    from autoenhance._edit import Edit


class Job(Generic[E]):
    """An edit as it was given, and how far it has come."""

    call: Any
    """What makes its attempts: a `SyncCall` or an `AsyncCall`, from its beginning on."""
    error: Exception
    """The error of its last attempt, while it waits for another."""

    def __init__(self, number: int, edit: E, plan: Edit) -> None:
        self.number = number
        """Its place in the source."""
        self.edit = edit
        """The caller's object, which goes into the result."""
        self.plan = plan
        """What is sent for it."""
        # Edits with an id in common come one after another.
        self.ids = {plan.order_id, plan.body.get("order_id") or plan.order_id}
        self.waits_for = 0
        """How many edits have to be concluded before this one may begin."""
        self.followers: list[Job[E]] = []
        """The edits that wait for this one."""
        self.began = self.sent = self.due = 0.0
        """When its first attempt began, when its last one did, and when its next one may."""
        self.is_exclusive = False
        """Whether its next attempt is made while no other edit's is in flight."""

    def __lt__(self, other: Job[E]) -> bool:
        return (self.due, self.number) < (other.due, other.number)


def plan(edit: OrderEdit) -> Edit | Exception:
    """What is to be sent, or why it cannot be. On the caller's thread: attributes may be bound to it, or change."""
    if not isinstance(edit, OrderEdit):
        return TypeError(f"an edit must be an OrderEdit, or an instance of a subclass, not {type(edit).__name__}")
    try:
        return plan_edit(edit.order_id, {keyword: getattr(edit, keyword) for keyword in BY_KEYWORD})
    except Exception as error:  # noqa: BLE001  # whatever the attributes of a class of the caller's raise
        return error.with_traceback(None)
