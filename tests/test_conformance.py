"""`make conformance` finds what is not as the contract says, says where, and does a live service no harm."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cassettes import FOLDER
from odd_servers import nobody

import conformance.__main__ as conformance
from command import SPEC
from conformance import exchanges
from conformance.__main__ import KEY, ORDER_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.tools, pytest.mark.slow]

PLANTED_KEY = "planted-key-1f0c"
# An id that is another path, and a placeholder to schemathesis, wherever somebody forgets to quote it.
ORDER = "a/b ${HOME}"
DOCUMENT = json.loads(files("autoenhance_api").joinpath("openapi.json").read_text("utf-8"))
STATUSES = list(DOCUMENT["paths"]["/v3/orders/{id}"]["patch"]["responses"])
FAST = ("--part", "service", "--max-examples", "5")


@dataclass
class Answer:
    """What a service answers with."""

    status: int = 200
    body: Any = field(default_factory=dict)
    content_type: str = "application/json"


@contextmanager
def service(*answers: Answer) -> Iterator[tuple[str, list[tuple[str, str, bytes]]]]:
    """A service that gives these answers in turn, whatever it is asked; gives its URL and what it was asked."""
    asked: list[tuple[str, str, bytes]] = []
    turns = cycle(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two wait for each other

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append((self.command, self.path, content))
            answer = next(turns)
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("content-type", answer.content_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings for a service that is not the sandbox."""
    monkeypatch.setenv(KEY, PLANTED_KEY)
    monkeypatch.setenv(ORDER_ID, ORDER)


def changed(tmp_path: Path, name: str, change: Any) -> list[str]:
    """Arguments to check a copy of a cassette, after a change to its first exchange."""
    cassette = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    change(cassette["interactions"][0])
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(cassette), "utf-8")
    return ["--part", "cassettes", "--cassettes", str(tmp_path)]


def with_body(exchange: Any, **fields: Any) -> None:
    response = exchange["response"]["body"]
    response["string"] = json.dumps({**json.loads(response["string"]), **fields})


def test_the_sandbox_conforms_and_a_run_leaves_nothing_behind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every phase asks, each check is named, 80 columns do, and a second run says the same."""
    monkeypatch.chdir(tmp_path)
    said = []
    for _ in range(2):
        assert conformance.main(["--part", "service", "--max-examples", "5"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "the sandbox: no mismatches." in said[0]
    assert re.search(r"Requests: \d+ examples, \d+ coverage, 5 fuzzing", said[0])
    assert {"200", "401", "404", "422"} <= set(re.findall(r"x (\d{3})", said[0]))
    assert max(map(len, said[0].splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


def test_each_check_is_on_or_its_reason_is_given() -> None:
    """A check that is turned off, or idle, is one that there is, and its reason is in the one table."""
    from conformance import rules, schemathesis_run

    assert rules.OFF.keys() | rules.OFF_LIVE.keys() | rules.IDLE.keys() < set(schemathesis_run.checks())
    assert not rules.OFF_LIVE.keys() & {"not_a_server_error", "status_code_conformance", "response_schema_conformance"}
    for reasons in (rules.OFF, rules.OFF_LIVE, rules.ADAPTED, rules.ADAPTED_SANDBOX, rules.ADAPTED_LIVE):
        assert all(reason.endswith(".") for reason in reasons.values())


# Each way to break the contract, with the check that must see it and what the report must say.
BREACHES = (
    (Answer(body={"name": 7}), "response_schema_conformance", "name: 7 is not of type 'string', 'null'"),
    (Answer(418), "status_code_conformance", "Received: 418"),
    (Answer(307), "status_code_conformance", "Received: 307"),
    (Answer(content_type="text/plain"), "content_type_conformance", "Received: text/plain"),
    (Answer(500), "not_a_server_error", "status 500"),
    (Answer(503, "<html>", "text/html"), "not_a_server_error", "status 503"),
    (Answer(body={"created_at": "yesterday"}), "timestamp_conformance", "created_at: 'yesterday'"),
    (Answer(), "ignored_auth", "without authentication"),
)


@pytest.mark.usefixtures("live")
def test_a_service_that_breaks_the_contract_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, and the report names each check, what was wrong, and a request that shows it."""
    # In another order each time: in the same one, some answers could meet nothing but the requests of a check.
    draw = random.Random(1)  # noqa: S311  # the same in each run
    answers = [answer for _ in range(50) for answer, _, _ in draw.sample(BREACHES, len(BREACHES))]
    with service(*answers) as (url, _):
        assert conformance.main([*FAST, "--max-examples", "30", "--url", url]) == 1
    said = capsys.readouterr().out
    findings = re.split(r"\n\d+\. ", said)[1:]
    for _, check, words in BREACHES:
        assert any(f"({check})" in found and words in " ".join(found.split()) for found in findings), check
    assert all("curl -X PATCH" in found for found in findings)
    assert f"{url}: {len(findings)} mismatches." in said


@pytest.mark.usefixtures("live")
def test_the_field_that_is_wrong_is_named_and_open_enums_are_open(capsys: pytest.CaptureFixture[str]) -> None:
    """Inside of a list that might be null; a value that is not known is no mismatch."""
    body = {"images": [{"cloud_type": "unheard-of"}, {"rating": 6}], "status": "unheard-of", "created_at": "2026-01-01"}
    with service(Answer(body=body)) as (url, _):
        assert conformance.main([*FAST, "--url", url]) == 1
    said = capsys.readouterr().out
    assert "images/1/rating: 6 is greater than the maximum of 5" in said
    assert "unheard-of" not in said


@pytest.mark.usefixtures("live")
def test_a_live_service_is_asked_for_the_one_order_only_and_it_keeps_its_id() -> None:
    """No other method, no other path, no other id in a body: the rest of the account is out of reach."""
    with service(Answer()) as (url, asked):
        conformance.main(["--part", "service", "--max-examples", "20", "--url", url])
    assert {method for method, _, _ in asked} == {"PATCH"}
    assert {path.partition("?")[0] for _, path, _ in asked} == {"/v3/orders/a%2Fb%20%24%7BHOME%7D"}
    edits = [json.loads(body) for _, _, body in asked if b"order_id" in body]
    assert {edit["order_id"] for edit in edits if isinstance(edit["order_id"], str)} == {ORDER}
    assert len(edits) < len(asked)


@pytest.mark.usefixtures("live")
def test_the_key_is_nowhere_in_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Not in a request to repeat, and not where the service repeats it, whole or cut off."""
    with service(Answer(body={"name": [PLANTED_KEY], "created_at": "x" * 30 + PLANTED_KEY * 9})) as (url, _):
        assert conformance.main([*FAST, "--url", url]) == 1
    captured = capsys.readouterr()
    assert PLANTED_KEY[:9] not in captured.out + captured.err
    assert '-H "x-api-key: $AUTOENHANCE_API_KEY"' in captured.out
    assert "[the key]" in captured.out


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("setting", "url", "words"),
    [
        ({ORDER_ID: None}, "https://api.example", ORDER_ID),
        ({ORDER_ID: ".."}, "https://api.example", "does not survive every way"),
        ({ORDER_ID: "a%2fb"}, "https://api.example", "does not survive every way"),
        ({ORDER_ID: "a#b"}, "https://api.example", "does not survive every way"),
        ({KEY: None}, "https://api.example", KEY),
        ({}, "http://api.example", "Use https"),
        ({}, "https://me:planted-key-1f0c@api.example", "a name or a password"),
        ({}, "api.example", "https://"),
    ],
)
def test_what_would_do_harm_is_refused(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    setting: dict[str, str | None],
    url: str,
    words: str,
) -> None:
    """Exit 2 with one line that says what to do; nothing is sent."""
    for name, value in setting.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    assert conformance.main(["--url", url]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert words in captured.err
    assert PLANTED_KEY not in captured.err


@pytest.mark.usefixtures("live")
def test_a_service_that_nobody_runs_is_not_a_mismatch(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and a message instead of a traceback."""
    with nobody() as url:
        assert conformance.main([*FAST, "--url", url]) == 2
    captured = capsys.readouterr()
    assert "could not be checked to the end" in captured.err
    assert "Connection failed" in captured.err
    assert "Traceback" not in captured.out + captured.err


@pytest.mark.usefixtures("live")
def test_a_service_that_refuses_every_edit_has_shown_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong key conforms in every answer; it must not pass for a service that does."""
    with service(Answer(401)) as (url, _):
        assert conformance.main([*FAST, "--url", url]) == 2
    assert "no edit succeeded" in capsys.readouterr().err


def test_the_cassettes_conform(capsys: pytest.CaptureFixture[str]) -> None:
    """One row for each exchange, and one says that it is wrong on purpose."""
    assert conformance.main(["--part", "cassettes"]) == 0
    said = capsys.readouterr().out
    assert len(re.findall(r"^ \w+ \d +PATCH /v3/orders/.* \d{3} +sandbox ", said, re.MULTILINE)) >= 10
    assert said.count("on purpose") == len(exchanges.ON_PURPOSE)
    assert "cassettes: no mismatches." in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    ("cassette", "change", "where", "contract", "recorded"),
    [
        ("edited", lambda it: with_body(it, name=7), "response: /name", 'type: ["string", "null"]', "7"),
        ("edited", lambda it: with_body(it, status=7), "response: /status", 'type: "string"', "7"),
        (
            "edited",
            lambda it: with_body(it, images=[{}, {"rating": 9}]),
            "response: /images/1/rating",
            "maximum: 5",
            "9",
        ),
        (
            "not_found",
            lambda it: it["response"]["status"].update(code=418),
            "response: the status",
            ", ".join(STATUSES),
            "418",
        ),
        (
            "not_found",
            lambda it: it["response"]["headers"].update({"content-type": ["text/plain"]}),
            "response: content-type",
            "application/json",
            "text/plain",
        ),
        (
            "edited",
            lambda it: it.update(request=it["request"] | {"body": '{"name":7}'}),
            "request: /name",
            "string",
            "7",
        ),
        ("edited", lambda it: it["request"].update(method="GET"), "request: OperationNotFound", "not found", "name"),
        ("edited", lambda it: it["response"]["body"].update(string="{"), "response: ", "deserialize", "{"),
    ],
)
def test_a_cassette_that_was_tampered_with_is_found(  # noqa: PLR0917  # one parameter for each thing that is said
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    cassette: str,
    change: Any,
    where: str,
    contract: str,
    recorded: str,
) -> None:
    """Exit 1; its row says so, and below stands where, what the contract says on which line, and what was recorded."""
    assert conformance.main(changed(tmp_path, cassette, change)) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(rf" {cassette} 1 (PATCH|GET) /v3/orders/\S+ \d+ sandbox 0.1.0 .*re(quest|sponse): 1", said)
    assert f"{cassette}.yaml 1, {where}" in said
    assert re.search(rf"contract .*{re.escape(contract)}.* recorded .*{re.escape(recorded)}", said)
    assert "mismatch" in said.rpartition("cassettes:")[2]


def test_the_line_in_the_contract_is_the_rules(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Through references and alternatives, the line that is named holds the rule."""
    conformance.main(changed(tmp_path, "edited", lambda it: with_body(it, images=[{"rating": 9}])))
    found = re.search(r"openapi/spec\.yaml:(\d+): maximum: 5", capsys.readouterr().out)
    assert found
    assert SPEC.read_text("utf-8").splitlines()[int(found[1]) - 1].strip() == "maximum: 5"


def test_a_parameter_that_is_wrong_is_named_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """In the query or a header, of the operation; what was recorded stands below what the contract says."""
    added = (
        "        - {name: new_count, in: query, required: true, description: N, x-source: page, schema: {type: integer}}\n"
        "        - {name: x-new, in: header, required: true, description: N, x-source: page, schema: {type: string}}\n"
    )
    spec, before = tmp_path / "spec.yaml", "      requestBody:\n"
    spec.write_text(SPEC.read_text("utf-8").replace(before, added + before, 1), "utf-8")
    options = changed(tmp_path, "edited", lambda it: it["request"].update(uri=it["request"]["uri"] + "?new_count=x"))
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "edited.yaml").rename(tmp_path / "cassettes/edited.yaml")
    options[-1] = str(tmp_path / "cassettes")
    assert conformance.main([*options, "--spec", str(spec)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    for where, rule, recorded in (
        ("query parameter new_count", 'type: "integer"', '"x"'),
        ("header parameter x-new", "required: true", "null"),
    ):
        assert re.search(rf"request: {where} contract [^:]*:\d+: {rule} recorded {recorded}", said)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[", "is not YAML"), ("interactions: [{}]", "is no cassette"), (None, "there are no cassettes")],
)
def test_what_is_no_cassette_is_not_a_mismatch(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str | None, words: str
) -> None:
    """Exit 2, with the name of the file or folder."""
    if text is not None:
        (tmp_path / "odd.yaml").write_text(text, "utf-8")
    assert conformance.main(["--part", "cassettes", "--cassettes", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert (tmp_path.name if text is None else "odd.yaml") in said


def test_a_contract_that_is_broken_is_not_a_mismatch(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit 2, with the line."""
    (tmp_path / "spec.yaml").write_text(SPEC.read_text("utf-8").replace("schemas/Order'", "schemas/Odder'"), "utf-8")
    assert conformance.main(["--spec", str(tmp_path / "spec.yaml")]) == 2
    assert re.search(r"spec\.yaml:\d+: .*Odder' points to nothing", capsys.readouterr().err)


def test_ctrl_c_stops_the_sandbox(tmp_path: Path) -> None:
    """Exit 130 with one line, and the sandbox's folder is gone."""
    command = [sys.executable, "-P", "-m", "conformance", "--part", "service", "--max-examples", "100000"]
    scripts = Path(__file__).parent.parent / "scripts"
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(scripts)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        while started.poll() is None and not list(tmp_path.glob("autoenhance-sandbox-*/orders.sqlite3")):
            pass
        started.send_signal(signal.SIGINT)
        said, warned = started.communicate(timeout=20)
    assert (started.returncode, said, warned) == (130, "", "conformance: stopped.\n")
    assert not list(tmp_path.glob("autoenhance-sandbox-*"))


def test_make_takes_the_url_from_its_command_line_alone() -> None:
    """A variable of that name in the shell sends nobody's key anywhere."""
    root = Path(__file__).parent.parent

    def command(*arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        environment["URL"] = "https://elsewhere.example"
        run = subprocess.run(  # whichever make there is
            ["make", "-n", "conformance", *arguments],  # noqa: S607
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout

    assert "--url" not in command()
    # make puts what its command line says into the environment, in the place of what was there.
    assert '--url="$URL"' in command("URL=https://api.example")
    assert command("ARGS=--seed 2").rstrip().endswith("--seed 2")
