"""Everything that the window can do by name, as lines of the command palette."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QPushButton, QToolButton, QWidget

from lrgui.core.learning_rate import format_lr
from lrgui.gui.actions import ACTIONS
from lrgui.gui.dialogs.palette import Command
from lrgui.gui.panels.config_card import ConfigCard
from lrgui.gui.panels.settings import SettingsCard
from lrgui.gui.recent import label
from lrgui.gui.room import bring_into_sight
from lrgui.gui.runs_on_screen import RunsOnScreen
from lrgui.gui.session import Session
from lrgui.gui.tabs.tabs import CURVE, Tabs
from lrgui.runs.headline import clock
from lrgui.runs.index import KeptRun
from lrgui.runs.listing import LATEST, matching, ordered

#: So many runs are listed at once: a few more words find any other.
MOST_RUNS = 30


def commands_of(
    actions: Mapping[str, QAction], tabs: Tabs, session: Session, cards: Iterable[ConfigCard]
) -> list[Command]:
    """What can be done now: actions that are off are left out."""
    made = [*_actions(actions), *_tabs(tabs)]
    known = {command.text for command in made}
    here = [command for command in _of_tab(tabs) if command.text not in known]
    return [*made, *here, *_rates(session.runs), *_settings(cards), *_tasks(session)]


def _actions(actions: Mapping[str, QAction]) -> Iterator[Command]:
    for row in ACTIONS:
        action = actions[row.key]
        if row.key != "palette" and action.isEnabled():
            yield Command(action.text(), action.trigger, keys=row.shortcuts[0] if row.shortcuts else "")


def _tabs(tabs: Tabs) -> Iterator[Command]:
    for index in filter(tabs.isTabVisible, range(tabs.count())):
        name = CURVE if tabs.widget(index) is tabs.curve else tabs.tabText(index)
        yield Command(name, partial(tabs.go_to, index), "Tab")


def _of_tab(tabs: Tabs) -> Iterator[Command]:
    """The buttons and switches of the tab in sight, and what is in their menus."""
    where = tabs.tabText(tabs.currentIndex())
    for button in tabs.currentWidget().findChildren(QAbstractButton):
        words = button.accessibleName() or button.text()
        if not (words and button.text() and button.isVisible() and button.isEnabled()):
            continue
        menu = button.menu() if isinstance(button, QPushButton | QToolButton) else None
        if menu is None:
            yield Command(words, button.click, where)
        for action in [] if menu is None else menu.actions():
            if action.isEnabled() and action.text():
                yield Command(action.text(), action.trigger, where)


def _rates(runs: RunsOnScreen) -> Iterator[Command]:
    for row in [] if runs.reading is None else runs.reading.table:
        if row.lr is not None:
            yield Command(f"{row.label}, {format_lr(row.lr)}", partial(runs.select, row.lr), "Select")


def _settings(cards: Iterable[ConfigCard]) -> Iterator[Command]:
    for card in cards:
        for form in card.forms:
            for name in form.editors:
                if words := form.label(name):
                    yield Command(
                        f"{words} ({card.heading.text()})",
                        partial(_go_to, card, form.editors[name]),
                        "Setting",
                        about=f"{form.words(name)} {form.tip(name)}",
                    )


def _go_to(card: ConfigCard, editor: QWidget) -> None:
    bring_into_sight(editor)
    if isinstance(card, SettingsCard) and not editor.isVisible():
        card.more.open()
    editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
    line = editor.focusProxy() or editor
    if isinstance(line, QLineEdit):
        line.selectAll()  # what is typed now takes the old value's place


def run_commands(runs: Iterable[KeptRun], session: Session, wanted: str) -> list[Command]:
    """The saved runs that have all the words wanted, the latest first; `MOST_RUNS` of them."""
    found = ordered(matching(runs, wanted), LATEST)[:MOST_RUNS]
    count = Counter(map(_run_words, found))
    return [
        Command(_run_words(run, seconds=count[_run_words(run)] > 1), partial(session.open_run, run.path), "Run")
        for run in found
    ]


def _run_words(run: KeptRun, seconds: bool = False) -> str:
    """What a run is and when it began; `seconds` tell it from one that is the same and began in the same minute."""
    each = run.summary
    when = clock(datetime.fromtimestamp(each.created).astimezone(), seconds=seconds)
    made = [run.name, each.kind_words, each.optimizer, "" if each.lr is None else each.rate, when]
    return " · ".join(filter(None, dict.fromkeys(made)))


def _tasks(session: Session) -> Iterator[Command]:
    for path in session.tasks.recent:
        yield Command(label(path), partial(session.use, path), "Task")
