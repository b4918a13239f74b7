"""Compares our contract with an OpenAPI document of the service, on PATCH /v3/orders/{id} only.

It says what theirs has and ours lacks, what ours has and theirs lacks, what disagrees, and by each whether our client
would break; the rules are in `rules.py`. The document may describe the whole API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from review.upstream.answers import compare_answers
from review.upstream.document import Document, UpstreamError, ours, parse
from review.upstream.operation import find
from review.upstream.report import Report
from review.upstream.request import compare_request
from review.upstream.rules import Difference
from review.upstream.shapes import Shapes
from review.upstream.source import fetch

if TYPE_CHECKING:
    from contract import Contract

__all__ = ["Comparison", "Difference", "UpstreamError", "compare"]


@dataclass(frozen=True)
class Comparison:
    """How our contract and the service's document differ.

    Attributes:
        source: The file or URL as it was given, a URL without what may be secret in it.
        version: The version that the document gives itself.
        openapi: The version of OpenAPI that it is written in.
        differences: Request first, then answers by their status; in each the fields by their names.
    """

    source: str
    version: str
    openapi: str
    differences: tuple[Difference, ...]


def compare(contract: Contract, source: str) -> Comparison:
    """Compare our contract with a document of the service.

    Args:
        contract: Our contract.
        source: The document: a file, or an http(s) URL.

    Raises:
        UpstreamError: If the document cannot be read or followed, or does not describe the operation.
    """
    document = parse(*fetch(source))
    try:
        differences = _compare(ours(contract), document)
    except RecursionError:
        raise UpstreamError(f"{document.name}: is nested too deeply to be compared") from None
    info = document.tree.get("info")
    version = str(info.get("version", "")) if isinstance(info, dict) else ""
    return Comparison(document.name, version, document.openapi, differences)


def _compare(our_document: Document, their_document: Document) -> tuple[Difference, ...]:
    our, their = find(our_document), find(their_document)
    report = Report(Shapes(our_document), Shapes(their_document))
    compare_request(report, our, their)
    compare_answers(report, our, their)
    # What a document says twice of one place, such as the statuses of a range, is one difference.
    return tuple(dict.fromkeys(report.found))
