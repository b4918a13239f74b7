"""Shows a review: Markdown for a pull request, HTML for a person, JSON for a machine, a table on the terminal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jinja2
from facts import SOURCES
from markupsafe import Markup, escape
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from review.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from review.reviewing import Review

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # rich would exit with 1, which means something here.
        raise BrokenPipeError


def write_files(review: Review, folder: Path) -> list[Path]:
    """Write review.md, review.html and review.json; the same review gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    record = review.record()
    shown = _printable(record)
    contents = {
        "review.md": _template("review.md.jinja", shown),
        "review.html": _template("review.html.jinja", shown),
        "review.json": json.dumps(record, indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in contents]


def print_terminal(review: Review, written: Iterable[Path]) -> None:
    """Print the verdict, then the tables, in the width that there is."""
    console = _Console(highlight=False, soft_wrap=False)

    def say(line: str = "", style: str = "") -> None:
        # Text, because a string would be read as rich's markup, and `images[]` is a place.
        console.print(Text(_printable(line), style))

    say(review.verdict, style="bold red" if review.is_breaking else "bold green")
    say(f"Compared with {review.base}: {review.why}.")
    if review.wire:
        say()
        console.print(_table("On the wire", _wire_rows(review)))
    if review.python:
        say()
        console.print(_table("In Python", _python_rows(review)))
    if review.upstream:
        say()
        title = f"Against {review.upstream.source}"
        console.print(_table(title, _upstream_rows(review)))
    say()
    for version in review.versions:
        say(_version(version.of, version.old, version.new, version.impact, version.needed, carried=version.carried))
    say(_sources(review))
    for finding in review.findings:
        say(f"Not well-formed: {finding}")
    for missing in review.missing:
        say(f"Missing: {missing}", style="bold red")
    say(f"Written: {', '.join(map(str, written))}")


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    table = Table(
        title=Text(_printable(title)), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", expand=False
    )
    table.add_column("Breaks", no_wrap=True)
    table.add_column("What and where", overflow="fold")
    for breaks, what in rows:
        table.add_row(breaks, Text(_printable(what)), style="red" if breaks not in {"nobody", "no"} else None)
    return table


def _wire_rows(review: Review) -> list[tuple[str, str]]:
    return [
        (change.breaks, f"{_plain(change.what)}: {_plain(change.sentence)} {_plain(change.because)}\n{change.where}")
        for change in review.wire
    ]


def _python_rows(review: Review) -> list[tuple[str, str]]:
    return [
        ("callers" if change.breaks else "nobody", f"{change.name}\n{_plain(change.sentence)} {_plain(change.because)}")
        for change in review.python
    ]


def _upstream_rows(review: Review) -> list[tuple[str, str]]:
    differences = review.upstream.differences if review.upstream else ()
    return [
        (
            "our client" if difference.breaks else "no",
            f"{_plain(difference.what)} ({difference.kind}): {_plain(difference.sentence)} {_plain(difference.why)}"
            + "".join(
                f"\n{label}: {where}"
                for label, where in (("ours", difference.ours), ("theirs", difference.theirs))
                if where
            ),
        )
        for difference in differences
    ]


def _plain(text: str) -> str:
    return text.replace("`", "")


def _printable(value: Any) -> Any:
    """Text without what would steer a terminal: names and values come from outside."""
    if isinstance(value, str):
        return _CONTROLS.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value


def _version(of: str, old: str, new: str, impact: str | None, needed: str, *, carried: bool) -> str:
    said = of[0].upper() + of[1:]
    if impact is None:
        return f"{said}: {old}; nothing asks for another."
    state = f"is {new}, as it should be" if carried else f"is still {new}" if old == new else f"is {new}"
    return f"{said}: {old} asks for {needed} ({impact}) and {state}."


def _sources(review: Review) -> str:
    counts = ", ".join(f"{count} {source}" for source, count in review.sources.new.items() if count)
    added = len(review.sources.added)
    return f"Sources: {counts}; {added or 'no'} new."


def _template(name: str, record: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("review"),
        undefined=jinja2.StrictUndefined,
        autoescape=name.endswith(".html.jinja"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": _cell, "span": _span, "code": _code}
    return environment.get_template(name).render(**record, source_words=SOURCES, rules=RULES, version_line=_version)


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


def _code(text: str) -> Markup:
    """Text with `code` in it, as HTML."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before
