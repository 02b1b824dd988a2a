"""The dialogs, with real keys and clicks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from bench import Bench
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QDialog, QLabel, QLineEdit, QListWidget, QPushButton
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep

from lrgui.core.events import CheckEvent, EndEvent, Event, OutputEvent, StateEvent
from lrgui.gui.dialogs.check import CheckDialog
from lrgui.gui.dialogs.new_task import NewTaskDialog
from lrgui.gui.dialogs.trust import TrustDialog
from lrgui.gui.labels import BREAK
from lrgui.gui.window import MainWindow
from lrgui.runs.trust import Question, Trust, trust_file
from lrgui.tasks.checks.step import STEPS
from lrgui.tasks.user.templates import TEMPLATES, template_text

Dialog = TypeVar("Dialog", bound=QDialog)

CODE = """import torch

def model():
    return torch.nn.Linear(4, 2)

def train_loader(batch_size):
    return []

def loss(output, target):
    return output.mean()
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "birds & co" / "task.py"
    path.parent.mkdir()
    path.write_text(CODE)
    return path


def the(window: MainWindow, kind: type[Dialog]) -> Dialog:
    """The one dialog of the window that is open."""
    dialogs = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    assert len(dialogs) == 1
    assert isinstance(dialogs[0], kind)
    return dialogs[0]


def said(dialog: QDialog) -> str:
    """All visible words."""
    labels = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    return "\n".join(labels).replace("\u200b", "")


def named_and_explained(dialog: QDialog) -> None:
    """Every control has a name and a tooltip."""
    for kind in (QAbstractButton, QLineEdit, QListWidget):
        for control in dialog.findChildren(kind):
            if control.isVisible():
                named = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
                assert named, control
                assert control.toolTip(), named


# -------------------------------------------------------------------- trust
@pytest.fixture
def asking(bench: Bench, qtbot: QtBot, task: Path) -> TrustDialog:
    """The question before a sweep."""
    session, shown = bench.session, list[TrustDialog]()

    def ask(question: Question) -> None:
        dialog = TrustDialog(question)
        dialog.granted.connect(session.tasks.grant)
        dialog.refused.connect(session.tasks.refuse)
        dialog.open()
        shown.append(dialog)

    session.tasks.trust_wanted.connect(ask)
    assert session.use(str(task))
    session.find()
    qtbot.addWidget(shown[0])
    shown[0].setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # a test looks at it afterwards
    return shown[0]


def test_the_question_says_what_would_run(asking: TrustDialog, task: Path) -> None:
    words = said(asking)
    for word in (str(task), str(task.parent), "model(), train_loader(), loss()", "torch", "not been run here before"):
        assert word in words
    assert "def train_loader" in asking.code.toPlainText()
    named_and_explained(asking)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space, None])
def test_what_is_pressed_without_thinking_runs_nothing(
    asking: TrustDialog, bench: Bench, qtbot: QtBot, key: Qt.Key | None
) -> None:
    notices: list[str] = []
    bench.session.noticed.connect(lambda notice: notices.append("" if notice is None else notice.text))
    assert asking.focusWidget() is asking.refuse
    if key is None:
        asking.close()
    else:
        qtbot.keyClick(asking.focusWidget(), key)
    assert not asking.isVisible()
    assert bench.jobs == []
    assert "was not run" in notices[-1]
    assert bench.session.state == "idle"


@pytest.mark.parametrize("folder", [False, True])
def test_trust_starts_the_run_that_waited(
    asking: TrustDialog, bench: Bench, qtbot: QtBot, task: Path, folder: bool
) -> None:
    button = asking.trust_folder if folder else asking.trust_file
    with qtbot.waitSignal(bench.session.run_ended):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [job.kind for job in bench.jobs] == ["sweep"]
    other = task.with_name("other.py")
    other.write_text(CODE)
    assert (Trust(trust_file()).question(str(other)) is None) is folder


def test_enter_presses_the_button_that_has_the_focus(asking: TrustDialog, bench: Bench, qtbot: QtBot) -> None:
    asking.code.setFocus()
    assert asking.refuse.isDefault(), "in the code Enter means no"
    asking.trust_file.setFocus()
    with qtbot.waitSignal(bench.session.run_ended):
        qtbot.keyClick(asking.trust_file, Qt.Key.Key_Return)
    assert not asking.isVisible()


def test_the_window_asks(bench: Bench, window: MainWindow, qtbot: QtBot, task: Path) -> None:
    window.opening.open_paths([str(task)])
    window.actions_by_key["find"].trigger()
    qtbot.mouseClick(the(window, TrustDialog).refuse, Qt.MouseButton.LeftButton)
    assert "was not run" in window.banner.text
    window.actions_by_key["find"].trigger()
    with qtbot.waitSignal(bench.session.run_ended):
        qtbot.mouseClick(the(window, TrustDialog).trust_file, Qt.MouseButton.LeftButton)
    assert [job.task.path for job in bench.jobs] == [str(task)]


def test_long_names_are_seen_whole(qtbot: QtBot, tmp_path: Path) -> None:
    task = tmp_path / f"{'a_quite_long_name_' * 6}.py"
    modules = [f"helper_with_a_long_name_{number}" for number in range(30)]
    for module in modules:
        (tmp_path / f"{module}.py").write_text("")
    task.write_text("".join(f"import {module}\n" for module in modules) + CODE)
    question = Trust(None).question(str(task))
    assert question is not None
    dialog = TrustDialog(question)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.screen().availableGeometry().height() >= dialog.height()
    for label in dialog.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width()), label.text()
        assert label.sizeHint().width() <= dialog.width()
    assert task.name in said(dialog)
    names = next(label for label in dialog.findChildren(QLabel) if modules[0] in label.text().replace(BREAK, ""))
    assert "and 19 more" in names.text() and modules[29] in names.toolTip()


def test_a_home_folder_cannot_be_trusted(task: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(task.parent))
    monkeypatch.setenv("USERPROFILE", str(task.parent))
    question = Trust(None).question(str(task))
    assert question is not None
    dialog = TrustDialog(question)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.trust_folder.isVisible()
    assert dialog.trust_file.isVisible()


def test_a_module_has_no_folder(qtbot: QtBot) -> None:
    question = Trust(None).question("my_project.training:task")
    assert question is not None
    dialog = TrustDialog(question)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.trust_folder.isVisible()
    assert dialog.trust_file.text() == "Trust this module"
    assert "my_project.training" in said(dialog)


# -------------------------------------------------------------------- check
def good_steps() -> list[Event]:
    """All steps, and all is well."""
    events: list[Event] = [StateEvent("starting")]
    for key in STEPS:
        events += [CheckEvent(key, "running"), CheckEvent(key, "good", "float32 (64, 10)", 0.012)]
    return events


@pytest.fixture
def checking(bench: Bench, qtbot: QtBot) -> CheckDialog:
    """A check that goes on: two steps are done, one runs."""
    dialog = shown(bench, qtbot)
    bench.source = Scripted([good_steps()[:6]], hold=True)
    bench.session.check()
    qtbot.waitUntil(lambda: dialog.steps["forward"].event.state == "running")
    return dialog


def shown(bench: Bench, qtbot: QtBot) -> CheckDialog:
    """A dialog that waits for a check."""
    dialog = CheckDialog(bench.session)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # a test looks at it afterwards
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_steps_are_shown_while_they_are_made(checking: CheckDialog) -> None:
    words = said(checking)
    for label in STEPS.values():
        assert label in words
    assert words.count("✓") == 2
    assert words.count("…") >= 1
    assert "12 ms" in words
    assert not checking.find_rate.isEnabled() and not checking.more.isVisible()
    assert not checking.copy.isDefault(), "Enter would fill the clipboard"
    assert not checking.isModal(), "the window stays usable"
    named_and_explained(checking)


def test_what_takes_long_says_how_long(
    checking: CheckDialog, bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = checking._step_began
    monkeypatch.setattr(time, "monotonic", lambda: now + 12)
    qtbot.waitUntil(lambda: checking.summary.text() == "Forward pass … 12 s")
    checking.stop.click()
    qtbot.waitUntil(lambda: not bench.session.busy)
    again = shown(bench, qtbot)
    bench.source = Scripted([[StateEvent("starting", "Downloading MNIST: 3 of 11 MB")]], hold=True)
    bench.session.check()
    monkeypatch.setattr(time, "monotonic", lambda: now + 24)
    qtbot.waitUntil(lambda: again.summary.text() == "Downloading MNIST: 3 of 11 MB … 12 s")
    bench.session.stop()
    qtbot.waitUntil(lambda: not bench.session.busy)


@pytest.mark.parametrize("how", ["button", "escape", "close"])
def test_a_check_can_be_stopped(checking: CheckDialog, bench: Bench, qtbot: QtBot, how: str) -> None:
    with qtbot.waitSignal(bench.session.check_ended):
        if how == "button":
            qtbot.mouseClick(checking.stop, Qt.MouseButton.LeftButton)
        elif how == "escape":
            qtbot.keyClick(checking, Qt.Key.Key_Escape)
        else:
            checking.close()
    assert not checking.isVisible()
    assert bench.source.asked == ["cancel"]
    assert bench.session.state == "idle"


class Stubborn(Scripted):
    """A run that ends by force only."""

    def cancel(self) -> None:
        """Does not listen."""
        self.asked.append("cancel")

    def chunks(self) -> Iterator[list[Event]]:
        """What was written, until it is killed."""
        for chunk in super().chunks():
            ended = isinstance(chunk[-1], EndEvent)
            yield [EndEvent("killed", "The run was terminated.")] if ended else chunk


def test_the_status_line_says_what_a_check_does(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.source = Stubborn([[StateEvent("starting", "Downloading MNIST: 3 of 11 MB")]], hold=True)
    window.actions_by_key["check"].trigger()
    qtbot.waitUntil(lambda: window.status.text.text().endswith(" · Downloading MNIST: 3 of 11 MB …"))
    window.actions_by_key["stop"].trigger()
    qtbot.waitUntil(lambda: window.status.text.text().endswith(" · stopping …"))
    bench.session.worker.kill()
    qtbot.waitUntil(lambda: bench.session.state == "idle")
    assert window.status.text.text() == "Check stopped · The run was terminated."


def test_the_window_closes_in_the_middle_of_a_check(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.source = Scripted([good_steps()[:6]], hold=True)
    window.actions_by_key["check"].trigger()
    qtbot.waitUntil(lambda: bench.session.busy)
    assert window.close(), "there is nothing to keep, so nothing to ask"
    assert not bench.session.worker.running


def test_a_good_check_goes_on_to_the_sweep(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.source = Scripted([good_steps()], hold=True)
    window.actions_by_key["check"].trigger()
    qtbot.waitUntil(lambda: "Checking digits" in window.status.text.text())
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["stop"].trigger()
    assert the(window, CheckDialog).stop.text() == "Close"
    bench.source = Scripted([good_steps(), [EndEvent("completed", "Ready.")]])
    with qtbot.waitSignal(bench.session.check_ended):
        qtbot.mouseClick(the(window, CheckDialog).again, Qt.MouseButton.LeftButton)
    dialog = the(window, CheckDialog)
    assert dialog.summary.text() == "Ready."
    bench.source = Scripted(sweep())
    with qtbot.waitSignal(bench.session.run_ended):
        qtbot.mouseClick(dialog.find_rate, Qt.MouseButton.LeftButton)
    assert [job.kind for job in bench.jobs] == ["check", "check", "sweep"]
    assert not [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]


def test_a_failure_shows_the_line_and_can_be_copied(bench: Bench, qtbot: QtBot, task: Path) -> None:
    dialog = shown(bench, qtbot)
    bad = CheckEvent("loss", "bad", "The target is a float. Use target.long().", 0.002, str(task), 10)
    events = [*good_steps()[:7], CheckEvent("loss", "running"), bad]
    bench.play(Scripted([events, [EndEvent("failed", "The task cannot be trained yet.")]]), bench.session.check)
    words = said(dialog)
    assert "✗" in words
    assert "The target is a float." in words
    assert "task.py, line 10:  return output.mean()" in words
    assert dialog.steps["memory"].event.state == "skipped", "nobody said what became of it"
    assert dialog.summary.text() == "Loss failed. Fix it and check again (F4)."
    assert not dialog.find_rate.isEnabled()
    assert dialog.focusWidget() is dialog.again
    dialog.resize(dialog.width(), 260)
    qtbot.waitUntil(lambda: not dialog.steps["loss"].last.visibleRegion().isEmpty())
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "✗ Loss  2.0 ms" in copied
    assert "task.py, line 10" in copied
    assert "\u200b" not in copied
    bench.source = Scripted([good_steps(), [EndEvent("completed", "Ready.")]])
    with qtbot.waitSignal(bench.session.check_ended):
        dialog.again.setFocus()
        qtbot.keyClick(dialog.again, Qt.Key.Key_Return)


def test_what_is_said_of_the_data_and_what_was_printed(bench: Bench, qtbot: QtBot) -> None:
    dialog = shown(bench, qtbot)
    note, printed = OutputEvent("1 file was left out: bad.png.", "note"), OutputEvent("epoch 1\n", "stdout")
    events = [*good_steps()[:2], note, printed, *good_steps()[2:]]
    bench.play(Scripted([events, [EndEvent("completed", "Ready.")]]), bench.session.check)
    assert "1 file was left out: bad.png." in said(dialog)
    named_and_explained(dialog)
    assert not dialog.details.isVisible()
    qtbot.mouseClick(dialog.more, Qt.MouseButton.LeftButton)
    assert dialog.details.isVisible() and dialog.details.toPlainText() == "epoch 1"
    dialog.copy.setFocus()
    stops = []
    for _ in range(6):
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        stops.append(dialog.focusWidget().accessibleName() or dialog.focusWidget().text())
    assert stops == ["Details", "Details", "Check again", "Close", "Find learning rate", "Steps of the check"]
    assert "    1 file was left out: bad.png.\n" in dialog.text and dialog.text.endswith("Ready.\n\nepoch 1\n")


def test_a_check_whose_process_died_says_where(bench: Bench, qtbot: QtBot) -> None:
    dialog = shown(bench, qtbot)
    end = EndEvent("killed", "The process ended with status 7.")
    bench.play(Scripted([good_steps()[:6], [end]]), bench.session.check)
    assert dialog.steps["forward"].event.state == "bad"
    assert dialog.steps["loss"].event.state == "skipped"
    assert dialog.summary.text() == end.detail


# -------------------------------------------------------------------- new task
@pytest.fixture
def making(bench: Bench, qtbot: QtBot, tmp_path: Path) -> NewTaskDialog:
    """The dialog, in a folder of the test."""
    dialog = NewTaskDialog(bench.session, tmp_path)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # a test looks at it afterwards
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_templates_are_described(making: NewTaskDialog, qtbot: QtBot) -> None:
    assert making.templates.count() == len(TEMPLATES)
    making.templates.setFocus()
    seen = set()
    for row in TEMPLATES.values():
        assert row.detail.rstrip(".") in making.detail.text()
        assert making.name.text() == row.file_name
        seen.add(making.template)
        qtbot.keyClick(making.templates, Qt.Key.Key_Down)
    assert seen == set(TEMPLATES)
    named_and_explained(making)


def test_a_new_task_is_written_and_opened(bench: Bench, window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.settings.folder = str(tmp_path)
    window.actions_by_key["new"].trigger()
    making = the(window, NewTaskDialog)
    assert making.folder.text() == str(tmp_path)
    making.name.selectAll()
    qtbot.keyClicks(making.name, "mine")
    making.folder.setText(str(tmp_path / "deep" / "folder"))
    making.templates.setCurrentRow(2)
    qtbot.keyClick(making.name, Qt.Key.Key_Return)
    path = tmp_path / "deep" / "folder" / "mine.py"
    assert path.read_text(encoding="utf-8") == template_text(making.template, "mine.py")
    assert "Trusted" in making.said.text()
    assert window.settings.folder == str(path.parent)
    qtbot.mouseClick(making.open_it, Qt.MouseButton.LeftButton)
    assert bench.session.job.task.path == str(path)
    bench.play()
    assert len(bench.jobs) == 1, "what comes with the program is trusted"


def test_nothing_is_overwritten(making: NewTaskDialog, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text("mine\n")
    making.name.setText("task.py")
    qtbot.mouseClick(making.create_file, Qt.MouseButton.LeftButton)
    assert "already" in making.said.text()
    assert (tmp_path / "task.py").read_text() == "mine\n"
    assert making.isVisible()
    assert not making.open_it.isVisible()


@pytest.mark.parametrize("name", ["", "..", "a/b.py", ".py"])
def test_names_that_are_none(making: NewTaskDialog, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    making.name.setText(name)
    qtbot.mouseClick(making.create_file, Qt.MouseButton.LeftButton)
    assert "Not a valid file name" in making.said.text()
    assert list(tmp_path.iterdir()) == []


def test_a_proposed_name_is_free(making: NewTaskDialog, tmp_path: Path) -> None:
    row = list(TEMPLATES.values())[1]
    (tmp_path / row.file_name).write_text("")
    making.templates.setCurrentRow(1)
    assert making.name.text() == f"{Path(row.file_name).stem}_2.py"


def test_what_was_wrong_with_a_name_goes_with_it(making: NewTaskDialog, qtbot: QtBot) -> None:
    making.name.clear()
    qtbot.keyClick(making.name, Qt.Key.Key_Return)
    assert making.said.isVisible()
    qtbot.keyClicks(making.name, "cats")
    assert not making.said.isVisible()


def test_enter_on_cancel_writes_nothing(making: NewTaskDialog, qtbot: QtBot, tmp_path: Path) -> None:
    making.name.setFocus()
    assert making.create_file.isDefault()
    making.cancel.setFocus()
    qtbot.keyClick(making.cancel, Qt.Key.Key_Return)
    assert not making.isVisible() and not list(tmp_path.iterdir())


def test_escape_writes_nothing(making: NewTaskDialog, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.keyClick(making, Qt.Key.Key_Escape)
    assert not making.isVisible()
    assert list(tmp_path.iterdir()) == []


def test_no_text_of_a_dialog_is_cut(asking: TrustDialog) -> None:
    asking.resize(asking.minimumSizeHint())
    asking.grab()
    for button in asking.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
