"""Nginx in front of the sandbox ends its connections as it likes, over HTTP/1.1 and HTTP/2: every rename ends as edited."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from bulk import names_in, numbered
from real_servers import Server, nginx
from renames import every_way, shared

from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from renames import Rename


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
@pytest.mark.parametrize("protocol", ["HTTP/1.1", pytest.param("HTTP/2.0", marks=pytest.mark.thorough)])
def test_ends_connections_after_three_requests(
    rename: Rename, protocol: str, tmp_path: Path, certificate: Path
) -> None:
    """Our own connections are ended again and again, and an HTTP/2 client's with the edits that share them: no edit fails."""
    is_shared = rename.in_bulk and protocol == "HTTP/2.0"
    limits = {"concurrency": 16, "rate": 1000.0} if is_shared else {}
    with serving(tmp_path, certificate, 3) as server:
        used = server.check(rename, 200 if rename.in_bulk else 30, protocol=protocol, **limits)
    assert max(used) == 3 or is_shared


@pytest.mark.thorough
@shared
@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2.0"])
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
