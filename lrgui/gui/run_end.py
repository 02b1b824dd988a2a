"""What becomes of a run that has ended: what is said of it, what measures it again, and what one click mends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from lrgui.core.budget import cost_words, race_to_prove
from lrgui.core.events import WHOLE, EndEvent, RunKind, RunState
from lrgui.core.learning_rate import format_lr
from lrgui.core.phrases import first_sentence
from lrgui.gui.loading import MOST_BYTES
from lrgui.gui.notice import Notice
from lrgui.gui.run_start import RunStart
from lrgui.gui.shown_sweep import ShownSweep
from lrgui.runs.record import Record

if TYPE_CHECKING:
    from lrgui.gui.fixes import Repair
    from lrgui.runs.repeating import Repeat


class RunEnd(RunStart):
    """Ends runs on screen, and says how they ended."""

    def _set_up(self) -> None:
        super()._set_up()
        self.worker.ended.connect(self._on_ended)

    @Slot(object)
    def _on_ended(self, end: EndEvent) -> None:
        if self.kind == RunKind.SWEEP:
            self.runs.read_ahead(lambda read, error: self._finish(end, read, error))
        else:
            self._finish(end)

    def _finish(self, end: EndEvent, read: ShownSweep | None = None, error: Exception | None = None) -> None:
        """The run is over; `read` is its sweep where that was read already, and `error` why it could not be."""
        asked, others, self._others = self.state == RunState.STOPPING, self._others, False
        record = self.record
        assert record is not None
        self._set_state(RunState.IDLE)
        if self.kind != RunKind.CHECK:
            self.runs.end(self.kind, read, error)
        if self.kind == RunKind.SWEEP:
            self._read_late()
        journal = self._turn if self.kind == RunKind.COMPARE else self._journal
        problem = journal.problem if journal is not None else None
        repeat = None if self._journal is None or asked else self._repeated(self._journal.path)
        self._journal = self._turn = None
        # Somebody who pressed Stop knows why it ended, even if it took force.
        shown = asked or self._quiet or self.kind == RunKind.CHECK  # a check has a dialog of its own
        notice = None if shown else self._ending(end, record)
        if notice is not None and notice.kind == "error" and record.task is None:  # it could not begin in this one
            notice = replace(notice, until_python=True)
        if others and notice is not None:  # what would change this form's settings changes nothing there
            notice = Notice(notice.kind, end.detail)
        if repeat is not None and (notice is None or notice.kind == "info"):
            notice = Notice("info" if repeat.same else "warning", repeat.sentence)
        if problem:
            problem += " The rest is in memory: export it (Ctrl+E) before you close the window."
            notice = Notice("warning", problem) if notice is None else notice.after(problem)
        self._draw_end(end, notice)
        if notice is not None or self._proving or self._said_where:  # that it is being measured holds no longer
            self.noticed.emit(notice)
        if self.kind == RunKind.CHECK:
            self.check_ended.emit(end)
        if self._proving:
            self._proving = False
            self.runs.prove(end)
            pick = None if self.runs.reading is None else self.runs.reading.recommendation
            if pick is not None and pick.measured and pick.lr is None:
                self.noticed.emit(Notice("warning", pick.reason))
        self.run_ended.emit(end)
        if error is not None:
            raise error
        if self.kind == RunKind.SWEEP and not (asked or others) and end.reason in WHOLE:
            self._prove()

    def _draw_end(self, end: EndEvent, notice: Notice | None = None) -> None:
        """Have a run's end shown, beside what `notice` will say: that is said afterwards, for it lies where there is
        least to see. Information goes by itself: what lasts says it, too."""
        sentence = first_sentence(end.detail)[0]
        said = "" if notice is None or notice.kind == "info" else notice.text
        self.end_told = sentence != "" and sentence in said
        self.run_over.emit(end)

    def _tell_end(self, end: EndEvent, notice: Notice | None = None) -> None:
        """The end of a run that was made before: have it shown, say `notice` of it, and that it has ended."""
        self._draw_end(end, notice)
        if notice is not None:
            self.noticed.emit(notice)
        self.run_ended.emit(end)

    def _repeated(self, log: Path) -> Repeat | None:
        """What comes of comparing the run that has ended with the one that it repeats; None where it repeats none, or
        they are so long that the window would stand still."""
        from lrgui.runs.repeating import compared

        earlier, self._repeats = self._repeats, None
        try:
            if earlier is None or max(earlier.stat().st_size, log.stat().st_size) > MOST_BYTES:
                return None
            return compared(earlier, log)
        except (OSError, ValueError):
            return None

    def _prove(self) -> None:
        """Race around what the sweep on screen recommends, where that is not sure and there is a budget for it."""
        reading, job, sweeps = self.runs.reading, self.runs.sweep_job, self.runs.sweeps
        budget = self.budget
        if budget is None or reading is None or job is None or sweeps is None or self.busy:
            return
        made, seconds = len(sweeps) * job.sweep.batches_per_lr, sweeps.seconds
        race = job.verification()
        config, why = race_to_prove(budget, reading.recommendation, reading.plan, race.race, made, seconds)
        if config is None:
            if reading.recommendation.confidence != "high":
                self.noticed.emit(Notice("info", why))
            return
        if not self.tasks.may_run(job, self._prove):
            return
        words = (
            f"Measuring around {format_lr(config.around)}: {cost_words(config, made, seconds)}. Stop keeps the sweep."
        )
        self._proving = True
        self._begin(RunKind.RACE, replace(race, race=config))
        self.noticed.emit(Notice("info", words))

    def _ending(self, end: EndEvent, record: Record) -> Notice | None:
        """What to say about the run that has ended, with a button where one click mends something."""
        from lrgui.gui.run_notices import how_it_ended

        runs = self.runs
        reading = runs.reading if self.kind == RunKind.SWEEP and record is runs.sweep else None
        pick = None if reading is None else reading.recommendation
        notice, repair = how_it_ended(self.kind, self._running, end, record, pick, runs.recommended_for(self._running))
        if notice is None or repair is None:
            return notice
        return replace(notice, action=repair.label, tip=repair.tip, act=lambda: self._mend(repair))

    def _mend(self, repair: Repair) -> None:
        """Change the settings as a button offers it."""
        if repair.task or repair.sweep:  # whatever is being typed there is given up: other values come
            job = self.job
            task, sweep = replace(job.task, **repair.task), replace(job.sweep, **repair.sweep)
            self.set_job(replace(job, task=task, sweep=sweep))
        if repair.select is not None:
            self.runs.select_maximum(repair.select, repair.schedule)
        if repair.done:
            self.noticed.emit(Notice("info", repair.done))
        if repair.starts:
            self._start(repair.starts)
