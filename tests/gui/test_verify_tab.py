"""The Verify tab: what it costs, the race as it goes on, its winner as the selection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from geometry import written_over
from PySide6.QtWidgets import QApplication, QLabel
from scripted import Scripted, race, training

from lrgui.core.learning_rate import format_lr
from lrgui.gui.scrolled import in_sight
from lrgui.gui.window import MainWindow
from lrgui.runs.library import runs_folder


def play(bench: Bench) -> None:
    bench.play(Scripted(race(bench.session.job.verification().race)), bench.session.verify)


def test_the_cost_is_said_before_it_starts(window: MainWindow, bench: Bench) -> None:
    tab = window.tabs.verify
    assert "3 to 5 trainings of 160 steps (F7)" in window.row.buttons["verify"].toolTip()
    assert tab.cost.text().startswith("3 to 5 trainings of 160 steps, 480 to 800 steps in all · within ")
    assert tab.cost.text().endswith(" · around 1e-2, the rate under Training: none is selected on a curve")
    bench.play()  # the sweep says how fast this task is: 0.01 s a step
    assert tab.cost.text().startswith("3 to 5 trainings of 160 steps, 480 to 800 steps in all, at most 8 s · within ")
    assert bench.runs.selection is not None
    assert f"Verify {format_lr(bench.runs.selection)}" in tab.start.text()
    assert "none is selected" not in tab.cost.text()
    tab.trainings.setCurrentIndex(tab.trainings.findData(4))
    tab.trainings.activated.emit(tab.trainings.currentIndex())
    tab.steps.setCurrentIndex(tab.steps.findData(320))
    tab.steps.activated.emit(tab.steps.currentIndex())
    config = bench.session.job.race
    assert (config.trainings, config.steps) == (4, 320)
    assert tab.cost.text().startswith("3 to 4 trainings of 320 steps, 960 to 1,280 steps in all")
    bench.session.edit(race=replace(config, rates=5))
    assert "5 rates, 1,840 steps (5 × 80 + 3 × 160 + 3 × 320), about 18 s" in tab.cost.text()
    assert not tab.trainings.isEnabled(), "a fixed field has as many as it has rates"


def test_f7_races_around_the_selection_as_a_training_would_train(window: MainWindow, bench: Bench, qtbot) -> None:
    # The action itself: a key reaches a window only where a window manager gives it the focus.
    assert window.actions_by_key["verify"].shortcut().toString() == "F7"
    bench.play()
    job = bench.session.job
    bench.session.edit(train=replace(job.train, pct_start=0.2), sweep=replace(job.sweep, accumulation=2))
    bench.source = Scripted(race(bench.session.job.verification().race))
    with qtbot.waitSignal(bench.session.run_ended):
        window.actions_by_key["verify"].trigger()
    ran = bench.jobs[-1]
    assert ran.kind == "race" and ran.race.around == bench.runs.selection
    assert (ran.race.pct_start, ran.race.accumulation) == (0.2, 2)
    assert window.tabs.currentWidget() is window.tabs.verify
    assert "Race finished" in window.status.text.text()


def test_the_winner_can_become_the_selection_and_be_undone(window: MainWindow, bench: Bench) -> None:
    bench.play()
    old = bench.runs.selection
    play(bench)
    tab = window.tabs.verify
    assert bench.runs.race is not None
    winner = bench.runs.race.standings.ranking().lr
    assert winner is not None and old is not None and winner > old
    assert tab.use.isVisible() and tab.use.text() == f"Use {format_lr(winner)}"
    assert tab.plot.winner.text.startswith("measured ")
    assert "a safety step (÷1.19) below the lowest point of the fitted curve" in tab.heading.text()
    tab.use.click()
    assert bench.runs.selection == winner and bench.session.job.train.max_lr == winner
    window.tabs.undo_stack.undo()
    assert bench.runs.selection == old


def test_a_race_that_goes_on_shows_round_leader_and_steps(window: MainWindow, bench: Bench, qtbot) -> None:
    config = bench.session.job.verification().race
    bench.source = Scripted(race(config, trainings=2, end=False), hold=True)
    bench.session.verify()
    tab = window.tabs.verify
    qtbot.waitUntil(lambda: "Training 3 of at most 5" in tab.heading.text())
    qtbot.waitUntil(lambda: "320 of at most 800 steps" in tab.heading.text())
    assert "leader" in tab.heading.text() and not tab.use.isVisible()
    assert not tab.start.isEnabled() and not tab.trainings.isEnabled() and tab.plot.winner.text == ""
    with qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
    assert tab.use.isVisible(), "the ranking so far has a winner"
    assert tab.start.isEnabled() and "stopped" in window.status.text.text()


def test_a_race_is_opened_from_its_log(window: MainWindow, bench: Bench) -> None:
    play(bench)
    (log,) = list(Path(runs_folder()).glob("*race*.lrrun"))
    assert bench.runs.race is not None
    winner = bench.runs.race.standings.ranking().lr
    bench.play(Scripted(training()), bench.session.train)
    window.tabs.setCurrentIndex(0)
    bench.runs.race = None
    bench.session.open_run(log)
    assert window.tabs.currentWidget() is window.tabs.verify
    assert bench.runs.race is not None
    assert bench.runs.race.standings.ranking().lr == pytest.approx(winner)
    assert window.tabs.verify.use.isVisible() and window.tabs.verify.plot.winner.text


def test_a_tab_made_after_the_race_shows_its_end(bench: Bench, qtbot) -> None:
    from lrgui.gui.tabs.verify import VerifyTab
    from lrgui.plot.theme import LIGHT

    play(bench)
    bench.play(Scripted(training()), bench.session.train)
    tab = VerifyTab(bench.session, bench.runs, LIGHT)
    qtbot.addWidget(tab)
    assert tab.use.text().startswith("Use ") and not tab.use.isHidden()


def test_dark(window: MainWindow, bench: Bench) -> None:
    play(bench)
    window.theming.toggle()
    assert window.tabs.verify.plot.grab().toImage().pixelColor(2, 2).lightness() < 60


def test_without_a_winner_there_is_nothing_to_use(window: MainWindow, bench: Bench) -> None:
    bench.play()
    bench.play(Scripted(race(bench.session.job.verification().race, untrained=0.1)), bench.session.verify)
    tab = window.tabs.verify
    assert not tab.use.isVisible() and tab.plot.winner.text == ""
    assert "every training ended worse than the untrained model (loss 0.100)" in tab.heading.text()


def test_nothing_of_the_controls_is_cut_in_a_narrow_window(window: MainWindow) -> None:
    tab = window.tabs.verify
    window.resize(960, 664)
    window.tabs.setCurrentWidget(tab)
    window.show()
    QApplication.processEvents()
    for widget in (tab.start, *tab.findChildren(QLabel, "fieldName")):
        assert widget.width() >= widget.sizeHint().width(), widget.text()


def test_the_headline_says_what_was_raced_and_when(bench: Bench, window: MainWindow) -> None:
    window.tabs.setCurrentWidget(window.tabs.verify)
    play(bench)
    header = window.tabs.verify.header
    assert header.text().startswith("Verify ")
    assert ": Digits · small CNN · SGD, momentum 0.9 · batch 64" in header.text()
    assert header.toolTip() == header.text()


@pytest.mark.parametrize("size", [(683, 344), (910, 476)])
def test_in_a_low_window_the_tab_scrolls_and_its_plot_is_whole(
    bench: Bench, window: MainWindow, qtbot, size: tuple[int, int]
) -> None:
    """Also with the bar of a visit above it, and with its settings unfolded."""
    tab, room = window.tabs.verify, window.room.center
    play(bench)
    (log,) = list(Path(runs_folder()).glob("*race*.lrrun"))
    bench.session.open_run(log)
    window.resize(*size)
    for unfolded in (False, True):
        tab.more.button.setChecked(unfolded)
        qtbot.waitUntil(lambda: tab.plot.height() >= tab.least_plot)
        QApplication.processEvents()
        assert not written_over(window), "nothing reaches beyond the plot"
        below = [text for text, _ in tab.plot.bars.bottom.words() if text]
        assert len(below) > 2, "the axis below the bars has its rates"
        room.ensureWidgetVisible(tab.plot)
        assert in_sight(tab.plot).height() > 60, "it can be scrolled to"
    assert room.verticalScrollBar().maximum() > 0, "all that is unfolded has more than the room there is"
    window.resize(1366, 900)
    tab.more.button.setChecked(False)
    qtbot.waitUntil(lambda: room.verticalScrollBar().maximum() == 0)
