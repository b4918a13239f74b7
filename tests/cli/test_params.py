"""The parameters of the contract as options and columns, with values of every type, from text and from JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sample_contract
from sample_contract import FIELDS
from terminal import Ran

from autoenhance._params import BODY
from autoenhance.cli._header import COLUMNS
from autoenhance.cli._text import option_name, printable
from autoenhance.cli._values import is_text, read_json, read_text
from autoenhance_api.edit_order_params import PARAMS, Param

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal import Command

MAIN = "import sys; from autoenhance.cli import main; sys.exit(main())"


def by_keyword(param: Param) -> str:
    return param.keyword


# --- The contract as it is ---


@pytest.mark.parametrize("param", PARAMS, ids=by_keyword)
def test_every_parameter_is_an_option(command: Command, param: Param) -> None:
    """With the first sentence of its description in the contract."""
    _, _, shown = command("edit-order", "--help").out.partition(f"\n  {option_name(param.keyword)} ")
    assert " ".join(param.description.partition(". ")[0].split()) in " ".join(shown.split())


@pytest.mark.parametrize("param", BODY, ids=by_keyword)
@pytest.mark.parametrize("separator", ["_", "-", " ", " - ", "\t"])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_every_field_is_a_column_in_any_spelling(
    command: Command, table: Path, param: Param, separator: str, case: Callable[[str], str]
) -> None:
    """In any case, with blanks, hyphens or underscores, in CSV and in JSON Lines; the help names it."""
    assert ("order_id", *(param.keyword for param in BODY)) == COLUMNS
    assert f"at least one of {', '.join(COLUMNS[1:])}." in " ".join(command("edit-orders", "--help").out.split())
    title = f" {case(param.keyword).replace('_', separator)} "
    for text, place in (
        (f"order_id;{title}\na;\x01\n", f"row 2, column B ({printable(title.strip())})"),
        (json.dumps({"order_id": "a", title: "\x01"}), f"row 1, {param.keyword}"),
    ):
        table.write_text(text, "utf-8")
        ran = command("edit-orders", str(table), "--dry-run")
        assert ran.err.startswith(f"{table}: {place}: control character '\\x01'")


@pytest.mark.parametrize("param", [param for param in PARAMS if is_text(param)], ids=by_keyword)
def test_text_is_taken_verbatim(param: Param) -> None:
    for text in ("", "7", "true", "null", '"a"', "-x", "--json", "é👧"):
        assert read_text(param, text) == read_json(param, text) == text


@pytest.mark.parametrize("name", ["-x", "--json", "--", "null"])
def test_a_value_may_be_like_an_option(command: Command, name: str) -> None:
    """Or like null."""
    for arguments in (["--name", name], [f"--name={name}"]):
        ran = command("edit-order", "harbour-view-7", *arguments, "--json")
        assert (ran.status, ran.err) == (0, "")
        assert json.loads(ran.out)["name"] == name


# --- A contract with values of every type ---


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of this contract."""
    return sample_contract.make(tmp_path_factory.mktemp("sample"))


def cli(package: Path, *arguments: str, **environment: str) -> Ran:
    done = sample_contract.run(package, ["-c", MAIN, *arguments], **environment)
    return Ran(done.returncode, done.stdout, done.stderr)


READ = """
import json, sys
from autoenhance._edit import plan_edit
from autoenhance._params import BY_KEYWORD
from autoenhance.cli._values import read_json, read_text

def outcome(form, param, given, **_):
    param = BY_KEYWORD["sample_" + param]
    try:
        value = {"text": read_text, "json": read_json}[form](param, given)
    except ValueError as error:
        return {"error": str(error)}
    sent = plan_edit("x", {param.keyword: value}).body[param.wire_name]
    assert read_json(param, json.loads(json.dumps(sent))) == value, (param, given)
    return {"sent": sent}

print(json.dumps([outcome(**case) for case in json.load(sys.stdin)]))
"""
STYLES = "one of 'bright', 'natural'"
# For each value of a parameter, as text or JSON: what is sent, or the error.
VALUES = Path(__file__).with_name("values.jsonl").read_text("utf-8").splitlines()
CASES: list[dict[str, Any]] = [json.loads(line) for line in VALUES]
CASES += [
    {"form": "text", "param": param, "given": given, "error": f"'{given[:40]}...' is not {kind}"}
    for param, given, kind in (
        ("count", "0" + "1" * 9000, "a whole number"),
        ("count", "1" * 9000, "a whole number"),
        ("anything", "[" * 200 + "]" * 200, "JSON"),
        ("anything", "[" * 99999, "JSON"),
    )
]


@pytest.fixture(scope="module")
def outcomes(package: Path) -> list[dict[str, Any]]:
    """What is sent in each case, or the error; in one process."""
    done = sample_contract.run(package, ["-c", READ], json.dumps(CASES))
    assert done.returncode == 0, done.stderr
    made: list[dict[str, Any]] = json.loads(done.stdout)
    return made


@pytest.mark.tools
@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=["-".join([*map(str, case.values())][:3])[:40] for case in CASES]
)
def test_values_of_every_type_are_read_or_refused(outcomes: list[dict[str, Any]], number: int) -> None:
    """What is sent is read again as the same value; an error says what is valid."""
    assert outcomes[number].items() <= CASES[number].items()
    assert {f"sample_{case['param']}" for case in CASES} == FIELDS.keys()


@pytest.mark.tools
def test_the_help_has_the_type_of_each_option(package: Path) -> None:
    """Or its values."""
    out = cli(package, "edit-order", "--help").out
    for option in (
        "note TEXT", "style [bright|natural]", "level [1|2|30]", "count NUMBER", "ratio NUMBER", "time TIME", "date DATE",
        "urgent [true|false]", "tags JSON", "window JSON", "anything JSON", "sort [created_at|name]",
    ):  # fmt: skip
        assert f"  --sample-{option}" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.tools
@pytest.mark.parametrize(
    ("option", "error"),
    [
        ("style=birght", "invalid value for '--sample-style': 'birght' is not one of 'bright', 'natural'; did you"),
        ("sort=nmae", "is not one of 'created_at', 'name'; did you mean 'name'?"),
        ("sort=name", "no changes given"),
    ],
)
def test_an_invalid_option_is_status_2_and_nothing_is_sent(package: Path, option: str, error: str) -> None:
    ran = cli(package, "edit-order", "x", f"--sample-{option}", AUTOENHANCE_BASE_URL="http://127.0.0.1:9")
    assert error in ran.problem()[0]


@pytest.mark.tools
def test_required_parameters(tmp_path: Path) -> None:
    """They are required as options, in each row of a table, and in the signature of the library."""
    contract = sample_contract.document("sample_count", "sample-sort")
    contract["components"]["schemas"]["OrderUpdate"]["required"].append("name")
    package = sample_contract.make(tmp_path / "package", contract)
    out = cli(package, "edit-order", "--help").out
    assert "What sample_count is.  [required]" in out
    assert "[required]" in " ".join(out.partition("--sample-sort ")[2].partition("--")[0].split())
    given = {"--sample-sort": "name", "--sample-count": "1", "--name": "a"}
    for missing in given:
        options = [word for option, value in given.items() if option != missing for word in (option, value)]
        assert cli(package, "edit-order", "x", *options, "--curl").problem()[0] == f"missing option '{missing}'"
    table = tmp_path / "o.csv"
    table.write_text("order_id,new_order_id,sample_count\na,b,\nc,d,1\n", "utf-8")
    assert "missing option '--sample-sort'" in cli(package, "edit-orders", str(table)).problem()[0]
    count, name, *_ = cli(package, "edit-orders", str(table), "--sample-sort", "name").err.splitlines()
    assert count == f"{table}: row 2: sample_count is missing; it must be a whole number"
    assert name == f"{table}: row 3: name is missing; it must be a string"
    show = "import autoenhance, inspect; print(inspect.signature(autoenhance.edit_order).parameters['name'])"
    assert sample_contract.run(package, ["-c", show]).stdout == "name: 'Required[str]'\n"


@pytest.mark.tools
@pytest.mark.parametrize(
    ("shell", "typed", "completions", "others"),
    [
        ("bash", "--sample-style ", "bright natural", ""),
        ("bash", "--sample-level 3", "30", "1 2"),
        ("bash", "--sample-s", "--sample-style --sample-sort", "--sample-note"),
        ("bash", "--sample-note b", "", "bright"),
        ("zsh", "--sample-sort c", "created_at", "name"),
    ],
)
def test_shells_complete_values(package: Path, shell: str, typed: str, completions: str, others: str) -> None:
    line = f"autoenhance edit-order x {typed}"
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_TYPER_COMPLETE_ARGS": line}
    ran = cli(package, _AUTOENHANCE_COMPLETE=f"complete_{shell}", **words)
    assert (ran.status, ran.err) == (0, "")
    printed = set(ran.out.replace('"', " ").split())
    assert printed >= {*completions.split()}
    assert not printed & {*others.split()}


JSON_LINES = """\
{"order_id": "a", "sample_count": null, "Sample-Style": null}
{"order_id": "b", "sample style": "birght", "sample_count": 1.5}
{"order_id": "c", "sample_anything": ["\\ud800"]}
{"order_id": "d", "sample_anything": DEEP}
{"order_id": "e", "sample_note": 7}
""".replace("DEEP", "[" * 101 + "]" * 101)
JSON_ERRORS = [
    f"row 2, sample_style: 'birght' is not {STYLES}; did you mean 'bright'?",
    "row 2, sample_count: 1.5 is not a whole number",
    r"row 3, sample_anything: is '\ud800', which is not valid Unicode",
    "row 4: lists and objects are nested more than 100 deep",
    "row 5, sample_note: is not a string; put it in quotes",
]
CSV = 'order_id,Sample Window,SAMPLE-URGENT\na,"{}",x\nb, ,\t\n'
CSV_ERRORS = [
    "row 2, column B (Sample Window): '{}' is not a JSON object; it has no 'start'",
    "row 2, column C (SAMPLE-URGENT): 'x' is not true or false",
]


@pytest.mark.tools
@pytest.mark.parametrize(("text", "errors"), [(JSON_LINES, JSON_ERRORS), (CSV, CSV_ERRORS)], ids=["JSON Lines", "CSV"])
def test_errors_of_a_table_have_row_and_column(package: Path, table: Path, text: str, errors: list[str]) -> None:
    """In JSON Lines, null is no change."""
    table.write_text(text, "utf-8")
    ran = cli(package, "edit-orders", str(table))
    assert (ran.status, ran.out) == (2, "")
    for line, error in zip(ran.err.splitlines()[:-2], errors, strict=True):
        assert line.startswith(f"{table}: {error}")
