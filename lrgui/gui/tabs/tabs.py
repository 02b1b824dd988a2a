"""The tabs in the middle of the window: the curve, and those that are made when somebody first looks at them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QTabWidget, QWidget

from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.scrolled import least_height
from lrgui.gui.session import Session
from lrgui.gui.tabs.curve import CurveTab
from lrgui.gui.tabs.run_tab import RunTab
from lrgui.plot.plots import Plot
from lrgui.plot.theme import Palette

if TYPE_CHECKING:
    from lrgui.export.shown import Shown
    from lrgui.gui.tabs.compare import CompareTab
    from lrgui.gui.tabs.queue import QueueTab
    from lrgui.gui.tabs.scenarios import ScenariosTab
    from lrgui.gui.tabs.study import StudyTab
    from lrgui.gui.tabs.training import TrainingTab
    from lrgui.gui.tabs.verify import VerifyTab

    LaterTab = TrainingTab | VerifyTab | CompareTab | StudyTab | QueueTab | ScenariosTab
    AnyTab = TypeVar("AnyTab", bound=LaterTab)

#: The tabs after the curve's, by the name of the property that makes each: the window is there sooner without them.
LATER = {
    "training": "Training",
    "verify": "Verify",
    "compare": "Compare",
    "study": "Study",
    "queue": "Queue",
    "scenarios": "Scenarios",
}

#: Those that are worth showing before anything was run. Training and race begin with a rate: the way to one begins on
#: the curve's tab; a study has to be opened.
LASTING = ("compare", "queue", "scenarios")

#: The curve's tab; in a narrow window it is called "Curve".
CURVE = "Learning-rate curve"


class Tabs(QTabWidget):
    """Shows the tab of a run that starts."""

    hovered = Signal(str)
    """What stands under the pointer, in words; empty when it has left."""
    undo_changed = Signal()
    """Something of `undo_stack` is another."""

    def __init__(self, session: Session, runs: RunsOnScreen, palette: Palette) -> None:
        super().__init__()
        self._session, self._runs, self._palette = session, runs, palette
        self._made: dict[str, LaterTab] = {}
        self._indent = 0
        self.curve = CurveTab(session, runs, palette)
        self.curve.hovered.connect(self.hovered)
        self.addTab(self.curve, "")
        self._places = {key: QWidget() for key in LATER}
        for key, name in LATER.items():
            self.addTab(self._places[key], name)
        self.setTabVisible(self.indexOf(self._places["study"]), False)  # until one is opened
        session.study_wanted.connect(lambda path: self.study.open(path))
        session.study_started.connect(self._await_study)
        runs.undo_stack.indexChanged.connect(self.undo_changed)
        runs.sweep_started.connect(lambda: self._show_run(self.curve))
        runs.training_started.connect(self._show_training)
        session.queue.started.connect(self._show_queue)
        session.queue.wanted.connect(self._show_queue)
        session.queue.changed.connect(self._name_queue)
        self._name_queue()
        runs.compare_started.connect(lambda: self._show_run(self.compare))
        runs.race_started.connect(lambda: self._show_run(self.verify))
        self.currentChanged.connect(self._make_current)
        session.task_known.connect(self._expect_next)

    # ---------------------------------------------------------------- height
    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """The names and the tab in sight; the others may need more."""
        return self.tabBar().sizeHint().height() + least_height(self.currentWidget(), width)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self.tabBar().sizeHint().height())

    @Slot()
    def _expect_next(self) -> None:
        """The first run goes on: what its end needs, and the tabs of the runs that often follow, is imported beside the
        window, which would stand still for it."""
        self._session.task_known.disconnect(self._expect_next)
        from lrgui.gui.idle_imports import AFTER_A_RUN, import_beside

        import_beside(AFTER_A_RUN)

    @property
    def training(self) -> TrainingTab:
        """The training, made when somebody first looks at it or starts one."""
        from lrgui.gui.tabs.training import TrainingTab

        return self._tab("training", TrainingTab)

    @property
    def verify(self) -> VerifyTab:
        """The race, made when somebody first looks at it or starts one."""
        from lrgui.gui.tabs.verify import VerifyTab

        return self._tab("verify", VerifyTab)

    @property
    def compare(self) -> CompareTab:
        """The comparison, made when somebody first looks at it or starts one."""
        from lrgui.gui.tabs.compare import CompareTab

        return self._tab("compare", CompareTab)

    @property
    def study(self) -> StudyTab:
        """The study that was opened last, made when one is."""
        from lrgui.gui.tabs.study import StudyTab

        new = "study" not in self._made
        tab = self._tab("study", StudyTab)
        if new:
            tab.opened.connect(self._show_study)
            tab.wanted.connect(self._show_study)
        return tab

    @Slot(object)
    def _await_study(self, folder: Path) -> None:
        self.study.await_study(folder)
        self._show_study()

    @Slot()
    def _show_study(self) -> None:
        self.setTabVisible(self.indexOf(self.study), True)
        self.setCurrentWidget(self.study)

    @property
    def scenarios(self) -> ScenariosTab:
        """The scenarios, made when somebody first looks at them."""
        from lrgui.gui.tabs.scenarios import ScenariosTab

        new = "scenarios" not in self._made
        tab = self._tab("scenarios", ScenariosTab)
        if new:
            tab.undo_stack.indexChanged.connect(self.undo_changed)
        return tab

    @property
    def queue(self) -> QueueTab:
        """The queue of trainings, made when somebody first looks at it or lets it run."""
        from lrgui.gui.tabs.queue import QueueTab

        return self._tab("queue", QueueTab)

    @Slot()
    def _show_training(self) -> None:
        """Show the training that starts; one of the queue leaves the tab in sight where it is."""
        if not self._session.queue.active:
            self._show_run(self.training)

    @Slot()
    def _show_queue(self) -> None:
        self._show_run(self.queue)

    def _show_run(self, tab: RunTab) -> None:
        """Show a tab because of what goes on there, not because somebody went to it.

        The button that was pressed is disabled now, or out of sight with its tab: the keys of the plot should work at
        once, and no other button should take Space.
        """
        self.setCurrentWidget(tab)
        tab.plot.setFocus()

    def go_to(self, index: int) -> None:
        """Show a tab that somebody named; the keys of its plot work at once."""
        self.setCurrentIndex(index)
        self.plot.setFocus()

    @Slot()
    def _name_queue(self) -> None:
        """Say how many wait."""
        count = len(self._session.queue.waiting)
        place = self.indexOf(self._made.get("queue") or self._places["queue"])
        self.setTabText(place, f"{LATER['queue']} ({count})" if count else LATER["queue"])

    def _tab(self, key: str, kind: type[AnyTab]) -> AnyTab:
        tab = self._made.get(key)
        if tab is None:
            tab = self._made[key] = kind(self._session, self._runs, self._palette)
            tab.hovered.connect(self.hovered)
            self._put_in(self._places.pop(key), tab)
        assert isinstance(tab, kind)
        return tab

    def _put_in(self, empty: QWidget, tab: QWidget) -> None:
        """Put a tab in the place that was kept for it."""
        place, current = self.indexOf(empty), self.currentIndex()
        text, seen = self.tabText(place), self.isTabVisible(place)
        self.blockSignals(True)
        self.removeTab(place)
        self.insertTab(place, tab, text)
        self.setTabVisible(place, seen)
        self.setCurrentIndex(current)
        self.blockSignals(False)
        empty.deleteLater()

    @Slot()
    def _make_current(self) -> None:
        current = self.currentWidget()
        for key, empty in list(self._places.items()):
            if empty is current:
                self.setCurrentWidget(getattr(self, key))

    @property
    def key(self) -> str:
        """The key in `LATER` of the tab in sight, "" for the curve's."""
        every = {**self._places, **self._made}
        return next((key for key, tab in every.items() if tab is self.currentWidget()), "")

    @property
    def lasting_key(self) -> str:
        """The key of the tab in sight where it is one of those that the next start shows; else empty."""
        return self.key if self.key in LASTING else ""

    def show_again(self, key: str) -> None:
        """Show the tab that was in sight when the window was closed, by its `lasting_key`."""
        if key in LASTING:
            self.setCurrentWidget(getattr(self, key))

    @property
    def on_scenarios(self) -> bool:
        """True where the scenarios are in sight, which bring their own side and their own steps to undo."""
        return self.key == "scenarios"

    @property
    def undo_stack(self) -> QUndoStack:
        """What undo and redo act on."""
        made = "scenarios" in self._made and self.on_scenarios
        return self.scenarios.undo_stack if made else self._runs.undo_stack

    @property
    def shown(self) -> Shown | None:
        """What is on the tab in sight, for an export; None where there is nothing."""
        return self._current.shown()

    @property
    def plot(self) -> Plot:
        """The plot of the tab in sight."""
        return self._current.plot

    @property
    def strip(self) -> QWidget:
        """Where a message may lie on the tab in sight: it covers no button there."""
        current = self._current
        return current.strip if isinstance(current, RunTab) else current.plot

    @property
    def _current(self) -> CurveTab | LaterTab:
        return next((tab for tab in self._made.values() if tab is self.currentWidget()), self.curve)

    def indent(self, pixels: int) -> None:
        """Begin the names of the tabs so far from the left edge."""
        if pixels != self._indent:
            self._indent = pixels
            # A style sheet places the names by itself: it knows no widget in the corner.
            self.setStyleSheet(f"QTabWidget::tab-bar {{ left: {pixels}px; }}" if pixels else "")

    def name_curve(self, name: str) -> None:
        """What the curve's tab is called."""
        self.setTabText(self.indexOf(self.curve), name)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours, also what is made later."""
        self._palette = palette
        for tab in (self.curve, *self._made.values()):
            tab.set_palette(palette)
