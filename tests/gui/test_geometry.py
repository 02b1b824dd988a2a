"""Nothing is cut and nothing lies over another, in all states and at all sizes; and everything has a name."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from bench import Bench
from geometry import cut, outside, overlaps, unnamed, written_over
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from states import States, unfold
from test_verify_tab import play as play_race

from lrgui.gui.fitting import Dialog
from lrgui.gui.window import MainWindow

#: A screen of 1366 × 768 pixels at 200 %.
FREE = QRect(0, 0, 683, 384)
#: The first two are what a screen of 1366 × 768 pixels leaves free at 200 and at 150 %.
SIZES = [(683, 344), (910, 476), (1024, 700), (1366, 768), (1920, 1080)]


def drawers(window: MainWindow) -> Iterator[str]:
    """Opens one drawer after the other, where the sides are drawers."""
    yield ""
    if window.room.narrow and window.room.left.handle.isVisible():
        for wing in window.room.wings:
            window.room.toggle(wing)
            yield f", {wing.side.accessibleName()} open"
        window.room.toggle(window.room.right)


def faults(of: QWidget, qtbot: QtBot, look: Callable[[QWidget], list[str]]) -> list[str]:
    """What `look` finds once all layouts have settled, which takes some rounds of events."""
    for wait in (1, 5, 20, 100, 300):
        QApplication.processEvents()
        found = look(of)
        if not found:
            break
        qtbot.wait(wait)
    return found


def laid_out_badly(of: QWidget) -> list[str]:
    """Whatever is cut, or lies over another."""
    return [*cut(of), *outside(of), *overlaps(of), *written_over(of)]


@pytest.mark.timeout(400)
def test_nothing_is_cut_and_nothing_lies_over_another_and_everything_has_a_name(
    window: MainWindow, bench: Bench, qtbot: QtBot, own_folders: Path
) -> None:
    found: dict[str, str] = {}
    for state in States(window, bench, own_folders / "mine").walk():
        unfold(window)
        for size in SIZES:
            window.resize(*size)
            for drawer in drawers(window) if size == SIZES[0] else ("",):
                for fault in faults(window, qtbot, laid_out_badly):
                    found.setdefault(fault, f"{state} at {size}{drawer}: {fault}")
            assert window.size().toTuple() == size, f"{state}: nothing makes the window larger than it was made"
        for fault in faults(window, qtbot, unnamed):
            found.setdefault(fault, f"{state}: {fault}")
    assert not found, "\n".join(found.values())


@pytest.mark.timeout(400)
def test_larger_letters_in_the_dark_are_not_cut_either(
    window: MainWindow, bench: Bench, qtbot: QtBot, own_folders: Path
) -> None:
    """As where somebody has set larger letters and nothing else."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    window.theming.choose("dark")
    usual = app.styleSheet()
    window.resize(1366, 768)
    try:
        app.setStyleSheet(usual + "* { font-size: 16px; }")
        found: dict[str, str] = {}
        for state in States(window, bench, own_folders / "mine").walk():
            for fault in faults(window, qtbot, laid_out_badly):
                found.setdefault(fault, f"{state}: {fault}")
        assert not found, "\n".join(found.values())
    finally:
        app.setStyleSheet(usual)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_nothing_is_cut_on_a_screen_of_more_pixels(scale: str) -> None:
    """Qt takes the factor when a program starts."""
    test = f"{__file__}::{test_nothing_is_cut_and_nothing_lies_over_another_and_everything_has_a_name.__name__}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    environment = {**os.environ, "QT_SCALE_FACTOR": scale}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("theme", "size"), [("light", (683, 344)), ("dark", (1366, 768))], ids=str)
def test_dialogs_are_whole_and_named_in_both_themes(
    window: MainWindow,
    bench: Bench,
    qtbot: QtBot,
    own_folders: Path,
    monkeypatch: pytest.MonkeyPatch,
    theme: str,
    size: tuple[int, int],
) -> None:
    # A usual screen at 200 %.
    screen = SimpleNamespace(availableSize=lambda: FREE.size(), availableGeometry=lambda: FREE)
    monkeypatch.setattr(Dialog, "screen", lambda _dialog: screen, raising=False)
    window.theming.choose(theme)
    window.resize(*size)
    bench.play()
    found = []
    for name, dialog in States(window, bench, own_folders / "mine").dialogs():
        unfold(dialog)
        if not FREE.contains(QRect(QPoint(0, 0), dialog.size())):
            found.append(f"{name}: {dialog.size().toTuple()} is larger than the screen")
        dialog_faults = faults(dialog, qtbot, lambda of: [*laid_out_badly(of), *unnamed(of)])
        if not dialog.windowTitle():
            dialog_faults.append("it has no title")
        found += [f"{name}: {fault}" for fault in dialog_faults]
        dialog.close()
    assert not found, "\n".join(found)


def test_the_words_of_a_race_have_places_of_their_own(window: MainWindow, bench: Bench) -> None:
    window.tabs.setCurrentWidget(window.tabs.verify)
    QApplication.processEvents()
    play_race(bench)
    for size in SIZES:
        window.resize(*size)
        QApplication.processEvents()
        plot = window.tabs.verify.plot
        boxes = [box for _, box, _ in plot.columns.labels()]
        assert boxes and not any(one.intersects(other) for one, other in itertools.combinations(boxes, 2))
        for legend in (plot.curves.legend, plot.bars.legend):
            assert len(legend.placed()) == len(legend.entries), "every entry has room"
