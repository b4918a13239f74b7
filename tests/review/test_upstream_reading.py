"""Where a document may come from, what it may be, and what is said when it is something else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from upstream_documents import FROZEN, PATH, ROOT, Their, compared, our_contract, short

from command import FailureError
from contract import ContractError, load
from contract_diff import DiffError
from review import fetch
from review.assemble import compare_upstream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.tools

CONTRACT = (ROOT / FROZEN).read_bytes()


def _compare(content: bytes, folder: Path) -> list[str]:
    path = folder / "theirs"
    path.write_bytes(content)
    return short(compare_upstream(our_contract(), str(path)).differences)


def _with(change: Callable[[Their], Any]) -> bytes:
    their = Their()
    change(their)
    return json.dumps(their.tree).encode()


def _patch_away(their: Their) -> None:
    their.tree["paths"] = {
        "/v3/orders/{id}": {"put": {}},
        "/v3/orders": {"get": {}},
        "/images": {"get": {}, "patch": {}},
    }


BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)
)
NO_DOCUMENT = {
    "nothing": (b"", r"is not an OpenAPI document: the top level is not a mapping$"),
    "a page": (b"<!DOCTYPE html><html></html>", r"is a web page or XML, not an OpenAPI document"),
    "a list": (b"[1]", r"the top level is not a mapping"),
    "text": (b"hello", r"the top level is not a mapping"),
    "JSON of something else": (b'{"a": 1}', r"is not an OpenAPI document: it has no `openapi` at its top;"),
    "Swagger": (b"swagger: '2.0'", r"is Swagger 2.0; OpenAPI 3.0 and 3.1 can be compared"),
    "OpenAPI 3.2": (b"openapi: 3.2.0", r"is OpenAPI 3.2.0; OpenAPI 3.0 and 3.1 can be compared"),
    "broken YAML": (b"openapi: 3.1.0\npaths:\n  a: [1\n", r"theirs:\d:\d+: is not YAML: "),
    "a tab": (b"openapi: 3.1.0\n\tpaths: {}\n", r"theirs:2:1: is not YAML"),
    "broken JSON": (b'{"openapi": "3.1.0",\n "paths": [}', r"theirs: line 2, column 12: is not JSON: "),
    "a number with too many digits": (b'{"openapi": ' + b"9" * 5000 + b"}", r"is not JSON: "),
    "another encoding": (b"openapi: 3.1.0 # \xff", r"is not text in UTF-8"),
    "deep JSON": (b'{"a":' * 100_000, r"is nested too deeply"),
    "deep YAML": (b"a: " + b"[" * 1000, r"is nested too deeply"),
    "aliases in aliases": (b"openapi: 3.1.0\n" + BOMB, r"aliases unpack to more than 5000000 values"),
    "an alias in itself": (b"openapi: 3.1.0\npaths: &a\n  b: *a\n", r"nor anything like it$"),
    "no paths": (b"openapi: 3.1.0", r"has no paths, so it does not describe PATCH /v3/orders/\{id\}"),
    "no such operation": (
        _with(_patch_away),
        r"PATCH /v3/orders/\{id\}; the most similar that it has: PUT /v3/orders/\{id\}, GET /v3/orders, PATCH /images$",
    ),
    "nothing similar": (_with(lambda t: t.tree.update(paths={"/a": {"get": {}}})), r"; nor anything like it$"),
}


@pytest.mark.parametrize(("content", "message"), NO_DOCUMENT.values(), ids=NO_DOCUMENT)
def test_what_is_no_such_document_is_told_in_a_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    """What is wrong, and in text the line; no traceback and no hang."""
    with pytest.raises((ContractError, DiffError), match=message):
        _compare(content, tmp_path)


DOCUMENTS = {
    "a mark before the text": b"\xef\xbb\xbf" + CONTRACT,
    "UTF-16": CONTRACT.decode().encode("utf-16"),
    "a key that stands twice": CONTRACT + b"tags: []\n",
    "JSON that only YAML reads": _with(lambda _: None)[:-1] + b", x-a: 1,}",
    "statuses without quotes": CONTRACT.replace(b"'200':", b"200:"),
    "dates without quotes": CONTRACT.replace(b"example: '2025-08-31'", b"example: 2025-08-31"),
}


@pytest.mark.parametrize("content", DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_people_and_tools_write_is_read(content: bytes, tmp_path: Path) -> None:
    """It is our contract all the same."""
    assert _compare(content, tmp_path) == []


@pytest.mark.parametrize(
    ("prefix", "path"),
    [("", "/v3/orders/{id}"), ("/v3", "/orders/{order_id}"), ("https://api.autoenhance.ai/v3/", "/orders/{id}/")],
)
@pytest.mark.parametrize("level", ["document", "path", "operation"])
def test_the_operation_is_found_wherever_its_path_comes_from(prefix: str, path: str, level: str) -> None:
    """The server of the document, of the path or of the operation; whatever the parameter is called."""
    their = Their()
    their.tree["paths"] = {path: their.item, "/orders": {}, "/a": {"patch": {}}}
    their.operation["parameters"][0]["name"] = path.split("{")[1].split("}", maxsplit=1)[0]
    del their.tree["servers"]
    {"document": their.tree, "path": their.item, "operation": their.operation}[level]["servers"] = [{"url": prefix}]
    assert compared(their.tree) == []


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    """With the name as it was given, but for what may be a password; and nothing waits for a pipe."""
    os.mkfifo(tmp_path / "pipe")
    for source, message in (
        ("nowhere.yaml", r"^nowhere.yaml: cannot be read: No such file"),
        (str(tmp_path), "Is a directory"),
        (str(tmp_path / "pipe"), "is no regular file"),
        ("//me:S3CR3T@host/api.json", r"^//host/api.json: cannot be read"),
        ("me:S3CR3T@host/api.json", r"^host/api.json: cannot be read"),
    ):
        with pytest.raises(FailureError, match=message):
            compare_upstream(our_contract(), source)


def test_a_long_file_is_refused_and_yaml_sooner_than_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of YAML takes seconds."""
    monkeypatch.setattr(load, "_MOST_YAML_BYTES", 1000)
    assert _compare(_with(lambda _: None), tmp_path) == []
    with pytest.raises(ContractError, match=r"MB of YAML; JSON may be longer"):
        _compare(CONTRACT, tmp_path)
    monkeypatch.setattr(fetch, "_MOST_BYTES", 1000)
    with pytest.raises(FailureError, match=r"is longer than"):
        _compare(_with(lambda _: None), tmp_path)


def test_of_two_paths_the_one_that_leads_there_is_compared() -> None:
    """A path that looks like ours but is below another prefix comes second."""
    their = Their()
    other = {"servers": [{"url": "/v3"}], "patch": {"responses": {}}}
    assert compared({**their.tree, "paths": {PATH.replace("id", "x"): other, PATH: their.item}}) == []
    assert "breaking server, address" in short(compared({**their.tree, "paths": {PATH: other}}))
