"""What the window says about the pick: how sure it is, what it becomes elsewhere, which range would be right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench import Bench
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from scripted import Scripted, points, sweep, task, training

from lrgui.core.events import BatchEvent, EndEvent, Event, StateEvent, SweepEndEvent, TaskEvent
from lrgui.core.learning_rate import format_lr
from lrgui.gui.panels.selection import SelectionPanel
from lrgui.gui.panels.suggestions import SuggestionsPanel
from lrgui.gui.tabs.curve import CurveTab
from lrgui.gui.window import MainWindow
from lrgui.plot.theme import LIGHT
from lrgui.runs.task_files import code_digest


@pytest.fixture
def panel(bench: Bench, qtbot: QtBot) -> SelectionPanel:
    """The result card over the bench's session."""
    panel = SelectionPanel(bench.session, bench.runs)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def short_range() -> list[list[Event]]:
    """A sweep that ends while the loss is still falling."""
    lr = np.logspace(-6, -2, 200)
    loss = 2.3 - 1.2 * np.clip((np.log10(lr) + 3) / 1.0, 0, 1) + 0.005 * np.random.default_rng(1).standard_normal(200)
    events: list[Event] = [
        BatchEvent(0, i, float(a), float(b), 0.01 * i) for i, (a, b) in enumerate(zip(lr, loss, strict=True))
    ]
    return [[StateEvent("starting"), task(), *events, EndEvent("completed", "All steps.")]]


def repeats(count: int = 3, last: str = "completed") -> list[list[Event]]:
    """Sweeps of one task with other noise."""
    chunks: list[list[Event]] = [[StateEvent("starting"), task(), StateEvent("running")]]
    for number in range(count):
        shift = 0.01 * number
        chunks.append([replace(p, sweep=number, loss=p.loss + shift) for p in points() if isinstance(p, BatchEvent)])
        chunks.append([SweepEndEvent(number, "completed", "All steps.")])
    chunks.append([EndEvent(last, f"{count} sweeps.")])
    return chunks


def test_confidence_in_words_and_as_a_factor(bench: Bench, panel: SelectionPanel) -> None:
    assert panel.confidence.isHidden()
    bench.play()
    assert bench.runs.reading is not None
    pick = bench.runs.reading.recommendation
    assert not panel.confidence.isHidden()
    assert panel.confidence.text() == f"Confidence {pick.confidence}", "one word"
    factor = f"Confidence {pick.confidence} · within ×{pick.factor:.2g}. In nine of ten cases "
    assert panel._more.text().startswith(factor)


def test_a_rate_chosen_by_hand_has_no_confidence_of_its_own(bench: Bench, panel: SelectionPanel) -> None:
    bench.play()
    pick = bench.runs.reading.recommendation
    bench.runs.select(pick.lr * 3)
    assert panel.confidence.text().startswith("Selected by you; recommended: confidence ")
    assert panel.confidence.objectName() == "muted"
    bench.runs.select(pick.lr * 1.01)
    assert panel.confidence.text().startswith("Confidence ")
    assert panel.confidence.objectName() != "muted"


def test_a_rate_without_a_sweep_is_not_asked_for_again(bench: Bench, panel: SelectionPanel) -> None:
    assert panel._verdict.text() == "Find a learning rate first (F5), or type one."
    bench.session.runs.select(2e-2)
    assert panel._verdict.text() == "Selected without a sweep on screen: F5 finds a learning rate to compare it with."


def test_no_confidence_says_why(bench: Bench, panel: SelectionPanel) -> None:
    bench.play(Scripted(sweep(depth=0.001)))
    assert bench.runs.reading is not None
    assert panel.confidence.text() == "No confidence" and panel.confidence.objectName() == "bad"
    assert panel.confidence.toolTip() == bench.runs.reading.recommendation.reason


def test_no_confidence_is_not_said_of_a_rate_that_was_there_before(bench: Bench, panel: SelectionPanel) -> None:
    bench.play()
    kept = bench.runs.selection
    bench.play(Scripted(sweep(depth=0.001)))
    assert bench.runs.selection == kept is not None
    assert panel.confidence.text() == "This sweep: no confidence"
    guess = bench.runs.offer
    assert guess is not None
    bench.runs.select(guess)
    assert panel.confidence.text() == "No confidence", "the guess itself has none"


def test_one_button_sweeps_the_range_that_would_be_right(window: MainWindow, bench: Bench) -> None:
    session, runs = bench.session, bench.runs
    session.edit(sweep=replace(session.job.sweep, end_lr=1e-2))
    bench.play(Scripted(short_range()))
    assert runs.reading is not None
    advice = runs.reading.recommendation.advice
    assert advice is not None and advice.end_lr > 1e-2
    button = window.banner._action
    assert button.isVisible() and button.text().startswith("Sweep 1e-6 to") and button.text().endswith("instead")
    bench.play(Scripted(sweep()), button.click)
    assert (bench.jobs[-1].sweep.start_lr, bench.jobs[-1].sweep.end_lr) == (advice.start_lr, advice.end_lr)
    assert session.job.sweep.end_lr == advice.end_lr
    assert window.banner.isHidden()


def test_another_batch_offers_an_estimate_that_one_press_takes(
    bench: Bench, panel: SelectionPanel, qtbot: QtBot
) -> None:
    bench.play()
    session, runs = bench.session, bench.runs
    pick = runs.selection
    assert pick is not None and panel.stale.isHidden() and panel.take.isHidden()
    session.edit(task=replace(session.job.task, batch_size=128))
    assert not panel.stale.isHidden() and "batch 64; for 128 an estimate is" in panel.stale.text()
    qtbot.mouseClick(panel.take, Qt.MouseButton.LeftButton)
    assert runs.selection == pytest.approx(2 * pick)
    assert not panel.take.isEnabled() and not panel.stale.isHidden()
    runs.undo_stack.undo()
    assert runs.selection == pick and panel.take.isEnabled()
    session.edit(task=replace(session.job.task, batch_size=64))
    assert panel.stale.isHidden() and panel.take.isHidden()


def test_no_estimate_for_settings_that_are_wrong(bench: Bench, panel: SelectionPanel) -> None:
    bench.play()
    task = bench.session.job.task
    for batch in (99_999, 1024):
        bench.session.edit(task=replace(task, batch_size=batch))
        assert panel.take.isHidden()
    assert "beyond what the rule covers" in panel.stale.text()


def test_another_optimizer_has_no_number_and_a_new_sweep_ends_it(bench: Bench, panel: SelectionPanel) -> None:
    bench.play()
    session = bench.session
    session.edit(task=replace(session.job.task, optimizer="adam"))
    assert "sweep again" in panel.stale.text() and panel.take.isHidden()
    bench.play()
    assert panel.stale.isHidden()


def test_a_sweep_of_code_that_was_edited_says_so(bench: Bench, panel: SelectionPanel, tmp_path: Path) -> None:
    """Also after another run of the code as it is now; and no longer once the edit is taken back."""
    session, (file, module) = bench.session, (tmp_path / name for name in ("mine.py", "parts.py"))
    file.write_text("import parts\n\n\ndef model(): ...\n\n\ndef train_loader(batch_size): ...\n")
    module.write_text("width = 3\n")
    session.use(str(file))
    session.tasks.trust_wanted.connect(
        lambda question: session.tasks.grant(question, folder=True), Qt.ConnectionType.QueuedConnection
    )
    known = replace(task(), made_in={"code": code_digest(file)})
    bench.play(Scripted([[known if isinstance(one, TaskEvent) else one for one in chunk] for chunk in sweep()]))
    assert panel.stale.isHidden()
    module.write_text("width = 4\n")
    bench.qtbot.waitUntil(lambda: not panel.stale.isHidden(), timeout=10_000)
    assert panel.stale.text() == (
        "The code of mine was edited after this sweep: what is shown holds for it as it was. Sweep again."
    )
    assert panel.take.isHidden()
    bench.play(Scripted(training()), session.train)
    assert not panel.stale.isHidden(), "the curve is of the old file as before"
    module.write_text("width = 3\n")
    bench.qtbot.waitUntil(panel.stale.isHidden, timeout=10_000)


def test_a_scenario_is_never_stale(bench: Bench) -> None:
    bench.play()
    assert bench.runs.reading is not None and bench.runs.zones is not None
    bench.session.show_synthetic("stable", bench.runs.reading.curve, bench.runs.zones)
    bench.session.edit(task=replace(bench.session.job.task, batch_size=128))
    assert bench.runs.carried_over(bench.session.job) is None


def test_repeats_are_read_together(bench: Bench, qtbot: QtBot) -> None:
    table, tab = SuggestionsPanel(bench.runs), CurveTab(bench.session, bench.runs, LIGHT)
    for widget in (table, tab):
        qtbot.addWidget(widget)
    bench.play()
    assert table.table.isColumnHidden(2) and not len(tab.plot.band.points[0])
    bench.session.edit(sweep=replace(bench.session.job.sweep, repeats=3))
    bench.play(Scripted(repeats()))
    runs = bench.runs
    assert runs.sweeps is not None and len(runs.sweeps.all) == 3
    assert runs.reading is not None and runs.reading.band is not None
    assert "mean of 3 recommendations" in runs.reading.recommendation.reason
    assert runs.selection == runs.reading.recommendation.lr
    assert not table.table.isColumnHidden(2)
    cell = table.table.item(0, 2)
    assert cell is not None and cell.text().startswith("×") and "Single repeats" in cell.toolTip()
    assert len(tab.plot.band.points[0]) == 200
    assert [entry.sample for entry in tab.plot.chart.legend.entries] == ["dots", "line", "band", "line"]
    report = runs.report()
    assert report is not None and report.to_dict()["repeats"] == 3 and "loss_3" in report.to_dict()["curve"]


def test_smoothing_again_keeps_what_the_repeats_say(bench: Bench) -> None:
    bench.session.edit(sweep=replace(bench.session.job.sweep, repeats=3))
    bench.play(Scripted(repeats()))
    session, runs = bench.session, bench.runs
    session.edit(sweep=replace(session.job.sweep, beta=0.5))
    assert runs.reading is not None
    assert runs.reading.curve.beta == 0.5 and runs.reading.band is not None
    assert "mean of 3 recommendations" in runs.reading.recommendation.reason


def test_a_sweep_after_repeats_has_no_band(bench: Bench, qtbot: QtBot) -> None:
    tab = CurveTab(bench.session, bench.runs, LIGHT)
    qtbot.addWidget(tab)
    bench.play(Scripted(repeats()))
    assert len(tab.plot.band.points[0])
    bench.play()
    assert not len(tab.plot.band.points[0])


def test_a_run_with_repeats_is_opened_again_with_its_band(bench: Bench) -> None:
    bench.session.edit(sweep=replace(bench.session.job.sweep, repeats=3))
    bench.play(Scripted(repeats()))
    journal = bench.session.worker
    assert not journal.running
    from lrgui.runs.library import runs_folder

    path = next(runs_folder().glob("*.lrrun"))
    before = bench.runs.reading
    bench.session.open_run(path)
    assert bench.runs.reading is not None and bench.runs.reading.band is not None
    assert before is not None and bench.runs.reading is not None
    assert bench.runs.reading.recommendation == before.recommendation


def _no_fall(noise: float) -> list[list[Event]]:
    """A sweep in which no fall stands out, and training breaks at the end."""
    lr = np.logspace(-6, 0, 200)
    loss = 2.3 + 3 * np.maximum(np.log10(lr) + 1, 0) ** 2 + noise * np.random.default_rng(1).standard_normal(200)
    events: list[Event] = [
        BatchEvent(0, i, float(a), float(b), 0.01 * i) for i, (a, b) in enumerate(zip(lr, loss, strict=True))
    ]
    return [[StateEvent("starting"), task(), *events, EndEvent("completed", "All steps.")]]


def test_a_guess_is_not_selected(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(_no_fall(0.3)))
    assert bench.runs.reading is not None
    assert bench.runs.reading.recommendation.best_guess is not None
    assert bench.runs.selection is None
    bench.runs.select(3e-3)
    bench.play(Scripted(_no_fall(0.3)))
    assert bench.runs.selection == 3e-3, "what was selected stays"


def test_one_button_sweeps_with_more_steps_at_each_rate(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(_no_fall(0.3)))
    button = window.banner._action
    assert button.text() == "Sweep with 8 steps per rate instead"
    with bench.qtbot.waitSignal(bench.session.run_ended):
        button.click()
    assert bench.jobs[-1].kind == "sweep" and bench.jobs[-1].sweep.batches_per_lr == 8


def test_one_button_measures_around_a_guess(window: MainWindow, bench: Bench) -> None:
    bench.play(Scripted(_no_fall(0.0)))
    pick = bench.runs.reading.recommendation if bench.runs.reading else None
    assert pick is not None and pick.lr is None and pick.best_guess is not None and pick.next_sweep is None
    button = window.banner._action
    assert button.text().startswith("Verify around ")
    with bench.qtbot.waitSignal(bench.session.run_ended):
        button.click()
    assert bench.jobs[-1].kind == "race" and bench.jobs[-1].race.around == pytest.approx(pick.best_guess)


def plan(bench: Bench, **settings: object) -> None:
    bench.session.edit(sweep=replace(bench.session.job.sweep, **settings))


def test_another_planned_schedule_changes_the_pick_at_once(bench: Bench, panel: SelectionPanel) -> None:
    bench.play()
    pick = bench.runs.reading.recommendation
    assert bench.runs.selection == pick.lr == bench.session.job.train.max_lr
    assert panel._verdict.text().count(". ") == 0, "one reason"
    assert bench.runs.reading.both_rates in panel._more.text().splitlines()
    plan(bench, planned_schedule="constant")
    assert bench.runs.reading.recommendation.lr == bench.runs.selection == pick.by_schedule["constant"] < pick.lr
    assert panel.number.text() == format_lr(pick.by_schedule["constant"])
    assert bench.session.job.train.max_lr == pytest.approx(pick.lr), "trainings here run OneCycle"
    said = panel._verdict.text()
    assert f"Train and Verify run OneCycle, whose maximum is then {format_lr(pick.lr)}." in said
    assert bench.runs.zones is not None and bench.runs.zones.low_end <= bench.runs.selection
    plan(bench, planned_schedule=None)
    assert bench.runs.selection == pick.lr and bench.runs.reading.recommendation == pick


def test_a_rate_chosen_by_hand_stays_in_another_plan(bench: Bench) -> None:
    bench.play()
    bench.runs.select(7e-3)
    plan(bench, planned_schedule="constant", planned_steps=9000)
    assert bench.runs.selection == 7e-3
    assert bench.session.job.train.max_lr == pytest.approx(bench.runs.plan.as_one_cycle(7e-3)) != 7e-3
    bench.runs.select_maximum(0.1)
    assert bench.session.job.train.max_lr == pytest.approx(0.1)
    assert bench.runs.selection == pytest.approx(bench.runs.plan.from_one_cycle(0.1))


def test_a_plan_made_without_a_sweep_is_that_of_the_next_selection(bench: Bench) -> None:
    plan(bench, planned_schedule="constant")
    bench.runs.select(1e-2)
    assert bench.session.job.train.max_lr == pytest.approx(bench.runs.plan.as_one_cycle(1e-2)) != 1e-2


def test_a_plan_changed_while_the_sweep_runs_is_the_one_that_is_read(bench: Bench) -> None:
    def start() -> None:
        bench.session.find()
        plan(bench, planned_schedule="constant")

    bench.play(start=start)
    assert bench.jobs[-1].sweep.planned_schedule is None
    assert bench.runs.reading.plan.schedule == "constant"
    assert bench.runs.selection == bench.runs.reading.recommendation.lr
