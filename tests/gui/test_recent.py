"""The menu of recent tasks."""

from __future__ import annotations

from pathlib import Path

from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.gui.recent import MOST_FOLDER, RecentMenu, label

CODE = "def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n"


def texts(menu: RecentMenu) -> list[str]:
    """What it shows when it opens."""
    menu.fill()
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def test_only_what_is_there_is_shown_and_it_opens(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    menu = RecentMenu(bench.session)
    qtbot.addWidget(menu)
    assert texts(menu) == ["No recent files"]
    assert not menu.actions()[0].isEnabled()
    for name in ("one & only", "two", "three"):
        (tmp_path / f"{name}.py").write_text(CODE)
        bench.session.use(f"{tmp_path / name}.py:model")
    bench.session.use("my_project.training")
    (tmp_path / "two.py").unlink()
    shown = texts(menu)
    assert shown[0] == "my_project.training"
    assert [text.split(".py")[0] for text in shown[1:3]] == ["three", "one && only"]
    assert shown[1].startswith("three.py:model")
    menu.actions()[1].trigger()
    assert bench.session.job.task.path == f"{tmp_path / 'three'}.py:model"
    assert bench.session.tasks.recent[0] == bench.session.job.task.path
    menu.fill()
    menu.actions()[-1].trigger()
    assert bench.session.tasks.recent == []


def test_a_long_folder_is_cut_at_its_beginning(tmp_path: Path) -> None:
    shown = label(f"/home/{'very/' * 20}deep/task.py")
    assert shown.endswith("very/deep")
    assert len(shown) == len("task.py   ") + MOST_FOLDER


def test_long_names_keep_both_ends(tmp_path: Path) -> None:
    words = label(str(tmp_path / f"{'birds' * 30}_of_june.py"))
    assert len(words) < 100
    assert words.startswith("birdsbirds") and "_of_june.py" in words
