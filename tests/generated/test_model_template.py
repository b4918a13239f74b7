"""Our templates read and write what the generator's own do, where those can read it; no original changes unnoticed."""

from __future__ import annotations

import copy
import hashlib
import importlib
import pickle
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from real_contract import DOCUMENT, OPERATION
from type_hints import unresolved

import autoenhance_api
from autoenhance_api.api.orders import edit_order
from autoenhance_api.models import OrderUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    Schema = dict[str, Any]
    Strategy = st.SearchStrategy[Any]

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "openapi/templates"
# What decides how models read and write. All other overrides are on both sides of the comparison.
OURS = ["hoisted_parser.jinja", "model.py.jinja", "datetime_property.py.jinja"]
# The generator's own templates that ours were made from.
ORIGINALS = {
    "model.py.jinja": "fd1c79680d51c06cfbb89809ad123750ba9add98b688036c04cabbf1f8ba40a0",
    "package_init.py.jinja": "ac15907e32dc39bd9b83ea6f2002fb87514f2182b97f88231b5a9c47321f6210",
    "property_templates/datetime_property.py.jinja": "c789d11d8ea26cb5ab637470b1c11049652bf6438434e36325212e40304d7ff9",
    "str_enum.py.jinja": "e4979a5e6b338351eda8bdac534017cfbeb51a809b494fd3c632db39414817fc",
    "types.py.jinja": "93df9d75883a4eafac77dd21bc6907f3ef612e3f7841e08656618dcf6c4ce494",
}

# The first words of a template. `make check-plain-templates` removes those that only make something fast.
PURPOSES = ("{# Correctness.", "{# Speed only.", "{#- Speed only.")



# What the contract does not have, but may have some day.
OTHERS: Schema = yaml.safe_load(Path(__file__).with_name("other_schemas.yaml").read_text("utf-8"))
REQUIRED: dict[str, dict[str, Any]] = OTHERS["required"]
PROBES: list[Any] = [probe for part in OTHERS["probes"] for probe in part]


@pytest.fixture(scope="module", params=["contract", pytest.param("others", marks=pytest.mark.slow)])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The models of the contract, or of one that has the other schemas too."""
    from regenerate.generator import generate  # slow

    folder, contract = tmp_path_factory.mktemp("generated"), copy.deepcopy(DOCUMENT)
    if request.param == "others":
        contract["components"]["schemas"] |= OTHERS["schemas"]
        contract["paths"] |= OTHERS["paths"]
    shutil.copytree(TEMPLATES, folder / "theirs", ignore=lambda *_: OURS)
    for side, templates in (("ours", TEMPLATES), ("theirs", folder / "theirs")):
        package, openapi = folder / f"{side}_{request.param}", folder / f"settings_{side}"
        openapi.mkdir()
        text = f"package_name_override: {package.name}\ndocstrings_on_attributes: true\n"
        (openapi / "generator.yaml").write_text(text)
        assert generate(contract, openapi, package, templates=templates, with_hooks=False) == []
    sys.path.insert(0, str(folder))
    yield Pair(contract, *(importlib.import_module(f"{side}_{request.param}.models") for side in ("ours", "theirs")))
    sys.path.remove(str(folder))


# For what the contract does not have.
with_other_schemas = pytest.mark.parametrize("pair", [pytest.param("others", marks=pytest.mark.slow)], indirect=True)


class Pair:
    """A contract, the models that our templates make of it, and those that the generator's own make."""

    def __init__(self, contract: Schema, ours: ModuleType, theirs: ModuleType) -> None:
        self.ours, self.theirs = ours, theirs
        self.schemas: Schema = contract["components"]["schemas"]
        self.names = [name for name in ours.__all__ if hasattr(getattr(ours, name), "from_dict")]
        # A model without a schema of its own is an object in another.
        values = Values(self.schemas)
        self.values = {name: values.of(self.schemas.get(name, {"type": "object"})) for name in self.names}

    def both(self, name: str) -> tuple[Any, Any]:
        return getattr(self.ours, name), getattr(self.theirs, name)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
# Both sides read these alike, and both write them as they are. tests/generated/test_models.py has the others.
TIMES = st.sampled_from(
    ["2025-10-30T01:26:03.111000+00:00", "2006-01-02T15:04:05+02:00", "9999-12-31T23:59:59.999999-23:59", "soon", ""]
)
TEXTS = {"date-time": TIMES, "date": st.dates().map(str) | TIMES, "uuid": st.uuids().map(str) | st.text(max_size=3)}
KINDS = {"integer": st.integers(), "number": st.floats(), "boolean": st.booleans(), "null": st.none()}


class Values:
    """What the contract allows, what it does not, and what lies between: unknown, missing, null, and of another kind."""

    def __init__(self, schemas: Schema) -> None:
        self._schemas = schemas
        self._named: dict[tuple[str, int], Strategy] = {}

    def of(self, schema: Schema, depth: int = 0) -> Strategy:
        right = self._right(schema, depth)
        return st.one_of(right, right, right, JSON)

    def _right(self, schema: Schema, depth: int) -> Strategy:
        if "$ref" in schema:
            key = schema["$ref"].rpartition("/")[2], depth
            if key not in self._named:
                self._named[key] = self._right(self._schemas[key[0]], depth)
            return self._named[key]
        if "allOf" in schema:
            return self._right(self._whole(schema), depth)
        if "anyOf" in schema:
            return st.one_of([self._right(part, depth) for part in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"]) | st.text(max_size=3) | st.sampled_from([True, 1.0, 7])
        if "const" in schema:
            return st.just(schema["const"])
        kinds = schema.get("type", [])
        return st.one_of([self._kind(kind, schema, depth) for kind in ([kinds] if isinstance(kinds, str) else kinds)])

    def _kind(self, kind: str, schema: Schema, depth: int) -> Strategy:
        if kind == "string":
            return TEXTS.get(schema.get("format", ""), st.text(max_size=5))
        if kind == "array":
            return st.lists(self.of(schema["items"], depth + 1), max_size=3)
        if kind == "object":
            return self._object(schema, depth)
        return KINDS[kind]

    def _object(self, schema: Schema, depth: int) -> Strategy:
        if depth > 3:
            return st.just({})
        properties = schema.get("properties", {})
        fields = {name: self.of(field, depth + 1) if field else JSON for name, field in properties.items()}
        required = {name: fields.pop(name) for name in schema.get("required", [])}
        additional = schema.get("additionalProperties", True)
        unknown = self.of(additional, depth + 1) if isinstance(additional, dict) else JSON
        extra = st.dictionaries(st.text(min_size=1, max_size=3), unknown, max_size=2)
        # What is unknown comes before what is known or after it, and one of the required fields may be missing.
        known, missing = st.fixed_dictionaries(required, optional=fields), st.sampled_from([*required, *[None] * 9])
        return st.builds(
            lambda parts, missing: {name: value for part in parts for name, value in part.items() if name != missing},
            st.tuples(extra, known) | st.tuples(known, extra),
            missing,
        )

    def _whole(self, schema: Schema) -> Schema:
        parts = [self._schemas[part["$ref"].rpartition("/")[2]] if "$ref" in part else part for part in schema["allOf"]]
        properties = {name: field for part in parts for name, field in part.get("properties", {}).items()}
        return {key: value for part in parts for key, value in part.items()} | {"properties": properties}


def outcome(call: Callable[[], Any]) -> object:
    """What came of it, in a form that two packages' objects can be compared in: types, order and all."""
    try:
        return repr(call())
    except Exception as error:  # noqa: BLE001  # whatever it is, the other side must raise it too
        # The generator's own template has the standard library's message on what is no timestamp.
        ours = r"(?s)(.*) is not (clearly a point in time|an unambiguous timestamp)"
        return type(error), re.sub(ours, r"Invalid isoformat string: \1", str(error))


def outcomes(model: Any, value: Any) -> tuple[object, ...]:
    """What comes of reading, writing, comparing, copying and pickling."""

    def survive() -> bool:
        made = model.from_dict(value)
        others = [model.from_dict(value), copy.deepcopy(made), pickle.loads(pickle.dumps(made))]  # noqa: S301
        return [other == made for other in others] == [made == model.from_dict(value)] * 3

    def parts() -> list[object]:
        made = model.from_dict(value)
        kinds = [type(getattr(made, field.name)).__name__ for field in model.__attrs_attrs__ if field.eq]
        return [type(made).__name__, getattr(made, "additional_properties", None), kinds]

    calls = (lambda: model.from_dict(value), lambda: model.from_dict(value).to_dict(), survive, parts)
    return tuple(map(outcome, calls))


def compare(pair: Pair, name: str, value: Any) -> None:
    """The same on both sides, and the input untouched."""
    before = repr(value)
    ours, theirs = (outcomes(model, value) for model in pair.both(name))
    assert ours == theirs
    assert repr(value) == before


def check_each(values: Strategy, examples: int, check: Callable[[Any], None]) -> None:
    """Check that many of the values."""

    @settings(max_examples=examples)
    @given(values)
    def run(value: Any) -> None:
        check(value)

    run()


@pytest.mark.parametrize("examples", [15, pytest.param(150, marks=pytest.mark.slow)])
def test_models_read_and_write_what_those_of_the_generators_own_template_do(pair: Pair, examples: int) -> None:
    """Every model, with what is allowed and what is not: equal objects, or the same error."""
    for name in pair.names:
        check_each(pair.values[name], examples, partial(compare, pair, name))


def test_one_field_at_a_time_may_hold_anything(pair: Pair) -> None:
    """What is near a kind but not of it, such as 1.0 for an enum of integers, in every field of every model."""
    for name in pair.names:
        for field in [*pair.schemas.get(name, {}).get("properties", {}), "unknown"]:
            for value in PROBES:
                compare(pair, name, {**REQUIRED.get(name, {}), field: value})


def test_models_made_by_hand_are_written_as_before(pair: Pair) -> None:
    """Whatever the fields of an object hold, to_dict writes it or fails as it would."""

    def check(ours: Any, theirs: Any, fields: dict[str, Any]) -> None:
        assert outcome(lambda: ours(**fields).to_dict()) == outcome(lambda: theirs(**fields).to_dict())

    for ours, theirs in map(pair.both, pair.names):
        fields = [field.alias for field in ours.__attrs_attrs__ if field.init]
        assert fields == [field.alias for field in theirs.__attrs_attrs__ if field.init]
        check_each(st.fixed_dictionaries({}, optional=dict.fromkeys(fields, JSON)), 10, partial(check, ours, theirs))


@with_other_schemas
def test_models_type_check(pair: Pair) -> None:
    """mypy --strict finds nothing that it does not find with the generator's own template."""
    errors = []
    for models in (pair.ours, pair.theirs):
        package = Path(str(models.__file__)).parent.parent
        command = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--no-error-summary", "-p", package.name]
        done = subprocess.run(command, cwd=package.parent, capture_output=True, text=True, check=False)
        errors.append({line.partition(": ")[2] for line in done.stdout.splitlines()})
    assert errors[0] <= errors[1]


@with_other_schemas
def test_timestamps_are_written_as_received_in_every_schema(pair: Pair) -> None:
    """Required or not, in a union, inherited, or under any name; each model keeps the spellings of its own."""
    texts = ["2025-10-30T01:26:03Z", "Thu, 30 Oct 2025 01:26:03 GMT", "2025-10-30 01:26:03"]
    closed = {"count": 1, "known": "CLEAR", "sometime": texts[1]}
    sink = {**REQUIRED["Sink"], "when": texts[0], "later": texts[1], "some_uuid": texts[2], "list": [closed]}
    for name, value in {"Sink": sink, "Bag": {"a": texts[0], "b": texts[1], "c": "NEW"}, "Closed": closed}.items():
        made = getattr(pair.ours, name).from_dict(value)
        assert made.to_dict() == value
        assert pickle.loads(pickle.dumps(made)).to_dict() == value  # noqa: S301
    made = pair.ours.Sink.from_dict(sink)
    assert made.when == made.later == made.some_uuid == datetime(2025, 10, 30, 1, 26, 3, tzinfo=UTC)


@with_other_schemas
def test_an_endpoint_sends_and_receives_timestamps(pair: Pair) -> None:
    """In a query, and as the whole of a response. The generator refuses them in headers."""
    package = pair.ours.__name__.partition(".")[0]
    upload = importlib.import_module(f"{package}.api.default.upload")
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json="Thu, 30 Oct 2025 01:26:03 GMT")

    client = importlib.import_module(package).Client("http://a", httpx_args={"transport": httpx.MockTransport(respond)})
    noon = datetime(2025, 10, 30, 12, tzinfo=UTC)
    parsed = upload.sync(client=client, since=noon, until=noon)
    assert parsed == datetime(2025, 10, 30, 1, 26, 3, tzinfo=UTC)
    assert dict(seen[0].url.params) == {"since": noon.isoformat(), "until": noon.isoformat()}
    upload.sync(client=client, since=noon)
    assert dict(seen[1].url.params) == {"since": noon.isoformat()}


def test_annotations_can_be_resolved(pair: Pair) -> None:
    """Those of models that name each other, too."""
    assert unresolved(importlib.import_module(pair.ours.__name__.partition(".")[0])) == []


@pytest.mark.parametrize("name", ORIGINALS)
def test_an_overridden_template_of_the_generator_is_unchanged(name: str) -> None:
    """A newer generator's template may do more: merge its change into ours, and take its checksum over."""
    import openapi_python_client

    original = Path(str(openapi_python_client.__file__)).parent / "templates" / name
    assert hashlib.sha256(original.read_bytes()).hexdigest() == ORIGINALS[name], f"compare {original} with ours"


def test_every_override_has_a_checksum_and_a_purpose() -> None:
    """A new override has its checksum here too, and its first line states its purpose."""
    ours = {path.relative_to(TEMPLATES).as_posix(): path.read_text("utf-8") for path in TEMPLATES.rglob("*.jinja")}
    assert {*ORIGINALS} == {*ours} - {"hoisted_parser.jinja"}
    assert [name for name, text in ours.items() if not text.startswith(PURPOSES)] == []


def test_the_generated_client_is_imported_lazily() -> None:
    """By attribute and in dir; another name is the error that Python has for it."""
    assert {*autoenhance_api.__all__} <= {*dir(autoenhance_api)}
    for name in autoenhance_api.__all__:
        assert getattr(autoenhance_api, name) is getattr(autoenhance_api.client, name)
    with pytest.raises(AttributeError, match="module 'autoenhance_api' has no attribute 'Nothing'"):
        _ = autoenhance_api.Nothing  # type: ignore[attr-defined]  # the mistake to catch


def test_the_generated_function_decodes_each_documented_status() -> None:
    """As the bare generated client gives it, without the facade."""
    for status, response in OPERATION["responses"].items():
        code = int(status.replace("XX", "03"))
        schema = response["content"]["application/json"]["schema"]["$ref"]
        transport = httpx.MockTransport(lambda _, code=code: httpx.Response(code, json={"message": "m", "detail": {}}))
        client = autoenhance_api.Client(base_url="http://a", httpx_args={"transport": transport})
        decoded = edit_order.sync_detailed("a", client=client, body=OrderUpdate(name="b"))
        assert type(decoded.parsed).__name__ == schema.rpartition("/")[2]
