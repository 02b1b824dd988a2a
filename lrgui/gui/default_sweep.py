"""The sweep that the person begins with: the program's usual settings, or their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrgui.core.run_settings import SweepSettings
from lrgui.core.settings import settings_of
from lrgui.gui.settings import Settings
from lrgui.runs.job import Job

#: The planned training belongs to a task, not to every sweep.
_OF_TASK = ("planned_steps", "planned_epochs", "planned_schedule")
_OPTIONS = {option.name: option for option in settings_of(SweepSettings) if option.name not in _OF_TASK}


def kept(sweep: SweepSettings) -> dict[str, Any]:
    """What is remembered of a sweep: the settings that are not the program's usual ones, by name."""
    values = {name: getattr(sweep, name) for name in _OPTIONS}
    return {name: value for name, value in values.items() if value != _OPTIONS[name].default}


def can_be_kept(values: Mapping[str, Any]) -> bool:
    """True for what `kept` may have said: settings may come from anybody."""
    return values.keys() <= _OPTIONS.keys() and not SweepSettings().with_given(values).validate()


def back_to_default(job: Job, settings: Settings) -> Job:
    """The job with the default sweep; the training that is planned stays."""
    usual = SweepSettings().with_given(settings.sweep)
    values = {name: getattr(usual, name) for name in (*_OPTIONS, "end_chosen")}
    return replace(job, sweep=replace(job.sweep, **values))


def words(values: Mapping[str, Any]) -> str:
    """The default sweep in a line: "1e-6 to 1, 200 steps, Repeats 3"."""
    sweep = SweepSettings().with_given(values)
    ends = [_OPTIONS[name].shown(getattr(sweep, name)) for name in ("start_lr", "end_lr")]
    more = [name for name in values if name not in ("start_lr", "end_lr", "steps")]
    others = (f"{_OPTIONS[name].label} {_OPTIONS[name].shown(values[name])}" for name in more)
    return ", ".join([" to ".join(ends), f"{sweep.steps:,} steps", *others])
