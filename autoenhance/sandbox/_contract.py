"""Checks requests and responses against the contract, with openapi-core."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from autoenhance_api.types import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping


class Request:
    """A request as openapi-core wants to see it."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str], body: bytes, host_url: str = "") -> None:
        self.method = method.lower()
        self.path = path
        self.host_url = host_url
        self.body = body
        # Over the wire the names of headers have no case; openapi-core looks for them as the contract writes them.
        self._headers = {name.lower(): value for name, value in headers.items()}
        self.content_type = self._headers.get("content-type", "application/octet-stream")
        self.parameters = RequestParameters(header=self._headers)


@dataclass(frozen=True)
class Response:
    """A response as openapi-core wants to see it."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def content_type(self) -> str:
        """The media type; openapi-core asks for it apart from the headers."""
        return {name.lower(): value for name, value in self.headers.items()}.get("content-type", "")


@dataclass(frozen=True)
class Problem:
    """One thing in a request or response that is not as the contract says.

    Attributes:
        kind: The name of openapi-core's exception, such as `InvalidSecurity` or `InvalidRequestBody`.
        path: Where in the body, empty for the whole of it.
        rule: The rule of JSON Schema that is broken, such as `type`; empty if it is no matter of a schema.
        rule_path: Where that rule stands, from the schema of the body on; references take no part of it.
        expected: What that rule says.
        value: What stands there.
        message: All of it in a sentence.
    """

    kind: str
    message: str
    path: tuple[str | int, ...] = ()
    rule: str = ""
    expected: Any = None
    value: Any = None
    rule_path: tuple[str | int, ...] = ()


class Contract:
    """What may be asked and answered."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.server: str = document["servers"][0]["url"]
        # The contract's date-time is what the models read: the service was seen to leave out the time zone.
        config = Config(extra_format_validators={"date-time": _is_timestamp})
        self._openapi = OpenAPI.from_dict(with_open_enums(document), config=config)

    def problems_of_request(self, request: Request) -> list[Problem]:
        """Tell what is wrong with a request; nothing if it is as the contract says."""
        request.host_url = request.host_url or self.server
        return [problem for error in self._openapi.iter_request_errors(request) for problem in _problems(error)]

    def problems_of_response(self, request: Request, response: Response) -> list[Problem]:
        """Tell what is wrong with a response; nothing if it is as the contract says."""
        request.host_url = request.host_url or self.server
        errors = self._openapi.iter_response_errors(request, response)
        return [problem for error in errors for problem in _problems(error)]


@cache
def load_contract() -> Contract:
    """Load the contract that the generated package came from, once per process."""
    text = files("autoenhance_api").joinpath("openapi.json").read_text(encoding="utf-8")
    return Contract(json.loads(text))


def with_open_enums(node: Any) -> Any:
    """Copy a document without the enums that are marked `x-open-enum`: they list what is known, not what is allowed.

    JSON Schema has no way to say that, and the generator needs them as enums.
    """
    if isinstance(node, dict):
        hidden = {"enum"} if node.get("x-open-enum") is True else set()
        return {key: with_open_enums(child) for key, child in node.items() if key not in hidden}
    if isinstance(node, list):
        return [with_open_enums(child) for child in node]
    return node


def _is_timestamp(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        parse_timestamp(value)
    except ValueError:
        return False
    return True


def _problems(error: BaseException) -> list[Problem]:
    kind = type(error).__name__
    cause = error.__cause__
    if isinstance(cause, InvalidSchemaValue):
        return [problem for found in cause.schema_errors for problem in _of_schema(kind, found)]
    return [Problem(kind, str(cause or error))]


def _of_schema(kind: str, error: Any) -> list[Problem]:
    """An error as problems; of alternatives that all fail, the one that fits further in is the one that was meant."""
    branches = error.context or []
    deeper = [branch for branch in branches if len(branch.absolute_path) > len(error.absolute_path)]
    if deeper:
        return [problem for branch in deeper for problem in _of_schema(kind, branch)]
    path = tuple(error.absolute_path)
    where = "/".join(map(str, path)) or "the body"
    message = " and ".join(branch.message for branch in branches) or error.message
    return [
        Problem(
            kind,
            f"{where}: {message}",
            path,
            error.validator,
            error.validator_value,
            error.instance,
            tuple(error.absolute_schema_path),
        )
    ]
