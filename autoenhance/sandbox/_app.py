"""The sandbox's service: the response to each request."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from autoenhance.sandbox._contract import Contract, Problem, Request, Response
from autoenhance.sandbox._orders import IdInUseError, Orders, is_reachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request as HttpRequest
    from starlette.types import Receive, Scope, Send

    from autoenhance.sandbox._simulation import Simulation, Step

_JSON = {"content-type": "application/json"}
# The messages of APIFlask, webargs and marshmallow, which the service probably uses (inferred).
_VALIDATION_ERROR = "Validation error"
_NULL_FIELD = "Field may not be null."
_MISSING_FIELD = "Missing data for required field."
_TYPES = {"array": "list", "date-time": "datetime", "uuid": "UUID"}
_NOT_AN_OBJECT = "Invalid input type."
_LOCATIONS = {"header": "headers"}
_BODY = "json"
_WHOLE_BODY = "_schema"
# The sandbox's own message: whether the service accepts such an id, and how it rejects one, is unknown.
_UNREACHABLE = "No request can reach an order with this id."
_PATH = "/v3/orders/{id}"
CONNECTION = "connection"
"""The key in the scope's state for the connection of the request, which the server sets."""


@dataclass(frozen=True)
class SandboxResponse:
    """A status, headers and a body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: dict(_JSON))
    body: bytes = b""


class _ClosedConnection(HttpResponse):
    """Close the connection without a response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # sends nothing
        scope["state"][CONNECTION].abort()
        # Wait until the server has noticed it; otherwise it reports an app that sends nothing as broken.
        await receive()


class Service:
    """Responds to requests for orders as the contract says, with simulated delays and faults."""

    def __init__(
        self, contract: Contract, orders: Orders, simulation: Simulation, *, api_key: str, rate_limit: int | None
    ) -> None:
        self._contract = contract
        self._fields = contract.body_fields("patch", _PATH)
        self._orders = orders
        self._simulation = simulation
        self._api_key = api_key
        self._rate_limit = rate_limit
        self._recent: deque[float] = deque()
        self.planned: deque[SandboxResponse] = deque()
        """The responses to the next requests, whatever they are."""

    def app(self) -> Starlette:
        """Return the service as an ASGI application."""
        return Starlette(
            routes=[Route(_PATH, self._patch, methods=["PATCH"])],
            exception_handlers={HTTPException: _http_error},
        )

    async def _patch(self, http: HttpRequest) -> HttpResponse:
        # The raw path: decoded, an id could look like a template or like several segments.
        parts = [http.scope["raw_path"].decode("latin-1"), http.scope["query_string"].decode("latin-1")]
        target = "?".join(filter(None, parts))
        request = Request("patch", target, http.headers.items(), await http.body())
        order_id = http.path_params["id"]
        if self.planned:
            response = self.planned.popleft()
        elif self._is_over_rate_limit():
            response = _error(429, headers={"retry-after": "1"})
        else:
            step = self._simulation.next(target, request.body)
            await asyncio.sleep(step.wait)
            simulated = self._simulate(step, request, order_id)
            if simulated is None:
                return _ClosedConnection()
            response = simulated
        return HttpResponse(response.body, response.status, headers=dict(response.headers))

    def _simulate(self, step: Step, request: Request, order_id: str) -> SandboxResponse | None:
        """Return the response, or that of a fault; None to close the connection."""
        if step.fault is None:
            return self._respond_checked(request, order_id)
        if step.fault.is_after_edit:
            self._respond_checked(request, order_id)
        return None if step.fault.status is None else _error(step.fault.status)

    def _respond_checked(self, request: Request, order_id: str) -> SandboxResponse:
        response = self._respond(request, order_id)
        problems = self._contract.problems_of_response(
            request, Response(response.status, response.headers, response.body)
        )
        if problems:
            # A bug of the sandbox, or a database edited by hand: report it instead of a response that breaks the contract.
            return _error(500, "; ".join(problem.message for problem in problems))
        return response

    def _respond(self, request: Request, order_id: str) -> SandboxResponse:
        try:
            problems = self._contract.problems_of_request(request)
        except (ValueError, LookupError, RecursionError) as error:
            problems = [Problem(type(error).__name__, str(error))]  # openapi-core raises these for invalid JSON
        key = request.parameters.header.get("x-api-key", "")
        if any(problem.kind == "InvalidSecurity" for problem in problems) or not self._is_key(key):
            return _error(401)
        if problems:
            return _rejection(problems)
        body = json.loads(request.body or b"{}")
        changes = {name: value for name, value in body.items() if name in self._fields}
        if "order_id" in changes and not is_reachable(changes["order_id"]):
            return _validation_error({_BODY: {"order_id": [_UNREACHABLE]}})
        try:
            order = self._orders.edit(order_id, changes)
        except IdInUseError:
            return _error(409)
        except ValueError:
            return _error(400)
        return _error(404) if order is None else _json(200, order)

    def _is_key(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self._api_key.encode())

    def _is_over_rate_limit(self) -> bool:
        if self._rate_limit is None:
            return False
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self._rate_limit:
            return True
        self._recent.append(now)
        return False


def _rejection(problems: list[Problem]) -> SandboxResponse:
    if not all(problem.rule for problem in problems):
        return _error(400)
    fields: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        location, *name = problem.parameter or (_BODY,)
        field_name = ".".join(map(str, [*name, *problem.path])) or _WHOLE_BODY
        fields.setdefault((_LOCATIONS.get(location, location), field_name), []).append(problem)
    detail: dict[str, dict[str, list[str]]] = {}
    for (location, field_name), field_problems in fields.items():
        # A value of the wrong type is not checked further.
        wrong_type = [problem for problem in field_problems if problem.rule == "type"]
        detail.setdefault(location, {})[field_name] = [
            _message(problem) for problem in wrong_type[:1] or field_problems
        ]
    return _validation_error(detail)


def _message(problem: Problem) -> str:
    expected = problem.expected if isinstance(problem.expected, list) else [problem.expected]
    if problem.rule in {"type", "format"}:
        if problem.value is None and problem.path:
            return _NULL_FIELD
        kind = next(kind for kind in expected if kind != "null")
        return _NOT_AN_OBJECT if kind == "object" else f"Not a valid {_TYPES.get(kind, kind)}."
    if problem.rule == "enum":
        return f"Must be one of: {', '.join(map(str, expected))}."
    return _MISSING_FIELD if problem.rule == "required" else problem.message


def _validation_error(detail: dict[str, dict[str, list[str]]]) -> SandboxResponse:
    return _json(422, {"detail": detail, "message": _VALIDATION_ERROR})


def _error(status: int, message: str = "", *, headers: Mapping[str, str] | None = None) -> SandboxResponse:
    return _json(status, {"detail": {}, "message": message or HTTPStatus(status).phrase}, headers)


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> SandboxResponse:
    return SandboxResponse(status, {**_JSON, **(headers or {})}, json.dumps(body).encode())


async def _http_error(_: HttpRequest, error: Exception) -> HttpResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = _error(status)
    headers = {**(getattr(error, "headers", None) or {}), **response.headers}
    return HttpResponse(response.body, status, headers=headers)
