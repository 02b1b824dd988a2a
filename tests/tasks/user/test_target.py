"""What a person can name as their task."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrgui.tasks.user.target import Target


@pytest.mark.parametrize(
    ("text", "place", "name"),
    [
        ("task.py", "task.py", ""),
        (" my folder/ü.py ", "my folder/ü.py", ""),
        ("task.py:vision", "task.py", "vision"),
        ("pack.age", "pack.age", ""),
        ("pack.age:make", "pack.age", "make"),
        ("C:\\code\\task.py", "C:\\code\\task.py", ""),
        ("C:\\code\\task.py:vision", "C:\\code\\task.py", "vision"),
        ("C:task", "C:task", ""),
        ("odd:name.py", "odd:name.py", ""),
    ],
)
def test_the_name_is_what_stands_behind_the_colon(text: str, place: str, name: str) -> None:
    assert Target.parse(text) == Target(place, name)


@pytest.mark.parametrize("place", ["task.py", "a/b.py", "/a/b", "note.ipynb", "with space"])
def test_files(place: str) -> None:
    assert Target(place).file == Path(place)


@pytest.mark.parametrize("place", ["task", "package.module"])
def test_modules(place: str) -> None:
    assert Target(place).file is None


def test_the_folder_of_nobody_is_left_as_it_stands() -> None:
    assert Target("~nobody-of-that-name/a.py").file == Path("~nobody-of-that-name/a.py")
    assert Target("~/a.py").file == Path.home() / "a.py"
