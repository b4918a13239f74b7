"""The processes of a run: the server on one core, the peers on another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Any, Final

import certifi
import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
# No proxies, and no settings of Python's.
ENVIRONMENT: Final = {"PATH": os.defpath, "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is running."""

    ports: dict[str, int]
    """By scheme."""
    trusted: Path
    """Certificates that clients trust: as many as a system has, since loading them takes time, and the server's."""

    def url(self, *, latency: int = 0, scheme: str = "http") -> str:
        """The base URL, for responses after so many ms."""
        return f"{scheme}://127.0.0.1:{self.ports[scheme]}/{latency}"


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    """Start a server, and pin it and this process, with all that it starts from now on, to a core each."""
    authority = trustme.CA()
    certificate, trusted = directory / "server.pem", directory / "trusted.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    trusted.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    command = [sys.executable, "-m", "benchmarks.server", str(certificate)]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:
        # Not on every system, and not on one core.
        if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
            os.sched_setaffinity(0, cores[:1])
            os.sched_setaffinity(process.pid, cores[1:2])
        yield Server(_receive(process), trusted)


class Worker(subprocess.Popen[str]):
    """The process of one peer, for a `with` statement."""

    def __init__(self, python: Path, peer: str) -> None:
        super().__init__([python, HERE / "worker.py", peer], env=ENVIRONMENT, stdin=PIPE, stdout=PIPE, text=True)

    def run(self, task: str, **arguments: Any) -> dict[str, Any]:
        """Let it do a task, and return its measurements."""
        print(json.dumps({"task": task, **arguments}), file=self.stdin, flush=True)
        return dict(_receive(self))


def seconds_of(command: list[str | Path], trusted: Path) -> float:
    """The seconds from the start of a process to its end."""
    environment = ENVIRONMENT | {"SSL_CERT_FILE": str(trusted), "REQUESTS_CA_BUNDLE": str(trusted)}
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def _receive(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended with status {process.wait()}; its error is above")
    return json.loads(line)
