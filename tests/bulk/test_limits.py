"""What a bulk run is told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from autoenhance import AsyncAutoenhance, Autoenhance
from autoenhance._bulk.limits import Limits, read_limits

if TYPE_CHECKING:
    from autoenhance.sandbox import Sandbox

USELESS = [
    ({"concurrency": 0}, ValueError, "concurrency is 0; it must be 1 or more"),
    ({"concurrency": -3}, ValueError, "concurrency is -3"),
    ({"concurrency": 1.5}, TypeError, "concurrency is a whole number, not float"),
    ({"concurrency": True}, TypeError, "concurrency is a whole number, not bool"),
    ({"concurrency": None}, TypeError, "concurrency is a whole number, not NoneType"),
    ({"rate": 0}, ValueError, "rate is 0; it must be above 0"),
    ({"rate": -0.0}, ValueError, "rate is -0.0"),
    ({"rate": -math.inf}, ValueError, "rate is -inf"),
    ({"rate": math.nan}, ValueError, "rate is nan"),
    ({"rate": "250"}, TypeError, "rate is a number, not str"),
    ({"rate": True}, TypeError, "rate is a number, not bool"),
    ({"rate": None}, TypeError, "rate is a number, not NoneType"),
    ({"max_failures": -1}, ValueError, "max_failures is -1; it must be 0 or more, or None"),
    ({"max_failures": 0.5}, TypeError, "max_failures is a whole number or None, not float"),
    ({"max_failures": False}, TypeError, "max_failures is a whole number or None, not bool"),
]


@pytest.mark.parametrize(("told", "kind", "says"), USELESS)
def test_what_is_of_no_use_is_refused_before_anything_is_read(
    told: dict[str, Any], kind: type[Exception], says: str
) -> None:
    """By both clients, at the call itself."""

    def source() -> Any:
        pytest.fail("nothing may be read")
        yield

    with Autoenhance("key") as client, pytest.raises(kind, match=says):
        client.edit_orders(source(), **told)
    with pytest.raises(kind, match=says):
        AsyncAutoenhance("key").edit_orders(source(), **told)


@pytest.mark.parametrize(
    "told",
    [
        {"concurrency": 1, "rate": 1, "max_failures": 0},
        {"concurrency": 10**6, "rate": math.inf, "max_failures": 10**6},
        {"concurrency": 32, "rate": 5e-324, "max_failures": None},
        {"concurrency": 32, "rate": 10**400, "max_failures": None},
    ],
)
def test_what_is_odd_but_of_use_is_taken(told: dict[str, Any]) -> None:
    """No ceiling, one edit at once, a request in a million years."""
    assert read_limits(**told) == Limits(**told)


def test_the_window_grows_with_the_concurrency_and_bounds_memory() -> None:
    """Enough for every worker to have its next edit, and no more."""
    assert read_limits(1, 1.0, None).window == 18
    assert read_limits(32, 1.0, None).window == 80


@pytest.mark.parametrize("edits", [7, None, object()])
def test_edits_that_cannot_be_iterated_are_a_type_error(edits: Any) -> None:
    """At the call itself, not in the middle of a loop."""
    with Autoenhance("key") as client, pytest.raises(TypeError, match="is not iterable"):
        client.edit_orders(edits)
    with pytest.raises(TypeError, match="is not iterable"):
        AsyncAutoenhance("key").edit_orders(edits)


def test_a_closed_client_makes_no_bulk_run(sandbox: Sandbox) -> None:
    """The sync client says so at the call, the async one with the first result: only there it knows its event loop."""
    client = Autoenhance(sandbox.api_key, base_url=sandbox.url)
    client.close()
    with pytest.raises(RuntimeError, match="this client is closed"):
        client.edit_orders([])

    async def closed() -> None:
        client = AsyncAutoenhance(sandbox.api_key, base_url=sandbox.url)
        await client.aclose()
        await anext(client.edit_orders([]))

    for backend in ("asyncio", "trio"):
        with pytest.raises(RuntimeError, match="this client is closed"):
            anyio.run(closed, backend=backend)
