"""Nginx, tinyproxy and the sandbox as processes between the client and the service, which end as they like: no edit is lost."""

from __future__ import annotations

import base64
import logging
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import tls
from bulk import names_in, numbered
from edit_server import KEY, EditServer
from real_servers import Server, nginx, tinyproxy
from real_servers import sandbox as sandbox_process
from renames import Rename, every_way, shared

from autoenhance import errors
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from callers import Caller


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a key and a certificate for 127.0.0.1, from an authority that httpx trusts."""
    own, trusted = tls.certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return own


# --- Nginx in front of the sandbox ---


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
@pytest.mark.parametrize("protocol", ["HTTP/1.1", pytest.param("HTTP/2.0", marks=pytest.mark.slow)])
def test_nginx_ends_connections_after_three_requests(
    rename: Rename, protocol: str, tmp_path: Path, certificate: Path
) -> None:
    """Our own connections are ended again and again, and an HTTP/2 client's with the edits that share them: no edit fails."""
    is_shared = rename.in_bulk and protocol == "HTTP/2.0"
    limits = {"concurrency": 16, "rate": 1000.0} if is_shared else {}
    with serving(tmp_path, certificate, 3) as server:
        used = server.check(rename, 120 if rename.in_bulk else 15, protocol=protocol, **limits)
    assert max(used) == 3 or is_shared


@pytest.mark.slow
@shared
@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2.0"])
def test_nginx_lets_connections_last(rename: Rename, protocol: str, tmp_path: Path, certificate: Path) -> None:
    """Edits share connections, no edit is sent twice, and none gets to another's order, which httpcore mixes up on threads."""
    limits = {"concurrency": 32, "rate": 1000.0} if rename.in_bulk else {}
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with serving(tmp_path, certificate, 100_000) as server:
            assert len(server.check(rename, 300, protocol=protocol, **limits)) == 300
    finally:
        sys.setswitchinterval(interval)


# --- tinyproxy in front of an https service: it carries the edits and sees nothing of them ---

PASSWORD = "s3cret-planted-91c2"


@every_way
@pytest.mark.parametrize("auth", ["", f"anna {PASSWORD}"], ids=["open", "with a password"])
def test_edits_pass_through_tinyproxy(
    rename: Rename, auth: str, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each edit reaches the service through HTTPS_PROXY, and the proxy sees the service's address and no key."""
    wanted = {f"o-{number}": f"{number} Acacia Avenue" for number in range(10)}
    with EditServer(context=tls.server_context(certificate)) as server, tinyproxy(tmp_path, auth=auth) as proxy:
        user = f"{auth.replace(' ', ':')}@" if auth else ""
        monkeypatch.setenv("HTTPS_PROXY", f"http://{user}127.0.0.1:{proxy.port}")
        results = rename(server.options, wanted)
    assert sorted(results, key=str) == sorted(wanted.items(), key=str)
    assert sorted(server.ids()) == sorted(wanted)
    seen = (tmp_path / "tinyproxy.log").read_text(encoding="utf-8")
    assert seen.count(f"CONNECT 127.0.0.1:{server.port} ") == server.connections
    assert KEY not in seen


def test_a_wrong_password_for_tinyproxy(
    caller: Caller,
    tmp_path: Path,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error says which proxy refused, and neither it, its causes nor the log hold the password."""
    caplog.set_level(logging.DEBUG)
    with EditServer(context=tls.server_context(certificate)) as server, tinyproxy(tmp_path, auth="anna right") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://anna:{PASSWORD}@127.0.0.1:{proxy.port}")
        with pytest.raises(errors.APIConnectionError) as caught:
            caller({**server.options, "max_retries": 0}, "order", name="a")
    assert server.requests == []
    assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    encoded = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    below: BaseException | None = caught.value
    told = [caplog.text, "".join(traceback.format_exception(caught.value))]
    while below is not None:
        told += [str(below), repr(below)]
        below = below.__cause__ or below.__context__
    assert not [text for text in told if PASSWORD in text or encoded in text or KEY in text]


# --- A service that is killed and started again ---


@contextmanager
def killing(service: Server, done: Callable[[], int], *, at: list[int]) -> Iterator[None]:
    """Kill the service each time that so many edits are done, and start it again 0.2 s later."""
    is_done = threading.Event()

    def kill() -> None:
        for count in at:
            while done() < count:
                if is_done.wait(0.005):
                    return
            service.kill()
            time.sleep(0.2)
            service.start()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join()


@pytest.mark.slow
def test_a_service_that_is_killed_during_a_bulk_run(tmp_path: Path) -> None:
    """Five times during 5,000 edits, each of which has one result and its name in the database."""
    database = tmp_path / "sandbox.sqlite3"
    with Sandbox(db=database) as sandbox:
        wanted = numbered(sandbox, 5000)
        options = {"api_key": sandbox.api_key, "max_retries": 12, "timeout": 60}
    taken: list[None] = []
    with sandbox_process(database) as service, killing(service, taken.__len__, at=[500, 1400, 2300, 3200, 4100]):
        options["base_url"] = f"http://127.0.0.1:{service.port}"
        results = Rename("sync", in_bulk=True)(options, wanted, each=lambda: taken.append(None), rate=1000.0)
    assert sorted(results, key=str) == sorted(wanted.items(), key=str)
    with Sandbox(db=database) as sandbox:
        assert names_in(sandbox, wanted) == wanted
