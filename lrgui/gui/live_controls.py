"""What can be done to a training while it runs: change its rate, stop it after its epoch."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QWidget

from lrgui.core.control import FACTORS, read_factor
from lrgui.core.events import RunKind, RunState
from lrgui.gui.cards import leave, small_button
from lrgui.gui.problem_label import ProblemLabel
from lrgui.gui.session import Session
from lrgui.gui.typing_keys import TypingKeys, mark


class LiveControls(QWidget):
    """A factor for the rate, and the button that ends the training with its epoch; in sight while one runs."""

    multiplied = Signal(float)
    """The training was asked to multiply the rest of its schedule by this."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._since = QElapsedTimer()
        """Since the line's factor was asked for last."""
        self.factor = QLineEdit("0.5")
        self.factor.setAccessibleName("Factor of the learning rate")
        self.factor.setToolTip("Multiplies the rest of the schedule: 0.5 halves the rate, ÷10 takes a tenth of it")
        self.factor.setFixedWidth(64)
        self.factor.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.factor.returnPressed.connect(self._multiply)
        self.factor.textChanged.connect(self._show_state)
        self.factor.editingFinished.connect(self._look)
        self.factor.textEdited.connect(lambda _text: self._say(""))
        TypingKeys(self.factor)
        self._problem = ProblemLabel(self.factor)
        self.apply = small_button(
            "Change", "Multiply the learning rate by this factor from the next step on", self._change
        )
        self.apply.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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

    @property
    def can_steer(self) -> bool:
        """True while a training runs that hears what is asked of it."""
        session, job = self._session, self._session.runs.training_job
        if session.kind != RunKind.TRAIN or session.state not in (RunState.RUNNING, RunState.PAUSED):
            return False
        # A script sets its rates itself.
        return session.worker.hears and job is not None and not job.task.is_script

    @Slot(float)
    def multiply(self, factor: float) -> None:
        """Multiply the rest of the schedule from the next step on."""
        if self.can_steer:
            self._session.multiply_rate(factor)
            self.multiplied.emit(factor)

    @property
    def _typed(self) -> float | None:
        """The factor in the line; None where it is none, or changes nothing."""
        factor = read_factor(self.factor.text())
        return None if factor == 1 else factor

    @Slot()
    def _look(self) -> None:
        """Say what is wrong with what was typed."""
        text = self.factor.text()
        self._say("" if not text or read_factor(text) is not None else f"{FACTORS}: 0.5 or ÷10, for example.")

    def _say(self, problem: str) -> None:
        mark(self.factor, "wrong", bool(problem))
        self._problem.say(problem)

    @Slot()
    def _multiply(self) -> None:
        again = self._since.isValid() and self._since.elapsed() < QApplication.doubleClickInterval()
        if self._typed is not None and not again:  # a double click means one change, not its square
            self._since.start()
            self.multiply(self._typed)

    def _change(self) -> None:
        """The button: after a click Space pauses and resumes, it neither changes the rate again nor is typed."""
        self._multiply()
        if not self.apply.hasFocus():
            leave(self)

    @Slot()
    def _show_state(self) -> None:
        session, shown = self._session, self.can_steer
        if not shown:
            leave(self)
            self._say("")
        elif session.asked_to_finish:
            leave(self.finish)
        self.setVisible(shown)
        self.apply.setEnabled(self._typed is not None)
        self.finish.setEnabled(not session.asked_to_finish)
        self.finish.setText("Stopping after epoch…" if session.asked_to_finish else "Stop after epoch")
