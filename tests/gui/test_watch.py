"""Files that an editor saves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from lrgui.gui import watch
from lrgui.gui.watch import FileWatch

#: What counts as quiet here, and what is long enough for a change to have been noticed, in milliseconds.
QUIET, WHILE = 40, 200


class Watched:
    """A watched task file and its module."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.task, self.module = folder / "task.py", folder / "helper.py"
        self.task.write_text("one\n")
        self.module.write_text("two\n")
        self.watch = FileWatch()
        self.count = 0
        self.watch.changed.connect(self._on_changed)
        self.watch.watch([self.task, self.module])

    def _on_changed(self) -> None:
        self.count += 1

    def wait_for(self, count: int) -> None:
        """Until `count` changes were told, and then a while for one too many."""
        self.qtbot.waitUntil(lambda: self.count >= count)
        self.qtbot.wait(WHILE)
        assert self.count == count


@pytest.fixture
def watched(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(watch, "QUIET_MS", QUIET)
    watched = Watched(tmp_path, qtbot)
    yield watched
    watched.watch.close()
    shiboken6.delete(watched.watch)  # here, and not in whichever thread Python's collector runs


def test_saving_is_noticed_once(watched: Watched) -> None:
    with open(watched.task, "w") as file:  # as an editor writes: in several steps
        for line in ("a\n", "b\n", "c\n"):
            file.write(line)
            file.flush()
    watched.wait_for(1)
    watched.module.write_text("three\n")
    watched.wait_for(2)


def test_saving_by_renaming_is_noticed_again_and_again(watched: Watched) -> None:
    for number in (1, 2):
        part = watched.task.with_suffix(".tmp")
        part.write_text(f"version {number}\n")
        os.replace(part, watched.task)
        watched.wait_for(number)


def test_a_file_that_goes_and_comes_back_is_noticed_once(watched: Watched) -> None:
    watched.task.unlink()
    watched.qtbot.wait(WHILE)
    assert watched.count == 0
    watched.task.write_text("again\n")
    watched.wait_for(1)
    watched.task.unlink()
    watched.qtbot.wait(WHILE)
    watched.task.write_text("again\n")
    watched.qtbot.wait(WHILE)
    assert watched.count == 1, "its contents are the same"


def test_what_does_not_change_the_contents_is_not_noticed(watched: Watched, tmp_path: Path) -> None:
    os.utime(watched.task)
    watched.task.write_text("one\n")
    (tmp_path / "other.py").write_text("x")
    watched.qtbot.wait(WHILE)
    assert watched.count == 0


def test_files_that_come_and_go_beside_it_do_not_put_it_off(watched: Watched, tmp_path: Path) -> None:
    watched.task.write_text("changed\n")
    for number in range(60):  # longer than a second, and never quiet
        (tmp_path / f"checkpoint{number}").write_text("x")
        watched.qtbot.wait(QUIET // 2)
        if watched.count:
            break
    assert watched.count == 1
    assert number < 50


def test_looking_finds_what_nobody_told(watched: Watched) -> None:
    watched.task.write_text("other\n")
    watched.watch.look()
    assert watched.count == 1
    watched.qtbot.wait(WHILE)
    assert watched.count == 1


def test_other_files_take_their_place(watched: Watched, tmp_path: Path) -> None:
    other = tmp_path / "folder" / "other.py"
    other.parent.mkdir()
    other.write_text("x\n")
    watched.watch.watch([other])
    assert watched.watch.files == (other,)
    watched.task.write_text("changed\n")
    watched.qtbot.wait(WHILE)
    assert watched.count == 0
    other.write_text("y\n")
    watched.wait_for(1)


@pytest.mark.skipif(os.name == "nt", reason="there are no such files")
def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path, qtbot: QtBot) -> None:
    pipe = tmp_path / "task.py"
    os.mkfifo(pipe)
    files = FileWatch()
    files.watch([pipe, Path("a" * 5000)])
    files.look()
    files.close()
    shiboken6.delete(files)
