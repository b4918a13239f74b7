"""The sandbox rehearses a slow or unreliable service, and can do so again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callers import at
from hypothesis import given
from hypothesis import strategies as st

from autoenhance import APIConnectionError, Autoenhance
from autoenhance.sandbox import Sandbox
from autoenhance.sandbox import __main__ as program
from autoenhance.sandbox._contract import Request, Response, load_contract
from autoenhance.sandbox._simulation import Fault, Plan, Simulation, parse_latency

if TYPE_CHECKING:
    from collections.abc import Iterable

# A seed for each fault that this request meets first, so that a test of one fault needs one request.
PATH, BODY = "/v3/orders/harbour-view-7", b'{"name": "new"}'
SEED_OF = {
    fault: next(seed for seed in range(1000) if Plan((0, 0), 1, seed).step(PATH, BODY, 0).fault is fault)
    for fault in Fault
}


def patch(sandbox: Sandbox, name: str = "new", http: httpx.Client | None = None) -> int | None:
    """The status of an edit, None if there was no answer."""
    headers = {"x-api-key": sandbox.api_key, "content-type": "application/json"}
    body = f'{{"name": "{name}"}}'.encode()
    try:
        answer = (http or httpx).request("PATCH", sandbox.url + PATH, headers=headers, content=body)
    except httpx.RemoteProtocolError:
        return None
    response = Response(answer.status_code, answer.headers, answer.content)
    assert load_contract().problems_of_response(Request("patch", PATH, headers, body), response) == []
    return answer.status_code


@pytest.mark.parametrize(
    ("fault", "status", "edited"),
    [
        (Fault.INTERNAL_ERROR, 500, False),
        (Fault.BAD_GATEWAY, 502, False),
        (Fault.UNAVAILABLE, 503, False),
        (Fault.GATEWAY_TIMEOUT, 504, True),
        (Fault.CUT_BEFORE, None, False),
        (Fault.CUT_AFTER, None, True),
    ],
)
def test_each_fault_is_what_it_says(fault: Fault, status: int | None, *, edited: bool) -> None:
    """Its answer, or none, and an order that was edited or was not."""
    with Sandbox(fail_rate=1, seed=SEED_OF[fault]) as sandbox:
        assert patch(sandbox) == status
        assert (sandbox.order("harbour-view-7") or {})["name"] == ("new" if edited else "Harbour View 7")


def test_the_client_knows_a_cut_connection_and_gets_through_in_the_end() -> None:
    """It says that the edit may have happened; another attempt meets another fault, or none."""
    body = httpx.Request("PATCH", "http://a", json={"name": "new"}).content  # as the client writes it
    seed = next(n for n in range(1000) if Plan((0, 0), 1, n).step(PATH, body, 0).fault is Fault.CUT_AFTER)
    said = r"broke before .* The edit may have happened"
    with (
        Sandbox(fail_rate=1, seed=seed) as sandbox,
        Autoenhance(**at(sandbox, max_retries=0)) as client,
        pytest.raises(APIConnectionError, match=said),
    ):
        client.edit_order("harbour-view-7", name="new")
    with Sandbox(fail_rate=0.5, seed=1) as sandbox, Autoenhance(**at(sandbox, max_retries=50)) as client:
        assert client.edit_order("harbour-view-7", name="new").name == "new"


def test_the_same_seed_gives_the_same_faults_in_any_order() -> None:
    """What a request meets depends on the seed, on itself and on how often it came; not on the others."""
    names = [f"name {number}" for number in range(6)] * 2

    def faults(names: Iterable[str], seed: int) -> dict[str, list[int | None]]:
        met: dict[str, list[int | None]] = {}
        with Sandbox(fail_rate=0.5, seed=seed) as sandbox, httpx.Client() as http:
            for name in names:
                met.setdefault(name, []).append(patch(sandbox, name, http))
        return met

    first = faults(names, 7)
    assert faults(sorted(names, reverse=True), 7) == first
    assert faults(names, 8) != first
    assert len({status for statuses in first.values() for status in statuses}) > 2


def test_a_reset_begins_the_rehearsal_anew() -> None:
    """The requests after it meet what the first ones met."""
    with Sandbox(fail_rate=0.5, seed=3) as sandbox, httpx.Client() as http:
        first = [patch(sandbox, http=http) for _ in range(8)]
        again = [patch(sandbox, http=http) for _ in range(8)]
        sandbox.reset()
        assert [patch(sandbox, http=http) for _ in range(8)] == first != again


@pytest.mark.parametrize(("fail_rate", "failed"), [(0, {False}), (1, {True})])
def test_a_fail_rate_of_0_and_of_1_leaves_nothing_to_chance(fail_rate: float, failed: set[bool]) -> None:
    """No request fails, or every one, whatever the seed."""
    steps = [Plan((0, 0), fail_rate, seed).step(PATH, BODY, n) for seed in range(50) for n in range(20)]
    assert {step.fault is not None for step in steps} == failed


def test_the_share_of_faults_is_the_fail_rate_and_each_is_as_likely() -> None:
    """Over 12,000 requests, within what chance does."""
    steps = [Plan((0, 0), 0.25, 1).step(PATH, b"%d" % n, 0) for n in range(12_000)]
    counts = [sum(step.fault is fault for step in steps) for fault in Fault]
    assert sum(counts) == pytest.approx(3000, abs=200)
    assert all(count == pytest.approx(500, abs=100) for count in counts)


@given(st.floats(0, 10), st.floats(0, 10), st.integers(), st.binary(), st.integers(0, 1000))
def test_a_wait_is_within_its_range(one: float, other: float, seed: int, body: bytes, occurrence: int) -> None:
    """Never shorter than the shortest nor longer than the longest, and the same each time."""
    plan = Plan((min(one, other), max(one, other)), 0.5, seed)
    step = plan.step(PATH, body, occurrence)
    assert min(one, other) <= step.wait <= max(one, other) + 1e-9
    assert plan.step(PATH, body, occurrence) == step


def test_the_draws_stay_the_same_from_version_to_version() -> None:
    """A seed that is written down is worth something: these are pinned."""
    plan = Plan((0, 1), 0.5, 42)
    assert [plan.step(PATH, BODY, n).fault for n in range(6)] == PINNED


PINNED = [Fault.BAD_GATEWAY, None, None, Fault.CUT_AFTER, None, Fault.UNAVAILABLE]


def test_latency_holds_up_every_answer() -> None:
    """Each request waits at least as long as was said."""
    with Sandbox(latency=(0.1, 0.15)) as sandbox, httpx.Client() as http:
        begun = time.monotonic()
        assert {patch(sandbox, http=http) for _ in range(3)} == {200}
        assert time.monotonic() - begun >= 0.29


def test_a_client_that_waits_less_than_the_latency_gives_up() -> None:
    """Timeouts can be rehearsed."""
    with (
        Sandbox(latency=1) as sandbox,
        Autoenhance(**at(sandbox, timeout=0.1, max_retries=0)) as client,
        pytest.raises(APIConnectionError, match="did not answer"),
    ):
        client.edit_order("harbour-view-7", name="new")


def test_too_many_requests_are_told_how_long_to_wait() -> None:
    """429 with Retry-After, at once, and no fault is used up on it."""
    headers = {"x-api-key": "sandbox-key", "content-type": "application/json"}
    with Sandbox(rate_limit=1, fail_rate=1, seed=SEED_OF[Fault.BAD_GATEWAY]) as sandbox:
        answers = [httpx.patch(sandbox.url + PATH, headers=headers, content=BODY) for _ in range(2)]
    assert [(answer.status_code, answer.headers.get("retry-after")) for answer in answers] == [(502, None), (429, "1")]


@pytest.mark.parametrize(
    ("text", "latency"), [("0", 0), ("0.3", 0.3), (".5", 0.5), ("0.1-0.5", (0.1, 0.5)), (" 1.-2 ", (1, 2))]
)
def test_a_latency_is_seconds_or_a_range(text: str, latency: Any) -> None:
    """As it stands on a command line."""
    assert parse_latency(text) == latency


@pytest.mark.parametrize("text", ["", "fast", "-1", "0.1-", "1-2-3", "nan", "1e3", "0.1,0.5"])
def test_a_latency_that_is_neither_is_refused(text: str) -> None:
    """With what it could be."""
    with pytest.raises(ValueError, match=r"is no latency; give seconds such as 0\.3, or a range such as 0\.1-0\.5"):
        parse_latency(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"latency": -1}, "latency is -1; it must be 0 or more"),
        ({"latency": (2, 1)}, r"latency is \(2, 1\); .* the shorter wait first"),
        ({"latency": float("inf")}, "latency is inf"),
        ({"fail_rate": 1.1}, "fail_rate is 1.1; it must be from 0"),
        ({"fail_rate": float("nan")}, "fail_rate is nan"),
    ],
)
def test_a_sandbox_that_cannot_rehearse_that_says_so(options: dict[str, Any], said: str) -> None:
    """When it is made, not when the first request comes."""
    with pytest.raises(ValueError, match=said):
        Sandbox(**options)


def test_a_seed_is_chosen_and_told() -> None:
    """A rehearsal that was not given a seed can be repeated too; one that changes nothing keeps no books."""
    chosen = Sandbox(fail_rate=0.1)
    assert chosen.simulation == f"latency 0 s, fail rate 0.1, seed {chosen.seed}"
    assert Sandbox(latency=(0.1, 0.5), seed=5).simulation == "latency 0.1 to 0.5 s, fail rate 0, seed 5"
    assert Sandbox().simulation == ""
    quiet = Simulation(Plan((0, 0), 0, 1))
    quiet.next(PATH, BODY)
    assert not quiet._seen


def test_the_command_rehearses() -> None:
    """The options reach the sandbox, and the seed is shown."""
    command = [sys.executable, "-W", "error", "-m", "autoenhance.sandbox", "--port", "0", "--fail-rate", "1"]
    command += ["--latency", "0.01-0.02", "--rate-limit", "2", "--seed", str(SEED_OF[Fault.UNAVAILABLE])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        lines = [process.stdout.readline() for _ in range(7)]
        seed = SEED_OF[Fault.UNAVAILABLE]
        assert lines[6] == f"Simulation: latency 0.01 to 0.02 s, fail rate 1, seed {seed}\n"
        exported = dict(re.findall(r"^export (\w+)=(\S+)$", "".join(lines), re.MULTILINE))
        headers = {"x-api-key": exported["AUTOENHANCE_API_KEY"], "content-type": "application/json"}
        answer = httpx.patch(exported["AUTOENHANCE_BASE_URL"] + PATH, headers=headers, content=BODY)
        assert answer.status_code == 503
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    "arguments", [["--latency", "fast"], ["--fail-rate", "2"], ["--rate-limit", "0"], ["--latency", "2-1"]]
)
def test_the_command_refuses_a_rehearsal_of_nonsense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit status 2."""
    assert program.main(["--port", "0", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("The sandbox cannot start: ")
    assert said.err.count("\n") == 1
