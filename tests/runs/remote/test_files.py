"""What a machine tells of the files that lie there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrgui.runs.remote import files


def test_files_that_are_removed_while_they_are_listed_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("old", "new"):
        (tmp_path / name).write_bytes(b"12345")
    scandir = os.scandir

    @contextmanager
    def thinned(folder: str) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            found = list(entries)
        (tmp_path / "old").unlink()
        yield found

    monkeypatch.setattr("lrgui.runs.remote.files.os.scandir", thinned)
    assert files.files_in(str(tmp_path)) == [("new", 5)]
