"""The sweep on screen: what is read from it, and what is chosen on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from lrgui.core.curve.plan import ONE_CYCLE, USUAL, Plan
from lrgui.core.curve.zones import Zones
from lrgui.core.learning_rate import format_lr, same_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.gui.background import Background
from lrgui.gui.screen import Screen, Steps, Visit
from lrgui.gui.selection import Choices, Selection
from lrgui.gui.shown_sweep import ShownSweep, chosen_for, same_task
from lrgui.runs.job import Job
from lrgui.runs.record import Record
from lrgui.runs.records import Records

if TYPE_CHECKING:
    from lrgui.core.curve.lr_scaling import Transfer
    from lrgui.core.curve.sweep_reading import SweepReading
    from lrgui.export.report import Report
    from lrgui.export.snippets import Facts

#: So many rates can be marked: more names have no room.
MOST_CANDIDATES = 10


class SweepOnScreen(QObject):
    """The last sweep, or the one that is visited, its reading, and the person's selection, zones and candidates, each
    change of which is a step that can be undone; knows no widget."""

    reading_changed = Signal(object)
    """The SweepReading of the sweep on screen, or None."""
    choice_changed = Signal()
    """Selection or zones changed."""
    selected = Signal(float)
    """A rate is selected, live; before `choice_changed`."""
    visit_changed = Signal()
    """Another saved run or synthetic curve is visited, or none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        """Reads sweeps that are so long that the window would stand still."""
        self.finishing = False
        """True while the sweep that has just ended is read there."""
        self._going = False
        """True from the beginning of a run to its end."""
        self.undo_stack = Steps(self, lambda: self._going)
        self._shown: ShownSweep | None = None
        """The sweep on screen."""
        self._before: Screen | None = None
        """What was on screen before the sweep that goes on."""
        self.visit: Visit | None = None
        """The saved run or synthetic curve that is shown in the place of the person's own; None for their own."""
        self._chosen = Selection(self._show_choice, self.undo_stack, Choices(None, None))
        self._form: tuple[str, ...] = ()
        """What a rate is for that is chosen with the settings in the form."""
        self.planned = USUAL
        """The training to come, as far as the settings say."""

    def close(self) -> None:
        """Give up what is being read; returns when that has ended."""
        self._background.close()
        self.undo_stack.clear()  # a stack that goes with its steps tells of it when it is gone already

    # ---------------------------------------------------------------- what it says
    @property
    def sweep_job(self) -> Job | None:
        """What was swept."""
        return None if self._shown is None else self._shown.job

    @property
    def sweeps(self) -> Records | None:
        """The sweep, or its repeats."""
        return None if self._shown is None else self._shown.sweeps

    @property
    def sweep(self) -> Record | None:
        """The sweep; of repeats the first."""
        return None if self._shown is None else self._shown.sweeps.first

    @property
    def synthetic(self) -> str:
        """Name of the synthetic curve that is shown in the place of a sweep, empty for a measured one."""
        return "" if self._shown is None else self._shown.synthetic

    @property
    def reading(self) -> SweepReading | None:
        """What the sweep says, with the selection and the zones as they are; None before it is over."""
        return None if self._shown is None else self._shown.reading

    @property
    def last_reading(self) -> SweepReading | None:
        """The same, but while a sweep goes on what the person's own one before it says, whose choice is kept."""
        if self._going and self.held is not None and self.reading is None:
            return self.held.reading
        return self.reading

    @property
    def held(self) -> ShownSweep | None:
        """While a sweep goes on, the person's own one before it, to which the choice belongs that is kept meanwhile."""
        return None if self._before is None else self._before.own_sweep

    @property
    def from_visit(self) -> bool:
        """True while a sweep goes on that began when another run's was looked at: its place is the person's own."""
        return self._before is not None and self._before.looking_at is not None

    @property
    def waiting(self) -> bool:
        """True where that is what the sweep before says: its own reading is still to come."""
        return self._before is not None and self.reading is None

    @property
    def holds_for(self) -> str:
        """What the recommendation holds for: "For SGD, momentum 0.9 · batch 64 · OneCycle · up to 300 steps"."""
        shown = self.held if self.waiting else self._shown
        return "" if shown is None else shown.holds_for

    @property
    def headline(self) -> str:
        """What the sweep on screen is; empty where there is none."""
        return "" if self._shown is None else self._shown.headline

    @property
    def started(self) -> datetime | None:
        """When the sweep on screen began; None where nobody knows, or there is none."""
        return None if self._shown is None else self._shown.started

    @property
    def own_settings(self) -> bool:
        """True where what is on screen belongs to the settings in the form, as all does but a mere visit."""
        return self.visit is None or self.visit.form is not None

    @property
    def plan(self) -> Plan:
        """The training that a selected rate is meant for."""
        return self.planned if self.reading is None else self.reading.plan

    @property
    def of_form(self) -> bool:
        """True where the sweep on screen is one of the task in the form, or is only looked at."""
        job = self.sweep_job
        return job is None or bool(self.synthetic) or not self.own_settings or same_task(chosen_for(job), self._form)

    @property
    def offer(self) -> float | None:
        """What the sweep on screen recommends, or guesses where it is not sure; None without either, of a synthetic
        curve, and for another task."""
        if self.reading is None or self.synthetic or not self.of_form:
            return None
        return self.reading.recommendation.best_guess

    def recommended_for(self, job: Job) -> float | None:
        """The highest rate of a training like `job` that the sweep on screen recommends; None where it was of another
        task, or recommends nothing."""
        pick = None if self.reading is None or self.synthetic else self.reading.recommendation.lr
        swept = self.sweep_job
        if pick is None or swept is None or swept.task != job.task or job.task.is_script:
            return None
        return self.plan.as_trained(pick, job.train.planned_schedule)

    def report(self) -> Report | None:
        """The sweep on screen, as it is to be exported; None where there is none."""
        return None if self._shown is None else self._shown.report()

    def facts(self, job: Job) -> Facts:
        """What is known of the selected rate, for code that uses it: `job` is what a run would run.

        A recommended rate belongs to the settings of its sweep, one that the person chose to those of `job`. Raises
        SnippetError, with a sentence, where there is no rate to use.
        """
        from lrgui.export.snippets import SnippetError, facts_of_job, facts_of_sweep  # not when the window opens

        lr, shown = self.selection, self._shown
        if lr is None:
            raise SnippetError("No learning rate is selected: find one first (F5), or type one.")
        if shown is None or shown.reading is None:
            return facts_of_job(lr, job, None, plan=self.plan, trains=True)
        if not self.own_settings:  # those of the form are another run's
            job = shown.job
        if shown.synthetic:
            raise SnippetError("This curve is synthetic: nothing was trained. Find a learning rate first (F5).")
        swept, record = replace(shown.job, train=job.train), shown.sweeps.first
        facts = facts_of_sweep(shown.reading, swept, record, selection=lr, trains=True)
        if facts.chosen and job.task != swept.task:
            return facts_of_job(lr, job, None, plan=self.plan, trains=True)
        return facts

    def carried_over(self, job: Job, code: Callable[[], str] = str) -> Transfer | None:
        """What becomes of the pick with the settings of `job`, whose task's code has the digest that `code` works out;
        None where all is as it was for the sweep."""
        return None if self._shown is None or not self.own_settings else self._shown.carried_over(job, code)

    # ---------------------------------------------------------------- reading it anew
    def read_as(self, settings: SweepSettings) -> None:
        """Read the curve with these settings: β and the planned training belong to reading it, not to measuring it."""
        shown = self._shown
        if shown is None or self.finishing:
            return
        if shown.is_long:
            self._background.start(lambda _watch: shown.read_as(settings), self._take_read)
        else:
            self._take_read(shown.read_as(settings), None)

    def _take_read(self, shown: ShownSweep | None, error: Exception | None) -> None:
        if error is not None:
            raise error
        if shown is not None and self._shown is not None and shown.sweeps is self._shown.sweeps:
            before, chosen = self._chosen.now, shown.choice_after(self._shown, self._chosen.now)
            self._shown = shown.with_choice(self._counting(chosen))
            if self.reading is not None:
                self.reading_changed.emit(self.reading)
            if chosen != before:
                self._chosen.take(chosen)

    def _take_reading(self, shown: ShownSweep) -> None:
        """Show what a sweep says."""
        self._shown = shown
        self.reading_changed.emit(self.reading)
        if self.reading is not None:
            self._chosen.take(shown.first_choice(self._chosen.now))

    # ---------------------------------------------------------------- what is chosen on it
    def follow_task(self, job: Job) -> None:
        """The form is that of `job` now: rates that were chosen for another task don't count until that is back."""
        before, self._form = self._form, chosen_for(job)
        if not same_task(before, self._form):
            self._show_choice(self._chosen.now)

    def _counting(self, choices: Choices) -> Choices:
        """Of these what counts: rates for another task than that in the form don't, unless that is only looked at."""
        counts = not self.own_settings or same_task(choices.chosen_for, self._form)
        return choices if counts else choices.without_rates

    @property
    def _now_counting(self) -> Choices:
        return self._counting(self._chosen.now)

    def _with_task(self, **changes: Any) -> dict[str, Any]:
        """Changes of what is chosen, for the task in sight: rates for another one go."""
        job = self.sweep_job
        task = self._form if self.own_settings or job is None else chosen_for(job)
        if self._now_counting is not self._chosen.now:
            changes = {"selection": None, "by_hand": False, "candidates": (), **changes}
        return {**changes, "chosen_for": task}

    @property
    def selection(self) -> float | None:
        """The learning rate that the person holds."""
        return self._now_counting.selection

    @property
    def zones(self) -> Zones | None:
        """The zones as measured, or as the person dragged them."""
        return self._chosen.now.zones

    @property
    def candidates(self) -> tuple[float, ...]:
        """The rates that are marked to be trained, rising."""
        return self._now_counting.candidates

    @property
    def dragging(self) -> bool:
        """True while selection or zones are dragged: what follows them need not do so at each pixel."""
        return self._chosen.dragging

    def select_maximum(self, lr: float, schedule: str = ONE_CYCLE, by_hand: bool = True) -> None:
        """Select the rate that corresponds to `lr`, the highest one of a training on `schedule`."""
        self.select(self.plan.from_trained(lr, schedule), by_hand=by_hand)

    def select(self, lr: float, nudge: bool = False, by_hand: bool = True) -> None:
        """Select `lr`, as one step that can be undone. A rate that is chosen `by_hand`, and is not the recommendation,
        survives the next sweep."""
        changes = self._with_task(selection=lr, by_hand=by_hand and self._is_choice(lr))
        self._chosen.change(_selected(lr), nudge, **changes)

    def _is_choice(self, lr: float) -> bool:
        return self.reading is None or self.reading.recommendation.lr != lr

    def preview_selection(self, lr: float) -> None:
        """Follow a drag: everything shows `lr`, nothing to undo yet."""
        self._chosen.preview(**self._with_task(selection=lr, by_hand=self._is_choice(lr)))

    def commit_selection(self, old: float | None, new: float) -> None:
        """A drag ended that began at `old`: make it one step that can be undone."""
        also = self._with_task(by_hand=self._is_choice(new))
        also.pop("selection", None)  # it is the new one
        self._chosen.commit(_selected(new), "selection", old, new, **also)

    def preview_zones(self, zones: Zones) -> None:
        """Follow a drag of a border or of the whole optimal zone."""
        self._chosen.preview(zones=zones)

    def commit_zones(self, old: Zones, new: Zones) -> None:
        """A drag of a border ended; like `commit_selection`."""
        self._chosen.commit("zones", "zones", old, new)

    def set_zones(self, zones: Zones) -> None:
        """Set the zones, as one step that can be undone."""
        self._chosen.change("zones", zones=zones)

    def toggle_candidate(self, lr: float) -> None:
        """Mark a rate to be trained, or take its mark away, as one step that can be undone."""
        marked = self.candidates
        same = [one for one in marked if same_lr(one, lr)]
        if not same and len(marked) >= MOST_CANDIDATES:
            return
        after = tuple(one for one in marked if one not in same) if same else tuple(sorted((*marked, lr)))
        self._chosen.change(f"candidate {format_lr(lr)}", **self._with_task(candidates=after))

    @Slot()
    def toggle_selected_candidate(self) -> None:
        """The same with the selected rate."""
        if self.selection is not None:
            self.toggle_candidate(self.selection)

    @Slot()
    def clear_candidates(self) -> None:
        """Take all marks away, as one step that can be undone."""
        self._chosen.change("candidates", candidates=())

    def _show_choice(self, choices: Choices) -> None:
        choices = self._counting(choices)
        if choices.selection is not None:
            self.selected.emit(choices.selection)
        if self._shown is not None:
            self._shown = self._shown.with_choice(choices)
        self.choice_changed.emit()


def _selected(lr: float) -> str:
    """What the step is called that selects `lr`."""
    return f"selection {format_lr(lr)}"
