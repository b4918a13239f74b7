"""What a change means: the one table, with a column for users of the contract and one for this client as it is.

For users of the contract the question is whether the new contract takes all that the old one allowed: of requests all that
could be sent, of responses nothing that could be ruled out. This client keeps fields, enum values and types that it does not
know, checks no limit of what it is sent, and raises an error for every status that is no success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from contract_diff.changes import Difference, Direction, Impact

Verdict = Literal["breaking", "compatible", "shown"]
BREAKING: Final = "breaking"
COMPATIBLE: Final = "compatible"
SHOWN: Final = "shown"
"""Breaking, unless it is shown that the new schema keeps to the old one."""


@dataclass(frozen=True)
class Rule:
    """What a kind of change means; a direction of None fits all."""

    kind: str
    direction: Direction | None
    users: Verdict
    because: str
    client: Verdict
    because_client: str
    impact: Impact = "minor"
    """Which part of a version follows where it is compatible."""


_SAME: Final = ""
_NOT_SENT: Final = "It is not sent."
_ACCEPTED: Final = "What was sent before is still accepted."
_REFUSED: Final = "A request that was accepted may be refused."
_MORE: Final = "A response may have what the old contract ruled out."
_KEPT: Final = "A response has nothing that the old contract ruled out."
_IGNORED: Final = "A request that has it changes nothing any more."
_MISSING: Final = "Code that reads it finds nothing."
_ANY_ERROR: Final = "An error is raised, whatever its body is."
_KEEPS: Final = "The client keeps what it is sent, and checks no limits."
_UNSET: Final = "The client leaves a field unset that is not sent."


def _of_values(kind: str, sent: str = _REFUSED, received: str = _MORE) -> list[Rule]:
    """What changes which values a schema allows."""
    return [
        Rule(kind, "request", SHOWN, sent, SHOWN, "The client can send what the service may refuse."),
        Rule(kind, "response", SHOWN, received, COMPATIBLE, _KEEPS),
        Rule(kind, "error", SHOWN, received, COMPATIBLE, _ANY_ERROR),
    ]


# The first rule of a kind that fits decides.
RULES: Final[tuple[Rule, ...]] = (
    # What is not sent.
    Rule("words", None, COMPATIBLE, "Descriptions and examples are not sent.", COMPATIBLE, _SAME, "patch"),
    Rule("source", None, COMPATIBLE, "A source is not sent; the table of sources shows it.", COMPATIBLE, _SAME, "patch"),
    Rule("operation id", None, COMPATIBLE, "The name is not sent; what it names is under Python.", COMPATIBLE, _SAME, "patch"),
    Rule("path parameter renamed", None, COMPATIBLE, "Its name is not sent, only its value.", COMPATIBLE, _SAME, "patch"),
    Rule("contract version", None, COMPATIBLE, "The version of the contract is not sent.", COMPATIBLE, _SAME, "patch"),
    # Fields.
    Rule("field added", "request", SHOWN, _REFUSED, COMPATIBLE, "The client does not send it, and need not; extra_body can."),
    Rule("field added", "response", SHOWN, _MORE, COMPATIBLE, "The client keeps fields that it does not know."),
    Rule("field added", "error", SHOWN, _MORE, COMPATIBLE, _ANY_ERROR),
    Rule("required field added", "request", BREAKING, "A request without it is refused.", BREAKING, "The client does not send it by itself."),
    Rule("field removed", "request", BREAKING, _IGNORED, BREAKING, "The client can send it; the service may refuse or ignore it."),
    Rule("field removed", "response", BREAKING, _MISSING, COMPATIBLE, _UNSET),
    Rule("field removed", "error", BREAKING, _MISSING, COMPATIBLE, _ANY_ERROR),
    Rule("field required", "request", SHOWN, "A request without it is refused.", SHOWN, "The client sends only what a caller sets."),
    Rule("field required", None, COMPATIBLE, "A response promises more than before.", COMPATIBLE, "What is always there can be read."),
    Rule("field optional", "request", COMPATIBLE, _ACCEPTED, COMPATIBLE, "What may be left out may be sent."),
    Rule("field optional", "response", SHOWN, "It may be missing where it was promised.", BREAKING, "The generated model reads it unasked."),
    Rule("field optional", "error", SHOWN, "It may be missing where it was promised.", COMPATIBLE, _ANY_ERROR),
    Rule("other fields", "request", SHOWN, "Fields that are not named may be refused.", COMPATIBLE, "Only extra_body sends such fields."),
    Rule("other fields", None, SHOWN, _MORE, COMPATIBLE, "The client keeps any field, and needs none."),
    Rule("deprecated", None, COMPATIBLE, "It works as before.", COMPATIBLE, "It works until it is removed."),
    # Values.
    *_of_values("type", "A value of a type that was accepted may be refused.", "A value may be of a type that was ruled out."),
    *_of_values("null allowed", received="Null may stand where a value was promised."),
    *_of_values("null forbidden", "A null that was accepted is refused."),
    *_of_values("limit", "A value that was accepted may be refused.", "A value may be one that was ruled out."),
    Rule("limit kept", "request", SHOWN, _REFUSED, COMPATIBLE, "The client refuses what is beyond this limit itself."),
    Rule("no order", "response", SHOWN, _MORE, BREAKING, "The client needs an object, with images that are a list of objects or null."),
    Rule("no order", "error", SHOWN, _MORE, COMPATIBLE, _ANY_ERROR),
    Rule("enum value added, open", None, COMPATIBLE, "The enum is open (x-open-enum): it has other values.", COMPATIBLE, "Enums of ours are open."),
    *_of_values("enum value added", received="The enum is closed: code may know only the values that it lists."),
    *_of_values("enum value removed", "A request that sends another value is refused."),
    Rule("enum opened", "request", COMPATIBLE, _ACCEPTED, COMPATIBLE, _ACCEPTED),
    Rule("enum opened", None, COMPATIBLE, "Clients generated from it keep a value that they do not know.", COMPATIBLE, "Enums of ours are open."),
    Rule("enum closed", "request", BREAKING, "Other values are refused.", BREAKING, "The client can send other values."),
    Rule("enum closed", None, COMPATIBLE, "A response promises more than before.", COMPATIBLE, _KEEPS),
    *_of_values("alternative added"),
    *_of_values("alternative removed"),
    Rule("discriminator", None, BREAKING, "Code tells the alternatives apart by this field.", COMPATIBLE, "The client does not use it."),
    Rule("default", "request", BREAKING, "A request that leaves it out means something else.", COMPATIBLE, "The client sends no defaults."),
    Rule("default", None, COMPATIBLE, "A response says what it means.", COMPATIBLE, _KEEPS),
    *_of_values("constraint"),
    *_of_values("schema"),
    # Parameters and the request body.
    Rule("parameter added", None, COMPATIBLE, _ACCEPTED, COMPATIBLE, "The client does not send it, and need not."),
    Rule("parameter sent", None, BREAKING, "A request without it is refused.", COMPATIBLE, "The client sends it always."),
    Rule("parameter required", None, BREAKING, "A request without it is refused.", BREAKING, "The client sends it only when a caller sets it."),
    Rule("parameter removed", None, BREAKING, _IGNORED, BREAKING, "The client sends it; the service may refuse it."),
    Rule("header removed from request", None, BREAKING, _IGNORED, COMPATIBLE, "Services ignore unknown headers."),
    Rule("parameter optional", None, COMPATIBLE, _ACCEPTED, COMPATIBLE, "What may be left out may be sent."),
    Rule("style", None, BREAKING, "It is written in another way.", BREAKING, "The client writes it as before."),
    Rule("body added", None, COMPATIBLE, "It may be left out.", COMPATIBLE, "The client need not send it."),
    Rule("body required", None, BREAKING, "A request without a body is refused.", COMPATIBLE, "The client always sends a body."),
    Rule("required body added", None, BREAKING, "A request without a body is refused.", BREAKING, "The client sends none."),
    Rule("body optional", None, COMPATIBLE, _ACCEPTED, COMPATIBLE, "What may be left out may be sent."),
    Rule("body removed", None, BREAKING, _IGNORED, BREAKING, "The client sends the edit in the body."),
    Rule("encoding", None, BREAKING, "A part is written in another way.", COMPATIBLE, "The client sends JSON."),
    # Media types.
    Rule("media type added", "request", COMPATIBLE, _ACCEPTED, COMPATIBLE, "The client sends the media type of our contract."),
    Rule("media type added", "response", BREAKING, "A response may come in a form that code does not read.", COMPATIBLE, "The client asks for JSON."),
    Rule("media type added", "error", COMPATIBLE, "An error is an error in any media type.", COMPATIBLE, _ANY_ERROR),
    Rule("media type removed", "request", BREAKING, "A request that is sent as it is refused.", BREAKING, "The client sends this media type only."),
    Rule("media type removed", "response", BREAKING, "Code that asks for it gets another.", COMPATIBLE, "The client decodes JSON, however it is labelled."),
    Rule("media type removed", "error", BREAKING, "Code that reads it gets another.", COMPATIBLE, _ANY_ERROR),
    Rule("response body added", None, COMPATIBLE, "Nothing was promised of a body.", COMPATIBLE, _KEEPS),
    Rule("no JSON", "response", BREAKING, _MISSING, BREAKING, "The client decodes JSON and nothing else."),
    Rule("no JSON", "error", BREAKING, _MISSING, COMPATIBLE, _ANY_ERROR),
    # Responses.
    Rule("success added", None, BREAKING, "Code that knows the other successes gets this one.", COMPATIBLE, "The client reads any 2xx with JSON."),
    Rule("success without order", None, BREAKING, "Code that knows the other successes gets this one.", BREAKING, "The client reads any 2xx as an order."),
    Rule("success removed", None, BREAKING, "What takes its place is not said.", COMPATIBLE, "The client reads any 2xx."),
    Rule("redirect added", None, BREAKING, "It is neither a success nor an error.", BREAKING, "The client follows no redirect."),
    Rule("error added", None, COMPATIBLE, "Every status that is no success is an error already.", COMPATIBLE, _ANY_ERROR),
    Rule("error removed", None, COMPATIBLE, "What is sent in its place is an error, or a response that is listed.", COMPATIBLE, _ANY_ERROR),
    Rule("header added", None, COMPATIBLE, "Headers that a client does not know are ignored.", COMPATIBLE, "It is ignored."),
    Rule("header required", None, COMPATIBLE, "A response promises more than before.", COMPATIBLE, "It is not read."),
    Rule("header optional", None, BREAKING, "It may be missing where it was promised.", COMPATIBLE, "It is not read."),
    Rule("header removed", None, BREAKING, _MISSING, COMPATIBLE, "The client needs no header of this contract."),
    # Operations, servers, security.
    Rule("operation added", None, COMPATIBLE, "The others are as before.", COMPATIBLE, _SAME),
    Rule("operation removed", None, BREAKING, "Requests to it are refused.", BREAKING, "Requests to it are refused."),
    Rule("links", None, BREAKING, "Where a link leads to is not compared in detail: look at it.", COMPATIBLE, "It follows none."),
    Rule("callbacks", None, BREAKING, "What is called back is not compared in detail: look at it.", COMPATIBLE, "It has none."),
    Rule("server added", None, COMPATIBLE, "The others are as before.", COMPATIBLE, _SAME),
    Rule("server removed", None, BREAKING, "Requests to it are refused.", COMPATIBLE, "The client sends to the first."),
    Rule("server", None, BREAKING, "Clients send to the first server.", BREAKING, "The client sends to our server and path."),
    Rule("security", None, BREAKING, "A request that was let in is refused.", BREAKING, "The client sends one key, and nothing else."),
    Rule("security added", None, COMPATIBLE, "What was enough still is.", COMPATIBLE, "What the client sends is enough."),
)  # fmt: skip
_TABLE: Final = {
    (rule.kind, direction): rule
    for rule in reversed(RULES)
    for direction in ("request", "response", "error", "both")
    if rule.direction in {None, direction}
}
# Why it is compatible where it is shown to be, if there is more to say than that.
_HELD: Final = {
    ("field added", "request"): "It may be left out, as before.",
    ("field added", "response"): "Fields that are not named were allowed before.",
    ("field added", "error"): "Fields that are not named were allowed before.",
    ("enum value removed", "response"): "It is sent no more; what else is sent is as before.",
}

# What the client cannot do without in a response, by its place in the body: autoenhance._outcome.check_order.
NEEDED: Final = {"": "object", "images": "array", "images[]": "object"}
# A null is no order, and no image; instead of the list of images it is none.
NEVER_NULL: Final = frozenset({"", "images[]"})
# Limits that the client sets itself, before it sends anything: autoenhance._edit.
KEPT: Final = {
    ("path parameter `id`", "minLength"): 1,
    ("path parameter `id`", "maxLength"): 255,
    ("request body: `order_id`", "minLength"): 1,
    ("request body: `order_id`", "maxLength"): 255,
    ("request body", "minProperties"): 1,
}
# Headers that the client sends with every request beside its key.
SENT_ALWAYS: Final = frozenset({"user-agent", "accept-encoding", "host", "content-length", "connection"})


def judge(difference: Difference, *, client: bool) -> tuple[bool, Impact, str]:
    """Whether an event breaks something, which part of a version follows, and why."""
    rule = _TABLE[difference.client if client and difference.client else difference.kind, difference.location.direction]
    verdict, because = (rule.client, rule.because_client) if client else (rule.users, rule.because)
    is_breaking = verdict == BREAKING or (verdict == SHOWN and difference.violates)
    if verdict == SHOWN and not is_breaking:
        direction = difference.location.direction
        because = _HELD.get((difference.kind, direction), _ACCEPTED if direction == "request" else _KEPT)
    return is_breaking, "major" if is_breaking else rule.impact, because
