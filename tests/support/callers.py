"""The sync client, and the async one on asyncio and on trio, driven alike: a test states a behaviour once for all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from anyio.from_thread import start_blocking_portal

from autoenhance import AsyncAutoenhance, Autoenhance, OrderEdit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from anyio.from_thread import BlockingPortal

    from autoenhance.bulk import AsyncEditRun, EditResult, EditRun
    from autoenhance.models import Order, Response

    Handler = Callable[[httpx.Request], httpx.Response]
    Run = EditRun[Any] | AsyncEditRun[Any]
    # Makes edits and returns the orders; a failed edit is raised.
    Editor = Callable[[Iterable[OrderEdit]], list[Order]]
    # Makes a client with options and edits one order.
    EditOne = Callable[..., Order]

BACKENDS = ["sync", "asyncio", "trio"]
KINDS = [*BACKENDS, *(f"{backend} bulk" for backend in BACKENDS)]
_END = object()


class _Driven:
    """An async client or bulk run in the event loop of another thread, with the methods of the sync one."""

    def __init__(self, portal: BlockingPortal, driven: Any) -> None:
        self._portal, self._driven = portal, driven

    def in_loop(self, function: Callable[[], object]) -> None:
        """Call it in the event loop, which does nothing else meanwhile."""
        self._portal.call(function)

    def edit_orders(self, *arguments: Any, **limits: Any) -> _Driven:
        return _Driven(self._portal, self._driven.edit_orders(*arguments, **limits))

    def __iter__(self) -> _Driven:
        return self

    def __next__(self) -> Any:
        async def take() -> Any:
            return await anext(self._driven, _END)

        result = self._portal.call(take)
        if result is _END:
            raise StopIteration
        return result

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._driven, {"close": "aclose"}.get(name, name))
        if name in {"edit_order", "edit_order_detailed", "close"}:
            return lambda *arguments, **options: self._portal.call(partial(attribute, *arguments, **options))
        return attribute


@contextmanager
def opened(backend: str, *, http2: bool = False, **options: Any) -> Iterator[Any]:
    """A client of this backend; the async one is in an event loop on another thread, and has the methods of the sync one.

    With `http2`, it has an httpx client of the caller's, which speaks HTTP/2.
    """
    with ExitStack() as stack:
        portal = None if backend == "sync" else stack.enter_context(start_blocking_portal(backend))

        def enter(manager: Any) -> Any:
            return stack.enter_context(portal.wrap_async_context_manager(manager) if portal else manager)

        if http2:
            options["http_client"] = enter((httpx.AsyncClient if portal else httpx.Client)(http2=True))
        client = enter((AsyncAutoenhance if portal else Autoenhance)(**options))
        yield _Driven(portal, client) if portal else client


@contextmanager
def open_client(kind: str, limits: dict[str, Any] | None = None, **options: Any) -> Iterator[Editor]:
    """A client, as one function that edits orders: one after another, in "bulk", or in 16 "threads"."""
    backend, _, way = kind.partition(" ")

    def edit_one(edit: OrderEdit) -> Order:
        order: Order = client.edit_order(**asdict(edit))
        return order

    def edit_in_threads(edits: Iterable[OrderEdit]) -> list[Order]:
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(edit_one, edits))

    def edit_in_bulk(edits: Iterable[OrderEdit]) -> list[Order]:
        with closing(client.edit_orders(edits, **(limits or {}))) as run:
            return [_order(result) for result in run]

    with opened(backend, **options) as client:
        yield {"bulk": edit_in_bulk, "threads": edit_in_threads}.get(way, lambda edits: list(map(edit_one, edits)))


def _order(result: EditResult[Any]) -> Order:
    if result.error is not None:
        raise result.error
    assert result.order is not None
    return result.order


@dataclass(frozen=True)
class Caller:
    """Makes a client with options, edits an order, closes the client."""

    backend: str = "sync"

    def __call__(self, options: dict[str, Any], *arguments: Any, **edit: Any) -> Response[Order]:
        with opened(self.backend, **options) as client:
            response: Response[Order] = client.edit_order_detailed(*arguments, **edit)
            return response


sync, on_asyncio = Caller("sync"), Caller("asyncio")


def answering(caller: Caller, handler: Handler, **options: Any) -> dict[str, Any]:
    """Options for a client whose requests a function responds to, without a network."""
    http = httpx.Client if caller.backend == "sync" else httpx.AsyncClient
    return {"api_key": "key", "http_client": http(transport=httpx.MockTransport(handler)), **options}


def at(sandbox: Any, **options: Any) -> dict[str, Any]:
    """Options for a client of the sandbox."""
    return {"api_key": sandbox.api_key, "base_url": sandbox.url, **options}


def echo(requests: list[httpx.Request]) -> Handler:
    """A service that keeps the requests and responds with the simplest order."""

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"order_id": "order"})

    return respond


def sent(caller: Caller, *arguments: Any, options: dict[str, Any] | None = None, **edit: Any) -> httpx.Request:
    """The one request for an edit; none has been sent if an error is raised."""
    requests: list[httpx.Request] = []
    try:
        caller({**answering(caller, echo(requests)), **(options or {})}, *arguments, **edit)
    except (TypeError, ValueError):
        assert requests == []
        raise
    (request,) = requests
    return request


@dataclass
class Outcome:
    """What came of a bulk run."""

    results: list[EditResult[Any]] = field(default_factory=list)
    """Those that were taken in the loop, in the order in which they came."""
    rest: list[EditResult[Any]] = field(default_factory=list)
    """Those that were taken after the run was closed."""
    unsent: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    """What was raised where the results were taken."""

    @property
    def all(self) -> list[EditResult[Any]]:
        return self.results + self.rest

    def of(self, order_id: str) -> EditResult[Any]:
        """The one result of an order."""
        (result,) = [result for result in self.all if result.edit.order_id == order_id]
        return result


@dataclass(frozen=True)
class Bulk:
    """Makes a client with options, edits orders, closes the run and then the client."""

    backend: str = "sync"

    def __call__(
        self,
        options: dict[str, Any],
        edits: Any,
        each: Callable[[EditResult[Any], Run], object] = lambda _, __: None,
        **limits: Any,
    ) -> Outcome:
        """Call `each` with each result and the run; the loop is left as soon as it returns True."""
        outcome = Outcome()

        def take(result: EditResult[Any], run: Run) -> object:
            outcome.results.append(result)
            return each(result, run)

        async def run_async() -> None:
            async with AsyncAutoenhance(**options) as client:
                try:
                    async with client.edit_orders(edits, **limits) as run:
                        async for result in run:
                            if take(result, run):
                                break
                except BaseException as error:  # noqa: BLE001  # tests look at it
                    outcome.error = error
                outcome.rest, outcome.unsent = [result async for result in run], run.unsent

        if self.backend != "sync":
            anyio.run(run_async, backend=self.backend)
            return outcome
        with Autoenhance(**options) as client:
            try:
                with client.edit_orders(edits, **limits) as run:
                    for result in run:
                        if take(result, run):
                            break
            except BaseException as error:  # noqa: BLE001  # tests look at it
                outcome.error = error
            outcome.rest, outcome.unsent = list(run), run.unsent
        return outcome


def edits(count: int, *, prefix: str = "order") -> list[OrderEdit]:
    """Edits of as many orders."""
    return [OrderEdit(f"{prefix}-{number}", name=f"Name {number}") for number in range(count)]
