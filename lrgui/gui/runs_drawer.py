"""The drawer of all runs, which lies over the right of the window: search, open, compare, run again, delete."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from lrgui.core.events import BROKE, RunKind, RunState
from lrgui.core.formats import format_bytes
from lrgui.gui.cards import muted, small_button
from lrgui.gui.editors import Choice
from lrgui.gui.loading import SHOWN
from lrgui.gui.notice import Notice
from lrgui.gui.plain_text import without_mnemonic
from lrgui.gui.recent import label
from lrgui.gui.resume_places import can_go_on, offer_places
from lrgui.gui.run_shelf import RunShelf
from lrgui.gui.runs_list import RunDelegate, RunsModel
from lrgui.gui.session import Session
from lrgui.gui.switches import SWITCHES
from lrgui.gui.typing_keys import TypingKeys
from lrgui.plot.theme import Palette
from lrgui.runs.checkpoints import RULE, size_of
from lrgui.runs.index import KeptRun
from lrgui.runs.listing import SORTS
from lrgui.runs.log_reader import LogReader
from lrgui.runs.opened import why_not_opened
from lrgui.runs.resuming import DIVERGED
from lrgui.runs.trash import KEPT_DAYS

#: How wide it is where there is room, and what stays in sight of the window beside it.
WIDTH, BESIDE = 460, 60
NONE_YET = "No runs yet. Every sweep, training and race is kept here while it runs."
NO_MATCH = "No run matches the search."
FROM_LAST = "Go on with this training from its last checkpoint"
#: Keys that mean something in here, whatever they mean in the window.
_KEYS = {Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter}


class RunsDrawer(QFrame):
    """Lists all runs; what happens to one is the session's matter or the shelf's."""

    compare_wanted = Signal(list)
    """Paths of the runs that are to be laid over each other."""

    def __init__(self, session: Session, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._room = session, parent
        self.shelf = RunShelf(self)
        self.setObjectName("card")
        self.setAccessibleName("Runs")
        self.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(7)
        head = QHBoxLayout()
        title = QLabel("Runs")
        title.setObjectName("cardTitle")
        self.count = muted()
        self.count.setWordWrap(False)
        head.addWidget(title)
        head.addWidget(self.count, 1)
        self.studies = small_button("Studies ▾", "Open a study that was run or opened on this computer")
        self.studies.setAccessibleName("Studies")
        self.studies.setMenu(QMenu(self.studies))
        self.studies.menu().setToolTipsVisible(True)
        head.addWidget(self.studies)
        head.addWidget(small_button("✕", "Close the list of runs (Esc)", self.hide, "Close runs"))
        column.addLayout(head)
        row = QHBoxLayout()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: task, optimizer, note, date …")
        self.search.setAccessibleName("Search runs")
        self.search.setToolTip("Show only runs with all of these words, for example “adam batch 64” or “failed”")
        self.search.setClearButtonEnabled(True)
        self.sort = Choice()
        self.sort.addItems(list(SORTS))
        self.sort.setMinimumContentsLength(max(map(len, SORTS)))
        self.sort.setAccessibleName("Sort runs")
        self.sort.set_tip("The order of the list")
        row.addWidget(self.search, 1)
        row.addWidget(self.sort)
        column.addLayout(row)
        self.model = RunsModel(self)
        self.list = QListView()
        self.list.setObjectName("runs")
        self.list.setAccessibleName("All runs")
        self.list.setModel(self.model)
        self.delegate = RunDelegate(palette, self.list)
        self.list.setItemDelegate(self.delegate)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        column.addWidget(self.list, 1)
        self.empty = muted()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        within = QVBoxLayout(self.list.viewport())
        within.setContentsMargins(24, 24, 24, 24)
        within.addWidget(self.empty)
        told = QHBoxLayout()  # over note and buttons: where it comes and goes only the list gives way
        self.said = muted()
        self.said.setAccessibleName("What happened to runs")
        self.undo_button = small_button("Undo", "Put back what was deleted (Ctrl+Z)", self.shelf.undo)
        told.addWidget(self.said, 1)
        told.addWidget(self.undo_button)
        column.addLayout(told)
        self.note = QLineEdit()
        self.note.setPlaceholderText("Note on the selected run")
        self.note.setAccessibleName("Note")
        TypingKeys(self.note)
        self.note.setToolTip("A note on the selected run; press Enter to keep it")
        column.addWidget(self.note)
        buttons = QHBoxLayout()
        self.open_button = small_button("Open", "Show this run in the window (Enter or double-click)", self.open)
        self.compare_button = small_button(
            "Compare", "Lay the selected runs over each other: sweeps, trainings and races", self.compare
        )
        self.again_button = small_button(
            "Run again", "Run it again with the same settings, and compare the numbers", self.run_again
        )
        self.resume_button = small_button("Resume", FROM_LAST, self.resume_training)
        self.delete_button = small_button(
            "Delete", f"Move the selected runs to the trash, where they stay for {KEPT_DAYS} days (Del)", self.delete
        )
        for button in (
            self.open_button,
            self.compare_button,
            self.again_button,
            self.resume_button,
            self.delete_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self._connect(session, parent)
        self._show_choice()

    def _connect(self, session: Session, parent: QWidget) -> None:
        self.search.textChanged.connect(self.model.search)
        self.search.textChanged.connect(self._show_count)
        self.sort.currentTextChanged.connect(self.model.sort_by)
        SWITCHES.follow_words("runs.sort", self.sort)
        self.shelf.changed.connect(self._show_runs)
        self.shelf.failed.connect(self._say)
        self.model.renamed.connect(lambda path, name: self.shelf.annotate(path, name=name))
        self.delegate.starred.connect(lambda path, star: self.shelf.annotate(path, star=star))
        self.list.doubleClicked.connect(lambda _index: self.open())
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.selectionModel().selectionChanged.connect(self._show_choice)
        self.note.editingFinished.connect(self._keep_note)
        session.run_ended.connect(self._look_again)
        session.runs.comparison_changed.connect(self._look_again)
        session.state_changed.connect(self._on_state)
        for inner in (self.search, self.list):
            inner.installEventFilter(self)
        parent.installEventFilter(self)

    # ---------------------------------------------------------------- coming and going
    def toggle(self) -> None:
        """Show it, or close it."""
        if self.isVisible():
            self.hide()
            return
        self._said("")
        self.shelf.deleted = []
        self.shelf.refresh()
        self._offer_studies()
        self._place()
        self.show()
        self.raise_()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_palette(self, palette: Palette) -> None:
        """Paint in other colours."""
        self.delegate.colours = palette
        self.list.viewport().update()

    def _offer_studies(self) -> None:
        from lrgui.studies.known import known_studies  # nobody waits for it when the window opens

        menu = self.studies.menu()
        menu.clear()
        for path in known_studies():
            action = menu.addAction(without_mnemonic(label(str(path))), partial(self._open_study, str(path)))
            action.setToolTip(str(path))
        self.studies.setVisible(not menu.isEmpty())

    def _open_study(self, path: str) -> None:
        self.hide()
        self._session.use(path)

    def _place(self) -> None:
        room = self._room.rect()
        width = min(WIDTH, room.width() - BESIDE)
        self.setGeometry(room.right() + 1 - width, 0, width, room.height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay where it belongs, and take the keys of search and list before the window does."""
        if watched is self._room:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._place()
        elif isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                undo = watched is self.list and _is_undo(event)
                if event.key() == Qt.Key.Key_Escape or undo or (watched is self.list and event.key() in _KEYS):
                    event.accept()
                    return True
            elif event.type() == QEvent.Type.KeyPress:
                return self._press(watched, event)
        return super().eventFilter(watched, event)

    def _press(self, watched: QObject, event: QKeyEvent) -> bool:
        """Do what a key means; False where it means nothing in here."""
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.hide()
        elif watched is self.search and key == Qt.Key.Key_Down:
            if not self.model.rowCount():
                return True  # they may still be read: an empty list would have the keys for nothing
            if not self.chosen:
                self.list.setCurrentIndex(self.model.index(0))
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
        elif watched is self.search and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.rowCount() == 1:
            self.list.setCurrentIndex(self.model.index(0))
            self.open()
        elif watched is not self.list or self.list.state() == QAbstractItemView.State.EditingState:
            return False  # Enter that ends a name comes here, too
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open()
        elif key == Qt.Key.Key_Delete:
            self.delete()
        elif key == Qt.Key.Key_F2:
            self.rename()
        elif _is_undo(event):
            self.shelf.undo()
        else:
            return False
        return True

    # ---------------------------------------------------------------- what is shown
    @property
    def chosen(self) -> list[KeptRun]:
        """The selected runs, from above."""
        rows = sorted(self.list.selectionModel().selectedIndexes(), key=lambda index: index.row())
        return [self.model.run_at(index) for index in rows]

    @Slot()
    def _show_runs(self) -> None:
        self.model.show_runs(self.shelf.runs.values())
        self._show_count()
        self._show_choice()
        if self.shelf.deleted:
            count = len(self.shelf.deleted)
            self._said(f"{count:,} runs deleted." if count > 1 else "Run deleted.", undo=True)
        elif not self.undo_button.isHidden():
            self._said("")

    @Slot()
    def _show_count(self) -> None:
        shown, every, left = self.model.rowCount(), len(self.shelf.runs), self.shelf.left
        words = f"{shown:,} of {every:,}" if shown < every else f"{every:,}"
        weights = sum(size_of(path) for path, run in self.shelf.runs.items() if run.summary.kind == RunKind.TRAIN)
        words += f" · {format_bytes(weights)} of weights" if weights else ""
        self.count.setToolTip(RULE if weights else "")
        self.count.setText(f"{words} · reading {left:,} more …" if left else words)
        self.empty.setText(NO_MATCH if every else NONE_YET)
        self.empty.setVisible(not (shown or left))

    @Slot()
    def _show_choice(self) -> None:
        chosen = self.chosen
        one = chosen[0] if len(chosen) == 1 else None
        readable = one is not None and not one.summary.problem
        self.open_button.setEnabled(readable and not self._session.busy)
        self.again_button.setEnabled(readable and not self._session.busy)
        broke = one is not None and one.summary.end in BROKE
        self.resume_button.setEnabled(readable and not self._session.busy and not broke and _can_go_on(one))
        self.resume_button.setToolTip(DIVERGED if broke and _can_go_on(one) else FROM_LAST)
        log = one.path if one is not None and self.resume_button.isEnabled() else None
        offer_places(self.resume_button, log, self.resume_training)
        self.compare_button.setEnabled(len(_comparable(chosen)) > 1)
        self.delete_button.setEnabled(bool(chosen))
        self.note.setEnabled(one is not None)
        if not self.note.hasFocus() or one is None:
            self.note.setText("" if one is None else one.notes.note)

    @Slot(str)
    def _say(self, words: str) -> None:
        self._said(words)

    def _said(self, words: str, undo: bool = False) -> None:
        self.said.setText(words)
        self.said.setVisible(bool(words))
        self.undo_button.setVisible(undo)

    @Slot()
    def _look_again(self) -> None:
        if self.isVisible():
            self.shelf.refresh()

    @Slot(str)
    def _on_state(self, state: str) -> None:
        self._show_choice()
        if state == RunState.RUNNING:
            self._look_again()  # its log is there now

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        chosen = self.chosen
        if not chosen:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button, act in (
            (self.open_button, self.open),
            (self.again_button, self.run_again),
            (self.resume_button, self.resume_training),
            (self.compare_button, self.compare),
        ):
            if button.menu() is not None:
                menu.addMenu(button.menu()).setText(button.text().removesuffix(" ▾"))
            else:
                menu.addAction(button.text(), act).setEnabled(button.isEnabled())
        menu.addSeparator()
        starred = all(run.notes.star for run in chosen)
        menu.addAction("Remove star" if starred else "Star", lambda: self.star(not starred))
        menu.addAction("Rename", self.rename).setEnabled(len(chosen) == 1)
        menu.addAction("Edit note", self.note.setFocus).setEnabled(len(chosen) == 1)
        menu.addSeparator()
        menu.addAction("Delete", self.delete)
        menu.popup(self.list.viewport().mapToGlobal(at))

    # ---------------------------------------------------------------- what is done
    def open(self) -> None:
        """Show the selected run in the window; the drawer makes room for it."""
        chosen = self.chosen
        if len(chosen) == 1 and self._session.open_run(chosen[0].path):
            self.hide()

    def compare(self) -> None:
        """Lay the selected runs over each other."""
        paths = [run.path for run in _comparable(self.chosen)]
        if len(paths) > 1:
            self.hide()
            self.compare_wanted.emit(paths)

    def run_again(self) -> None:
        """Run the selected run's settings once more."""
        chosen = self.chosen
        if len(chosen) != 1:
            return
        try:
            with LogReader(chosen[0].path) as reader:
                job = reader.job
        except (OSError, ValueError) as error:
            self._session.noticed.emit(Notice("error", why_not_opened(chosen[0].path.name, error)))
            return
        self.hide()
        self._session.run_again(job, chosen[0].path)

    def resume_training(self, place: str = "") -> None:
        """Go on with the selected training, at a place as `Session.resume` takes it."""
        chosen = self.chosen
        if len(chosen) == 1:
            self.hide()
            self._session.resume(chosen[0].path, place=place)

    def star(self, star: bool) -> None:
        """Set or take away the star of the selected runs."""
        for run in self.chosen:
            self.shelf.annotate(run.path, star=star)

    def rename(self) -> None:
        """Let the name of the selected run be typed."""
        if len(self.chosen) == 1:
            self.list.edit(self.list.selectionModel().selectedIndexes()[0])

    def delete(self) -> None:
        """Move the selected runs to the trash."""
        rows = [index.row() for index in self.list.selectionModel().selectedIndexes()]
        self.shelf.delete([run.path for run in self.chosen])
        if rows and self.model.rowCount():
            row = self.model.index(min(min(rows), self.model.rowCount() - 1))
            self.list.selectionModel().setCurrentIndex(row, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    @Slot()
    def _keep_note(self) -> None:
        chosen = self.chosen
        if len(chosen) == 1:
            self.shelf.annotate(chosen[0].path, note=self.note.text().strip())


def _comparable(runs: Sequence[KeptRun]) -> list[KeptRun]:
    """Those that can be laid over each other: runs that measured something."""
    return [run for run in runs if run.summary.kind in SHOWN and run.summary.points]


def _is_undo(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Z and event.modifiers() == Qt.KeyboardModifier.ControlModifier


def _can_go_on(run: KeptRun | None) -> bool:
    """True for a training that has a state to go on from, and is not complete."""
    if run is None or run.summary.kind != RunKind.TRAIN:
        return False
    return can_go_on(run.path, run.summary.end)[0]
