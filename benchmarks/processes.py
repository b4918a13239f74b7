"""The processes of a measurement: the service on one core, the peers on another."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import certifi
import trustme

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent


def cores() -> tuple[set[int], set[int]]:
    """The core of the peers and that of the service; empty where a process cannot be put on one."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, {usable[1]}) if len(usable) > 1 else (set(), set())


@contextmanager
def pinned(core: set[int]) -> Iterator[None]:
    """Run what is begun here on one core. A child inherits that, so that it needs no fork in Python."""
    if not core:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Service:
    """The server, in a `with` statement."""

    def __init__(self, folder: Path, core: set[int]) -> None:
        self._folder = folder
        self._core = core
        self._process: subprocess.Popen[str]
        self._ports: dict[str, int] = {}
        # What any peer trusts: all that a system trusts, because reading that takes its time, and this server.
        self.trusted = folder / "trusted.pem"

    def url(self, *, latency: int = 0, images: int = 1, scheme: str = "http") -> str:
        """The base URL of a service that answers after so many ms, with an order of so many images."""
        return f"{scheme}://127.0.0.1:{self._ports[scheme]}/{latency}/{images}"

    def __enter__(self) -> Self:
        authority = trustme.CA()
        certificate = self._folder / "server.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        self.trusted.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
        command = [sys.executable, "-m", "benchmarks.server", str(certificate)]
        with pinned(self._core):
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._ports = json.loads(_line(self._process))
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _end(self._process)


class Peer:
    """The process of one peer, in a `with` statement."""

    def __init__(self, python: Path, name: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, HERE / "child.py", name],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, **what: Any) -> Any:
        """Let it do something, and return what it tells."""
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._process.stdin.flush()
        return json.loads(_line(self._process))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _end(self._process)


def lifetime(
    command: list[str | Path], trusted: Path | None = None, *, may_refuse: bool = False
) -> tuple[float, float]:
    """The seconds from the start of a process to its end, and those of CPU that it took.

    Args:
        command: The process.
        trusted: Whom it trusts, if not whom the system does.
        may_refuse: Whether 1 is a status like 0: the work was done, and its result is "no".

    Raises:
        subprocess.CalledProcessError: If it failed.
    """
    variables = environment() | ({"SSL_CERT_FILE": str(trusted), "REQUESTS_CA_BUNDLE": str(trusted)} if trusted else {})
    cpu, began = _cpu_of_children(), time.perf_counter()
    ended = subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    taken = time.perf_counter() - began, _cpu_of_children() - cpu
    if not (may_refuse and ended.returncode == 1):
        ended.check_returncode()
    return taken


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment() -> dict[str, str]:
    """What a peer's process finds: no proxies, no settings of Python's."""
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended with status {process.wait()}; it says why above")
    return line


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None  # noqa: S101  # it is a pipe
    assert process.stdout is not None  # noqa: S101
    process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
