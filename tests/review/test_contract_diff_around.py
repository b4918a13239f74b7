"""Changes around schemas that can hide: in discriminators, media types, servers, security, and what is not compared in detail."""

from __future__ import annotations

import time
from typing import Any

import pytest
from contracts import JSON, contract

import contract_diff

pytestmark = pytest.mark.tools

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
OBJECT: dict[str, Any] = {"type": "object"}
YES: dict[str, Any] = {"200": {"description": "Yes."}}
NAMES = "#/components/schemas/"


def _is_breaking(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether anything breaks from one document to the other: keywords of the operation, or of the document."""
    sides = []
    for keywords in (old, new):
        made = contract()
        for key, value in keywords.items():
            owner = (
                made.tree
                if key in {"servers", "components", "security", "webhooks", "paths"}
                else made.tree["paths"]["/a"]["patch"]
            )
            owner[key] = value
        sides.append(made)
    return any(change.breaking for change in contract_diff.compare(*sides))


def _request(schema: Any, media: str = JSON) -> dict[str, Any]:
    return _bodies({media: schema})


def _bodies(schemas: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": {media: {"schema": schema} for media, schema in schemas.items()}}}


def _response(schema: Any = None, **more: Any) -> dict[str, Any]:
    content = {"content": {JSON: {"schema": schema}}} if schema is not None else {}
    return {"responses": {"200": {"description": "Yes.", **content, **more}}}


PETS = {name: OBJECT | {"properties": {"t": {"const": name}}, "required": ["t"]} for name in ("Cat", "Dog")}


def _pets(*names: str, **mapping: str) -> dict[str, Any]:
    mapped = {"mapping": {key: NAMES + value for key, value in mapping.items()}} if mapping else {}
    return {"oneOf": [{"$ref": NAMES + name} for name in names], "discriminator": {"propertyName": "t"} | mapped}


def _pet_schemas(**renamed: str) -> dict[str, Any]:
    return {"components": {"schemas": {renamed.get(name, name): pet for name, pet in PETS.items()}}}


def _parts(content: str, **encoding: Any) -> dict[str, Any]:
    schema = OBJECT | {"properties": {"a": TEXT}}
    media = {"content": {"multipart/mixed": {"schema": schema, "encoding": {"a": encoding}}}}
    return {"requestBody": media} if content == "request" else {"responses": {"200": {"description": "Yes.", **media}}}


def _server(**variable: Any) -> dict[str, Any]:
    return {"servers": [{"url": "https://{r}.x", "variables": {"r": {"default": "eu", **variable}}}]}


def _security(*flows: str) -> dict[str, Any]:
    made = {flow: {"tokenUrl": "https://t", "scopes": {}} for flow in flows}
    return {"components": {"securitySchemes": {"o": {"type": "oauth2", "flows": made}}}, "security": [{"o": []}]}


def _query(**keywords: Any) -> dict[str, Any]:
    return {"parameters": [{"name": "q", "in": "query", "schema": TEXT} | keywords]}


def _header(**keywords: Any) -> dict[str, Any]:
    return _response(headers={"X": {"schema": OBJECT} | keywords})


def _webhook(schema: Any) -> dict[str, Any]:
    return {"webhooks": {"w": {"post": {"requestBody": {"content": {JSON: {"schema": schema}}}}}}}


def _beside(schema: Any) -> dict[str, Any]:
    item = {"$ref": "#/paths/~1b", "parameters": [{"name": "q", "in": "query", "schema": schema}]}
    return {"paths": {"/a": item, "/b": {"patch": {"responses": YES}}}}


def _named(schema: Any, **operation: Any) -> dict[str, Any]:
    return {"components": {"schemas": {"A": schema}, "headers": {"A": {"schema": schema}}}} | operation


CALLBACK = {
    "callbacks": {"e": {"u": {"post": {"requestBody": {"content": {JSON: {"schema": {"$ref": f"{NAMES}A"}}}}}}}}
}
DYNAMIC = _request({"$dynamicRef": "#T"})
ANCHORS = [{"components": {"schemas": {"A": each | {"$dynamicAnchor": "T"}}}} for each in (TEXT, WHOLE)]
CONTENT = _request(TEXT | {"contentMediaType": JSON, "contentSchema": {"$ref": f"{NAMES}A"}})
ENCODED = _parts("request", headers={"X": {"$ref": "#/components/headers/A"}})
HIDDEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "tags change places": (
        _request(_pets("Cat", "Dog", c="Cat", d="Dog")) | _pet_schemas(),
        _request(_pets("Cat", "Dog", c="Dog", d="Cat")) | _pet_schemas(),
    ),
    "a tag goes": (
        _response(_pets("Cat", "Dog", c="Cat", d="Dog")) | _pet_schemas(),
        _response(_pets("Cat", "Dog", c="Cat")) | _pet_schemas(),
    ),
    "a tag is another name": (
        _response(_pets("Cat", "Dog")) | _pet_schemas(),
        _response(_pets("Feline", "Dog")) | _pet_schemas(Cat="Feline"),
    ),
    "a version of a media type goes": (
        _bodies({f"{JSON};version=1": TEXT, f"{JSON};version=2": TEXT}),
        _request(TEXT, f"{JSON};version=2"),
    ),
    "a version of a media type is another": (
        _bodies({f"{JSON};version=1": TEXT, f"{JSON};version=2": TEXT}),
        _bodies({f"{JSON};version=1": WHOLE, f"{JSON};version=2": TEXT}),
    ),
    "a media type comes beside its range": (
        _request(TEXT, "application/*"),
        _bodies({"application/*": TEXT, JSON: WHOLE}),
    ),
    "a default that is the only response": (
        {"responses": {"default": {"description": "Yes.", "content": {JSON: {"schema": {"enum": ["a"]}}}}}},
        {"responses": {"default": {"description": "Yes.", "content": {JSON: {"schema": {"enum": ["a", "b"]}}}}}},
    ),
    "what is called back": (_named(TEXT) | CALLBACK, _named(WHOLE) | CALLBACK),
    "a link goes": (_response(links={"a": {"operationId": "b"}}), _response()),
    "webhooks go": (_webhook(TEXT), {}),
    "a webhook is another": (
        _named(TEXT) | _webhook({"$ref": f"{NAMES}A"}),
        _named(WHOLE) | _webhook({"$ref": f"{NAMES}A"}),
    ),
    "a header of a part": (_named(TEXT) | ENCODED, _named(WHOLE) | ENCODED),
    "a part of a response": (_parts("response", contentType="text/plain"), _parts("response", contentType="image/png")),
    "a header is exploded": (_header(), _header(explode=True)),
    "a header is JSON": (_header(), _response(headers={"X": {"content": {JSON: {"schema": OBJECT}}}})),
    "a parameter that may be empty": (_query(allowEmptyValue=True), _query()),
    "the name of an element": (_request(TEXT | {"xml": {"name": "a"}}), _request(TEXT | {"xml": {"name": "b"}})),
    "a parameter beside a reference": (_beside(TEXT), _beside(WHOLE)),
    "a dynamic reference": (ANCHORS[0] | DYNAMIC, ANCHORS[1] | DYNAMIC),
    "the content of a text": (_named(TEXT) | CONTENT, _named(WHOLE) | CONTENT),
    "a server variable is no longer free": (_server(), _server(enum=["eu"])),
    "the last of many values goes": (
        _server(enum=["eu", *map(str, range(120))]),
        _server(enum=["eu", *map(str, range(110))]),
    ),
    "another flow": (_security("password"), _security("clientCredentials")),
    "a flow less": (_security("password", "clientCredentials"), _security("password")),
    "a default is true": (
        _request({"properties": {"a": {"default": 1}}}),
        _request({"properties": {"a": {"default": True}}}),
    ),
    "a default null goes": (_request({"properties": {"a": {"default": None}}}), _request({"properties": {"a": {}}})),
}


@pytest.mark.parametrize(("old", "new"), HIDDEN.values(), ids=HIDDEN)
def test_what_is_around_schemas_does_not_hide(old: dict[str, Any], new: dict[str, Any]) -> None:
    """It is breaking, and the same is no change."""
    assert _is_breaking(old, new)
    assert not _is_breaking(old, old)
    assert not _is_breaking(new, new)


ALLOWED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a tag comes": (
        _request(_pets("Cat", c="Cat")) | _pet_schemas(),
        _request(_pets("Cat", "Dog", c="Cat", d="Dog")) | _pet_schemas(),
    ),
    "a schema that has a tag is renamed": (
        _response(_pets("Cat", "Dog", c="Cat", d="Dog")) | _pet_schemas(),
        _response(_pets("Feline", "Dog", c="Feline", d="Dog")) | _pet_schemas(Cat="Feline"),
    ),
    "a charset": (_request(TEXT), _request(TEXT, f"{JSON}; charset=utf-8")),
    "a link comes": (_response(), _response(links={"a": {"operationId": "b"}})),
    "a host in other case": ({"servers": [{"url": "https://X.com/V"}]}, {"servers": [{"url": "https://x.com/V"}]}),
    "a server variable is free": (_server(enum=["eu"]), _server()),
}


@pytest.mark.parametrize(("old", "new"), ALLOWED.values(), ids=ALLOWED)
def test_what_takes_nothing_away_around_schemas_is_compatible(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Though it is said in another way."""
    assert not _is_breaking(old, new)


def test_thousands_of_values_take_no_time() -> None:
    """Whether they come in another order, or with one more."""
    values = [f"v{number}" for number in range(5_000)]
    began = time.perf_counter()
    assert not _is_breaking(_request({"enum": values}), _request({"enum": values[::-1]}))
    assert _is_breaking(_response({"enum": values}), _response({"enum": [*values[::-1], "more"]}))
    assert time.perf_counter() - began < 3


def test_hundreds_of_alternatives_take_no_time() -> None:
    """They are not compared one by one: that nothing is taken away is not shown."""
    branches = [OBJECT | {"required": [f"f{number}"]} for number in range(500)]
    began = time.perf_counter()
    assert _is_breaking(_request({"anyOf": branches}), _request({"anyOf": branches[::-1]}))
    assert not _is_breaking(_request({"anyOf": branches}), _request({"anyOf": [*branches]}))
    assert time.perf_counter() - began < 3
