"""Where a document of the service may come from, what it may be, and what is said when it is something else."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from odd_servers import nobody, serving
from upstream_documents import FROZEN, ROOT, changed, document, our_contract, summary

from command import FailureError
from contract import ContractError, load
from contract_diff import DiffError
from review import fetch
from review.assemble import compare_upstream

if TYPE_CHECKING:
    import socket
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
NO_DOCUMENT = [
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


@pytest.mark.parametrize(("content", "message"), NO_DOCUMENT, ids=[message for _, message in NO_DOCUMENT])
def test_what_is_no_such_document_is_reported_in_a_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    """What is wrong, and in text the line; no traceback and no hang."""
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
def test_what_people_and_tools_write_is_read(content: bytes, tmp_path: Path) -> None:
    """It is our contract all the same."""
    assert compare(content, tmp_path) == []


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    """With the name as it was given, but for what may be a password; and nothing waits for a pipe."""
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
    monkeypatch.setattr(load, "_MOST_YAML_BYTES", 1000)
    assert compare(JSON_DOCUMENT, tmp_path) == []
    with pytest.raises(ContractError, match=r"MB, the limit for YAML; use JSON"):
        compare(CONTRACT, tmp_path)
    monkeypatch.setattr(fetch, "_MOST_BYTES", 1000)
    with pytest.raises(FailureError, match=r"is longer than"):
        compare(JSON_DOCUMENT, tmp_path)


class Server(BaseHTTPRequestHandler):
    """The contract at /openapi.yaml; /moved leads there, and /round to itself."""

    def do_GET(self) -> None:
        target = {"/moved": "/openapi.yaml?token=secret", "/round": "/round"}.get(self.path.partition("?")[0])
        if target:
            self.send_response(302)
            self.send_header("location", target)
            self.end_headers()
        elif self.path.startswith("/openapi.yaml"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTRACT)
        else:
            self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    """The address of a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_url_is_fetched_through_redirects_and_named_without_its_secrets(host: str) -> None:
    """User, password and query are for the server alone."""
    for path in ("openapi.yaml", "moved"):
        comparison = compare_upstream(our_contract(), f"http://user:secret@{host}/{path}?token=secret#part")
        assert (comparison.source, comparison.differences) == (f"http://{host}/{path}", [])


def test_a_url_that_gives_no_document_is_reported_without_its_secrets(host: str) -> None:
    """A 404, too many redirects, nobody there, no URL."""
    with nobody() as nowhere:
        for source, message in (
            (f"http://user:secret@{host}/a?secret", rf"^http://{host}/a: the server responded with 404 Not Found$"),
            (f"http://{host}/round?secret", rf"^http://{host}/round: too many redirects$"),
            (f"{nowhere}/a?secret", rf"^{nowhere}/a: cannot be reached \("),
            ("ftp://user:secret@a/b?secret", r"^ftp://a/b: is not supported; give an http"),
            ("http://secret:x@a:port/", r"^the source is not a valid URL"),
            ("http://[secret", r"^the source is not a valid URL"),
            ("http://?secret", r"^http://: cannot be fetched"),
        ):
            with pytest.raises(FailureError, match=message) as caught:
                compare_upstream(our_contract(), source)
            assert "secret" not in str(caught.value)


@contextmanager
def endless(head: bytes, part: bytes, seconds: float) -> Iterator[str]:
    """The URL of a server that sends its head, and then a part again and again."""

    def send(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while not over.wait(seconds):
            connection.sendall(part)

    with serving(send) as url:
        yield url


@pytest.mark.parametrize(
    ("head", "part", "seconds", "most_bytes", "says"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"#" * 1000, 0, 2**20, r"is longer than 1 MB$"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"#" * 1000, 0, 2**40, r"timed out after 0.05 s$"),
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", 0.01, 2**40, r"timed out after 0.05 s$"),
    ],
    ids=["too long", "without end", "dripping headers"],
)
def test_a_response_without_end_is_left(  # noqa: PLR0917  # the columns of the table
    monkeypatch: pytest.MonkeyPatch, head: bytes, part: bytes, seconds: float, most_bytes: int, says: str
) -> None:
    """What is too long, and what drips."""
    monkeypatch.setattr(fetch, "_MOST_BYTES", most_bytes)
    if most_bytes == 2**40:
        monkeypatch.setattr(fetch, "_TOTAL_TIMEOUT", 0.05)
    with endless(head, part, seconds) as url, pytest.raises(FailureError, match=says):
        compare_upstream(our_contract(), url)
