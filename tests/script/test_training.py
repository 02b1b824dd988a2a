"""One training of a race: the script's own schedule scaled, OneCycle in its place, and when it is over."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event
from lrgui.core.run_settings import RaceSettings
from lrgui.script.sweeping import Script, SweepOver
from lrgui.script.training import ScriptTraining, course


class Trained:
    """A small training with groups and a schedule, followed; the rates are those of its steps."""

    def __init__(self, config: RaceSettings, *, steps: int = 40, factor: float = 1.0) -> None:
        torch.manual_seed(0)
        self.events: list[Event] = []
        self.rates: list[list[float]] = []
        self.between: list[list[float]] = []
        follower = ScriptTraining(Script("train.py", 0, self.events.append, Control(), lambda rate: ""), config)
        x = torch.randn(32, 4)
        model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
        self.model = model
        follower.hooks.install()
        try:
            groups = [{"params": model[0].parameters(), "lr": 0.02}, {"params": model[2].parameters(), "lr": 0.01}]
            optimizer = torch.optim.SGD(groups, lr=0.1)
            optimizer.register_step_post_hook(lambda *_: None)
            schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
            optimizer.register_step_pre_hook(lambda *_: self.rates.append([g["lr"] for g in optimizer.param_groups]))
            for _ in range(steps):
                optimizer.zero_grad()
                (factor * (model(x) - x.sum(1, keepdim=True))).square().mean().backward()
                optimizer.step()
                self.between.append([g["lr"] for g in optimizer.param_groups])
                schedule.step()
        except SweepOver:
            pass
        finally:
            follower.hooks.remove()
        self.follower = follower

    @property
    def losses(self) -> list[float]:
        return [event.loss for event in self.events if isinstance(event, BatchEvent)]

    @property
    def end(self) -> EndEvent:
        assert self.follower.end is not None
        return self.follower.end


def test_its_own_schedule_is_scaled_group_by_group_and_given_back() -> None:
    run = Trained(RaceSettings(around=0.1, steps=8))
    assert run.rates[0] == pytest.approx([0.1, 0.05])
    assert run.rates[3] == pytest.approx([0.05, 0.025])
    assert run.between[0] == [0.02, 0.01]
    assert run.between[3] == [0.01, 0.005]
    assert len(run.losses) == 8
    assert run.end.reason == EndReason.COMPLETED


def test_a_rate_that_is_known_from_elsewhere_is_what_is_scaled() -> None:
    run = Trained(RaceSettings(around=0.1, steps=8, own_lr=0.04))
    assert run.rates[0] == pytest.approx([0.05, 0.025])


def test_one_cycle_in_its_place() -> None:
    config = RaceSettings(around=0.1, steps=10, one_cycle=True)
    run = Trained(config)
    made = [rates[0] for rates in run.rates]
    assert made == pytest.approx(course(config)[: len(made)])
    assert [rates[1] for rates in run.rates] == pytest.approx([rate / 2 for rate in made])
    assert max(made) == pytest.approx(0.1)
    assert made[0] == pytest.approx(0.01)


def test_a_rate_of_0_trains_nothing_but_statistics() -> None:
    run = Trained(RaceSettings(around=0.0, steps=8))
    assert run.losses == pytest.approx([run.losses[0]] * 8)
    assert run.end.reason == EndReason.COMPLETED
    assert int(run.model[1].num_batches_tracked) == 8  # type: ignore[index, arg-type]


def test_what_is_printed_behind_the_last_step_is_waited_for() -> None:
    run = Trained(RaceSettings(around=0.1, steps=8, metric="acc: (.*)"))
    assert len(run.losses) == 8
    assert len(run.between) == 8, "the eighth step was made, and what follows it"
    assert run.end.reason == EndReason.COMPLETED
    assert run.follower.facts is not None and run.follower.facts.steps == 8, "the ninth only ended it"


def test_a_training_that_breaks_ends() -> None:
    run = Trained(RaceSettings(around=1e4, steps=40))
    assert run.end.reason in (EndReason.DIVERGED, EndReason.NOT_FINITE)
    assert len(run.losses) < 40


@pytest.mark.parametrize("steps", [5, 8])
def test_a_script_that_ends_before(steps: int) -> None:
    run = Trained(RaceSettings(around=0.1, steps=8, metric="x"), steps=steps)
    end: Any = run.follower.ran_out()
    assert end.reason == (EndReason.COMPLETED if steps == 8 else EndReason.DATA_ENDED)
