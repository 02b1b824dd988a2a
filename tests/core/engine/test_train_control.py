"""A training whose rate is changed, that stops after its epoch, goes back to a good state, or stops early."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.guards import LOOK_EACH, Guards
from lrgui.core.engine.live_rate import LiveRate
from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.train import train
from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event, GradientEvent, OutputEvent, RateEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr
from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec

BATCHES = 12


class Setup:
    """A small network, its data, and a training of them."""

    def __init__(self, **settings: Any) -> None:
        torch.manual_seed(0)
        target = torch.randint(0, 3, (BATCHES * 16,))
        inputs = torch.randn(3, 6)[target] + 0.5 * torch.randn(len(target), 6)
        self.data = list(zip(inputs.split(16), target.split(16), strict=True))
        self.model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3))
        groups = [{"params": self.model[0].parameters(), "lr": 0.1}, {"params": self.model[2].parameters(), "lr": 0.05}]
        self.optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
        self.control = Control()
        self.config = TrainSettings(**{"epochs": 4, "max_lr": 0.05, **settings})
        self.criterion: Callable[..., torch.Tensor] = nn.functional.cross_entropy

    def events(self, validation: Any = None) -> Iterator[Event]:
        objective = Supervised(lambda output, target: self.criterion(output, target))
        return train(self.model, self.data, self.optimizer, objective, self.config, self.control, validation=validation)


def rates(events: list[Event]) -> list[float]:
    return [event.lr for event in events if isinstance(event, BatchEvent)]


def test_a_factor_multiplies_every_rate_of_the_schedule_from_the_next_step_on() -> None:
    setup, events, ratios = Setup(), [], []
    for event in setup.events():
        events.append(event)
        if isinstance(event, BatchEvent):
            ratios.append(setup.optimizer.param_groups[1]["lr"] / setup.optimizer.param_groups[0]["lr"])
        if isinstance(event, BatchEvent) and event.step in (9, 29):
            setup.control.multiply_rate(0.5 if event.step == 9 else 4.0)
    plan = planned_lr(TrainSettings(max_lr=0.05), 48, 48)
    expected = plan.copy()
    expected[10:30] *= 0.5
    expected[30:] *= 2.0
    assert rates(events) == pytest.approx(expected.tolist(), rel=1e-12)
    assert ratios == pytest.approx([0.5] * 48)
    changes = [event for event in events if isinstance(event, RateEvent)]
    assert [(c.step, c.factor, c.total, c.why) for c in changes] == [(10, 0.5, 0.5, "by hand"), (30, 4, 2, "by hand")]
    assert changes[0].lr == pytest.approx(plan[10] / 2)
    assert "max LR 5e-2 (×2 by the end); best loss" in events[-1].detail, "the planned rate alone is not true"


def test_without_a_request_the_rates_are_those_of_the_schedule_to_the_last_bit() -> None:
    once, other = Setup(), Setup()
    events = list(once.events())
    other.control.multiply_rate(1.0)
    assert rates(events) == rates(list(other.events()))
    assert not any(isinstance(event, RateEvent) for event in events)


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf, 1e9])
def test_what_is_no_factor_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="A factor of the learning rate"):
        Control().multiply_rate(factor)


def test_requests_in_words() -> None:
    control = Control()
    assert control.obey("rate 0.25\n") and control.obey(" finish ") and control.obey("pause")
    assert control.take_factor() == 0.25 and control.take_factor() is None
    assert control.finishing and control.paused
    assert not any(control.obey(words) for words in ("rate", "rate x", "rate -1", "finish now", "", "quit"))


def test_it_stops_after_the_epoch_that_is_under_way() -> None:
    setup, events = Setup(), []
    for event in setup.events():
        events.append(event)
        if isinstance(event, BatchEvent) and event.step == 14:
            setup.control.finish()
    assert [e.epoch for e in events if isinstance(e, EpochEvent)] == [1, 2]
    end = events[-1]
    assert isinstance(end, EndEvent)
    assert (end.reason, end.detail[:33]) == ("cancelled", "Stopped after epoch 2 of 4, as as")


def test_gradients_are_told_every_few_steps_of_all_and_of_each_group() -> None:
    setup, told = Setup(clip_grad_norm=1e-3), []
    for event in setup.events():
        if isinstance(event, GradientEvent):
            told.append(event)
            assert event.groups is not None
            assert event.norm == pytest.approx(math.hypot(*event.groups.values()))
    assert [event.step for event in told] == list(range(0, 48, LOOK_EACH))
    assert told[0].norm > 0.05  # before it was clipped


@pytest.mark.parametrize(
    ("total", "steps"),
    [(200, [*range(0, 100, 10), 100, 125, 150, 175]), (200_000, [*range(0, 100, 10), 100])],
)
def test_gradients_are_looked_at_more_often_at_the_start(total: int, steps: list[int]) -> None:
    setup = Setup()
    guards = Guards(setup.model, setup.optimizer, setup.config, LiveRate(setup.optimizer))
    guards.begin(total, Schedule(setup.optimizer, setup.config, total), None, None, None)
    assert [step for step in range(200) if guards.looks(step)] == steps


class Breaks:
    """A criterion whose loss is NaN in some of its calls."""

    def __init__(self, *calls: int) -> None:
        self.calls, self.made = calls, -1

    def __call__(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        self.made += 1
        loss = nn.functional.cross_entropy(output, target)
        return loss * math.nan if self.made in self.calls else loss


def test_it_goes_back_to_the_end_of_the_last_epoch_at_a_tenth_of_the_rate() -> None:
    setup, states = Setup(recover=True), {}
    setup.criterion = Breaks(29)
    events = []
    for event in setup.events():
        events.append(event)
        if isinstance(event, BatchEvent):
            states[event.step] = [p.detach().clone() for p in setup.model.parameters()]
    end, plan = events[-1], planned_lr(TrainSettings(max_lr=0.05), 48, 48)
    assert isinstance(end, EndEvent) and end.reason == "completed"
    assert [e.step for e in events if isinstance(e, BatchEvent)] == list(range(48 + 6))
    assert rates(events) == pytest.approx([*plan[:30], *(plan[24:] / 10)], rel=1e-12)
    (change,) = [event for event in events if isinstance(event, RateEvent)]
    assert (change.step, change.total, change.why, change.back_to) == (30, 0.1, "back to the end of epoch 2", 24)
    assert change.factor == pytest.approx(0.1)
    assert all(torch.equal(a, b) for a, b in zip(states[24], states[30], strict=True))
    assert [e.epoch for e in events if isinstance(e, EpochEvent)] == [1, 2, 3, 4]
    (note,) = [event.text for event in events if isinstance(event, OutputEvent)]
    assert note == "Training diverged: the loss became NaN. Back at the end of epoch 2, LR ×0.1."


def test_it_goes_back_twice_at_most_each_time_lower() -> None:
    setup = Setup(recover=True)
    setup.criterion = Breaks(3, 10, 17, 18)  # and no call at the first weights, which would be the batch's fault
    events = list(setup.events())
    changes = [event for event in events if isinstance(event, RateEvent)]
    assert [c.total for c in changes] == pytest.approx([0.1, 0.01])
    assert [c.back_to for c in changes] == [0, 0]


@pytest.mark.parametrize("recover", [False, True])
def test_without_it_or_after_two_times_the_training_ends(recover: bool) -> None:
    setup = Setup(recover=recover)

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        worn = setup.optimizer.state_dict()["state"]  # after a step
        return nn.functional.cross_entropy(output, target) * (math.nan if worn else 1.0)

    setup.criterion = criterion
    events = list(setup.events())
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "not_finite"
    assert sum(isinstance(event, RateEvent) for event in events) == (2 if recover else 0)
    assert ("It went back 2 times before." in end.detail) == recover


class Falls:
    """Validation losses as they are told, in the order of the epochs."""

    def __init__(self, setup: Setup, losses: list[float]) -> None:
        self.losses = iter(losses)
        usual = setup.criterion
        model = setup.model

        def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return usual(output, target) if model.training else torch.tensor(next(self.losses))

        setup.criterion = criterion


def test_it_stops_early_and_restores_the_best_weights() -> None:
    setup, states, events = Setup(epochs=9, patience=2), {}, []
    Falls(setup, [1.0, 0.5, 0.6, 0.5, 9.0])
    for event in setup.events(validation=setup.data[:1]):
        events.append(event)
        if isinstance(event, EpochEvent):
            states[event.epoch] = [p.detach().clone() for p in setup.model.parameters()]
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "completed"
    assert end.detail == (
        "Stopped early, after epoch 4 of 9: for 2 epochs no validation loss was below that of epoch 2 (0.500). "
        "The weights are those of epoch 2, the best one."
    )
    assert all(torch.equal(a, b) for a, b in zip(setup.model.parameters(), states[2], strict=True))
    assert not torch.equal(states[2][0], states[4][0])


def test_a_validation_loss_that_rises_is_said_once() -> None:
    setup = Setup(epochs=7)
    Falls(setup, [1.0, 0.2, 0.21, 0.25, 0.3, 0.4, 0.5])
    notes = [e.text for e in setup.events(validation=setup.data[:1]) if isinstance(e, OutputEvent)]
    assert len(notes) == 1
    assert notes[0].startswith("The validation loss has risen for 3 epochs, from 0.200 in epoch 2 to 0.300. ")


def test_a_validation_loss_that_jumps_about_or_rises_by_little_is_not_said_to_rise() -> None:
    for losses in ([1.0, 0.5, 0.7, 0.6, 0.8, 0.55, 0.7], [1.0, 0.2, 0.201, 0.202, 0.203, 0.204, 0.205]):
        setup = Setup(epochs=7)
        Falls(setup, losses)
        assert not any(isinstance(event, OutputEvent) for event in setup.events(validation=setup.data[:1]))


def test_a_network_that_is_dying_is_no_state_to_go_back_to() -> None:
    """At so high a rate it dies within the first epoch: that epoch's end is not good, the first weights are."""
    task = build_task(TaskSpec(device="cpu"))
    config = TrainSettings(epochs=4, max_lr=3.0, recover=True)
    events = list(train(task.model, task.loader, task.optimizer, task.objective, config, validation=task.validation))
    changes = [event for event in events if isinstance(event, RateEvent)]
    assert changes and {change.back_to for change in changes} == {0}
    end = events[-1]
    assert isinstance(end, EndEvent) and end.reason == "completed"
    assert [e for e in events if isinstance(e, EpochEvent)][-1].train_loss < 1.0
