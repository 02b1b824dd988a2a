"""Several sweeps one after the other as one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scripted import Scripted

from lrgui.core.events import BatchEvent, EndEvent, Event, OutputEvent, StateEvent, SweepEndEvent
from lrgui.runs.in_process import InProcess
from lrgui.runs.job import Job
from lrgui.runs.log import read_log
from lrgui.runs.records import Records
from lrgui.runs.sequential import InTurn, compared_so_far, jobs_to_compare

JOB = Job(sweep=replace(Job().sweep, steps=12, repeats=3, stop_factor=0.0))


def _told(reason: str, said: Sequence[OutputEvent] = ()) -> Scripted:
    points = [BatchEvent(0, i, 10.0 ** (i - 4), 2.0 - 0.3 * i, 0.1 * i) for i in range(4)]
    events = [StateEvent("running"), *said, *points, EndEvent(reason, "Its words.")]
    return Scripted([[event] for event in events])


def test_jobs_differ_in_their_optimizer_alone() -> None:
    jobs = jobs_to_compare(JOB, ["sgd", "adam", "sgd"])
    assert [job.task.optimizer for job in jobs] == ["sgd", "adam"]
    assert all(replace(job.task, optimizer="sgd") == JOB.task for job in jobs)
    assert {job.sweep.repeats for job in jobs} == {1}
    assert [job.task.optimizer_words for job in jobs] == ["SGD, momentum 0.9", "Adam"]


def test_real_sweeps_start_from_the_same_weights(own_folders: Path) -> None:
    jobs = jobs_to_compare(JOB, ["sgd", "adam"])
    turn = InTurn(jobs, InProcess, origin="test")
    events = [event for chunk in turn.chunks() for event in chunk]
    assert [type(event) for event in events if isinstance(event, EndEvent)] == [EndEvent]
    assert events[-1] == EndEvent("completed", "2 optimizers were swept on the same task.")
    records = Records.of(events)
    assert [len(record) for record in records.all] == [12, 12]
    assert records.all[0].loss[0] == records.all[1].loss[0]  # the same batch, the same weights
    assert [each.key for each in compared_so_far(records, jobs)] == ["sgd", "adam"]
    logs = [read_log(path) for path in sorted((own_folders / "runs").glob("*.lrrun"))]
    assert sorted(log.job.task.optimizer for log in logs) == ["adam", "sgd"] and turn.problem is None
    assert all(isinstance(log.events[-1], EndEvent) and log.origin == "test" for log in logs)
    assert all(event.sweep == 0 for log in logs for event in log.events if isinstance(event, BatchEvent))


def test_a_failure_ends_the_run_and_names_the_optimizer() -> None:
    sources = [_told("diverged"), _told("failed"), _told("completed")]
    jobs = jobs_to_compare(JOB, ["sgd", "adam", "adamw"])
    turn = InTurn(jobs, lambda job: sources[jobs.index(job)])
    events = [event for chunk in turn.chunks() for event in chunk]
    assert [event.sweep for event in events if isinstance(event, SweepEndEvent)] == [0]
    assert events[-1] == EndEvent("failed", "Adam: Its words.")
    assert [each.key for each in compared_so_far(Records.of(events), jobs)] == ["sgd"]


def test_what_every_sweep_says_of_the_data_is_told_once(own_folders: Path) -> None:
    jobs = jobs_to_compare(JOB, ["sgd", "adam"])
    same, printed = OutputEvent("The target is numeric.", "note"), OutputEvent("printed")
    own = [OutputEvent(f"{name} rests.", "note") for name in ("SGD", "Adam")]
    sources = [_told("completed", [same, printed, each, same]) for each in own]
    turn = InTurn(jobs, lambda job: sources[jobs.index(job)], origin="test")
    told = [event for chunk in turn.chunks() for event in chunk if isinstance(event, OutputEvent)]
    assert told == [same, printed, own[0], same, printed, own[1]]
    logs = [read_log(path) for path in (own_folders / "runs").glob("*.lrrun")]
    assert [sum(event == same for event in log.events) for log in logs] == [2, 2], "each log is whole"


def test_cancelled_between_two_sweeps_no_further_one_starts() -> None:
    sources = [_told("completed"), _told("completed")]
    jobs = jobs_to_compare(JOB, ["sgd", "adam"])
    turn = InTurn(jobs, lambda job: sources[jobs.index(job)])
    events: list[Event] = []
    for chunk in turn.chunks():
        events += chunk
        if isinstance(chunk[-1], SweepEndEvent):
            turn.cancel()
    assert events[-1] == EndEvent("cancelled", "Stopped; everything measured so far is kept.")
    assert sources[1].asked == ["kill"]  # made already, never read
    assert {event.sweep for event in events if isinstance(event, BatchEvent)} == {0}


def test_requests_reach_the_sweep_that_goes_on() -> None:
    sources = [_told("completed"), _told("completed")]
    jobs = jobs_to_compare(JOB, ["sgd", "adam"])
    turn = InTurn(jobs, lambda job: sources[jobs.index(job)])
    chunks = turn.chunks()
    next(chunks)
    turn.pause()
    assert sources[0].asked == ["pause"]
    for chunk in chunks:
        if isinstance(chunk[-1], BatchEvent) and chunk[-1].sweep == 1:
            break
    assert sources[1].asked == ["pause"]  # the pause holds for the next one too
    turn.resume()
    turn.kill()
    assert sources[1].asked == ["pause", "resume", "kill"]
    list(chunks)


def test_the_next_sweeps_process_is_readied_while_one_goes_on() -> None:
    jobs, seen = jobs_to_compare(JOB, ["sgd", "adam", "adamw"]), list[str]()
    told = iter(["sgd", "adam", "adamw"])

    def opened(_job: Job) -> Scripted:
        seen.append(next(told))
        return _told("completed")

    for _events in InTurn(jobs, opened, ready=lambda: seen.append("ready")).chunks():
        pass
    assert seen == ["sgd", "ready", "adam", "ready", "adamw"]
