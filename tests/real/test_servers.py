"""Nginx, tinyproxy and the sandbox as processes, which end connections or are killed: no edit is lost."""

from __future__ import annotations

import base64
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import tls
from bulk import names_in, numbered
from callers import KINDS, at, open_client
from edit_server import KEY, EditServer
from real_servers import nginx, tinyproxy
from real_servers import sandbox as sandbox_process
from tracebacks import chain

from autoenhance import Autoenhance, OrderEdit, errors
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from callers import Caller


def edit_all(kind: str, options: dict[str, Any], wanted: dict[str, str], **limits: Any) -> None:
    """Give orders names, and check that each has its own in its one result."""
    with open_client(kind, limits, **options) as edit:
        orders = edit(OrderEdit(order_id, name=name) for order_id, name in wanted.items())
    assert len(orders) == len(wanted)
    assert {order.order_id: order.name for order in orders} == wanted


# --- Nginx in front of the sandbox ---


@pytest.fixture
def edit_through_nginx(tmp_path: Path, certificate: Path) -> Callable[..., list[int]]:
    """Edits orders; gives for each request how many its connection has had with it."""

    def edit(kind: str, count: int, protocol: str, *, requests: int, **limits: Any) -> list[int]:
        with (
            # Slow enough for requests to share a connection.
            Sandbox(latency=0.02, rate_limit=None) as sandbox,
            nginx(tmp_path, sandbox.url, certificate, requests=requests) as server,
        ):
            wanted = numbered(sandbox, count)
            options = at(sandbox, base_url=f"https://127.0.0.1:{server.port}", http2=protocol == "HTTP/2.0")
            edit_all(kind, options, wanted, **limits)
            assert names_in(sandbox, wanted) == wanted
            lines = [line.split() for line in (tmp_path / "access.log").read_text(encoding="utf-8").splitlines()]
        assert {used for _, used in lines} == {protocol}
        return [int(number) for number, _ in lines]

    return edit


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("protocol", ["HTTP/1.1", pytest.param("HTTP/2.0", marks=pytest.mark.slow)])
def test_nginx_ends_connections_after_three_requests(kind: str, protocol: str, edit_through_nginx: Any) -> None:
    """No edit fails, neither on our own connections nor among those that share an HTTP/2 connection of the caller's."""
    is_bulk = "bulk" in kind
    is_shared = is_bulk and protocol == "HTTP/2.0"
    limits = {"concurrency": 16, "rate": 1000.0} if is_shared else {}
    used = edit_through_nginx(kind, 120 if is_bulk else 15, protocol, requests=3, **limits)
    assert max(used) == 3 or is_shared


@pytest.mark.slow
@pytest.mark.usefixtures("switching_often")
@pytest.mark.parametrize("kind", ["sync threads", *KINDS[3:]])
@pytest.mark.parametrize("protocol", ["HTTP/1.1", "HTTP/2.0"])
def test_nginx_keeps_connections(kind: str, protocol: str, edit_through_nginx: Any) -> None:
    """Edits share connections, none is sent twice, and none gets another order's response, which httpcore mixes up on threads."""
    limits = {"concurrency": 32, "rate": 1000.0} if "bulk" in kind else {}
    assert len(edit_through_nginx(kind, 300, protocol, requests=100_000, **limits)) == 300


# --- tinyproxy in front of an https service ---

PASSWORD = "s3cret-planted-91c2"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("auth", ["", f"anna {PASSWORD}"], ids=["open", "with a password"])
def test_tinyproxy_tunnels_edits(
    kind: str, auth: str, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each edit reaches the service through HTTPS_PROXY, and the proxy sees the service's address and no key."""
    wanted = {f"o-{number}": f"{number} Acacia Avenue" for number in range(10)}
    with EditServer(context=tls.server_context(certificate)) as server, tinyproxy(tmp_path, auth=auth) as proxy:
        user = f"{auth.replace(' ', ':')}@" if auth else ""
        monkeypatch.setenv("HTTPS_PROXY", f"http://{user}127.0.0.1:{proxy.port}")
        edit_all(kind, server.options, wanted)
    assert sorted(server.ids()) == sorted(wanted)
    log = (tmp_path / "tinyproxy.log").read_text(encoding="utf-8")
    assert log.count(f"CONNECT 127.0.0.1:{server.port} ") == server.connections
    assert KEY not in log


def test_a_wrong_proxy_password_is_not_shown(
    caller: Caller,
    tmp_path: Path,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error names the proxy that refused, and neither it, its causes nor the log hold the password."""
    caplog.set_level(logging.DEBUG)
    with EditServer(context=tls.server_context(certificate)) as server, tinyproxy(tmp_path, auth="anna right") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://anna:{PASSWORD}@127.0.0.1:{proxy.port}")
        with pytest.raises(errors.APIConnectionError) as caught:
            caller({**server.options, "max_retries": 0}, "order", name="a")
    assert server.requests == []
    assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    shown = f"{caplog.text}{traceback.format_exception(caught.value)}{[(e, str(e)) for e in chain(caught.value)]}"
    for secret in (PASSWORD, base64.b64encode(f"anna:{PASSWORD}".encode()).decode(), KEY):
        assert secret not in shown


# --- A service that is killed and started again ---


@pytest.mark.slow
def test_a_service_that_is_killed_during_a_bulk_run(tmp_path: Path) -> None:
    """Five times during 5,000 edits, each of which has one result and its name in the database."""
    database = tmp_path / "sandbox.sqlite3"
    with Sandbox(db=database) as sandbox:
        wanted = numbered(sandbox, 5000)
        options: dict[str, Any] = {"api_key": sandbox.api_key, "max_retries": 12, "timeout": 60}
    edits, taken = [OrderEdit(order_id, name=name) for order_id, name in wanted.items()], []
    with (
        sandbox_process(database) as service,
        Autoenhance(**options, base_url=f"http://127.0.0.1:{service.port}") as client,
    ):
        for number, result in enumerate(client.edit_orders(edits, rate=1000.0)):
            assert result.ok
            taken.append(result.edit.order_id)
            if number in {500, 1400, 2300, 3200, 4100}:
                service.kill()
                time.sleep(0.2)
                service.start()
    assert sorted(taken) == sorted(wanted)
    with Sandbox(db=database) as sandbox:
        assert names_in(sandbox, wanted) == wanted
