"""What can be done to a training while it runs: change its rate, stop it after its epoch."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from lrgui.core.control import read_factor
from lrgui.core.events import RunKind, RunState
from lrgui.gui.cards import small_button
from lrgui.gui.session import Session


class LiveControls(QWidget):
    """A factor for the rate, and the button that ends the training with its epoch; in sight while one runs."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.factor = QLineEdit("0.5")
        self.factor.setAccessibleName("Factor of the learning rate")
        self.factor.setToolTip("Multiplies the rest of the schedule: 0.5 halves the rate, ÷10 takes a tenth of it")
        self.factor.setFixedWidth(64)
        self.factor.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.factor.returnPressed.connect(self._multiply)
        self.factor.textChanged.connect(self._show_state)
        self.apply = small_button(
            "Change", "Multiply the learning rate by this factor from the next step on", self._multiply
        )
        self.finish = small_button(
            "Stop after epoch",
            "Stop when the epoch is over, with its validation loss (Shift+Esc)",
            session.finish_epoch,
        )
        name = QLabel("LR ×")
        name.setBuddy(self.factor)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (name, self.factor, self.apply, self.finish):
            row.addWidget(widget)
        session.state_changed.connect(self._show_state)
        session.finishing.connect(self._show_state)
        self._show_state()

    @Slot()
    def _multiply(self) -> None:
        factor = read_factor(self.factor.text())
        if factor is not None:
            self._session.multiply_rate(factor)

    @Slot()
    def _show_state(self) -> None:
        session = self._session
        steerable = session.kind == RunKind.TRAIN and not session.job.task.is_script
        live = session.state in (RunState.RUNNING, RunState.PAUSED)
        self.setVisible(steerable and live)
        self.apply.setEnabled(read_factor(self.factor.text()) is not None)
        self.finish.setEnabled(not session.asked_to_finish)
        self.finish.setText("Stopping after epoch…" if session.asked_to_finish else "Stop after epoch")
