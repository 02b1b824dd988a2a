"""The folder of a training's checkpoints, while the training goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrgui.runs import checkpoints
from lrgui.runs.checkpoints import LAST, folder_of, name_of, size_of


def test_what_is_removed_while_it_is_listed_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "a.lrrun"
    folder = folder_of(log)
    folder.mkdir()
    for step in (1, 2):
        (folder / name_of(LAST, step)).write_bytes(b"12345")
    entries = checkpoints._entries

    def thinned(place: Path) -> object:
        found = entries(place)
        (folder / name_of(LAST, 1)).unlink(missing_ok=True)
        return found

    monkeypatch.setattr(checkpoints, "_entries", thinned)
    assert size_of(log) == 5
    (folder / name_of(LAST, 1)).write_bytes(b"12345")
    assert [one.step for one in checkpoints.checkpoints(folder)] == [2]
