"""Nothing is cut and nothing lies over another, in all states and at all sizes; and everything has a name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench import Bench
from geometry import cut, outside, overlaps, unnamed
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep, training
from test_verify_tab import play as play_race

from lrgui.core.events import EndEvent, StateEvent
from lrgui.gui.window import MainWindow
from lrgui.places import runs_folder

SIZES = [(683, 440), (1024, 700), (1366, 768), (1920, 1080)]


def states(window: MainWindow, bench: Bench) -> Iterator[str]:
    """Brings the window into one state after the other, and names each."""
    yield "empty"
    for tab in (window.tabs.training, window.tabs.verify, window.tabs.compare, window.tabs.queue):
        window.tabs.setCurrentWidget(tab)
        yield f"{type(tab).__name__} empty"
    window.tabs.setCurrentWidget(window.tabs.curve)
    bench.play()
    yield "after a sweep"
    bench.play(Scripted(training()), bench.session.train)
    yield "after a training"
    play_race(bench)
    yield "after a race"
    bench.play(Scripted(sweep()), window.compare_optimizers)
    yield "after a comparison"
    for number in range(7):
        bench.runs.toggle_candidate(10.0 ** (-5 + number / 2))
    window.tabs.setCurrentWidget(window.tabs.curve)
    yield "with candidates"
    bench.source = Scripted(training())
    bench.session.train_candidates(bench.runs.candidates[:3], 2)
    bench.qtbot.waitUntil(lambda: not bench.session.queue.active and not bench.session.busy, timeout=10_000)
    bench.session.enqueue_training(seeds=2)
    yield "the queue"
    window.compare_runs(sorted(runs_folder().glob("*.lrrun"))[:9])
    saved = window.tabs.compare.saved
    bench.qtbot.waitUntil(lambda: window.tabs.plot is saved.plot, timeout=10_000)
    yield "saved runs compared"
    window.tabs.setCurrentWidget(window.tabs.scenarios)
    yield "scenarios"


def drawers(window: MainWindow) -> Iterator[str]:
    """Opens one drawer after the other, where the sides are drawers."""
    yield ""
    if window.room.narrow and window.room.left.handle.isVisible():
        for wing in window.room.wings:
            window.room.toggle(wing)
            yield f", {wing.side.accessibleName()} open"
        window.room.toggle(window.room.right)


def faults(window: MainWindow, bench: Bench, look: Callable[[], list[str]]) -> list[str]:
    """What `look` finds in all states, each with the state."""
    found: dict[str, str] = {}
    for state in states(window, bench):
        for drawer in drawers(window):
            QApplication.processEvents()
            for fault in look():
                found.setdefault(fault, f"{state}{drawer}: {fault}")
    return list(found.values())


def unfold(window: QWidget) -> None:
    """Open all folds: what is in them is seen too."""
    for button in window.findChildren(QPushButton, "fold"):
        if button.isCheckable() and not button.isChecked():
            button.setChecked(True)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_is_cut_and_nothing_lies_over_another(window: MainWindow, bench: Bench, size: tuple[int, int]) -> None:
    window.resize(*size)

    def look() -> list[str]:
        unfold(window)
        QApplication.processEvents()
        return [*cut(window), *outside(window), *overlaps(window)]

    found = faults(window, bench, look)
    assert not found, "\n".join(found)
    assert window.size().toTuple() == size, "nothing makes the window larger than it was made"


def test_larger_letters_are_not_cut_either(window: MainWindow, bench: Bench) -> None:
    """As at 150 %, where only the letters grow."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    usual = app.styleSheet()
    window.resize(1366, 768)
    try:
        app.setStyleSheet(usual + "* { font-size: 16px; }")
        found = faults(window, bench, lambda: [*cut(window), *outside(window), *overlaps(window)])
        assert not found, "\n".join(found)
    finally:
        app.setStyleSheet(usual)


#: What opens each dialog that the window has.
DIALOGS = ("export", "use", "new", "palette", "preferences", "shortcuts", "about", "guide", "check")


def faults_of_dialog(window: MainWindow, key: str, qtbot: QtBot) -> list[str]:
    """What is cut, lies over another or has no name in the dialog that an action opens."""
    window.actions_by_key[key].trigger()
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(QDialog)))
    (dialog,) = [dialog for dialog in window.findChildren(QDialog) if dialog.isVisible()]
    qtbot.wait(20)  # what is read in the background comes
    unfold(dialog)
    QApplication.processEvents()
    found = [*cut(dialog), *outside(dialog), *overlaps(dialog), *unnamed(dialog)]
    if not dialog.windowTitle():
        found.append("it has no title")
    dialog.close()
    return [f"{key}: {fault}" for fault in found]


@pytest.mark.parametrize(("theme", "size"), [("light", (683, 440)), ("dark", (1366, 768))], ids=str)
def test_dialogs_are_whole_and_named_in_both_themes(
    window: MainWindow, bench: Bench, qtbot: QtBot, tmp_path: Path, theme: str, size: tuple[int, int]
) -> None:
    window.set_theme(theme)
    window.resize(*size)
    bench.play()
    bench.source = Scripted([[StateEvent("running"), EndEvent("completed", "All.")]])
    found = [fault for key in DIALOGS for fault in faults_of_dialog(window, key, qtbot)]
    file = tmp_path / "birds" / "task.py"
    file.parent.mkdir()
    file.write_text("def model(): ...\ndef train_loader(batch_size): ...\ndef loss(output, target): ...\n")
    bench.session.use(str(file))
    found += faults_of_dialog(window, "find", qtbot)  # the question of trust
    assert not found, "\n".join(found)


def test_nothing_is_cut_in_the_dark_theme_either(window: MainWindow, bench: Bench) -> None:
    window.set_theme("dark")
    window.resize(1366, 768)
    found = faults(window, bench, lambda: [*cut(window), *outside(window), *overlaps(window), *unnamed(window)])
    assert not found, "\n".join(found)


def test_everything_has_a_name_and_a_tooltip(window: MainWindow, bench: Bench) -> None:
    def look() -> list[str]:
        unfold(window)
        return unnamed(window)

    found = faults(window, bench, look)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("size", SIZES[1:], ids=str)
def test_the_words_of_a_plot_have_places_of_their_own(window: MainWindow, bench: Bench, size: tuple[int, int]) -> None:
    window.resize(*size)
    window.tabs.setCurrentWidget(window.tabs.verify)
    QApplication.processEvents()
    play_race(bench)
    QApplication.processEvents()
    plot = window.tabs.verify.plot
    boxes = [box for _, box, _ in plot.columns.labels()]
    assert boxes and not any(one.intersects(other) for one, other in itertools.combinations(boxes, 2))
    for legend in (plot.curves.legend, plot.bars.legend):
        assert len(legend.placed()) == len(legend.entries), "every entry has room"
