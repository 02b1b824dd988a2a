"""The scenarios' tab: sliders, the picking game, the way to the main plot, and the comparison with real data."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import shiboken6
from costs import costs_less
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QStyle, QStyleOptionSlider

from lrgui.core.curve.scenarios import SCENARIOS, START
from lrgui.core.events import BatchEvent, EndEvent, Event, StateEvent, TaskEvent
from lrgui.export import FORMATS, ExportError
from lrgui.export.scenarios import FILE_NAME
from lrgui.gui.saving import name_of
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.gui.tabs.scenario_cards import distance, verdict
from lrgui.gui.tabs.scenarios import SLIDER_STEPS, SLIDERS, ScenariosTab
from lrgui.gui.window import MainWindow
from lrgui.plot.theme import DARK, LIGHT
from lrgui.runs.job import Job

LEFT, NO = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class Scripted:
    """A source that says what it was told to."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events

    def chunks(self) -> Iterator[list[Event]]:
        for start in range(0, len(self.events), 40):
            yield self.events[start : start + 40]

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def cancel(self) -> None: ...
    def kill(self) -> None: ...


def digits(points: int = 150, reason: str = "completed") -> list[Event]:
    """A sweep as the digits give it: level 5, lowest 1 at 1e-1, then a rise."""
    lr = np.geomspace(1e-6, 1.0, points)
    x = np.log10(lr)
    loss = 5 - 4 * np.exp(-(np.minimum(x + 1, 0) ** 2) / 2) + 6 * np.maximum(x + 1, 0) ** 2
    events: list[Event] = [TaskEvent("digits", "", 1347, 450, 9000, 10, "cpu", 43, points), StateEvent("running")]
    events += [BatchEvent(0, i, float(a), float(b), 0.01 * i) for i, (a, b) in enumerate(zip(lr, loss, strict=True))]
    return [*events, EndEvent(reason, "That was it.")]


class Bench:
    """The scenarios with a mouse: the tab alone, or a window on them."""

    def __init__(self, qtbot, in_window: bool) -> None:
        self.qtbot = qtbot
        self.jobs: list[Job] = []
        self.script = digits()
        self.session = Session(Job(), self._source, QApplication.instance())
        self.runs = self.session.runs
        self.notices: list[object] = []
        self.session.noticed.connect(self.notices.append)
        if in_window:
            self.window = whole = MainWindow(self.session, Settings())
            whole.resize(1440, 900)
            self.tab = self.window.tabs.scenarios
            self.window.tabs.setCurrentWidget(self.tab)
        else:
            self.tab = whole = ScenariosTab(self.session, self.runs, LIGHT)
            whole.resize(1424, 780)
        self._whole = whole
        self.session.setParent(whole)
        self.plot = self.tab.plot
        whole.show()
        qtbot.waitExposed(whole)
        self.plot.grab()  # the first paint settles the layout
        QApplication.processEvents()

    def _source(self, job: Job) -> Scripted:
        self.jobs.append(job)
        return Scripted(self.script)

    def end(self) -> None:
        self.session.close()
        self._whole.close()
        # At once, not some day: every window left over makes the next one's style sheet slower.
        shiboken6.delete(self._whole)

    # the mouse
    def click(self, widget) -> None:
        assert widget.isVisible() and widget.isEnabled()
        QTest.mouseClick(widget, LEFT)

    def _mouse(self, kind, x, y, button, buttons) -> None:
        viewport = self.plot.canvas.viewport()
        local = QPointF(self.plot.view.mapToScene(QPointF(x, y)))
        QApplication.sendEvent(
            viewport,
            QMouseEvent(kind, local, viewport.mapToGlobal(local), button, buttons, Qt.KeyboardModifier.NoModifier),
        )

    def double_click(self, lr: float, y: float = 300) -> None:
        x = self.x(lr)
        self._mouse(QEvent.Type.MouseMove, x, y, NO, NO)
        for down in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._mouse(down, x, y, LEFT, LEFT)
            self._mouse(QEvent.Type.MouseButtonRelease, x, y, LEFT, NO)

    def drag(self, start: float, end: float, y: float) -> None:
        a, b = self.x(start), self.x(end)
        self._mouse(QEvent.Type.MouseMove, a, y, NO, NO)
        self._mouse(QEvent.Type.MouseButtonPress, a, y, LEFT, LEFT)
        for share in (0.25, 0.5, 0.75, 1.0):
            self._mouse(QEvent.Type.MouseMove, a + share * (b - a), y, NO, LEFT)
        self._mouse(QEvent.Type.MouseButtonRelease, b, y, LEFT, NO)

    def slide(self, name: str, share: float, until=lambda: None) -> None:
        """Drag a slider's handle to a share of its way; `until` is called on the way, before the release."""
        slider = self.tab.sliders[name]
        option = QStyleOptionSlider()
        slider.initStyleOption(option)
        style, control = slider.style(), QStyle.ComplexControl.CC_Slider
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, slider).center()
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_SliderGroove, slider)
        end = QPoint(round(groove.left() + share * groove.width()), handle.y())
        QTest.mousePress(slider, LEFT, pos=handle)
        for part in (0.3, 0.6, 1.0):
            QTest.mouseMove(slider, QPoint(round(handle.x() + part * (end.x() - handle.x())), handle.y()))
        until()
        QTest.mouseRelease(slider, LEFT, pos=end)

    def choose(self, key: str) -> None:
        """Pick an entry of the list as the keyboard does."""
        box = self.tab.which
        box.setFocus()
        for _ in range(3):
            QTest.keyClick(box, Qt.Key.Key_Up)
        for _ in range(box.findData(key)):
            QTest.keyClick(box, Qt.Key.Key_Down)
        assert box.currentData() == key

    # what there is to see
    def x(self, lr: float) -> float:
        return self.plot.view.pixel_x(float(np.log10(lr)))

    @property
    def pick(self):
        return self.tab.choices.selection

    @property
    def question(self) -> str:
        return self.tab.game.question.text()

    def table(self) -> list[list[str]]:
        table = self.tab.game.answers
        return [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())]

    def drawn(self, key: str):
        return self.plot._overlays[key].points[1].copy()

    def image(self):
        return self.plot.grab().toImage()


@pytest.fixture
def bench(qtbot, every_move_counts) -> Iterator[Bench]:
    """The tab alone: a window around it takes three times as long to build."""
    bench = Bench(qtbot, in_window=False)
    yield bench
    bench.end()


@pytest.fixture
def in_window(qtbot, every_move_counts) -> Iterator[Bench]:
    bench = Bench(qtbot, in_window=True)
    yield bench
    bench.end()


# ---------------------------------------------------------------- what it says


def test_it_teaches_the_documents_terms_and_steps(bench):
    from PySide6.QtWidgets import QLabel

    words = " ".join(label.text() for label in bench.tab.findChildren(QLabel)).lower()
    for term in ("learning rate", "loss", "optimal window", "divergence", "log axis", "batch noise"):
        assert term in words, term
    for idea in (
        "very slow",
        "unstable",
        "flat part on the left",
        "just before the minimum",
        "divergence on the right",
    ):
        assert idea in words, idea


def test_every_control_has_a_name_and_can_be_reached_by_key(bench):
    controls = [*bench.tab.sliders.values(), bench.tab.which, *bench.tab.findChildren(QPushButton)]
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip(), control
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
def test_nothing_is_cut_at_any_size(in_window, palette):
    bench = in_window
    bench.tab.set_palette(palette)
    bench.click(bench.tab.game.answer)
    bench.double_click(1e-3, y=200)
    for size in ((1440, 900), (1024, 700), (960, 560)):
        bench.window.resize(*size)
        QApplication.processEvents()
        for button in bench.tab.findChildren(QPushButton):
            assert button.width() >= button.minimumSizeHint().width(), (size, button.text())
        for label in [*bench.tab._values.values(), bench.tab.game.question, bench.tab._words]:
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed, (size, label.text())
            if not label.wordWrap():
                assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
        table = bench.tab.game.answers
        assert table.height() >= table.horizontalHeader().height() + sum(map(table.rowHeight, range(table.rowCount())))
        for row, texts in enumerate(bench.table()):
            for column, text in enumerate(texts):
                wide = table.fontMetrics().horizontalAdvance(text) + 6
                assert wide <= table.columnWidth(column), (size, row, text)
        assert bench.plot.width() > 0.55 * bench.tab.width()
        assert {note.key for note in bench.plot.notes} == {"low", "optimal", "divergence"}


# ---------------------------------------------------------------- sliders


@pytest.mark.parametrize("name", [row[0] for row in SLIDERS])
def test_a_slider_redraws_the_chosen_curve_alone_while_it_is_dragged(bench, name):
    bench.choose("noisy")
    before = {key: bench.drawn(key) for key in SCENARIOS}
    image = bench.image()
    seen = []

    def look():
        seen.append(bench.drawn("noisy"))
        assert bench.image() != image

    bench.slide(name, 0.9, look)
    low, high = next((low, high) for key, _, low, high, _ in SLIDERS if key == name)
    value = getattr(bench.tab.scene.scenario, name)
    assert value == pytest.approx(low + 0.9 * (high - low), abs=0.1 * (high - low))
    assert not np.array_equal(seen[0], before["noisy"])  # before the mouse was let go
    assert not np.array_equal(bench.drawn("noisy"), before["noisy"])
    for key in ("well_behaved", "stable"):
        assert np.array_equal(bench.drawn(key), before[key])
    others = [field for field, *_ in SLIDERS if field != name]
    assert all(getattr(bench.tab.scene.scenario, f) == getattr(SCENARIOS["noisy"], f) for f in others)
    assert float(bench.tab._values[name].text()) == pytest.approx(value, abs=0.006)


def test_sliders_do_what_they_are_called(bench):
    bench.slide("noise", 0.0)
    bench.slide("depth", 1.0)
    assert bench.drawn("well_behaved").min() == pytest.approx(START - 2.0, abs=0.02)
    wide = (bench.drawn("well_behaved") < 0.6).sum()
    bench.slide("smoothness", 1.0)
    assert (bench.drawn("well_behaved") < 0.6).sum() > wide
    before = bench.drawn("well_behaved")[-1]
    bench.slide("divergence", 1.0)
    assert bench.drawn("well_behaved")[-1] > before


def test_sliders_move_by_key_and_not_by_wheel(bench):
    slider = bench.tab.sliders["depth"]
    slider.setFocus()
    value = slider.value()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert slider.value() == value + 1
    depth = bench.tab.scene.scenario.depth
    assert depth == pytest.approx(0.2 + 1.8 * (value + 1) / SLIDER_STEPS)
    at = QPointF(slider.rect().center())
    wheel = QWheelEvent(
        at,
        slider.mapToGlobal(at),
        QPoint(0, 0),
        QPoint(0, 120),
        NO,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, wheel)
    assert bench.tab.scene.scenario.depth == depth


def test_sliders_show_the_chosen_scenario_without_changing_it(bench):
    for key, scenario in SCENARIOS.items():
        bench.choose(key)
        assert bench.tab.scene.scenario == scenario
        assert bench.tab._words.text() == scenario.words
        assert float(bench.tab._values["depth"].text()) == pytest.approx(scenario.depth)


def test_a_redraw_is_quick_enough_to_be_live(bench):
    bench.double_click(1e-3)
    bench.click(bench.tab.game.answer)

    def redraw(move: bool) -> None:
        """Eight pictures."""
        for _ in range(8):
            if move:
                bench.tab.sliders["depth"].setValue(bench.tab.sliders["depth"].value() % 50 + 1)
            bench.plot.grab()

    # Of what a picture costs by itself: measured 3.3 times.
    assert costs_less(lambda: redraw(True), 10, lambda: redraw(False))


def test_new_noise_and_reset(bench):
    before = {key: bench.drawn(key) for key in SCENARIOS}
    bench.click(bench.tab.new_noise)
    for key, curve in before.items():
        assert not np.array_equal(bench.drawn(key), curve)
        assert np.abs(bench.drawn(key) - curve).max() < 12 * SCENARIOS[key].noise  # the shape is the same
    bench.slide("depth", 0.1)
    bench.double_click(1e-3)
    bench.click(bench.tab.reset)
    for key, curve in before.items():
        assert np.array_equal(bench.drawn(key), curve)
    assert bench.pick is None
    assert bench.tab.scene.seed == 0
    assert tuple(bench.tab.scene.scenarios) == tuple(SCENARIOS.values())


def test_a_seed_from_the_command_line(bench):
    before = bench.drawn("noisy")
    bench.tab.show_seed(7)
    assert bench.tab.scene.seed == 7
    assert not np.array_equal(bench.drawn("noisy"), before)


# ---------------------------------------------------------------- zones


def test_zones_are_the_documented_ones_of_the_chosen_curve(bench):
    for key, scenario in SCENARIOS.items():
        bench.choose(key)
        assert bench.tab.choices.zones == scenario.zones
        zones = bench.plot.zones
        assert zones.low_end == pytest.approx(scenario.optimum / 3)
        assert zones.high_start == pytest.approx(scenario.optimum * 3)


def test_zones_can_be_dragged_and_stay_through_slides_and_reveals(bench):
    y = 0.8 * bench.plot.view.rect().height()
    bench.drag(2e-3 / 3, 1e-4, y)
    moved = bench.tab.choices.zones.low_end
    assert moved == pytest.approx(1e-4, rel=0.1)
    bench.slide("depth", 0.3)
    bench.click(bench.tab.game.answer)
    assert bench.plot.zones.low_end == bench.tab.choices.zones.low_end == moved
    bench.tab.undo_stack.undo()
    assert bench.plot.zones == bench.tab.choices.zones
    assert bench.plot.zones.low_end == pytest.approx(2e-3 / 3)


# ---------------------------------------------------------------- the picking game


def test_the_game(bench):
    tab = bench.tab
    assert "where you would set" in bench.question
    assert not tab.game.answers.isVisible()
    assert bench.plot.view.handles.marks == ()
    bench.double_click(1e-3)
    assert bench.pick == pytest.approx(1e-3, rel=0.02)
    assert "You picked 1e-3" in bench.question and "lowest" not in bench.question
    assert not tab.game.answers.isVisible() and bench.plot.view.handles.marks == ()
    at = 0.3 * bench.plot.view.rect().height()
    bench.drag(1e-3, 4e-3, at)
    assert bench.pick == pytest.approx(4e-3, rel=0.05)

    bench.click(tab.game.answer)
    assert tab.game.answers.isVisible()
    assert len(bench.plot.view.handles.marks) >= 4
    rows = bench.table()
    assert rows[0][0] == "★ recommended"
    assert len(rows) == 1 + len(tab._reading.suggestions)
    for label, lr, away in rows:
        if lr == "–":
            assert away == ""
            continue
        factor = float(lr) / bench.pick
        if away == "the same":
            assert 0.9 < factor < 1.1
        else:
            told = float(away[1:].split()[0])
            assert told == pytest.approx(max(factor, 1 / factor), rel=0.12), label
            assert away.endswith("higher" if factor > 1 else "lower")
    assert "past the minimum" in bench.question and "2e-3" in bench.question

    # Another pick: the distances follow.
    bench.double_click(1e-5, y=500)
    assert "safe, but slow" in bench.question
    assert bench.table() != rows
    bench.click(tab.game.answer)
    assert not tab.game.answers.isVisible() and bench.plot.view.handles.marks == ()


def test_without_a_pick_the_answers_have_no_distance(bench):
    bench.click(bench.tab.game.answer)
    assert bench.tab.game.answers.isVisible()
    assert {row[2] for row in bench.table()} == {""}


def test_a_pick_does_not_snap_to_an_answer_that_is_hidden(bench):
    bench.click(bench.tab.game.answer)
    mark = next(mark for mark in bench.plot.view.handles.marks if mark.key == "recommended")
    bench.click(bench.tab.game.answer)
    near = 10 ** (mark.x + 4 / bench.plot.view.rect().width() * 6.24)
    bench.double_click(1e-5)
    bench.drag(1e-5, near, 0.3 * bench.plot.view.rect().height())
    assert np.log10(bench.pick) == pytest.approx(np.log10(near), abs=0.01)
    assert np.log10(bench.pick) - mark.x > 0.02


def test_undo_and_redo_are_the_tabs_own(in_window):
    bench = in_window
    window, tab = bench.window, bench.tab
    assert window.tabs.undo_stack is tab.undo_stack
    assert not window.actions_by_key["undo"].isEnabled()
    bench.double_click(1e-4)
    bench.double_click(1e-2, y=500)
    first, second = 1e-4, bench.pick
    assert tab.undo_stack.count() == 2
    window.actions_by_key["undo"].trigger()
    assert bench.pick == pytest.approx(first, rel=0.02)
    assert bench.plot.selection == pytest.approx(bench.pick)
    window.actions_by_key["undo"].trigger()
    assert bench.pick is None and bench.plot.selection is None
    assert "where you would set" in bench.question
    window.actions_by_key["redo"].trigger()
    window.actions_by_key["redo"].trigger()
    assert bench.pick == second
    assert bench.runs.undo_stack.count() == 0
    assert bench.runs.selection is None  # the main plot's is another one
    window.tabs.setCurrentWidget(window.tabs.curve)
    assert window.tabs.undo_stack is bench.runs.undo_stack
    assert not window.actions_by_key["undo"].isEnabled()


def test_another_scenario_is_another_game(bench):
    bench.double_click(1e-3)
    bench.click(bench.tab.game.answer)
    bench.choose("stable")
    assert bench.pick is None and not bench.tab.game.answers.isVisible()
    assert bench.tab.undo_stack.count() == 0
    # The same scenario once more changes nothing.
    bench.double_click(1e-3)
    bench.tab.which.activated.emit(bench.tab.which.currentIndex())
    assert bench.pick is not None


def test_distances_in_words():
    assert distance(1e-3, 1e-3) == distance(1.04e-3, 1e-3) == "the same"
    assert distance(2e-3, 1e-3) == "×2 higher"
    assert distance(1e-4, 1e-3) == "×10 lower"
    assert distance(3e-2, 1e-5) == "×3,000 higher"


def test_verdicts_in_words():
    scenario = SCENARIOS["well_behaved"]
    words = [verdict(scenario, lr) for lr in (1e-6, 6e-4, 7e-4, 2e-3, 2.1e-3, 6e-3, 6.1e-3, 1.0)]
    assert [w.split()[0] for w in words] == ["safe,"] * 2 + ["inside"] * 2 + ["past"] * 2 + ["too"] * 2


# ---------------------------------------------------------------- elsewhere


@pytest.mark.parametrize("key", SCENARIOS)
def test_a_scenario_on_the_main_plot_is_treated_like_a_run(in_window, key, tmp_path):
    bench = in_window
    bench.choose(key)
    bench.click(bench.tab.send)
    window, session, runs, scenario = bench.window, bench.session, bench.runs, SCENARIOS[key]
    assert window.tabs.currentWidget() is window.tabs.curve
    reading = runs.reading
    assert reading is not None
    assert np.array_equal(reading.curve.loss, bench.tab.scene.loss(scenario))
    assert runs.zones == scenario.zones == window.tabs.curve.plot.zones
    assert reading.recommendation.lr is not None
    assert len(reading.suggestions) >= 4 and len(window.tabs.curve.plot.view.handles.marks) >= 4
    assert reading.checklist
    assert runs.selection is not None
    assert not bench.jobs  # nothing was run

    path = tmp_path / "run.json"
    window.exporting.export_as("json", path)
    document = json.loads(path.read_text())
    assert document["title"] == f"LR Finder: {scenario.label} (synthetic example)"
    assert document["job"] is None
    assert "synthetic" in document["end"]["detail"]
    report = runs.report()
    assert "synthetic example" in report.title
    if key == "noisy":  # how it is written does not depend on its shape
        for form in ("png", "svg", "pdf", "csv", "json", "html"):
            assert FORMATS[form].render(report)
    with pytest.raises(ExportError, match="This curve is synthetic: there is no program"):
        FORMATS["py"].render(report)
    # A real sweep takes its place.
    with bench.qtbot.waitSignal(session.run_ended):
        session.find()
    assert runs.report().synthetic == ""


def test_the_main_plot_gets_what_was_set_here(in_window):
    bench = in_window
    bench.slide("depth", 1.0)
    bench.drag(2e-3 / 3, 1e-4, 0.8 * bench.plot.view.rect().height())
    bench.click(bench.tab.send)
    assert np.array_equal(bench.runs.reading.curve.loss, bench.drawn("well_behaved"))
    assert bench.runs.zones == bench.tab.choices.zones


def test_the_comparison_lays_a_real_sweep_over(in_window):
    bench = in_window
    session, runs, tab = bench.session, bench.runs, bench.tab
    bench.click(tab.send)
    bench.window.tabs.setCurrentWidget(tab)
    shown = runs.sweep
    with bench.qtbot.waitSignal(session.run_ended):
        bench.click(tab.compare)
    assert bench.jobs == [Job()]
    assert bench.window.tabs.currentWidget() is tab
    x, y = bench.plot._real.points
    assert len(x) == 150
    target = SCENARIOS["well_behaved"]
    assert np.median(y[:15]) == pytest.approx(START, abs=0.02)
    assert y.min() == pytest.approx(START - target.depth, abs=1e-6)
    assert 10 ** x[int(np.argmin(y))] == pytest.approx(1e-1, rel=0.3)
    assert "real digits" in [entry.text for entry in bench.plot.chart.legend.entries]
    assert tab._real_words.isVisible() and "real sweep" in tab._real_words.text()
    assert runs.sweep is shown  # what the main plot shows stays
    assert tab.compare.isEnabled() and tab.send.isEnabled()
    # It keeps to the well-behaved curve's depth, and goes with a reset.
    bench.slide("depth", 1.0)
    assert bench.plot._real.points[1].min() == pytest.approx(START - 2.0, abs=0.02)
    bench.click(tab.reset)
    assert len(bench.plot._real.points[0]) == 0
    assert not tab._real_words.isVisible()
    bench.slide("depth", 0.5)
    assert len(bench.plot._real.points[0]) == 0


def test_a_comparison_that_fails_says_so_and_draws_nothing(bench):
    bench.script = [EndEvent("failed", "The data could not be read.")]
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.click(bench.tab.compare)
    assert len(bench.plot._real.points[0]) == 0
    assert "The data could not be read." in [getattr(notice, "text", "") for notice in bench.notices]
    assert bench.tab.compare.isEnabled()


def test_while_something_runs_no_second_thing_can_be_started(bench):
    bench.session.state_changed.emit("running")
    assert not bench.tab.compare.isEnabled() and not bench.tab.send.isEnabled()
    assert bench.tab.sliders["depth"].isEnabled()
    bench.session.state_changed.emit("idle")
    assert bench.tab.compare.isEnabled() and bench.tab.send.isEnabled()


def test_exporting_is_the_windows_one_dialog(bench):
    wanted = []
    bench.session.wanted.connect(wanted.append)
    bench.click(bench.tab.export)
    assert wanted == ["export"]


@pytest.mark.parametrize("key", FORMATS)
def test_what_is_exported_is_what_is_on_screen(bench, key):
    if key == "parquet":
        pytest.importorskip("pyarrow")
    bench.slide("depth", 1.0)
    shown = bench.tab.shown()
    assert shown.scenario.depth == pytest.approx(2.0) and name_of(shown) == FILE_NAME
    assert FORMATS[key].render(shown)


def test_the_pointer_is_told_and_forgotten(bench):
    told = []
    bench.tab.hovered.connect(told.append)
    bench._mouse(QEvent.Type.MouseMove, bench.x(1e-3), 200, NO, NO)
    assert told and told[-1].startswith("cursor  1e-3")
