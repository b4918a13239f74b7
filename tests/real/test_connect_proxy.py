"""tinyproxy between the client and an https service: it carries the edits and sees nothing of them."""

from __future__ import annotations

import base64
import logging
import traceback
from typing import TYPE_CHECKING

import pytest
from edit_server import KEY, EditServer
from real_servers import tinyproxy
from renames import every_way

from autoenhance import errors

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from callers import Caller
    from renames import Rename

PASSWORD = "s3cret-planted-91c2"


@every_way
@pytest.mark.parametrize("auth", ["", f"anna {PASSWORD}"], ids=["open", "with a password"])
def test_edits_pass(
    rename: Rename, auth: str, tmp_path: Path, server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each edit reaches the service through HTTPS_PROXY, and the proxy sees the service's address and no key."""
    wanted = {f"o-{number}": f"{number} Acacia Avenue" for number in range(20)}
    with EditServer(context=server_context) as server, tinyproxy(tmp_path, auth=auth) as proxy:
        user = f"{auth.replace(' ', ':')}@" if auth else ""
        monkeypatch.setenv("HTTPS_PROXY", f"http://{user}127.0.0.1:{proxy.port}")
        results = rename(server.options, wanted)
    assert sorted(results, key=str) == sorted(wanted.items(), key=str)
    assert sorted(server.ids()) == sorted(wanted)
    seen = (tmp_path / "tinyproxy.log").read_text(encoding="utf-8")
    assert seen.count(f"CONNECT 127.0.0.1:{server.port} ") == server.connections
    assert KEY not in seen


def test_a_wrong_password(
    caller: Caller,
    tmp_path: Path,
    server_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error says which proxy refused, and neither it, its causes nor the log hold the password."""
    caplog.set_level(logging.DEBUG)
    with EditServer(context=server_context) as server, tinyproxy(tmp_path, auth="anna right") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://anna:{PASSWORD}@127.0.0.1:{proxy.port}")
        with pytest.raises(errors.APIConnectionError) as caught:
            caller({**server.options, "max_retries": 0}, "order", name="a")
    assert server.asked == []
    assert f"127.0.0.1:{proxy.port}" in str(caught.value)
    encoded = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    below: BaseException | None = caught.value
    told = [caplog.text, "".join(traceback.format_exception(caught.value))]
    while below is not None:
        told += [str(below), repr(below)]
        below = below.__cause__ or below.__context__
    assert not [text for text in told if PASSWORD in text or encoded in text or KEY in text]
