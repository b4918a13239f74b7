"""Formats a review: Markdown for a pull request, the same as HTML, JSON for programs, and tables on the terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jinja2
from markdown_it import MarkdownIt
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contract.facts import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def write_files(record: dict[str, Any], folder: Path) -> list[Path]:
    """Write review.md, review.html and review.json, the same bytes for the same review, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown = _rendered("review.md", _printable(record) | {"source_words": SOURCES})
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    contents = {
        "review.md": markdown,
        "review.html": _rendered("review.html", {"verdict": record["verdict"], "body": body}),
        "review.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in contents]


def print_terminal(record: dict[str, Any], written: Iterable[str]) -> None:
    """Print the verdict, the to-dos and the tables, in the width of the terminal."""
    console = Console(highlight=False, soft_wrap=False)
    record = _printable(record)

    def say(line: str = "", style: str = "") -> None:
        # Text, because rich would read `images[]` in a string as markup.
        console.print(Text(line, style))

    say(record["summary"], style="bold red" if record["verdict"] == "breaking" else "bold green")
    say(f"Compared with {record['base']['contract']}: {record['base']['why']}.")
    for line in record["todo"]:
        is_missing = line in record["missing"]
        say(f"{'Missing' if is_missing else 'To do'}: {line}", "bold red" if is_missing else "")
    tables = {"On the wire": record["wire"], "In Python": record["python"]}
    if upstream := record["upstream"]:
        tables[f"Against {upstream['source']}"] = upstream["differences"]
    for title, rows in tables.items():
        if rows:
            say()
            console.print(_table(title, rows))
    if upstream and not upstream["differences"]:
        say(f"\nAgainst {upstream['source']}: no differences.")
    say()
    for version in record["versions"]:
        if version["carried"]:
            impact = f" ({version['impact']})" if version["impact"] else ", no bump needed"
            say(f"{version['of']}: {version['new']}{impact}")
    sources = record["sources"]
    counts = ", ".join(f"{count['now']} {source}" for source, count in sources["counts"].items() if count["now"])
    say(f"Sources: {counts}; {sum(fact['new'] for fact in sources['facts']) or 'none'} new.")
    say(f"Written: {', '.join(written)}")


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", expand=False)
    table.add_column("Verdict", no_wrap=True)
    table.add_column("What and where", overflow="fold")
    for row in rows:
        text = f"{row.get('what') or row['name']}: {row['sentence']} {row['because']}".replace("`", "")
        sides = [f"{side}: {row[side]}" for side in ("ours", "theirs") if row.get(side)]
        shown = Text("\n".join([text, *(sides or [row.get("where", "")])]).rstrip())
        verdict, style = ("breaking", "red") if row["breaking"] else ("compatible", None)
        table.add_row(verdict, shown, style=style)
    return table


def _printable(value: Any) -> Any:
    """Escape control characters, because names and values come from foreign documents."""
    if isinstance(value, str):
        return _CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _rendered(name: str, values: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("review"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # Markdown has rules of its own, `cell` and `span`; what it becomes is HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": _cell, "span": _span}
    return environment.get_template(f"{name}.jinja").render(**values)


def _cell(text: str) -> str:
    """Escape a text for Markdown, in a table or not; parts in backticks become code."""
    parts = str(text).replace("\n", " ").split("`")
    if len(parts) % 2 == 0:  # an unpaired backtick is not ours
        return _prose("`".join(parts))
    return "".join(_prose(part) if index % 2 == 0 else _span(part) for index, part in enumerate(parts))


def _prose(text: str) -> str:
    return re.sub(r"([\\*_\[\]<>|#@~!`])", r"\\\1", text).replace("\\@", "&#64;")


def _span(text: str) -> str:
    """Return a text as inline code in Markdown."""
    ticks = "``" if "`" in text else "`"
    padded = f" {text} " if "`" in text else text
    return f"{ticks}{padded}{ticks}".replace("|", "\\|").replace("\n", " ")
