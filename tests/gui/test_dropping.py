"""Files that are dragged onto the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from scripted import Scripted, sweep

from lrgui.core.events import StateEvent
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

CODE = "def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n"


class Hand:
    """Drags things over a window, as a desktop does."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def drag(self, mime: QMimeData) -> QDragEnterEvent:
        """Come in over the middle, where the plot is."""
        enter = QDragEnterEvent(self._middle(), self._actions(), mime, Qt.MouseButton.LeftButton, self._no_keys())
        enter.ignore()
        self._send(enter)
        return enter

    def drop(self, mime: QMimeData) -> bool:
        """Come in and let go; True where it was taken."""
        if not self.drag(mime).isAccepted():
            return False
        at = QPointF(self._middle())
        drop = QDropEvent(at, self._actions(), mime, Qt.MouseButton.LeftButton, self._no_keys())
        drop.ignore()
        self._send(drop)
        assert drop.dropAction() == Qt.DropAction.CopyAction, "nothing is moved away"
        return drop.isAccepted()

    def leave(self) -> None:
        """Go away again."""
        self._send(QDragLeaveEvent())

    def _send(self, event: QDragEnterEvent | QDropEvent | QDragLeaveEvent) -> None:
        QCoreApplication.sendEvent(self.window.windowHandle(), event)

    def _middle(self) -> QPoint:
        return self.window.rect().center()

    @staticmethod
    def _actions() -> Qt.DropAction:
        return Qt.DropAction.CopyAction | Qt.DropAction.MoveAction

    @staticmethod
    def _no_keys() -> Qt.KeyboardModifier:
        return Qt.KeyboardModifier.NoModifier


def files(*paths: Path) -> QMimeData:
    """What a file manager gives."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    mime.setText("\n".join(map(str, paths)))
    return mime


@pytest.fixture
def hand(window: MainWindow) -> Hand:
    return Hand(window)


def test_files_of_all_kinds(hand: Hand, bench: Bench, tmp_path: Path) -> None:
    window, session, runs = hand.window, bench.session, bench.runs
    task = tmp_path / "Ünser Task" / "train it.py"
    task.parent.mkdir()
    task.write_text(CODE)
    mime = files(task)
    assert hand.drag(mime).isAccepted()
    hint = window.dropping.hint
    assert hint.isVisible()
    assert "train it.py" in hint.text()
    assert hint.width() > 0.9 * window.width()
    hand.leave()
    assert not hint.isVisible()
    assert hand.drop(mime)
    assert not hint.isVisible()
    assert session.job.task.path == str(task)
    assert str(task) in window.status.text.text()
    session.choose_source("digits")
    assert hand.drop(files(tmp_path / "none.xyz", task.parent)), "the first that can be used"
    assert session.job.task.path == str(task)
    log = tmp_path / "run.lrrun"
    with LogWriter(log, Job()) as writer:
        for chunk in sweep():
            writer.write(chunk)
    hand.drop(files(log))
    session.use_visited()
    assert runs.reading is not None
    assert session.job.task.source == "digits"
    assert bench.jobs == [], "nothing has run"


def test_what_cannot_be_used_is_one_sentence(hand: Hand, bench: Bench, tmp_path: Path) -> None:
    banner, before = hand.window.banner, bench.session.job
    (tmp_path / "train.ipynb").write_text("{}")
    (tmp_path / "movie.mp4").write_text("")
    hand.drop(files(tmp_path / "train.ipynb", tmp_path / "movie.mp4"))
    assert "jupyter nbconvert" in banner.text
    hand.drop(files(tmp_path / "movie.mp4"))
    assert "neither a supported data file" in banner.text and "nor a run" in banner.text
    assert bench.session.job == before


def test_other_things_are_left_to_the_widgets(hand: Hand) -> None:
    words = QMimeData()
    words.setText("just text")
    page = QMimeData()
    page.setUrls([QUrl("https://example.org/task.py")])
    for mime in (words, page):
        hand.drag(mime)
        assert not hand.window.dropping.hint.isVisible()
        hand.leave()


def test_nothing_is_taken_while_a_question_is_open(hand: Hand, bench: Bench, tmp_path: Path) -> None:
    task = tmp_path / "task.py"
    task.write_text(CODE)
    bench.session.use(str(task))
    bench.session.find()  # asks
    assert not hand.drag(files(tmp_path)).isAccepted()
    assert not hand.window.dropping.hint.isVisible()


def test_a_run_that_goes_on_is_not_disturbed(hand: Hand, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(CODE)
    bench.begin(Scripted([[StateEvent("running")]], hold=True))
    hand.drop(files(tmp_path))
    assert "stop it before" in hand.window.banner.text
    assert bench.session.job.task.source == "digits"
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
