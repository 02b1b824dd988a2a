"""What the window says of itself: commands by name, the guide, keys, preferences, versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from bench import Bench
from geometry import cut
from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QToolTip, QWidget
from pytestqt.qtbot import QtBot
from scripted import points

from lrgui.core import learning_rate
from lrgui.core.events import EndEvent
from lrgui.core.learning_rate import RATES, write_rates
from lrgui.gui.actions import ACTIONS, MENUS
from lrgui.gui.commands import MOST_RUNS
from lrgui.gui.dialogs.about import AboutDialog
from lrgui.gui.dialogs.guide import ONLY_ON_THE_SITE, Guide, pages, slug
from lrgui.gui.dialogs.palette import CommandPalette, score
from lrgui.gui.dialogs.preferences import PreferencesDialog, taken
from lrgui.gui.dialogs.shortcuts import ShortcutsDialog
from lrgui.gui.window import MainWindow
from lrgui.places import runs_folder
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter


def shown(window: MainWindow, kind: type[QDialog]) -> QDialog:
    QApplication.processEvents()
    found = [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]
    assert len(found) == 1
    return found[0]


def test_every_action_is_in_a_menu(window: MainWindow) -> None:
    listed = [key for keys in MENUS.values() for key in keys if key not in (None, "recent", "tabs")]
    assert sorted(listed) == sorted(row.key for row in ACTIONS), "each once"
    menus = [menu for menu in window.menuBar().findChildren(QMenu) if menu.title() in MENUS]
    assert [menu.title() for menu in menus] == list(MENUS)
    view = menus[list(MENUS).index("&View")]
    next(action for action in view.actions() if action.text() == "Verify").trigger()
    assert window.tabs.currentWidget() is window.tabs.verify


def test_a_tab_that_is_not_there_yet_is_no_place_to_go_to(window: MainWindow) -> None:
    view = next(menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == "&View")
    study = next(action for action in view.actions() if action.text() == "Study")
    for there in (False, True):
        window.tabs.setTabVisible(window.tabs.indexOf(window.tabs.study), there)
        view.aboutToShow.emit()
        assert study.isVisible() is there
        assert ("Study" in [each.text for each in window.commands() if each.kind == "Tab"]) is there


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("dark", "Action: Toggle dark mode"),
        ("find", "Action: Find learning rate"),
        ("batch", "Setting: Batch size (Task)"),
        ("accu", "Setting: Accumulation (Sweep)"),
        ("steps", "Setting: Steps (Sweep)"),
        ("tab scen", "Tab: Scenarios"),
    ],
)
def test_a_few_letters_find_a_command(window: MainWindow, wanted: str, first: str) -> None:
    commands = window.commands()
    best = max(commands, key=lambda command: -1e9 if (fit := command.fit(wanted)) is None else fit)
    assert best.line.startswith(first)


def test_the_curve_keeps_its_name_where_its_tab_has_a_short_one(window: MainWindow) -> None:
    window.resize(1024, 700)
    assert window.tabs.tabText(0) == "Curve"
    assert next(command.text for command in window.commands() if command.kind == "Tab") == "Learning-rate curve"


def test_the_letters_must_all_be_there_in_order() -> None:
    assert score("fx", "Find") is None and score("dni", "Find") is None
    best, worse = score("opt", "Optimizer"), score("opt", "A loop that ends")
    assert best is not None and worse is not None and best > worse


def test_a_name_in_one_piece_is_found_before_one_whose_words_begin_with_its_letters() -> None:
    whole, more = score("steps", "Steps (Sweep)"), score("steps", "Steps per rate (Sweep)")
    assert whole is not None and more is not None and whole > more
    whole, scattered = score("tab", "Crosstab"), score("tab", "Tell a bit")
    assert whole is not None and scattered is not None and whole > scattered


def test_a_setting_is_found_by_what_stands_in_it_and_what_is_said_of_it(window: MainWindow) -> None:
    length = next(command for command in window.commands() if command.text == "Length (Training)")
    assert length.fit("epochs") is not None
    assert length.fit("ep") is None and length.fit("pochs") is None


def test_the_palette_is_driven_by_keys(window: MainWindow) -> None:
    dark = window.settings.theme
    window.actions_by_key["palette"].trigger()
    palette = shown(window, CommandPalette)
    assert isinstance(palette, CommandPalette)
    QTest.keyClicks(palette.field, "momentum of nothing")
    assert "Nothing matches" in palette.list.item(0).text()
    palette.field.clear()
    assert palette.list.count() > 40
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentRow() == 1
    QTest.keyClicks(palette.field, "toggle dark")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert window.settings.theme == "dark" != dark


def test_a_setting_by_name_opens_its_fold_and_has_the_focus(window: MainWindow) -> None:
    command = next(c for c in window.commands() if c.text.startswith("Accumulation (Sweep"))
    window.activateWindow()
    command.act()
    QApplication.processEvents()
    focus = QApplication.focusWidget()
    assert focus is not None and focus.isVisible() and focus.accessibleName() == "Accumulation"
    assert isinstance(focus, QLineEdit) and focus.selectedText() == focus.text() != "", "typing replaces it"


def test_the_switches_of_the_tab_in_sight_are_commands(bench: Bench, window: MainWindow) -> None:
    bench.play()
    window.show()
    here = {command.text: command for command in window.commands() if command.kind == window.tabs.tabText(0)}
    assert {"Classic rules", "Log loss", "Reset view"} <= set(here)
    assert not window.tabs.curve.log.isChecked()
    here["Log loss"].act()
    assert window.tabs.curve.log.isChecked()
    window.tabs.setCurrentIndex(1)
    elsewhere = [command.text for command in window.commands()]
    assert "Classic rules" not in elsewhere, "it would change what nobody sees"


def test_rules_are_commands_that_select(bench: Bench, window: MainWindow) -> None:
    bench.play()
    QApplication.processEvents()
    command = next(c for c in window.commands() if c.kind == "Select" and c.text.startswith("steepest,"))
    command.act()
    reading = window.runs.reading
    assert reading is not None
    assert window.runs.selection == next(row.lr for row in reading.table if row.label == "steepest")


def test_the_guide_is_there_and_its_links_lead_to_pages(window: MainWindow) -> None:
    known = {page.path for page in pages()}
    assert {"index.md", "how-to/window.md", "reference/keys.md"} <= known and "reference/api.md" not in known
    assert pages()[0].path == "index.md" and len(known) > 25
    window.actions_by_key["guide"].trigger()
    guide = shown(window, Guide)
    assert isinstance(guide, Guide) and guide.page is pages()[0]
    guide.follow(QUrl("how-to/window.md"))
    assert guide.page is not None and guide.page.path == "how-to/window.md"
    guide.follow(QUrl("../reference/keys.md"))
    assert guide.page.path == "reference/keys.md" and "Keys and mouse" in guide.browser.toPlainText()
    guide.follow(QUrl("api.md"))
    assert guide.page.path == "reference/keys.md" and QToolTip.text() == ONLY_ON_THE_SITE
    QToolTip.hideText()
    guide.search.setText("torchrun scheduler")
    root = guide.contents.invisibleRootItem()
    listed = [
        root.child(i).child(j).text(0) for i in range(root.childCount()) for j in range(root.child(i).childCount())
    ]
    assert listed and len(listed) < len(known)
    guide.search.setText("zzzzzz")
    assert root.child(0).text(0) == "No page has these words"


def test_a_link_leads_to_its_heading(window: MainWindow) -> None:
    assert slug("Light: which Python computes") == "light-which-python-computes"
    window.helping.guide("how-to/bundle.md")
    guide = shown(window, Guide)
    assert isinstance(guide, Guide)
    guide.resize(640, 420)
    QApplication.processEvents()
    guide.follow(QUrl("#light-which-python-computes"))
    assert guide.browser.verticalScrollBar().value() > 0


def test_preferences_show_nothing_before_the_dialog(window: MainWindow) -> None:
    shown = list[str]()

    class Windows(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                shown.append(type(watched).__name__)
            return False

    app, watch = QApplication.instance(), Windows()
    assert app is not None
    window.settings.rates = "plain"  # as chosen, until the next start
    app.installEventFilter(watch)
    try:
        dialog = PreferencesDialog(window.settings, lambda theme: None, window)
    finally:
        app.removeEventFilter(watch)
    assert shown == [] and not dialog.later.isHidden()


def test_preferences_promise_nothing_that_a_variable_decides(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start will not write rates as it is chosen here."""
    monkeypatch.setattr(learning_rate, "_written", [])
    monkeypatch.setenv(RATES, "plain")  # by the person, before the start
    dialog = PreferencesDialog(window.settings, lambda theme: None, window)
    for way in ("plain", "scientific"):
        dialog.rates.setCurrentIndex(dialog.rates.findData(way))
        assert not dialog.later.isHidden()
        assert dialog.later.text() == (
            "The environment variable LRGUI_RATES decides (“plain”). Unset it for this choice to take effect."
        )
    write_rates("scientific")  # as a start does where the variable is not set
    dialog = PreferencesDialog(window.settings, lambda theme: None, window)
    assert dialog.later.isHidden()


def test_preferences_are_in_force_at_once(window: MainWindow, tmp_path: Path) -> None:
    window.settings.pythons = {"/tasks/a.py": "/pythons/3.12", "/tasks/b.py": ""}
    window.helping.preferences()
    dialog = shown(window, PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    assert window.settings.theme == "dark"
    dialog.notify.click()
    assert window.settings.notify is False
    assert dialog.later.isHidden()
    dialog.rates.setCurrentIndex(dialog.rates.findData("plain"))
    assert window.settings.rates == "plain" and not dialog.later.isHidden()
    again = PreferencesDialog(window.settings, lambda theme: None, window)
    assert not again.later.isHidden(), "it is as true when the dialog is opened again"
    again.rates.setCurrentIndex(again.rates.findData("scientific"))
    assert again.later.isHidden()
    window.settings.rates = "plain"
    assert not dialog.forget.isEnabled()
    dialog.pythons.setCurrentRow(0)
    dialog.forget.click()
    assert window.settings.pythons == {"/tasks/b.py": ""}
    (tmp_path / "one.lrrun").write_bytes(b"x" * 1500)
    assert taken(tmp_path) == "1 run, 1.5 kB" and taken(tmp_path / "none") == "0 runs, 0 bytes"


def test_the_palette_finds_saved_runs(window: MainWindow, qtbot: QtBot) -> None:
    runs_folder().mkdir(parents=True)
    for number in range(40):
        job = Job(task=replace(Job().task, optimizer="adam" if number == 7 else "sgd"))
        path = runs_folder() / f"{number}.lrrun"
        with LogWriter(path, job, created=datetime(2020, 11, 1, 3, number).astimezone()) as log:
            log.write([*points(), EndEvent("completed", "All steps were measured.")])
    window.actions_by_key["palette"].trigger()
    palette = shown(window, CommandPalette)
    assert isinstance(palette, CommandPalette)

    def runs() -> list[str]:
        lines = [palette.list.item(row).text() for row in range(palette.list.count())]
        return [line for line in lines if line.startswith("Run: ")]

    QTest.keyClicks(palette.field, "digits 2020-11-01")
    qtbot.waitUntil(lambda: len(runs()) == MOST_RUNS)
    assert "1 Nov 2020 03:39" in runs()[0], "the latest first"
    palette.field.setText("adam digits")
    qtbot.waitUntil(lambda: len(runs()) == 1)
    assert palette.list.item(palette.list.currentRow()).text() == runs()[0], "no action is called like that"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.runs.visit is not None)
    assert "Adam" in window.runs.visit.words and "03:07" in window.runs.visit.words


def test_diagnostics_are_copied(window: MainWindow) -> None:
    window.helping.about()
    dialog = shown(window, AboutDialog)
    assert isinstance(dialog, AboutDialog)
    dialog.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "LR Finder: " in copied and "PySide6 " in copied and "Runs: " in copied


def test_all_keys_are_listed(window: MainWindow) -> None:
    window.actions_by_key["shortcuts"].trigger()
    dialog = shown(window, ShortcutsDialog)
    assert dialog.height() <= window.height()
    QApplication.processEvents()
    assert not cut(dialog), "however long a line is"


def test_the_title_says_how_far_a_run_is(window: MainWindow) -> None:
    assert window.windowTitle() == "LR Finder"
    window.status.progressed.emit(0.996)
    assert window.windowTitle() == "99 % · LR Finder"
    window.status.progressed.emit(-1.0)
    assert window.windowTitle() == "LR Finder"
