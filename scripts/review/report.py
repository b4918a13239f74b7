"""Shows a review: Markdown for a pull request, the same as HTML for a person, JSON for a machine, tables on the terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

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

    from review.reviewing import Review

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Contract review: {verdict}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --soft: #8882; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ border-left: .4rem solid {colour}; padding-left: .8rem; }} h3 {{ margin-top: 2.5rem; }}
table {{ border-collapse: collapse; width: 100%; overflow-wrap: anywhere; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }}
code {{ font-size: .87em; background: var(--soft); padding: .1em .3em; border-radius: 3px; }}
td:first-child {{ overflow-wrap: normal; }}
</style>
</head>
<body>
{body}</body>
</html>
"""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # rich would exit with 1, which means something here.
        raise BrokenPipeError


def write_files(review: Review, folder: Path) -> list[Path]:
    """Write review.md, review.html and review.json; the same review gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    record = review.record()
    markdown = _markdown(_printable(record))
    contents = {
        "review.md": markdown,
        "review.html": _html(markdown, record["verdict"]),
        "review.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in contents]


def print_terminal(review: Review, written: Iterable[str]) -> None:
    """Print the verdict, what must be done, and the tables, in the width that there is."""
    console = _Console(highlight=False, soft_wrap=False)

    def say(line: str = "", style: str = "") -> None:
        # Text, because a string would be read as rich's markup, and `images[]` is a place.
        console.print(Text(_printable(line), style))

    say(review.verdict, style="bold red" if review.is_breaking else "bold green")
    say(f"Compared with {review.base}: {review.why}.")
    for line in review.todo:
        say(f"{'Missing' if line in review.missing else 'To do'}: {line}", "bold red" if line in review.missing else "")
    upstream = review.upstream
    title = f"Against {upstream.source}" if upstream else ""
    wire = [(change.breaking, change.what, change.sentence, change.because, change.where) for change in review.wire]
    python = [(change.breaking, change.name, change.sentence, change.because, "") for change in review.python]
    theirs = [
        (each.breaking, each.what, each.sentence, each.because, _sides(*(each.sides or ("", ""))))
        for each in (upstream.differences if upstream else ())
    ]
    for name, rows in (("On the wire", wire), ("In Python", python), (title, theirs)):
        if rows:
            say()
            console.print(_table(name, rows))
    if upstream and not theirs:
        say(f"\n{title}: no differences.")
    say()
    for version in review.versions:
        if version.carried:
            say(f"{version.of}: {version.new}{f' ({version.impact})' if version.impact else ', no bump needed'}")
    counts = ", ".join(f"{count['now']} {source}" for source, count in review.sources["counts"].items() if count["now"])
    say(f"Sources: {counts}; {sum(fact['new'] for fact in review.sources['facts']) or 'none'} new.")
    say(f"Written: {', '.join(written)}")


def _sides(ours: str, theirs: str) -> str:
    return "\n".join(f"{name}: {where}" for name, where in (("ours", ours), ("theirs", theirs)) if where)


def _table(title: str, rows: list[tuple[bool, str, str, str, str]]) -> Table:
    table = Table(
        title=Text(_printable(title)), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", expand=False
    )
    table.add_column("Verdict", no_wrap=True)
    table.add_column("What and where", overflow="fold")
    for breaking, what, sentence, because, where in rows:
        text = f"{what}: {sentence} {because}".replace("`", "")
        shown = Text(_printable(f"{text}\n{where}".rstrip()))
        table.add_row("breaking" if breaking else "compatible", shown, style="red" if breaking else None)
    return table


def _printable(value: Any) -> Any:
    """Text without what would steer a terminal: names and values come from outside."""
    if isinstance(value, str):
        return _CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _markdown(record: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("review"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # it is Markdown, which has rules of its own: `cell` and `span`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": _cell, "span": _span}
    return environment.get_template("review.md.jinja").render(**record, source_words=SOURCES)


def _html(markdown: str, verdict: str) -> str:
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return _PAGE.format(verdict=verdict, colour="#b3261e" if verdict == "breaking" else "#1b6e3c", body=body)


def _cell(text: str) -> str:
    """Text for Markdown, in a table or not: what stands in backticks is code, and of the rest nothing is obeyed."""
    parts = str(text).replace("\n", " ").split("`")
    prose = [re.sub(r"([\\*_\[\]<>|#@~!])", r"\\\1", part).replace("\\@", "&#64;") for part in parts[::2]]
    code = [f"`{part}`".replace("|", "\\|") for part in parts[1::2]]
    if len(parts) % 2 == 0:  # a backtick without its other half is none of ours
        return re.sub(r"([\\*_\[\]<>|#@~!`])", r"\\\1", str(text).replace("\n", " "))
    return "".join(first + second for first, second in zip(prose, [*code, ""], strict=True))


def _span(text: str) -> str:
    """Text as code in Markdown."""
    ticks = "``" if "`" in text else "`"
    padded = f" {text} " if "`" in text else text
    return f"{ticks}{padded}{ticks}".replace("|", "\\|").replace("\n", " ")
