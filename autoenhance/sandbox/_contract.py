"""Check requests and responses against the contract, with openapi-core."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from openapi_core import Config, OpenAPI
from openapi_core.casting.schemas.exceptions import CastError
from openapi_core.datatypes import RequestParameters
from openapi_core.deserializing.styles.exceptions import EmptyQueryParameterValue
from openapi_core.validation.request.exceptions import MissingRequiredParameter, ParameterValidationError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

from autoenhance_api.types import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jsonschema_path import SchemaPath

_OPEN_COMPONENTS: Final = "x-open-components"


class Request:
    """A request, with the interface that openapi-core expects.

    Args:
        method: The method.
        target: The path, percent-encoded as it was sent, with the query if there is one.
        headers: The headers; as pairs if a name may occur more than once.
        body: The body.
        host_url: The scheme and host, by default those of the contract's server.
    """

    def __init__(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
        body: bytes,
        host_url: str = "",
    ) -> None:
        self.method = method.lower()
        self.path, _, query = target.partition("?")
        self.host_url = host_url
        self.body = body
        header_lines = Headers(headers)
        self.content_type = header_lines.get("content-type", "application/octet-stream")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(query, keep_blank_values=True)), header=header_lines
        )


@dataclass(frozen=True)
class Response:
    """A response, with the interface that openapi-core expects."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def content_type(self) -> str:
        """The value of the `Content-Type` header, for openapi-core."""
        return {name.lower(): value for name, value in self.headers.items()}.get("content-type", "")


@dataclass(frozen=True)
class Problem:
    """A violation of the contract by a request or response.

    Attributes:
        kind: The name of openapi-core's exception, such as `InvalidSecurity` or `InvalidRequestBody`.
        path: The path in the body or the parameter, empty for the whole of it.
        parameter: The `in` and `name` of the parameter; None for the body.
        rule: The JSON Schema keyword that is violated, such as `type`; empty if it is not a violation of a schema.
        rule_path: The path of that keyword, from the schema of the body or from the parameter, without `$ref` steps.
        expected: The value of that keyword.
        value: The invalid value.
        message: A message with all of it.
    """

    kind: str
    message: str
    path: tuple[str | int, ...] = ()
    rule: str = ""
    expected: Any = None
    value: Any = None
    rule_path: tuple[str | int, ...] = ()
    parameter: tuple[str, str] | None = None


class Contract:
    """The contract, to check requests and responses against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.server: str = document["servers"][0]["url"]
        # A date-time is what the models parse: the service was observed to leave out the time zone.
        config = Config(extra_format_validators={"date-time": _is_timestamp})
        # openapi-core warns about each use of a deprecated part, and programs may turn warnings into errors.
        document = _copy_json(with_open_responses(document), _without_deprecated)
        self._openapi = OpenAPI.from_dict(document, config=config)

    def body_fields(self, method: str, path: str) -> frozenset[str]:
        """Return the names of the fields in the JSON body of a request."""
        operation = self._openapi.spec / "paths" / path / method
        schema = operation / "requestBody" / "content" / "application/json" / "schema"
        parts = [part / "properties" for part in _alternatives(schema) if "properties" in part]
        return frozenset(name for part in parts for name in part.str_keys())

    def problems_of_request(self, request: Request) -> list[Problem]:
        """Return the violations of the contract by a request."""
        request.host_url = request.host_url or self.server
        return [problem for error in self._openapi.iter_request_errors(request) for problem in _problems(error)]

    def problems_of_response(self, request: Request, response: Response) -> list[Problem]:
        """Return the violations of the contract by a response."""
        request.host_url = request.host_url or self.server
        errors = self._openapi.iter_response_errors(request, response)
        return [problem for error in errors for problem in _problems(error)]


@cache
def load_contract() -> Contract:
    """Load the contract of the generated package, once per process."""
    text = files("autoenhance_api").joinpath("openapi.json").read_text(encoding="utf-8")
    return Contract(json.loads(text))


def with_open_responses(document: dict[str, Any]) -> dict[str, Any]:
    """Copy a document so that responses may have values that an enum marked `x-open-enum` does not list.

    Such an enum lists the known values. In requests it stays closed: the contract has no other value to send. JSON Schema
    cannot express that, so responses refer to components of their own.
    """
    paths = _copy_json(document["paths"], _with_open_responses)
    return {**document, "paths": paths, _OPEN_COMPONENTS: _copy_json(document.get("components", {}), _open_enums)}


def _copy_json(tree: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Copy JSON, and replace each object by what a function returns for it, inner objects first."""
    return json.loads(json.dumps(tree), object_hook=change)


def _with_open_responses(node: dict[str, Any]) -> dict[str, Any]:
    return {**node, "responses": _copy_json(node["responses"], _open_enums)} if "responses" in node else node


def _open_enums(node: dict[str, Any]) -> dict[str, Any]:
    opened = {key: child for key, child in node.items() if key != "enum" or node.get("x-open-enum") is not True}
    if isinstance(node.get("$ref"), str):
        opened["$ref"] = node["$ref"].replace("#/components/", f"#/{_OPEN_COMPONENTS}/")
    return opened


def _without_deprecated(node: dict[str, Any]) -> dict[str, Any]:
    return {key: child for key, child in node.items() if (key, child) != ("deprecated", True)}


def _alternatives(schema: SchemaPath) -> Iterator[SchemaPath]:
    """Yield the schema and the schemas that it combines."""
    yield schema
    for join in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(join, ()):
            yield from _alternatives(part)


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
    parameter = (error.location, error.name) if isinstance(error, ParameterValidationError) else None
    if isinstance(error, MissingRequiredParameter):
        return [Problem(kind, str(error), (), "required", True, None, ("required",), parameter)]  # noqa: FBT003
    cause = error.__cause__
    if isinstance(cause, InvalidSchemaValue):
        return [problem for each in cause.schema_errors for problem in _schema_problems(kind, each, parameter)]
    if isinstance(cause, CastError):
        return [Problem(kind, str(cause), (), "type", cause.type, cause.value, ("schema", "type"), parameter)]
    if isinstance(cause, EmptyQueryParameterValue):
        return [Problem(kind, str(cause), (), "allowEmptyValue", False, "", ("allowEmptyValue",), parameter)]  # noqa: FBT003
    return [Problem(kind, str(cause or error), parameter=parameter)]


def _schema_problems(kind: str, error: Any, parameter: tuple[str, str] | None) -> list[Problem]:
    """Return the problems of a jsonschema error; if all alternatives fail, those of the intended one.

    That is one that fails deeper in the value, or the only one except null.
    """
    branches = error.context or []
    deeper = [branch for branch in branches if len(branch.absolute_path) > len(error.absolute_path)]
    not_null = [branch for branch in branches if (branch.validator, branch.validator_value) != ("type", "null")]
    is_one = len({branch.relative_schema_path[0] for branch in not_null}) == 1
    if intended := deeper or (not_null if is_one else []):
        return [problem for branch in intended for problem in _schema_problems(kind, branch, parameter)]
    path = tuple(error.absolute_path)
    if error.validator == "required":
        # jsonschema names the missing field only in its message.
        path += tuple(name for name in error.validator_value if error.message.startswith(f"{name!r} is"))
    schema_path = tuple(error.absolute_schema_path)
    where = "/".join(map(str, path)) or "the body"
    if parameter:
        where = " parameter ".join(parameter) + "".join(f"/{step}" for step in path)
        schema_path = ("schema", *schema_path)
    message = f"{where}: {' and '.join(branch.message for branch in branches) or error.message}"
    rule, expected = error.validator, error.validator_value
    return [Problem(kind, message, path, rule, expected, error.instance, schema_path, parameter)]
