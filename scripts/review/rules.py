"""How a change on the wire is judged: the one place that says what breaks whom, and why.

Redocly CLI finds the changes and says of each whether it takes something away (`flagged`): from what may be sent in a
request, or from what a reader of an answer could rely on. The first rule that fits an event decides. Where a rule
departs from Redocly's verdict, its reason is a property of this client: enums are open, unknown fields are kept, and every
status that is no success is an error with the body as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from review.changes import Breaks, Impact

Direction = Literal["request", "answer", "both"]
Verdict = Literal["breaking", "compatible"]


@dataclass(frozen=True)
class Rule:
    """What an event means; None fits anything."""

    event: str
    direction: Direction | None
    redocly: Verdict | None
    impact: Impact
    breaks: Breaks
    because: str

    def fits(self, event: str, direction: Direction, *, flagged: bool) -> bool:
        """Whether this rule speaks of such an event."""
        return (
            self.event in {event, "anything else"}
            and self.direction in {direction, None}
            and self.redocly in {"breaking" if flagged else "compatible", None}
        )


RULES: tuple[Rule, ...] = (
    # Words, and names that are never sent.
    Rule("words", None, None, "patch", "nobody", "Words and examples are not sent."),
    Rule("source", None, None, "patch", "nobody", "A source is not sent; the table of sources shows it."),
    Rule("operation id", None, None, "patch", "nobody", "The name is not sent; what it names is under Python."),
    Rule("path parameter renamed", None, None, "patch", "nobody", "Its name is not sent, only its value."),
    Rule("contract version", None, None, "patch", "nobody", "The version of the contract is not sent."),
    # Fields.
    Rule("field added", "request", "compatible", "minor", "nobody", "It may be left out, as before."),
    Rule("field added", "answer", None, "minor", "nobody", "Fields that a client does not know are kept."),
    Rule("field removed", "request", None, "major", "senders", "Whoever sends it changes nothing any more."),
    Rule("field removed", "answer", None, "major", "receivers", "Whoever reads it finds nothing."),
    Rule("field renamed", "request", None, "major", "senders", "Whoever sends the old name changes nothing any more."),
    Rule("field renamed", "answer", None, "major", "receivers", "Whoever reads the old name finds nothing."),
    Rule("field required", "request", None, "major", "senders", "A request without it was right and is wrong now."),
    Rule("field required", "answer", None, "minor", "nobody", "An answer promises more than before."),
    Rule("field optional", "request", None, "minor", "nobody", "Requests that have it are still right."),
    Rule("field optional", "answer", None, "major", "receivers", "It may be missing where it was promised."),
    Rule("field deprecated", None, None, "minor", "nobody", "It works as before."),
    Rule(
        "readOnly", "request", None, "major", "senders", "Whoever sends it changes nothing any more, or depends on it."
    ),
    Rule("readOnly", "answer", None, "minor", "nobody", "Answers have it as before."),
    Rule("writeOnly", "answer", None, "major", "receivers", "Whoever reads it finds nothing, or what was kept back."),
    Rule("writeOnly", "request", None, "minor", "nobody", "Requests have it as before."),
    # Values.
    Rule("null allowed", "request", None, "minor", "nobody", "What was sent before is still right."),
    Rule("null allowed", "answer", None, "major", "receivers", "A reader meets null where there was a value."),
    Rule("null forbidden", "request", None, "major", "senders", "A null was right and is wrong now."),
    Rule("null forbidden", "answer", None, "minor", "nobody", "An answer promises more than before."),
    Rule("values added", "request", None, "minor", "nobody", "What was sent before is still right."),
    Rule(
        "values added to open enum",
        "answer",
        None,
        "minor",
        "nobody",
        "The enum is open (x-open-enum): a value that a client does not know arrives as it is.",
    ),
    Rule(
        "values added", "answer", None, "major", "receivers", "The enum is closed: a reader may know only its values."
    ),
    Rule("values removed", "request", None, "major", "senders", "Whoever sends them is refused."),
    Rule("values removed", "answer", None, "minor", "nobody", "They are sent no more; what else is sent is as before."),
    Rule("enum opened", "answer", None, "minor", "nobody", "Clients of ours keep any value that they do not know."),
    Rule("enum opened", "request", None, "minor", "nobody", "What was sent before is still right."),
    Rule("enum closed", "answer", None, "minor", "nobody", "An answer promises more than before."),
    Rule("enum closed", "request", None, "major", "senders", "Other values were right and are wrong now."),
    Rule("type", "request", "breaking", "major", "senders", "A value that was right is wrong now."),
    Rule("type", "answer", "breaking", "major", "receivers", "A reader meets values of another type."),
    Rule("limit", "request", "breaking", "major", "senders", "A value that was right is wrong now."),
    Rule("limit", "answer", "breaking", "major", "receivers", "A reader meets values that it could rule out before."),
    Rule("other fields", "request", "breaking", "major", "senders", "Fields that are not listed are refused now."),
    Rule("other fields", "answer", "breaking", "major", "receivers", "A reader meets what it could rule out before."),
    Rule("alternative", "request", "breaking", "major", "senders", "A value that was right may be wrong now."),
    Rule(
        "alternative",
        "answer",
        "breaking",
        "major",
        "receivers",
        "A reader may meet values that it could rule out before.",
    ),
    Rule("constraint", "request", None, "major", "senders", "What it rules out is not worked out: look at it."),
    Rule("constraint", "answer", None, "major", "receivers", "What it lets in is not worked out: look at it."),
    # What is around the fields.
    Rule("parameter added", None, "compatible", "minor", "nobody", "It may be left out, as before."),
    Rule("parameter added", None, "breaking", "major", "senders", "A request without it was right and is wrong now."),
    Rule("parameter removed", None, None, "major", "senders", "Whoever sends it changes nothing any more."),
    Rule("parameter required", None, None, "major", "senders", "A request without it was right and is wrong now."),
    Rule("parameter optional", None, None, "minor", "nobody", "Requests that have it are still right."),
    Rule("parameter renamed", None, None, "major", "senders", "Whoever sends the old name changes nothing any more."),
    Rule("body required", None, None, "major", "senders", "A request without a body was right and is wrong now."),
    Rule("body optional", None, None, "minor", "nobody", "Requests that have one are still right."),
    Rule("body added", None, "compatible", "minor", "nobody", "It may be left out, as before."),
    Rule("body removed", None, None, "major", "senders", "Whoever sends one changes nothing any more."),
    Rule("media type added", "request", None, "minor", "nobody", "What was sent before is still right."),
    Rule(
        "media type added to success", "answer", None, "major", "receivers", "Clients read JSON and may be sent this."
    ),
    Rule("media type added", "answer", None, "minor", "nobody", "An error is an error in any media type."),
    Rule("media type removed", "request", None, "major", "senders", "Whoever sends it is refused."),
    Rule("media type removed", "answer", None, "major", "receivers", "Whoever reads it meets another."),
    Rule("success added", None, None, "major", "receivers", "Clients know the other successes and may be sent this."),
    Rule("answer added", None, None, "minor", "nobody", "Every status that is no success is an error already."),
    Rule("answer removed", None, None, "major", "receivers", "What takes its place is not said."),
    Rule("header added", "answer", None, "minor", "nobody", "Headers that a client does not know are passed over."),
    Rule("header required", "answer", None, "minor", "nobody", "An answer promises more than before."),
    Rule("header optional", "answer", None, "major", "receivers", "It may be missing where it was promised."),
    Rule("header removed", "answer", None, "major", "receivers", "Whoever reads it finds nothing."),
    Rule("operation added", None, None, "minor", "nobody", "The others are as before."),
    Rule("operation removed", None, None, "major", "everyone", "Requests to it are refused."),
    Rule("path", None, None, "major", "everyone", "Requests to the old path are refused."),
    Rule("server added", None, None, "minor", "nobody", "The others are as before."),
    Rule("server", None, None, "major", "everyone", "Clients go to the first address, and it may be another."),
    Rule("security", None, "breaking", "major", "senders", "A request that was let in is refused."),
    # Whatever has no rule of its own: Redocly's verdict stands.
    Rule("anything else", "request", "breaking", "major", "senders", "Redocly CLI rates it as breaking."),
    Rule("anything else", "answer", "breaking", "major", "receivers", "Redocly CLI rates it as breaking."),
    Rule("anything else", None, "breaking", "major", "everyone", "Redocly CLI rates it as breaking."),
    Rule("anything else", None, "compatible", "minor", "nobody", "Redocly CLI rates it as compatible."),
)


def judge(event: str, direction: Direction, *, flagged: bool) -> Rule:
    """The rule that decides."""
    return next(rule for rule in RULES if rule.fits(event, direction, flagged=flagged))
