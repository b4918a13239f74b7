"""Checks what cassettes recorded against the contract: for tests/test_cassettes.py and for `make conformance`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from autoenhance.sandbox._contract import Contract, Problem, Request, Response
from command import FailureError

if TYPE_CHECKING:
    from pathlib import Path

# Requests that are wrong because the cassette is about the refusal, with the one thing that is wrong with them.
ON_PURPOSE = {
    "field_refused": "name: None is not of type 'string'",
    "value_refused": "query parameter sort_images_by: 'size' is not one of ",
}
"""What the message of the one problem begins with."""


@dataclass(frozen=True)
class Exchange:
    """One recorded request with the response to it."""

    cassette: str
    number: int
    """Its place in the cassette, from 1."""
    recorded_from: str
    line: str
    """The request line, without the host."""
    request: Request
    response: Response

    @property
    def agrees(self) -> str:
        """What to say where nothing is wrong."""
        return "yes: wrong on purpose" if self.cassette in ON_PURPOSE else "yes"

    def problems_of_request(self, contract: Contract) -> list[Problem]:
        """Tell what is wrong with the request; what is wrong on purpose is not."""
        found = contract.problems_of_request(self.request)
        on_purpose = ON_PURPOSE.get(self.cassette)
        return [problem for problem in found if on_purpose is None or not problem.message.startswith(on_purpose)]

    def problems_of_response(self, contract: Contract) -> list[Problem]:
        """Tell what is wrong with the response."""
        return contract.problems_of_response(self.request, self.response)


def read(path: Path) -> list[Exchange]:
    """Read a cassette.

    Raises:
        FailureError: If it is none.
    """
    try:
        cassette = yaml.safe_load(path.read_text("utf-8"))
        source = cassette.get("metadata", {}).get("recorded_from", "not said")
        return [_exchange(path.stem, number, source, found) for number, found in enumerate(cassette["interactions"], 1)]
    except OSError as error:
        raise FailureError(f"{path.name} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise FailureError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise FailureError(f"{path.name} is no cassette ({type(error).__name__}: {error})") from error


def _exchange(cassette: str, number: int, source: str, recorded: Any) -> Exchange:
    sent, received = recorded["request"], recorded["response"]
    address = urlsplit(sent["uri"])
    target = address.path + (f"?{address.query}" if address.query else "")
    # The key is not recorded; any will do.
    headers = _first(sent["headers"]) | {"x-api-key": "any"}
    request = Request(sent["method"], target, headers, _bytes(sent["body"]), f"{address.scheme}://{address.netloc}")
    body = _bytes(received["body"].get("string", ""))
    response = Response(received["status"]["code"], _first(received["headers"]), body)
    return Exchange(cassette, number, source, f"{sent['method']} {target}", request, response)


def _first(headers: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in headers.items()}


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
