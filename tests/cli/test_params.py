"""What an edit can set, as the contract has it: options, columns, and values of every type from text and from JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sample_contract
from sample_contract import FIELDS

from autoenhance._params import BODY
from autoenhance.cli._header import COLUMNS
from autoenhance.cli._text import option_name, printable
from autoenhance.cli._values import is_text, read_json, read_text
from autoenhance_api.edit_order_params import PARAMS, Param

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal import Command

MAIN = "import sys; from autoenhance.cli import main; sys.exit(main())"


def by_keyword(param: Param) -> str:
    return param.keyword


# --- What the contract has ---


@pytest.mark.parametrize("param", PARAMS, ids=by_keyword)
def test_every_parameter_is_an_option(command: Command, param: Param) -> None:
    """With the first sentence of what the contract says of it, in 80 columns."""
    ran = command("edit-order", "--help")
    assert ran.status == 0
    _, _, shown = ran.out.partition(f"\n  {option_name(param.keyword)} ")
    assert " ".join(param.description.partition(". ")[0].split()) in " ".join(shown.split())
    assert max(map(len, ran.out.splitlines())) <= 80


def test_every_field_of_the_body_is_a_column(command: Command) -> None:
    """And the help names it."""
    assert ("order_id", *(param.keyword for param in BODY)) == COLUMNS
    ran = command("edit-orders", "--help")
    assert f"({', '.join(COLUMNS[1:])})" in " ".join(ran.out.split())
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("param", BODY, ids=by_keyword)
@pytest.mark.parametrize("separator", ["_", "-", " ", " - ", "\t"])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_a_column_may_be_written_as_people_write_it(
    command: Command, tmp_path: Path, param: Param, separator: str, case: Callable[[str], str]
) -> None:
    """In any case, with blanks, dashes or underscores between its words, in CSV and in JSON Lines."""
    title = f" {case(param.keyword).replace('_', separator)} "
    table = tmp_path / "orders"
    # What is wrong with a value that nobody knows is said with its column.
    for text, label in (
        (f"order_id;{title}\na;\x01\n", f"column B ({printable(title.strip())})"),
        (json.dumps({"order_id": "a", title: "\x01"}), param.keyword),
    ):
        table.write_text(text, "utf-8")
        ran = command("edit-orders", str(table), "--dry-run")
        assert ran.err.startswith(
            f"{table}: row {2 if label != param.keyword else 1}, {label}: control character '\\x01'"
        )


@pytest.mark.parametrize("param", [param for param in PARAMS if is_text(param)], ids=by_keyword)
def test_the_text_of_a_string_is_its_value(param: Param) -> None:
    """Whatever it looks like."""
    for text in ("", "7", "true", "null", '"a"', "-x", "--json", "é👧"):
        assert read_text(param, text) == read_json(param, text) == text


@pytest.mark.parametrize("name", ["-x", "--json", "--", "null", "é👧"])
def test_a_value_may_look_like_something_else(command: Command, name: str) -> None:
    """An option, or what JSON calls nothing."""
    for arguments in (["--name", name], [f"--name={name}"]):
        ran = command("edit-order", "harbour-view-7", *arguments, "--json")
        assert (ran.status, ran.err) == (0, "")
        assert json.loads(ran.out)["name"] == name


# --- What a contract may have ---


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of a contract with more."""
    return sample_contract.make(tmp_path_factory.mktemp("sample"))


READ = """
import json, sys
from autoenhance._edit import plan_edit
from autoenhance._params import BY_KEYWORD
from autoenhance.cli._values import read_json, read_text

def answer(read, keyword, given):
    param = BY_KEYWORD[keyword]
    try:
        value = read(param, given)
    except ValueError as error:
        return {"error": str(error)}
    sent = plan_edit("x", {keyword: value}).body[param.wire_name]
    assert read_json(param, json.loads(json.dumps(sent))) == value, (keyword, given)
    return {"sent": sent}

reads = {"text": read_text, "json": read_json}
print(json.dumps([answer(reads[form], keyword, given) for form, keyword, given in json.load(sys.stdin)]))
"""
NOON, NOON_SENT = "2026-05-04T12:00:00Z", "2026-05-04T12:00:00+00:00"
AN_ID = "3f0c1a52-7f0e-4a1e-9a55-0c6f1f0d2b11"
STYLES = "one of 'bright', 'natural'"
A_TIME = "a time such as 2026-05-04T18:12:00Z"
LIST = "a JSON list, each item of which is"
# The form, what stands there, and what is sent.
GOOD: list[tuple[str, str, Any, Any]] = [
    ("text", "note", "", ""),
    ("text", "note", " 007 ", " 007 "),
    ("text", "style", " bright ", "bright"),
    ("text", "level", "30", 30),
    ("text", "count", " 7 ", 7),
    ("text", "count", "-7", -7),
    ("text", "limit", "7", 7),
    ("text", "ratio", "1.50", 1.5),
    ("text", "ratio", "2", 2),
    ("text", "ratio", "1e2", 100.0),
    ("text", "urgent", "TRUE", True),
    ("text", "urgent", "no", False),
    ("text", "time", NOON, NOON_SENT),
    ("text", "time", "2026-05-04 12:00", NOON_SENT),
    ("text", "date", "2026-05-04", "2026-05-04"),
    ("text", "uuid", f" {AN_ID.upper()} ", AN_ID),
    ("text", "tags", '["a", "é", ""]', ["a", "é", ""]),
    ("text", "tags", "[]", []),
    ("text", "styles", '["bright"]', ["bright"]),
    ("text", "times", f'["{NOON}"]', [NOON_SENT]),
    ("text", "window", f'{{"start": "{NOON}", "z": [1]}}', {"start": NOON, "z": [1]}),
    ("text", "windows", f'[{{"start": "{NOON}"}}]', [{"start": NOON}]),
    ("text", "labels", '{"é": "b"}', {"é": "b"}),
    ("text", "anything", "[1, null, {}]", [1, None, {}]),
    ("text", "anything", '"7"', "7"),
    ("json", "note", "null", "null"),
    ("json", "style", "natural", "natural"),
    ("json", "level", 2, 2),
    ("json", "level", "2", 2),
    ("json", "count", 7, 7),
    ("json", "count", "7", 7),
    ("json", "ratio", 1, 1),
    ("json", "urgent", False, False),
    ("json", "urgent", "yes", True),
    ("json", "time", NOON, NOON_SENT),
    ("json", "date", "2026-05-04", "2026-05-04"),
    ("json", "uuid", AN_ID, AN_ID),
    ("json", "tags", ["a"], ["a"]),
    ("json", "tags", '["a"]', ["a"]),
    ("json", "styles", ["natural", "bright"], ["natural", "bright"]),
    ("json", "times", [NOON], [NOON_SENT]),
    ("json", "window", {"start": NOON, "who": "é"}, {"start": NOON, "who": "é"}),
    ("json", "windows", [{"start": NOON}], [{"start": NOON}]),
    ("json", "labels", {}, {}),
    ("json", "anything", "7", "7"),
    ("json", "anything", "a", "a"),
    ("json", "anything", False, False),
]
BAD: list[tuple[str, str, Any, str]] = [
    ("text", "style", "birght", f"'birght' is not {STYLES}; did you mean 'bright'?"),
    ("text", "style", "", f"'' is not {STYLES}"),
    ("text", "level", "4", "'4' is not one of 1, 2, 30"),
    ("text", "level", "300", "'300' is not one of 1, 2, 30; did you mean '30'?"),
    ("text", "count", "7.0", "'7.0' is not a whole number"),
    ("text", "count", "true", "'true' is not a whole number"),
    ("text", "count", "0" + "1" * 9000, "'0" + "1" * 39 + "...' is not a whole number"),
    ("text", "count", "1" * 9000, "'" + "1" * 40 + "...' is not a whole number"),
    ("text", "limit", "null", "'null' is not a whole number"),
    ("text", "ratio", "NaN", "'NaN' is not a number"),
    ("text", "ratio", "1e999", "'1e999' is not a number"),
    ("text", "ratio", "1,5", "'1,5' is not a number"),
    ("text", "urgent", "maybe", "'maybe' is not true or false"),
    ("text", "time", "2026-05-04", f"'2026-05-04' is not {A_TIME}"),
    ("text", "time", "noon\x1b", rf"'noon\x1b' is not {A_TIME}"),
    ("text", "date", "2026-13-04", "'2026-13-04' is not a date such as 2026-05-04"),
    ("text", "uuid", AN_ID[1:], f"'{AN_ID[1:]}' is not a UUID"),
    ("text", "tags", "a, b", f"'a, b' is not {LIST} a string"),
    ("text", "tags", "[1]", f"'[1]' is not {LIST} a string"),
    ("text", "tags", r'["\ud800"]', rf"'[\"\ud800\"]' is not {LIST} a string".replace('\\"', '"')),
    ("text", "styles", '["birght"]', f"""'["birght"]' is not {LIST} one of 'bright', 'natural'"""),
    ("text", "times", '["noon"]', f"""'["noon"]' is not {LIST} {A_TIME}"""),
    ("text", "window", "{}", "'{}' is not a JSON object; it has no 'start'"),
    ("text", "window", '{"start": 1}', """'{"start": 1}' is not a JSON object; a value in it is invalid"""),
    ("text", "windows", "[{}]", f"'[{{}}]' is not {LIST} a JSON object; it has no 'start'"),
    ("text", "labels", "[]", "'[]' is not a JSON object"),
    ("text", "anything", "a", "'a' is not JSON"),
    ("text", "anything", "[" * 200 + "]" * 200, "'" + "[" * 40 + "...' is not JSON"),
    ("text", "anything", "[" * 99999, "'" + "[" * 40 + "...' is not JSON"),
    ("json", "style", "birght", f"'birght' is not {STYLES}; did you mean 'bright'?"),
    ("json", "style", 5, f"5 is not {STYLES}"),
    ("json", "level", True, "true is not one of 1, 2, 30"),
    ("json", "count", 7.0, "7.0 is not a whole number"),
    ("json", "count", True, "true is not a whole number"),
    ("json", "count", "x", "'x' is not a whole number"),
    ("json", "urgent", 1, "1 is not true or false"),
    ("json", "time", 1, f"1 is not {A_TIME}"),
    ("json", "date", {}, "{} is not a date such as 2026-05-04"),
    ("json", "uuid", 1, "1 is not a UUID"),
    ("json", "tags", ["a", None], f'["a", null] is not {LIST} a string'),
    ("json", "tags", {"a": "b"}, f'{{"a": "b"}} is not {LIST} a string'),
    ("json", "window", [], "[] is not a JSON object"),
    ("json", "window", {"a\x1b": "x" * 99}, '{"a\\u001b": "' + "x" * 27 + "... is not a JSON object; it has no 'start'"),
]  # fmt: skip
CASES: list[tuple[str, str, Any, dict[str, Any]]] = [
    *((form, name, given, {"sent": sent}) for form, name, given, sent in GOOD),
    *((form, name, given, {"error": error}) for form, name, given, error in BAD),
]


@pytest.fixture(scope="module")
def answers(package: Path) -> list[dict[str, Any]]:
    """What becomes of each case, in one process."""
    asked = json.dumps([(form, f"sample_{name}", given) for form, name, given, _ in CASES])
    done = sample_contract.run(package, ["-c", READ], asked)
    assert done.returncode == 0, done.stderr
    said: list[dict[str, Any]] = json.loads(done.stdout)
    return said


@pytest.mark.tools
@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[f"{form}-{name}-{str(given)[:20]}" for form, name, given, _ in CASES]
)
def test_values_of_every_type_are_read_or_refused(answers: list[dict[str, Any]], number: int) -> None:
    """From text and from JSON; what is sent is read again as the same value, and a refusal says what would be right."""
    assert answers[number] == CASES[number][-1]


@pytest.mark.tools
def test_every_type_has_a_case() -> None:
    """Good and bad, but for a string, which any text is."""
    assert (
        {f"sample_{name}" for _, name, *_ in GOOD}
        == FIELDS.keys()
        == {"sample_note"} | {f"sample_{name}" for _, name, *_ in BAD}
    )


def cli(package: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = sample_contract.run(package, ["-c", MAIN, *arguments], **environment)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.tools
def test_options_say_what_they_take(package: Path) -> None:
    """All values if they are known, else of which kind one is."""
    status, out, err = cli(package, "edit-order", "--help")
    assert (status, err) == (0, "")
    for option in (
        "note TEXT", "style [bright|natural]", "level [1|2|30]", "count NUMBER", "ratio NUMBER", "time TIME", "date DATE",
        "urgent [true|false]", "tags JSON", "window JSON", "anything JSON", "sort [created_at|name]",
    ):  # fmt: skip
        assert f"  --sample-{option}" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.tools
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sample-style", "birght"], f"Invalid value for '--sample-style': 'birght' is not {STYLES}; did you mean 'bright'?"),
        (["--sample-sort", "nmae"], "is not one of 'created_at', 'name'; did you mean 'name'?"),
        (["--sample-count", ""], "Invalid value for '--sample-count': '' is not a whole number"),
        (["--sample-sort", "name"], "no changes given"),
    ],
)  # fmt: skip
def test_a_bad_option_is_status_2_and_nothing_is_sent(package: Path, arguments: list[str], said: str) -> None:
    """Before a key is looked for, and before anybody is asked at this address, where nobody is."""
    status, out, err = cli(package, "edit-order", "x", *arguments, AUTOENHANCE_BASE_URL="http://127.0.0.1:9")
    assert (status, out) == (2, "")
    line, hint = err.splitlines()
    assert said in line
    assert hint.startswith("Hint: ")


@pytest.mark.tools
def test_what_the_contract_requires_is_asked_for(tmp_path: Path) -> None:
    """Before anything is sent: as options, and of each row of a table."""
    package = sample_contract.make(tmp_path / "package", sample_contract.document("sample_count", "sample-sort"))
    _, out, _ = cli(package, "edit-order", "--help")
    assert "What sample_count is.  [required]" in out
    assert "[required]" in " ".join(out.partition("--sample-sort ")[2].partition("--")[0].split())
    for given, missing in (("--sample-count 1", "sort"), ("--sample-sort name", "count")):
        status, out, err = cli(package, "edit-order", "x", *given.split(), "--curl")
        assert (status, out) == (2, "")
        assert err.startswith(f"Error: Missing option '--sample-{missing}'.\n")
    table = tmp_path / "o.csv"
    table.write_text("order_id,name\na,b\n", "utf-8")
    assert "Missing option '--sample-sort'" in cli(package, "edit-orders", str(table))[2]
    status, out, err = cli(package, "edit-orders", str(table), "--sample-sort", "name")
    assert (status, out) == (2, "")
    assert err.startswith(f"{table}: row 2: sample_count is missing; it is a whole number\n")


@pytest.mark.tools
@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("typed", "offered", "others"),
    [
        ("--sample-style b", ["bright"], ["natural"]),
        ("--sample-style ", ["bright", "natural"], []),
        ("--sample-level 3", ["30"], ["1", "2"]),
        ("--sample-urgent t", ["true"], ["false"]),
        ("--sample-sort c", ["created_at"], ["name"]),
        ("--sample-s", ["--sample-style", "--sample-sort"], ["--sample-note"]),
        ("--sample-note b", [], ["bright"]),
    ],
)
def test_shells_complete_what_is_known(
    package: Path, shell: str, typed: str, offered: list[str], others: list[str]
) -> None:
    """Through what --show-completion prints for the shell."""
    line = f"autoenhance edit-order x {typed}"
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), "_TYPER_COMPLETE_ARGS": line}
    status, out, err = cli(package, _AUTOENHANCE_COMPLETE=f"complete_{shell}", **words)
    assert (status, err) == (0, "")
    found = set(out.split()) if shell == "bash" else {part for part in out.split('"') if part.strip()}
    assert found >= {*offered}
    assert not found & {*others}


@pytest.mark.tools
def test_what_the_contract_requires_must_be_given(tmp_path: Path) -> None:
    """A usage error or an error of the row, and no deerror in the signature."""
    contract = sample_contract.document()
    contract["components"]["schemas"]["OrderUpdate"]["required"] = ["name"]
    package = sample_contract.make(tmp_path / "package", contract)
    status, _, err = cli(package, "edit-order", "x", "--new-order-id", "y")
    assert (status, err.splitlines()[0]) == (2, "Error: Missing option '--name'.")
    (tmp_path / "o.csv").write_text("order_id,new_order_id\na,b\n", "utf-8")
    status, _, err = cli(package, "edit-orders", str(tmp_path / "o.csv"))
    assert (status, err.splitlines()[0]) == (2, f"{tmp_path}/o.csv: row 2: name is missing; it is a string")
    show = "import autoenhance, inspect; print(inspect.signature(autoenhance.edit_order).parameters['name'])"
    assert sample_contract.run(package, ["-c", show]).stdout == "name: 'Required[str]'\n"


BROKEN = """\
{"order_id": "a", "sample_count": null, "Sample-Style": null}
{"order_id": "b", "sample style": "birght", "sample_count": 1.5, "sample_tags": "x"}
{"order_id": "c", "sample_anything": ["\\ud800"]}
{"order_id": "d", "sample_anything": DEEP}
{"order_id": "e", "sample_note": 7}
"""


@pytest.mark.tools
def test_what_is_wrong_in_a_table_is_said_with_its_place(package: Path, tmp_path: Path) -> None:
    """In CSV and in JSON Lines; null sets nothing."""
    (tmp_path / "o.jsonl").write_text(BROKEN.replace("DEEP", "[" * 101 + "]" * 101), "utf-8")
    (tmp_path / "o.csv").write_text('order_id,Sample Window,SAMPLE-URGENT\na,"{}",x\nb, ,\t\n', "utf-8")
    for name, errors in (
        ("o.jsonl", [
            f"row 2, sample_style: 'birght' is not {STYLES}; did you mean 'bright'?",
            "row 2, sample_count: 1.5 is not a whole number",
            f"row 2, sample_tags: 'x' is not {LIST} a string",
            r"row 3, sample_anything: is '\ud800', which has half of a surrogate pair",
            "row 4: lists and objects are nested more than 100 deep",
            "row 5, sample_note: is not a string; put it in quotes",
        ]),
        ("o.csv", [
            "row 2, column B (Sample Window): '{}' is not a JSON object; it has no 'start'",
            "row 2, column C (SAMPLE-URGENT): 'x' is not true or false",
        ]),
    ):  # fmt: skip
        path = str(tmp_path / name)
        status, out, err = cli(package, "edit-orders", path)
        assert (status, out) == (2, "")
        said = err.splitlines()[:-2]
        assert len(said) == len(errors)
        assert all(line.startswith(f"{path}: {error}") for line, error in zip(said, errors, strict=True))


TWICE = """
import json, os, sys
from autoenhance.cli import main
from autoenhance.sandbox import Sandbox
with Sandbox() as sandbox:
    options = ["--base-url", sandbox.url, "--api-key-file", sys.argv[1] + ".key"]
    os.close(os.open(sys.argv[1] + ".key", os.O_CREAT, 0o600))
    open(sys.argv[1] + ".key", "w").write(sandbox.api_key)
    statuses = [main(["edit-orders", table, "--results", sys.argv[1] + ".results", *options]) for table in sys.argv[1:]]
    order = sandbox.order("harbour-view-7")
    one = main(["edit-order", "harbour-view-7", "--sample-note", "é", "--sample-sort", "name", "--sample-count", "7", *options])
print(json.dumps([statuses, one, order]))
"""


@pytest.mark.tools
@pytest.mark.slow
def test_values_of_every_type_are_sent_written_down_and_not_sent_again(package: Path, tmp_path: Path) -> None:
    """The sandbox checks each request against the contract; a table in another form is the same table."""
    given = {f"sample_{name}": (text, sent) for form, name, text, sent in GOOD if form == "text"}
    cells = ["harbour-view-7", *(text for text, _ in given.values())]
    first, second = tmp_path / "o.csv", tmp_path / "o.jsonl"
    first.write_text(
        "\n".join(
            ";".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in (["order_id", *given], cells)
        ),
        "utf-8",
    )
    changes = {name: sent.strip() if isinstance(sent, str) else sent for name, (_, sent) in given.items()}
    second.write_text(json.dumps({**changes, "order_id": cells[0]}), "utf-8")
    done = sample_contract.run(package, ["-c", TWICE, str(first), str(second)])
    statuses, one, _ = json.loads(done.stdout.splitlines()[-1])
    assert (statuses, one) == ([0, 0], 0), done.stderr
    assert "1 edited, 0 failed" in done.stderr
    assert "Nothing to do: " in done.stderr
    (line,) = (tmp_path / "o.csv.results").read_text("utf-8").splitlines()
    assert json.loads(line)["changes"] == changes
