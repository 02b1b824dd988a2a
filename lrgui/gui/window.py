"""The main window: puts panels, tabs and actions together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QMoveEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QMainWindow,
)

from lrgui.core.events import RunState
from lrgui.core.learning_rate import format_lr
from lrgui.gui.action_states import enable_actions
from lrgui.gui.actions import make_actions
from lrgui.gui.attention import Attention
from lrgui.gui.banner import Banner
from lrgui.gui.default_sweep import back_to_default, words
from lrgui.gui.double_clicks import DoubleClicks
from lrgui.gui.dropping import Dropping
from lrgui.gui.exporting import Exporting
from lrgui.gui.helping import Helping
from lrgui.gui.layout import laid_out
from lrgui.gui.menus import fill_menu_bar
from lrgui.gui.notice import Notice
from lrgui.gui.open_folds import OPEN_FOLDS
from lrgui.gui.opening import Opening
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.gui.status import StatusLine
from lrgui.gui.switches import SWITCHES
from lrgui.gui.tabs.tabs import CURVE, Tabs
from lrgui.gui.theming import Theming
from lrgui.gui.tool_row import ToolRow
from lrgui.gui.window_place import WindowPlace
from lrgui.plot.theme import Palette
from lrgui.resources import resource

if TYPE_CHECKING:
    from lrgui.gui.dialogs.palette import Command
    from lrgui.gui.runs_drawer import RunsDrawer

#: From which width of the window on the curve's tab has its whole name.
WIDE = 1180


class MainWindow(QMainWindow):
    """Shows one session and its runs."""

    session: Session
    opening: Opening

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self.session, self.runs = session, session.runs
        self.settings = settings
        session.prove = settings.prove
        OPEN_FOLDS.keep_in(settings.unfolded)
        SWITCHES.keep_in(settings.switches)
        self.setWindowIcon(QIcon(str(resource("icons", "lrgui.svg"))))
        self.theming = Theming(settings, self)
        self.actions_by_key = make_actions(self)
        self.tabs = Tabs(session, session.runs, self.theming.palette)
        self.banner = Banner()
        self.status = StatusLine(session)
        self.dropping, self._double_clicks = Dropping(self), DoubleClicks(self)
        self.opening = Opening(session, settings, self.status.text.setText, self)
        self.helping = Helping(self, session, settings, self.commands, self.theming.choose)
        self.attention = Attention(self, session, self.status, settings)
        self.row = ToolRow(session, self.actions_by_key, self.opening.menu(self.actions_by_key))
        self._drawer: RunsDrawer | None = None
        self.exporting = Exporting(session, self.tabs, settings, self.theming, self.status.text.setText, self)
        self.place = WindowPlace(self, settings)
        self._build()
        fill_menu_bar(self.menuBar(), self.actions_by_key, self.opening.recent, self.tabs)
        self._connect()
        self.theming.apply(self.theming.palette)
        self._refresh_actions()
        self.place.restore()
        session.queue.offer_kept()

    # ---------------------------------------------------------------- layout
    def _build(self) -> None:
        root, self.room = laid_out(self.session, self.row, self.tabs, self.banner, self.status)
        self.tabs.name_curve(CURVE)
        self.room.restore(self.settings.panel_widths, self.settings.folded_panels)
        self.room.changed.connect(self._keep_room)
        self.room.edge_moved.connect(self._indent_tabs)
        self.setCentralWidget(root)
        # A screen of 1366 × 768 pixels at 200 % has room for this, beside a bar of the desktop's.
        self.setMinimumSize(QSize(680, 320))
        self.resize(1440, 900)

    def _connect(self) -> None:
        session, runs = self.session, self.runs
        session.noticed.connect(self.banner.show_notice)
        session.noticed.connect(self._reveal_problem)
        self.actions_by_key["message"].setEnabled(False)
        session.noticed.connect(lambda _notice: self.actions_by_key["message"].setEnabled(self.banner.can_recall))
        session.wanted.connect(lambda key: self.actions_by_key[key].trigger())
        session.code_changed_on_disk.connect(self.banner.on_saved)
        session.job_changed.connect(self.banner.look_again)
        session.unreadable_changed.connect(self.banner.look_again)
        session.queue.changed.connect(self.banner.look_again)
        self.dropping.dropped.connect(self.opening.open_paths)
        session.state_changed.connect(self._refresh_actions)
        session.study_changed.connect(self._refresh_actions)
        runs.choice_changed.connect(self._follow_choice)
        runs.visit_changed.connect(self._refresh_actions)
        runs.choice_changed.connect(self._note_selection)
        session.job_changed.connect(self._refresh_actions)
        runs.reading_changed.connect(self._refresh_actions)
        self.tabs.undo_changed.connect(self._refresh_actions)
        self.tabs.currentChanged.connect(self._on_tab)
        self.tabs.hovered.connect(self.status.show_cursor)
        self.theming.changed.connect(self._paint)

    @Slot()
    def _on_tab(self) -> None:
        """The scenarios bring their own side; task and result have nothing to do with them."""
        self.room.show_sides(not self.tabs.on_scenarios)
        self.banner.on_tab(self.tabs.key)
        self._indent_tabs()
        self._refresh_actions()

    @Slot()
    def _indent_tabs(self) -> None:
        """The tabs' names stay where they are, whatever is beside them."""
        self.tabs.indent(self.room.edge if self.tabs.on_scenarios else 0)

    @Slot()
    def _refresh_actions(self) -> None:
        enable_actions(self.actions_by_key, self.session, self.tabs.undo_stack)
        self.opening.recent.setEnabled(self.session.state == RunState.IDLE)
        self.row.follow_actions(self.tabs.currentWidget())
        self._name_buttons()

    @Slot()
    def _follow_choice(self) -> None:
        """In a drag only what is written on the buttons is another."""
        if self.runs.dragging:
            self._name_buttons()
        else:
            self._refresh_actions()

    def _name_buttons(self) -> None:
        self.row.name_buttons(self.width())

    # ---------------------------------------------------------------- actions
    def commands(self) -> list[Command]:
        """What the command palette offers now."""
        from lrgui.gui.commands import commands_of

        return commands_of(self.actions_by_key, self.tabs, self.session, self.findChildren(ConfigCard))

    def new_study(self) -> None:
        """Describe a study of what is set, and run it beside the window."""
        from lrgui.gui.dialogs.study import StudyDialog  # nobody waits for it when the window opens
        from lrgui.gui.file_dialogs import start_folder

        self.session.about_to_run.emit()  # a number that is still being typed counts
        dialog = StudyDialog(self.session, start_folder(self.session, self.settings.folder), self)
        dialog.written.connect(lambda path: self.session.run_study(path, self.session.job))
        dialog.open()

    def compare_optimizers(self) -> None:
        """Sweep the optimizers that are ticked on the Compare tab."""
        self.tabs.compare.start()

    def reset_sweep(self) -> None:
        """Set the sweep's settings back to the defaults."""
        self.session.set_job(back_to_default(self.session.job, self.settings))
        self.status.text.setText(f"Sweep: {words(self.settings.sweep)}")

    def toggle_runs(self) -> None:
        """Show the drawer of all runs, or close it."""
        if self._drawer is None:
            from lrgui.gui.runs_drawer import RunsDrawer  # nobody waits for it when the window opens

            self._drawer = RunsDrawer(self.session, self.theming.palette, self.room)
            self._drawer.compare_wanted.connect(self.compare_runs)
        self._drawer.toggle()

    @Slot(list)
    def compare_runs(self, paths: list[Path]) -> None:
        """Lay these runs over each other on the Compare tab."""
        self.tabs.compare.show_runs(paths)
        self.tabs.setCurrentWidget(self.tabs.compare)

    @Slot(object)
    def _paint(self, palette: Palette) -> None:
        self.tabs.set_palette(palette)
        if self._drawer is not None:
            self._drawer.set_palette(palette)
        self.row.show_theme(palette.name)

    # ---------------------------------------------------------------- size and keys
    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window tabs and buttons have short names, so that all are in sight."""
        super().resizeEvent(event)
        self._name_buttons()
        self.tabs.name_curve(CURVE if self.width() >= WIDE else "Curve")
        self.place.moved()

    def event(self, event: QEvent) -> bool:
        """Space presses the button that has the focus, also while it would pause a run elsewhere; Esc closes a drawer
        that is open before it stops a run."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.matches(QKeySequence.StandardKey.Cancel) and self._has_drawer:
                event.accept()
                return True
            space = event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier
            if space and isinstance(self.focusWidget(), QAbstractButton | QComboBox):
                event.accept()
                return True
        return super().event(event)

    @property
    def _has_drawer(self) -> bool:
        """True while something lies over the tabs that Esc takes away: the list of runs, or a side."""
        return self.room.drawer_open or (self._drawer is not None and self._drawer.isVisible())

    def _close_drawer(self) -> None:
        if self._drawer is not None and self._drawer.isVisible():
            self._drawer.hide()
        else:
            self.room.close_drawers()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the focus, as it does in dialogs; Esc closes a drawer."""
        focus = self.focusWidget()
        if event.matches(QKeySequence.StandardKey.Cancel) and self._has_drawer:
            self._close_drawer()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focus, QAbstractButton):
            if not event.isAutoRepeat():
                focus.click()
            return
        super().keyPressEvent(event)

    def moveEvent(self, event: QMoveEvent) -> None:
        """The place is kept, too."""
        super().moveEvent(event)
        self.place.moved()

    @Slot()
    def _keep_room(self) -> None:
        self.settings.panel_widths, self.settings.folded_panels = self.room.widths, self.room.folded

    @Slot()
    def _note_selection(self) -> None:
        """Where the result is out of sight, its handle tells the number that it is about."""
        lr = self.runs.selection
        self.room.right.handle.set_note("" if lr is None else format_lr(lr))

    @Slot(object)
    def _reveal_problem(self, notice: Notice | None) -> None:
        """A notice about a field is of little use where the field is out of sight."""
        forms = [form for card in self.findChildren(ConfigCard) for form in card.forms]
        wrong = next((form.first_wrong for form in forms if form.first_wrong is not None), None)
        if notice is not None and notice.kind != "info" and wrong is not None:
            self.room.reveal(wrong)

    # ---------------------------------------------------------------- coming and going
    def showEvent(self, event: QShowEvent) -> None:
        """From now on files can be dropped."""
        super().showEvent(event)
        self.dropping.attach()
        self._double_clicks.attach()

    def settings_now(self) -> Settings:
        """The settings with the job as it is set now, and the tab in sight."""
        self.settings.job = self.session.job.to_dict()
        self.settings.prove = self.session.prove
        self.settings.tab = self.tabs.lasting_key
        return self.settings

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run goes on; then end it, child process and all, before the window goes."""
        from lrgui.gui.dialogs.stopping import may_close

        if not may_close(self.session, self):
            event.ignore()
            return
        self.session.close()
        if self._drawer is not None:
            self._drawer.shelf.close()
        self.place.keep()
        self.settings_now()
        super().closeEvent(event)
