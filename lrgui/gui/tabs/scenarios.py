"""The scenarios: three synthetic curves to play with, and what they teach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QUndoStack, QWheelEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from lrgui import places
from lrgui.core.curve.scenarios import SCENARIOS, Scenario, laid_over
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.curve.zones import Zones
from lrgui.core.events import RunKind, RunState
from lrgui.core.formats import format_factor, format_loss
from lrgui.core.learning_rate import format_lr
from lrgui.export import SCENE_FORMATS, ExportError, write_atomically
from lrgui.export.scenarios import FILE_NAME, Scene
from lrgui.gui.cards import Card, Side, muted
from lrgui.gui.fields import Choice
from lrgui.gui.labels import with_tabular_figures
from lrgui.gui.selection import Choices, Selection
from lrgui.gui.workspace import Notice, Workspace
from lrgui.plot.scenario_plot import ScenarioCurve, ScenarioPlot
from lrgui.plot.theme import Palette

#: The sliders: field of Scenario, label, lowest and highest value, what it does.
SLIDERS: tuple[tuple[str, str, float, float, str], ...] = (
    ("noise", "Noise", 0.0, 0.3, "Standard deviation of the batch noise"),
    ("depth", "Depth", 0.2, 2.0, "How far the loss falls"),
    ("smoothness", "Smoothness", 0.2, 2.0, "Width of the valley in decades: how forgiving the model is"),
    ("divergence", "Divergence", 0.4, 4.0, "How steeply the loss rises past the optimum"),
)
SLIDER_STEPS = 200

READING = (
    "1.  Skip the flat part on the left: these rates train, but very slowly.",
    "2.  Pick a rate in the steep descent, just before the minimum: fast and still stable.",
    "3.  Stay away from the divergence on the right, where each step overshoots.",
)
TERMS = (
    ("Learning rate", "The size of the optimizer's steps. Too small: very slow. Too large: unstable."),
    ("Loss", "One number for how wrong the model is; lower is better."),
    ("Optimal window", "The rates just before the lowest point of the curve: the steepest fall that is still stable."),
    ("Divergence", "Beyond the window the steps overshoot and the loss rises sharply."),
    ("Log axis", "Good rates span several orders of magnitude; only a logarithmic axis shows them all."),
    ("Batch noise", "Each batch is a different sample of the data, so its loss varies; use the smoothed line."),
)


class Slider(QSlider):
    """Moved by drag and keys; the wheel scrolls the panel and never changes a value."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ScenariosTab(QWidget):
    """Plays with the three curves; changes nothing elsewhere unless asked to."""

    hovered = Signal(str)

    def __init__(self, workspace: Workspace, palette: Palette) -> None:
        super().__init__()
        self._workspace = workspace
        self._scene = Scene()
        self._reading: SweepReading | None = None
        self._revealed = False
        self.undo_stack = QUndoStack(self)
        self._chosen = Selection(self._show, self.undo_stack, Choices(None, self._scene.scenario.zones))
        self.plot = ScenarioPlot(palette=palette)
        side = Side(320, "Scenarios")
        for card in (self._controls(), self._game(), self._lesson("How to read it", READING), self._terms()):
            side.add(card)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.plot, 1)
        layout.addWidget(side)
        self.plot.selection_moved.connect(lambda lr: self._chosen.preview(selection=lr))
        self.plot.selection_finished.connect(self._selected)
        self.plot.zones_moved.connect(self._zones_moved)
        self.plot.zones_finished.connect(self._zones_finished)
        self.plot.hovered.connect(lambda lr, loss: self.hovered.emit(f"cursor  {format_lr(lr)} · {format_loss(loss)}"))
        self.plot.left.connect(lambda: self.hovered.emit(""))
        workspace.run_ended.connect(self._on_run_ended)
        workspace.state_changed.connect(self._on_state)
        self._redraw()

    # ---------------------------------------------------------------- cards
    def _controls(self) -> Card:
        card = Card("Scenario")
        self.which = Choice()
        for scenario in SCENARIOS.values():
            self.which.addItem(scenario.label, scenario.key)
        self.which.setAccessibleName("Scenario")
        self.which.setToolTip("The highlighted curve, changed by the sliders")
        self.which.activated.connect(lambda _index: self.choose(self.which.currentData()))
        card.body.addWidget(self.which)
        self._words = muted()
        card.body.addWidget(self._words)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        self.sliders: dict[str, QSlider] = {}
        self._values: dict[str, QLabel] = {}
        for row, (name, label, _low, _high, tip) in enumerate(SLIDERS):
            words, slider, value = QLabel(label), Slider(), QLabel()
            words.setObjectName("fieldName")
            words.setToolTip(tip)
            words.setBuddy(slider)
            slider.setRange(0, SLIDER_STEPS)
            slider.setAccessibleName(label)
            slider.setToolTip(tip)
            slider.valueChanged.connect(lambda step, name=name: self._slid(name, step))
            value.setFixedWidth(40)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, widget in enumerate((words, slider, value)):
                grid.addWidget(widget, row, column)
            self.sliders[name], self._values[name] = slider, value
        card.body.addLayout(grid)
        self.new_noise = self._button("New noise", "The same curves with different random batches", self._renew)
        self.reset = self._button("Reset", "Restore all three scenarios", self._reset)
        self.send = self._button(
            "Show on the main plot", "Rules and checklist then apply to this curve as to a run", self._send
        )
        self.compare = self._button(
            "Compare with real data",
            "Sweep the digits and overlay their curve on the well-behaved one, on the same scale",
            self._workspace.compare,
        )
        save = self._button("Save ▾", "Save the picture or its points", None)
        menu = QMenu(save)
        for form in SCENE_FORMATS.values():
            menu.addAction(form.label).triggered.connect(lambda _checked=False, key=form.key: self.save(key))
        save.setMenu(menu)
        rows = ((self.new_noise, self.reset, save), (self.send,), (self.compare,))
        for buttons in rows:
            line = QHBoxLayout()
            line.setSpacing(6)
            for button in buttons:
                line.addWidget(button, 1)
            card.body.addLayout(line)
        self._real_words = muted()
        self._real_words.hide()
        card.body.addWidget(self._real_words)
        return card

    def _game(self) -> Card:
        card = Card("Where would you pick?")
        self._question = muted("Double-click the plot (or drag the line) where you would set the learning rate.")
        card.body.addWidget(self._question)
        self.answer = self._button("Reveal the answers", "Show each rule's rate and its distance from yours", None)
        self.answer.clicked.connect(lambda: self._reveal(not self._revealed))
        card.body.addWidget(self.answer)
        self.answers = QTableWidget(0, 3)
        with_tabular_figures(self.answers)
        self.answers.setHorizontalHeaderLabels(["Rule", "LR", "from yours"])
        self.answers.setAccessibleName("What the rules say")
        self.answers.verticalHeader().hide()
        self.answers.verticalHeader().setDefaultSectionSize(25)
        self.answers.setShowGrid(False)
        self.answers.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.answers.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.answers.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.answers.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.answers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.answers.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self.answers.hide()
        card.body.addWidget(self.answers)
        return card

    def _lesson(self, title: str, lines: tuple[str, ...]) -> Card:
        card = Card(title)
        for line in lines:
            card.body.addWidget(muted(line))
        return card

    def _terms(self) -> Card:
        card = Card("Terms")
        for term, meaning in TERMS:
            words = muted(f"<b>{term}</b>: {meaning}")
            words.setTextFormat(Qt.TextFormat.RichText)
            card.body.addWidget(words)
        return card

    def _button(self, text: str, tip: str, act: Callable[[], None] | None) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("small")
        button.setToolTip(tip)
        button.setAccessibleName(text.removesuffix(" ▾"))
        if act is not None:
            button.clicked.connect(lambda: act())
        return button

    # ---------------------------------------------------------------- what is shown
    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.plot.set_palette(palette)

    @property
    def scene(self) -> Scene:
        """What is on the picture."""
        return self._scene

    @property
    def choices(self) -> Choices:
        """What the person picked, and the zones as they are."""
        return self._chosen.now

    def choose(self, key: str) -> None:
        """Draw another scenario strongest."""
        if key == self._scene.chosen:
            return
        self._scene = replace(self._scene, chosen=key)
        self._start_over()

    def show_seed(self, seed: int) -> None:
        """Draw the noise of this seed."""
        self._scene = replace(self._scene, seed=seed)
        self._redraw()

    def _slid(self, name: str, step: int) -> None:
        low, high = next((low, high) for key, _, low, high, _ in SLIDERS if key == name)
        value = low + (high - low) * step / SLIDER_STEPS
        fields: dict[str, Any] = {name: value}
        changed = replace(self._scene.scenario, **fields)
        scenarios = tuple(changed if s.key == changed.key else s for s in self._scene.scenarios)
        self._scene = replace(self._scene, scenarios=scenarios)
        self._redraw()

    def _renew(self) -> None:
        self.show_seed(self._scene.seed + 1)

    def _reset(self) -> None:
        self._scene = Scene(chosen=self._scene.chosen)
        self._workspace.aside = None if not self._workspace.busy else self._workspace.aside
        self._real_words.hide()
        self.plot.set_real(np.empty(0), np.empty(0))
        self._start_over()
        self.plot.reset_view()

    def _start_over(self) -> None:
        """Another curve: the old pick and the old answers are about something else."""
        self._chosen.begin(Choices(None, self._scene.scenario.zones))
        self._reveal(False)
        self._redraw()

    def _redraw(self) -> None:
        scene, scenario = self._scene, self._scene.scenario
        self.which.setCurrentIndex(self.which.findData(scenario.key))
        self._words.setText(scenario.words)
        self._show_sliders(scenario)
        choices = self._chosen.now
        assert choices.zones is not None
        self._reading = read_sweep(scene.curve(), choices.selection, choices.zones)
        curves = [ScenarioCurve(s.key, s.label, scene.lr, scene.loss(s)) for s in scene.scenarios]
        self.plot.show_curves(curves, scene.chosen, self._reading, choices.zones)
        self.plot.set_selection(choices.selection)
        self._show_real()
        self._fill_answers()

    def _show_sliders(self, scenario: Scenario) -> None:
        for name, _label, low, high, _tip in SLIDERS:
            value = float(getattr(scenario, name))
            slider = self.sliders[name]
            slider.blockSignals(True)
            slider.setValue(round((value - low) / (high - low) * SLIDER_STEPS))
            slider.blockSignals(False)
            self._values[name].setText(f"{value:.3f}" if name == "noise" else f"{value:.2f}")

    # ---------------------------------------------------------------- picking
    def _show(self, choices: Choices) -> None:
        self.plot.set_zones(choices.zones)
        self.plot.set_selection(choices.selection)
        self._fill_answers()

    @Slot(object, float)
    def _selected(self, old: float | None, new: float) -> None:
        self._chosen.commit("pick", "selection", old, new)

    @Slot(float, float)
    def _zones_moved(self, low_end: float, high_start: float) -> None:
        zones = self._chosen.now.zones
        if zones is not None:
            self._chosen.preview(zones=replace(zones, low_end=low_end, high_start=high_start))

    @Slot(object, object)
    def _zones_finished(self, old: Zones, new: Zones) -> None:
        self._chosen.commit("zones", "zones", old, new)

    def _reveal(self, revealed: bool) -> None:
        self._revealed = revealed
        self.answer.setText("Hide the answers" if revealed else "Reveal the answers")
        self.plot.reveal(revealed)
        self.plot.set_selection(self._chosen.now.selection)
        self._fill_answers()

    def _fill_answers(self) -> None:
        pick, scenario = self._chosen.now.selection, self._scene.scenario
        if pick is None:
            question = "Double-click the plot (or drag the line) where you would set the learning rate."
        elif not self._revealed:
            question = f"You picked {format_lr(pick)}. Now reveal the answers."
        else:
            where = distance(scenario.optimum, pick)
            question = (
                f"You picked {format_lr(pick)}: {verdict(scenario, pick)} "
                f"The lowest point is at {format_lr(scenario.optimum)}, {where}."
            )
        self._question.setText(question)
        self.answers.setVisible(self._revealed)
        if not self._revealed or self._reading is None:
            return
        reading = self._reading
        rows = [("★ recommended", reading.recommendation.lr, reading.recommendation.reason)]
        rows += [(s.label, s.lr, s.reason) for s in reading.suggestions.values()]
        self.answers.setRowCount(len(rows))
        for row, (label, lr, reason) in enumerate(rows):
            texts = (
                label,
                "–" if lr is None else format_lr(lr),
                "" if lr is None or pick is None else distance(lr, pick),
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(reason)
                self.answers.setItem(row, column, item)
        self.answers.setFixedHeight(self.answers.horizontalHeader().sizeHint().height() + 25 * len(rows) + 4)

    # ---------------------------------------------------------------- elsewhere
    def _send(self) -> None:
        scenario = self._scene.scenario
        zones = self._chosen.now.zones or scenario.zones
        self._workspace.show_synthetic(scenario.label, self._scene.curve(), zones)

    @Slot(object)
    def _on_run_ended(self, _end: object) -> None:
        if self._workspace.kind == RunKind.ASIDE:
            self._show_real()

    @Slot(str)
    def _on_state(self, state: str) -> None:
        for button in (self.compare, self.send):
            button.setEnabled(state == RunState.IDLE)

    def _show_real(self) -> None:
        record = self._workspace.aside
        if record is None or record.end is None or len(record) < 10:
            return
        curve = record.curve()
        target = next(s for s in self._scene.scenarios if s.key == "well_behaved")
        self.plot.set_real(curve.lr, laid_over(target, curve.smoothed))
        best = format_lr(float(curve.lr[int(np.argmin(curve.smoothed))]))
        self._real_words.setText(
            "Dotted: a real sweep of the digits, its loss scaled to the same start and depth. Again a flat part, a "
            f"descent and a rise; its lowest point, at {best}, depends on that model and data."
        )
        self._real_words.show()

    def save(self, key: str, path: Path | None = None) -> None:
        """Ask for a file, unless `path` names one, and write the picture to it."""
        form = SCENE_FORMATS[key]
        if path is None:
            chosen, _ = QFileDialog.getSaveFileName(
                self,
                form.label,
                str(places.home_or_temporary() / f"{FILE_NAME}{form.suffix}"),
                f"{form.label} (*{form.suffix})",
            )
            if not chosen:
                return
            path = Path(chosen)
            path = path if path.suffix else path.with_suffix(form.suffix)
        try:
            write_atomically(path, form.render(self._scene))
        except ExportError as error:
            self._workspace.noticed.emit(Notice("error", str(error)))
            return
        self._workspace.noticed.emit(Notice("info", f"Saved {path}"))


def verdict(scenario: Scenario, pick: float) -> str:
    """What a pick would do, judged by the documented zones and the place of the minimum."""
    zones = scenario.zones
    if pick < zones.low_end:
        return "safe, but slow."
    if pick <= scenario.optimum:
        return "inside the steep descent: well done."
    return "past the minimum, on the edge." if pick <= zones.high_start else "too high, it would diverge."


def distance(lr: float, pick: float) -> str:
    """How far `lr` lies from the pick, as a factor: "×2.1 higher"."""
    factor = lr / pick
    if max(factor, 1 / factor) < 1.05:
        return "the same"
    return f"{format_factor(factor)} higher" if factor > 1 else f"{format_factor(1 / factor)} lower"
