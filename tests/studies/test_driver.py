"""Running a study: nothing is lost, nothing counts twice, whatever dies."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import pairwise

import pytest
from conftest_of_studies import FOUR, Scripted, Unreliable, events_of

from lrgui.core.events import EndEvent, EndReason, Event
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.opened import open_run
from lrgui.studies.driver import Driver, Progress, Watch
from lrgui.studies.execution import ExecutionSettings
from lrgui.studies.executor import LocalPool, OnDemand
from lrgui.studies.folder import JOURNAL, SPEC, StudyFolder
from lrgui.studies.plan import planned
from lrgui.studies.results import StudyResults

Drive = Callable[..., StudyResults]


def journal(folder: StudyFolder) -> list[dict]:
    return [json.loads(line) for line in (folder.path / JOURNAL).read_text().splitlines()]


def counts(folder: StudyFolder, event: str) -> Counter:
    return Counter(each["key"] for each in journal(folder) if each["event"] == event)


def test_every_run_is_an_ordinary_log(drive: Drive, folder: StudyFolder) -> None:
    found = drive()
    assert [row.attempts for row in found.rows] == [1] * 4 and not found.missing
    logs = sorted((folder.path / "runs").iterdir())
    assert sorted(row.log for row in found.rows) == logs
    for row in found.rows:
        run = open_run(row.log)
        assert run.origin == "study" and run.record.end is not None
        assert run.sweeps.read(run.job.sweep).recommendation.lr == row.lr
        assert replace(run.job.task, threads=None) == row.run.stages[0].job.task


def test_again_nothing_is_made_twice(drive: Drive, folder: StudyFolder) -> None:
    first = drive()
    assert len(drive.jobs) == 4
    again = drive()
    assert drive.jobs == [] and again.records() == first.records()
    larger = drive(replace(FOUR, grid={**FOUR.grid, "batch_size": (32, 64, 128)}))
    assert [job.task.batch_size for job in drive.jobs] == [128, 128] and not larger.missing
    assert set(counts(folder, "ended").values()) == {1}


def test_stages_follow_each_other(drive: Drive) -> None:
    proven = drive(replace(FOUR, measure="prove"))
    assert len(drive.jobs) == 8 and all(row.proven and row.confidence == "measured" for row in proven.rows)
    for job in drive.jobs:
        if job.kind == "race":
            swept = next(row for row in proven.rows if row.run.stages[0].job.task.batch_size == job.task.batch_size)
            assert job.race.around == pytest.approx(swept.stages["sweep"].one_cycle)
    trained = drive(replace(FOUR, measure="train"))
    assert [job.kind for job in drive.jobs] == ["train"] * 4, "the sweeps are known"
    assert trained.criterion == "train" and trained.best is not None


def test_the_best_are_proven_and_only_these(drive: Drive) -> None:
    found = drive(replace(FOUR, prove_best=2))
    assert [job.kind for job in drive.jobs] == ["sweep"] * 4 + ["race"] * 2
    assert sum(row.proven for row in found.rows) == 2
    drive(replace(FOUR, prove_best=2))
    assert drive.jobs == []


def test_a_lost_worker_is_replaced(drive: Drive, folder: StudyFolder) -> None:
    said: list[str] = []
    executor = Unreliable(lambda job, times: job.task.batch_size == 64 and times == 1)
    found = drive(executor=executor, watch=Watch(said=said.append))
    assert not found.missing and not found.failed
    assert [row.attempts for row in found.rows] == [1, 2, 1, 2]
    assert len(said) == 2 and all("The worker's node died. Starting it again." in each for each in said)
    assert set(counts(folder, "ended").values()) == {1}
    assert len(list((folder.path / "lost").iterdir())) == 2, "what the lost ones measured is kept"
    for row in found.rows:  # nothing of the lost attempt is in the log of the other, though it sent more later
        assert len(open_run(row.log).record) == row.stages["sweep"].points == len(events_of(row.run.stages[0].job)) - 2


def test_after_so_many_losses_it_gives_up_and_says_so(drive: Drive) -> None:
    executor = Unreliable(lambda job, times: job.task.batch_size == 64)
    found = drive(executor=executor, retries=2)
    assert [row.attempts for row in found.rows] == [1, 3, 1, 3]
    assert found.missing == 2, "it is tried again the next time"
    assert "Started 3 times in vain." in found.rows[1].problem
    assert not drive().missing


def test_a_run_that_fails_is_no_lost_worker(drive: Drive, folder: StudyFolder) -> None:
    def failing(job: Job) -> Scripted:
        events = events_of(job)
        return Scripted([*events[:5], replace(events[-1], reason=EndReason.FAILED, detail="Your code raised.")])

    found = drive(executor=LocalPool(2, failing))
    assert len(found.failed) == 4 and not found.missing and found.best is None
    assert "Your code raised." in " ".join(found.sentences())
    drive()
    assert drive.jobs == [], "it would fail again"
    assert not drive(retry_failed=True).failed and len(drive.jobs) == 4


def test_stopped_runs_are_missing_and_made_again(drive: Drive, folder: StudyFolder) -> None:
    gate, drivers = threading.Event(), []
    folder.path.mkdir()
    driver = Driver(
        planned(FOUR),
        folder,
        LocalPool(2, lambda job: Scripted(events_of(job), gate)),
        watch=Watch(lambda progress: drivers and progress.points and drivers.pop().cancel()),
    )
    drivers.append(driver)
    found = driver.run()
    assert found.missing == 4 and counts(folder, "started").total() == 2
    again = drive()
    assert not again.missing and len(drive.jobs) == 4
    assert len(list((folder.path / "lost").iterdir())) == 2, "what the stopped ones measured"


def test_after_a_crash_the_logs_count_as_far_as_they_say(drive: Drive, folder: StudyFolder) -> None:
    """The driver died: one run had written its end and the journal not yet, one was in its middle, one line is torn."""
    plan = planned(FOUR)
    folder.path.mkdir()
    with folder.held():
        stages = [run.stages[0] for run in plan.runs]
        for stage in stages[:2]:
            folder.started(stage)
        with LogWriter(folder.log(stages[0]), stages[0].job, origin="study") as log:
            log.write(events_of(stages[0].job))
        with LogWriter(folder.log(stages[1]), stages[1].job, origin="study") as log:
            log.write(events_of(stages[1].job)[:50])
        folder.log(stages[2]).write_bytes(b"")
    with open(folder.path / JOURNAL, "ab") as file:
        file.write(b'{"at":"2026-01-01","event":"ended","key":"')
    found = drive(plan)
    assert [job.task for job in drive.jobs] == [
        replace(stage.job.task, threads=drive.jobs[0].task.threads) for stage in stages[1:]
    ]
    assert not found.missing and [row.attempts for row in found.rows] == [1, 2, 1, 1]
    torn, *rest = [line for line in (folder.path / JOURNAL).read_text().splitlines() if not line.endswith("}")]
    assert torn.endswith('"key":"') and not rest
    lines = [json.loads(line) for line in (folder.path / JOURNAL).read_text().splitlines() if line.endswith("}")]
    assert Counter(each["key"] for each in lines if each["event"] == "ended") == Counter(s.key for s in stages)


def test_one_program_at_a_time(drive: Drive, folder: StudyFolder) -> None:
    with folder.held(), pytest.raises(ValueError, match="Another program is running the study"):
        drive()
    assert not drive().missing


def test_a_process_may_take_its_time_to_go(drive: Drive) -> None:
    class Slow(Scripted):
        def chunks(self) -> Generator[list[Event], None, None]:
            yield from super().chunks()
            time.sleep(0.05)

    assert not drive(executor=LocalPool(1, lambda job: Slow(events_of(job)))).missing


def test_progress_ends_at_its_total(drive: Drive) -> None:
    seen: list[Progress] = []
    drive(replace(FOUR, measure="prove"), watch=Watch(seen.append))
    assert (seen[-1].done, seen[-1].running) == (8, 0) and seen[-1].total == 8
    assert all(a.done <= b.done for a, b in pairwise(seen))
    assert max(each.running for each in seen) == 2


def test_a_full_disk_is_said_and_loses_no_result(drive: Drive, folder: StudyFolder, monkeypatch) -> None:
    def refuse(self: LogWriter) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LogWriter, "_open", refuse)
    said: list[str] = []
    found = drive(watch=Watch(said=said.append))
    assert any("No space left on device" in each for each in said)
    assert any("The study stops, because its runs cannot be saved" in each for each in said)
    assert found.missing == 4 and len(drive.jobs) <= 2, "a run without a log does not count, and no more are made"
    monkeypatch.undo()
    assert not drive().missing and all(row.lr is not None for row in drive().rows)


def test_a_journal_that_is_cut_off_by_a_full_disk(drive: Drive, folder: StudyFolder, monkeypatch) -> None:
    """Half a line is written before the disk is full: the study ends with a sentence, and goes on later."""

    class Full:
        def __init__(self, file) -> None:
            self.file = file

        def write(self, line: bytes) -> int:
            return self.file.write(line if b'"started"' in line else line[:20])

        def tell(self) -> int:
            return self.file.tell()

    usual = StudyFolder._end_torn_line

    def begin(self: StudyFolder) -> None:
        usual(self)
        self._journal = Full(self._journal)

    with monkeypatch.context() as patch:
        patch.setattr(StudyFolder, "_end_torn_line", begin)
        with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\)") as refused:
            drive()
    assert "the same command goes on" in str(refused.value)
    found = drive()
    assert not found.missing and all(row.lr is not None for row in found.rows)
    assert set(counts_of_whole_lines(folder).values()) == {1}


def counts_of_whole_lines(folder: StudyFolder) -> Counter:
    lines = [line for line in (folder.path / JOURNAL).read_text().splitlines() if line.endswith("}")]
    return Counter(each["key"] for each in map(json.loads, lines) if each["event"] == "ended")


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be moved there")
def test_it_ends_where_its_folder_is_gone(drive: Drive, folder: StudyFolder) -> None:
    """Whatever it would go on to measure would be lost."""
    ran: list[Job] = []

    def open_source(job: Job) -> Scripted:
        ran.append(job)
        if len(ran) == 2:
            folder.path.rename(folder.path.with_name("elsewhere"))
        return Scripted(events_of(job))

    with pytest.raises(ValueError, match="was deleted or moved while the study was running"):
        drive(executor=LocalPool(1, open_source))
    assert len(ran) <= 3


def test_a_process_that_the_system_kills_is_replaced(drive: Drive, folder: StudyFolder) -> None:
    times: Counter = Counter()

    def killed(job: Job) -> Scripted:
        times[job.task.batch_size] += 1
        events = events_of(job)
        if job.task.batch_size == 64 and times[64] <= 1:
            return Scripted([*events[:5], EndEvent(EndReason.KILLED, "The system ended the run for its memory.")])
        return Scripted(events)

    said: list[str] = []
    found = drive(executor=LocalPool(1, killed), watch=Watch(said=said.append))
    assert not found.missing and sum(row.attempts for row in found.rows) == 5
    assert said == ["SGD · batch size 64 · seed 0: The system ended the run for its memory. Starting it again."]
    (aside,) = (folder.path / "lost").iterdir()
    assert open_run(aside).record.end.reason == EndReason.KILLED, "what it measured, with one end"


def test_a_run_that_is_always_killed_is_named(drive: Drive) -> None:
    executor = Unreliable(lambda job, times: job.task.batch_size == 64)
    (sentence,) = [each for each in drive(executor=executor).sentences() if "missing" in each]
    assert sentence.startswith(
        "2 of 4 runs are missing; the same command goes on with them. SGD · batch size 64 · seed 0:"
    )
    assert sentence.endswith("Started 3 times in vain.")


def test_a_complete_study_needs_no_cluster(drive: Drive) -> None:
    made: list[LocalPool] = []

    def make() -> LocalPool:
        made.append(LocalPool(2, lambda job: Scripted(events_of(job))))
        return made[-1]

    opened: list[object] = []
    assert not drive(executor=OnDemand(make, opened.append)).missing
    assert opened == made and len(made) == 1
    assert not drive(executor=OnDemand(make, opened.append)).missing
    assert len(made) == 1, "nothing was left to run"


def test_a_study_that_runs_is_not_written_over(drive: Drive, folder: StudyFolder) -> None:
    drive(how=ExecutionSettings())
    before = (folder.path / SPEC).read_bytes()
    with folder.held(), pytest.raises(ValueError, match="Another program is running"):
        drive(replace(FOUR, seeds=(7,)), how=ExecutionSettings())
    assert (folder.path / SPEC).read_bytes() == before
