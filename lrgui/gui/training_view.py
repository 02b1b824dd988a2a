"""What the Training tab shows, as the menu of one button: a row of switches has no room beside the headline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from lrgui.gui.switches import SWITCHES

#: Under which the choice of the chart in the middle is kept.
_MIDDLE = "training.middle"


class TrainingView(QToolButton):
    """Logarithmic losses and rates, the table of epochs, and what the chart in the middle shows."""

    middle_chosen = Signal(str)
    """What the chart in the middle is to show."""

    def __init__(self) -> None:
        super().__init__()
        self.setText("View ▾")
        self.setAccessibleName("What the plot shows")
        self.setToolTip(
            "Losses and rates on a logarithmic axis, a table of epochs, and what the chart in the middle shows"
        )
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self.log = QAction("Log loss", menu, checkable=True)
        self.log_rate = QAction("Log learning rate", menu, checkable=True)
        self.table = QAction("Table of epochs", menu, checkable=True)
        menu.addActions([self.log, self.log_rate, self.table])
        menu.addSeparator()
        self._middle = QActionGroup(self)
        self._middle.triggered.connect(self._choose)
        self._wanted = SWITCHES.word(_MIDDLE)
        """What somebody chose for the chart in the middle; empty for what it shows by itself, the first choice."""
        self._menu = menu
        self.setMenu(menu)

    def keep(self) -> None:
        """Show what was shown last, and keep what is chosen from now on; once everything is connected."""
        for key, action in (("log", self.log), ("log_rate", self.log_rate), ("table", self.table)):
            SWITCHES.follow(f"training.{key}", action)

    def offer(self, choices: Sequence[str]) -> None:
        """Let the chart in the middle show one of these; what was chosen stays so where it is among them."""
        if choices == self.choices:
            return
        for action in self._middle.actions():
            self._middle.removeAction(action)
            self._menu.removeAction(action)
            action.deleteLater()
        for name in choices:
            action = QAction(name[:1].upper() + name[1:], self._menu, checkable=True)
            action.setData(name)
            action.setChecked(name == (self._wanted if self._wanted in choices else choices[0]))
            self._middle.addAction(action)
            self._menu.addAction(action)
        self.middle_chosen.emit(self._wanted if self._wanted in choices else "")

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self._wanted = action.data()
        SWITCHES.note(_MIDDLE, self._wanted, "")
        self.middle_chosen.emit(self._wanted)

    @property
    def choices(self) -> list[str]:
        """What the chart in the middle can show."""
        return [action.data() for action in self._middle.actions()]

    def choose_middle(self, name: str) -> None:
        """As if this was chosen in the menu."""
        next(action for action in self._middle.actions() if action.data() == name).trigger()
