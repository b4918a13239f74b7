"""Where a document of the service may come from, what it may be, and the errors when it is something else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from contracts import summary
from http_services import http_service
from odd_servers import serving, unreachable
from upstream_documents import FROZEN, ROOT, changed, document, our_contract

from command import FailureError
from contract import ContractError, load
from contract_diff import DiffError
from review import fetch
from review.assemble import compare_upstream

if TYPE_CHECKING:
    import socket
    import threading
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.tools

CONTRACT = (ROOT / FROZEN).read_bytes()


def compare(content: bytes, folder: Path) -> list[str]:
    """The differences of a document in a file."""
    path = folder / "theirs"
    path.write_bytes(content)
    return summary(compare_upstream(our_contract(), str(path)).differences)


def with_paths(paths: Any) -> bytes:
    return json.dumps(changed(document(), {"set": {"paths": paths}})).encode()


JSON_DOCUMENT = json.dumps(document()).encode()
SIMILAR: Any = {"/v3/orders/{id}": {"put": {}}, "/v3/orders": {"get": {}}, "/images": {"get": {}, "patch": {}}}
# Nine aliases, each of ten of the one before.
BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)
)
INVALID = [
    (b"", r"is not an OpenAPI document: the top level is not a mapping$"),
    (b"<!DOCTYPE html><html></html>", r"is HTML or XML, not an OpenAPI document"),
    (b"[1]", r"the top level is not a mapping"),
    (b"hello", r"the top level is not a mapping"),
    (b'{"a": 1}', r"is not an OpenAPI document: it has no `openapi` at the top level;"),
    (b"swagger: '2.0'", r"is Swagger 2.0; only OpenAPI 3.0 and 3.1 can be compared"),
    (b"openapi: 3.2.0", r"is OpenAPI 3.2.0; only OpenAPI 3.0 and 3.1 can be compared"),
    (b"openapi: 3.1.0\npaths:\n  a: [1\n", r"theirs:\d:\d+: is not YAML: "),
    (b"openapi: 3.1.0\n\tpaths: {}\n", r"theirs:2:1: is not YAML"),
    (b'{"openapi": "3.1.0",\n "paths": [}', r"theirs: line 2, column 12: is not JSON: "),
    (b'{"openapi": ' + b"9" * 5000 + b"}", r"is not JSON: "),
    (b"openapi: 3.1.0 # \xff", r"is not text in UTF-8"),
    (b'{"a":' * 100_000, r"is nested too deeply"),
    (b"a: " + b"[" * 1000, r"is nested too deeply"),
    (b"openapi: 3.1.0\n" + BOMB, r"aliases expand to more than 5000000 values"),
    (b"openapi: 3.1.0\npaths: &a\n  b: *a\n", r"nor a similar operation$"),
    (b"openapi: 3.1.0", r"has no paths, so it does not describe PATCH /v3/orders/\{id\}"),
    (with_paths(SIMILAR), r"the most similar that it has: PUT /v3/orders/\{id\}, GET /v3/orders, PATCH /images$"),
    (with_paths({"/a": {"get": {}}}), r"PATCH /v3/orders/\{id\}; nor a similar operation$"),
]


@pytest.mark.parametrize(("content", "message"), INVALID, ids=[message for _, message in INVALID])
def test_an_invalid_document_is_an_error(content: bytes, message: str, tmp_path: Path) -> None:
    """With the line where there is one; no traceback and no hang."""
    with pytest.raises((ContractError, DiffError), match=message):
        compare(content, tmp_path)


DOCUMENTS = {
    "a byte order mark": b"\xef\xbb\xbf" + CONTRACT,
    "UTF-16": CONTRACT.decode().encode("utf-16"),
    "a duplicate key": CONTRACT + b"tags: []\n",
    "JSON that only YAML reads": JSON_DOCUMENT[:-1] + b", x-a: 1,}",
    "statuses without quotes": CONTRACT.replace(b"'200':", b"200:"),
    "dates without quotes": CONTRACT.replace(b"example: '2025-08-31'", b"example: 2025-08-31"),
}


@pytest.mark.parametrize("content", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_read_leniently(content: bytes, tmp_path: Path) -> None:
    """It is our contract in every encoding and syntax that tools write."""
    assert compare(content, tmp_path) == []


def test_a_source_that_is_not_a_file_is_named(tmp_path: Path) -> None:
    """By the name that was given, without what may be a password; a pipe is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    for source, message in (
        ("nowhere.yaml", r"^nowhere.yaml: cannot be read: No such file"),
        (str(tmp_path), "Is a directory"),
        (str(tmp_path / "pipe"), "is not a regular file"),
        ("//me:S3CR3T@host/api.json", r"^//host/api.json: cannot be read"),
        ("me:S3CR3T@host/api.json", r"^host/api.json: cannot be read"),
    ):
        with pytest.raises(FailureError, match=message):
            compare_upstream(our_contract(), source)


def test_a_long_file_is_refused_and_yaml_sooner_than_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of YAML takes seconds."""
    monkeypatch.setattr(load, "_MAX_YAML_BYTES", 1000)
    assert compare(JSON_DOCUMENT, tmp_path) == []
    with pytest.raises(ContractError, match=r"MB, the limit for YAML; use JSON"):
        compare(CONTRACT, tmp_path)
    monkeypatch.setattr(fetch, "_MAX_BYTES", 1000)
    with pytest.raises(FailureError, match=r"is longer than"):
        compare(JSON_DOCUMENT, tmp_path)


@pytest.fixture
def url() -> Iterator[str]:
    """A server with the contract at /openapi.yaml; /moved leads there, and /round to itself."""
    targets = {"/moved": "/openapi.yaml?token=secret", "/round": "/round"}

    def respond(_: str, path: str, __: bytes) -> tuple[int, dict[str, str], bytes]:
        if target := targets.get(path.partition("?")[0]):
            return 302, {"location": target}, b""
        return (200, {}, CONTRACT) if path.startswith("/openapi.yaml") else (404, {}, b"")

    with http_service(respond) as url:
        yield url


def test_a_url_is_fetched_through_redirects_and_shown_without_its_secrets(url: str) -> None:
    """User, password and query are for the server alone."""
    for path in ("openapi.yaml", "moved"):
        source = f"{url}/{path}?token=secret#part".replace("://", "://user:secret@")
        comparison = compare_upstream(our_contract(), source)
        assert (comparison.source, comparison.differences) == (f"{url}/{path}", [])


def test_a_url_without_a_document_is_an_error_without_its_secrets(url: str) -> None:
    """A 404, too many redirects, nobody there, no URL."""
    with unreachable() as nowhere:
        for source, message in (
            (
                f"{url}/a?secret".replace("://", "://user:secret@"),
                rf"^{url}/a: the server responded with 404 Not Found$",
            ),
            (f"{url}/round?secret", rf"^{url}/round: too many redirects$"),
            (f"{nowhere}/a?secret", rf"^{nowhere}/a: cannot be reached \("),
            ("ftp://user:secret@a/b?secret", r"^ftp://a/b: is not supported; give an http"),
            ("http://secret:x@a:port/", r"^the source is not a valid URL"),
            ("http://[secret", r"^the source is not a valid URL"),
            ("http://?secret", r"^http://: cannot be fetched"),
        ):
            with pytest.raises(FailureError, match=message) as caught:
                compare_upstream(our_contract(), source)
            assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("head", "part", "seconds", "limit", "message"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"#" * 1000, 0, ("_MAX_BYTES", 2**20), r"is longer than 1 MB$"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"#" * 1000, 0, ("_TOTAL_TIMEOUT", 0.05), r"timed out after 0.05 s$"),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", 0.01, ("_TOTAL_TIMEOUT", 0.05), r"timed out after 0.05 s$"),
    ],
    ids=["too long", "endless", "dripping headers"],
)
def test_an_endless_response_is_abandoned(  # noqa: PLR0917  # the columns of the table
    monkeypatch: pytest.MonkeyPatch, head: bytes, part: bytes, seconds: float, limit: tuple[str, float], message: str
) -> None:
    """Once it is too long, or takes too long."""

    def send(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while not over.wait(seconds):
            connection.sendall(part)

    monkeypatch.setattr(fetch, "_MAX_BYTES", 2**40)
    monkeypatch.setattr(fetch, *limit)
    with serving(send) as url, pytest.raises(FailureError, match=message):
        compare_upstream(our_contract(), url)
