"""Pure: one edit of a bulk run, and its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from autoenhance._bulk.typevars import E
from autoenhance._edit import plan_edit
from autoenhance._params import BY_KEYWORD
from autoenhance_api.order_edit import OrderEdit

if TYPE_CHECKING:
    from autoenhance._edit import Edit


class Job(Generic[E]):
    """An edit, and its state in the run."""

    call: Any
    """Its `SyncCall` or `AsyncCall`, once it has started."""
    error: Exception
    """The error of its last attempt, while it waits for a retry."""

    def __init__(self, number: int, edit: E, plan: Edit) -> None:
        self.number = number
        """Its position in the source."""
        self.edit = edit
        """The caller's object, which goes into the result."""
        self.plan = plan
        """What will be sent."""
        # Edits that share an id run one after another.
        self.ids = {plan.order_id, plan.body.get("order_id") or plan.order_id}
        self.waits_for = 0
        """How many edits must finish before this one may start."""
        self.followers: list[Job[E]] = []
        """The edits that wait for this one."""
        self.began = self.sent = self.due = 0.0
        """When its first and its last attempt started, and when its next one may."""
        self.is_exclusive = False
        """Whether its next attempt runs while no other attempt is in flight."""

    def __lt__(self, other: Job[E]) -> bool:
        return (self.due, self.number) < (other.due, other.number)


def plan(edit: OrderEdit) -> Edit | Exception:
    """Return what will be sent, or why it cannot be. It runs on the caller's thread, to which attributes may be bound.

    Raises:
        TypeError: If it is not an edit at all.
    """
    if not isinstance(edit, OrderEdit):
        raise TypeError(f"an edit must be an OrderEdit, or an instance of a subclass, not {type(edit).__name__}")
    try:
        return plan_edit(edit.order_id, {keyword: getattr(edit, keyword) for keyword in BY_KEYWORD})
    except Exception as error:  # noqa: BLE001  # attributes of a caller's class may raise anything
        return error.with_traceback(None)
