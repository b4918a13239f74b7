"""What changes for users of the two packages, seen on small ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from command import FailureError
from review.python_surface import compare
from review.surface import Surface

pytestmark = pytest.mark.tools

TABLE = yaml.safe_load(Path(__file__).with_name("python_surface.yaml").read_text("utf-8"))
FILES: dict[str, str] = TABLE["files"]


def surface(folder: Path, files: dict[str, str]) -> Surface:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Surface([folder])


@pytest.mark.parametrize("row", TABLE["changes"].values(), ids=TABLE["changes"])
def test_a_change_is_reported_under_its_public_name(tmp_path: Path, row: Any) -> None:
    """And judged: what is read may become narrower, what is written wider."""
    before = FILES[row["file"]]
    assert row["replace"] in before
    old = surface(tmp_path / "old", FILES)
    new = surface(tmp_path / "new", FILES | {row["file"]: before.replace(row["replace"], row["by"])})
    assert [
        f"{'breaking' if change.breaking else 'compatible'} {change.name}: {change.sentence}"
        for change in compare(old, new, [])
    ] == row["expected"]


def test_a_class_may_move_and_keep_its_name(tmp_path: Path) -> None:
    """What counts is what can be imported: the name that is lost is reported, not the one that stays."""
    moved = FILES["autoenhance/errors.py"].replace('__all__ = ["Failed", "Refused"]', "")
    files = FILES | {
        "autoenhance/_errors.py": moved,
        "autoenhance/errors.py": "from autoenhance._errors import Failed\n\n__all__ = ['Failed']\n",
        "autoenhance/__init__.py": FILES["autoenhance/__init__.py"].replace(".errors", "._errors"),
    }
    changes = compare(surface(tmp_path / "old", FILES), surface(tmp_path / "new", files), [])
    (change,) = changes
    assert (change.name, change.sentence) == ("autoenhance.errors.Refused", "The class was removed.")


def test_a_syntax_error_is_reported_with_its_line(tmp_path: Path) -> None:
    """griffe would skip the file, and everything in it would seem removed."""
    with pytest.raises(FailureError, match=r"^autoenhance/_client.py:10: is not Python: "):
        surface(tmp_path, FILES | {"autoenhance/_client.py": FILES["autoenhance/_client.py"] + "\ndef f(:\n"})


def test_a_member_of_an_enum_is_renamed_only_with_its_value(tmp_path: Path) -> None:
    """One that has another value is another member."""
    name = "autoenhance/errors.py"
    exported = FILES[name].replace("__all__ = [", "__all__ = ['Sky', ")

    def with_sky(side: str, member: str) -> Surface:
        sky = f"from enum import Enum\n\nclass Sky(Enum):\n    {member}\n"
        return surface(tmp_path / side, FILES | {name: sky + exported})

    old = with_sky("old", 'HIGH_CLOUD = "high"')
    for member, sentences in (
        ('CLOUD = "high"', ["The attribute was removed. It looks like a rename to `CLOUD`, which was added."]),
        ('STORMY_NIGHT = "stormy"', ["The attribute was removed.", "The attribute was added."]),
    ):
        assert [change.sentence for change in compare(old, with_sky(member[:5], member), [])] == sentences
