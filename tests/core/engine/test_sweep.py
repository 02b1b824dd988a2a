"""The sweep: what it records, how it ends, and that it leaves no trace."""

from __future__ import annotations

import copy
import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.schedules import exponential
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.validation import Probe
from lrgui.core.events import BatchEvent, EndEvent, Event, StateEvent
from lrgui.core.run_settings import SweepSettings

CONFIG = SweepSettings(steps=40)


class Net(nn.Module):
    """Everything that a sweep could leave changed: BatchNorm, dropout, a frozen layer and one in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.norm = nn.BatchNorm1d(8, momentum=0.3)
        self.still = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(8, 3)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.last(self.drop(self.still(self.norm(self.first(x))).relu()))


def batches(count: int = 7, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    return [
        (torch.randn(16, 6, generator=generator), torch.randint(0, 3, (16,), generator=generator)) for _ in range(count)
    ]


def cross_entropy(model: nn.Module, batch: Any) -> torch.Tensor:
    random.random()
    np.random.random()
    inputs, targets = batch
    return nn.functional.cross_entropy(model(inputs), targets)


def sgd(net: Net) -> torch.optim.Optimizer:
    return torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)


def groups(net: Net) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        [{"params": net.first.parameters(), "lr": 0.001}, {"params": net.last.parameters(), "lr": 0.01}],
        lr=0.1,
        momentum=0.9,
    )


def adam(net: Net) -> torch.optim.Optimizer:
    return torch.optim.Adam(net.parameters(), lr=0.003)


def subject(make: Callable[[Net], torch.optim.Optimizer], warm: bool) -> tuple[Net, torch.optim.Optimizer]:
    """A model with its optimizer, in a state of its own; `warm` gives the optimizer a history."""
    torch.manual_seed(1)
    net = Net()
    optimizer = make(net)
    if warm:
        for batch in batches(3, seed=9):
            optimizer.zero_grad()
            cross_entropy(net, batch).backward()
            optimizer.step()
        # Some gradients there, some not.
        net.first.weight.grad = None
    net.still.eval()
    net.first.bias.requires_grad_(False)
    return net, optimizer


def state(net: Net, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Everything that must be as before, deeply copied."""
    return copy.deepcopy(
        {
            "model": net.state_dict(),
            "grads": {name: p.grad for name, p in net.named_parameters()},
            "requires_grad": {name: p.requires_grad for name, p in net.named_parameters()},
            "modes": {name: module.training for name, module in net.named_modules()},
            "norms": [net.norm.momentum, net.still.momentum],
            "optimizer": optimizer.state_dict(),
            "random": [random.getstate(), np.random.get_state(), torch.get_rng_state()],
        }
    )


def same(a: Any, b: Any) -> bool:
    """Bit for bit."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return bool(np.array_equal(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def assert_untouched(before: dict[str, Any], net: Net, optimizer: torch.optim.Optimizer) -> None:
    after = state(net, optimizer)
    for part in before:
        assert same(before[part], after[part]), part


def ending(events: Iterable[Event]) -> EndEvent:
    *_, last = events
    assert isinstance(last, EndEvent)
    return last


def nan_at(step: int) -> Callable[[nn.Module, Any], torch.Tensor]:
    calls = itertools.count()

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        value = cross_entropy(model, batch)
        return value * math.nan if next(calls) == step else value

    return loss


def explodes_at(step: int) -> Callable[[nn.Module, Any], torch.Tensor]:
    calls = itertools.count()

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        value = cross_entropy(model, batch)
        return value * 1e4 if next(calls) >= step else value

    return loss


def raises_at(step: int) -> Callable[[nn.Module, Any], torch.Tensor]:
    calls = itertools.count()

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        value = cross_entropy(model, batch)
        if next(calls) == step:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        return value

    return loss


def completes(net: Net, optimizer: torch.optim.Optimizer) -> str:
    return ending(sweep(net, batches(), optimizer, cross_entropy, SweepSettings(steps=40, end_lr=1e-2))).reason


def diverges(net: Net, optimizer: torch.optim.Optimizer) -> str:
    return ending(sweep(net, batches(), optimizer, explodes_at(20), CONFIG)).reason


def becomes_nan(net: Net, optimizer: torch.optim.Optimizer) -> str:
    return ending(sweep(net, batches(), optimizer, nan_at(25), CONFIG)).reason


def is_cancelled(net: Net, optimizer: torch.optim.Optimizer) -> str:
    control = Control()
    events = []
    for event in sweep(net, batches(), optimizer, cross_entropy, CONFIG, control):
        events.append(event)
        if len(events) == 10:
            control.cancel()
    return ending(events).reason


def runs_out_of_data(net: Net, optimizer: torch.optim.Optimizer) -> str:
    return ending(sweep(net, iter(batches()), optimizer, cross_entropy, CONFIG)).reason


def meets_an_exception(net: Net, optimizer: torch.optim.Optimizer) -> str:
    with pytest.raises(RuntimeError, match="mat1"):
        list(sweep(net, batches(), optimizer, raises_at(15), CONFIG))
    return "failed"


def is_closed(net: Net, optimizer: torch.optim.Optimizer) -> str:
    running = sweep(net, batches(), optimizer, cross_entropy, CONFIG)
    for _ in range(12):
        next(running)
    assert isinstance(running, Iterator)
    running.close()  # type: ignore[attr-defined]
    return "closed"


ENDINGS = {
    "completed": completes,
    "diverged": diverges,
    "not_finite": becomes_nan,
    "cancelled": is_cancelled,
    "data_ended": runs_out_of_data,
    "failed": meets_an_exception,
    "closed": is_closed,
}


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])
@pytest.mark.parametrize("make", [sgd, groups, adam])
@pytest.mark.parametrize("reason", ENDINGS)
def test_every_ending_puts_everything_back_bit_for_bit(
    reason: str, make: Callable[[Net], torch.optim.Optimizer], warm: bool
) -> None:
    net, optimizer = subject(make, warm)
    before = state(net, optimizer)
    weights = [p.data_ptr() for p in net.parameters()]
    assert ENDINGS[reason](net, optimizer) == reason
    assert_untouched(before, net, optimizer)
    assert [p.data_ptr() for p in net.parameters()] == weights  # in place: whoever holds them keeps them


def test_training_after_a_sweep_is_as_if_there_had_been_none() -> None:
    def trained(with_sweep: bool) -> dict[str, Any]:
        net, optimizer = subject(adam, True)
        torch.manual_seed(5)
        if with_sweep:
            list(sweep(net, batches(), optimizer, cross_entropy, CONFIG))
        for batch in batches(5, seed=3):
            optimizer.zero_grad()
            cross_entropy(net, batch).backward()
            optimizer.step()
        return net.state_dict()

    assert same(trained(True), trained(False))


def bare_loop(net: Net, optimizer: torch.optim.Optimizer, data: list[Any], rates: np.ndarray) -> list[float]:
    """The guide's loop, written by hand."""
    net.train()
    net.still.eval()  # a loop calls `train` once, and then puts into eval mode what is to stay
    net.norm.reset_running_stats()
    net.norm.momentum = None
    losses = []
    for lr, batch in zip(rates, itertools.cycle(data), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = float(lr)
        optimizer.zero_grad()
        loss = cross_entropy(net, batch)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses


@pytest.mark.parametrize("make", [sgd, adam])
def test_losses_and_rates_equal_a_bare_loop_also_where_the_loader_cycles(
    make: Callable[[Net], torch.optim.Optimizer],
) -> None:
    net, optimizer = subject(make, False)
    twin, twin_optimizer = copy.deepcopy(net), None
    twin_optimizer = make(twin)
    torch.manual_seed(11)
    config = SweepSettings(steps=40, stop_factor=0)
    points = [
        e for e in sweep(net, batches(7), optimizer, cross_entropy, config, number=3) if isinstance(e, BatchEvent)
    ]
    torch.manual_seed(11)
    rates = exponential(1e-6, 1.0, 40)
    losses = bare_loop(twin, twin_optimizer, batches(7), rates)
    assert [p.loss for p in points] == losses
    assert [p.lr for p in points] == rates.tolist()
    assert [p.step for p in points] == list(range(40))
    assert {p.sweep for p in points} == {3}
    seconds = [p.seconds for p in points]
    assert seconds == sorted(seconds) and seconds[0] >= 0


def test_the_loss_belongs_to_the_weights_before_the_step() -> None:
    weight = nn.Linear(1, 1, bias=False)
    nn.init.constant_(weight.weight, 2.0)
    optimizer = torch.optim.SGD(weight.parameters(), lr=1.0)

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        return (model(batch) ** 2).sum()

    config = SweepSettings(0.01, 0.1, 2, stop_factor=0)
    points = [e for e in sweep(weight, [torch.ones(1, 1)], optimizer, loss, config) if isinstance(e, BatchEvent)]
    moved = 2.0 - 0.01 * 2 * 2.0  # only the first step's rate has been used
    assert [p.loss for p in points] == pytest.approx([4.0, moved**2])
    assert weight.weight.item() == 2.0


def test_groups_keep_the_ratio_of_their_rates() -> None:
    net, optimizer = subject(groups, False)
    seen = []

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        seen.append([group["lr"] for group in optimizer.param_groups])
        return cross_entropy(model, batch)

    points = [e for e in sweep(net, batches(), optimizer, loss, CONFIG) if isinstance(e, BatchEvent)]
    assert [high for _, high in seen] == pytest.approx([p.lr for p in points])
    assert [low / high for low, high in seen] == pytest.approx([0.1] * len(seen))
    assert [group["lr"] for group in optimizer.param_groups] == [0.001, 0.01]


def test_a_tensor_rate_stays_the_same_tensor_with_its_value() -> None:
    net, _ = subject(sgd, False)
    rate = torch.tensor(0.02)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, foreach=False)
    list(sweep(net, batches(), optimizer, cross_entropy, CONFIG))
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(0.02)


def test_batch_norm_starts_anew_and_averages_plainly() -> None:
    net, optimizer = subject(sgd, True)
    seen = []

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        value = cross_entropy(model, batch)
        seen.append((net.norm.momentum, int(net.norm.num_batches_tracked), net.norm.training, net.still.training))
        return value

    list(sweep(net, batches(), optimizer, loss, SweepSettings(steps=5)))
    assert seen == [(None, step, True, False) for step in range(1, 6)]


@pytest.mark.parametrize("keep", [False, True])
def test_a_frozen_norm_is_neither_reset_nor_thawed(keep: bool) -> None:
    net, optimizer = subject(sgd, True)
    net.still.running_mean.fill_(3)
    net.norm.eval()
    seen = []

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        net.norm.eval()
        value = cross_entropy(model, batch)
        seen.append([(norm.training, norm.momentum, norm.running_mean[0].item()) for norm in (net.norm, net.still)])
        return value

    norm, still = net.norm.running_mean[0].item(), 3.0
    list(sweep(net, batches(), optimizer, loss, SweepSettings(steps=3), keep_modes=keep))
    assert seen == [[(False, 0.3, norm), (False, 0.1, still)]] * 3


def test_a_model_in_eval_mode_is_put_into_train_mode_unless_modes_are_kept() -> None:
    net, optimizer = subject(sgd, True)
    net.eval()
    seen = []

    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        seen.append({module.training for module in model.modules()})
        return cross_entropy(model, batch)

    list(sweep(net, batches(), optimizer, loss, SweepSettings(steps=2)))
    list(sweep(net, batches(), optimizer, loss, SweepSettings(steps=2), keep_modes=True))
    assert seen == [{True}, {True}, {False}, {False}]
    assert not net.training


@pytest.mark.parametrize("dtype", [torch.int64, torch.float16, torch.bfloat16])
def test_a_rate_that_cannot_hold_the_swept_values_is_replaced_and_comes_back(dtype: torch.dtype) -> None:
    net = nn.Linear(6, 3)
    rate = torch.tensor(1, dtype=dtype)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, foreach=False)
    used: list[float] = []
    optimizer.register_step_pre_hook(lambda held, *_: used.append(float(held.param_groups[0]["lr"])))
    points = [e for e in sweep(net, batches(), optimizer, cross_entropy, CONFIG) if isinstance(e, BatchEvent)]
    assert used == pytest.approx([point.lr for point in points][: len(used)], rel=1e-6)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == 1


def test_a_rate_that_groups_share_is_swept_for_the_chosen_one_alone() -> None:
    net = Net()
    rate = torch.tensor(0.5)
    parts = [{"params": net.first.parameters(), "lr": rate}, {"params": net.last.parameters(), "lr": rate}]
    optimizer = torch.optim.SGD(parts, lr=rate, foreach=False)
    used: list[list[float]] = []
    optimizer.register_step_pre_hook(lambda held, *_: used.append([float(g["lr"]) for g in held.param_groups]))
    list(sweep(net, batches(), optimizer, cross_entropy, SweepSettings(start_lr=1e-3, steps=3), groups=[1]))
    assert [other for other, _ in used] == [0.5] * len(used)
    assert used[0][1] == pytest.approx(1e-3)
    assert all(group["lr"] is rate for group in optimizer.param_groups)
    assert rate.item() == 0.5


@pytest.mark.parametrize("empty", [[], ()])
def test_an_empty_loader_is_a_clear_error(empty: Iterable[Any]) -> None:
    net, optimizer = subject(sgd, True)
    before = state(net, optimizer)
    with pytest.raises(ValueError, match="no batches: use more examples or a smaller batch size"):
        list(sweep(net, empty, optimizer, cross_entropy, CONFIG))
    assert_untouched(before, net, optimizer)


def test_an_empty_one_shot_iterator_ends_at_once() -> None:
    net, optimizer = subject(sgd, False)
    end = ending(sweep(net, iter([]), optimizer, cross_entropy, CONFIG))
    assert end.reason == "data_ended"
    assert "after 0 of 40 steps" in end.detail


def test_the_data_ends_after_the_batches_of_a_one_shot_iterator() -> None:
    net, optimizer = subject(sgd, False)
    *points, end = list(sweep(net, iter(batches(7)), optimizer, cross_entropy, CONFIG))
    assert len(points) == 7
    assert isinstance(end, EndEvent)
    assert "after 7 of 40 steps" in end.detail


def test_the_exploded_point_is_recorded() -> None:
    net, optimizer = subject(sgd, False)
    *points, end = list(sweep(net, batches(), optimizer, nan_at(25), CONFIG))
    assert isinstance(end, EndEvent) and end.reason == "not_finite"
    assert isinstance(points[-1], BatchEvent)
    assert points[-1].step == 25
    assert math.isnan(points[-1].loss)


def test_the_end_says_what_guessing_costs() -> None:
    """However the sweep ends; not where the curve is another loss than that of its batches."""
    data = batches()
    counts = torch.bincount(torch.cat([y for _, y in data])).double()
    shares = counts / counts.sum()
    for end_lr, reason in ((0.1, "completed"), (1e8, "diverged")):
        net = Net()
        end = ending(sweep(net, data, sgd(net), cross_entropy, SweepSettings(steps=30, end_lr=end_lr)))
        assert end.reason == reason
        assert end.guessing == pytest.approx(-float((shares * shares.log()).sum()), abs=0.05)
    probe = Probe(lambda model, batch: (cross_entropy(model, batch), None), data)
    assert ending(sweep(net, data, sgd(net), cross_entropy, SweepSettings(steps=30), probe=probe)).guessing is None


def test_pause_holds_resume_goes_on_and_the_pause_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    net, optimizer = subject(sgd, False)
    control = Control()
    events: list[Event] = []
    passed = [0.0]
    monkeypatch.setattr(
        "lrgui.core.engine.pausing.time", SimpleNamespace(perf_counter=lambda: time.perf_counter() + sum(passed))
    )
    events_while_paused: list[int] = []

    def wait(_seconds: float) -> None:
        passed.append(1000.0)
        events_while_paused.append(len(events))
        control.resume()

    monkeypatch.setattr(control, "wait_while_paused", wait)
    for event in sweep(net, batches(), optimizer, cross_entropy, SweepSettings(steps=20, stop_factor=0), control):
        events.append(event)
        if isinstance(event, BatchEvent) and event.step == 9:
            control.pause()
    assert [e.state for e in events if isinstance(e, StateEvent)] == ["paused", "running"]
    assert events_while_paused == [11]  # ten points and the word "paused"
    points = [e for e in events if isinstance(e, BatchEvent)]
    assert [p.step for p in points] == list(range(20))
    assert points[-1].seconds < 1000
    assert ending(events).reason == "completed"


def test_a_paused_sweep_can_be_cancelled_from_another_thread() -> None:
    net, optimizer = subject(adam, True)
    before = state(net, optimizer)
    control = Control()
    control.pause()
    helper = threading.Timer(0.1, control.cancel)
    helper.start()
    events = list(sweep(net, batches(), optimizer, cross_entropy, CONFIG, control))
    helper.join()
    assert [type(e) for e in events] == [StateEvent, EndEvent]
    assert ending(events).reason == "cancelled"
    assert_untouched(before, net, optimizer)


def test_a_sweep_cancelled_before_it_began_measures_nothing() -> None:
    net, optimizer = subject(sgd, False)
    control = Control()
    control.cancel()
    events = list(sweep(net, batches(), optimizer, cross_entropy, CONFIG, control))
    assert len(events) == 1
    assert ending(events).reason == "cancelled"


def test_a_rate_that_is_an_integer_tensor_is_swept_and_put_back() -> None:
    net = Net()
    rate = torch.tensor(1)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, foreach=False)
    used = []
    optimizer.register_step_pre_hook(lambda found, *_: used.append(float(found.param_groups[0]["lr"])))
    *events, _ = sweep(net, batches(), optimizer, cross_entropy, CONFIG)
    assert used == pytest.approx([event.lr for event in events if isinstance(event, BatchEvent)][: len(used)])
    assert len(set(used)) > 5
    assert optimizer.param_groups[0]["lr"] is rate and int(rate) == 1
