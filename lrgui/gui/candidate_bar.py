"""The bar above the curve with the rates that are marked as candidates, and the button that trains them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from lrgui.core.learning_rate import format_lr, same_lr
from lrgui.gui.cards import leave, small_button
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.seeds import seeds_choice
from lrgui.gui.session import Session
from lrgui.plot.candidates import candidate_name

#: So many candidates stand in a row of the bar.
IN_A_ROW = 5


class CandidateBar(QWidget):
    """In sight while rates are marked."""

    def __init__(self, session: Session, runs: RunsOnScreen) -> None:
        super().__init__()
        self._session, self._runs = session, runs
        self.chips: list[QPushButton] = []
        self._shown: tuple[float, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 0, 12, 0)
        column.setSpacing(4)
        self._rows = [QHBoxLayout(), QHBoxLayout()]
        for row in self._rows:
            row.setSpacing(6)
            row.addStretch(1)
            column.addLayout(row)
        under = QHBoxLayout()
        under.setSpacing(8)
        column.addLayout(under)
        self.train = small_button("Train these", "Train at each of these rates, one after the other", self.train_all)
        self.selected = QCheckBox()
        self.selected.setChecked(True)
        self.selected.setToolTip("Also train at the selected rate")
        self.selected.setAccessibleName("And the selected rate")
        self.seeds = seeds_choice()
        self.clear = small_button("Clear", "Remove all candidates", runs.clear_candidates, "Clear candidates")
        self.said = QLabel()
        self.said.setObjectName("muted")
        for widget in (self.train, self.selected, self.seeds, self.clear, self.said):
            under.addWidget(widget)
        under.addStretch(1)
        runs.choice_changed.connect(self.refresh)
        session.job_changed.connect(self.refresh)
        session.queue.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what is marked."""
        candidates, selected = self._runs.candidates, self._runs.selection
        self.setVisible(bool(candidates))
        if candidates != self._shown:
            self._shown = candidates
            self._show_chips()
        beside = selected is not None and not any(same_lr(selected, lr) for lr in candidates)
        self.selected.setVisible(beside)
        self.selected.setText("" if selected is None else f"and the selected {format_lr(selected)}")
        script = self._session.job.task.is_script
        self.train.setEnabled(not script)
        self.said.setText("They will wait behind those already in the queue." if self._session.queue.running else "")

    def _show_chips(self) -> None:
        """The buttons that are there are named anew: while new ones take their places, the row would be empty for a
        moment, and the plot below would jump."""
        while len(self.chips) < len(self._shown):
            number = len(self.chips)
            chip = small_button("", "", partial(self._remove, number))
            row = self._rows[number >= IN_A_ROW]
            row.insertWidget(row.count() - 1, chip)
            self.chips.append(chip)
        for number, chip in enumerate(self.chips):
            if number >= len(self._shown):
                leave(chip)
                chip.hide()
            else:
                chip.show()
                name, rate = candidate_name(number), format_lr(self._shown[number])
                chip.setText(f"{name} · {rate}  ✕")
                chip.setToolTip(f"Remove candidate {name}")
                chip.setAccessibleName(f"Remove candidate {name}, {rate}")

    def _remove(self, number: int) -> None:
        self._runs.toggle_candidate(self._shown[number])

    @property
    def rates(self) -> list[float]:
        """What would be trained."""
        selected = self._runs.selection
        with_selected = not self.selected.isHidden() and self.selected.isChecked() and selected is not None
        return [*([selected] if with_selected and selected is not None else []), *self._runs.candidates]

    @Slot()
    def train_all(self) -> None:
        """Train at these rates, one after the other."""
        self._session.train_candidates(self.rates, self.seeds.currentData())
