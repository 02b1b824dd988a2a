"""The sweep that the person begins with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot

from lrgui.core.run_settings import SweepSettings
from lrgui.gui.app import create_window
from lrgui.gui.default_sweep import back_to_default, can_be_kept, kept, words
from lrgui.gui.dialogs.preferences import PreferencesDialog
from lrgui.gui.settings import Settings
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job

OWN = SweepSettings().with_given({"start_lr": 1e-5, "end_lr": 10.0, "steps": 400, "repeats": 3})


def test_what_is_kept_comes_back_and_the_planned_training_stays() -> None:
    values = kept(OWN)
    assert values == {"start_lr": 1e-5, "end_lr": 10.0, "steps": 400, "repeats": 3}
    job = replace(Job(), sweep=SweepSettings(steps=50, planned_steps=1234, beta=0.5))
    after = back_to_default(job, Settings(sweep=values)).sweep
    assert after == replace(OWN, planned_steps=1234, planned_epochs=None, length_usual=after.length_usual)
    assert after.end_chosen, "the optimizer's own rate does not move what somebody chose"
    assert back_to_default(job, Settings()).sweep.steps == SweepSettings().steps
    assert not back_to_default(job, Settings()).sweep.end_chosen


def test_it_is_told_in_a_line() -> None:
    assert words({}) == "1e-6 to 1, 200 steps"
    assert words(kept(OWN)) == "1e-5 to 10, 400 steps, Repeats 3"


@pytest.mark.parametrize(
    "values", [{"steps": -1}, {"steps": "many"}, {"start_lr": 1.0, "end_lr": 0.1}, {"max_lr": 0.1}, {"steps": [1]}]
)
def test_what_is_no_sweep_is_not_kept(values: dict[str, object], qtbot: QtBot) -> None:
    assert not can_be_kept(values)
    settings = Settings(sweep=values)
    window = create_window(settings, lambda job: pytest.fail("nothing runs"))
    qtbot.addWidget(window)
    assert settings.sweep == {} and kept(window.session.job.sweep) == {}
    window.session.close()


def test_a_first_start_begins_with_it(qtbot: QtBot) -> None:
    window = create_window(Settings(sweep=kept(OWN)), lambda job: pytest.fail("nothing runs"))
    qtbot.addWidget(window)
    sweep = window.session.job.sweep
    assert (sweep.start_lr, sweep.end_lr, sweep.steps, sweep.repeats) == (1e-5, 10.0, 400, 3)
    window.session.close()


def test_reset_goes_back_to_it(window: MainWindow, bench: Bench) -> None:
    window.settings.sweep = kept(OWN)
    bench.session.edit(sweep=replace(bench.session.job.sweep, steps=99))
    window.actions_by_key["reset_sweep"].trigger()
    assert bench.session.job.sweep.steps == 400
    assert window.status.text.text() == "Sweep: 1e-5 to 10, 400 steps, Repeats 3"


@pytest.fixture
def preferences(qtbot: QtBot) -> Callable[[SweepSettings], tuple[PreferencesDialog, Settings]]:
    def make(sweep: SweepSettings) -> tuple[PreferencesDialog, Settings]:
        settings = Settings()
        dialog = PreferencesDialog(settings, lambda theme: None, sweep=lambda: sweep)
        qtbot.addWidget(dialog)
        return dialog, settings

    return make


def test_it_is_taken_from_the_form(
    preferences: Callable[[SweepSettings], tuple[PreferencesDialog, Settings]],
) -> None:
    dialog, settings = preferences(OWN)
    assert not dialog.usual_sweep.isEnabled() and dialog.default_sweep.text() == "1e-6 to 1, 200 steps"
    dialog.take_sweep.click()
    assert settings.sweep == kept(OWN) and dialog.default_sweep.text() == "1e-5 to 10, 400 steps, Repeats 3"
    dialog.usual_sweep.click()
    assert settings.sweep == {} and not dialog.usual_sweep.isEnabled()
    dialog, settings = preferences(SweepSettings(start_lr=1.0, end_lr=0.1))
    dialog.take_sweep.click()
    assert settings.sweep == {}, "what cannot run is no default"
