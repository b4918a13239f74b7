"""The sandbox simulates a slow or unreliable service, and can do so again."""

from __future__ import annotations

import time
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandboxes import ORDER_ID, patch

from autoenhance.sandbox import Sandbox
from autoenhance.sandbox._simulation import Fault, Plan, parse_latency

if TYPE_CHECKING:
    from collections.abc import Iterable

PATH, BODY = f"/v3/orders/{ORDER_ID}", b'{"name": "new"}'


def edit(sandbox: Sandbox, name: str = "a", query: str = "") -> int | None:
    """The status of an edit, None if there was no response."""
    try:
        return patch(sandbox, body=f'{{"name": "{name}"}}'.encode(), query=query).status_code
    except httpx.RemoteProtocolError:
        return None


def test_each_error_is_one_of_six() -> None:
    """After a gateway's timeout, and on every second connection that is closed, the edit was done."""
    found = set()
    with Sandbox(fail_rate=1, seed=1) as sandbox:
        for number in range(60):
            status = edit(sandbox, str(number))
            found.add((status, (sandbox.order(ORDER_ID) or {})["name"] == str(number)))
    assert found == {(500, False), (502, False), (503, False), (504, True), (None, False), (None, True)}


def test_the_same_seed_gives_the_same_errors_in_any_order() -> None:
    """What a request gets depends on the seed, on itself and on how often it came; a reset begins anew."""
    requests = [(f"name {number % 3}", f"a={number}") for number in range(6)] * 2

    def statuses(sandbox: Sandbox, requests: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[int | None]]:
        found: dict[tuple[str, str], list[int | None]] = {}
        for request in requests:
            found.setdefault(request, []).append(edit(sandbox, *request))
        return found

    with Sandbox(fail_rate=0.5, seed=7) as sandbox:
        first = statuses(sandbox, requests)
        again = statuses(sandbox, requests)
        sandbox.reset()
        assert statuses(sandbox, sorted(requests, reverse=True)) == first != again
    with Sandbox(fail_rate=0.5, seed=8) as sandbox:
        assert statuses(sandbox, requests) != first


def test_each_request_is_answered_after_the_latency() -> None:
    """At the earliest, also within a range."""
    with Sandbox(latency=(0.1, 0.15)) as sandbox:
        begun = time.monotonic()
        assert {edit(sandbox) for _ in range(2)} == {200}
        assert time.monotonic() - begun >= 0.19


def test_a_request_beyond_the_rate_limit_uses_up_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one after it gets what it would have got."""
    times = iter([0.0, 0.5, 1.0, 2.0, 3.0])
    monkeypatch.setattr("autoenhance.sandbox._app.time", SimpleNamespace(monotonic=lambda: next(times)))
    with Sandbox(rate_limit=1, fail_rate=0.5, seed=3) as sandbox:
        statuses = [edit(sandbox) for _ in range(3)]
        sandbox.reset()
        statuses += [edit(sandbox) for _ in range(2)]
    first, second = statuses[3:]
    assert first != second
    assert statuses[:3] == [first, 429, second]


def test_the_share_of_errors_is_the_fail_rate_and_each_is_as_likely() -> None:
    """Over 12,000 requests, within what chance does; at 0 and 1 nothing is left to chance."""
    counts = {
        rate: Counter(Plan((0, 0), rate, 1).step(PATH, b"%d" % n, 0).fault for n in range(12_000))
        for rate in (0, 0.25, 1)
    }
    assert counts[0] == {None: 12_000}
    assert counts[1][None] == 0
    assert counts[0.25][None] == pytest.approx(9000, abs=200)
    assert [counts[0.25][fault] for fault in Fault] == pytest.approx([500] * 6, abs=100)


@given(st.floats(0, 10), st.floats(0, 10), st.integers(), st.binary(), st.integers(0, 1000))
def test_a_wait_is_within_its_range(one: float, other: float, seed: int, body: bytes, occurrence: int) -> None:
    """Never shorter than the shortest nor longer than the longest, and the same each time."""
    plan = Plan((min(one, other), max(one, other)), 0.5, seed)
    step = plan.step(PATH, body, occurrence)
    assert min(one, other) <= step.wait <= max(one, other) + 1e-9
    assert plan.step(PATH, body, occurrence) == step


def test_the_errors_of_a_seed_stay_the_same_from_version_to_version() -> None:
    """A seed that is written down is worth something."""
    steps = [Plan((0, 1), 0.5, 42).step(PATH, BODY, n) for n in range(6)]
    assert [step.fault for step in steps] == [Fault.BAD_GATEWAY, None, None, Fault.CUT_AFTER, None, Fault.UNAVAILABLE]


def test_a_simulation_can_be_repeated_without_having_chosen_a_seed() -> None:
    """The sandbox says which seed it has taken; one that simulates nothing says nothing."""
    chosen = Sandbox(fail_rate=0.1)
    assert chosen.simulation == f"latency 0 s, fail rate 0.1, seed {chosen.seed}"
    assert Sandbox(latency=(0.1, 0.5), seed=5).simulation == "latency 0.1 to 0.5 s, fail rate 0, seed 5"
    assert Sandbox().simulation == ""


@pytest.mark.parametrize(
    ("text", "latency"), [("0", 0), ("0.3", 0.3), (".5", 0.5), ("0.1-0.5", (0.1, 0.5)), (" 1.-2 ", (1, 2))]
)
def test_a_latency_is_seconds_or_a_range(text: str, latency: float | tuple[float, float]) -> None:
    """As it stands on a command line."""
    assert parse_latency(text) == latency


@pytest.mark.parametrize("text", ["", "fast", "-1", "0.1-", "1-2-3", "nan", "1e3", "0.1,0.5"])
def test_a_latency_that_is_neither_is_refused(text: str) -> None:
    """With what it could be."""
    with pytest.raises(ValueError, match=r"is not a latency; give seconds such as 0\.3, or a range such as 0\.1-0\.5"):
        parse_latency(text)
