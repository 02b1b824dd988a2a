"""What a person writes about a run, in a file beside its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrgui.json_file import damaged
from lrgui.runs.notes import Notes, notes_path, read_notes, write_notes


@pytest.mark.parametrize("text", ["{", "[]", '{"name": 5, "note": "two weeks of thought"}'])
@pytest.mark.parametrize("notes", [Notes("new"), Notes()])
def test_notes_that_cannot_be_read_stay_beside_what_is_kept_next(tmp_path: Path, text: str, notes: Notes) -> None:
    log = tmp_path / "run.lrrun"
    notes_path(log).write_text(text)
    assert read_notes(log) == Notes()
    write_notes(log, notes)
    assert read_notes(log) == notes
    assert damaged(notes_path(log)).read_text() == text
    assert notes_path(log).exists() == (notes != Notes())


def test_notes_that_can_be_read_leave_nothing_behind(tmp_path: Path) -> None:
    log = tmp_path / "run.lrrun"
    for notes in (Notes("one"), Notes("two", star=True), Notes()):
        write_notes(log, notes)
    assert list(tmp_path.iterdir()) == []
