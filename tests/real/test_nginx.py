"""Nginx in front of the sandbox ends its connections as it likes, over HTTP/1.1 and HTTP/2: every rename ends as edited."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, numbered
from real_servers import Server, nginx
from renames import every_way, in_bulk, one_by_one, shared

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from renames import Rename


every_protocol = pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2.0"])


class Nginx:
    """Nginx, with a sandbox behind it."""

    def __init__(self, server: Server, sandbox: Sandbox, log: Path) -> None:
        self.server, self._sandbox, self._log = server, sandbox, log

    def check(self, rename: Rename, count: int, *, protocol: str, **options: Any) -> list[int]:
        """Rename orders and make sure that each has its name, in its one result and in the sandbox.

        Returns:
            For each request, how many its connection had had with it.
        """
        wanted = numbered(self._sandbox, count)
        client = {"api_key": self._sandbox.api_key, "base_url": f"https://127.0.0.1:{self.server.port}"}
        results = rename(client, wanted, http2=protocol == "HTTP/2.0", **options)
        assert [result for result in results if result not in set(wanted.items())] == []
        assert len(set(results)) == len(results) == count
        assert names_in(self._sandbox, wanted) == wanted
        requests = [line.split() for line in self._log.read_text(encoding="utf-8").splitlines()]
        assert {used for _, used in requests} == {protocol}
        return [int(number) for number, _ in requests]


@contextmanager
def serving(folder: Path, certificate: Path, requests: int) -> Iterator[Nginx]:
    """Nginx that ends each connection after so many requests. The sandbox is slow enough for requests to meet on one."""
    with (
        Sandbox(latency=0.02, rate_limit=None) as sandbox,
        nginx(folder, sandbox.url, certificate, requests=requests) as server,
    ):
        yield Nginx(server, sandbox, folder / "access.log")


@every_way
def test_ends_http_1_1_connections_after_three_requests(rename: Rename, tmp_path: Path, certificate: Path) -> None:
    """Our own connections are ended again and again, and no edit fails for it."""
    with serving(tmp_path, certificate, 3) as server:
        assert max(server.check(rename, 200 if rename.in_bulk else 30, protocol="HTTP/1.1")) == 3


@pytest.mark.slow
@one_by_one
def test_ends_http_2_connections_after_three_requests(rename: Rename, tmp_path: Path, certificate: Path) -> None:
    """Every third edit through a caller's HTTP/2 client is interrupted, and sent again."""
    with serving(tmp_path, certificate, 3) as server:
        assert max(server.check(rename, 30, protocol="HTTP/2.0")) == 3


@pytest.mark.slow
@in_bulk
@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_ends_shared_http_2_connections(rename: Rename, concurrency: int, tmp_path: Path, certificate: Path) -> None:
    """In bulk, the end of a connection is the end of several edits at once; each is edited with the usual two retries."""
    with serving(tmp_path, certificate, 3) as server:
        server.check(rename, 60, protocol="HTTP/2.0", concurrency=concurrency, rate=1000.0)


@pytest.mark.slow
@shared
@every_protocol
def test_lets_connections_last(rename: Rename, protocol: str, tmp_path: Path, certificate: Path) -> None:
    """Edits share connections, no edit is sent twice, and none gets to another's order, which httpcore mixes up on threads."""
    limits = {"concurrency": 32, "rate": 1000.0} if rename.in_bulk else {}
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with serving(tmp_path, certificate, 100_000) as server:
            assert len(server.check(rename, 300, protocol=protocol, **limits)) == 300
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.slow
@in_bulk
@every_protocol
def test_is_reloaded(rename: Rename, protocol: str, tmp_path: Path, certificate: Path) -> None:
    """Nginx reads its configuration again (SIGHUP) during a bulk run: its old connections end, and no edit is lost."""
    taken = 0
    with serving(tmp_path, certificate, 1000) as server:

        def reload() -> None:
            nonlocal taken
            taken += 1
            if taken % 80 == 0:
                server.server.reload()

        server.check(rename, 400, protocol=protocol, each=reload, concurrency=8, rate=1000.0)
