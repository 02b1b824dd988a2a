"""Archives: all of their files or none, and never one outside of the folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from lrgui.core.control import Control
from lrgui.tasks.images.unpacking import unpack


def tar(path: Path, *members: tuple[str, bytes | None]) -> Path:
    """A packed tar archive; a member without content is a link to the file before it."""
    with tarfile.open(path, "w:gz") as packed:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(content)
            packed.addfile(info, io.BytesIO(content or b""))
    return path


def test_folders_that_are_there_are_filled_up(tmp_path: Path) -> None:
    place = tmp_path / "place"
    (place / "set" / "one").mkdir(parents=True)
    (place / "set" / "one" / "old").write_text("old")
    archive = tar(tmp_path / "a.tar.gz", ("set/one/new", b"new"), ("set/two/x", b"x"), ("set/link", None))
    told = [event.detail for event in unpack(archive, place, "Set", Control())]
    assert told[0].startswith("Unpacking Set: ")
    files = {file.relative_to(place).as_posix(): file.read_text() for file in place.rglob("*") if file.is_file()}
    assert files == {"set/one/old": "old", "set/one/new": "new", "set/two/x": "x"}
    assert not (place / "set" / "link").is_symlink()


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "c:/out"])
def test_nothing_is_put_outside(tmp_path: Path, name: str) -> None:
    place = tmp_path / "place"
    with pytest.raises(ValueError, match=r"was not unpacked: its file .* would lie outside of the folder\."):
        list(unpack(tar(tmp_path / "a.tgz", ("fine", b"1"), (name, b"2")), place, "Set", Control()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(name, "2")
    with pytest.raises(ValueError, match="outside of the folder"):
        list(unpack(tmp_path / "a.zip", place, "Set", Control()))
    assert list(place.iterdir()) == []
    assert not (tmp_path / "out").exists()


def test_a_cancelled_one_leaves_nothing(tmp_path: Path) -> None:
    archive = tar(tmp_path / "a.tgz", ("set/a", b"1" * 100), ("set/b", b"2"))
    control = Control()
    for _ in unpack(archive, tmp_path / "place", "Set", control):
        control.cancel()
    assert list((tmp_path / "place").iterdir()) == []


def test_half_an_archive_is_told(tmp_path: Path) -> None:
    whole = tar(tmp_path / "whole.tgz", ("set/a", bytes(range(256)) * 400)).read_bytes()
    (tmp_path / "half.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"half\.tgz cannot be unpacked .* Delete it and run again\."):
        list(unpack(tmp_path / "half.tgz", tmp_path / "place", "Set", Control()))
    assert list((tmp_path / "place").iterdir()) == []
