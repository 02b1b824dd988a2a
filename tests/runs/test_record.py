from __future__ import annotations

import math

import numpy as np
import pytest

from lrgui.core.events import (
    BatchEvent,
    EndEvent,
    EpochEvent,
    Event,
    OutputEvent,
    RateEvent,
    ResumeEvent,
    StateEvent,
    SweepEndEvent,
    TaskEvent,
)
from lrgui.runs.record import MOST_OUTPUT, Record

TASK = TaskEvent("digits", "", 10, 5, 100, 10, "cpu", 2, 200)


def batch(step: int, loss: float = 1.0, sweep: int = 0) -> BatchEvent:
    return BatchEvent(sweep, step, 1e-6 * (step + 1), loss, step / 100)


def test_arrays_grow_and_views_stay_as_they_were() -> None:
    record = Record()
    record.add([batch(step, step) for step in range(100)])
    before = record.loss
    record.add([batch(step, step) for step in range(100, 3000)])
    assert len(record) == 3000 and len(before) == 100
    np.testing.assert_array_equal(record.loss, np.arange(3000))
    np.testing.assert_array_equal(record.steps, np.arange(3000))
    np.testing.assert_allclose(record.lr, 1e-6 * np.arange(1, 3001))
    np.testing.assert_allclose(record.seconds, np.arange(3000) / 100)
    np.testing.assert_array_equal(before, np.arange(100))
    with pytest.raises(ValueError):
        record.loss[0] = 5


def test_only_the_sweep_asked_for_is_collected() -> None:
    events: list[Event] = [batch(step, 10 * sweep, sweep) for sweep in (0, 1) for step in range(5)]
    assert Record.of(events, sweep=1).loss.tolist() == [10] * 5
    assert Record.of(events, sweep=2).loss.tolist() == []


def test_states_epochs_and_end_are_kept() -> None:
    epoch = EpochEvent(1, 0.5, 0.4, 0.8, 0.9, 1e-3, 1.0)
    end = EndEvent("cancelled", "Stopped.")
    record = Record()
    assert record.state == "starting" and record.end is None and len(record.curve()) == 0
    record.add([TASK, StateEvent("running"), batch(0), epoch, StateEvent("paused", "by you")])
    assert (record.task, record.state, record.state_detail) == (TASK, "paused", "by you")
    record.add([end])
    assert record.epochs == [epoch] and record.end == end


def test_the_curve_has_the_plan_and_ends_before_what_is_not_finite() -> None:
    losses = [2.0, 1.0, float("nan"), 5.0]
    record = Record.of([TASK, *(batch(step, loss) for step, loss in enumerate(losses))])
    curve = record.curve(beta=0.9)
    assert (curve.planned_steps, curve.beta, curve.end_reason, curve.dropped) == (200, 0.9, None, 2)
    assert curve.loss.tolist() == [2.0, 1.0]
    assert np.isnan(record.loss[2])
    record.add([EndEvent("not_finite", "NaN")])
    assert record.curve().end_reason == "not_finite"


def test_the_curve_knows_what_guessing_costs_in_its_sweep() -> None:
    record = Record()
    record.add([batch(0)])
    assert record.curve().guessing is None
    record.add([SweepEndEvent(0, "completed", "", 0.7), SweepEndEvent(1, "completed", "", 0.8)])
    record.add([EndEvent("completed", "")])
    assert record.curve().guessing == 0.7
    assert Record.of([EndEvent("completed", "", math.nan)]).curve().guessing is None


def test_printed_text_is_kept_up_to_a_limit() -> None:
    record = Record.of([OutputEvent(str(number) * 1000) for number in range(10)] * 200)
    assert sum(len(event.text) for event in record.output) <= MOST_OUTPUT
    assert record.output[-1].text.startswith("9")


def test_a_loss_that_cannot_be_drawn_is_infinite() -> None:
    record = Record.of(
        [BatchEvent(0, step, 0.1, loss, 0.0) for step, loss in enumerate((1e300, -1e300, 1e149, np.nan))]
    )
    np.testing.assert_equal(record.loss, [np.inf, -np.inf, 1e149, np.nan])


def test_steps_that_were_taken_back_are_made_again() -> None:
    record = Record()
    assert record.all_steps == 0
    record.add([TASK, RateEvent(20, 0.5, 0.5, 1e-3, "by hand")])
    assert record.all_steps == 200
    record.add([RateEvent(60, 0.1, 0.05, 1e-4, "back to the end of epoch 2", 40)])
    assert record.all_steps == 220
    record.add([RateEvent(70, 0.1, 0.005, 1e-5, "back to the end of epoch 2", 40), RateEvent(80, 2.0, 0.01, 1e-5, "")])
    assert record.all_steps == 230, "the second time 10 more were made since"
    record.add([ResumeEvent(90, 4, 230, 9.0)])
    assert record.task is not None and (record.task.steps, record.all_steps) == (200, 230)
    record.add([ResumeEvent(230, 20, 330, 20.0, begun=230)])  # 100 steps more, on a schedule of their own
    assert record.task.steps == record.all_steps == 330
    record.add([RateEvent(250, 0.1, 0.1, 1e-4, "back to the end of epoch 21", 205)])
    assert record.all_steps == 330 + 250 - 205 - 30


def test_an_epoch_counts_once_where_its_last_step_was_kept_before_its_end() -> None:
    """Both have the same next step, and on a coarse clock the same time."""
    batches = [BatchEvent(0, step, 0.1, 1.0, 0.5) for step in range(20)]
    epochs = [EpochEvent(number, 1.0, None, None, None, 0.1, 0.5) for number in (1, 2)]
    measured = [*batches[:10], epochs[0], *batches[10:], epochs[1]]
    for kept, over in ((ResumeEvent(20, 1, 40, 0.5), [1]), (ResumeEvent(20, 2, 40, 0.5), [1, 2])):
        record = Record.of([*measured, kept])
        assert [epoch.epoch for epoch in record.epochs] == over
        assert record.epoch_steps == [10, 20][: len(over)]
    record = Record.of([*measured, ResumeEvent(12, 1, 40, 0.3), *batches[12:], epochs[1]])
    assert [epoch.epoch for epoch in record.epochs] == [1, 2] and record.epoch_steps == [10, 20]
    again = [BatchEvent(0, step, 0.01, 1.0, 0.9) for step in range(20, 30)]
    record = Record.of([*measured, *again, epochs[1], ResumeEvent(30, 1, 50, 0.9)])
    assert record.epoch_steps == [10, 20], "the first try of an epoch that was gone back from was over long before"


def test_a_change_of_the_rate_that_the_checkpoint_does_not_have_counts_no_more() -> None:
    changes = [RateEvent(3, 0.5, 0.5, 1e-3, "by hand"), RateEvent(8, 0.5, 0.25, 5e-4, "by hand")]
    for factor, left in ((0.5, changes[:1]), (0.25, changes), (None, changes)):
        record = Record.of([TASK, *changes, ResumeEvent(8, 0, 100, 1.0, factor=factor)])
        assert record.rate_changes == left and record.rate_factor == left[-1].total
