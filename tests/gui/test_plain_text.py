"""Nothing that a run file, a task, its folder or a path says is taken for HTML or for a mnemonic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QMenu,
    QMessageBox,
    QTabBar,
    QTextEdit,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep, training

from lrgui.core.events import CheckEvent, EndEvent, Event, OutputEvent, StateEvent, TaskEvent
from lrgui.gui.dialogs.check import CheckDialog
from lrgui.gui.dialogs.trust import TrustDialog
from lrgui.gui.notice import Notice
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.trust import Trust
from lrgui.tasks.spec import TaskSpec

WORDS = "<img src='evil.png'><b>bold &x</b>"
TASK = f'''
"""{WORDS}"""
from typing import Literal
import torch

def model(hidden: int = 3, kind: Literal["{WORDS}", "b"] = "{WORDS}", path: str = "{WORDS}"):
    """Make it.

    hidden: {WORDS}
    kind: {WORDS}
    """
    return torch.nn.Linear(3, 2)

def loss(output, target): return output.mean()
def train_loader(batch_size): return []
'''


@pytest.fixture(autouse=True)
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture that the words name: it would be found, and is large."""
    monkeypatch.chdir(tmp_path)
    image = QPixmap(700, 700)
    image.fill(QColor("red"))
    assert image.save("evil.png")


def foreign(event: Event) -> Event:
    """The event with our words in place of every text."""
    if isinstance(event, TaskEvent):
        return replace(event, name=WORDS, detail=WORDS, metric_name=WORDS, device=WORDS)
    if isinstance(event, EndEvent | StateEvent):
        return replace(event, detail=WORDS)
    return event


def log(path: Path, chunks: list[list[Event]], kind: str) -> Path:
    """A run file all of whose words are ours."""
    task = TaskSpec(source="task", model="", path=f"/{WORDS.replace('/', '')}/{WORDS.replace('/', '')}.py")
    with LogWriter(path, Job(kind, task), origin=WORDS) as writer:
        for chunk in chunks:
            writer.write([foreign(event) for event in chunk])
            if isinstance(chunk[0], StateEvent):
                writer.write([OutputEvent(WORDS, "note"), OutputEvent(WORDS), OutputEvent(WORDS, "traceback")])
    return path


def shown_with_tip(widget: QWidget, tip: str) -> QLabel:
    """The tooltip, on screen."""
    QToolTip.hideText()
    QToolTip.showText(QPoint(20, 20), tip, widget)
    (label,) = (each for each in QApplication.allWidgets() if each.metaObject().className() == "QTipLabel")
    assert isinstance(label, QLabel)
    return label


def walk(root: QWidget) -> int:
    """Look at every text of every widget; how many have our words."""
    found = 0
    for widget in [root, *root.findChildren(QWidget)]:
        texts = [widget.toolTip(), widget.statusTip(), widget.whatsThis()]
        assert "<img" not in widget.whatsThis(), "Qt shows it as HTML"
        if isinstance(widget, QMenu):
            texts += [action.toolTip() for action in widget.actions()]
            assert not any("&x" in action.text().replace("&&", "") for action in widget.actions())
        if isinstance(widget, QAbstractButton):
            assert "&x" not in widget.text().replace("&&", ""), f"{widget} underlines a letter"
        if isinstance(widget, QTabBar):
            texts += [widget.tabToolTip(i) for i in range(widget.count())]
            assert not any("&x" in widget.tabText(i).replace("&&", "") for i in range(widget.count()))
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            rows, columns = widget.model().rowCount(), widget.model().columnCount()
            cells = [widget.model().index(r, c) for r in range(min(rows, 50)) for c in range(columns)]
            texts += [str(cell.data(Qt.ItemDataRole.ToolTipRole) or "") for cell in cells]
            found += sum("<img" in str(cell.data() or "") for cell in cells)
        if isinstance(widget, QLabel):
            widget.ensurePolished()
            assert widget.textFormat() != Qt.TextFormat.AutoText, widget.text()
            if "<img" in widget.text():
                found += 1
                assert widget.textFormat() == Qt.TextFormat.PlainText
                assert widget.buddy() is None or "&x" not in widget.text().replace("&&", "")
        if isinstance(widget, QTextEdit):
            assert "<img" not in widget.toHtml()
        for text in texts:
            if "<img" in text:
                found += 1
                label = shown_with_tip(widget, text)
                assert label.textFormat() == Qt.TextFormat.PlainText
                assert label.height() < 650, "the picture is there"
    return found


@pytest.mark.parametrize("kind", ["sweep", "train"])
def test_a_run_file(window: MainWindow, tmp_path: Path, qtbot: QtBot, kind: str) -> None:
    path = log(tmp_path / f"{WORDS.replace('/', '')}.lrrun", sweep() if kind == "sweep" else training(), kind)
    window.session.open_run(path)
    qtbot.waitUntil(lambda: walk(window) >= 2)
    window.session.noticed.emit(Notice("error", WORDS, WORDS, WORDS.replace("&", "&&"), tip=WORDS))
    assert walk(window) >= 4
    window.tabs.setCurrentIndex(3)
    window.grab()
    walk(window)


def test_a_task(window: MainWindow, bench: Bench, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "<img src='evil.png'>&x"
    folder.mkdir()
    file = folder / "<b>bold &x<b>.py"
    file.write_text(TASK)
    assert window.session.use(str(file))
    qtbot.waitUntil(lambda: walk(window) >= 3)
    window.opening.recent.fill()
    walk(window.opening.recent)
    question = Trust(None).question(str(file))
    assert question is not None
    dialog = TrustDialog(question, window)
    dialog.show()
    assert walk(dialog) >= 2
    dialog.reject()
    file.write_text("def model(:  # " + WORDS)
    qtbot.wait(50)
    walk(window)


def test_a_check(bench: Bench, qtbot: QtBot) -> None:
    dialog = CheckDialog(bench.session)
    qtbot.addWidget(dialog)
    dialog.show()
    events: list[Event] = [StateEvent("starting", WORDS), CheckEvent("batch", "bad", WORDS, 0.1, f"/{WORDS}.py", 3)]
    bench.play(Scripted([events, [OutputEvent(WORDS), EndEvent("failed", WORDS)]]), start=lambda: bench.session.check())
    assert walk(dialog) >= 1


def test_message_boxes(window: MainWindow) -> None:
    box = QMessageBox(window)
    box.setText(WORDS)
    box.setInformativeText(WORDS)
    box.show()
    assert walk(box) == 2
    assert box.height() < 600
    box.close()


def test_the_words_are_what_qt_takes_for_html(window: MainWindow, qtbot: QtBot) -> None:
    label = QLabel(WORDS)
    qtbot.addWidget(label)
    plain = label.sizeHint().height()
    assert plain < 100
    label.setTextFormat(Qt.TextFormat.AutoText)
    assert label.sizeHint().height() > 650
