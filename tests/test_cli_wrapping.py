"""Sentences in the cells of a table."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from lrgui.cli.wrapping import Wrapped, broken

PATH = "/data/projects/very_long_name/of-a-person/datasets/imagenet/train/n01440764.JPEG"
SENTENCE = f"There is no file {PATH} in /home. Correct it."


@pytest.mark.parametrize("width", range(1, 130, 7))
def test_nothing_is_lost_and_no_line_is_too_long(width: int) -> None:
    lines = broken(SENTENCE, width).split("\n")
    assert "".join(lines).replace(" ", "") == SENTENCE.replace(" ", "")
    longest_piece = len("projects/")
    assert all(len(line) <= max(width, longest_piece) or "n01440764." in line for line in lines)


def test_a_path_breaks_behind_its_separators() -> None:
    assert broken(SENTENCE, 40).split("\n") == [
        "There is no file /data/projects/very_",
        "long_name/of-a-person/datasets/imagenet/",
        "train/n01440764.JPEG in /home. Correct",
        "it.",
    ]
    assert broken(SENTENCE, 200) == SENTENCE
    assert broken("", 10) == "" and broken("ab", 1) == "ab"
    assert broken("two words", 5) == "two\nwords"


def test_a_table_of_sentences_keeps_to_the_width() -> None:
    for width in (30, 60, 300):
        out = Console(file=io.StringIO(), width=width)
        table = Table("step", "found")
        table.add_row("Code, data and model", Wrapped(SENTENCE))
        out.print(table)
        lines = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
        assert max(map(len, lines)) <= width
    assert SENTENCE in lines[3], "where there is room it is one line"
