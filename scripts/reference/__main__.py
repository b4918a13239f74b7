"""Builds the Python reference: HTML pages in one folder that need no server and no network. Run by `make docs`.

Exit status: 0 done, 2 it could not be done.
"""

from __future__ import annotations

import argparse
import enum
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TypedDict

from pdoc import render
from pdoc.doc import Class, Function, Module, Variable

from autoenhance import _async_client, _base_client, _client
from autoenhance._settings import NotGiven
from autoenhance_api import edit_order_params
from command import ROOT, name_of, run

# A name that several of them have belongs to the first: signatures and links name it there.
PAGES = (
    "autoenhance.errors",
    "autoenhance.bulk",
    "autoenhance.models",
    "autoenhance",
    "autoenhance.sandbox",
    "autoenhance.sandbox.pytest_plugin",
)
# The classes whose constructor is for callers.
CONSTRUCTED = {"AsyncAutoenhance", "Autoenhance", "OrderEdit", "Sandbox"}
# pdoc finds the docstring of a variable only in the module that assigns it.
VARIABLES = {
    "EditResult": "autoenhance._bulk.types",
    "UNSET": "autoenhance_api.types",
    "__version__": "autoenhance._version",
}
# The text of a link to a name needs no module, and a type variable no sign.
NOISE = re.compile(
    r'(<a href="[^"]*#[^"]*">)autoenhance\.(?:\w+\.)*?(?=(?:[A-Z]\w*\.)?\w+</a>)'
    r'|<span class=\\?"o\\?">[~+]</span>(?=<span class=\\?"n\\?">(?:E|E_co|T)</span>)|\B[~+](?=(?:E|E_co|T)\b)'
)
# pdoc links a name in a docstring only to its own page, unless its module is given.
NAME = re.compile(r"<code>(\w+)((?:\.\w+)?)</code>")


def main(arguments: list[str] | None = None) -> int:
    """Build the reference; returns the exit status."""
    parser = argparse.ArgumentParser(prog="reference", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build/docs/python", help="the folder (default: %(default)s)"
    )
    output = parser.parse_args(arguments).output.absolute()

    def work() -> int:
        build(output)
        print(f"Written: {name_of(output)}/index.html")
        return 0

    return run("reference", work)


def build(output: Path) -> None:
    """Write the pages, an index that leads to them, and what the search box reads."""
    # Annotations of the keywords that `expand_options` adds are read where the function is.
    for client in (_async_client, _client):
        vars(client).update(vars(edit_order_params) | vars(_base_client) | vars(client))
    # Before Python 3.12 a TypedDict does not say which it extends.
    vars(_base_client)["EditOptions"].__orig_bases__ = (edit_order_params.EditOrderParams, TypedDict)
    pages = {name: read(name) for name in sorted(PAGES)}
    NotGiven.__module__ = "builtins"  # it has no public name
    # From here on signatures, bases and links have the public path of a class.
    for name in PAGES:
        for member in pages[name].members.values():
            if isinstance(member, Class) and member.obj.__module__ not in PAGES:
                member.obj.__module__ = name
    for name, page in pages.items():
        classes = {key: member for key, member in page.members.items() if isinstance(member, Class)}
        for class_ in classes.values():
            class_.bases = [
                (module, base, text.partition("[")[0])
                for module, base, text in class_.bases
                if not is_private(module) and base != "Generic"
            ]
        away = {key for key, class_ in classes.items() if class_.obj.__module__ != name}
        page.members = {key: page.members[key] for key in sorted(page.members, key=away.__contains__)}
    render.configure(docformat="google", show_source=False, template_directory=Path(__file__).parent)
    homes = {key: name for name in reversed(PAGES) for key in pages[name].members}
    for name, page in pages.items():
        up = "../" * name.count(".")
        write(output, f"{name.replace('.', '/')}.html", tidy(render.html_module(page, pages), up, homes))
    write(output, "index.html", render.html_index(pages))
    write(output, "search.js", NOISE.sub("", render.search_index(pages)))


def write(output: Path, name: str, text: str) -> None:
    """Write a file, and the folder that it is in."""
    file = output / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def tidy(text: str, up: str, homes: dict[str, str]) -> str:
    """Make a page easier to read.

    Args:
        text: The page.
        up: The path from it to the folder of the reference.
        homes: The module that has a public name.
    """

    def link(found: re.Match[str]) -> str:
        name, member = found.groups()
        if name not in homes:
            return found[0]
        return f'<code><a href="{up}{homes[name].replace(".", "/")}.html#{name}{member}">{name}{member}</a></code>'

    return NAME.sub(link, NOISE.sub(r"\1", text))


def read(name: str) -> Module:
    """Read the public names of a module, and what of their members is documented."""
    module = import_module(name)
    for public in getattr(module, "__all__", ()):
        vars(module)[public] = getattr(module, public)  # pdoc does not ask for what is imported when it is asked for
    page = Module.from_name(name)
    for member in page.members.values():
        if isinstance(member, Class):
            complete(member)
        elif isinstance(member, Function):  # a fixture may ask for a private one
            signature = inspect.signature(member.obj)
            shown = [each for each in signature.parameters.values() if not each.name.startswith("_")]
            member.obj.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]  # a function
        elif member.name in VARIABLES:
            member.docstring = Module.from_name(VARIABLES[member.name]).members[member.name].docstring
    return page


def complete(class_: Class) -> None:
    """Give each member what the class says of it under "Attributes", and leave out members of which nothing is said."""
    class_.docstring, _, listed = class_.docstring.partition("\n\nAttributes:\n")
    described = dict(re.findall(r"^    (\w+): (.+(?:\n {5,}.+)*)", listed, re.MULTILINE))
    for name, member in list(class_.members.items()):
        member.docstring = inspect.cleandoc(described.get(name, member.docstring))
        is_value = isinstance(member, Variable) and issubclass(class_.obj, enum.Enum)
        if not (class_.name in CONSTRUCTED if name == "__init__" else member.docstring or is_value):
            del class_.members[name]
        elif is_private(member.taken_from[0]):
            member.taken_from = class_.modulename, member.qualname  # a private base class is not shown


def is_private(module: str) -> bool:
    """Whether a module of ours has no page."""
    return module.startswith("autoenhance") and module not in PAGES


if __name__ == "__main__":
    sys.exit(main())
