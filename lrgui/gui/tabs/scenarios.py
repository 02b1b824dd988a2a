"""The scenarios: three synthetic curves to play with, and what they teach."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QUndoStack, QWheelEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QWidget,
)

from lrgui.core.curve.scenarios import SCENARIOS, Scenario, laid_over
from lrgui.core.curve.sweep_reading import SweepReading, read_sweep
from lrgui.core.curve.zones import Zones
from lrgui.core.events import RunKind, RunState
from lrgui.core.learning_rate import format_lr
from lrgui.export.scenarios import Scene
from lrgui.gui.cards import Card, Side, muted, small_button
from lrgui.gui.editors import Choice
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.scrolled import LEAST_PLOT
from lrgui.gui.selection import Choices, Selection
from lrgui.gui.session import Session
from lrgui.gui.tabs.run_tab import cursor_words
from lrgui.gui.tabs.scenario_cards import GameCard, lesson_card, terms_card
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


class Slider(QSlider):
    """Moved by drag and keys; the wheel scrolls the panel and never changes a value."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ScenariosTab(QWidget):
    """Plays with the three curves; changes nothing elsewhere unless asked to."""

    hovered = Signal(str)

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__()
        self._session, self._runs = session, runs
        self._scene = Scene()
        self._reading: SweepReading | None = None
        self._revealed = False
        self.undo_stack = QUndoStack(self)
        self._chosen = Selection(self._show, self.undo_stack, Choices(None, self._scene.scenario.zones))
        self.plot = ScenarioPlot(palette=palette)
        self.game = GameCard()
        self.game.asked.connect(lambda: self._reveal(not self._revealed))
        side = Side(320, "Scenarios")
        side.setFixedWidth(side.usual_width)
        for card in (self._controls(), self.game, lesson_card(), terms_card()):
            side.add(card)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(8)
        self.plot.setMinimumHeight(LEAST_PLOT)
        layout.addWidget(self.plot, 1)
        layout.addWidget(side)
        self.plot.selection_moved.connect(lambda lr: self._chosen.preview(selection=lr))
        self.plot.selection_finished.connect(self._selected)
        self.plot.zones_moved.connect(self._zones_moved)
        self.plot.zones_finished.connect(self._zones_finished)
        self.plot.hovered.connect(lambda lr, loss: self.hovered.emit(cursor_words(lr, loss)))
        self.plot.view.ranges = False  # nothing here would use one
        self.plot.canvas.tapped.connect(session.toggle_pause)
        self.plot.left.connect(lambda: self.hovered.emit(""))
        session.run_over.connect(self._on_run_ended)
        session.state_changed.connect(self._on_state)
        self._on_state(session.state)
        self._redraw()

    # ---------------------------------------------------------------- cards
    def _controls(self) -> Card:
        card = Card("Scenario")
        self.which = Choice()
        for scenario in SCENARIOS.values():
            self.which.addItem(scenario.label, scenario.key)
        self.which.setAccessibleName("Scenario")
        self.which.set_tip("The highlighted curve, changed by the sliders")
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
            value.setMinimumWidth(40)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, widget in enumerate((words, slider, value)):
                grid.addWidget(widget, row, column)
            self.sliders[name], self._values[name] = slider, value
        card.body.addLayout(grid)
        self.new_noise = small_button("New noise", "The same curves with different random batches", self._renew)
        self.reset = small_button("Reset", "Restore all three scenarios", self._reset)
        self.send = small_button(
            "Show on the main plot", "Rules and checklist then apply to this curve as to a run", self._send
        )
        self.compare = small_button(
            "Compare with real data",
            "Sweep the digits and overlay their curve on the well-behaved one, on the same scale",
            self._session.compare,
        )
        self.export = small_button(
            "Export…", "Save or copy the picture, its points or a report", partial(self._session.wanted.emit, "export")
        )
        rows = ((self.new_noise, self.reset, self.export), (self.send,), (self.compare,))
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

    # ---------------------------------------------------------------- what is shown
    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.plot.set_palette(palette)

    def shown(self) -> Scene:
        """The curves with the pick and the zones as they are."""
        return replace(self._scene, selection=self._chosen.now.selection, zones=self._chosen.now.zones)

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
        self._runs.aside = None if not self._session.busy else self._runs.aside
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
        self._show_answers()

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
        self._show_answers()

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
        self.plot.reveal(revealed)
        self.plot.set_selection(self._chosen.now.selection)
        self._show_answers()

    def _show_answers(self) -> None:
        reading = self._reading if self._revealed else None
        self.game.show_answers(self._chosen.now.selection, self._scene.scenario, reading)

    # ---------------------------------------------------------------- elsewhere
    def _send(self) -> None:
        scenario = self._scene.scenario
        zones = self._chosen.now.zones or scenario.zones
        self._session.show_synthetic(scenario.label, self._scene.curve(), zones)

    @Slot(object)
    def _on_run_ended(self, _end: object) -> None:
        if self._session.kind == RunKind.ASIDE:
            self._show_real()

    @Slot(str)
    def _on_state(self, state: str) -> None:
        for button in (self.compare, self.send):
            button.setEnabled(state == RunState.IDLE)

    def _show_real(self) -> None:
        record = self._runs.aside
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
