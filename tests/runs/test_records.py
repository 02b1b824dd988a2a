"""Several sweeps of one run, each in a record of its own."""

from __future__ import annotations

from dataclasses import replace

from lrgui.core.curve.own_rate import OwnRate
from lrgui.core.curve.plan import USUAL, Plan
from lrgui.core.events import (
    BatchEvent,
    EndEvent,
    Event,
    OutputEvent,
    ScriptEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.core.run_settings import MOST_PLANNED, SweepSettings
from lrgui.runs.records import Records, own_of, plan_of

TASK = TaskEvent("digits", "", 10, 0, 2, None, "cpu", 1, 4)
DATA = {"epoch_steps": 1.0, "examples": 10, "parameters": 2}


def _sweep(number: int, count: int = 4) -> list[Event]:
    return [BatchEvent(number, i, 10.0 ** (i - 4), 2.0 - 0.1 * i + number, 0.1 * i) for i in range(count)]


def test_one_sweep_is_one_record() -> None:
    records = Records.of([StateEvent("starting"), TASK, *_sweep(0), EndEvent("completed", "All.")])
    assert len(records.all) == 1 and records.first is records.last
    assert records.first.end == EndEvent("completed", "All.") and records.first.task == TASK
    assert [curve.end_reason for curve in records.curves()] == ["completed"]


def test_repeats_know_how_each_ended() -> None:
    events = [
        TASK,
        *_sweep(0),
        SweepEndEvent(0, "diverged", "Too high."),
        *_sweep(1, 3),
        SweepEndEvent(1, "completed", "All."),
        OutputEvent("printed"),
        EndEvent("completed", "2 sweeps."),
    ]
    whole = Records.of(events)
    grown = Records()
    for event in events:
        grown.add([event])
    for records in (whole, grown):
        assert [len(record) for record in records.all] == [4, 3] and len(records) == 7
        assert [curve.end_reason for curve in records.curves()] == ["diverged", "completed"]
        assert [curve.planned_steps for curve in records.curves()] == [4, 4]
        assert records.last.loss.tolist() == [3.0, 2.9, 2.8]
        assert [event.text for event in records.first.output] == ["printed"]
        assert records.first.end == EndEvent("completed", "2 sweeps.")


def test_a_broken_repeat_is_left_out_unless_it_is_the_only_one() -> None:
    end = EndEvent("cancelled", "Stopped.")
    two = Records.of([TASK, *_sweep(0), SweepEndEvent(0, "completed", ""), *_sweep(1, 2), end])
    assert [len(curve) for curve in two.curves()] == [4]
    one = Records.of([TASK, *_sweep(0, 2), end])
    assert [(len(curve), curve.end_reason) for curve in one.curves()] == [(2, "cancelled")]


def test_the_smoothing_is_that_which_is_asked_for() -> None:
    records = Records.of([TASK, *_sweep(0), EndEvent("completed", "")])
    assert records.curves(0.5)[0].beta == 0.5


def test_the_plan_is_what_the_settings_say_else_what_the_schedule_shows() -> None:
    told = replace(TASK, optimizer_family="adam", memory=10.0, schedule="onecycle", schedule_steps=900)
    assert plan_of(SweepSettings(), None) == USUAL
    assert plan_of(SweepSettings(), TASK) == Plan(**DATA)
    assert plan_of(SweepSettings(accumulation=4), TASK).epoch_steps == 0.25
    assert plan_of(SweepSettings(), replace(TASK, train_size=0, batches_per_epoch=0)) == Plan(parameters=2)
    assert plan_of(SweepSettings(), told) == Plan(900, "onecycle", "adam", 10.0, **DATA)
    assert plan_of(SweepSettings(planned_steps=50), told) == Plan(50, "onecycle", "adam", 10.0, **DATA)
    other = SweepSettings(planned_schedule="constant")
    assert plan_of(other, told) == Plan(None, "constant", "adam", 10.0, **DATA), (
        "the length is that of another schedule"
    )
    assert plan_of(SweepSettings(), replace(TASK, optimizer="LBFGS")) == Plan(**DATA, own_steps=True)
    assert plan_of(replace(other, planned_steps=7), None) == Plan(7, "constant")


def test_a_plan_from_a_file_that_says_anything() -> None:
    odd = replace(TASK, optimizer_family="x", memory=float("inf"), schedule="y", schedule_steps=10**400)
    assert plan_of(SweepSettings(), odd) == Plan(MOST_PLANNED, **DATA)
    assert Records.of([odd, *_sweep(0), EndEvent("completed", "")]).read(SweepSettings()).plan == Plan(
        MOST_PLANNED, **DATA
    )


def test_each_sweep_of_several_tasks_has_its_own() -> None:
    adam = replace(TASK, optimizer_family="adam")
    events = [TASK, *_sweep(0), SweepEndEvent(0, "completed", ""), adam, *_sweep(1), SweepEndEvent(1, "completed", "")]
    assert [record.task for record in Records.of(events).all] == [TASK, adam]


def test_the_own_rate_is_the_highest_that_was_seen_of_a_script() -> None:
    task = replace(TASK, own_lr=1e-3, own_chosen=False, optimizer="AdamW")
    facts = ScriptEvent("AdamW", 0, 1, 1, 9, 1, 1e-5, 2e-3, 2e-3)
    default = OwnRate(1e-3, False, "AdamW")
    assert own_of(None, facts) is None and own_of(TASK) is None
    assert own_of(task) == own_of(task, facts) == own_of(task, replace(facts, peak_lr=float("nan"))) == default
    assert own_of(task, replace(facts, peak_lr=1e-3)) == default
    assert own_of(task, replace(facts, peak_lr=2e-3, rising=True)) == OwnRate(2e-3, True, "AdamW", so_far=True)


def test_a_length_in_epochs_becomes_steps_once_the_data_is_there() -> None:
    known = replace(TASK, batches_per_epoch=22)
    planned = plan_of(SweepSettings(planned_epochs=12), known)
    assert (planned.steps, planned.planned_epochs, planned.words) == (264, 12, "OneCycle · 12 epochs (264 steps)")
    halved = plan_of(SweepSettings(planned_epochs=3, accumulation=4), known)
    assert halved.steps == 18, "the last step of an epoch takes what is left"
    unknown = plan_of(SweepSettings(planned_epochs=1), replace(TASK, batches_per_epoch=0))
    assert unknown.steps is None and unknown.words == "OneCycle · 1 epoch (up to 300 steps)"
    assert plan_of(SweepSettings(planned_epochs=12), None).planned_epochs == 12


def test_a_length_that_nobody_chose_gives_way_to_the_schedules() -> None:
    known = replace(TASK, batches_per_epoch=22, schedule="onecycle", schedule_steps=5000)
    assert plan_of(SweepSettings(planned_epochs=12), known).steps == 264
    followed = plan_of(SweepSettings(planned_epochs=12, length_usual=True), known)
    assert (followed.steps, followed.planned_epochs) == (5000, None)
