"""What stands in a field when a run starts is what counts, or the person is told why not."""

from __future__ import annotations

from bench import Bench
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, task

from lrgui.core.events import StateEvent
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.window import MainWindow


def _type(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    """Type over what stands there, without Enter."""
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)


def _field(window: MainWindow, name: str) -> QLineEdit:
    found = window.findChild(QLineEdit, f"field_{name}")
    assert isinstance(found, QLineEdit)
    return found


def _said(window: MainWindow) -> list[str]:
    return [label.text() for label in window.findChildren(QLabel, "problem") if label.isVisible()]


def test_f5_takes_what_was_typed_without_enter(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    steps = _field(window, "steps")
    _type(qtbot, steps, "321")
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["find"].trigger()
    assert bench.jobs[-1].sweep.steps == 321


def test_f6_takes_the_rate_that_was_typed_without_enter(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    number = window.findChild(SelectionPanel).number
    _type(qtbot, number, "7e-3")
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["train"].trigger()
    assert bench.jobs[-1].train.max_lr == 7e-3


def test_a_field_that_cannot_be_read_keeps_a_run_from_starting(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    batch = _field(window, "batch_size")
    _type(qtbot, batch, "many")
    window.actions_by_key["find"].trigger()
    assert bench.jobs == []
    assert _said(window) == ["“many” is not an integer."]
    assert "not an integer" in window.banner.text
    _type(qtbot, _field(window, "steps"), "150")
    qtbot.keyClick(_field(window, "steps"), Qt.Key.Key_Return)
    assert _said(window) == ["“many” is not an integer."], "editing another field does not mend this one"
    _type(qtbot, batch, "32")
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["find"].trigger()
    assert bench.jobs[-1].task.batch_size == 32
    assert bench.jobs[-1].sweep.steps == 150
    assert _said(window) == []


def test_a_wrong_training_setting_does_not_stop_a_sweep(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    divisor = _field(window, "div_factor")
    _type(qtbot, divisor, "a dozen")
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["find"].trigger()
    window.actions_by_key["train"].trigger()
    assert [job.kind for job in bench.jobs] == ["sweep"]
    qtbot.waitUntil(lambda: _said(window) == ["“a dozen” is not a number."])  # the form scrolls to it


def test_using_a_runs_settings_replaces_what_could_not_be_read(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    batch = _field(window, "batch_size")
    _type(qtbot, batch, "many")
    qtbot.keyClick(batch, Qt.Key.Key_Return)
    journal = sorted(window_runs())[-1]
    window.session.open_run(journal)
    bench.session.use_visited()
    assert batch.text() == "64"
    assert _said(window) == []
    bench.play()
    assert len(bench.jobs) == 2


def test_the_result_says_that_the_sweep_is_running(bench: Bench, window: MainWindow) -> None:
    bench.begin(Scripted([[StateEvent("running"), task(), *points()[:30]]], hold=True))
    texts = [label.text() for label in window.findChild(SelectionPanel).findChildren(QLabel)]
    assert "The sweep is running." in texts
    bench.session.close()


def test_while_the_next_sweep_starts_the_last_result_is_dimmed(bench: Bench, window: MainWindow) -> None:
    bench.play()
    panel = window.findChild(SelectionPanel)
    seen: dict[str, tuple[str, bool]] = {}
    bench.session.state_changed.connect(
        lambda state: seen.setdefault(
            state, (panel.low.text(), any(_runs(label) for label in panel.findChildren(QLabel)))
        )
    )
    bench.play()
    assert seen["starting"] == (panel.low.text(), False), "what the last sweep says stays in sight"
    assert panel.low.text()


def _runs(label: QLabel) -> bool:
    return label.text() == "The sweep is running."


def window_runs() -> list:  # type: ignore[type-arg]
    """The runs on disk."""
    from lrgui.runs.library import runs_folder

    return list(runs_folder().glob("*.lrrun"))


def test_a_drag_takes_the_place_of_a_rate_that_cannot_be_read(bench: Bench, window: MainWindow, qtbot: QtBot) -> None:
    bench.play()
    number = window.findChild(SelectionPanel).number
    _type(qtbot, number, "fast")
    qtbot.keyClick(number, Qt.Key.Key_Return)
    window.actions_by_key["train"].trigger()
    assert len(bench.jobs) == 1
    assert "“fast” is not a number" in window.banner.text
    bench.runs.preview_selection(2e-3)
    assert number.text() == "2e-3"
    assert not number.property("wrong")
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["train"].trigger()
    assert bench.jobs[-1].train.max_lr == 2e-3
