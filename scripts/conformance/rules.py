"""Every check and feature of schemathesis that `make conformance` turns off or adapts, each with its reason."""

from __future__ import annotations

PHASES = ("examples", "coverage", "fuzzing")

# Checks that are off.
OFF = {
    "max_response_time": "The contract documents no response time.",
}
# Checks that are also off for a live service.
OFF_LIVE = {
    "unsupported_method": "The service has other operations on this path, such as DELETE; they must not be called.",
}
# Checks that are on, but have nothing to check until the contract says more.
IDLE = {
    "ensure_resource_availability": "needs an operation that creates an order",
    "object_level_authorization": "needs the keys of two accounts",
    "response_headers_conformance": "the contract documents no response headers",
    "use_after_free": "needs an operation that deletes an order",
}
# All other differences from the defaults of schemathesis.
ADAPTED = {
    "phase stateful": "Off: it links several operations, and the contract has only one.",
    "open enums": "An enum marked x-open-enum lists only the known values; others are accepted.",
    "timestamps": "Our check timestamp_conformance parses them as the models do, with or without a time zone; "
    "response_schema_conformance does not check the format.",
    "text/html": "Read as text, so that the schema of a gateway's page is checked, not skipped.",
    "redirects": "Not followed: the contract has none, and the API key would be sent to the target.",
    "extra parameters": "Not sent: a query parameter or header that the contract does not list is ignored.",
    "learning": "Off: requests would depend on earlier responses, which Hypothesis takes for a flaky test: it ends the phase "
    "after a dozen requests, without a warning.",
    "no traces": "No example database, no cache, no shrinking: a run leaves no files behind and is reproducible.",
}
ADAPTED_SANDBOX = {
    "orders": "The sandbox is reset before each request, because an edit may give an order another id.",
    "order_id": "In a body it must be an id that fits into a URL path; the sandbox refuses others. The contract does "
    "not say so, because the behaviour of the service is unknown.",
}
ADAPTED_LIVE = {
    "orders": "Only the given order is edited, and it keeps its id: another order_id in a body is replaced "
    "by its own. Other requests are not sent, including the two probes of schemathesis.",
}
