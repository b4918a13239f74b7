"""Renders the contract as one HTML file that works without network or other files. Run by `make docs`.

Exit status: 0 done; 2 an error, and an existing page is unchanged.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markdown_it import MarkdownIt

from command import ROOT, SPEC, FailureError, name_of, run
from contract import redocly
from contract.checks import read, statements
from contract.facts import ASPECTS
from contract.load import at, operations, with_since

# Shown in small print after a description.
FACTS = {key: aspect or "source" for key, aspect in ASPECTS.items()} | {"x-keyword": "keyword"}
OPTIONS = {
    "disableTelemetry": True,
    # Expand everything.
    "schemasExpansionLevel": 9,
    "jsonSamplesExpandLevel": 9,
    "maxDisplayedEnumValues": 99,
    # Redoc generates a sample for every language that it knows; show only our four.
    "codeSamples": {
        "languages": [
            {"lang": "curl", "label": "cURL"},
            {"lang": "Python"},
            {"lang": "JavaScript"},
            {"lang": "PHP"},
        ]
    },
}
# The only request of the page is for the logo under the menu. The name replaces it, to keep the attribution.
LOGO = "https://cdn.redoc.ly/redoc/logo-mini-full.svg"
WORD = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='42' height='14'>"
    "<text y='11' font-family='sans-serif' font-size='12' fill='#0044d4'>Redoc</text></svg>"
)
# The page fetches nothing, and this policy enforces it. Redoc searches in a worker that it creates from a blob.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
REFERENCE = "In Python: [the reference](python/index.html)."  # scripts/reference/ makes it
HEAD = "<head>\n"
END = "</body>\n\n</html>"
FOOTER = "max-width: 50rem; margin: 0 auto; padding: 2rem; font: 14px/1.5 Roboto, sans-serif; color: #333"


def main(arguments: list[str] | None = None) -> int:
    """Render the page, and return the exit status."""
    parser = argparse.ArgumentParser(prog="contract render", description=__doc__.splitlines()[0])
    parser.add_argument("--spec", type=Path, default=SPEC, help="the contract (default: %(default)s)")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build/docs/index.html", help="the page (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    spec, output = options.spec.absolute(), options.output.absolute()

    def work() -> int:
        output.parent.mkdir(parents=True, exist_ok=True)
        new = output.with_name(f"{output.name}.new")
        new.write_text(render(spec), encoding="utf-8")
        new.replace(output)
        print(f"Written: {name_of(output)}")
        return 0

    return run("render", work)


def render(spec: Path) -> str:
    """Return the HTML page of a contract.

    Raises:
        FailureError: If the contract cannot be used, if Redocly CLI is not installed or fails, or if its page lacks a text
            that is replaced here.
    """
    document = with_since(read(spec, name_of(spec)).plain())
    about = document["info"].pop("description", "")
    document["info"]["description"] = REFERENCE
    document = _for_redoc(document)
    with tempfile.TemporaryDirectory(prefix="autoenhance-") as name:
        folder = Path(name)
        (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
        arguments = ("openapi.json", "--output", "index.html", "--inlineBundle", "--openapi", json.dumps(OPTIONS))
        finished = redocly.run("build-docs", *arguments, folder=folder)
        if finished.returncode:
            output = " ".join((finished.stderr.strip() or finished.stdout.strip()).split())
            raise FailureError(f"Redocly CLI failed: {output or f'exit status {finished.returncode}'}")
        page = (folder / "index.html").read_text(encoding="utf-8")
    # The page is about the operation; the introduction, on how the contract came about, goes to its end.
    page = _replace(page, END, f'<footer style="{FOOTER}">{MarkdownIt().render(about)}</footer>\n{END}')
    page = _replace(page, LOGO, f"data:image/svg+xml,{quote(WORD)}")
    return _replace(page, HEAD, f'{HEAD}  <meta http-equiv="Content-Security-Policy" content="{POLICY}" />\n')


def _for_redoc(document: dict[str, Any]) -> dict[str, Any]:
    """Rewrite the document so that Redoc shows all of it."""
    # It collapses the operations of a tag; without tags, our one operation is expanded.
    document.pop("tags", None)
    for pointer in operations(document):
        at(document, pointer).pop("tags", None)
    for _, node in statements(document):
        if "x-source" in node and isinstance(node.get("description"), str):
            node["description"] = _with_facts(node)
    # It shows the branches of a nullable `anyOf` in boxes of their own.
    schemas = document.get("components", {}).get("schemas", {})
    for schema in schemas.values():
        fields = schema.get("properties", {})
        fields |= {name: _without_branches(field, schemas) for name, field in fields.items()}
    return document


def _with_facts(node: dict[str, Any]) -> str:
    """Return the description, each paragraph on one line, with the sources after it in small print."""
    paragraphs = [" ".join(each.split()) for each in node["description"].strip().split("\n\n")]
    facts = ", ".join(f"{word}: {node[key]}" for key, word in FACTS.items() if key in node)
    return "\n\n".join(paragraphs) + f" <small>{facts}</small>"


def _without_branches(field: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return a nullable field without its `anyOf`, as a list of types."""
    branches = field.get("anyOf", [])
    if len(branches) != len(("it", "null")) or branches[1] != {"type": "null"}:
        return field
    name = branches[0].get("$ref", "").rpartition("/")[2]
    schema = schemas.get(name, branches[0])
    if not isinstance(schema.get("type"), str):
        return field
    description = field.get("description", "")
    if schema.get("x-open-enum"):
        description = description.replace("</small>", ", other values: possible</small>")
    title = {"title": name} if name else {}
    return {**title, **schema, "type": [schema["type"], "null"], "description": description}


def _replace(page: str, old: str, new: str) -> str:
    if page.count(old) != 1:
        raise FailureError(
            f"Redoc's page contains {old.strip()!r} {page.count(old)} times, not once; adapt scripts/contract/render.py"
        )
    return page.replace(old, new)
