"""Trainings that wait for their turn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lrgui.core.events import EndEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.runs.job import Job
from lrgui.runs.queue import MOST, EntryState, RunQueue, load_queue, save_queue, train_in_turn, training_jobs
from lrgui.runs.record import Record
from lrgui.tasks.spec import TaskSpec

JOB = Job(task=TaskSpec(seed=7), train=TrainSettings(2, 1e-2))


def test_jobs_differ_in_their_rate_and_their_seed() -> None:
    jobs = training_jobs(JOB, [1e-3, 1e-2, 1e-3], seeds=2)
    assert [(job.train.max_lr, job.task.seed) for job in jobs] == [(1e-3, 7), (1e-3, 8), (1e-2, 7), (1e-2, 8)]
    assert {job.kind for job in jobs} == {"train"}
    assert [job.train.max_lr for job in training_jobs(JOB)] == [1e-2], "its own without others"
    assert training_jobs(replace(JOB, sweep=replace(JOB.sweep, accumulation=4)))[0].train.accumulation == 4


def test_order() -> None:
    queue = RunQueue()
    one, two, three = queue.add(training_jobs(JOB, [1e-3, 1e-2, 1e-1]))
    assert queue.next() is one
    queue.begin(one, Record())
    assert not queue.move(one, 1) and not queue.move(two, -1) and queue.move(three, -1)
    assert queue.entries == [one, three, two] and queue.next() is three and queue.running is one
    queue.remove([one, two])
    assert queue.entries == [one, three], "what trains is not taken out"
    queue.end(one, EndEvent("diverged", "It diverged."))
    assert one.said == "diverged" and queue.ended == [one] and queue.names == ["max LR 1e-3", "max LR 1e-1"]


def test_seeds_of_a_rate_have_its_colour_wherever_they_stand() -> None:
    queue = RunQueue()
    entries = queue.add(training_jobs(JOB, [1e-3, 1e-2], seeds=2))
    assert [entry.place for entry in entries] == [0, 4, 1, 5]
    queue.remove([entries[0]])
    assert [entry.place for entry in queue.entries] == [4, 1, 5], "a colour stays with its training"
    again = queue.add(training_jobs(JOB, [1e-2], seeds=3))
    assert [entry.place for entry in again] == [2, 3, 9], "the same once more is told apart, another seed is not"


def test_several_take_another_place_and_the_others_keep_theirs() -> None:
    queue = RunQueue()
    runs, one, two, three, four = queue.add([JOB] * 5)
    queue.begin(runs, Record())
    assert queue.place([four, two], one) and queue.entries == [runs, two, four, one, three], "in their order"
    assert queue.place([two, runs], None) and queue.entries == [runs, four, one, three, two], "what trains stays"
    assert queue.place([four], runs) and queue.waiting[-1] is four, "what trains is no place to wait in front of"
    before = queue.entries
    assert not queue.place([one, three], one) and not queue.place([], None) and queue.entries == before


def test_names_and_numbers_follow_their_entries() -> None:
    queue = RunQueue()
    one, two, three = queue.add(training_jobs(JOB) * 3)
    names = dict(zip(queue.entries, queue.names, strict=True))
    assert list(names.values()) == ["max LR 1e-2 (1)", "max LR 1e-2 (2)", "max LR 1e-2 (3)"]
    assert queue.move(three, -1) and queue.entries == [one, three, two]
    assert dict(zip(queue.entries, queue.names, strict=True)) == names
    queue.remove([one])
    assert queue.names == [names[three], names[two]]
    [four] = queue.add(training_jobs(JOB))
    assert [entry.number for entry in (three, two, four)] == [2, 1, 0], "what is free is taken again"
    assert RunQueue.from_plain(queue.to_plain()).names[0] == "max LR 1e-2 (1)"


def test_it_is_not_endless() -> None:
    queue = RunQueue()
    assert len(queue.add([JOB] * (MOST + 3))) == MOST and queue.add([JOB]) == []


def test_what_has_not_ended_is_kept(tmp_path: Path) -> None:
    queue = RunQueue()
    one, two, _ = queue.add(training_jobs(JOB, [1e-3, 1e-2, 1e-1]))
    queue.begin(one, Record())
    queue.end(one, EndEvent("completed", ""))
    queue.begin(two, Record())
    assert save_queue(queue, tmp_path / "new" / "queue.json") == ""
    again, problem = load_queue(tmp_path / "new" / "queue.json")
    assert problem == ""
    assert [entry.job for entry in again.entries] == [entry.job for entry in queue.entries[1:]]
    assert {entry.state for entry in again.entries} == {EntryState.WAITING}, "nothing says that it still trains"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"jobs": 3}', '{"jobs": [3, {}, {"kind": "sweep"}, {"kind": "nonsense"}]}']
)
def test_a_file_that_says_anything(tmp_path: Path, text: str) -> None:
    path = tmp_path / "queue.json"
    path.write_text(text)
    queue, problem = load_queue(path)
    assert queue.entries == []
    assert str(path) in problem and "queue.json.damaged" in problem
    assert save_queue(queue, path) == ""
    assert (tmp_path / "queue.json.damaged").read_text() == text
    assert load_queue(path)[1] == ""


def test_trainings_that_can_be_read_stay_beside_those_that_cannot(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    path.write_text(json.dumps({"queue": 1, "jobs": [training_jobs(JOB)[0].to_dict(), 3]}))
    before = path.read_text()
    queue, problem = load_queue(path)
    assert tuple(entry.job for entry in queue.entries) == training_jobs(JOB)
    kept = "what was there is kept as queue.json.damaged"
    assert problem == f"1 training of the queue in {path} could not be read; {kept}."
    assert path.read_text() == (tmp_path / "queue.json.damaged").read_text() == before


def test_scripts_and_sweeps_are_left_out(tmp_path: Path) -> None:
    jobs = [JOB.to_dict(), training_jobs(JOB)[0].to_dict(), Job("train", TaskSpec("script", path="a.py")).to_dict()]
    (tmp_path / "queue.json").write_text(json.dumps({"queue": 1, "jobs": jobs}))
    assert [entry.job for entry in load_queue(tmp_path / "queue.json")[0].entries] == [training_jobs(JOB)[0]]


def test_a_queue_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "could not be saved" in save_queue(RunQueue(), tmp_path / "file" / "queue.json")


def test_in_turn_one_that_fails_does_not_end_the_others_one_that_is_stopped_does() -> None:
    reasons = iter(["failed", "completed", "cancelled", "completed"])
    jobs = training_jobs(JOB, [1e-4, 1e-3, 1e-2, 1e-1])
    queue = train_in_turn(jobs, lambda _job: (Record(), EndEvent(next(reasons), "")))
    assert [entry.said for entry in queue.entries] == ["failed", "finished", "stopped", ""]
    assert len(queue.ended) == 3
    queue = train_in_turn(jobs, lambda _job: (Record(), EndEvent("killed", "")), given_up=lambda: True)
    assert len(queue.ended) == 1, "a second Ctrl+C ends all as well"
