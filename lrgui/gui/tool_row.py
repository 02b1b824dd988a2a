"""The row of buttons above everything: what a press does, in as many words as there is room for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from lrgui.core.events import RunKind, RunState
from lrgui.core.learning_rate import exact_lr, format_lr
from lrgui.core.run_settings import TrainSettings
from lrgui.gui.session import Session

#: Below this width the buttons have short names: their tooltips tell the rest.
SHORT_NAMES = 1000
#: What a press does where a training script stands in the place of a training.
WATCH = "Run the script as it is, with its own rate, to its end, and draw its training (F6)"
#: What cannot be done with a training script in here, by its action, and why.
NOT_OF_SCRIPTS = {
    "check": "A training script is checked by running it: press F5",
    "compare": "A training script brings its own optimizer",
    "study": "A training script brings its own optimizer and data",
    "enqueue": "A training script sets its own rate and schedule",
    "candidate": "A training script sets its own rate and schedule",
}


class ToolRow(QHBoxLayout):
    """Buttons for the window's most used actions, by their keys."""

    def __init__(self, session: Session, actions: dict[str, QAction], open_menu: QMenu) -> None:
        super().__init__()
        self._session, self._actions = session, actions
        self.buttons: dict[str, QPushButton] = {}
        self.setSpacing(8)
        for key in ("find", "pause", "stop"):
            self._add(key)
        self.addSpacing(12)
        for key in ("train", "verify", "compare"):
            self._add(key)
        self.addStretch(1)
        for key in ("open", "export", "runs", "theme"):
            self._add(key)
        button = self.buttons["open"]
        button.clicked.disconnect()
        button.setMenu(open_menu)
        button.setText("Open ▾")
        button.setAccessibleName("Open")
        button.setToolTip(
            "Open a task, data or a run (Ctrl+O), or create a new task (Ctrl+N); you can also drop files here"
        )
        self.buttons["theme"].setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Space pauses; it must not switch the theme
        self.buttons["find"].setObjectName("primary")
        self.buttons["compare"].setText("Compare")

    def _add(self, key: str) -> None:
        action = self._actions[key]
        button = QPushButton(action.text())
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())
        button.clicked.connect(action.trigger)
        self.buttons[key] = button
        self.addWidget(button)

    def show_theme(self, name: str) -> None:
        """The window is painted in the theme `name` now: its button offers the other one."""
        self.buttons["theme"].setText("☀" if name == "dark" else "☾")

    def follow_actions(self, beside: QWidget) -> None:
        """What the actions can do now, the buttons can; the focus goes `beside` from one that can do nothing more."""
        session, actions = self._session, self._actions
        for key, button in self.buttons.items():
            if button.hasFocus() and not actions[key].isEnabled():
                beside.setFocus()  # else it would go to the next field, and select its text
            button.setEnabled(actions[key].isEnabled())
        race = session.job.verification(session.runs.plan).race
        if not race.validate():
            tip = f"Measure the best rate around {format_lr(race.around)}: {race.cost} (F7)"
            self.buttons["verify"].setToolTip(tip)
        script = session.job.task.is_script
        for key, reason in NOT_OF_SCRIPTS.items():
            if key in self.buttons:
                self.buttons[key].setToolTip(reason if script else actions[key].toolTip())
        unchosen = f"No learning rate is selected yet: train with max LR {exact_lr(session.job.train.max_lr)} (F6)"
        usual = actions["train"].toolTip() if session.runs.selection is not None else unchosen
        visit = session.runs.visit
        if visit is not None and visit.form is None:
            usual = (
                f"Train with your own settings and max LR {exact_lr(session.job.train.max_lr)}, not those shown (F6)"
            )
        self.buttons["train"].setToolTip(WATCH if script else usual)

    def name_buttons(self, width: int) -> None:
        """Put into the buttons what they do, in as many words as a window of this width has room for."""
        job, short = self._session.job, width < SHORT_NAMES
        session = self._session
        paused = session.state == RunState.PAUSED
        trains = session.state != RunState.IDLE and session.kind == RunKind.TRAIN
        running = session.runs.training_job if trains else None
        train = (running or job).train  # while one runs, what is set meanwhile is not what is trained
        named = session.runs.selection is not None or train.max_lr != TrainSettings().max_lr
        names = {
            "find": ("▶  Find learning rate   F5", "▶  Find"),
            "pause": ("▶  Resume", "▶") if paused else ("❚❚  Pause", "❚❚"),
            "stop": ("■  Stop", "■"),
            "train": ("Watch training ▸", "Watch ▸")
            if job.task.is_script
            else (f"Train with {format_lr(train.max_lr)} ▸" if named else "Train ▸", "Train ▸"),
        }
        for key, (long, brief) in names.items():
            self.buttons[key].setText(brief if short else long)
        self.setSpacing(4 if short else 8)
