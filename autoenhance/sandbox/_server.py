"""The sandbox: a server on 127.0.0.1 in a thread, and the file with its orders."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from autoenhance.sandbox._app import CONNECTION, SandboxResponse, Service
from autoenhance.sandbox._contract import load_contract
from autoenhance.sandbox._orders import EMPTY, Orders
from autoenhance.sandbox._simulation import DEFAULT_RATE_LIMIT, Simulation, read_plan

if TYPE_CHECKING:
    import asyncio

DEFAULT_API_KEY = "sandbox-key"
_HOST = "127.0.0.1"


class Sandbox:
    """A local service that implements the API contract, on a thread of this process.

    Use it in a `with` statement, or call `start` and `stop`. `latency` and `fail_rate` simulate a slow or unreliable service.

    Args:
        db: The SQLite file with the orders; it is created if it does not exist, and is not deleted. By default a temporary
            file.
        api_key: The API key that it accepts; `sandbox-key` by default.
        port: The port on 127.0.0.1; by default a free one.
        rate_limit: The requests per second before it responds with 429, None for no limit; 300 by default, as the service
            allows from one IP address (its rate-limit page).
        latency: The wait in seconds before each request is handled, or the shortest and the longest wait; 0 by default.
        fail_rate: The share of requests, 0 to 1, that fail; 0 by default. There are six ways, each equally often: 500, 502 or
            503 without making the edit; 504 after making it; and closing the connection without a response, before or after
            making it.
        seed: Decides which requests fail, how, and how long each waits. The same seed and requests give the same failures and
            waits, in any order. By default it is random; the attribute `seed` has it.

    Raises:
        ValueError: If the key cannot be sent in a header, or a latency or fail rate is invalid.
    """

    def __init__(
        self,
        *,
        db: str | os.PathLike[str] | None = None,
        api_key: str = DEFAULT_API_KEY,
        port: int = 0,
        rate_limit: int | None = DEFAULT_RATE_LIMIT,
        latency: float | tuple[float, float] = 0.0,
        fail_rate: float = 0.0,
        seed: int | None = None,
    ) -> None:
        if not api_key or not api_key.isascii() or not api_key.isprintable() or api_key != api_key.strip():
            raise ValueError("api_key is not a valid header value")
        self.api_key = api_key
        self._db = db
        self._port = port
        self._rate_limit = rate_limit
        self._simulation = Simulation(read_plan(latency=latency, fail_rate=fail_rate, seed=seed))
        self._folder: Path | None = None
        self._running: tuple[uvicorn.Server, threading.Thread, Orders, Service, str] | None = None

    def start(self) -> Self:
        """Start the service, and return when it accepts requests.

        Returns:
            This sandbox.

        Raises:
            OSError: If the port is in use.
            RuntimeError: If it is running.
            ValueError: If the file cannot be opened, or is not a database of the sandbox.
        """
        if self._running:
            raise RuntimeError("this sandbox is already running")
        # asyncio sets TCP_NODELAY only where the protocol is given; without it each response takes 40 ms more.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((_HOST, self._port))
            # Here, because two sockets that are only bound do not conflict.
            listener.listen(128)
            orders = Orders(self._path())
        except BaseException:
            listener.close()
            self._remove_folder()
            raise
        service = Service(load_contract(), orders, self._simulation, api_key=self.api_key, rate_limit=self._rate_limit)
        config = uvicorn.Config(
            service.app(),
            http=_Protocol,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        server = _Server(config)
        url = f"http://{_HOST}:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listener],), name="autoenhance-sandbox", daemon=True)
        self._running = server, thread, orders, service, url
        thread.start()
        while not server.ready.wait(0.1):
            if not thread.is_alive():
                self.stop()
                raise OSError("the sandbox's server ended before it was ready")
        return self

    def stop(self) -> None:
        """Stop the service, and delete the orders if their file is temporary. Stopping twice is allowed."""
        if self._running is None:
            return
        server, thread, orders, _, _ = self._running
        self._running = None
        server.should_exit = True
        thread.join()
        orders.close()
        self._remove_folder()

    @property
    def url(self) -> str:
        """The URL of the service: the `base_url` for a client. Raises a `RuntimeError` if it is not running."""
        return self._parts()[4]

    @property
    def seed(self) -> int:
        """The seed that decides which requests fail, and how long each waits."""
        return self._simulation.plan.seed

    @property
    def simulation(self) -> str:
        """The simulated latency, fail rate and seed as text; empty if it is neither slow nor unreliable."""
        return "" if self._simulation.is_off else str(self._simulation.plan)

    @property
    def order_ids(self) -> list[str]:
        """The ids of its orders, the oldest order first. Raises a `RuntimeError` if it is not running."""
        return self._parts()[2].ids()

    def order(self, order_id: str) -> dict[str, Any] | None:
        """Return one order as it is now, as a response would have it.

        Args:
            order_id: The id of the order.

        Returns:
            The fields of the order by name; None if no order has this id.

        Raises:
            RuntimeError: If it is not running.
        """
        return self._parts()[2].get(order_id)

    def add_order(self, order: Mapping[str, Any]) -> None:
        """Add an order; it replaces one with the same id.

        Args:
            order: The fields of the order by name, as a response would have them; at least `order_id`.

        Raises:
            RuntimeError: If it is not running.
            ValueError: If no request can contain this id.
        """
        self._parts()[2].add({**EMPTY, **order})

    def add_orders(self, order_ids: Iterable[str]) -> None:
        """Add an order without a name or images for each id that no order has.

        Args:
            order_ids: The ids of the orders.

        Raises:
            RuntimeError: If it is not running.
            ValueError: If no request can contain one of these ids; no order was added.
        """
        if isinstance(order_ids, str):
            raise ValueError("order_ids is a string; give a list of ids")  # noqa: TRY004  # as for every invalid id
        self._parts()[2].add_missing(order_ids)

    def answer_next(
        self, status: int, *, headers: Mapping[str, str] | None = None, body: bytes = b"", times: int = 1
    ) -> None:
        """Send this response to the next requests of any kind, as the service or a proxy might.

        Args:
            status: The HTTP status.
            headers: The headers; by default none.
            body: The body; empty by default.
            times: How many requests get it; 1 by default.

        Raises:
            RuntimeError: If it is not running.
        """
        self._parts()[3].planned.extend([SandboxResponse(status, headers or {}, body)] * times)

    def reset(self) -> None:
        """Restore the orders and the simulated failures of a new sandbox, and drop the responses of `answer_next`.

        Raises:
            RuntimeError: If it is not running.
        """
        self._parts()[2].reset()
        self._simulation.reset()
        self._parts()[3].planned.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _parts(self) -> tuple[uvicorn.Server, threading.Thread, Orders, Service, str]:
        if self._running is None:
            raise RuntimeError("this sandbox is not running; use it in a with statement, or call start()")
        return self._running

    def _path(self) -> Path:
        if self._db is not None:
            return Path(self._db)
        self._folder = Path(tempfile.mkdtemp(prefix="autoenhance-sandbox-"))
        # For a sandbox that is never stopped; a forked child must not remove its parent's folder.
        weakref.finalize(self, _remove, self._folder, os.getpid())
        return self._folder / "orders.sqlite3"

    def _remove_folder(self) -> None:
        if self._folder is not None:
            _remove(self._folder, os.getpid())
            self._folder = None


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


class _Protocol(H11Protocol):
    """HTTP with the connection in the state of each request, so that the service can close it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in h11_impl
        super().connection_made(transport)
        self.app_state = {**self.app_state, CONNECTION: transport}


class _Server(uvicorn.Server):
    """A server with an event that is set when it accepts requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()
