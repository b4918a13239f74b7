"""Reads cassettes and checks their exchanges against the contract, for tests/facade/test_cassettes.py and `make conformance`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from autoenhance.sandbox._contract import Contract, Problem, Request, Response
from command import FailureError

if TYPE_CHECKING:
    from pathlib import Path

# Cassettes whose request is invalid on purpose, because they record the error.
ON_PURPOSE = {
    "field_refused": "name: None is not of type 'string'",
    "value_refused": "query parameter sort_images_by: 'size' is not one of ",
}
"""The start of the message of the one problem in each."""


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its response."""

    cassette: str
    number: int
    """Its position in the cassette, from 1."""
    recorded_from: str
    line: str
    """The request line, without the host."""
    request: Request
    response: Response

    @property
    def agrees(self) -> str:
        """The verdict of an exchange without problems."""
        return "yes: wrong on purpose" if self.cassette in ON_PURPOSE else "yes"

    def problems_of_request(self, contract: Contract) -> list[Problem]:
        """Return the problems of the request, except those on purpose."""
        problems = contract.problems_of_request(self.request)
        on_purpose = ON_PURPOSE.get(self.cassette)
        return [problem for problem in problems if on_purpose is None or not problem.message.startswith(on_purpose)]

    def problems_of_response(self, contract: Contract) -> list[Problem]:
        """Return the problems of the response."""
        return contract.problems_of_response(self.request, self.response)


def read(path: Path) -> list[Exchange]:
    """Read a cassette.

    Raises:
        FailureError: If the file cannot be read or is not a cassette.
    """
    try:
        cassette = yaml.safe_load(path.read_text("utf-8"))
        source = cassette.get("metadata", {}).get("recorded_from", "unknown")
        return [_exchange(path.stem, number, source, each) for number, each in enumerate(cassette["interactions"], 1)]
    except OSError as error:
        raise FailureError(f"{path.name}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise FailureError(f"{path.name}: is not YAML: {' '.join(str(error).split())}") from error
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise FailureError(f"{path.name}: is not a cassette ({type(error).__name__}: {error})") from error


def _exchange(cassette: str, number: int, source: str, recorded: Any) -> Exchange:
    sent, received = recorded["request"], recorded["response"]
    address = urlsplit(sent["uri"])
    target = address.path + (f"?{address.query}" if address.query else "")
    # The key is not recorded; any value passes the check.
    headers = _first(sent["headers"]) | {"x-api-key": "any"}
    request = Request(sent["method"], target, headers, _bytes(sent["body"]), f"{address.scheme}://{address.netloc}")
    body = _bytes(received["body"].get("string", ""))
    response = Response(received["status"]["code"], _first(received["headers"]), body)
    return Exchange(cassette, number, source, f"{sent['method']} {target}", request, response)


def _first(headers: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in headers.items()}


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
