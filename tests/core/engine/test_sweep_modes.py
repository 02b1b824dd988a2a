"""What a sweep can be besides one batch a rate: schedules, accumulation, precision, groups, validation."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from lrgui.core.control import Control
from lrgui.core.engine import sweep as sweep_module
from lrgui.core.engine.readback import LAG, Readings
from lrgui.core.engine.schedules import exponential, linear
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.validation import Probe
from lrgui.core.events import BatchEvent, EndEvent, Event
from lrgui.core.run_settings import SweepSettings

X = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
BATCHES = list(X.split(8))


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))


def loss(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return (model(batch) - batch.sum(1, keepdim=True)).square().mean()


def sgd(model: nn.Module, lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr)


def run(model: nn.Module, optimizer: Any = None, config: SweepSettings | None = None, **more: Any) -> list[Event]:
    return list(sweep(model, BATCHES, optimizer or sgd(model), more.pop("loss", loss), config or CONFIG, **more))


def points(events: list[Event]) -> list[BatchEvent]:
    return [event for event in events if isinstance(event, BatchEvent)]


def losses(events: list[Event]) -> list[float]:
    return [event.loss for event in points(events)]


def end(events: list[Event]) -> EndEvent:
    assert isinstance(events[-1], EndEvent)
    return events[-1]


CONFIG = SweepSettings(1e-4, 1e-1, 20, stop_factor=0.0)


# ------------------------------------------------------------------ schedules
def test_a_linear_schedule_is_a_straight_line() -> None:
    events = run(net(), config=SweepSettings(1e-4, 1e-1, 20, stop_factor=0.0, schedule="linear"))
    np.testing.assert_allclose([event.lr for event in points(events)], linear(1e-4, 1e-1, 20))


def test_several_steps_at_each_rate_give_one_point_with_their_mean() -> None:
    model = net()
    config = SweepSettings(1e-4, 1e-1, 6, stop_factor=0.0, batches_per_lr=3)
    events = run(model, config=config)
    assert [event.step for event in points(events)] == list(range(6))
    optimizer, expected, batches = sgd(model), [], iter(BATCHES * 3)
    for lr in exponential(1e-4, 1e-1, 6):
        optimizer.param_groups[0]["lr"] = float(lr)
        held = []
        for _ in range(3):
            optimizer.zero_grad()
            value = loss(model, next(batches))
            held.append(value.item())
            value.backward()
            optimizer.step()
        expected.append(sum(held) / 3)
    np.testing.assert_allclose(losses(events), expected, rtol=1e-6)


def test_accumulation_advances_the_rate_once_per_optimizer_step() -> None:
    taken = []

    def counted(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        taken.append(1)
        return loss(model, batch)

    events = run(net(), config=SweepSettings(1e-4, 1e-1, 5, stop_factor=0.0, accumulation=4), loss=counted)
    assert len(points(events)) == 5
    assert len(taken) == 20
    whole = list(sweep(m := net(), [torch.cat(BATCHES[:4]), torch.cat(BATCHES[4:])], sgd(m), loss, CONFIG_5))
    np.testing.assert_allclose(losses(events), losses(whole), rtol=1e-4)


CONFIG_5 = SweepSettings(1e-4, 1e-1, 5, stop_factor=0.0)


# ------------------------------------------------------------------ parameter groups
def test_chosen_groups_are_swept_and_the_others_keep_their_rate() -> None:
    model = net()
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters(), "lr": 0.5}, {"params": model[2].parameters(), "lr": 0.01}]
    )
    seen: list[tuple[float, float]] = []
    optimizer.register_step_pre_hook(lambda o, *_: seen.append(tuple(g["lr"] for g in o.param_groups)))
    run(model, optimizer, groups=[1])
    assert {first for first, _ in seen} == {0.5}
    np.testing.assert_allclose([second for _, second in seen], exponential(1e-4, 1e-1, 20))
    seen.clear()
    run(model, optimizer)
    np.testing.assert_allclose([second / first for first, second in seen], 0.02)


# ------------------------------------------------------------------ validation and metrics
def test_the_validation_loss_is_the_curve_and_the_training_loss_stands_beside_it() -> None:
    plain = run(net())
    probe = Probe(lambda model, batch: (loss(model, batch), float(batch.sum())), [X])
    events = run(net(), probe=probe)
    assert [event.train_loss for event in points(events)] == losses(plain)  # the same steps, whatever is looked at
    model = net()
    assert points(events)[0].loss == pytest.approx(loss(model, X).item())
    assert points(events)[0].metric == pytest.approx(X.sum().item())
    assert losses(events) != losses(plain)


def test_batch_norm_keeps_its_statistics_where_they_are_looked_at() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    model[1].running_mean.fill_(3.0)
    seen: list[float] = []

    def look(model: nn.Module, batch: torch.Tensor) -> tuple[torch.Tensor, None]:
        seen.append(model[1].running_mean[0].item())  # type: ignore[index, union-attr, operator]
        return loss(model, batch), None

    run(model, probe=Probe(look, [X]))
    assert seen[0] == 3.0
    assert seen[1] != 3.0
    assert model[1].running_mean.tolist() == [3.0] * 4


def test_a_metric_of_the_training_batch_is_measured_once_a_point() -> None:
    count = iter(range(100))
    config = SweepSettings(1e-4, 1e-1, 6, stop_factor=0.0, batches_per_lr=2)
    events = run(net(), config=config, metric=lambda: next(count))
    assert [event.metric for event in points(events)] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


# ------------------------------------------------------------------ mixed precision
def test_bf16_follows_the_full_precision_and_restores_the_model() -> None:
    model = net()
    before = copy.deepcopy(model.state_dict())
    full, half = run(model), run(model, config=SweepSettings(1e-4, 1e-1, 20, stop_factor=0.0, amp="bf16"))
    np.testing.assert_allclose(losses(half), losses(full), rtol=0.05)
    assert losses(half) != losses(full)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


FP16 = SweepSettings(1e-4, 1e-1, 20, stop_factor=0.0, amp="fp16")


def test_skipped_steps_of_fp16_do_not_advance_the_sweep() -> None:
    """The first steps overflow until the scale has come down; each rate is measured all the same."""
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**19)
    taken = []

    def counted(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        taken.append(1)
        return loss(model, batch)

    events = run(net(), config=FP16, scaler=scaler, loss=counted)
    assert end(events).reason == "completed"
    assert [event.step for event in points(events)] == list(range(20))
    assert 20 < len(taken) <= 28
    assert scaler.get_scale() == 2.0**19


def test_eight_skips_in_a_row_are_a_divergence() -> None:
    taken = []

    def breaking(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        taken.append(1)
        if len(taken) <= 10:
            return loss(model, batch)
        weight = next(model.parameters())
        return loss(model, batch) + (weight.sum() * 0 + 1e-30).sqrt()  # finite, but its gradient is not

    def infinite(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        value = breaking(model, batch)
        if len(taken) > 10:
            value.register_hook(lambda grad: grad * math.inf)
        return value

    events = run(net(), config=FP16, scaler=torch.amp.GradScaler("cpu", init_scale=1.0), loss=infinite)
    assert end(events).reason == "diverged"
    assert "8 times in a row" in end(events).detail
    assert len(points(events)) == 10
    assert len(taken) == 18


def test_fp16_makes_its_own_scaler_where_none_is_given() -> None:
    assert end(run(net(), config=FP16)).reason == "completed"


class Breaking:
    """A loss by whose step `at` the weights have broken, as at too high a rate: NaN until they are put back.

    Told apart are the losses of the sweep's own steps and the looks at a batch with the first weights after it.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self.trained = self.looks = 0

    def __call__(self, model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        weight = next(model.parameters())
        if self.trained >= self._at and bool(weight.isfinite().all()):
            self.looks += 1
            return loss(model, batch)
        self.trained += 1
        if self.trained == self._at:
            with torch.no_grad():
                weight.fill_(math.nan)
        return loss(model, batch)


def test_a_loss_that_is_not_finite_ends_fp16_at_once() -> None:
    breaking = Breaking(6)
    events = run(net(), config=FP16, scaler=torch.amp.GradScaler("cpu", init_scale=1.0), loss=breaking)
    assert end(events).reason == "not_finite"
    assert len(points(events)) == breaking.trained == 6
    assert breaking.looks == 1


def test_a_training_loss_that_is_not_finite_ends_fp16_also_beside_a_finite_validation_loss() -> None:
    breaking = Breaking(6)
    probe = Probe(lambda model, batch: (loss(model, batch), None), [X])
    events = run(net(), config=FP16, scaler=torch.amp.GradScaler("cpu", init_scale=1.0), loss=breaking, probe=probe)
    assert end(events).reason == "not_finite"
    assert math.isfinite(points(events)[-1].loss)
    assert breaking.trained == 6
    assert breaking.looks == 1


# ------------------------------------------------------------------ accelerators
class Late:
    """Readings as an accelerator gives them: what is read before its time makes the device wait."""

    def __init__(self) -> None:
        self.started = self.waits = 0

    def start(self, values: torch.Tensor) -> Any:
        number, self.started = self.started, self.started + 1
        copy_on_host = values.clone()

        def wait() -> list[float]:
            self.waits += self.started - number <= LAG
            return [float(x) for x in copy_on_host.reshape(-1).numpy()]

        return wait


class HostReads(TorchDispatchMode):
    """Counts what would make an accelerator wait: every number that is read off a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        self.count += any(part in name for part in ("_local_scalar_dense", "is_nonzero", "nonzero", "aten.equal"))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Late:
    device = Late()
    monkeypatch.setattr(sweep_module, "readings_for", lambda _device, _waits: Readings(device.start, LAG))
    return device


@pytest.mark.parametrize(
    "settings", [{}, {"accumulation": 2}, {"clip_grad_norm": 1.0}, {"amp": "bf16"}, {"batches_per_lr": 2}]
)
def test_no_step_waits_for_the_device(late: Late, settings: dict[str, Any]) -> None:
    model = net()
    optimizer = sgd(model)
    config = SweepSettings(1e-4, 1e-1, 20, stop_factor=0.0, **settings)
    expected = losses(run(net(), config=config))
    late.started = late.waits = 0
    events = sweep(model, BATCHES, optimizer, loss, config)
    taken: list[Event] = []
    with HostReads() as reads:
        for event in events:
            taken.append(event)
            if isinstance(event, BatchEvent) and event.step == 19 - LAG - 1:
                break  # from here on the rest is drained, which waits
    assert reads.count == 0
    assert late.waits == 0
    taken += events
    assert losses(taken) == expected


def test_batch_norm_does_not_wait_for_the_device_either(late: Late) -> None:
    """A plain average of its statistics would: torch reads its count of batches for that."""

    def normed() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 1))

    model = normed()
    before = copy.deepcopy(model.state_dict())
    events = sweep(model, BATCHES, sgd(model), loss, CONFIG)
    with HostReads() as reads:
        for event in events:
            if isinstance(event, BatchEvent) and event.step == 19 - LAG - 1:
                break
    assert reads.count == 0
    events.close()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model[1].momentum == 0.1  # type: ignore[index]


def test_the_counting_stand_in_sees_a_loop_that_waits() -> None:
    with HostReads() as reads:
        run(net(), loss=lambda model, batch: loss(model, batch) * (1 + 0 * loss(model, batch).item()))
    assert reads.count >= 20


def test_a_late_divergence_is_noticed_within_three_steps_and_what_follows_is_dropped(late: Late) -> None:
    breaking = Breaking(8)
    events = run(net(), loss=breaking)
    assert end(events).reason == "not_finite"
    assert len(points(events)) == 8
    assert breaking.trained <= 8 + 3
    assert breaking.looks <= 3


@pytest.mark.parametrize("how", ["data", "cancel", "error"])
def test_points_under_way_are_kept_however_it_ends(late: Late, how: str) -> None:
    model, control, steps = net(), Control(), []

    def ending(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        steps.append(1)
        if how == "cancel" and len(steps) == 6:
            control.cancel()
        if how == "error" and len(steps) == 7:
            raise KeyError("broken")
        return loss(model, batch)

    loader: Any = iter(BATCHES[:6]) if how == "data" else BATCHES
    events: list[Event] = []

    def collect() -> Iterator[None]:
        for event in sweep(model, loader, sgd(model), ending, CONFIG, control):
            events.append(event)
            yield

    if how == "error":
        with pytest.raises(KeyError):
            list(collect())
    else:
        list(collect())
        assert end(events).reason == {"data": "data_ended", "cancel": "cancelled"}[how]
    assert [event.step for event in points(events)] == list(range(6))


# ------------------------------------------------------------------ wrappers
def test_compiled_modules_are_swept_and_restored() -> None:
    model = net()
    before = copy.deepcopy(model.state_dict())
    expected = losses(run(model))
    compiled = torch.compile(model, backend="eager")
    np.testing.assert_allclose(losses(run(compiled, sgd(model))), expected, rtol=1e-5)  # type: ignore[arg-type]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_data_parallel_modules_are_swept_and_restored() -> None:
    model = net()
    before = copy.deepcopy(model.state_dict())
    assert losses(run(nn.DataParallel(model), sgd(model))) == losses(run(model))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_an_attached_scheduler_is_left_as_it_was() -> None:
    model = net()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    optimizer.step()
    scheduler.step()
    before, step = scheduler.state_dict(), optimizer.step
    run(model, optimizer)
    assert scheduler.state_dict() == before
    assert optimizer.step == step
    assert optimizer.param_groups[0]["lr"] == 0.05
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.025
