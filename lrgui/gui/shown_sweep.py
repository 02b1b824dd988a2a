"""The sweep on screen: what was measured, and what is read from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from lrgui.core.curve.zones import Zones
from lrgui.core.events import BatchEvent, EndEvent, EndReason, RunKind
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import OF_READING, SweepSettings
from lrgui.gui.selection import Choices
from lrgui.runs.job import Job
from lrgui.runs.records import Records, as_run
from lrgui.tasks.user.rows import OWN

if TYPE_CHECKING:
    from lrgui.core.curve.curve import Curve
    from lrgui.core.curve.lr_scaling import Transfer
    from lrgui.core.curve.measured import Race
    from lrgui.core.curve.sweep_reading import RuleRow, SweepReading
    from lrgui.export.report import Report

#: Points that are read in about 0.1 s.
LONG = 20_000
#: On longer sweeps the packages' rules are left out: they would take longer than a window may stand still.
MOST_POINTS = 5_000


@dataclass(frozen=True, eq=False)
class ShownSweep:
    """A sweep or its repeats; read once it is over, and read anew with another β."""

    job: Job
    sweeps: Records
    synthetic: str = ""
    """Name of the synthetic curve that is shown in the place of a sweep, empty for a measured one."""
    reading: SweepReading | None = None
    """What it says, with the selection and the zones as they are; None before it was read."""
    started: datetime | None = None
    """When the run began; None where nobody knows."""
    race: Race | None = None
    """The race that measured what it recommends; None where it is read off the curve."""

    @classmethod
    def made_up(cls, name: str, curve: Curve, zones: Zones, job: Job) -> ShownSweep:
        """A synthetic curve as a sweep of `job` would look; not read yet."""
        ends = SweepSettings(zones.start, zones.end, len(curve), job.sweep.beta, job.sweep.stop_factor)
        points = zip(curve.lr.tolist(), curve.loss.tolist(), strict=True)
        batches = [BatchEvent(0, i, lr, loss, 0.0) for i, (lr, loss) in enumerate(points)]
        end = EndEvent(EndReason.COMPLETED, f"A synthetic curve: {name}. Nothing was trained.")
        return cls(replace(job, kind=RunKind.SWEEP, sweep=ends), Records.of([*batches, end]), name)

    @property
    def headline(self) -> str:
        """What it is, above the plot and in its picture."""
        from lrgui.runs.headline import headline

        return headline(self.job, self.started, self.synthetic, told=self.sweeps.first.task)

    @property
    def holds_for(self) -> str:
        """The settings that its recommendation belongs to; empty without one."""
        from lrgui.runs.headline import settings_words

        if self.reading is None or self.synthetic or self.reading.recommendation.lr is None:
            return ""
        words, task = settings_words(self.job), self.sweeps.first.task
        if self.job.task.optimizer == OWN and task is not None and task.optimizer:
            words[0] = task.optimizer  # the code's own, by its name
        return f"For {' · '.join([*words, self.reading.plan.words])}"

    @property
    def called(self) -> str:
        """What it is called in a sentence: "the sweep of 15:47"."""
        from lrgui.runs.headline import clock

        if self.synthetic:
            return f"“{self.synthetic}”"
        return "the sweep" if self.started is None else f"the sweep of {clock(self.started)}"

    @property
    def is_long(self) -> bool:
        """True where reading it takes longer than a window may stand still."""
        return len(self.sweeps) > LONG

    def as_run(self) -> ShownSweep:
        """The same with the settings that it runs with: the range may follow the optimizer of the task."""
        task = self.sweeps.first.task
        return self if task is None else replace(self, job=replace(self.job, sweep=as_run(self.job.sweep, task)))

    def read(self, zones: Zones | None = None) -> ShownSweep:
        """The same, read; without a reading where nothing was measured. `zones` are those known beforehand."""
        if not len(self.sweeps.first):
            return replace(self, reading=None)
        reading = self.sweeps.read(self.job.sweep, zones)
        return replace(self, reading=reading if self.race is None else reading.with_race(self.race))

    def read_ahead(self) -> ShownSweep:
        """The same, read, with what else is shown of it worked out: in a thread, so that no window waits."""
        sweep = self.read()
        if sweep.reading is not None:
            rules_shown(sweep.reading)
        return sweep

    def with_race(self, race: Race) -> ShownSweep:
        """The same with what a race around its recommendation, or guess, measured."""
        reading = None if self.reading is None else self.reading.with_race(race)
        return replace(self, race=race, reading=reading)

    def read_as(self, settings: SweepSettings) -> ShownSweep:
        """The same with those of `settings` that belong to reading the curve, not to measuring it."""
        of_reading = {name: getattr(settings, name) for name in OF_READING}
        sweep = replace(self, job=replace(self.job, sweep=replace(self.job.sweep, **of_reading)))
        before = self.reading
        if before is None:
            return sweep
        if self.job.sweep == replace(sweep.job.sweep, beta=self.job.sweep.beta):
            return replace(sweep, reading=before.with_beta(settings.beta))
        return sweep.read()

    def choice_after(self, before: ShownSweep, chosen: Choices) -> Choices:
        """What is chosen on this reading of a sweep that was read differently `before`: what the person chose stays,
        the recommendation and the measured zones follow."""
        old, new = before.reading, self.reading
        if old is None or new is None:
            return chosen
        followed = chosen.selection == old.recommendation.lr
        return replace(
            chosen,
            selection=new.recommendation.lr if followed else chosen.selection,
            zones=new.measured_zones if chosen.zones == old.measured_zones else chosen.zones,
            by_hand=chosen.by_hand and not followed,
        )

    def first_choice(self, chosen: Choices) -> Choices:
        """What is chosen on this sweep, before which that was `chosen`.

        It is the recommendation, unless there is none, or the person chose a rate by hand for the same task: then the
        selection stays.
        """
        assert self.reading is not None
        pick, task = self.reading.recommendation.lr, chosen_for(self.job)
        same = not chosen.chosen_for or chosen.chosen_for == task
        if same_task(chosen.chosen_for, task) and (pick is None or (chosen.by_hand and same)):
            return replace(chosen, zones=self.reading.zones)
        return Choices(pick, self.reading.zones, candidates=chosen.candidates if same else (), chosen_for=task)

    def with_choice(self, chosen: Choices) -> ShownSweep:
        """The same with what the person chose."""
        if self.reading is None:
            return self
        return replace(self, reading=self.reading.with_selection(chosen.selection, chosen.zones))

    def carried_over(self, job: Job, code: Callable[[], str] = str) -> Transfer | None:
        """What becomes of the pick where the settings are those of `job`; None where nothing changed. `code` works out
        the digest of its task's code as it is now, empty for unknown: asked only where the sweep has one, too."""
        from lrgui.core.curve.lr_scaling import Transfer
        from lrgui.runs.lr_for_settings import carry_over

        if self.reading is None or self.synthetic:
            return None
        lr = self.reading.recommendation.lr
        found = None if lr is None else carry_over(lr, self.job, job)
        if (found is None or found.lr is not None) and self._was_edited(job, code):
            name = self.job.task.data_words
            words = (
                f"The code of {name} was edited after this sweep: what is shown holds for it as it was. Sweep again."
            )
            return Transfer(None, words)
        if found is None or found.lr is None:
            return found
        first, last = float(self.reading.curve.lr[0]), float(self.reading.curve.lr[-1])
        if first <= found.lr <= last:
            return found
        where = f"the sweep, {format_lr(first)} to {format_lr(last)}"
        return Transfer(None, f"{found.reason} That lies outside {where}: sweep again.")

    def _was_edited(self, job: Job, code: Callable[[], str]) -> bool:
        """True where the task of `job` is that of the sweep, and its code was another one then."""
        known = self.sweeps.first.task
        made = (known.made_in or {}).get("code") if known is not None else None
        return bool(made) and job.task.path == self.job.task.path and code() not in ("", made)

    def report(self) -> Report | None:
        """The sweep as it is to be exported; None before it was read."""
        from lrgui.export.report import Report

        if self.reading is None:
            return None
        name = "" if self.synthetic else self.headline
        return Report(self.reading, self.job, self.synthetic, name, record=self.sweeps.first)


def rules_shown(reading: SweepReading) -> tuple[RuleRow, ...]:
    """The table of rules, with those of the packages where the sweep is not too long."""
    return reading.full_table if len(reading.curve) <= MOST_POINTS else reading.table


def chosen_for(job: Job) -> tuple[str, ...]:
    """What a rate is for that is chosen, or recommended, with these settings."""
    return *job.task.data_and_model, job.task.optimizer


def same_task(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """True where rates for these (`chosen_for`) are for the same task, whatever its optimizer, or nobody said."""
    return not one or not other or one[:-1] == other[:-1]
