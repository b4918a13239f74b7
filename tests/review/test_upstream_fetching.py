"""A document that is fetched from a URL, over real HTTP on loopback."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from odd_servers import nobody, serving
from upstream_documents import FROZEN, ROOT, our_contract

from command import FailureError
from review import fetch as fetching
from review.assemble import compare_upstream as compare

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

pytestmark = pytest.mark.tools

CONTRACT = (ROOT / FROZEN).read_bytes()


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("location", "/openapi.yaml?token=secret")
            self.end_headers()
        elif self.path.startswith("/round"):
            self.send_response(302)
            self.send_header("location", "/round")
            self.end_headers()
        elif self.path.startswith("/openapi.yaml"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTRACT)
        else:
            self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _serving() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_url_is_fetched_through_redirects_and_named_without_its_secrets() -> None:
    """User, password and query are for the server alone."""
    with _serving() as host:
        for path in ("openapi.yaml", "moved"):
            comparison = compare(our_contract(), f"http://user:secret@{host}/{path}?token=secret#part")
            assert (comparison.source, comparison.differences) == (f"http://{host}/{path}", [])


def test_a_url_that_gives_no_document_is_told_without_its_secrets() -> None:
    """A 404, redirects without end, nobody there, no URL."""
    with _serving() as host, nobody() as nowhere:
        for source, message in (
            (f"http://user:secret@{host}/a?secret", rf"^http://{host}/a: the response is 404 Not Found$"),
            (f"http://{host}/round?secret", rf"^http://{host}/round: redirects without end$"),
            (f"{nowhere}/a?secret", rf"^{nowhere}/a: cannot be reached \("),
            ("ftp://user:secret@a/b?secret", r"^ftp://a/b: only http and https URLs can be read"),
            ("http://secret:x@a:port/", r"^the source is not a URL"),
            ("http://[secret", r"^the source is not a URL"),
            ("http://?secret", r"^http://: cannot be fetched"),
        ):
            with pytest.raises(FailureError, match=message) as caught:
                compare(our_contract(), source)
            assert "secret" not in str(caught.value)


def test_a_server_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too long, and what drips."""

    def endless(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.is_set():
            connection.sendall(b"#" * 1000)

    monkeypatch.setattr(fetching, "_MOST_BYTES", 2**20)
    with serving(endless) as url, pytest.raises(FailureError, match=r"is longer than 1 MB$"):
        compare(our_contract(), url)
    monkeypatch.setattr(fetching, "_TOTAL_TIMEOUT", 0.05)
    monkeypatch.setattr(fetching, "_MOST_BYTES", 2**40)
    with serving(endless) as url, pytest.raises(FailureError, match=r"did not end within 0.05 s$"):
        compare(our_contract(), url)

    def dripping(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.01):
            connection.sendall(b"x: y\r\n")

    with serving(dripping) as url, pytest.raises(FailureError, match=r"did not end within 0.05 s$"):
        compare(our_contract(), url)
