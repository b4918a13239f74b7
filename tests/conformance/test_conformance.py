"""`make conformance` reports each mismatch with its place, and does a live service no harm."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from cassettes import FOLDER
from http_services import http_service
from odd_servers import unreachable
from real_contract import OPERATION

import conformance.__main__ as conformance
from command import ROOT, SPEC
from conformance import exchanges
from conformance.__main__ import KEY, ORDER_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.tools, pytest.mark.slow]

PLANTED_KEY = "planted-key-1f0c"
# An id that is another path, and a placeholder to schemathesis, wherever somebody forgets to quote it.
ORDER = "a/b ${HOME}"
FAST = ("--part", "service", "--max-examples", "5")


class Response(NamedTuple):
    """What a service responds with."""

    status: int = 200
    body: Any = {}  # noqa: RUF012  # nobody changes it
    content_type: str = "application/json"


Check = Callable[..., tuple[str, str]]


@contextmanager
def service(*responses: Response) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A service that gives these responses in turn, whatever the request; gives its URL and the requests."""
    requests: list[tuple[str, str, bytes]] = []
    turns = cycle(responses)

    def respond(*request: Any) -> tuple[int, dict[str, str], bytes]:
        requests.append(request)
        status, body, content_type = next(turns)
        return status, {"content-type": content_type, "location": "/elsewhere"}, json.dumps(body).encode()

    with http_service(respond) as url:
        yield url, requests


@pytest.fixture(autouse=True)
def _live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings for a service that is not the sandbox, which does not read them."""
    monkeypatch.setenv(KEY, PLANTED_KEY)
    monkeypatch.setenv(ORDER_ID, ORDER)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Run the command, which must end with this exit status; gives standard output and standard error."""

    def run(status: int, *arguments: str) -> tuple[str, str]:
        assert conformance.main([*arguments]) == status
        return capsys.readouterr()

    return run


def changed(tmp_path: Path, name: str, part: str, **values: Any) -> list[str]:
    """Arguments to check a copy of a cassette, with other values in the request or the response of its first exchange."""
    cassette = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    message = cassette["interactions"][0][part]
    message |= {key: message[key] | value if isinstance(value, dict) else value for key, value in values.items()}
    folder = tmp_path / "cassettes"
    folder.mkdir()
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(cassette), "utf-8")
    return ["--part", "cassettes", "--cassettes", str(folder)]


def test_the_sandbox_conforms_and_a_run_leaves_no_files(
    check: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every phase sends requests, the report fits 80 columns, and a second run gives the same one."""
    monkeypatch.chdir(tmp_path)
    first, second = check(0, *FAST), check(0, *FAST)
    assert first == second
    out, _ = first
    assert "the sandbox: no mismatches." in out
    assert re.search(r"Requests: \d+ examples, \d+ coverage, 5 fuzzing", out)
    assert {"200", "401", "404", "422"} <= set(re.findall(r"x (\d{3})", out))
    assert max(map(len, out.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_each_check_is_on_or_has_a_reason() -> None:
    """Each check that is turned off or idle exists, and has its reason in rules.py."""
    from conformance import rules, schemathesis_run

    assert rules.OFF.keys() | rules.OFF_LIVE.keys() | rules.IDLE.keys() < set(schemathesis_run.checks())
    assert not rules.OFF_LIVE.keys() & {"not_a_server_error", "status_code_conformance", "response_schema_conformance"}
    for reasons in (rules.OFF, rules.OFF_LIVE, rules.ADAPTED, rules.ADAPTED_SANDBOX, rules.ADAPTED_LIVE):
        assert all(reasons.values())


# Each way to break the contract, with the check that must see it and what the report must say.
BREACHES = (
    (Response(body={"name": 7}), "response_schema_conformance", "name: 7 is not of type 'string', 'null'"),
    (Response(418), "status_code_conformance", "Received: 418"),
    (Response(307), "status_code_conformance", "Received: 307"),
    (Response(content_type="text/plain"), "content_type_conformance", "Received: text/plain"),
    (Response(500), "not_a_server_error", "status 500"),
    (Response(503, "<html>", "text/html"), "not_a_server_error", "status 503"),
    (Response(body={"created_at": "yesterday"}), "timestamp_conformance", "created_at: 'yesterday'"),
    (Response(), "ignored_auth", "without authentication"),
)


def test_each_breach_of_the_contract_is_a_mismatch(check: Check) -> None:
    """Exit 1, and the report names each check, what was wrong, and a request that shows it."""
    # In another order each time: in the same one, some responses could meet nothing but the requests of a check.
    draw = random.Random(1)  # noqa: S311  # the same in each run
    responses = [response for _ in range(50) for response, _, _ in draw.sample(BREACHES, len(BREACHES))]
    with service(*responses) as (url, _):
        out, _ = check(1, *FAST, "--max-examples", "30", "--url", url)
    findings = re.split(r"\n\d+\. ", out)[1:]
    for _, name, words in BREACHES:
        assert any(f"({name})" in finding and words in " ".join(finding.split()) for finding in findings), name
    assert all("curl -X PATCH" in finding for finding in findings)
    assert f"{url}: {len(findings)} mismatches." in out


def test_a_mismatch_names_the_field_and_open_enums_are_open(check: Check) -> None:
    """Also inside a list that may be null; an unknown value is no mismatch."""
    body = {"images": [{"cloud_type": "unheard-of"}, {"rating": 6}], "status": "unheard-of", "created_at": "2026-01-01"}
    with service(Response(body=body)) as (url, _):
        out, _ = check(1, *FAST, "--url", url)
    assert "images/1/rating: 6 is greater than the maximum of 5" in out
    assert "unheard-of" not in out


def test_a_live_service_gets_requests_for_one_order_only_which_keeps_its_id() -> None:
    """No other method, no other path, no other id in a body: the rest of the account is out of reach."""
    with service(Response()) as (url, requests):
        conformance.main(["--part", "service", "--max-examples", "20", "--url", url])
    assert {method for method, _, _ in requests} == {"PATCH"}
    assert {path.partition("?")[0] for _, path, _ in requests} == {"/v3/orders/a%2Fb%20%24%7BHOME%7D"}
    edits = [json.loads(body) for _, _, body in requests if b"order_id" in body]
    assert {edit["order_id"] for edit in edits if isinstance(edit["order_id"], str)} == {ORDER}
    assert len(edits) < len(requests)


def test_the_key_is_not_in_the_output(check: Check) -> None:
    """Not in a request to repeat, and not where the service repeats it, whole or cut off."""
    with service(Response(body={"name": [PLANTED_KEY], "created_at": "x" * 30 + PLANTED_KEY * 9})) as (url, _):
        out, err = check(1, *FAST, "--url", url)
    assert PLANTED_KEY[:9] not in out + err
    assert '-H "x-api-key: $AUTOENHANCE_API_KEY"' in out
    assert "[the key]" in out


@pytest.mark.parametrize(
    ("setting", "url", "words"),
    [
        ({ORDER_ID: None}, "https://api.example", ORDER_ID),
        ({ORDER_ID: ".."}, "https://api.example", "must not contain"),
        ({ORDER_ID: "a%2fb"}, "https://api.example", "must not contain"),
        ({ORDER_ID: "a#b"}, "https://api.example", "must not contain"),
        ({KEY: None}, "https://api.example", KEY),
        ({}, "http://api.example", "must be https"),
        ({}, "https://me:planted-key-1f0c@api.example", "a user name or a password"),
        ({}, "api.example", "https://"),
    ],
)
def test_unsafe_settings_are_refused(
    check: Check, monkeypatch: pytest.MonkeyPatch, setting: dict[str, str | None], url: str, words: str
) -> None:
    """Exit 2 with one line that says what to do; nothing is sent."""
    for name, value in setting.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    out, err = check(2, "--url", url)
    assert (out, len(err.splitlines())) == ("", 1)
    assert words in err
    assert PLANTED_KEY not in err


def test_a_service_that_is_not_reached_is_an_error(check: Check) -> None:
    """Exit 2, and a message instead of a traceback."""
    with unreachable() as url:
        out, err = check(2, *FAST, "--url", url)
    assert re.search(r"could not be completed(?s:.*)Connection failed", err)
    assert "Traceback" not in out + err


def test_a_service_that_refuses_every_edit_is_an_error(check: Check) -> None:
    """A wrong key conforms in every response; it must not pass for a service that does."""
    with service(Response(401)) as (url, _):
        _, err = check(2, *FAST, "--url", url)
    assert "no edit succeeded" in err


def test_the_cassettes_conform(check: Check) -> None:
    """One row for each exchange; those that are wrong on purpose are marked."""
    out, _ = check(0, "--part", "cassettes")
    assert len(re.findall(r"^ \w+ \d +PATCH /v3/orders/.* \d{3} +sandbox ", out, re.MULTILINE)) >= 10
    assert out.count("on purpose") == len(exchanges.ON_PURPOSE)
    assert "cassettes: no mismatches." in out
    assert max(map(len, out.splitlines())) <= 80


TYPES = {"content-type": ["text/plain"]}
CHANGED = [
    ("edited", {"body": {"string": '{"name": 7}'}}, "response: /name", 'type: ["string", "null"]', "7"),
    ("edited", {"body": {"string": '{"status": 7}'}}, "response: /status", 'type: "string"', "7"),
    (
        "edited",
        {"body": {"string": '{"images": [{}, {"rating": 9}]}'}},
        "response: /images/1/rating",
        "maximum: 5",
        "9",
    ),
    ("edited", {"body": {"string": "{"}}, "response: ", "deserialize", "{"),
    ("not_found", {"status": {"code": 418}}, "response: the status", ", ".join(OPERATION["responses"]), "418"),
    ("not_found", {"headers": TYPES}, "response: content-type", "application/json", "text/plain"),
    ("edited", {"body": '{"name":7}'}, "request: /name", "string", "7"),
    ("edited", {"method": "GET"}, "request: OperationNotFound", "not found", "name"),
]


@pytest.mark.parametrize(("cassette", "change", "where", "contract", "recorded"), CHANGED)
def test_a_changed_cassette_is_a_mismatch(  # noqa: PLR0917  # the columns of the table
    check: Check, tmp_path: Path, cassette: str, change: Any, where: str, contract: str, recorded: str
) -> None:
    """Exit 1; its row shows it, and below it are the place, the rule with its line in the contract, and what was recorded."""
    out, _ = check(1, *changed(tmp_path, cassette, where.partition(":")[0], **change))
    lines = re.findall(r"openapi/spec\.yaml:(\d+): (\w+:)", out)
    assert lines or "/" not in where
    for line, rule in lines:
        assert SPEC.read_text("utf-8").splitlines()[int(line) - 1].strip().startswith(rule)
    out = " ".join(out.split())
    assert re.search(rf" {cassette} 1 (PATCH|GET) /v3/orders/\S+ \d+ sandbox 0.1.0 .*re(quest|sponse): 1", out)
    assert f"{cassette}.yaml 1, {where}" in out
    assert re.search(rf"contract .*{re.escape(contract)}.* recorded .*{re.escape(recorded)}", out)
    assert "mismatch" in out.rpartition("cassettes:")[2]


def test_a_wrong_parameter_is_named_with_its_line(check: Check, tmp_path: Path) -> None:
    """In the query or a header, with the rule of the contract and what was recorded."""
    added = (
        "        - {name: new_count, in: query, required: true, description: N, x-source: page, schema: {type: integer}}\n"
        "        - {name: x-new, in: header, required: true, description: N, x-source: page, schema: {type: string}}\n"
    )
    spec, before = tmp_path / "spec.yaml", "      requestBody:\n"
    spec.write_text(SPEC.read_text("utf-8").replace(before, added + before, 1), "utf-8")
    options = changed(tmp_path, "edited", "request", uri="https://api.autoenhance.ai/v3/orders/a?new_count=x")
    out, _ = check(1, *options, "--spec", str(spec))
    out = " ".join(out.split())
    for where, rule, recorded in (
        ("query parameter new_count", 'type: "integer"', '"x"'),
        ("header parameter x-new", "required: true", "null"),
    ):
        assert re.search(rf"request: {where} contract [^:]*:\d+: {rule} recorded {recorded}", out)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[", "is not YAML"), ("interactions: [{}]", "is not a cassette"), (None, "no cassettes in")],
)
def test_an_invalid_cassette_is_an_error(check: Check, tmp_path: Path, text: str | None, words: str) -> None:
    """Exit 2, with the name of the file or folder."""
    if text is not None:
        (tmp_path / "odd.yaml").write_text(text, "utf-8")
    _, err = check(2, "--part", "cassettes", "--cassettes", str(tmp_path))
    assert words in err
    assert (tmp_path.name if text is None else "odd.yaml") in err


def test_a_broken_contract_is_an_error(check: Check, tmp_path: Path) -> None:
    """Exit 2, with the line."""
    (tmp_path / "spec.yaml").write_text(SPEC.read_text("utf-8").replace("schemas/Order'", "schemas/Odder'"), "utf-8")
    _, err = check(2, "--spec", str(tmp_path / "spec.yaml"))
    assert re.search(r"spec\.yaml:\d+: .*Odder' has no target", err)


def test_ctrl_c_stops_the_sandbox(tmp_path: Path) -> None:
    """Exit 130 with one line, and the sandbox's folder is gone."""
    command = [sys.executable, "-P", "-m", "conformance", "--part", "service", "--max-examples", "100000"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT / "scripts")}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as started:
        while started.poll() is None and not list(tmp_path.glob("autoenhance-sandbox-*/orders.sqlite3")):
            pass
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=20)
    assert (started.returncode, out, err) == (130, "", "conformance: interrupted\n")
    assert not list(tmp_path.glob("autoenhance-sandbox-*"))


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    """As `| head` does: no traceback, and the exit status is the same."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-P", "-m", "conformance", "--part", "cassettes"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with os.fdopen(writer) as output:
        done = subprocess.run(command, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_make_takes_the_url_from_its_command_line_only() -> None:
    """A variable of that name in the shell sends nobody's key anywhere."""

    def shown(*arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        environment["URL"] = "https://elsewhere.example"
        command = ["make", "-n", "conformance", *arguments]
        return subprocess.check_output(command, cwd=ROOT, env=environment, text=True)

    assert "--url" not in shown()
    # make puts variables of its command line into the environment, and replaces those that were there.
    assert '--url="$URL"' in shown("URL=https://api.example")
    assert shown("ARGS=--seed 2").rstrip().endswith("--seed 2")
