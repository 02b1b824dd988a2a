"""The bar above the tabs that says that a saved run or a synthetic curve is shown, with the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from lrgui.core.events import RunState
from lrgui.gui.cards import small_button
from lrgui.gui.labels import breakable
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session


class VisitBar(QFrame):
    """In sight during a visit only."""

    def __init__(self, session: Session, runs: RunsOnScreen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._session, self._runs = session, runs
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAccessibleName("What is shown")
        row.addWidget(self.words, 1)
        self.use = small_button(
            "Use its settings",
            "Put the task and settings of this run into the form on the left; the way back restores yours",
            session.use_visited,
        )
        self.back: QPushButton = small_button("Back", "Show what was here before", session.leave_visit)
        row.addWidget(self.use)
        row.addWidget(self.back)
        runs.visit_changed.connect(self.refresh)
        session.state_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show what is visited."""
        visit = self._runs.visit
        self.setVisible(visit is not None)
        if visit is None:
            return
        idle = self._session.state == RunState.IDLE
        used = " Its settings are in the form." if visit.form is not None else ""
        self.words.setText(breakable(f"Showing {visit.words}.{used}"))
        self.use.setVisible(visit.settings_wait)
        self.back.setText(f"Back to {self._runs.came_from or visit.back}")
        self.back.setAccessibleName(self.back.text())
        yours = " and your settings" if visit.form is not None else ""
        self.back.setToolTip(f"Show what was here before{yours} (Alt+←); undo (Ctrl+Z) does the same step by step")
        for button in (self.use, self.back):
            button.setEnabled(idle)
