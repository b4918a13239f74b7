"""`make check-contract`: everything that is wrong with the contract is said, each with its line."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from contract import lint, redocly
from contract.facts import SOURCES, parts
from contract.keywords import RESERVED

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent.parent
# A contract that stays as it is when ours moves on.
SPEC = (ROOT / "tests/review/spec.yaml").read_text("utf-8")

# What stands in the contract, what stands there instead, and what is said of it.
FAULTS: dict[str, tuple[str, str, str]] = {
    "operation id": ("operationId: edit_order", "operationId: edit order", "'edit order' is not in snake_case"),
    "place of a parameter": ("          in: path\n", "          in: pth\n", "'pth' is not one of"),
    "yes for true": (
        "          required: false\n          desc",
        "          required: no\n          desc",
        "'no' is not",
    ),
    "dangling reference": ("schemas/Order'\n", "schemas/Ordre'\n", "'#/components/schemas/Ordre' points to nothing"),
    "no description": (
        "          description: The key's account has no order with this id.\n",
        "",
        "'description' is a required property",
    ),
    "example that is none": ("message: Conflict", "message: 7", "`message` property type must be string"),
    "type that is none": (
        "[boolean, 'null']\n          description: Whether the order was deleted.",
        "[bool, 'null']\n          description: Whether the order was deleted.",
        "'bool' is not one of",
    ),
    "no full stop": ("Whether the sky is replaced.", "Whether the sky is replaced", "does not end in a full stop"),
    "value twice": ("        - HIGH_CLOUD\n", "        - CLEAR\n", "duplicate enum value 'CLEAR'"),
    "enum without a type": (
        "      type: string\n      description: A style",
        "      description: A style",
        "needs a `type`",
    ),
    "source that is none": (
        "Whether the image is enlarged.\n          x-source: page",
        "Whether the image is enlarged.\n          x-source: rumour",
        "the source 'rumour' is none of page, changelog",
    ),
    "no source": (
        "Whether leaning verticals are set upright.\n          x-source: page\n",
        "Whether leaning verticals are set upright.\n",
        "Image.vertical_correction has no x-source",
    ),
    "aspect that is none": (
        "x-null-source: sdk\n          x-values",
        "x-nul-source: sdk\n          x-values",
        "x-nul-source is none",
    ),
    "name of a field": ("        image_id:\n", "        imageId:\n", "the property 'imageId' is not in snake_case"),
    "name of a schema": ("    HtmlPage:\n", "    html_page:\n", "the schema 'html_page' is not in CamelCase"),
    "name of a header": ("name: x-api-version", "name: X_API_version", "is not in lower case with hyphens"),
    "a property without a description": (
        "          description: The name of the image, mostly that of the uploaded file.\n",
        "",
        "Image.image_name has no description",
    ),
    "a property of an object in a property": (
        "              items:\n                $ref: '#/components/schemas/Image'\n",
        "              items:\n                properties:\n                  innerCamel:\n                    type: string\n",
        "the property 'innerCamel' is not in snake_case",
    ),
    "blanks at the end of a line": (
        "title: Autoenhance.ai orders\n",
        "title: Autoenhance.ai orders  \n",
        "trailing spaces",
    ),
    "a pattern that is none": (
        "          type: string\n          description: The name that the order gets.",
        "          type: string\n          pattern: '('\n          description: The name that the order gets.",
        "'(' is no regular expression",
    ),
}
# Each leaves nothing to generate from, so each stands alone.
ALONE: dict[str, tuple[str, str, str]] = {
    "name in the path": ("/v3/orders/{id}:", "/v3/orders/{key}:", "the path and the parameters do not agree on 'id'"),
    "a reference to itself": (
        "    HtmlPage:\n      type: string\n",
        "    HtmlPage:\n      $ref: '#/components/schemas/HtmlPage'\n",
        "leads back to itself",
    ),
    "a circle of two": (
        "    HtmlPage:\n      type: string\n",
        "    HtmlPage:\n      allOf:\n        - $ref: '#/components/schemas/FieldMessages'\n",
        "leads back to itself",
    ),
    "no responses": ("      responses:\n        '200':", "      x-responses:\n        '200':", "has no responses"),
    "no paths": ("paths:\n  /v3", "x-paths:\n  /v3", "there are no paths"),
    "a merge key": (
        "        '404':\n          description: The key's account has no order with this id.\n",
        "        '404': &missing\n          description: The key's account has no order with this id\n",
        "does not end in a full stop",
    ),
}


def broken(tmp_path: Path, *names: str) -> Path:
    text = SPEC
    for name in names:
        before, after, _ = (FAULTS | ALONE)[name]
        assert text.count(before) >= 1, name
        text = text.replace(before, after, 1)
    spec = tmp_path / "spec.yaml"
    spec.write_text(text, encoding="utf-8")
    return spec


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_what_leaves_nothing_to_generate_from_has_its_place(tmp_path: Path, name: str) -> None:
    """File, line and pointer, and no word of a tool that stumbled over it."""
    spec = broken(tmp_path, name)
    text = spec.read_text("utf-8")
    if name == "a circle of two":
        text = text.replace(
            "    FieldMessages:\n      type: object\n",
            "    FieldMessages:\n      $ref: '#/components/schemas/HtmlPage'\n",
        )
    if name == "a merge key":
        text = text.replace("        '409':\n", "        '410':\n          <<: *missing\n        '409':\n", 1)
    spec.write_text(text, encoding="utf-8")
    found = [str(finding) for finding in lint.lint(spec, "spec.yaml")]
    assert [line for line in found if ALONE[name][2] in line and re.match(r"spec\.yaml:\d+: #/", line)]
    assert not [line for line in found if "cannot be checked" in line]


def test_nothing_is_wrong_with_the_contract() -> None:
    """Redocly's strict rules, yamllint's and ours."""
    assert lint.lint(ROOT / "openapi/spec.yaml", "spec.yaml") == []
    assert lint.lint(ROOT / "tests/review/spec.yaml", "spec.yaml") == []


FIELD = """        name:
          type: string
          description: The name that the order gets."""
HEADER = """          x-keyword: api_version
          schema:
            type: string
"""
# What a new fact must keep, so that every caller can have it by regenerating.
CONVENTIONS: dict[str, tuple[str, str, str]] = {
    "an enum that is not open": (
        "    CloudType:\n      type: string\n",
        "    CloudType:\n      x-was: closed\n      type: string\n",
        "",
    ),
    "a description that says nothing of others": (
        "there was also `authentic`; others are possible.",
        "there was also `authentic`.",
        "EnhanceType/enum: the description does not say that others are possible",
    ),
    "a value that is no name": ("        - CLEAR\n", "        - -CLEAR\n", "give names with x-enum-varnames"),
    "a null without a source": (
        "Whether the sky is replaced.\n          x-source: page\n          x-null-source: inferred\n",
        "Whether the sky is replaced.\n          x-source: page\n",
        "Image.sky_replacement may be null and has no x-null-source",
    ),
    "an API version that is none": (FIELD, FIELD.replace("string\n", "string\n          x-since: soon\n"), "x-since is 'soon'; it must be an API version"),
    "the name of an error": ("    HtmlPage:\n", "    NotFoundError:\n", "a name that autoenhance has for another thing"),
    "a keyword that is taken": (
        "          x-keyword: new_order_id\n",
        "",
        "the keyword 'order_id' is taken by an argument of its own; give another one with x-keyword",
    ),
    "a keyword that another has": (
        "x-keyword: new_order_id",
        "x-keyword: api_version",
        "the keyword 'api_version' is taken by 'x-api-version' in the header",
    ),
    "a keyword of the command": ("x-keyword: new_order_id", "x-keyword: verbose", "'verbose' is taken by an argument"),
    "a keyword of Python": ("x-keyword: new_order_id", "x-keyword: class", "the keyword 'class' is not in snake_case"),
    "a keyword for what is only read": (
        "          description: The name of the order.\n",
        "          x-keyword: title\n          description: The name of the order.\n",
        "x-keyword is for what an edit can set",
    ),
    "a default": (FIELD, FIELD.replace("string\n", "string\n          default: a\n"), "name has a default, which every call"),
    "a time in a header": (
        HEADER,
        f"{HEADER}            format: date-time\n",
        "x-api-version has a format, which the generator cannot write into a header",
    ),
    "a null in a header": (HEADER, HEADER.replace("type: string", "type: [string, 'null']"), "which nothing but a body can say"),
    "a number or a string in a header": (
        HEADER,
        HEADER.replace("type: string", "type: [string, integer]"),
        "x-api-version has a choice of types, which the generator cannot write into a header",
    ),
    "a style": (
        "          in: header\n          required: false\n",
        "          in: query\n          explode: false\n          required: false\n",
        "x-api-version has a style, which the generator does not respect",
    ),
    "a header of the client's": ("name: x-api-version", "name: host", "host is a header that the client sets itself"),
    "a parameter that is called body": ("name: x-api-version", "name: body", "body is what the generated function has already"),
    "a schema of yes or no": (FIELD, f"        anything: true\n{FIELD}", "anything has no schema that is an object"),
    "a keyword that is a type": (FIELD, f"        str:\n          type: string\n          description: A text.\n{FIELD}", "the keyword 'str' is taken"),
    "a field that models have": (FIELD, FIELD.replace("name:", "d:"), "d is what each generated model has already"),
    "a const": (FIELD, FIELD.replace("type: string", "const: a"), "a const takes no other value ever; make it an enum of one"),
    "a string joined of parts": (
        FIELD,
        FIELD.replace("type: string", "allOf: [{type: string}]"),
        "the generator takes allOf for objects, not for string; say it without allOf",
    ),
    "a value with a quote": ("        - HIGH_CLOUD\n", "        - 'HIGH\"CLOUD'\n", "the generator changes the value 'HIGH\"CLOUD'"),
    "another media type": (
        "          application/json:\n            schema:\n              $ref: '#/components/schemas/OrderUpdate'",
        "          text/json:\n            schema:\n              $ref: '#/components/schemas/OrderUpdate'",
        "an edit is sent as application/json; say no other media type",
    ),
    "a body of alternatives": (
        "$ref: '#/components/schemas/OrderUpdate'",
        "oneOf: [{$ref: '#/components/schemas/OrderUpdate'}]",
        "the body has no properties of its own, or in allOf, that an edit could set",
    ),
    "half of a surrogate pair": (
        "description: Whether the sky is replaced.",
        'description: "\\ud83d."',
        "has half of a surrogate pair; write the character itself",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_that_is_not_kept_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    """By `make check-contract`, and not by a test that fails somewhere else."""
    before, after, says = CONVENTIONS[name]
    assert before in SPEC
    spec = tmp_path / "spec.yaml"
    text = SPEC.replace(before, after)
    if not says:
        text = text.replace("      x-open-enum: true\n      enum:\n        - CLEAR\n", "      enum:\n        - CLEAR\n")
        says = "CloudType/enum: the enum lists what is known, not all there can be; mark it with x-open-enum: true"
    spec.write_text(
        text.replace("schemas/HtmlPage'", "schemas/NotFoundError'") if "Error:" in after else text, encoding="utf-8"
    )
    found = [str(finding) for finding in lint.lint(spec, "spec.yaml")]
    assert any(says in line and re.match(r"spec\.yaml:\d+: #/", line) for line in found), found


def test_what_is_taken_is_what_there_is() -> None:
    """The keywords that the contract may not use are those that the library and its command have already."""
    from autoenhance import EditOptions, edit_order
    from autoenhance.cli._arguments import EditOrder, EditOrders
    from autoenhance.cli._rows import Row
    from autoenhance_api.edit_order_params import PARAMS

    ours = {param.keyword for param in PARAMS}
    taken = {*inspect.signature(edit_order).parameters, *EditOptions.__annotations__}
    taken |= {each.name for cls in (Row, EditOrder, EditOrders) for each in fields(cls)}
    assert taken - ours <= RESERVED


def test_a_contract_that_is_broken_in_many_ways_gives_a_message_for_each(tmp_path: Path) -> None:
    """Ten and more faults at once: each is named with file, line and pointer, and the line is that of the fault."""
    spec = broken(tmp_path, *FAULTS)
    lines = spec.read_text("utf-8").splitlines()
    found = [str(finding) for finding in lint.lint(spec, "spec.yaml")]
    assert len(FAULTS) >= 10
    for name, (_, after, says) in FAULTS.items():
        said = [line for line in found if says in line]
        assert said, f"{name} is not told"
        match = re.match(r"spec\.yaml:(\d+)(:\d+|: #/)", said[0])
        assert match, said[0]
        if changed := after.strip().splitlines():
            near = "\n".join(lines[max(0, int(match[1]) - 3) : int(match[1]) + 3])
            assert any(part.strip() in near for part in changed), said[0]


@pytest.mark.parametrize("name", ["no full stop", "example that is none", "name of a header"])
def test_one_fault_is_one_finding(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The tools overlap; what one has said of a place the next ones do not repeat."""
    assert lint.main([str(broken(tmp_path, name))]) == 1
    captured = capsys.readouterr()
    assert FAULTS[name][2] in captured.out
    assert len(captured.out.splitlines()) == 1
    assert captured.err.endswith("spec.yaml: 1 finding.\n")


def test_what_is_no_yaml_is_said_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else can be said of it."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.replace("  title: Autoenhance.ai orders", "\ttitle: Autoenhance.ai orders"), encoding="utf-8")
    assert lint.main([str(spec)]) == 1
    assert re.match(r".*spec\.yaml:4:1: is not YAML: ", capsys.readouterr().out)


def test_without_its_tool_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2: that nothing was found would be a lie."""
    monkeypatch.setattr(redocly, "CLI", ROOT / "missing")
    assert lint.main([]) == 2
    assert "'make setup' installs it" in capsys.readouterr().err


def test_the_vocabulary_of_sources_is_that_of_the_contract() -> None:
    """The contract's own introduction explains each word."""
    assert set(re.findall(r"^    - `([a-z-]+)`:", SPEC, re.MULTILINE)) == set(SOURCES)


def test_every_kind_of_part_is_looked_at() -> None:
    """Operations, parameters, bodies, responses, schemas, properties and security schemes."""
    from contract import parse

    kinds = {part.kind for part in parts(parse(ROOT / "openapi/spec.yaml", "spec.yaml").tree)}
    assert kinds == {"operation", "parameter", "request body", "response", "schema", "property", "security scheme"}
