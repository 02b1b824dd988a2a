"""The main window: puts panels, tabs and actions together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QMoveEvent,
    QPalette,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QMainWindow,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.events import RunKind, RunState
from lrgui.core.learning_rate import format_lr
from lrgui.export import PictureStyle
from lrgui.gui.actions import make_actions
from lrgui.gui.attention import Attention
from lrgui.gui.banner import Banner
from lrgui.gui.cards import Side
from lrgui.gui.default_sweep import back_to_default, words
from lrgui.gui.double_clicks import DoubleClicks
from lrgui.gui.dropping import Dropping
from lrgui.gui.helping import Helping
from lrgui.gui.menus import fill_menu_bar
from lrgui.gui.notice import Notice
from lrgui.gui.open_folds import OPEN_FOLDS
from lrgui.gui.opening import Opening
from lrgui.gui.panels import PANELS
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.plain_text import use_plain_text
from lrgui.gui.room import Room
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.gui.status import StatusLine
from lrgui.gui.style import style_sheet
from lrgui.gui.switches import SWITCHES
from lrgui.gui.tabs.tabs import CURVE, Tabs
from lrgui.gui.tool_row import NOT_OF_SCRIPTS, ToolRow
from lrgui.gui.visit_bar import VisitBar
from lrgui.places import runs_folder
from lrgui.plot.font import load_font
from lrgui.plot.theme import DARK, LIGHT, Palette
from lrgui.resources import resource
from lrgui.runs.library import SUFFIX

if TYPE_CHECKING:
    from lrgui.gui.dialogs.palette import Command
    from lrgui.gui.runs_drawer import RunsDrawer

#: From which width of the window on the curve's tab has its whole name.
WIDE = 1180
#: Milliseconds after the last move of the window until its place is kept.
KEEP_MS = 400


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
        self._family = load_font()
        palette = self._wanted_palette()
        self.actions_by_key = make_actions(self)
        self.tabs = Tabs(session, session.runs, palette)
        self._palette = palette
        self.banner = Banner()
        self.status = StatusLine(session)
        self.dropping, self._double_clicks = Dropping(self), DoubleClicks(self)
        self.opening = Opening(session, settings, self.status.text.setText, self)
        self.helping = Helping(self, session, settings, self.commands, self.set_theme)
        self.attention = Attention(self, session, self.status, settings)
        self.row = ToolRow(session, self.actions_by_key, self.opening.menu(self.actions_by_key))
        self._drawer: RunsDrawer | None = None
        self._place_kept = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._place_kept.timeout.connect(self._keep_place)
        self._build()
        fill_menu_bar(self.menuBar(), self.actions_by_key, self.opening.recent, self.tabs)
        self._connect()
        self._apply_palette(palette)
        self._refresh_actions()
        self._restore_geometry()
        session.queue.offer_kept()

    # ---------------------------------------------------------------- layout
    def _build(self) -> None:
        root = QWidget()
        root.setObjectName("root")
        column = QVBoxLayout(root)
        column.setContentsMargins(10, 4, 10, 6)
        column.setSpacing(6)
        column.addLayout(self.row)
        left, right = Side(290, "Settings"), Side(312, "Result")
        for row in PANELS:
            (left if row.side == "left" else right).add(row.make(self.session, self.runs))
        self.tabs.name_curve(CURVE)
        center = QWidget()
        within = QVBoxLayout(center)
        within.setContentsMargins(0, 0, 0, 0)
        within.setSpacing(6)
        self.banner.setParent(center)  # it lies over the others
        within.addWidget(VisitBar(self.session, self.runs))
        within.addWidget(self.tabs, 1)
        self.banner.lie_over(lambda: self.tabs.strip)
        self.room = Room(left, center, right)
        self.room.restore(self.settings.panel_widths, self.settings.folded_panels)
        self.room.changed.connect(self._keep_room)
        self.room.edge_moved.connect(self._indent_tabs)
        column.addWidget(self.room, 1)
        column.addWidget(self.status)
        self.setCentralWidget(root)
        # A small laptop's screen at twice the size has room for this.
        self.setMinimumSize(QSize(680, 440))
        self.resize(1440, 900)

    def _connect(self) -> None:
        session, runs = self.session, self.runs
        session.noticed.connect(self.banner.show_notice)
        session.noticed.connect(self._reveal_problem)
        session.wanted.connect(lambda key: self.actions_by_key[key].trigger())
        session.code_changed_on_disk.connect(self.banner.on_saved)
        session.job_changed.connect(self.banner.look_again)
        session.unreadable_changed.connect(self.banner.look_again)
        session.queue.changed.connect(self.banner.look_again)
        session.code_changed_on_disk.connect(self._on_code_saved)
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
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

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
        session, actions = self.session, self.actions_by_key
        state = session.state
        idle = state == RunState.IDLE
        actions["find"].setEnabled(idle)
        actions["reset_sweep"].setEnabled(idle)
        measured = not self.runs.synthetic
        for key in ("train", "verify"):
            actions[key].setEnabled(idle and measured)
        script = session.job.task.is_script
        for key in NOT_OF_SCRIPTS:
            actions[key].setEnabled(idle and not script)
        actions["enqueue"].setEnabled(not script and measured)  # it waits while another one trains
        actions["candidate"].setEnabled(not script and measured and self.runs.selection is not None)
        marked = bool(self.runs.candidates)
        actions["train_candidates"].setEnabled(not script and marked)
        actions["clear_candidates"].setEnabled(marked)
        actions["pause"].setEnabled(state in (RunState.RUNNING, RunState.PAUSED))
        going = state in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED)
        actions["stop"].setEnabled(going or (idle and session.can_stop_study))
        trains = session.kind == RunKind.TRAIN and not script
        actions["finish_epoch"].setEnabled(trains and state in (RunState.RUNNING, RunState.PAUSED))
        actions["undo"].setEnabled(self.tabs.undo_stack.canUndo())
        actions["redo"].setEnabled(self.tabs.undo_stack.canRedo())
        actions["use"].setEnabled(measured and self.runs.selection is not None)
        visit = self.runs.visit
        actions["use_visited"].setEnabled(idle and visit is not None and visit.settings_wait)
        actions["back"].setEnabled(idle and visit is not None)
        for key in ("open", "open_folder", "open_run", "follow", "new"):
            actions[key].setEnabled(idle)
        self.opening.recent.setEnabled(idle)
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

    def export_as(self, key: str = "png", path: Path | None = None) -> None:
        """Write what is on the tab in sight to `path`, or to a file that is asked for."""
        from lrgui.gui.saving import save_as

        said = save_as(self.tabs.shown, key, self.settings, self, path)
        if isinstance(said, Notice):
            self.session.noticed.emit(said)
        elif said:
            self.status.text.setText(said)

    def show_export(self) -> None:
        """Open the dialog that exports what is on the tab in sight."""
        from lrgui.gui.dialogs.export import ExportDialog  # nobody waits for it when the window opens
        from lrgui.gui.saving import NOTHING, save_as

        thing = self.tabs.shown
        if thing is None:
            self.session.noticed.emit(NOTHING)
            return

        def save(key: str, style: PictureStyle) -> str:
            said = save_as(thing, key, self.settings, dialog, style=style)
            if isinstance(said, Notice):
                return said.text
            if said:
                self.status.text.setText(said)
                dialog.accept()
            return ""

        dialog = ExportDialog(thing, self.tabs.plot, self.settings, save, self)
        dialog.open()

    def copy_picture(self) -> None:
        """Copy the picture of the tab in sight."""
        from lrgui.gui.saving import NOTHING, screen_picture

        thing = self.tabs.shown
        if thing is None:
            self.session.noticed.emit(NOTHING)
            return
        picture = screen_picture(thing, self.tabs.plot, self._palette.name == "dark")
        QGuiApplication.clipboard().setImage(picture)
        self.status.text.setText(f"Copied the picture, {picture.width():,} × {picture.height():,} pixels")

    def use_it(self) -> None:
        """Show code that trains with the selected rate."""
        from lrgui.export.snippets import SnippetError  # nobody waits for them when the window opens
        from lrgui.gui.dialogs.use_it import UseItDialog

        self.session.about_to_run.emit()  # a number that is still being typed counts
        try:
            facts = self.runs.facts(self.session.job)
        except SnippetError as error:
            self.session.noticed.emit(Notice("info", str(error)))
            return
        UseItDialog(facts, self.settings, self).open()

    def reset_sweep(self) -> None:
        """Set the sweep's settings back to the defaults."""
        self.session.set_job(back_to_default(self.session.job, self.settings))
        self.status.text.setText(f"Sweep: {words(self.settings.sweep)}")

    @Slot()
    def _on_code_saved(self) -> None:
        code = self.session.tasks.code
        if self.session.state == RunState.IDLE and code.file is not None:
            now = f"{code.file.name} was saved"
            self.status.text.setText(
                f"{now}. {code.problem}" if code.problem else f"{now} and will be used for the next run."
            )

    def open_run(self, path: Path | None = None) -> None:
        """Ask for a run log, unless `path` names one, and show it."""
        if path is None:
            folder = runs_folder()
            chosen, _ = QFileDialog.getOpenFileName(self, "Open run", str(folder), f"Runs (*{SUFFIX})")
            if not chosen:
                return
            path = Path(chosen)
        self.session.open_run(path)

    def toggle_runs(self) -> None:
        """Show the drawer of all runs, or close it."""
        if self._drawer is None:
            from lrgui.gui.runs_drawer import RunsDrawer  # nobody waits for it when the window opens

            self._drawer = RunsDrawer(self.session, self._palette, self.room)
            self._drawer.compare_wanted.connect(self.compare_runs)
        self._drawer.toggle()

    @Slot(list)
    def compare_runs(self, paths: list[Path]) -> None:
        """Lay these runs over each other on the Compare tab."""
        self.tabs.compare.show_runs(paths)
        self.tabs.setCurrentWidget(self.tabs.compare)

    # ---------------------------------------------------------------- light and dark
    def _wanted_palette(self) -> Palette:
        theme = self.settings.theme
        if theme == "system":
            dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if theme == "dark" else LIGHT

    @Slot()
    def _follow_system(self) -> None:
        if self.settings.theme == "system":
            self._apply_palette(self._wanted_palette())

    def toggle_theme(self) -> None:
        """Switch between light and dark, and remember it."""
        self.set_theme("light" if self._palette.name == "dark" else "dark")

    def set_theme(self, theme: str) -> None:
        """Paint in one of `settings.THEMES`, and remember it."""
        self.settings.theme = theme
        self._apply_palette(self._wanted_palette())

    def _apply_palette(self, palette: Palette) -> None:
        self._palette = palette
        arrow = resource("icons", f"arrow-{palette.name}.svg").as_posix()
        check = resource("icons", f"check-{palette.name}.svg").as_posix()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        use_plain_text(app)
        sheet = style_sheet(palette, self._family, arrow, check)
        colours = app.palette()
        colours.setColor(QPalette.ColorRole.Link, QColor(palette.accent))  # which no style sheet sets
        app.setPalette(colours)
        if app.styleSheet() != sheet:  # to set it again would style every widget again
            app.setStyleSheet(sheet)
        self.tabs.set_palette(palette)
        if self._drawer is not None:
            self._drawer.set_palette(palette)
        self.row.show_theme(palette.name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window tabs and buttons have short names, so that all are in sight."""
        super().resizeEvent(event)
        self._name_buttons()
        self.tabs.name_curve(CURVE if self.width() >= WIDE else "Curve")
        self._place_kept.start()

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
        self._place_kept.start()

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

    def _restore_geometry(self) -> None:
        if self.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))

    @Slot()
    def _keep_place(self) -> None:
        self.settings.geometry = self.saveGeometry().toBase64().toStdString()

    def settings_now(self) -> Settings:
        """The settings with the job as it is set now, and the tab in sight."""
        self.settings.job = self.session.job.to_dict()
        self.settings.prove = self.session.prove
        self.settings.tab = self.tabs.lasting_key
        return self.settings

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while a run goes on; then end it, child process and all, before the window goes."""
        kept = self.session.kind != RunKind.CHECK
        stopping = self.session.state == RunState.STOPPING  # the person has already said that it is to end
        watching = self.session.leaving and self.session.others  # somebody else's run, of which nothing is lost
        asks = (self.session.measuring and kept and not stopping and not watching) or self.session.studying
        if asks and not self._may_stop():
            event.ignore()
            return
        self.session.close()
        if self._drawer is not None:
            self._drawer.shelf.close()
        self._place_kept.stop()
        self._keep_place()
        self.settings_now()
        super().closeEvent(event)

    def _may_stop(self) -> bool:
        box = QMessageBox(self)
        box.setWindowTitle("LR Finder")
        box.setIcon(QMessageBox.Icon.Question)
        session = self.session
        what = "run" if session.measuring or not session.studying else "study"
        if leaving := session.leaving and not session.studying:
            box.setText("The run goes on without this window. Close it?")
            box.setInformativeText(
                "To come back to it, open it in the list of runs (Ctrl+R). To end it, stop it first."
            )
        else:
            box.setText(f"A {what} is in progress. Stop it and close?")
            box.setInformativeText("Everything measured so far is saved.")
        stop = box.addButton("Close" if leaving else "Stop and close", QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton("Keep open" if leaving else "Keep running", QMessageBox.ButtonRole.RejectRole)

        def ask_again() -> None:
            if not (self.session.measuring or self.session.studying):
                box.setText(f"The {what} has ended. Close the window?")
                stop.setText("Close")
                keep.setText("Keep open")

        self.session.run_ended.connect(ask_again)
        self.session.study_changed.connect(ask_again)
        box.exec()
        self.session.run_ended.disconnect(ask_again)
        self.session.study_changed.disconnect(ask_again)
        # Where the run has ended meanwhile, "Keep running" still means that the window is to stay.
        return box.clickedButton() is stop
