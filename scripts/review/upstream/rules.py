"""Whether our client breaks: the rules that weigh each difference, all in one table, with the reason of each.

They say what the client does, in the state that it is in: for answers, tests/review/test_upstream_answers.py feeds it with
a sample for each rule. Not compared, by decision: descriptions, examples, defaults, names of schemas, operationId, tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["only theirs", "only ours", "disagree"]


@dataclass(frozen=True)
class Difference:
    """One thing in which our contract and the service's document differ.

    Attributes:
        kind: Who has it, or that both do and disagree.
        what: Where on the wire, such as `answer 200: images[].status`.
        sentence: What differs.
        breaks: Whether our client, as it is, would break.
        why: The rule that decided.
        ours: The place in our contract, if there is one.
        theirs: The place in their document, if there is one.
    """

    kind: Kind
    what: str
    sentence: str
    breaks: bool
    why: str
    ours: str | None
    theirs: str | None


@dataclass(frozen=True)
class Rule:
    """Whether our client breaks by one kind of difference, and why."""

    name: str
    breaks: bool
    why: str


_KEEPS: Final = False
_BREAKS: Final = True

_TABLE: Final = (
    # Where the request goes, and who sends it.
    ("address: host", _BREAKS, "The client sends to the host in our contract unless base_url says otherwise."),
    ("address: path", _BREAKS, "The client sends to the path in our contract."),
    (
        "security: not ours",
        _BREAKS,
        "The client sends one key, in the header that our contract names, and nothing else.",
    ),
    ("security: more than ours", _KEEPS, "What the client sends is still enough."),
    ("security: none", _KEEPS, "The client sends its key all the same, and nothing in the document refuses that."),
    ("operation: deprecated", _KEEPS, "What is deprecated works until it is removed."),
    # Parameters.
    ("parameter: theirs, optional", _KEEPS, "The client does not send it, and need not."),
    ("parameter: theirs, required", _BREAKS, "The client does not send it by itself."),
    ("parameter: theirs, sent anyway", _KEEPS, "The client sends this header with every request."),
    ("parameter: our header", _KEEPS, "A service ignores headers that it does not know."),
    ("parameter: our path", _KEEPS, "It is a part of the path, which is the same."),
    ("parameter: ours", _BREAKS, "The client sends it, and the service may refuse or ignore it."),
    ("parameter: another style", _BREAKS, "The client writes it in the style that our contract says."),
    ("parameter: more required", _BREAKS, "The client sends it only when it was told a value."),
    ("parameter: less required", _KEEPS, "Who may leave it out may send it."),
    # The request body: we send, they accept.
    ("request: body, required", _KEEPS, "The client always sends a body: it refuses an edit that sets nothing."),
    ("request: body, optional", _KEEPS, "Who may leave the body out may send it."),
    ("request: body, ours", _BREAKS, "The client sends the edit in the body."),
    ("request: media type, ours", _BREAKS, "The client sends this media type and no other."),
    ("request: media type, theirs", _KEEPS, "The client sends the one of our contract, which is still accepted."),
    ("request: field, theirs", _KEEPS, "The client does not send it, and need not; extra_body can."),
    ("request: field, theirs, required", _BREAKS, "The client does not send it, and the service asks for it."),
    ("request: field, ours", _BREAKS, "The client can send it, and the service may refuse or ignore it."),
    ("request: more required", _BREAKS, "The client sends only what a caller sets."),
    ("request: less required", _KEEPS, "Who may leave it out may send it."),
    ("request: type, narrower", _BREAKS, "The client sends the type of our contract, which the service may refuse."),
    ("request: type, wider", _KEEPS, "The type that the client sends is accepted."),
    ("request: null, refused", _BREAKS, "The client can send null, which the service may refuse."),
    ("request: null, allowed", _KEEPS, "Who may send null need not."),
    ("request: values, fewer", _BREAKS, "The client can send a value that the service may refuse."),
    ("request: values, more", _KEEPS, "All that our contract allows is accepted."),
    ("request: limit, tighter", _BREAKS, "The client can send what the service may refuse: it does not check this."),
    ("request: limit, kept", _KEEPS, "The client keeps to this limit by itself, before it sends anything."),
    ("request: limit, looser", _KEEPS, "All that our contract allows is accepted."),
    ("request: other fields, refused", _KEEPS, "The client sends fields that are not named only as extra_body."),
    ("request: other fields, allowed", _KEEPS, "All that our contract allows is accepted."),
    ("request: contradiction", _BREAKS, "Taken at its word, the service accepts nothing there."),
    # The answer to an edit that was accepted: they send, we read.
    ("answer: status, theirs", _KEEPS, "The client reads any 2xx with a JSON object as an order."),
    ("answer: status, theirs, no order", _BREAKS, "The client reads any 2xx as an order, and there is none in it."),
    ("answer: status, ours", _KEEPS, "The client reads any 2xx, and raises an error for anything else."),
    ("answer: status, redirect", _BREAKS, "The client follows no redirect, because the key would go along."),
    ("answer: no body", _BREAKS, "The client reads an order from the body, and raises an error if there is none."),
    ("answer: media type, no JSON", _BREAKS, "The client decodes JSON and nothing else."),
    ("answer: media type, another JSON", _KEEPS, "The client decodes the body as JSON, however it is labelled."),
    ("answer: media type, theirs", _KEEPS, "The client asks for JSON, which the service still has."),
    ("answer: header", _KEEPS, "The client needs no header that is not HTTP's own."),
    ("answer: field, theirs", _KEEPS, "The client keeps fields that it does not know."),
    ("answer: field, ours", _KEEPS, "The client leaves a field unset that the service does not send."),
    ("answer: more required", _KEEPS, "What is always there can be read."),
    ("answer: less required", _BREAKS, "The generated model reads a field that our contract requires without asking."),
    (
        "answer: type, no order",
        _BREAKS,
        "The client raises an error: this must be an object, and images a list of objects.",
    ),
    ("answer: type, other", _KEEPS, "The client keeps the value as it comes, though of another type than announced."),
    (
        "answer: type, within ours",
        _KEEPS,
        "All that the service says it sends is of a type that our contract announces.",
    ),
    ("answer: type, unsaid", _KEEPS, "The document names no type, so it announces no other than ours."),
    (
        "answer: null, no order",
        _BREAKS,
        "The client raises an error: an order, and each of its images, must be an object.",
    ),
    ("answer: null, theirs", _KEEPS, "The client gives None."),
    ("answer: null, ours", _KEEPS, "Who is ready for null can do without it."),
    ("answer: values, theirs", _KEEPS, "Our enums are open: the client keeps a value that it does not know."),
    ("answer: values, ours", _KEEPS, "A value that is never sent does no harm."),
    ("answer: format", _KEEPS, "The client keeps text that it cannot read as its format."),
    ("answer: limit", _KEEPS, "The client does not check the limits of what it is sent."),
    ("answer: other fields", _KEEPS, "The client keeps any field, and needs none."),
    ("answer: contradiction", _KEEPS, "Taken at its word, the service sends nothing there."),
    # An answer that is no success: an error is raised, whatever it is.
    ("error: status", _KEEPS, "The client raises an error for any status that is no 2xx."),
    ("error: body", _KEEPS, "The client raises the error of the status, whatever its body is."),
    # Anywhere.
    ("deprecated", _KEEPS, "What is deprecated works until it is removed."),
)
RULES: Final = {name: Rule(name, breaks, why) for name, breaks, why in _TABLE}

# What the client cannot do without in an answer, by its path in the body: autoenhance._responses.check_order.
NEEDED: Final = {"": "object", "images": "array", "images[]": "object"}
# A null is no order, and no image; instead of the list of images it is none.
NEVER_NULL: Final = frozenset({"", "images[]"})
# Limits that the client sets itself, before it sends anything: autoenhance._edit.
KEPT: Final = {
    ("path parameter id", "minLength"): 1,
    ("path parameter id", "maxLength"): 255,
    ("request body: order_id", "minLength"): 1,
    ("request body: order_id", "maxLength"): 255,
    ("request body", "minProperties"): 1,
}
# Headers that the client sends with every request beside its key.
SENT_ANYWAY: Final = frozenset({"user-agent", "accept-encoding", "host", "content-length", "connection"})
