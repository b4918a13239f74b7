"""The sandbox simulates a slow or unreliable service, and repeats a simulation with the same seed."""

from __future__ import annotations

import time
from collections import Counter
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandboxes import ORDER_ID, patch

from autoenhance.sandbox import Sandbox
from autoenhance.sandbox._simulation import Plan, SimulatedError, parse_latency

PATH, BODY = f"/v3/orders/{ORDER_ID}", b'{"name": "new"}'


def edit(sandbox: Sandbox, name: str = "a", query: str = "") -> int | None:
    """The status of the response, None if there was none."""
    try:
        return patch(sandbox, body=f'{{"name": "{name}"}}'.encode(), query=query).status_code
    except httpx.RemoteProtocolError:
        return None


def test_each_error_is_one_of_six() -> None:
    """After a gateway timeout, and on every second connection that is closed, the edit was made."""
    outcomes = set()
    with Sandbox(fail_rate=1, seed=1) as sandbox:
        for number in range(60):
            status = edit(sandbox, str(number))
            outcomes.add((status, (sandbox.order(ORDER_ID) or {})["name"] == str(number)))
    assert outcomes == {(500, False), (502, False), (503, False), (504, True), (None, False), (None, True)}


def test_the_same_seed_gives_the_same_errors_in_any_order() -> None:
    """They depend on the seed, the request and the number of identical requests before it; a reset starts again."""
    requests = [(f"name {number % 3}", f"a={number}") for number in range(6)] * 2

    def statuses(sandbox: Sandbox, requests: list[tuple[str, str]]) -> dict[tuple[str, str], list[int | None]]:
        received: dict[tuple[str, str], list[int | None]] = {}
        for request in requests:
            received.setdefault(request, []).append(edit(sandbox, *request))
        return received

    with Sandbox(fail_rate=0.5, seed=7) as sandbox:
        first, second = statuses(sandbox, requests), statuses(sandbox, requests)
        sandbox.reset()
        assert statuses(sandbox, sorted(requests, reverse=True)) == first != second
    with Sandbox(fail_rate=0.5, seed=8) as sandbox:
        assert statuses(sandbox, requests) != first


def test_each_response_comes_after_the_latency() -> None:
    """At the earliest, also within a range."""
    with Sandbox(latency=(0.1, 0.15)) as sandbox:
        begun = time.monotonic()
        assert {edit(sandbox) for _ in range(2)} == {200}
        assert time.monotonic() - begun >= 0.19


def test_a_request_over_the_rate_limit_uses_up_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one gets the response that it would have got."""
    times = iter([0.0, 0.5, 1.0, 2.0, 3.0])
    monkeypatch.setattr("autoenhance.sandbox._app.time", SimpleNamespace(monotonic=lambda: next(times)))
    with Sandbox(rate_limit=1, fail_rate=0.5, seed=3) as sandbox:
        statuses = [edit(sandbox) for _ in range(3)]
        sandbox.reset()
        first, second = edit(sandbox), edit(sandbox)
    assert first != second
    assert statuses == [first, 429, second]


def test_errors_are_as_frequent_as_the_fail_rate_and_equally_likely() -> None:
    """In 12,000 requests; at 0 none fails, and at 1 each."""
    never, some, always = (
        Counter(Plan((0, 0), rate, 1).step(PATH, b"%d" % n, 0).fault for n in range(12_000)) for rate in (0, 0.25, 1)
    )
    assert (never, always[None]) == ({None: 12_000}, 0)
    assert some[None] == pytest.approx(9000, abs=200)
    assert [some[fault] for fault in SimulatedError] == pytest.approx([500] * 6, abs=100)


@given(st.floats(0, 10), st.floats(0, 10), st.integers(), st.binary(), st.integers(0, 1000))
def test_a_wait_is_within_its_range(one: float, other: float, seed: int, body: bytes, occurrence: int) -> None:
    """Never shorter than the shortest nor longer than the longest, and the same each time."""
    plan = Plan((min(one, other), max(one, other)), 0.5, seed)
    step = plan.step(PATH, body, occurrence)
    assert min(one, other) <= step.wait <= max(one, other) + 1e-9
    assert plan.step(PATH, body, occurrence) == step


def test_the_errors_of_a_seed_stay_the_same_from_version_to_version() -> None:
    """So that a seed in a bug report is of use."""
    steps = [Plan((0, 1), 0.5, 42).step(PATH, BODY, n) for n in range(6)]
    assert [step.fault for step in steps] == [
        SimulatedError.BAD_GATEWAY,
        None,
        None,
        SimulatedError.CUT_AFTER,
        None,
        SimulatedError.UNAVAILABLE,
    ]


def test_the_simulation_is_described_with_its_seed() -> None:
    """Also with a random one, so that it can be repeated; without a simulation there is no description."""
    chosen = Sandbox(fail_rate=0.1)
    assert chosen.simulation == f"latency 0 s, fail rate 0.1, seed {chosen.seed}"
    assert Sandbox(latency=(0.1, 0.5), seed=5).simulation == "latency 0.1 to 0.5 s, fail rate 0, seed 5"
    assert Sandbox().simulation == ""


@pytest.mark.parametrize(
    ("text", "latency"), [("0", 0), ("0.3", 0.3), (".5", 0.5), ("0.1-0.5", (0.1, 0.5)), (" 1.-2 ", (1, 2))]
)
def test_a_latency_is_seconds_or_a_range(text: str, latency: object) -> None:
    assert parse_latency(text) == latency


@pytest.mark.parametrize("text", ["", "fast", "-1", "0.1-", "1-2-3", "nan", "1e3", "0.1,0.5"])
def test_an_invalid_latency_is_refused(text: str) -> None:
    """With examples of valid ones."""
    with pytest.raises(ValueError, match=r"is not a latency; give seconds such as 0\.3, or a range such as 0\.1-0\.5"):
        parse_latency(text)
