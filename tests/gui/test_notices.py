"""What the window says when something went wrong: all of it, in the room there is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import Bench
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task, training

from lrgui.core.events import EndEvent, OutputEvent, StateEvent
from lrgui.gui import banner
from lrgui.gui.notice import Notice
from lrgui.gui.status import Elided
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter

LONG = "RuntimeError: an error at /home/somebody/a/path/without/spaces/model.py that goes on. " * 12


def test_a_long_error_leaves_room_for_the_curve(bench: Bench, window: MainWindow) -> None:
    window.resize(1024, 700)
    bench.play(Scripted(sweep()))
    bench.play(Scripted([[OutputEvent("line 3\n", "traceback"), EndEvent("failed", LONG)]]))
    more = next(b for b in window.banner.findChildren(QPushButton) if b.text() == "Details")
    details = window.banner.findChild(QPlainTextEdit)
    assert isinstance(details, QPlainTextEdit)
    assert LONG.strip() in details.toPlainText()
    assert "line 3" in details.toPlainText()
    for opened in (False, True):
        more.setChecked(opened)
        window.grab()
        text = window.banner._text
        assert text.height() >= text.heightForWidth(text.width()), "lines of the message are cut"
        assert window.tabs.curve.plot.height() > 120
        assert window.width() == 1024


def test_the_status_line_never_widens_the_window(window: MainWindow) -> None:
    window.resize(1024, 700)
    before = window.minimumSizeHint().width()
    status = window.status.text
    status.setText(LONG)
    window.grab()
    assert isinstance(status, Elided)
    assert window.minimumSizeHint().width() == before
    assert status.width() < 1024
    assert status.toolTip() == LONG


def test_a_log_that_cannot_be_kept_is_told_beside_a_failure(bench: Bench, own_folders: Path) -> None:
    (own_folders / "runs").write_text("a file where the folder should be")
    heard: list[Notice | None] = []
    bench.session.noticed.connect(heard.append)
    bench.play(Scripted([[EndEvent("failed", "It broke. Mend it.")]]))
    last = heard[-1]
    assert last is not None
    assert last.kind == "error"
    assert "could not be saved" in last.text
    assert last.text.endswith("It broke. Mend it.")
    bench.play(Scripted(training("diverged")), bench.session.train)
    last = heard[-1]
    assert last is not None
    assert "could not be saved" in last.text
    assert last.action.startswith("Train at")


def test_keep_running_keeps_the_window_even_if_the_run_has_ended_meanwhile(
    bench: Bench, window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:30]]], hold=True))

    def press(box: QMessageBox) -> int:
        bench.source.cancel()
        qtbot.waitUntil(lambda: not bench.session.busy)
        next(button for button in box.buttons() if button.text() == "Keep open").click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    assert not window.close()
    assert window.isVisible()
    assert window.close(), "without a run nothing is asked"


def test_a_name_with_a_dot_still_gets_its_suffix(
    bench: Bench, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.play()
    there = tmp_path / "lr-0.02.csv"
    there.write_text("old")
    answers = [str(tmp_path / "lr-0.01"), str(tmp_path / "lr-0.02"), ""]
    asked: list[str] = []

    def choose(*arguments: object) -> tuple[str, str]:
        asked.append(str(arguments[2]))
        return answers.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    window.exporting.export_as("csv")
    assert (tmp_path / "lr-0.01.csv").exists()
    window.exporting.export_as("csv")
    assert there.read_text() == "old", "nobody was asked whether to replace this one"
    assert asked[-1] == str(there)


def test_the_buttons_of_a_message_keep_their_order(window: MainWindow) -> None:
    window.banner.show_notice(Notice("error", "It broke.", "line 3", "Mend", lambda: None))
    for width in (1440, 1024, 1440, 1300):
        window.resize(width, 900)
        window.grab()
    buttons = [b for b in window.banner.findChildren(QPushButton) if b.isVisible()]
    buttons.sort(key=lambda b: b.mapTo(window.banner, b.rect().topLeft()).x())
    assert [b.text() for b in buttons] == ["Mend", "Details", "×"]


def place(widget: QWidget) -> QRect:
    return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())


def test_a_message_moves_nothing_and_covers_no_button(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    banner, tabs = window.banner, window.tabs
    seen = (tabs, tabs.tabBar(), tabs.curve.plot, tabs.curve.plot.canvas, tabs.curve.reset)
    before = [place(widget) for widget in seen]
    banner.show_notice(Notice("error", "It broke.", "line 3", "Mend", lambda: None))
    assert [place(widget) for widget in seen] == before
    assert place(tabs.curve.plot).contains(place(banner))
    low = banner.height()
    next(b for b in banner.findChildren(QPushButton) if b.text() == "Details").click()
    qtbot.waitUntil(lambda: banner.height() > low + 100)
    assert [place(widget) for widget in seen] == before
    for tab in (tabs.training, tabs.verify, tabs.compare, tabs.queue, tabs.scenarios):
        tabs.setCurrentWidget(tab)
        qtbot.waitUntil(lambda tab=tab: place(tab).contains(place(banner)))  # type: ignore[misc]
        buttons = [b for b in tab.findChildren(QPushButton) if b.isVisible() and not tabs.strip.isAncestorOf(b)]
        assert not [b.text() for b in buttons if place(b).intersects(place(banner))], type(tab).__name__
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: place(tabs).contains(place(banner)))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1024, 700), (1366, 768)])
def test_a_message_covers_neither_legend_nor_names_nor_the_curve(
    bench: Bench, window: MainWindow, size: tuple[int, int], theme: str
) -> None:
    window.theming.choose(theme)
    window.resize(*size)
    bench.play()
    plot = window.tabs.curve.plot
    window.grab()
    words = "Training diverged: the loss became NaN. Lower max LR to 3.2e-3, a tenth, and train again."
    window.banner.show_notice(Notice("warning", words, action="Train at 3.2e-3", act=lambda: None))
    chart, found = plot.chart, place(window.banner)

    def on_screen(rect: QRectF) -> QRect:
        return QRect(plot.canvas.mapToGlobal(plot.canvas.mapFromScene(rect.topLeft())), rect.size().toSize())

    view = on_screen(chart.view.sceneBoundingRect())
    assert not found.intersects(on_screen(chart.legend.sceneBoundingRect()))
    assert found.top() > view.top() + 26, "below the names of the zones"
    reading = bench.runs.reading
    assert reading is not None
    for lr, loss in zip(np.log10(reading.curve.lr), reading.curve.loss, strict=True):
        at = plot.canvas.mapFromScene(chart.view.mapViewToScene(QPointF(lr, loss)))
        assert not found.contains(plot.canvas.mapToGlobal(at)), (lr, loss)


def test_a_message_of_a_runs_end_knows_its_last_points(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    """It is told once the plots have drawn them."""
    window.resize(1366, 768)
    bench.play(Scripted(training("diverged")), bench.session.train)
    plot = window.tabs.training.plot
    loss = plot.loss.losses
    assert len(loss) == 42 and window.banner.text == "Training diverged."

    def covered() -> list[int]:
        found, view = place(window.banner), plot.loss.view
        at = (plot.canvas.mapFromScene(view.mapViewToScene(QPointF(step, y))) for step, y in enumerate(loss))
        return [step for step, point in enumerate(at) if found.contains(plot.canvas.mapToGlobal(point))]

    assert covered() == []


def test_the_place_of_a_message_of_a_runs_end_is_looked_for_once(
    bench: Bench, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.play(Scripted(training()), bench.session.train)
    looked, find = list[str](), window.banner._find_place
    monkeypatch.setattr(window.banner, "_find_place", lambda strip: looked.append(window.banner.text) or find(strip))
    bench.play(Scripted(training("diverged")), bench.session.train)
    QApplication.processEvents()
    assert looked == ["Training diverged."]


def test_in_a_low_window_a_message_lies_in_what_is_in_sight(bench: Bench, window: MainWindow) -> None:
    """The tab scrolls there; a message that is further down would be missed."""
    bench.play()
    for lr in (1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1):
        bench.runs.toggle_candidate(lr)
    for height, words in ((440, "Wrong."), (344, "Wrong."), (344, "A longer one. " * 20), (320, "Another. " * 30)):
        window.resize(683, height)
        QApplication.processEvents()
        window.banner.show_notice(Notice("error", words, "more", action="Mend", act=lambda: None))
        QApplication.processEvents()
        room = window.room.center.viewport()
        seen = QRect(room.mapToGlobal(QPoint(0, 0)), room.size())
        assert seen.contains(place(window.banner)), (height, words)
        assert window.banner.heightForWidth(window.banner.width()) <= window.banner.height(), "nothing of it is cut"


def test_a_message_stays_where_it_is_whatever_is_drawn_below_it(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    window.tabs.setCurrentWidget(window.tabs.curve)
    bench.session.noticed.emit(Notice("info", "Something to know."))
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:20]]], hold=True))
    window.banner.show_notice(Notice("info", "Something to know."))
    before = place(window.banner)
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    qtbot.wait(50)
    assert window.banner.text and place(window.banner) == before


def test_what_is_said_of_how_far_it_is_stays_in_its_place(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window.session.noticed.emit(Notice("info", "Reading the log: 10 %", passing=True))
    place = window.banner.pos()
    monkeypatch.setattr(window.banner, "_find_place", lambda _strip: pytest.fail("it was looked for anew"))
    window.session.noticed.emit(Notice("info", "Reading the log: 20 %", passing=True))
    assert window.banner.text == "Reading the log: 20 %" and window.banner.pos() == place


class TestGoing:
    """What is only to be known goes by itself."""

    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(banner, "READ_MS", 20)
        monkeypatch.setattr(banner, "LETTER_MS", 0)
        monkeypatch.setattr(banner, "AGAIN_MS", 20)
        self.active = True
        monkeypatch.setattr(banner.Banner, "isActiveWindow", lambda _banner: self.active)

    def test_and_comes_again_when_it_is_wanted(self, window: MainWindow, qtbot: QtBot) -> None:
        last = window.actions_by_key["message"]
        window.session.noticed.emit(None)
        assert not last.isEnabled(), "there was none"
        window.session.noticed.emit(Notice("info", "Something to know."))
        qtbot.waitUntil(window.banner.isHidden)
        last.trigger()
        assert window.banner.text == "Something to know."

    def test_not_before_somebody_can_have_read_it(self, window: MainWindow, qtbot: QtBot) -> None:
        self.active = False
        window.banner.show_notice(Notice("info", "Something to know."))
        qtbot.wait(100)
        assert window.banner.text, "the window is behind others"
        self.active = True
        qtbot.waitUntil(window.banner.isHidden)

    @pytest.mark.parametrize(
        "notice",
        [
            Notice("warning", "Something is wrong."),
            Notice("error", "It broke."),
            Notice("info", "Something can be done.", action="Do it", act=lambda: None),
            Notice("info", "There is more.", "line 3"),
        ],
    )
    def test_what_is_to_be_done_stays(self, window: MainWindow, qtbot: QtBot, notice: Notice) -> None:
        window.banner.show_notice(Notice("info", "Something to know."))
        window.banner.show_notice(notice)
        qtbot.wait(100)
        assert window.banner.text == notice.text

    def test_a_button_that_mends_nothing_any_more_does_not_come_again(self, window: MainWindow) -> None:
        held = [True]
        window.banner.show_notice(Notice("info", "Wrong.", action="Mend", act=lambda: None, holds=lambda: held[0]))
        held.clear()
        held.append(False)
        window.banner.look_again()
        window.banner.recall()
        assert window.banner.text == "Wrong." and window.banner._action.isHidden()

    def test_nor_one_that_was_pressed_or_is_about_the_run_before(self, window: MainWindow, bench: Bench) -> None:
        pressed: list[str] = []
        wrong = Notice("error", "Wrong.", action="Mend", act=lambda: pressed.append("once"))
        window.banner.show_notice(wrong)
        window.banner._action.click()
        window.banner.recall()
        assert window.banner.text == "Wrong." and window.banner._action.isHidden() and pressed == ["once"]
        window.banner.show_notice(wrong)
        bench.session.noticed.emit(None)  # another run begins
        window.banner.recall()
        assert window.banner.text == "Wrong." and window.banner._action.isHidden()

    def test_what_goes_on_for_a_moment_does_not_come_again(self, window: MainWindow) -> None:
        window.banner.show_notice(Notice("warning", "Something is wrong."))
        window.banner.show_notice(Notice("info", "Connecting to box", action="Cancel", passing=True))
        window.banner.show_notice(None)
        window.banner.recall()
        assert window.banner.text == "Something is wrong."

    def test_it_comes_again_where_nothing_is_now(self, window: MainWindow, bench: Bench) -> None:
        bench.play()
        notice, strip = Notice("warning", "Something to know."), window.tabs.strip
        window.banner.show_notice(notice)
        before = place(window.banner)
        window.banner.hide()
        words = QLabel("what is drawn meanwhile " * 20, strip)
        words.setWordWrap(True)
        words.setGeometry(QRect(strip.mapFromGlobal(before.topLeft()), before.size()))
        words.show()
        window.banner.show_notice(notice)
        assert place(window.banner) != before


def test_a_message_is_no_markup(window: MainWindow) -> None:
    window.banner.show_notice(Notice("error", "<i>your own</i> error"))
    assert window.banner._text.textFormat() == Qt.TextFormat.PlainText


def test_what_was_said_of_the_code_is_gone_once_it_is_saved(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    session, file = window.session, tmp_path / "task.py"
    file.write_text("def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target: ...\n")
    session.use(str(file))
    session.find()
    assert "task.py, line 3" in window.banner.text
    mended = "def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n"
    file.write_text(mended)
    qtbot.waitUntil(lambda: window.banner.text == "")
    file.unlink()
    session.find()
    assert "There is no file" in window.banner.text
    problems: list[object] = []
    session.problems_found.connect(problems.append)
    file.write_text(f"{mended}\n# back again\n")
    qtbot.waitUntil(lambda: window.banner.text == "")
    assert problems[-1] == {"task": [], "sweep": [], "train": []}
    session.noticed.emit(Notice("error", "The run failed."))
    file.write_text(mended)
    qtbot.waitUntil(lambda: len(problems) > 1)
    assert window.banner.text == "The run failed.", "that is still so"


def test_what_was_said_of_a_setting_is_gone_once_that_is_right(window: MainWindow, bench: Bench) -> None:
    session, sweep = bench.session, bench.session.job.sweep
    session.edit(sweep=replace(sweep, steps=0))
    session.find()
    assert "Steps cannot be “0”" in window.banner.text and not bench.jobs
    session.edit(sweep=replace(sweep, steps=0, beta=0.5))
    assert "Steps cannot be “0”" in window.banner.text, "that is still so"
    session.edit(sweep=replace(sweep, steps=100))
    assert window.banner.text == ""


def test_another_source_takes_the_message_away(window: MainWindow) -> None:
    window.session.noticed.emit(Notice("info", "2 images were left out."))
    window.session.choose_source("digits")
    assert window.banner.text == "2 images were left out.", "it is that source"
    window.session.choose_source("breast_cancer")
    assert window.banner.text == ""


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("diverged", "Done. 186 of 200 steps; stopped at 9.3e-1, where the loss blew up, as intended."),
        (
            "completed",
            "Sweep finished · Done. 186 of 200 steps; stopped at 9.3e-1, where the loss blew up, as intended.",
        ),
    ],
)
def test_a_sweep_that_ended_as_intended_is_no_failure(bench: Bench, window: MainWindow, reason: str, said: str) -> None:
    detail = said.removeprefix("Sweep finished · ")
    bench.play(Scripted([*sweep()[:2], [EndEvent(reason, detail)]]))
    assert window.status.text.text() == said


def test_a_field_that_can_be_read_again_takes_its_message_away(bench: Bench, window: MainWindow) -> None:
    session = bench.session
    session.set_unreadable("sweep", "beta", "Smoothing β: “” is not a number.")
    session.find()
    assert "Smoothing β" in window.banner.text and not bench.jobs
    session.set_unreadable("sweep", "beta", "")
    assert window.banner.isHidden(), "with the value of before, too"


def test_what_could_not_begin_is_gone_with_its_python(bench: Bench, window: MainWindow) -> None:
    bench.play(Scripted([[EndEvent("failed", "There is no host gpu on the network.")]]))
    assert "no host" in window.banner.text
    window.banner.on_python()
    assert window.banner.isHidden()
    bench.play(Scripted([[*sweep()[0], EndEvent("failed", "It broke.")]]))
    window.banner.on_python()
    assert "It broke." in window.banner.text, "a run that began"


def _said(window: MainWindow) -> tuple[str, str, str]:
    """Over the plot, in the status line, and above the training's plot."""
    return window.banner.text, window.status.text.text(), window.tabs.training.heading.text()


@pytest.mark.parametrize(
    ("end", "status", "heading"),
    [
        (
            EndEvent("diverged", "Training diverged: the loss became NaN. Lower max LR to 1e-3, and train again."),
            "Training diverged",
            "Diverged after 30 steps.",
        ),
        (EndEvent("failed", "It broke. Mend it."), "Training failed", "Failed after 30 steps."),
        (
            EndEvent("out_of_memory", "Out of memory in the forward pass."),
            "Training failed: out of memory",
            "Failed: out of memory after 30 steps.",
        ),
    ],
)
def test_how_a_training_broke_is_said_in_full_once(
    bench: Bench, window: MainWindow, end: EndEvent, status: str, heading: str
) -> None:
    bench.play(Scripted([[*training()[0][:2], *points()[:30], end]]), bench.session.train)
    assert _said(window) == (end.detail, status, heading)
    assert window.status.text.toolTip() == end.detail, "where the message was closed, it is there"


def test_a_run_that_is_opened_says_its_end_without_a_message(bench: Bench, window: MainWindow, tmp_path: Path) -> None:
    end = EndEvent("diverged", "Training diverged: the loss became NaN. Lower max LR to 1e-3, and train again.")
    with LogWriter(tmp_path / "a.lrrun", Job(kind="train")) as log:
        log.write([*training()[0][:2], *points()[:30], end])
    assert bench.session.open_run(tmp_path / "a.lrrun")
    assert _said(window) == ("", "Training diverged", end.detail)


def test_how_a_race_failed_is_said_in_full_once(bench: Bench, window: MainWindow) -> None:
    end = EndEvent("failed", "It broke. Mend it.")
    bench.play(Scripted([[StateEvent("running"), task(), end]]), bench.session.verify)
    assert (window.banner.text, window.status.text.text()) == (end.detail, "Race failed")
    assert window.tabs.verify.heading.text() == "Failed before the first step."


@pytest.mark.parametrize("kind", ["train", "verify"])
def test_what_lasts_says_in_full_what_a_message_says_that_goes_by_itself(
    bench: Bench, window: MainWindow, kind: str
) -> None:
    end = EndEvent("data_ended", "The script ended before it printed “accuracy”. Let it train for longer.")
    bench.play(Scripted([[StateEvent("running"), task(), end]]), getattr(bench.session, kind))
    assert window.banner.text == end.detail
    tab = window.tabs.training if kind == "train" else window.tabs.verify
    assert tab.heading.text() == end.detail
