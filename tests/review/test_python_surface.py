"""What changes for users of the two packages, seen on small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import FailureError
from review.changes import union
from review.python_surface import compare
from review.surface import Surface

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tools

FILES = {
    "autoenhance/__init__.py": """
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoenhance._client import Client
    from autoenhance.errors import Refused
    from autoenhance import errors, models

__all__ = ["Client", "Refused", "errors", "models"]
""",
    "autoenhance/_client.py": """
from typing import overload

class Options:
    def with_options(self, timeout: float = 30) -> "Options": ...

class Client(Options):
    def edit(self, order_id: str, *, name: str | None = None) -> str: ...
    def close(self) -> None: ...
""",
    "autoenhance/errors.py": """
__all__ = ["Failed", "Refused"]

class Failed(Exception): ...
class Refused(Failed):
    status: int
""",
    "autoenhance/models.py": """
from autoenhance_api.models import *
from autoenhance_api import models

__all__ = []
__all__ += models.__all__
""",
    "autoenhance_api/__init__.py": "",
    "autoenhance_api/models/__init__.py": """
from .order import Order
from .update import Update
from .tag import Tag

__all__ = ("Order", "Tag", "Update")
""",
    "autoenhance_api/models/order.py": """
class Order:
    name: str | Unset = UNSET
    images: list[int | str] | Unset = UNSET
""",
    "autoenhance_api/models/update.py": """
class Update:
    name: str | Unset = UNSET
    tag: Tag | Unset = UNSET
""",
    "autoenhance_api/models/tag.py": """
class Tag:
    text: str | Unset = UNSET
""",
    "autoenhance_api/api/__init__.py": "",
    "autoenhance_api/api/edit.py": """
def sync(id: str, *, body: Update | Unset = UNSET) -> Order | None: ...
""",
}


def surface(folder: Path, files: dict[str, str]) -> Surface:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Surface([folder])


CHANGES: dict[str, tuple[str, str, str, list[str]]] = {
    "a base class": (
        "autoenhance/errors.py",
        "Refused(Failed)",
        "Refused(Exception)",
        ["breaking autoenhance.Refused: It is no `autoenhance.errors.Failed` any more."],
    ),
    "a base class further up": (
        "autoenhance/errors.py",
        "Failed(Exception)",
        "Failed(OSError)",
        [
            "breaking autoenhance.Refused: It is no `Exception` any more.",
            "breaking autoenhance.errors.Failed: It is no `Exception` any more.",
        ],
    ),
    "an inherited method": (
        "autoenhance/_client.py",
        "with_options",
        "with_settings",
        [
            "breaking autoenhance.Client.with_options: The function is gone. It looks like a rename to `with_settings`, which is new."
        ],
    ),
    "a method that is awaited": (
        "autoenhance/_client.py",
        "def close",
        "async def close",
        ["breaking autoenhance.Client.close: It is async now."],
    ),
    "a method of the class": (
        "autoenhance/_client.py",
        "    def close(self)",
        "    @classmethod\n    def close(self)",
        ["breaking autoenhance.Client.close: It is classmethod now."],
    ),
    "a method that is a property": (
        "autoenhance/_client.py",
        "    def close(self)",
        "    @property\n    def close(self)",
        ["breaking autoenhance.Client.close: It was a function and is an attribute."],
    ),
    "a name that is not exported": (
        "autoenhance/models.py",
        "from autoenhance_api.models import *\nfrom autoenhance_api import models\n\n__all__ = []\n__all__ += models.__all__",
        "",
        ["breaking autoenhance.models: Order, Tag, Update: The class is gone."],
    ),
    "a parameter's default": (
        "autoenhance/_client.py",
        "timeout: float = 30",
        "timeout: float = 60",
        [
            "breaking autoenhance.Client.with_options: The parameter `timeout` has another default. It was `30` and is `60`.",
        ],
    ),
    "a parameter that is required": (
        "autoenhance/_client.py",
        "name: str | None = None",
        "name: str",
        [
            "breaking autoenhance.Client.edit: The parameter `name` is no longer `None`.",
            "breaking autoenhance.Client.edit: The parameter `name` is required now.",
        ],
    ),
    "another way to write a type": ("autoenhance/_client.py", "name: str | None", "name: Optional['str']", []),
    "a field that is read": (
        "autoenhance_api/models/order.py",
        "name: str",
        "name: None | str",
        ["breaking autoenhance.models.Order.name: It may also be `None`."],
    ),
    "a field that is written": (
        "autoenhance_api/models/update.py",
        "name: str",
        "name: None | str",
        ["compatible autoenhance.models.Update.name: It may also be `None`."],
    ),
    "a field that is written further down": (
        "autoenhance_api/models/tag.py",
        "text: str",
        "text: None | str",
        ["compatible autoenhance.models.Tag.text: It may also be `None`."],
    ),
    "what a list holds": (
        "autoenhance_api/models/order.py",
        "list[int | str]",
        "list[str]",
        [
            "breaking autoenhance.models.Order.images: It was `list[int | str] | Unset` and is `list[str] | Unset`.",
        ],
    ),
    "a field's default": (
        "autoenhance_api/models/order.py",
        "name: str | Unset = UNSET",
        'name: str | Unset = ""',
        ["breaking autoenhance.models.Order.name: Its default was `UNSET` and is `''`."],
    ),
    "overloads": (
        "autoenhance/_client.py",
        "    def close",
        "    @overload\n    def close(self, now: int) -> int: ...\n    @overload\n    def close(self) -> None: ...\n    def close",
        ["breaking autoenhance.Client.close: Its overloads are others."],
    ),
    "something private": ("autoenhance/_client.py", "class Client", "class _Hidden: ...\n\nclass Client", []),
}


@pytest.mark.parametrize(("file", "before", "after", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_under_its_public_name(
    tmp_path: Path, file: str, before: str, after: str, expected: list[str]
) -> None:
    """And judged: what is read may become narrower, what is written wider."""
    assert before in FILES[file]
    old = surface(tmp_path / "old", FILES)
    new = surface(tmp_path / "new", FILES | {file: FILES[file].replace(before, after)})
    told = [
        f"{'breaking' if change.breaking else 'compatible'} {change.name}: {change.sentence}"
        for change in compare(old, new, [])
    ]
    assert told == expected


def test_a_class_may_move_and_keep_its_name(tmp_path: Path) -> None:
    """What counts is what can be imported: the name that is lost is told, not the one that stays."""
    moved = FILES["autoenhance/errors.py"].replace('__all__ = ["Failed", "Refused"]', "")
    files = FILES | {
        "autoenhance/_errors.py": moved,
        "autoenhance/errors.py": "from autoenhance._errors import Failed\n\n__all__ = ['Failed']\n",
        "autoenhance/__init__.py": FILES["autoenhance/__init__.py"].replace(
            "autoenhance.errors", "autoenhance._errors"
        ),
    }
    told = compare(surface(tmp_path / "old", FILES), surface(tmp_path / "new", files), [])
    assert [(change.name, change.sentence) for change in told] == [("autoenhance.errors.Refused", "The class is gone.")]


def test_a_file_that_is_no_python_is_named_with_its_line(tmp_path: Path) -> None:
    """griffe would pass over it, and everything in it would seem to be gone or never to have been."""
    with pytest.raises(FailureError, match=r"^autoenhance/_client.py:11: is not Python: "):
        surface(tmp_path, FILES | {"autoenhance/_client.py": FILES["autoenhance/_client.py"] + "\ndef f(:\n"})


@pytest.mark.parametrize(
    ("annotation", "members"),
    [
        ("int | None", ["int", "None"]),
        ("Optional[list[int | str]]", ["list[int | str]", "None"]),
        ("typing.Union[int, dict[str, int]]", ["int", "dict[str, int]"]),
        ("Response[Order | ErrorBody]", ["Order", "ErrorBody"]),
        ("'Order' | None", ["Order", "None"]),
        ("Literal['a', 'b'] | int", ["Literal['a']", "Literal['b']", "int"]),
    ],
)
def test_a_union_is_read_however_it_is_written(annotation: str, members: list[str]) -> None:
    """Only the outermost members count."""
    assert union(annotation) == members


def test_a_member_of_an_enum_is_renamed_only_with_its_value(tmp_path: Path) -> None:
    """One that has another value is another member."""
    sky = 'from enum import Enum\n\nclass Sky(Enum):\n    HIGH_CLOUD = "high"\n'
    files = FILES | {
        "autoenhance/errors.py": sky + FILES["autoenhance/errors.py"].replace("__all__ = [", "__all__ = ['Sky', ")
    }
    told = []
    for number, member in enumerate(('CLOUD = "high"', 'STORMY_NIGHT = "stormy"')):
        new = files["autoenhance/errors.py"].replace('HIGH_CLOUD = "high"', member)
        sides = (
            surface(tmp_path / f"old{number}", files),
            surface(tmp_path / f"new{number}", files | {"autoenhance/errors.py": new}),
        )
        told.append([change.sentence for change in compare(*sides, [])])
    assert told == [
        ["The attribute is gone. It looks like a rename to `CLOUD`, which is new."],
        ["The attribute is gone.", "The attribute is new."],
    ]
