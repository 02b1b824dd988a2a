"""Runs a study: starts what is missing, writes its logs and its journal, starts again what was lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, EndReason, OutputEvent, RunKind, Stream
from lrgui.core.learning_rate import format_lr
from lrgui.runs.event_source import Told
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.executor import Executor
from lrgui.studies.folder import StudyFolder
from lrgui.studies.known import remember
from lrgui.studies.plan import Plan, Stage, StudyRun
from lrgui.studies.results import StudyResults, read_results
from lrgui.studies.stage_result import StageResult, result_of

#: Seconds for which news are waited for.
WAIT = 0.1
#: Who ran them, in the logs.
ORIGIN = "study"


@dataclass(frozen=True)
class Progress:
    """How far a study is."""

    done: int
    """Runs (sweeps, races, trainings) that ended, in this and earlier calls."""
    total: int
    """Those and all that can be run now; a race joins them once its sweep has ended."""
    running: int
    again: int
    """How often a lost run was started again."""
    points: int
    """Batches measured in this call."""


@dataclass
class _Active:
    """A run that is being computed."""

    run: StudyRun
    stage: Stage
    writer: LogWriter
    end: EndEvent | None = None


@dataclass
class Watch:
    """Who looks on; each is called in the driver's thread."""

    progress: Callable[[Progress], object] = lambda progress: None
    ended: Callable[[StudyRun, Stage, StageResult], object] = lambda run, stage, result: None
    said: Callable[[str], object] = lambda sentence: None
    printed: Callable[[StudyRun, OutputEvent], object] = lambda run, event: None


def ended_words(run: StudyRun, stage: Stage, result: StageResult) -> str:
    """A line on a run that ended: "AdamW · batch size 64 · seed 0: sweep 3.2e-2"."""
    rate = "no rate" if result.lr is None else format_lr(result.lr)
    return f"{run.words}: {stage.kind} {rate if result.good else result.detail}"


@dataclass
class Driver:
    """One call of a study, to its end or until it is cancelled. For one thread, but for `cancel` and `kill`.

    Nothing counts twice: events are taken from the attempt that was started last, and an attempt's result once.
    """

    plan: Plan
    folder: StudyFolder
    executor: Executor
    retries: int = 2
    retry_failed: bool = False
    watch: Watch = field(default_factory=Watch)
    how: ExecutionSettings | None = None
    """How the study is computed, to be written down with it; None where nothing is."""

    def __post_init__(self) -> None:
        self._active: dict[str, _Active] = {}
        self._waiting: deque[tuple[StudyRun, Stage]] = deque()
        self._lost: dict[str, int] = {}
        self._seen: set[str] = set()
        self._cancelled = False
        self._done = self._again = self._points = 0
        self.problem: str | None = None
        """Why a log or the journal could not be written, in a sentence."""

    def cancel(self) -> None:
        """Start nothing more, and let what has begun end in good order."""
        self._cancelled = True
        self.executor.cancel()

    def kill(self) -> None:
        """End what has begun without asking."""
        self._cancelled = True
        self.executor.kill()

    def run(self) -> StudyResults:
        """Measure what is missing; returns everything that the study knows then.

        Raises ValueError, with a sentence, where another program has the folder or it cannot be written.
        """
        with self.folder.held(), ExitStack() as at_end:
            at_end.callback(self._close)
            if self.how is not None:
                self.folder.write(self.plan, self.how)
                remember(self.folder.path)
            self.folder.load()
            self.folder.settle(self.plan)
            if self.retry_failed:
                for key in [key for key, result in self.folder.results.items() if not result.good]:
                    del self.folder.results[key]
            known = {stage.key: self.folder.results.get(stage.key) for run in self.plan.runs for stage in run.stages}
            self._done = sum(result is not None and result.finished for result in known.values())
            for run in self.plan.runs:
                self._next(run)
            self._work()
            if self.plan.spec.prove_best and not self._cancelled:
                for run in self._best():
                    self._queue(run, run.proof, first=False)
                self._work()
        return read_results(self.plan, self.folder)

    def _best(self) -> list[StudyRun]:
        """The runs of the best combinations."""
        results = read_results(self.plan, self.folder)
        # By what all of them have: once some are proven, a race's loss would leave the others out.
        kind = self.plan.runs[0].stages[-1].kind
        wanted = [cell.values for cell in results.ranking(kind)[: self.plan.spec.prove_best]]
        return [run for run in self.plan.runs if run.values in wanted]

    def _next(self, run: StudyRun, first: bool = False) -> None:
        """Queue the first stage of a run that is missing, where what it needs is there."""
        for stage in run.stages:
            result = self.folder.results.get(stage.key)
            if result is None or not result.finished:
                self._queue(run, stage, first)
                return
            if not result.good:
                return

    def _queue(self, run: StudyRun, stage: Stage, first: bool) -> None:
        result = self.folder.results.get(stage.key)
        if stage.key in self._seen or (result is not None and result.finished):
            return
        self._seen.add(stage.key)
        if first:
            self._waiting.appendleft((run, stage))
        else:
            self._waiting.append((run, stage))

    # -- the loop

    def _work(self) -> None:
        while (self._waiting and not self._cancelled) or self._active:
            while self._waiting and not self._cancelled and self.executor.room() > 0:
                self._start(*self._waiting.popleft())
            self._tell()
            # Also where none is active: a process that has said its end may still hold its place.
            for told in self.executor.take(WAIT):
                self._hear(told)
        self._tell()

    def _start(self, run: StudyRun, stage: Stage) -> None:
        job, why = self._job_of(run, stage)
        if job is None:
            self._end(run, stage, StageResult(EndReason.FAILED, why))
            return
        self.folder.started(stage)
        ticket = f"{stage.key} {self.folder.attempts[stage.key]}"
        self._active[ticket] = _Active(run, stage, LogWriter(self.folder.log(stage), job, origin=ORIGIN))
        self.executor.start(ticket, job)

    def _job_of(self, run: StudyRun, stage: Stage) -> tuple[Job | None, str]:
        """The job of a stage, with the rate that its sweep found; None and why where there is none."""
        swept = run.stages[0]
        if stage.kind == RunKind.SWEEP or swept.kind != RunKind.SWEEP:
            return stage.job, ""
        found = self.folder.results.get(swept.key)
        rate = None if found is None else found.one_cycle
        if rate is None:
            return None, "The sweep found no rate to train at."
        if stage.kind == RunKind.RACE:
            return replace(stage.job, race=replace(stage.job.race, around=rate)), ""
        return replace(stage.job, train=replace(stage.job.train, max_lr=rate)), ""

    def _hear(self, told: Told) -> None:
        active = self._active.get(told.ticket)
        if active is None:
            return  # of an attempt that was given up
        events: list[Any] = list(told.events)
        self._points += sum(isinstance(event, BatchEvent | CandidateEvent) for event in events)
        if events:
            self._note(active.writer.write(events))
        for event in events:
            if isinstance(event, EndEvent):
                active.end = event
            elif isinstance(event, OutputEvent) and event.stream != Stream.NOTE:
                self.watch.printed(active.run, event)
        if told.lost:
            self._lose(told.ticket, active, told.lost)
        elif active.end is not None and active.end.reason == EndReason.KILLED:
            self._lose(told.ticket, active, active.end.detail)  # by the system, for its memory, or by somebody
        elif active.end is not None:
            del self._active[told.ticket]
            self._note(active.writer.close())
            if active.writer.problem:  # without its log a run does not count, and the next one would fare no better
                self.watch.said(f"{active.run.words}: its log is incomplete, so it will be made again.")
                self._stop(active.writer.problem)
            else:
                self._end(active.run, active.stage, self._result(active))

    def _stop(self, why: str) -> None:
        """Nothing can be kept any more: let the study end, instead of measuring for nothing."""
        self.problem = self.problem or why
        if not self._cancelled:
            self.watch.said("The study stops, because its runs cannot be saved. Free some space; then go on with it.")
            self.cancel()

    def _result(self, active: _Active) -> StageResult:
        assert active.end is not None
        try:
            found = result_of(active.writer.path)
        except (OSError, ValueError) as error:
            self._note(str(error))
            found = None
        return found or StageResult(str(active.end.reason), active.end.detail)

    def _lose(self, ticket: str, active: _Active, why: str) -> None:
        """A worker is gone: its run is started again, unless that was tried often enough."""
        del self._active[ticket]
        run, stage = active.run, active.stage
        if active.end is None:
            self._note(active.writer.write([EndEvent(EndReason.KILLED, why)]))
        self._note(active.writer.close())
        self._lost[stage.key] = times = self._lost.get(stage.key, 0) + 1
        if times > self.retries and not self._cancelled:
            self._end(run, stage, StageResult(EndReason.KILLED, f"{why} Started {times} times in vain."))
            return
        self.folder.lost(stage, why)
        if not self._cancelled:
            self._again += 1
            self.watch.said(f"{run.words}: {why} Starting it again.")
            self._waiting.appendleft((run, stage))

    def _end(self, run: StudyRun, stage: Stage, result: StageResult) -> None:
        self.folder.ended(stage, result)
        self._done += result.finished
        self.watch.ended(run, stage, result)
        if result.good:
            self._next(run, first=True)

    def _tell(self) -> None:
        total = self._done + len(self._waiting) + len(self._active)
        self.watch.progress(Progress(self._done, total, len(self._active), self._again, self._points))

    def _note(self, problem: str | None) -> None:
        if problem:
            self.problem = self.problem or problem
            self.watch.said(problem)

    def _close(self) -> None:
        """However it ends: the executor is let go, and logs that are open say that their runs were ended."""
        self.executor.close()
        for active in self._active.values():
            active.writer.write([EndEvent(EndReason.CANCELLED, "The study ended before the run did.")])
            active.writer.close()
        self._active.clear()
