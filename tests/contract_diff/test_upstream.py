"""Our contract against the service's own document: the rows of upstream.yaml, and what our client really does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from contracts import summary
from upstream_documents import FROZEN, PATH, ROOT, changed, compared, differences, document, our_contract

from autoenhance import Autoenhance, errors
from autoenhance._edit import plan_edit
from contract import Contract, read
from contract_diff.severities import BREAKING, CLIENT_LIMITS, RULES
from review.assemble import compare_upstream

pytestmark = pytest.mark.tools

TABLE = yaml.safe_load(Path(__file__).with_name("upstream.yaml").read_text("utf-8"))
EXPECTED_OF_WHOLE_API = TABLE.pop("whole api")
ROWS: dict[str, dict[str, Any]] = {f"{part}: {name}": row for part in TABLE for name, row in TABLE[part].items()}
WHOLE_API = ROOT / "tests/review/upstream/whole-api.yaml"


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_difference_is_breaking_if_it_breaks_our_client(row: dict[str, Any]) -> None:
    """Nothing else is reported, and the real client breaks with such a response only if the verdict is breaking."""
    assert summary(differences(row)) == row["expected"]
    if "response" in row:
        assert client_breaks(*row["response"]) == any(line.startswith("breaking") for line in row["expected"])


def client_breaks(status: int, *body: Any) -> bool:
    """Whether an edit fails to return an order with all that was sent, or to raise the error of an error status."""
    content = b"".join(each.encode() if isinstance(each, str) else json.dumps(each).encode() for each in body)
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    with httpx.Client(transport=transport) as http, Autoenhance("k" * 20, http_client=http, max_retries=0) as client:
        try:
            order = client.edit_order("a", name="b")
        except errors.APIResponseError:
            return True
        except errors.APIStatusError as error:
            return error.status_code < 400
    assert order.to_dict() == body[0]
    return False


def test_every_rule_on_responses_that_breaks_our_client_has_a_row() -> None:
    """With a response; only a required field has none, because our contract requires no field."""
    breaking = {rule.kind for rule in RULES if rule.client == BREAKING and rule.direction == "response"}
    assert breaking == {"field optional", "no order", "no JSON"}
    rows = [row for row in TABLE["responses"].values() if "response" in row]
    reported = {line.split(",")[0] for row in rows for line in row["expected"]}
    kinds = ("type", "null allowed", "media type removed", "success added", "redirect added")
    assert reported >= {f"breaking {kind}" for kind in kinds}
    schemas = our_contract().plain()["components"]["schemas"].values()
    assert not [schema for schema in schemas if schema.get("required")]


@pytest.mark.parametrize(("place", "keyword"), CLIENT_LIMITS)
def test_the_client_keeps_the_limits_that_count_as_kept(place: str, keyword: str) -> None:
    """It refuses what is beyond them before it sends anything."""
    bound = CLIENT_LIMITS[place, keyword]
    text = "x" * (bound + 1 if keyword.startswith("max") else bound - 1)
    edits: dict[str, tuple[str, dict[str, str]]] = {
        "path parameter `id`": (text, {"name": "b"}),
        "request body: `order_id`": ("a", {"new_order_id": text}),
        "request body": ("a", {}),
    }
    with pytest.raises(ValueError, match=r"empty|at most|no changes given"):
        plan_edit(*edits[place])


def test_what_our_client_needs_is_judged_by_place() -> None:
    """Although the same schema stands elsewhere in the response, where nothing is needed of it."""
    tree = document()
    order = tree["components"]["schemas"]["Order"]
    order["properties"] = {"cover": {"$ref": "#/components/schemas/Image"}, **order["properties"]}
    theirs = changed(tree, {"set": {"Image/type": ["object", "null"]}})
    assert "breaking null allowed, response 200: `images[]`" in summary(compared(theirs, Contract(FROZEN, tree)))


@pytest.mark.parametrize("source", ["openapi/spec.yaml", "generated/autoenhance_api/openapi.json"])
def test_our_contract_does_not_differ_from_itself(source: str) -> None:
    """Neither in YAML nor in JSON."""
    contract = read(ROOT / "openapi/spec.yaml", "openapi/spec.yaml")
    comparison = compare_upstream(contract, str(ROOT / source))
    assert (comparison.version, comparison.openapi) == (contract.tree["info"]["version"], "3.1.1")
    assert comparison.differences == []


def test_a_document_of_the_whole_api_gives_the_expected_differences() -> None:
    """OpenAPI 3.0 with all that generators write; a difference names both places, with file and line."""
    comparison = compare_upstream(our_contract(), str(WHOLE_API))
    assert (comparison.version, comparison.openapi) == ("2026-10-01", "3.0.3")
    assert [f"{one.what} | {one.sentence}" for one in comparison.differences] == EXPECTED_OF_WHOLE_API
    assert not any(one.breaking for one in comparison.differences)
    total = next(one for one in comparison.differences if one.what == "response 200: `total_images`")
    lines = [text.strip() for text in WHOLE_API.read_text("utf-8").splitlines()]
    (line,) = (number for number, text in enumerate(lines, 1) if text.startswith("total_images: {type: number"))
    assert total.sides == (
        our_contract().where(("components", "schemas", "Order", "properties", "total_images", "type")),
        f"{WHOLE_API}:{line}: #/components/schemas/OrderBase/properties/total_images/type",
    )


@pytest.mark.parametrize(
    ("prefix", "path"),
    [("", "/v3/orders/{id}"), ("/v3", "/orders/{order_id}"), ("https://api.autoenhance.ai/v3/", "/orders/{id}/")],
)
@pytest.mark.parametrize("level", ["document", "path", "operation"])
def test_the_operation_is_found_wherever_its_path_comes_from(prefix: str, path: str, level: str) -> None:
    """The server of the document, of the path or of the operation; whatever the parameter is called."""
    tree = document()
    item = tree["paths"][PATH]
    tree["paths"] = {path: item, "/orders": {}, "/a": {"patch": {}}}
    item["patch"]["parameters"][0]["name"] = path.split("{")[1].split("}", maxsplit=1)[0]
    del tree["servers"]
    {"document": tree, "path": item, "operation": item["patch"]}[level]["servers"] = [{"url": prefix}]
    assert compared(tree) == []


def test_of_two_similar_paths_the_one_with_our_prefix_is_compared() -> None:
    """A path that looks like ours but is below another prefix comes second."""
    tree = document()
    other = {"servers": [{"url": "/v3"}], "patch": {"responses": {}}}
    assert compared({**tree, "paths": {PATH.replace("id", "x"): other, **tree["paths"]}}) == []
    assert "breaking server, address" in summary(compared({**tree, "paths": {PATH: other}}))
