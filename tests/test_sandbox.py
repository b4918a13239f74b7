"""The sandbox answers as the contract says, keeps its orders, and starts and stops cleanly."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from callers import at
from terminal import SCRIPT

from autoenhance import Autoenhance, RateLimitError
from autoenhance.cli import main
from autoenhance.sandbox import Sandbox
from autoenhance.sandbox import __main__ as program
from autoenhance.sandbox._contract import Contract, Request, Response, load_contract
from autoenhance.sandbox._foreground import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def patch(sandbox: Sandbox, order_id: str = "harbour-view-7", **given: Any) -> httpx.Response:
    """A bare request; what comes back is checked against the contract."""
    headers = {"x-api-key": sandbox.api_key, "content-type": "application/json", **given.pop("headers", {})}
    body = given.pop("body", b'{"name": "a"}')
    answer = httpx.patch(f"{sandbox.url}/v3/orders/{order_id}", headers=headers, content=body)
    request = Request("patch", f"/v3/orders/{order_id}", headers, body)
    response = Response(answer.status_code, answer.headers, answer.content)
    assert load_contract().problems_of_response(request, response) == []
    return answer


def test_an_edit_changes_the_order_and_answers_with_it(sandbox: Sandbox) -> None:
    """The answer is the order as it stands afterwards, with the time of the edit."""
    before = sandbox.order("harbour-view-7")
    answer = patch(sandbox)
    assert answer.status_code == 200
    assert answer.json() == sandbox.order("harbour-view-7")
    assert before is not None
    changed = {key for key, value in answer.json().items() if before[key] != value}
    assert changed == {"name", "last_updated_at"}


@pytest.mark.parametrize(
    ("given", "status", "answer"),
    [
        ({"headers": {"x-api-key": "wrong"}}, 401, {"detail": {}, "message": "Unauthorized"}),
        ({"order_id": "nope"}, 404, {"detail": {}, "message": "Not Found"}),
        ({"body": b"{"}, 400, {"detail": {}, "message": "Bad Request"}),
        ({"headers": {"content-type": "text/plain"}}, 400, {"detail": {}, "message": "Bad Request"}),
        (
            {"body": b'{"name": null}'},
            422,
            {"detail": {"json": {"name": ["Field may not be null."]}}, "message": "Validation error"},
        ),
        (
            {"body": b'{"name": 7, "order_id": []}'},
            422,
            {
                "detail": {"json": {"name": ["Not a valid string."], "order_id": ["Not a valid string."]}},
                "message": "Validation error",
            },
        ),
        (
            {"body": b"[]"},
            422,
            {"detail": {"json": {"_schema": ["Invalid input type."]}}, "message": "Validation error"},
        ),
        (
            {"body": b"null"},
            422,
            {"detail": {"json": {"_schema": ["Invalid input type."]}}, "message": "Validation error"},
        ),
    ],
)
def test_a_refusal_has_the_shape_of_the_services(
    sandbox: Sandbox, given: dict[str, Any], status: int, answer: dict[str, Any]
) -> None:
    """The bodies are those that APIFlask writes, and nothing is changed."""
    before = sandbox.order("harbour-view-7")
    response = patch(sandbox, **given)
    assert (response.status_code, response.json()) == (status, answer)
    assert sandbox.order("harbour-view-7") == before


def test_a_key_that_is_not_ascii_is_a_wrong_key(sandbox: Sandbox) -> None:
    """Bytes that no key has are refused, not tripped over."""
    answer = httpx.patch(sandbox.url + "/v3/orders/a", headers=[(b"x-api-key", b"\xe9")])
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_edit_of_nothing_is_an_edit(sandbox: Sandbox, body: bytes) -> None:
    """The service takes an empty body as an empty object; our client does not send one."""
    assert patch(sandbox, body=body).status_code == 200


def test_a_field_that_the_contract_does_not_list_is_ignored(sandbox: Sandbox) -> None:
    """Newer API versions accept more; the sandbox accepts it and does nothing."""
    answer = patch(sandbox, body=b'{"name": "a", "not_in_the_contract": "name"}')
    assert answer.status_code == 200
    assert "not_in_the_contract" not in answer.json()


def test_another_order_id_moves_the_order(sandbox: Sandbox) -> None:
    """A choice of the sandbox's, because the service does not document it: the order lives under its new id."""
    old = sandbox.order_ids[0]
    answer = patch(sandbox, old, body=b'{"order_id": "new"}')
    assert answer.json()["order_id"] == "new"
    assert {image["order_id"] for image in answer.json()["images"]} == {"new"}
    assert patch(sandbox, old).status_code == 404
    assert patch(sandbox, "new").status_code == 200


def test_an_id_that_is_in_use_is_a_conflict(sandbox: Sandbox) -> None:
    """Another choice: 409, as when an order is created with a used id, and both orders stay."""
    body = json.dumps({"order_id": sandbox.order_ids[0]}).encode()
    assert patch(sandbox, body=body).status_code == 409
    assert len(sandbox.order_ids) == 3
    assert patch(sandbox, body=b'{"order_id": "harbour-view-7"}').status_code == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v3/orders/a", 405), ("PATCH", "/v3/orders", 404)])
def test_what_is_not_in_the_contract_is_not_served(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    """Other paths and methods get the service's kind of error."""
    answer = httpx.request(method, sandbox.url + path)
    assert answer.status_code == status
    assert answer.json() == {"detail": {}, "message": HTTPStatus(status).phrase}


def test_too_many_requests_a_second_get_429() -> None:
    """The limit counts over a second and passes with it."""
    with Sandbox(rate_limit=3) as sandbox:
        assert [patch(sandbox).status_code for _ in range(4)] == [200, 200, 200, 429]
        with Autoenhance(**at(sandbox, max_retries=0)) as client, pytest.raises(RateLimitError):
            client.edit_order("harbour-view-7", name="a")
        with Autoenhance(**at(sandbox, max_retries=20)) as client:
            assert client.edit_order("harbour-view-7", name="a").name == "a"


def test_planned_answers_come_first_and_once(sandbox: Sandbox) -> None:
    """answer_next rehearses what a service or proxy can do."""
    sandbox.answer_next(503, headers={"content-type": "text/html", "retry-after": "1"}, body=b"<html>", times=2)
    answers = [httpx.patch(sandbox.url + "/v3/orders/a") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 401]
    assert (answers[0].content, answers[0].headers["retry-after"]) == (b"<html>", "1")


def test_an_answer_against_the_contract_is_never_sent(sandbox: Sandbox) -> None:
    """The sandbox cannot drift: an order that is no order becomes a 500 that says why."""
    sandbox.add_order({"order_id": "odd", "is_deleted": "perhaps"})
    answer = patch(sandbox, "odd")
    assert answer.status_code == 500
    assert "is_deleted: 'perhaps' is not of type" in answer.json()["message"]


def test_the_orders_survive_in_a_file(tmp_path: Path) -> None:
    """With db the next sandbox goes on where this one stopped."""
    path = tmp_path / "orders.sqlite3"
    with Sandbox(db=path) as sandbox:
        patch(sandbox, body=b'{"name": "kept"}')
    with Sandbox(db=path) as sandbox:
        kept = sandbox.order("harbour-view-7")
        assert kept is not None
        assert kept["name"] == "kept"
        sandbox.reset()
        assert (sandbox.order("harbour-view-7") or {})["name"] == "Harbour View 7"
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM orders").fetchone() == (3,)
    database.close()


def test_without_a_file_nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The temporary file goes when the sandbox stops."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Sandbox() as sandbox:
        assert len(sandbox.order_ids) == 3
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused_and_left(tmp_path: Path) -> None:
    """Somebody's file is not overwritten."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)
    with pytest.raises(ValueError, match=r"letter\.txt is not a database of the sandbox"):
        Sandbox(db=path).start()
    assert path.read_text() == "Dear reader, " * 100


def test_somebody_elses_database_is_refused_and_left(tmp_path: Path) -> None:
    """A file with other tables, even one called orders, gets no orders of ours."""
    path = tmp_path / "shop.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE orders (number INTEGER)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"shop\.sqlite3 is not a database of the sandbox: it holds other things"):
        Sandbox(db=path).start()
    assert path.read_bytes() == before


def test_an_order_without_images_can_move_too(sandbox: Sandbox) -> None:
    """What add_order takes, an edit copes with."""
    sandbox.add_order({"order_id": "bare", "images": None})
    assert patch(sandbox, "bare", body=b'{"order_id": "moved"}').json()["order_id"] == "moved"


def test_a_reset_forgets_planned_answers(sandbox: Sandbox) -> None:
    """A test that planned too much does not spoil the next one."""
    sandbox.answer_next(503)
    sandbox.reset()
    assert patch(sandbox).status_code == 200


def test_the_limit_of_a_sandbox_is_the_services_and_the_fixture_has_none(sandbox: Sandbox) -> None:
    """300 a second, as the rate-limit page says; a test suite is not held up by it."""
    limited = Sandbox()
    assert (limited._rate_limit, sandbox._rate_limit) == (300, None)


def test_a_port_that_is_taken_is_an_error_at_start() -> None:
    """The error is the system's own, and nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        Sandbox(port=other.getsockname()[1]).start()


def test_a_sandbox_that_does_not_run_says_so() -> None:
    """Starting twice, or asking for the url too early, is a mistake with a name; stopping twice is fine."""
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="does not run; use it in a with statement"):
        _ = sandbox.url
    with sandbox, pytest.raises(RuntimeError, match="runs already"):
        sandbox.start()
    sandbox.stop()


def test_an_order_to_add_needs_an_id(sandbox: Sandbox) -> None:
    """The id is the one thing that cannot be left out."""
    with pytest.raises(ValueError, match="order_id None: no request can reach"):
        sandbox.add_order({"name": "a"})


@pytest.mark.parametrize("api_key", ["", " x", "k\n", "é"])
def test_a_key_that_no_client_can_send_is_refused(api_key: str) -> None:
    """A sandbox that nobody can use is a mistake."""
    with pytest.raises(ValueError, match="api_key is no text that a header could hold"):
        Sandbox(api_key=api_key)


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"content-type": "application/json;"}},
        {"headers": {"content-type": ";"}},
        {"body": b'{"name": "\xff"}'},
        {"body": b'{"a":' * 3000 + b"1" + b"}" * 3000},
    ],
)
def test_what_is_hardly_json_is_refused_and_breaks_nothing(sandbox: Sandbox, given: dict[str, Any]) -> None:
    """An answer of the contract's, not a plain 500."""
    headers = {"x-api-key": sandbox.api_key, "content-type": "application/json", **given.get("headers", {})}
    url = f"{sandbox.url}/v3/orders/harbour-view-7"
    answer = httpx.patch(url, headers=headers, content=given.get("body", b'{"name": "a"}'))
    assert answer.status_code in {200, 400}
    assert answer.headers["content-type"] == "application/json"


def test_several_that_want_one_port_do_not_wait_for_ever() -> None:
    """One gets it, the others say that it is taken."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    processes = [run("--port", str(port)) for _ in range(3)]
    said = []
    for process in processes:
        assert process.stdout
        said.append(process.stdout.readline())
    for process in processes:
        process.terminate()
        process.communicate(timeout=10)
    assert sum(line.startswith("The sandbox listens") for line in said) == 1
    assert sorted(process.returncode for process in processes) == [0, 2, 2]


def test_the_seeds_are_orders_of_the_contract(sandbox: Sandbox) -> None:
    """What a new sandbox has would pass as the service's."""
    assert len(sandbox.order_ids) == 3
    for order_id in sandbox.order_ids:
        assert patch(sandbox, order_id).status_code == 200


def test_the_contract_is_the_one_that_the_generated_package_carries() -> None:
    """A change to the contract reaches the sandbox by regenerating, and by nothing else."""
    assert load_contract() is load_contract()
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Another", "version": "1"},
        "servers": [{"url": "https://example.com"}],
        "paths": {"/a": {"get": {"responses": {"204": {"description": "Nothing."}}}}},
    }
    contract = Contract(document)
    assert contract.problems_of_request(Request("get", "/a", {}, b"")) == []
    (problem,) = contract.problems_of_request(Request("get", "/b", {}, b""))
    assert problem.kind == "PathNotFound"


def run(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "autoenhance.sandbox", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_stopped(number: signal.Signals, tmp_path: Path) -> None:
    """It says where it listens and with which key, in lines that a shell understands; Ctrl-C ends it quietly."""
    with run("--port", "0", "--db", str(tmp_path / "orders.sqlite3")) as process:
        assert process.stdout
        assert process.stderr
        lines = [process.stdout.readline() for _ in range(6)]
        exported = dict(re.findall(r"^export (\w+)=(\S+)$", "".join(lines), re.MULTILINE))
        headers = {"x-api-key": exported["AUTOENHANCE_API_KEY"], "content-type": "application/json"}
        url = f"{exported['AUTOENHANCE_BASE_URL']}/v3/orders/harbour-view-7"
        assert httpx.patch(url, json={"name": "a"}, headers=headers).status_code == 200
        assert "harbour-view-7" in lines[5]
        os.kill(process.pid, number)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_the_command_says_why_it_cannot_start(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One sentence and exit status 2, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert program.main(["--port", str(other.getsockname()[1])]) == 2
    assert program.main(["--port", "99999"]) == 2
    assert program.main(["--db", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(":")[0] for line in said.err.splitlines()] == ["The sandbox cannot start"] * 3


def test_without_the_extra_the_error_says_what_to_install() -> None:
    """Importing the client and the pytest plugin works without the extra; the sandbox says what it needs."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['uvicorn', 'starlette', 'openapi_core']))\n"
        "import autoenhance, autoenhance.sandbox, autoenhance.sandbox.pytest_plugin\n"
        "autoenhance.Autoenhance\n"
        "try: autoenhance.sandbox.Sandbox\n"
        "except ModuleNotFoundError as error: print(error)\n"
        "try: autoenhance.sandbox.Sand\n"
        "except AttributeError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        "the sandbox needs 'uvicorn': pip install 'autoenhance-orders[sandbox]'",
        "module 'autoenhance.sandbox' has no attribute 'Sand'",
    ]


def test_users_get_a_fixture_that_is_new_in_each_test(pytester: pytest.Pytester) -> None:
    """`autoenhance_sandbox` is there without an import or a conftest."""
    pytester.makepyfile(
        """
        from autoenhance import Autoenhance

        def test_one(autoenhance_sandbox):
            with Autoenhance(autoenhance_sandbox.api_key, base_url=autoenhance_sandbox.url) as client:
                assert client.edit_order("harbour-view-7", name="changed").name == "changed"

        def test_two(autoenhance_sandbox):
            assert autoenhance_sandbox.order("harbour-view-7")["name"] == "Harbour View 7"
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_many_orders_can_be_added_at_once(sandbox: Sandbox) -> None:
    """Each without a name or images, as the contract has it; those that are there stay as they are."""
    before = sandbox.order("harbour-view-7")
    sandbox.add_orders(f"o-{number}" for number in range(5000))
    sandbox.add_orders(["harbour-view-7", "o-1"])
    assert len(sandbox.order_ids) == 5003
    assert sandbox.order("harbour-view-7") == before
    assert sandbox.order("o-4999") == {"order_id": "o-4999", "name": None, "created_at": None, "images": []}
    assert patch(sandbox, "o-4999").status_code == 200
    sandbox.reset()
    assert len(sandbox.order_ids) == 3


@pytest.mark.parametrize("order_ids", [["a", "", "b"], "abc"])
def test_orders_that_could_not_be_asked_for_are_not_added(sandbox: Sandbox, order_ids: Any) -> None:
    """No order without an id, and none for each letter of one; nor any of the others then."""
    before = sandbox.order_ids
    with pytest.raises(ValueError, match=r"order_id '': no request can reach|order_ids is one text"):
        sandbox.add_orders(order_ids)
    assert sandbox.order_ids == before


def test_orders_are_added_all_or_none(sandbox: Sandbox) -> None:
    """What goes wrong with one of them, or with where they come from, leaves no half of them, and no lock."""

    def broken() -> Iterator[str]:
        yield "o-1"
        raise LookupError

    before = sandbox.order_ids
    with pytest.raises(LookupError):
        sandbox.add_orders(broken())
    with pytest.raises(ValueError, match="no request can reach"):
        sandbox.add_orders(["o-1", "\ud800"])
    assert sandbox.order_ids == before
    sandbox.add_orders(["o-1"])
    assert len(sandbox.order_ids) == len(before) + 1


def test_the_command_has_the_orders_of_a_table(tmp_path: Path) -> None:
    """As edit-orders reads it; they are served, and stay in --db."""
    table, database = tmp_path / "orders.csv", tmp_path / "orders.sqlite3"
    table.write_text("order_id;name\n" + "".join(f"o-{number};{'a' * 500}\n" for number in range(40)))
    options = ["--port", "0", "--orders", str(table), "--db", str(database), "--max-name-length", "500"]
    with subprocess.Popen([SCRIPT, "sandbox", *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(6)]
            exported = dict(re.findall(r"^export (\w+)=(\S+)$", "".join(lines), re.MULTILINE))
            headers = {"x-api-key": exported["AUTOENHANCE_API_KEY"], "content-type": "application/json"}
            url = f"{exported['AUTOENHANCE_BASE_URL']}/v3/orders/o-39"
            assert httpx.patch(url, json={"name": "a"}, headers=headers).json()["name"] == "a"
        finally:
            process.terminate()
    assert process.returncode == 0
    assert lines[5].startswith("Orders: o-0, o-1, ")
    assert lines[5].endswith(", and 33 more\n")
    with closing(sqlite3.connect(database)) as opened:
        assert opened.execute("SELECT count(*) FROM orders").fetchone() == (43,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,name\no-1,a\n", "orders.csv: no column order_id; "),
        ("order_id,name\n,a\n", "orders.csv: row 2, column A (order_id): "),
        (None, "orders.csv' cannot be read: "),
    ],
)
def test_a_table_with_errors_is_refused_by_the_sandbox_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    """A rehearsal with fewer orders than there are rows would be none."""
    table = tmp_path / "orders.csv"
    if content is not None:
        table.write_text(content)
    assert main(["sandbox", "--port", "0", "--orders", str(table)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err
    if content is not None:
        assert "1 error; the sandbox did not start" in shown.err


def test_an_id_in_a_table_that_no_request_could_reach_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sandbox does not start without the order, and is not left running."""
    table = tmp_path / "orders.csv"
    table.write_text("order_id,name\na/b,c\n")
    before = threading.active_count()
    assert main(["sandbox", "--port", "0", "--orders", str(table)]) == 2
    assert threading.active_count() == before
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "'a/b'" in shown.err
    assert "Traceback" not in shown.err


@pytest.mark.slow
def test_orders_that_cannot_be_kept_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Here because another program has the database; the sandbox is not left running."""
    database = tmp_path / "orders.sqlite3"
    with closing(sqlite3.connect(database, isolation_level=None)) as other:

        def order_ids() -> Iterator[str]:
            other.execute("BEGIN EXCLUSIVE")
            yield "o-1"

        before = threading.active_count()
        assert serve(port=0, db=str(database), order_ids=order_ids()) == 2
        assert threading.active_count() == before
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "The sandbox cannot start: database is locked\n"
