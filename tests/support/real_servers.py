"""Real servers between the client and the service, each a process of its own: nginx, tinyproxy, and the sandbox."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from bulk import wait_for
from programs import program

if TYPE_CHECKING:
    from pathlib import Path

_NGINX = """
{user}
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{}}
http {{
    log_format requests '$connection_requests $server_protocol';
    access_log {folder}/access.log requests;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
    fastcgi_temp_path {folder}/3; scgi_temp_path {folder}/4; uwsgi_temp_path {folder}/5;
    upstream service {{ server {upstream}; keepalive 32; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {certificate}; ssl_certificate_key {certificate};
        keepalive_requests {requests};
        location / {{ proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""
_TINYPROXY = """
Listen 127.0.0.1
Port {port}
MaxClients 100
LogFile "{log}"
LogLevel Info
Allow 127.0.0.1
{auth}
"""


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Server:
    """A server process on 127.0.0.1 that does not outlive its `with` statement, and can be killed and started again in it."""

    def __init__(self, command: list[str], port: int) -> None:
        self._command, self.port = command, port
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start it and return when it listens."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for(self._listens)

    def _listens(self) -> bool:
        assert self._process.poll() is None, f"{self._command[0]} ended with {self._process.returncode}"
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()  # nginx ends its workers before itself
        try:
            self._process.wait(10)
        finally:
            self.kill()


def nginx(folder: Path, upstream: str, certificate: Path, *, requests: int) -> Server:
    """Nginx with HTTP/1.1 and HTTP/2 over TLS, which ends each connection after so many requests."""
    port = free_port()
    config = _NGINX.format(
        folder=folder,
        upstream=upstream.removeprefix("http://"),
        port=port,
        certificate=certificate,
        requests=requests,
        # By default the workers of root are nobody's, who may not enter a folder of root's.
        user="user root;" if os.geteuid() == 0 else "",
    )
    (folder / "nginx.conf").write_text(config, encoding="utf-8")
    command = [program("nginx"), "-e", str(folder / "error.log"), "-p", str(folder), "-c"]
    return Server([*command, str(folder / "nginx.conf")], port)


def tinyproxy(folder: Path, *, auth: str = "") -> Server:
    """A CONNECT proxy that writes tinyproxy.log; with `auth`, it asks for this user and password ("user password")."""
    port = free_port()
    config = _TINYPROXY.format(port=port, log=folder / "tinyproxy.log", auth=f"BasicAuth {auth}" if auth else "")
    (folder / "tinyproxy.conf").write_text(config, encoding="utf-8")
    return Server([program("tinyproxy"), "-d", "-c", str(folder / "tinyproxy.conf")], port)


def sandbox(database: Path) -> Server:
    """The sandbox with its orders in this file, and no limit of requests a second that a test would meet."""
    port = free_port()
    options = ["--port", str(port), "--db", str(database), "--rate-limit", "1000000"]
    return Server([sys.executable, "-m", "autoenhance.sandbox", *options], port)
