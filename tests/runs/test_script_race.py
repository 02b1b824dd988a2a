"""A race of a script: one process per rate, judged by its losses or by what it prints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrgui.core.events import (
    BatchEvent,
    CandidateEvent,
    EndEvent,
    EndReason,
    Event,
    OutputEvent,
    ScriptEvent,
    StandingEvent,
    TaskEvent,
    UntrainedEvent,
)
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Standings
from lrgui.runs.job import Job, switched
from lrgui.runs.launch import ChildProcess
from lrgui.runs.race_record import RaceRecord
from lrgui.runs.script_race import Heard, PrintedMetric, ScriptRace
from lrgui.runs.script_source import script_source
from lrgui.tasks.user.rows import SCRIPT

pytestmark = pytest.mark.usefixtures("warm_processes")

Program = Callable[[float], tuple[list[float], EndEvent, str]]

DONE = EndEvent(EndReason.COMPLETED, "")


def task_event(own: float = 1e-2) -> TaskEvent:
    return TaskEvent("train.py · SGD", "", 0, 0, 5, None, "cpu", 0, 8, own_lr=own)


class Process:
    """Stands for the process of one training."""

    def __init__(self, job: Job, heard: Heard, program: Program, reached: float | None) -> None:
        self.job, self._heard, self._program, self._reached = job, heard, program, reached

    def chunks(self) -> Iterator[list[Event]]:
        lr, own = self.job.race.around, self.job.race.own_lr or 1e-2
        losses, end, printed = self._program(lr)
        yield [task_event()]
        for step, loss in enumerate(losses):
            yield [BatchEvent(0, step, lr, loss, 0.1 * step)]
        self._heard(printed.encode())
        highest = own if self._reached is None else self._reached
        yield [ScriptEvent("SGD", 0, 1, 1, len(losses), 1, own, own, highest), end]

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def cancel(self) -> None: ...
    def kill(self) -> None: ...


class Raced:
    """What a race of such processes said."""

    def __init__(self, program: Program, reached: float | None = None, **settings: Any) -> None:
        config = RaceSettings(**{"around": 1e-2, "steps": 10, **settings})
        job = replace(switched(Job(), SCRIPT, "train.py"), kind="race", race=config)
        self.jobs: list[Job] = []

        def start(one: Job, heard: Heard) -> Any:
            self.jobs.append(one)
            return Process(one, heard, program, reached)

        self.race = ScriptRace(job, start)
        self.events = [event for chunk in self.race.chunks() for event in chunk]
        self.standings = Standings(config)
        self.standings.add(self.events)

    @property
    def end(self) -> EndEvent:
        assert isinstance(self.events[-1], EndEvent)
        return self.events[-1]

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def bowl(lr: float, steps: int = 10) -> list[float]:
    """Losses that fall to the lower, the closer the rate is to 1e-2; none at a rate of 0."""
    if lr == 0:
        return [2.0] * 2
    low = 0.5 + abs(math.log10(lr / 1e-2))
    return [2.0 - (2.0 - low) * step / (steps - 1) for step in range(steps)]


def test_it_brackets_the_best_rate() -> None:
    raced = Raced(lambda lr: (bowl(lr), DONE, ""))
    assert [job.race.around for job in raced.jobs] == pytest.approx([0, 1e-2, 1e-2 / 10**0.375, 1e-2 * 10**0.375])
    assert [job.race.steps for job in raced.jobs] == [2, 10, 10, 10]
    assert [job.race.own_lr for job in raced.jobs] == [None, 1e-2, 1e-2, 1e-2]
    assert [event.loss for event in raced.of(UntrainedEvent)] == [2.0]
    assert len(raced.of(CandidateEvent)) == 30
    assert raced.of(TaskEvent) == [replace(task_event(), steps=50)]
    ranking = raced.standings.ranking()
    assert ranking.rows[0].lr == pytest.approx(1e-2)
    assert ranking.rows[0].loss == pytest.approx(sum(bowl(1e-2)[-2:]) / 2)
    assert raced.end == EndEvent(EndReason.COMPLETED, ranking.reason)
    record = RaceRecord(raced.race._config)
    record.add(raced.events)
    assert [leg.count for leg in record.legs] == [10, 10, 10]
    assert (record.seconds[1:] >= record.seconds[:-1]).all()
    assert record.script is not None


def test_by_a_metric_that_it_prints() -> None:
    def program(lr: float) -> tuple[list[float], EndEvent, str]:
        return bowl(lr), DONE, f"acc: 0.1\nacc: {0.9 - abs(math.log10(lr / 1e-2)):.6f}\n"

    raced = Raced(program, metric="acc: ([0-9.]+)", judge="metric")
    assert [job.race.around for job in raced.jobs] == pytest.approx([1e-2, 1e-2 / 10**0.375, 1e-2 * 10**0.375])
    assert not raced.of(UntrainedEvent)
    standing = raced.of(StandingEvent)[0]
    assert standing.metric == 0.9 and standing.loss == pytest.approx(sum(bowl(1e-2)[-2:]) / 2)
    assert raced.of(TaskEvent)[0].metric_name == "acc"
    assert "1e-2 trained best (acc 90.0 %): confirmed." in raced.end.detail


def test_a_metric_that_never_comes() -> None:
    raced = Raced(lambda lr: (bowl(lr), DONE, "loss 3"), metric="acc: ([0-9.]+)")
    assert raced.end.reason == EndReason.DATA_ENDED, "nothing failed: there is no answer"
    assert raced.standings.ranking().lr is None
    assert "printed nothing like “acc: ([0-9.]+)” in 10 steps" in raced.end.detail


def test_a_training_that_breaks_or_crashes_counts_as_diverged() -> None:
    def program(lr: float) -> tuple[list[float], EndEvent, str]:
        if lr > 2e-2:
            return bowl(lr, 5), EndEvent(EndReason.FAILED, "train.py, line 3: ValueError"), ""
        if 0 < lr < 8e-3:
            return bowl(lr, 5), EndEvent(EndReason.DIVERGED, ""), ""
        return bowl(lr), DONE, ""

    raced = Raced(program)
    assert [event.loss for event in raced.of(StandingEvent)[:3]] == [pytest.approx(0.5, abs=0.2), math.inf, math.inf]
    assert raced.end.reason == EndReason.COMPLETED
    assert any("2.4e-2 counts as diverged: train.py, line 3" in event.text for event in raced.of(OutputEvent))


def test_where_all_crash_the_crash_is_said() -> None:
    def program(lr: float) -> tuple[list[float], EndEvent, str]:
        return bowl(lr)[:2], DONE if lr == 0 else EndEvent(EndReason.FAILED, "train.py, line 3: KeyError"), ""

    assert Raced(program).end == EndEvent(EndReason.FAILED, "train.py, line 3: KeyError")


@pytest.mark.parametrize(
    ("losses", "reason", "words"),
    [
        ([], EndReason.FAILED, "no file"),
        ([math.nan], EndReason.NOT_FINITE, "before anything is trained"),
        ([1.0], EndReason.CANCELLED, "Stopped after 0 of 50 steps"),
    ],
)
def test_a_script_that_cannot_begin(losses: list[float], reason: EndReason, words: str) -> None:
    raced = Raced(lambda lr: (losses, EndEvent(reason, "no file"), ""))
    assert len(raced.jobs) == 1
    assert raced.end.reason == (reason if reason == EndReason.CANCELLED else EndReason.FAILED)
    assert words in raced.end.detail


@pytest.mark.parametrize("reached", [0.0, 2e-2])
def test_where_a_schedule_does_not_get_as_far_there_is_no_answer(reached: float) -> None:
    raced = Raced(lambda lr: (bowl(lr), DONE, ""), own_lr=0.1, reached=reached)
    assert raced.end.reason == EndReason.DATA_ENDED, "nothing failed: there is no answer"
    assert raced.standings.ranking().lr is None
    assert len(raced.jobs) == 2, "the other trainings would not reach theirs either"
    assert f"went only up to {'2e-2' if reached else 0} in these 10 steps, of 1e-1" in raced.end.detail
    assert "(--verify-steps)" in raced.end.detail


@pytest.mark.parametrize("end", [EndEvent(EndReason.DATA_ENDED, ""), EndEvent(EndReason.DIVERGED, "")])
def test_a_script_that_ends_by_itself_reached_all_that_it_does(end: EndEvent) -> None:
    raced = Raced(lambda lr: (bowl(lr), end if lr > 1e-2 else EndEvent(EndReason.DATA_ENDED, ""), ""), reached=5e-3)
    assert raced.end.reason == EndReason.COMPLETED
    assert raced.standings.ranking().lr is not None


def test_a_schedule_that_goes_higher_is_told_of() -> None:
    raced = Raced(lambda lr: (bowl(lr), DONE, ""), own_lr=1e-2, reached=2e-2)
    (note,) = raced.of(OutputEvent)
    assert note.text == "The script's own rate went up to 2e-2 in these 10 steps: the rates raced stand for 1e-2 of it."
    assert raced.end.reason == EndReason.COMPLETED


@pytest.mark.parametrize(
    ("pattern", "printed", "value"),
    [
        ("val: ([0-9.]+)", [b"val: 1.5\nval: 2.", b"5\n"], 2.5),
        ("val: ([0-9.]+)", [b"val: 1.5\rval: 3.5"], 3.5),
        ("val: ([0-9.]+)", [b"\x1b[1mval\x1b[0m: 7\n"], 7.0),
        (r"(\d+)$", [b"epoch 4 acc 12\nend"], 12.0),
        ("val: (.*)", [b"val: 3\nval: none\n"], 3.0),
        ("val: (.*)", [b"loss: 3\n"], None),
        ("val: (.*)", [b"val: nan"], math.nan),
    ],
)
def test_the_last_number_of_a_form(pattern: str, printed: list[bytes], value: float | None) -> None:
    metric = PrintedMetric(pattern)
    for data in printed:
        metric.feed(data)
    metric.end()
    assert metric.value == pytest.approx(value, nan_ok=True)


def test_names_of_metrics() -> None:
    names = {"val_loss: ([0-9.]+)": "val_loss", "^top 1=(.*)": "top 1", "(.*)%": "metric", "": ""}
    assert {pattern: RaceSettings(metric=pattern).metric_name for pattern in names} == names
    (problem,) = RaceSettings(metric="acc: (").validate()
    assert problem.field == "metric"
    assert "cannot be read" in problem.what
    (problem,) = RaceSettings(metric="val_acc").validate()
    assert str(problem).endswith("Put the number in parentheses, such as 'val_loss: ([0-9.]+)'.")


def test_each_training_is_the_program_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "train.py"
    file.write_text(
        "import torch\ntorch.manual_seed(0)\ntorch.set_num_threads(1)\nx = torch.randn(64, 4)\n"
        "model = torch.nn.Linear(4, 1)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
        "for step in range(9):\n    optimizer.zero_grad()\n    loss = (model(x) - x.sum(1, True)).square().mean()\n"
        "    loss.backward()\n    optimizer.step()\n    print('val', loss.item())\n"
    )
    config = RaceSettings(around=0.05, steps=8, metric="val (.*)", trainings=3)
    job = replace(switched(Job(), SCRIPT, str(file)), kind="race", race=config)
    assert isinstance(script_source(replace(job, kind="sweep")), ChildProcess)
    events = [event for chunk in script_source(job).chunks() for event in chunk]
    assert events[-1].reason == EndReason.COMPLETED, events[-1]  # type: ignore[union-attr]
    standings = Standings(config)
    standings.add(events)
    rows = standings.ranking().rows
    assert len(rows) == 3
    assert all(row.score == row.metric for row in rows)
    firsts = [event.loss for event in events if isinstance(event, CandidateEvent) and event.step == 0]
    assert firsts == [firsts[0]] * 3


def test_a_race_that_is_stopped_while_a_program_starts_does_not_wait_for_it() -> None:
    killed: list[str] = []

    class Starting(Process):
        def chunks(self) -> Iterator[list[Event]]:
            raise AssertionError("nothing is read of it")

        def kill(self) -> None:
            killed.append("it")

    def start(one: Job, heard: Heard) -> Any:
        race.cancel()  # from the window's thread, before there is a process to tell
        return Starting(one, heard, lambda lr: ([], EndEvent(EndReason.COMPLETED, ""), ""), None)

    race = ScriptRace(replace(switched(Job(), SCRIPT, "train.py"), kind="race"), start)
    (end,) = [event for chunk in race.chunks() for event in chunk]
    assert isinstance(end, EndEvent) and end.reason == EndReason.CANCELLED and killed == ["it"]
