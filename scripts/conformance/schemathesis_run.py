"""Runs schemathesis with the contract against a service, and collects its findings."""

from __future__ import annotations

import copy
import logging
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from autoenhance.sandbox._contract import Contract, Problem, Request, Response, with_open_responses
from conformance.gate import every_request_through
from conformance.rules import OFF, OFF_LIVE, PHASES
from contract import operations, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest
    from schemathesis import Case, CheckContext
    from schemathesis import Response as HttpResponse
    from schemathesis.engine.recorder import Request as HttpRequest

# Left out of curl lines: curl sets them itself, or only schemathesis needs them.
_OMITTED_HEADERS = {
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "user-agent",
    "x-schemathesis-testcaseid",
}

# One segment of a path, other than `.` and `..`.
_REACHABLE_ID = r"^([^./]|\.[^./]|\.\.[^/])[^/]*$"


@dataclass(frozen=True)
class Service:
    """A service to check.

    Attributes:
        url: Its base URL.
        api_key: Its API key.
        order_ids: The orders that may be edited.
        before_each: Called with each request before it is sent.
        is_live: Whether it is a real service, which may have more operations, and orders in use.
    """

    url: str
    api_key: str
    order_ids: list[str]
    before_each: Callable[[PreparedRequest], None]
    is_live: bool


@dataclass
class Finding:
    """One kind of mismatch, with the first request that showed it."""

    check: str
    title: str
    message: str
    status: int
    request: str
    times: int = 0


@dataclass
class Outcome:
    """The results of a run.

    Attributes:
        requests: How many requests each phase sent.
        responses: How many responses had each status.
        judged: How many responses each check judged.
        failed: How many of them failed the check.
        findings: The mismatches, each kind once.
        obstacles: Why the run is incomplete; empty if it is complete.
    """

    requests: Counter[str] = field(default_factory=Counter)
    responses: Counter[int] = field(default_factory=Counter)
    judged: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    findings: dict[tuple[str, str, int], Finding] = field(default_factory=dict)
    obstacles: Counter[str] = field(default_factory=Counter)


def checks() -> list[str]:
    """Return the names of all checks, including those that are turned off."""
    load_all_checks()
    return [*CHECKS.get_all_names(), "max_response_time"]


def run(document: dict[str, Any], service: Service, *, max_examples: int, seed: int) -> Outcome:
    """Send requests that the contract allows and forbids, and check each response.

    Raises:
        KeyboardInterrupt: If the run was interrupted.
    """
    # uvicorn warns about the probe with an invalid byte in a header.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = SchemathesisConfig.from_dict(_config(service, max_examples=max_examples, seed=seed))
    source = document if service.is_live else _with_reachable_ids(document)
    schema = schemathesis.openapi.from_dict(with_open_responses(source), config=config)
    contract = Contract(document)
    _register(contract)
    outcome = Outcome()
    with every_request_through(service.before_each):
        for event in from_schema(schema).execute():
            _take(event, service, contract, outcome)
    if not outcome.obstacles and outcome.requests["fuzzing"] < max_examples and not outcome.findings:
        outcome.obstacles[f"schemathesis stopped after {outcome.requests['fuzzing']} generated requests"] += 1
    return outcome


def _with_reachable_ids(document: dict[str, Any]) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    body = (*next(operations(copied)), "requestBody", "content", "application/json", "schema")
    _, schema = resolve(copied, body)
    schema["properties"].get("order_id", {})["pattern"] = _REACHABLE_ID
    return copied


def _config(service: Service, *, max_examples: int, seed: int) -> dict[str, Any]:
    # The reasons are in conformance.rules.
    one_by_one = {"extra-data-sources": {"responses": False}}
    config: dict[str, Any] = {
        "seed": seed,
        "base-url": service.url,
        "auth": {"openapi": {"apiKey": {"api_key": _escaped(service.api_key)}}},
        "cache": {"enabled": False},
        "continue-on-failure": True,
        "request-timeout": 30,
        "generation": {
            "database": "none",
            "max-examples": max_examples,
            "no-shrink": True,
            "allow-extra-parameters": False,
        },
        "checks": {check: {"enabled": False} for check in OFF if check != "max_response_time"}
        | {"response_schema_conformance": {"validate-formats": False}},
        "phases": {phase: {"enabled": True, **one_by_one} for phase in PHASES} | {"stateful": {"enabled": False}},
        "dictionaries": {"orders": {"values": [*map(_escaped, service.order_ids)]}},
        # Most requests are for an existing order; some give it the id of another one.
        "parameters": {
            "path.id": {"dictionary": "orders", "probability": 0.8},
            "body.order_id": {"dictionary": "orders", "probability": 0.3},
        },
    }
    config["phases"]["fuzzing"]["error-feedback"] = {"enabled": False}
    if service.is_live:
        config["parameters"] = {"path.id": _escaped(service.order_ids[0])}
        config["checks"] |= {check: {"enabled": False} for check in OFF_LIVE}
        config["phases"]["coverage"]["unexpected-methods"] = []
    return config


def _escaped(value: str) -> str:
    """Escape a value for the configuration, which replaces `${NAME}` by an environment variable."""
    return value.replace("${", "$${")


def _register(contract: Contract) -> None:
    """Register our deserializer and our check; a second call replaces the first."""

    @schemathesis.deserializer("text/html")
    def as_text(_: object, response: HttpResponse) -> str:
        return response.content.decode(errors="replace")

    @schemathesis.check
    def timestamp_conformance(_: CheckContext, response: HttpResponse, case: Case[Any]) -> None:
        wrong = [problem.message for problem in _problems(contract, response) if problem.rule == "format"]
        if wrong:
            raise Failure(operation=case.operation.label, title="Unreadable timestamp", message="\n".join(wrong))


def _take(event: events.EngineEvent, service: Service, contract: Contract, outcome: Outcome) -> None:
    match event:
        case events.Interrupted():
            raise KeyboardInterrupt
        case events.NonFatalError():
            outcome.obstacles[f"{event.info.title}: {event.info.message}"] += 1
        case events.FatalError():
            outcome.obstacles[f"{type(event.exception).__name__}: {event.exception}"] += 1
        case events.ScenarioFinished():
            _count(event, service, contract, outcome)
        case _:
            pass


def _count(event: events.ScenarioFinished, service: Service, contract: Contract, outcome: Outcome) -> None:
    recorder = event.recorder
    outcome.requests[event.phase.value] += len(recorder.interactions)
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            outcome.responses[interaction.response.status_code] += 1
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            outcome.judged[node.name] += 1
            if node.failure_info is None:
                continue
            outcome.failed[node.name] += 1
            failure = node.failure_info.failure
            exchange = recorder.interactions[failure.case_id or case_id]
            status = exchange.response.status_code if exchange.response is not None else 0
            message = failure.message
            if node.name == "response_schema_conformance" and exchange.response is not None:
                # Our messages name the invalid field, also inside alternatives; theirs print both as a whole.
                message = "\n".join(problem.message for problem in _problems(contract, exchange.response)) or message
            finding = Finding(node.name, failure.title, message, status, _curl(exchange.request, service))
            outcome.findings.setdefault((node.name, failure.title, status), finding).times += 1


def _problems(contract: Contract, response: HttpResponse) -> list[Problem]:
    headers = {name: values[0] for name, values in response.headers.items()}
    received = Response(response.status_code, headers, response.content)
    return contract.problems_of_response(Request("patch", "/v3/orders/any", {}, b""), received)


def _curl(request: HttpRequest, service: Service) -> str:
    """Return a curl command of the request as it was sent, without the key; schemathesis' own shows the one before hooks."""
    arguments = ["curl", "-X", request.method]
    for name, values in request.headers.items():
        if name.lower() in _OMITTED_HEADERS:
            continue
        if name.lower() == "x-api-key" and values == [service.api_key]:
            arguments += ["-H", '"x-api-key: $AUTOENHANCE_API_KEY"']
        else:
            arguments += ["-H", shlex.quote(f"{name}: {', '.join(values)}")]
    if request.body:
        arguments += ["-d", shlex.quote(request.body.decode(errors="backslashreplace"))]
    return " ".join([*arguments, shlex.quote(request.uri)])
