"""The table of severities: for each kind of change, a verdict for users of the contract and one for this client.

Users of the contract need the new one to be backward compatible: every request that was valid stays valid, and no response
contains what the old contract excluded. This client keeps fields, enum values and types that it does not know, validates no
limits of responses, and raises an error for every status that is not a success.

There is no warning level: in the end a change is breaking or compatible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from contract_diff.changes import Difference, Direction, Impact

Verdict = Literal["breaking", "compatible", "breaking unless proved compatible"]
BREAKING: Final = "breaking"
COMPATIBLE: Final = "compatible"
UNLESS_PROVED: Final = "breaking unless proved compatible"


@dataclass(frozen=True)
class Rule:
    """The verdicts on a kind of change; a direction of None applies to all."""

    kind: str
    direction: Direction | None
    users: Verdict
    because: str
    client: Verdict
    because_client: str
    impact: Impact = "minor"
    """The version bump of a compatible change."""


_SAME: Final = ""
_NOT_SENT: Final = "It is not sent."
_ACCEPTED: Final = "What was sent before is still accepted."
_MAY_BE_REJECTED: Final = "A request that was accepted may be refused."
_MORE: Final = "A response may contain what the old contract excluded."
_KEPT: Final = "A response contains nothing that the old contract excluded."
_IGNORED: Final = "A request that sends it no longer has an effect."
_MISSING: Final = "Code that reads it finds nothing."
_ANY_ERROR: Final = "The client raises an error, whatever the body."
_KEEPS: Final = "The client keeps what it receives, and validates no limits."
_UNSET: Final = "A field that is not sent is UNSET in the client."


def _value_rules(kind: str, sent: str = _MAY_BE_REJECTED, received: str = _MORE) -> list[Rule]:
    """Return the rules for a kind that changes which values a schema allows."""
    return [
        Rule(kind, "request", UNLESS_PROVED, sent, UNLESS_PROVED, "The client can send what the service may refuse."),
        Rule(kind, "response", UNLESS_PROVED, received, COMPATIBLE, _KEEPS),
        Rule(kind, "error", UNLESS_PROVED, received, COMPATIBLE, _ANY_ERROR),
    ]


# The first rule of a kind that matches the direction decides.
RULES: Final[tuple[Rule, ...]] = (
    # Not sent.
    Rule("words", None, COMPATIBLE, "Descriptions and examples are not sent.", COMPATIBLE, _SAME, "patch"),
    Rule("source", None, COMPATIBLE, "A source is not sent; the table of sources shows it.", COMPATIBLE, _SAME, "patch"),
    Rule("operation id", None, COMPATIBLE, "The name is not sent; its changes in Python are listed there.", COMPATIBLE, _SAME, "patch"),
    Rule("path parameter renamed", None, COMPATIBLE, "Its name is not sent, only its value.", COMPATIBLE, _SAME, "patch"),
    Rule("contract version", None, COMPATIBLE, "The version of the contract is not sent.", COMPATIBLE, _SAME, "patch"),
    # Fields.
    Rule("field added", "request", UNLESS_PROVED, _MAY_BE_REJECTED, COMPATIBLE, "The client does not send it, and need not; extra_body can send it."),
    Rule("field added", "response", UNLESS_PROVED, _MORE, COMPATIBLE, "The client keeps fields that it does not know."),
    Rule("field added", "error", UNLESS_PROVED, _MORE, COMPATIBLE, _ANY_ERROR),
    Rule("required field added", "request", BREAKING, "A request without it is refused.", BREAKING, "The client does not send it by itself."),
    Rule("field removed", "request", BREAKING, _IGNORED, BREAKING, "The client can send it; the service may refuse or ignore it."),
    Rule("field removed", "response", BREAKING, _MISSING, COMPATIBLE, _UNSET),
    Rule("field removed", "error", BREAKING, _MISSING, COMPATIBLE, _ANY_ERROR),
    Rule("field required", "request", UNLESS_PROVED, "A request without it is refused.", UNLESS_PROVED, "The client sends only what a caller sets."),
    Rule("field required", None, COMPATIBLE, "A response promises more than before.", COMPATIBLE, "What is always there can be read."),
    Rule("field optional", "request", COMPATIBLE, _ACCEPTED, COMPATIBLE, "What may be left out may be sent."),
    Rule("field optional", "response", UNLESS_PROVED, "It may be missing where it was promised.", BREAKING, "The generated model requires it."),
    Rule("field optional", "error", UNLESS_PROVED, "It may be missing where it was promised.", COMPATIBLE, _ANY_ERROR),
    Rule("other fields", "request", UNLESS_PROVED, "Undeclared fields may be refused.", COMPATIBLE, "Only extra_body sends such fields."),
    Rule("other fields", None, UNLESS_PROVED, _MORE, COMPATIBLE, "The client keeps unknown fields, and requires none."),
    Rule("deprecated", None, COMPATIBLE, "It works as before.", COMPATIBLE, "It works until it is removed."),
    # Values.
    *_value_rules("type", "A value of a type that was accepted may be refused.", "A value may be of a type that was excluded."),
    *_value_rules("null allowed", received="Null may be sent where a value was promised."),
    *_value_rules("null forbidden", "A null that was accepted is refused."),
    *_value_rules("limit", "A value that was accepted may be refused.", "A value may be one that was excluded."),
    Rule("limit kept", "request", UNLESS_PROVED, _MAY_BE_REJECTED, COMPATIBLE, "The client refuses values beyond this limit itself."),
    Rule("no order", "response", UNLESS_PROVED, _MORE, BREAKING, "The client needs an object, with images that are a list of objects or null."),
    Rule("no order", "error", UNLESS_PROVED, _MORE, COMPATIBLE, _ANY_ERROR),
    Rule("enum value added, open", None, COMPATIBLE, "The enum is open (x-open-enum): other values were possible already.", COMPATIBLE, "Our enums are open."),
    *_value_rules("enum value added", received="The enum is closed: code may handle only the listed values."),
    *_value_rules("enum value removed", "A request that sends another value is refused."),
    Rule("enum opened", "request", COMPATIBLE, _ACCEPTED, COMPATIBLE, _ACCEPTED),
    Rule("enum opened", None, COMPATIBLE, "Clients generated from it keep a value that they do not know.", COMPATIBLE, "Our enums are open."),
    Rule("enum closed", "request", BREAKING, "Other values are refused.", BREAKING, "The client can send other values."),
    Rule("enum closed", None, COMPATIBLE, "A response promises more than before.", COMPATIBLE, _KEEPS),
    *_value_rules("alternative added"),
    *_value_rules("alternative removed"),
    Rule("discriminator", None, BREAKING, "Code distinguishes the alternatives by this field.", COMPATIBLE, "The client does not use it."),
    Rule("default", "request", BREAKING, "A request that leaves it out means something else.", COMPATIBLE, "The client sends no defaults."),
    Rule("default", None, COMPATIBLE, "A response contains the value itself.", COMPATIBLE, _KEEPS),
    *_value_rules("constraint"),
    *_value_rules("schema"),
    # Parameters and the request body.
    Rule("parameter added", None, COMPATIBLE, _ACCEPTED, COMPATIBLE, "The client does not send it, and need not."),
    Rule("parameter sent", None, BREAKING, "A request without it is refused.", COMPATIBLE, "The client always sends it."),
    Rule("parameter required", None, BREAKING, "A request without it is refused.", BREAKING, "The client sends it only when a caller sets it."),
    Rule("parameter removed", None, BREAKING, _IGNORED, BREAKING, "The client sends it; the service may refuse it."),
    Rule("header removed from request", None, BREAKING, _IGNORED, COMPATIBLE, "Services ignore unknown headers."),
    Rule("parameter optional", None, COMPATIBLE, _ACCEPTED, COMPATIBLE, "What may be left out may be sent."),
    Rule("style", None, BREAKING, "It is serialized in another way.", BREAKING, "The client serializes it as before."),
    Rule("body added", None, COMPATIBLE, "It may be left out.", COMPATIBLE, "The client need not send it."),
    Rule("body required", None, BREAKING, "A request without a body is refused.", COMPATIBLE, "The client always sends a body."),
    Rule("required body added", None, BREAKING, "A request without a body is refused.", BREAKING, "The client sends none."),
    Rule("body optional", None, COMPATIBLE, _ACCEPTED, COMPATIBLE, "What may be left out may be sent."),
    Rule("body removed", None, BREAKING, _IGNORED, BREAKING, "The client sends the edit in the body."),
    Rule("encoding", None, BREAKING, "A part is encoded in another way.", COMPATIBLE, "The client sends JSON."),
    # Media types.
    Rule("media type added", "request", COMPATIBLE, _ACCEPTED, COMPATIBLE, "The client sends the media type of our contract."),
    Rule("media type added", "response", BREAKING, "A response may have a media type that code does not read.", COMPATIBLE, "The client asks for JSON."),
    Rule("media type added", "error", COMPATIBLE, "An error is an error in any media type.", COMPATIBLE, _ANY_ERROR),
    Rule("media type removed", "request", BREAKING, "A request with this media type is refused.", BREAKING, "The client sends this media type only."),
    Rule("media type removed", "response", BREAKING, "Code that asks for it gets another media type.", COMPATIBLE, "The client decodes JSON, whatever its media type."),
    Rule("media type removed", "error", BREAKING, "Code that reads it gets another media type.", COMPATIBLE, _ANY_ERROR),
    Rule("response body added", None, COMPATIBLE, "The old contract promised nothing about a body.", COMPATIBLE, _KEEPS),
    Rule("no JSON", "response", BREAKING, _MISSING, BREAKING, "The client decodes JSON and nothing else."),
    Rule("no JSON", "error", BREAKING, _MISSING, COMPATIBLE, _ANY_ERROR),
    # Responses.
    Rule("success added", None, BREAKING, "Code that handles the other successes may get this one.", COMPATIBLE, "The client reads any 2xx with JSON."),
    Rule("success without order", None, BREAKING, "Code that handles the other successes may get this one.", BREAKING, "The client reads any 2xx as an order."),
    Rule("success removed", None, BREAKING, "The contract does not say what replaces it.", COMPATIBLE, "The client reads any 2xx."),
    Rule("redirect added", None, BREAKING, "It is neither a success nor an error.", BREAKING, "The client follows no redirect."),
    Rule("error added", None, COMPATIBLE, "Every status that is not a success is an error already.", COMPATIBLE, _ANY_ERROR),
    Rule("error removed", None, COMPATIBLE, "What replaces it is an error, or another response of the contract.", COMPATIBLE, _ANY_ERROR),
    Rule("header added", None, COMPATIBLE, "Clients ignore unknown headers.", COMPATIBLE, "The client ignores it."),
    Rule("header required", None, COMPATIBLE, "A response promises more than before.", COMPATIBLE, "The client does not read it."),
    Rule("header optional", None, BREAKING, "It may be missing where it was promised.", COMPATIBLE, "The client does not read it."),
    Rule("header removed", None, BREAKING, _MISSING, COMPATIBLE, "The client needs no header of this contract."),
    # Operations, servers, security.
    Rule("operation added", None, COMPATIBLE, "The others are as before.", COMPATIBLE, _SAME),
    Rule("operation removed", None, BREAKING, "Requests to it are refused.", BREAKING, "Requests to it are refused."),
    Rule("links", None, BREAKING, "Links are not compared in detail: look at them.", COMPATIBLE, "The client follows no links."),
    Rule("callbacks", None, BREAKING, "Callbacks and webhooks are not compared in detail: look at them.", COMPATIBLE, "The client receives none."),
    Rule("server added", None, COMPATIBLE, "The others are as before.", COMPATIBLE, _SAME),
    Rule("server removed", None, BREAKING, "Requests to it are refused.", COMPATIBLE, "The client sends to the first server."),
    Rule("server", None, BREAKING, "Clients send to the first server.", BREAKING, "The client sends to our server and path."),
    Rule("security", None, BREAKING, "Credentials that were accepted are refused.", BREAKING, "The client sends one key, and nothing else."),
    Rule("security added", None, COMPATIBLE, "Credentials that were accepted still are.", COMPATIBLE, "The key that the client sends is accepted."),
)  # fmt: skip
_TABLE: Final = {
    (rule.kind, direction): rule
    for rule in reversed(RULES)
    for direction in ("request", "response", "error", "both")
    if rule.direction in {None, direction}
}
# The reason for a change that is proved to be compatible, where it is not the general one.
_REASONS_IF_COMPATIBLE: Final = {
    ("field added", "request"): "It may be left out, as before.",
    ("field added", "response"): "Undeclared fields were allowed before.",
    ("field added", "error"): "Undeclared fields were allowed before.",
    ("enum value removed", "response"): "It is no longer sent; other values are as before.",
}

# The types that the client needs in a response, by location in the body: autoenhance._outcome.check_order.
REQUIRED_RESPONSE_TYPES: Final = {"": "object", "images": "array", "images[]": "object"}
# Null is neither an order nor an image; as the list of images it means no images.
NEVER_NULL: Final = frozenset({"", "images[]"})
# Limits that the client enforces before it sends anything: autoenhance._edit.
CLIENT_LIMITS: Final = {
    ("path parameter `id`", "minLength"): 1,
    ("path parameter `id`", "maxLength"): 255,
    ("request body: `order_id`", "minLength"): 1,
    ("request body: `order_id`", "maxLength"): 255,
    ("request body", "minProperties"): 1,
}
# Headers that the client sends with every request, besides its key.
SENT_ALWAYS: Final = frozenset({"user-agent", "accept-encoding", "host", "content-length", "connection"})


def judge(difference: Difference, *, client: bool) -> tuple[bool, Impact, str]:
    """Return whether a difference is breaking, the version bump that it needs, and why."""
    rule = _TABLE[difference.client if client and difference.client else difference.kind, difference.location.direction]
    verdict, because = (rule.client, rule.because_client) if client else (rule.users, rule.because)
    is_breaking = verdict == BREAKING or (verdict == UNLESS_PROVED and difference.violates)
    if verdict == UNLESS_PROVED and not is_breaking:
        direction = difference.location.direction
        because = _REASONS_IF_COMPATIBLE.get(
            (difference.kind, direction), _ACCEPTED if direction == "request" else _KEPT
        )
    return is_breaking, "major" if is_breaking else rule.impact, because
