"""What `make conformance` turns off or does differently, each with its reason: there is no other place where it does."""

from __future__ import annotations

PHASES = ("examples", "coverage", "fuzzing")

# Checks that are off.
OFF = {
    "max_response_time": "The contract promises no time.",
}
# Checks that are off too where the service is not the sandbox.
OFF_LIVE = {
    "unsupported_method": "The service has other operations on this path, DELETE among them; they are not to be called.",
}
# Checks that are on, and can find nothing until the contract says more.
IDLE = {
    "ensure_resource_availability": "needs an operation that creates an order",
    "object_level_authorization": "needs the keys of two accounts",
    "response_headers_conformance": "the contract names no header of a response",
    "use_after_free": "needs an operation that deletes an order",
}
# Whatever else is not as schemathesis does it by itself.
ADAPTED = {
    "phase stateful": "Off: it follows from one operation to the next, and the contract has one.",
    "open enums": "Values that an enum marked x-open-enum does not list are fine: it lists what is known.",
    "timestamps": "The check timestamp_conformance, ours, reads them as the models do, with or without a time zone; "
    "response_schema_conformance leaves the format to it.",
    "text/html": "Read as text, so that the schema of a gateway's page is checked and not passed over.",
    "redirects": "Not followed: the contract knows none, and the key would go along.",
    "extra parameters": "Not sent: a query parameter or header that the contract does not list is ignored.",
    "learning": "Requests do not depend on earlier responses: Hypothesis takes that for a flaky test and ends the phase "
    "after a dozen requests, without a word.",
    "no traces": "No example database, no cache, no shrinking: a run leaves nothing behind and is the same each time.",
}
ADAPTED_SANDBOX = {
    "orders": "Before each request the sandbox goes back to its first orders, because an edit may move an order to "
    "another id.",
    "order_id": "In a body it must be an id that a request can reach; the sandbox refuses others. The contract does "
    "not say so, because nobody knows what the service does.",
}
ADAPTED_LIVE = {
    "orders": "Only the order that was named is asked for, and it keeps its id: another order_id in a body is replaced "
    "by its own. Requests to anything else are not sent, schemathesis' two probes among them.",
}
