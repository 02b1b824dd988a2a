"""The schedules of trainings: each one's trace is that of torch's own schedulers, step for step."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from rows import each_row
from torch import nn
from torch.optim import lr_scheduler

from lrgui.core.engine.schedulers import Schedule
from lrgui.core.run_settings import TRAINED, TrainSettings
from lrgui.core.schedule_shapes import planned_lr, planned_momentum

PER_EPOCH, EPOCHS = 7, 6
TOTAL = PER_EPOCH * EPOCHS
MAX_LR = 0.03
#: What the epochs of a training came to: three without a better loss are more than a patience of two.
LOSSES = (1.0, 0.5, 0.6, 0.7, 0.55, 0.4)

Make = Callable[[torch.optim.Optimizer], Any]


def optimizer_of(groups: int, kind: str = "sgd", lr: float = MAX_LR) -> torch.optim.Optimizer:
    """An optimizer of one group at `lr`, or of two, the second at a tenth of it."""
    parts = [{"params": [nn.Parameter(torch.zeros(2))], "lr": lr * share} for share in (1.0, 0.1)[:groups]]
    if kind == "adam":
        return torch.optim.Adam(parts)
    return torch.optim.SGD(parts, momentum=0.9 if kind == "momentum" else 0.0)


def momentum_of(group: dict[str, Any]) -> float:
    return float(group["betas"][0] if "betas" in group else group["momentum"])


def trace(optimizer: torch.optim.Optimizer, step: Callable[[], Any], epoch: Callable[[float], Any]) -> list[Any]:
    """Rates and momenta of every group at every step of a training."""
    seen = []
    for number in range(TOTAL):
        seen.append([(group["lr"], momentum_of(group)) for group in optimizer.param_groups])
        optimizer.step()
        if number + 1 < TOTAL:
            step()
        if (number + 1) % PER_EPOCH == 0:
            epoch(LOSSES[number // PER_EPOCH])
    return seen


def nothing(*_: Any) -> None:
    """No schedule."""


def highest(optimizer: torch.optim.Optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


def cycle(**settings: Any) -> Make:
    return lambda optimizer: lr_scheduler.OneCycleLR(optimizer, highest(optimizer), total_steps=TOTAL, **settings)


def warmed(warm: int, *after: Callable[[torch.optim.Optimizer], Any], fall: int | None = None) -> Make:
    def make(optimizer: torch.optim.Optimizer) -> Any:
        rise = lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=warm)
        milestones = [warm] if fall is None else [warm, fall]
        return lr_scheduler.SequentialLR(optimizer, [rise, *(one(optimizer) for one in after)], milestones)

    return make


def cosine(steps: int) -> Make:
    return lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)


def line(steps: int) -> Make:
    return lambda optimizer: lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=steps)


PLAIN = {"div_factor": 10.0, "final_div_factor": 100.0, "cycle_momentum": False}
STEPPED: dict[str, tuple[TrainSettings, Make]] = {
    "onecycle": (TrainSettings(), cycle(**PLAIN)),
    "onecycle, linear": (
        TrainSettings(anneal="linear", div_factor=25.0, pct_start=0.25),
        cycle(**{**PLAIN, "div_factor": 25.0}, anneal_strategy="linear", pct_start=0.25),
    ),
    "onecycle, three phases": (
        TrainSettings(three_phase=True, final_div_factor=1e4),
        cycle(**{**PLAIN, "final_div_factor": 1e4}, three_phase=True),
    ),
    "onecycle, three long phases": (
        TrainSettings(three_phase=True, pct_start=0.6, anneal="linear"),
        cycle(**PLAIN, three_phase=True, pct_start=0.6, anneal_strategy="linear"),
    ),
    "cosine": (TrainSettings(schedule="cosine", warmup=0.0), cosine(TOTAL)),
    "cosine, warm-up": (TrainSettings(schedule="cosine", warmup=0.25), warmed(10, cosine(TOTAL - 10))),
    "linear": (TrainSettings(schedule="linear", warmup_steps=0), line(TOTAL)),
    "linear, warm-up": (TrainSettings(schedule="linear", warmup_steps=5), warmed(5, line(TOTAL - 5))),
    "wsd": (
        TrainSettings(schedule="wsd", warmup=0.1, decay=0.5),
        warmed(4, lambda o: lr_scheduler.ConstantLR(o, 1.0, TOTAL), line(21), fall=21),
    ),
}


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("name", STEPPED)
def test_a_schedule_by_steps_is_torchs(name: str, groups: int) -> None:
    config, make = STEPPED[name]
    config = TrainSettings(**{**vars(config), "epochs": EPOCHS, "max_lr": MAX_LR})
    theirs, ours = optimizer_of(groups), optimizer_of(groups, lr=1.0)
    schedule = Schedule(ours, config, TOTAL)
    expected = trace(theirs, make(theirs).step, nothing)
    found = trace(ours, schedule.step, schedule.epoch)
    assert found == [[pytest.approx(group, rel=1e-9, abs=1e-15) for group in step] for step in expected]
    assert planned_lr(config, TOTAL, PER_EPOCH) == pytest.approx([step[0][0] for step in expected], rel=1e-9)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("name", ["step", "plateau", "constant"])
def test_a_schedule_by_epochs_is_torchs(name: str, groups: int) -> None:
    config = TrainSettings(schedule=name, epochs=EPOCHS, max_lr=MAX_LR, step_size=2, gamma=0.3, plateau_patience=2)
    theirs, ours = optimizer_of(groups), optimizer_of(groups, lr=1.0)
    schedule = Schedule(ours, config, TOTAL)
    made: dict[str, Callable[[float], Any]] = {"constant": nothing}
    if name == "step":
        steps = lr_scheduler.StepLR(theirs, step_size=2, gamma=0.3)
        made["step"] = lambda _loss: steps.step()
    elif name == "plateau":
        made["plateau"] = lr_scheduler.ReduceLROnPlateau(theirs, factor=0.3, patience=2).step
    expected = trace(theirs, nothing, made[name])
    assert trace(ours, schedule.step, schedule.epoch) == [[pytest.approx(g) for g in step] for step in expected]
    rates = [step[0][0] for step in expected]
    if name == "plateau":
        assert rates[4 * PER_EPOCH] == MAX_LR and rates[-1] == pytest.approx(0.3 * MAX_LR), "the third bad epoch"
        rates = [MAX_LR] * TOTAL  # nobody knows beforehand
    assert planned_lr(config, TOTAL, PER_EPOCH) == pytest.approx(rates)


@pytest.mark.parametrize("kind", ["momentum", "adam"])
@pytest.mark.parametrize("three", [False, True])
def test_the_momentum_is_cycled_as_torch_does(kind: str, three: bool) -> None:
    config = TrainSettings(
        epochs=EPOCHS, max_lr=MAX_LR, base_momentum=0.6, max_momentum=0.9, three_phase=three, anneal="linear"
    )
    theirs, ours = optimizer_of(2, kind), optimizer_of(2, kind)
    settings = {**PLAIN, "cycle_momentum": True, "anneal_strategy": "linear", "three_phase": three}
    scheduler = cycle(**settings, base_momentum=0.6, max_momentum=0.9)(theirs)
    schedule = Schedule(ours, config, TOTAL)
    assert schedule.cycles_momentum and schedule.momentum == pytest.approx(0.9)
    expected, found = trace(theirs, scheduler.step, nothing), trace(ours, schedule.step, nothing)
    assert found == [[pytest.approx(group) for group in step] for step in expected]
    assert planned_momentum(config, TOTAL) == pytest.approx([step[0][1] for step in expected])


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("sgd", TrainSettings()),
        ("momentum", TrainSettings(cycle_momentum=False)),
        ("adam", TrainSettings(schedule="cosine")),
    ],
)
def test_a_momentum_that_is_not_cycled_stays(kind: str, config: TrainSettings) -> None:
    optimizer = optimizer_of(1, kind)
    before = momentum_of(optimizer.param_groups[0])
    schedule = Schedule(optimizer, config, TOTAL)
    assert {step[0][1] for step in trace(optimizer, schedule.step, nothing)} == {before}
    assert schedule.momentum is None


@each_row(
    (total, pct_start, *divisors)
    for total in (1, 2, 5, 10, 11, 37, 100, 252, 500)
    for pct_start in (0.1, 0.25, 0.3, 0.5, 0.85)
    for divisors in ((10.0, 100.0), (25.0, 1e4), (1.0, 1.0))
)
def test_a_planned_cycle_equals_torchs(total: int, pct_start: float, div: float, final_div: float) -> None:
    optimizer = optimizer_of(1)
    config = TrainSettings(max_lr=MAX_LR, pct_start=pct_start, div_factor=div, final_div_factor=final_div)
    if pct_start * total == 1.0:  # torch divides by zero there
        pct_start *= 1 - 1e-12
    shape = {"pct_start": pct_start, "div_factor": div, "final_div_factor": final_div, "cycle_momentum": False}
    if total > 1:
        scheduler = lr_scheduler.OneCycleLR(optimizer, MAX_LR, total_steps=total, **shape)
        expected = []
        for step in range(total):
            expected.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if step + 1 < total:
                scheduler.step()
        assert planned_lr(config, total, total) == pytest.approx(expected, abs=1e-12)
    else:
        assert 0 < planned_lr(config, 1, 1)[0] <= MAX_LR


@each_row(itertools.product(TRAINED, [1, 2, 3, 10], [0.0, 0.99]))
def test_however_short_the_rates_are_finite_and_at_most_the_highest(schedule: str, total: int, warmup: float) -> None:
    config = TrainSettings(schedule=schedule, warmup=warmup, decay=0.99, max_lr=MAX_LR)
    rates = planned_lr(config, total, 1)
    assert rates.shape == (total,) and (rates > 0).all() and (rates <= MAX_LR * (1 + 1e-12)).all()


@pytest.mark.parametrize("schedule", TRAINED)
@pytest.mark.parametrize("at", [3, PER_EPOCH * 5 + 2])
def test_another_one_goes_on_from_its_state(schedule: str, at: int) -> None:
    config = TrainSettings(schedule=schedule, epochs=EPOCHS, max_lr=MAX_LR, step_size=2, plateau_patience=1)
    first, second = optimizer_of(2, "momentum"), optimizer_of(2, "momentum")
    whole, rest = Schedule(first, config, TOTAL), Schedule(second, config, TOTAL)
    seen, continued = [], []
    for number in range(TOTAL):
        if number == at:
            rest.load_state_dict(whole.state_dict())
        for schedule_, optimizer, places in ((whole, first, seen), (rest, second, continued)):
            if number < at and schedule_ is rest:
                continue
            places.append([(group["lr"], group["momentum"]) for group in optimizer.param_groups])
            schedule_.step()
            if (number + 1) % PER_EPOCH == 0:
                schedule_.epoch(LOSSES[number // PER_EPOCH])
    assert continued == seen[at:], "to the bit"


def test_a_state_is_read_by_torchs_safe_loader(tmp_path: Any) -> None:
    schedule = Schedule(optimizer_of(1), TrainSettings(schedule="plateau"), TOTAL)
    schedule.epoch(1.0)
    torch.save(schedule.state_dict(), tmp_path / "state")
    assert torch.load(tmp_path / "state", weights_only=True) == schedule.state_dict()


def test_rates_may_be_tensors() -> None:
    rate = torch.tensor(0.5)
    optimizer = torch.optim.Adam([nn.Parameter(torch.zeros(1))], lr=rate, capturable=False)
    schedule = Schedule(optimizer, TrainSettings(max_lr=MAX_LR, schedule="linear", warmup=0.0), 10)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is rate and float(rate) == pytest.approx(0.9 * MAX_LR)
