"""`find_lr` as people call it: every kind of set-up, every way to end, and nothing left changed."""

from __future__ import annotations

import copy
import math
import os
import random
import re
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import lrgui
from lrgui.api import find as find_module
from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndEvent, Event, TaskEvent
from lrgui.core.run_settings import SweepSettings

cross_entropy = nn.functional.cross_entropy


def data(count: int = 256) -> TensorDataset:
    """Three clouds of points: quickly learned."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(count) % 3
    x = torch.randn(count, 4, generator=generator) + 2 * nn.functional.one_hot(y, 4)
    return TensorDataset(x, y)


def loader(**more: Any) -> DataLoader[Any]:
    return DataLoader(data(), batch_size=32, shuffle=True, **more)


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return net()


class Hiding(nn.Module):
    """Layers in a plain list, which torch does not see."""

    def __init__(self, *seen: nn.Module) -> None:
        super().__init__()
        self.seen = nn.Sequential(*seen)
        self.layers = [nn.Linear(4, 4)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.seen(self.layers[0](x))


def find(
    model: Any, batches: Any = None, loss: Any = cross_entropy, optimizer: Any = torch.optim.SGD, **more: Any
) -> Any:
    settings = {"steps": 60, "start_lr": 1e-4, "end_lr": 10.0, "progress": False, **more}
    return lrgui.find_lr(model, loader() if batches is None else batches, loss, optimizer, **settings)


def everything(model: nn.Module, optimizer: Any = None) -> list[Any]:
    """All that a sweep could change, as plain values."""
    state: list[Any] = [
        {name: value.clone() for name, value in model.state_dict().items()},
        [(m.training, getattr(m, "momentum", None)) for m in model.modules()],
        [(p.requires_grad, None if p.grad is None else p.grad.clone()) for p in model.parameters()],
        torch.get_rng_state(),
        random.getstate(),
        np.random.get_state()[1].tolist(),
    ]
    if optimizer is not None:
        state.append(copy.deepcopy(optimizer.state_dict()))
    return state


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


# ------------------------------------------------------------------ what is imported
def test_importing_the_package_imports_neither_torch_nor_qt() -> None:
    check = "import sys, lrgui; print([m for m in ('torch', 'PySide6', 'pyqtgraph', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_sweep_loads_neither_qt_nor_before_it_is_drawn_matplotlib(tmp_path: Path, warm_processes: None) -> None:
    (tmp_path / "check.py").write_text(
        "import sys, torch, lrgui\n"
        "r = lrgui.find_lr(torch.nn.Linear(2, 1), [(torch.ones(4, 2), torch.ones(4, 1))],"
        " torch.nn.functional.mse_loss, torch.optim.SGD, steps=20)\n"
        "str(r); loaded = lambda: [m for m in ('PySide6', 'pyqtgraph', 'matplotlib', 'IPython') if m in sys.modules]\n"
        "assert not loaded(), loaded()\n"
        "r._repr_html_()\n"
        "print(loaded())"
    )
    done = subprocess.run([sys.executable, str(tmp_path / "check.py")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['matplotlib']"  # for the picture
    assert done.stderr == ""  # no progress where nobody watches


def test_all_public_names_can_be_looked_up() -> None:
    for name in lrgui.__all__:
        assert getattr(lrgui, name) is not None
        assert name in dir(lrgui)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        lrgui.nothing_like_it  # noqa: B018


# ------------------------------------------------------------------ what comes out
def test_a_sweep_in_one_call(model: nn.Module) -> None:
    result = find(model, seed=1)
    assert result.end.reason in ("completed", "diverged")
    assert result.best_guess is not None and 1e-3 < result.best_guess < 10
    assert len(result.curve.lr) == len(result.curve.loss) == len(result.curve.smoothed)
    assert result.title == "Sequential · SGD"
    assert result.confidence in ("high", "medium", "low", "none")
    assert result.records[0].task.parameters == sum(p.numel() for p in model.parameters())
    assert result.curve.guessing == result.end.guessing == pytest.approx(math.log(3), abs=0.1)
    assert result.curve.uniform == result.end.uniform == pytest.approx(math.log(3))


def test_the_curve_is_that_of_a_loop_written_by_hand(model: nn.Module) -> None:
    twin = copy.deepcopy(model)
    result = find(model, seed=3, steps=20, stop_factor=0.0)
    optimizer, expected = torch.optim.SGD(twin.parameters(), 1e-4), []
    torch.manual_seed(3)
    batches = endless_by_hand(loader())
    for step in range(20):
        optimizer.param_groups[0]["lr"] = 1e-4 * (10 / 1e-4) ** (step / 19)
        x, y = next(batches)
        optimizer.zero_grad()
        loss = cross_entropy(twin(x), y)
        expected.append(loss.item())
        loss.backward()
        optimizer.step()
    np.testing.assert_allclose(result.curve.loss, expected, rtol=1e-5)


def endless_by_hand(loader: Any) -> Iterator[Any]:
    while True:
        yield from loader


# ------------------------------------------------------------------ models and optimizers
@pytest.mark.parametrize(
    "optimizer",
    [
        None,
        torch.optim.Adam,
        torch.optim.RMSprop,
        lambda params, lr: torch.optim.SGD(params, lr, momentum=0.9, nesterov=True),
    ],
)
def test_an_optimizer_may_be_a_class_a_function_or_nothing(model: nn.Module, optimizer: Any) -> None:
    before = everything(model)
    result = find(model, optimizer=optimizer)
    assert len(result.curve) > 10
    assert same(before, everything(model))
    if optimizer is None:
        assert result.title.endswith("AdamW")


def test_an_optimizer_that_has_begun_is_put_back_with_its_state(model: nn.Module) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for x, y in loader():
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()
    before = everything(model, optimizer)
    find(model, optimizer=optimizer)
    assert same(before, everything(model, optimizer))
    assert optimizer.param_groups[0]["lr"] == 2e-3


def test_a_function_that_makes_the_model_leaves_everything_of_the_callers_alone() -> None:
    made = []

    def make() -> nn.Module:
        made.append(net())
        return made[-1]

    before = torch.get_rng_state()
    one, other = find(make, seed=5), find(make, seed=5)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(made) == 2
    assert one.curve.loss.tolist() == other.curve.loss.tolist()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: find(m, steps=1), "Steps cannot be “1”"),
        (lambda m: find(m, start_lr=1.0, end_lr=0.1), "not above the first"),
        (lambda m: find(m, schedule="cosine"), "Schedule cannot be “cosine”"),
        (lambda m: find(m, amp="fp8"), "Precision cannot be “fp8”"),
        (lambda m: find(m, amp=torch.float64), "not a mixed-precision setting"),
        (lambda m: find(m, repeats=0), "Repeats cannot be “0”. Use 1 to 50"),
        (lambda m: find(m, fresh_init=True), "require a function that returns the model"),
        (lambda m: find(m, training_step=lambda m, b: m(b)), "Both loss and training_step"),
        (lambda m: find(m, batches=[]), "no batch"),
        (lambda m: find(m, batches=iter([])), "no batch"),
        (lambda m: find(m, loss=None), "No loss was given"),
        (lambda m: find(m, optimizer=torch.optim.SGD(net().parameters(), 0.1)), "none of this model's parameters"),
        (lambda m: find(net, optimizer=torch.optim.SGD(m.parameters(), 0.1)), "cannot exist yet"),
        (lambda m: find(lambda: "model"), "must return a torch.nn.Module, not str"),
        (lambda m: find(nn.ReLU()), "no parameters"),
        (lambda m: find(Hiding()), "no parameters.*Hiding.layers are in a plain list.*nn.ModuleList"),
        (lambda m: find(nn.Linear(8, 3, device="meta")), "is on the meta device"),
        (lambda m: find(m.requires_grad_(False)), "is frozen"),
        (lambda m: find(m, optimizer=lambda params, lr: "SGD"), "must return a torch.optim.Optimizer"),
        (lambda m: find(m, param_groups=["head"]), "no parameter group 'head': it has group 0"),
        (lambda m: find(m, param_groups=[]), "No parameter group"),
        (lambda m: find(m, validation=(loader(), 0)), "0 validation batches"),
        (lambda m: find(m, loss=lambda o, y: cross_entropy(o, y, reduction="none")), "must be a scalar"),
    ],
)
def test_what_cannot_be_swept_is_told_in_a_sentence(
    model: nn.Module, call: Callable[[nn.Module], Any], sentence: str
) -> None:
    before = everything(model)[:2]
    with pytest.raises(ValueError, match=sentence):
        call(model)
    assert same(before, everything(model)[:2])


def test_layers_that_the_model_does_not_see_are_noted() -> None:
    """A training would not move them, and neither does the sweep; a person who gave them by hand knows."""
    model = Hiding(nn.Linear(4, 3))
    (note,) = (note for note in find(model, steps=4).notes if "plain list" in note)
    assert "Hiding.layers are in" in note and "nn.ModuleList" in note
    by_hand = torch.optim.SGD([*model.parameters(), *model.layers[0].parameters()], 0.1)
    assert not any("plain list" in note for note in find(model, optimizer=by_hand, steps=4).notes)


# ------------------------------------------------------------------ data
class Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(list(data(96)))


def test_a_schedule_that_is_attached_is_the_planned_one(model: nn.Module) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), 0.01)
    bare = find(model, optimizer=optimizer, seed=0)
    assert bare.planned_schedule is None and bare.reading.plan.family == "adam" and bare.reading.both_rates
    kept = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    found = find(model, optimizer=optimizer, seed=0)
    assert (found.planned_schedule, found.planned_steps) == ("decay", None) and kept.last_epoch == 0
    assert found.lr == bare.by_schedule["decay"] < bare.lr and not found.reading.both_rates
    said = find(model, optimizer=optimizer, planned_schedule="constant", planned_steps=1200, seed=0)
    assert said.lr == said.by_schedule["constant"] < bare.by_schedule["constant"]

    def with_schedule(parameters: Any, lr: float) -> Any:
        made = torch.optim.SGD(parameters, lr)
        return {"optimizer": made, "lr_scheduler": torch.optim.lr_scheduler.OneCycleLR(made, lr, total_steps=900)}

    made = find(model, optimizer=with_schedule)
    assert (made.planned_schedule, made.planned_steps) == ("onecycle", 900)
    with pytest.raises(ValueError, match="Choose one of: onecycle, warmup, decay, constant, step"):
        find(model, planned_schedule="cosine")


def test_streams_and_short_loaders_begin_again(model: nn.Module) -> None:
    assert len(find(model, DataLoader(Stream(), batch_size=32), steps=20, stop_factor=0.0).curve) == 20
    assert len(find(model, [next(iter(loader()))], steps=20, stop_factor=0.0).curve) == 20


def test_a_one_shot_iterator_ends_the_sweep_and_is_said_to_be_used_up(model: nn.Module) -> None:
    result = find(model, iter(list(loader())), steps=40)
    assert result.end.reason == "data_ended"
    assert len(result.curve) == 8
    assert any("iterator" in note for note in result.notes)


def test_a_training_step_takes_any_batch(model: nn.Module) -> None:
    batches = [{"pixels": x, "meta": {"y": y}} for x, y in loader()]
    result = find(model, batches, None, training_step=lambda m, b: cross_entropy(m(b["pixels"]), b["meta"]["y"]))
    assert len(result.curve) > 10


def test_the_loaders_own_generator_is_put_back(model: nn.Module) -> None:
    generator = torch.Generator().manual_seed(7)
    batches = loader(generator=generator)
    before = generator.get_state()
    find(model, batches, repeats=2)
    assert torch.equal(generator.get_state(), before)


def test_a_generators_function_begins_again_for_each_pass_and_each_repeat(model: nn.Module) -> None:
    ready = list(DataLoader(data(), batch_size=32))

    def batches() -> Iterator[Any]:
        yield from ready

    listed = find(model, ready, steps=20, stop_factor=0.0, repeats=2, seed=1)
    result = find(model, batches, steps=20, stop_factor=0.0, repeats=2, seed=1)
    assert [curve.loss.tolist() for curve in result.curves] == [curve.loss.tolist() for curve in listed.curves]


@pytest.mark.parametrize("more", [{}, {"accumulation": 2}, {"batches_per_lr": 2}, {"amp": "bf16"}])
def test_a_batch_without_a_loss_is_as_if_it_were_not_there(model: nn.Module, more: dict[str, Any]) -> None:
    batches = list(DataLoader(data(), batch_size=32))
    bad = [(torch.full_like(x, math.nan), y) for x, y in batches]

    def step(net: nn.Module, batch: Any) -> Any:
        if batch[0].isnan().any():
            return None
        return {"loss": cross_entropy(net(batch[0]), batch[1]), "seen": len(batch[1])}

    mixed = [bad[0], batches[0], bad[1], bad[2], *batches[1:]]
    settings = {"steps": 20, "stop_factor": 0.0, "seed": 1, "validation": mixed, **more}
    result = find(model, mixed, None, training_step=step, **settings)
    alone = find(model, batches, **{**settings, "validation": batches})
    assert result.curve.loss.tolist() == pytest.approx(alone.curve.loss.tolist())
    assert result.train_loss.tolist() == alone.train_loss.tolist()


@pytest.mark.parametrize("batches", [None, iter([(torch.zeros(2, 4), torch.zeros(2))] * 3)])
def test_a_training_step_that_never_returns_a_loss_is_told(model: nn.Module, batches: Any) -> None:
    with pytest.raises(ValueError, match=r"returned None for .* batches in a row: did you forget return"):
        find(model, batches, None, training_step=lambda net, batch: None)


@pytest.mark.parametrize(
    "step",
    [
        lambda m, b: (cross_entropy(m(b[0]), b[1]), {"seen": 3}),
        lambda m, b: {"loss": cross_entropy(m(b[0]), b[1]), "log": {}},
    ],
)
def test_a_training_step_may_return_more_than_the_loss(model: nn.Module, step: Any) -> None:
    settings = {"steps": 10, "seed": 1}
    assert find(model, None, None, training_step=step, **settings).curve.loss.tolist() == (
        find(model, **settings).curve.loss.tolist()
    )


def test_of_the_class_of_a_loss_an_instance_is_meant(model: nn.Module) -> None:
    settings = {"steps": 10, "seed": 1}
    by_class, by_function = (find(model, loss=loss, **settings) for loss in (nn.CrossEntropyLoss, cross_entropy))
    assert by_class.curve.loss.tolist() == by_function.curve.loss.tolist()


class OwnLoop(nn.Module):
    """A model whose `train` is its author's training loop."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x)

    def train(self, x: Any, y: Any) -> None:  # type: ignore[override]
        raise AssertionError("the author's own loop")


def test_a_model_with_a_train_of_its_own_is_swept_in_train_mode() -> None:
    torch.manual_seed(0)
    model = OwnLoop()
    for module in model.modules():
        module.training = False
    settings = {"steps": 10, "seed": 1}
    before = everything(model)
    result = find(model, **settings)
    validated = find(model, validation=loader(), **settings)
    assert same(before, everything(model))
    assert len(validated.curve) == 10
    model.inner.train()
    assert result.curve.loss.tolist() == find(model.inner, **settings).curve.loss.tolist()


def test_a_schedule_free_optimizer_keeps_its_mode(model: nn.Module) -> None:
    schedulefree = pytest.importorskip("schedulefree")
    result = find(model, optimizer=schedulefree.AdamWScheduleFree, steps=20, stop_factor=0.0)
    assert len(result.curve) == 20
    own = schedulefree.SGDScheduleFree(model.parameters(), lr=0.1)
    before = everything(model, own)
    find(model, optimizer=own, steps=20, validation=loader())
    lrgui.verify(model, loader(), cross_entropy, own, lr=0.1, steps=20, rates=3, progress=False)
    assert same(before, everything(model, own))


# ------------------------------------------------------------------ ways to end
def breaking(when: int, how: Callable[[], Any]) -> Any:
    """A training step that calls `how` at its step `when`."""
    steps = []

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        steps.append(1)
        loss = cross_entropy(model(batch[0]), batch[1])
        return loss * how() if len(steps) == when + 1 else loss

    return step


def raising(error: BaseException) -> Callable[[], Any]:
    def now() -> Any:
        raise error

    return now


@pytest.mark.parametrize(
    ("how", "reason", "words"),
    [
        (lambda: math.nan, "not_finite", "NaN"),
        (raising(KeyError("a bug")), "failed", "KeyError: 'a bug'"),
        (raising(torch.OutOfMemoryError("CUDA out of memory")), "out_of_memory", r"\(16\) and an accumulation of 2"),
        (
            raising(RuntimeError("DataLoader worker (pid 7) is killed by signal")),
            "loader_died",
            "DataLoader workers to 0",
        ),
    ],
)
def test_however_it_ends_the_curve_stays_and_everything_is_put_back(
    model: nn.Module, how: Any, reason: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    optimizer = torch.optim.Adam(model.parameters())
    before = everything(model, optimizer)
    result = find(model, loss=None, optimizer=optimizer, training_step=breaking(30, how))
    assert result.end.reason == reason
    assert len(result.curve) == 30
    assert re.search(words, result.end.detail)
    assert same(before, everything(model, optimizer))
    if reason != "not_finite":
        assert "test_find.py" in result.end.traceback and "core/engine/sweep.py" not in result.end.traceback
        assert result.end.detail in capsys.readouterr().err


def test_an_error_before_the_first_point_is_the_callers_own(model: nn.Module) -> None:
    before = everything(model)
    with pytest.raises(KeyError, match="a bug"):
        find(model, loss=None, training_step=breaking(0, raising(KeyError("a bug"))))
    assert same(before, everything(model))


def test_a_keyboard_interrupt_passes_through_a_script_with_everything_put_back(model: nn.Module) -> None:
    before = everything(model)
    with pytest.raises(KeyboardInterrupt):
        find(model, loss=None, training_step=breaking(20, raising(KeyboardInterrupt())))
    assert same(before, everything(model))


def test_a_keyboard_interrupt_at_a_prompt_gives_what_was_measured(
    model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_module, "interactive", lambda: True)
    result = find(model, loss=None, training_step=breaking(20, raising(KeyboardInterrupt())), repeats=3)
    assert result.end.reason == "cancelled"
    assert len(result.curve) == 20
    assert len(result.curves) == 1


def test_cancelling_from_an_event_keeps_what_was_measured(model: nn.Module) -> None:
    control, seen = Control(), []

    def listen(event: Event) -> None:
        seen.append(event)
        if isinstance(event, BatchEvent) and event.step == 14:
            control.cancel()

    before = everything(model)
    result = find(model, control=control, on_event=listen, repeats=3)
    assert result.end.reason == "cancelled"
    assert len(result.curve) == 15
    assert isinstance(seen[-1], EndEvent)
    assert same(before, everything(model))


def test_an_exception_of_the_listener_closes_the_sweep(model: nn.Module) -> None:
    def listen(event: Event) -> None:
        raise LookupError("in the listener")

    before = everything(model)
    result = find(model, on_event=lambda event: None)
    with pytest.raises(LookupError):
        find(model, on_event=listen)
    assert len(result.curve) > 10
    assert same(before, everything(model))


# ------------------------------------------------------------------ repeats, groups, range
def test_repeats_begin_alike_and_see_the_data_in_another_order(model: nn.Module) -> None:
    result = find(model, repeats=3, seed=1, steps=40)
    assert len(result.curves) == 3
    losses = [curve.loss.tolist() for curve in result.curves]
    assert losses[0] != losses[1] != losses[2]
    assert result.band is not None
    assert (result.band.low <= result.band.high).all()
    assert losses[0] == find(model, seed=1, steps=40).curve.loss.tolist()
    assert losses == [curve.loss.tolist() for curve in find(model, repeats=3, seed=1, steps=40).curves]


def test_repeats_with_fresh_weights_begin_elsewhere() -> None:
    same_start = find(net, [next(iter(loader(generator=torch.Generator().manual_seed(1))))], repeats=2, seed=1)
    fresh = find(
        net, [next(iter(loader(generator=torch.Generator().manual_seed(1))))], repeats=2, seed=1, fresh_init=True
    )
    first = [curve.loss[0] for curve in fresh.curves]
    assert first[0] != pytest.approx(first[1], rel=1e-3)
    start = [curve.loss[0] for curve in same_start.curves]
    assert start[0] == pytest.approx(start[1], rel=0.2)  # dropout alone


def two_groups(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        [
            {"params": model[0].parameters(), "lr": 1e-3, "name": "body"},  # type: ignore[index, union-attr]
            {"params": model[4].parameters(), "lr": 1e-2},  # type: ignore[index, union-attr]
        ]
    )


def test_groups_keep_their_ratio_beside_a_warm_up_that_begins_at_0(model: nn.Module) -> None:
    """As Hugging Face's do: the rates are all 0 when the sweep begins."""
    optimizer = two_groups(model)
    plain = find(model, optimizer=optimizer, steps=100, seed=1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 3))
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.0]
    result = find(model, optimizer=optimizer, steps=100, seed=1)
    assert result.curve.loss.tolist() == plain.curve.loss.tolist()
    result.apply(optimizer, lr=0.1)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.01, 0.1])


def test_every_group_gets_a_curve_of_its_own(model: nn.Module) -> None:
    optimizer = two_groups(model)
    result = find(model, optimizer=optimizer, param_groups="each", seed=1)
    assert list(result.groups) == ["body", "group 1"]
    curves = [result.curve, *(part.curve for part in result.groups.values())]
    assert len({tuple(curve.loss[-5:]) for curve in curves}) == 3
    assert result.groups["body"].swept == (0,)
    assert [group["lr"] for group in optimizer.param_groups] == [1e-3, 1e-2]


def test_groups_are_chosen_by_name_or_index(model: nn.Module) -> None:
    by_name = find(model, optimizer=two_groups(model), param_groups=["body"], seed=1)
    by_index = find(model, optimizer=two_groups(model), param_groups=[-2], seed=1)
    assert by_name.curve.loss.tolist() == by_index.curve.loss.tolist()


def test_a_range_that_ends_too_early_is_extended(model: nn.Module) -> None:
    short = find(model, start_lr=1e-5, end_lr=3e-2, steps=100, seed=0)
    assert short.lr is None
    mended = find(model, start_lr=1e-5, end_lr=3e-2, steps=100, seed=0, auto_range=True)
    assert mended.config.end_lr > 0.1
    assert mended.notes and "Swept again, from 1e-5 to" in mended.notes[0]
    assert mended.best_guess > short.curve.lr[-1]


# ------------------------------------------------------------------ validation, metric, precision
def accuracy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (output.argmax(1) == target).float().mean()


@pytest.mark.parametrize("validation", [None, [next(iter(DataLoader(data(), 64)))], (DataLoader(data(), 64), 2)])
def test_a_metric_is_a_second_curve(model: nn.Module, validation: Any) -> None:
    before = everything(model)
    result = find(model, metric=accuracy, validation=validation, seed=1)
    assert result.metric_name == "accuracy"
    assert result.metric.shape == result.curve.lr.shape
    assert 0 <= np.nanmin(result.metric) < np.nanmax(result.metric) <= 1
    assert result.metric_smoothed.max() > 0.5
    assert (result.train_loss is not None) == (validation is not None)
    assert same(before, everything(model))


def test_a_metric_beside_a_training_step_takes_model_and_batch(model: nn.Module) -> None:
    result = find(
        model,
        loss=None,
        training_step=lambda m, b: cross_entropy(m(b[0]), b[1]),
        metric=lambda m, b: accuracy(m.eval()(b[0]), b[1]) if m.train() else None,
        steps=20,
    )
    assert np.isfinite(result.metric).all()


@pytest.mark.parametrize("amp", ["bf16", "fp16", torch.bfloat16, torch.amp.GradScaler("cpu", init_scale=64.0)])
def test_mixed_precision(model: nn.Module, amp: Any) -> None:
    result = find(model, amp=amp, accumulation=2, clip_grad_norm=1.0)
    assert len(result.curve) > 10
    if isinstance(amp, torch.amp.GradScaler):
        assert amp.get_scale() == 64.0


def test_the_task_is_told_first(model: nn.Module) -> None:
    seen: list[Event] = []
    find(model, on_event=seen.append, title="mine")
    assert isinstance(seen[0], TaskEvent)
    assert seen[0].name == "mine"
    assert seen[0].train_size == 256


# ------------------------------------------------------------------ state on disk
def test_a_large_state_goes_to_a_private_file(
    model: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lrgui.core.engine import snapshot as restore

    before = everything(model)
    real = restore.Snapshot.__init__
    monkeypatch.setattr(
        find_module.Snapshot, "__init__", lambda self, *a, **k: real(self, *a, **{**k, "limit_bytes": 100})
    )
    find(model, snapshot_folder=str(tmp_path))
    assert same(before, everything(model))
    assert list(tmp_path.iterdir()) == []


def test_repeats_see_another_order_from_samplers_that_count_epochs(model: nn.Module) -> None:
    sampler = torch.utils.data.distributed.DistributedSampler(data(), num_replicas=1, rank=0)
    batches = DataLoader(data(), 32, sampler=sampler)
    result = find(model, batches, repeats=2, steps=20, stop_factor=0.0)
    first, second = (curve.loss.tolist() for curve in result.curves)
    assert first[0] != second[0]
    assert sampler.epoch == 0


def test_a_loader_process_that_dies_is_told_with_its_way_out(model: nn.Module) -> None:
    batches = DataLoader(Deadly(), 32, num_workers=1, multiprocessing_context="fork")
    result = find(model, batches, steps=40, stop_factor=0.0)
    assert result.end.reason == "loader_died"
    assert "set the DataLoader workers to 0" in result.end.detail
    assert 1 <= len(result.curve) < 40


class Deadly(torch.utils.data.Dataset[Any]):
    """Its process dies in the middle of an epoch, as one does that runs out of memory."""

    def __len__(self) -> int:
        return 512

    def __getitem__(self, index: int) -> Any:
        if index == 200:
            time.sleep(0.5)  # the batches before it arrive first
            os._exit(1)
        return data()[index % 256]


def test_a_result_knows_what_its_pick_belongs_to(model: nn.Module) -> None:
    result = find(model, accumulation=2)
    assert (result.optimizer, result.batch_size) == ("SGD", 64)
    rate = result.lr if result.lr is not None else result.best_guess
    assert result.scaled(batch_size=128).lr == pytest.approx(2 * rate)


# ----- what is swept, and what stays out of it


def test_a_data_set_in_a_loaders_place_is_refused_with_what_helps(model: nn.Module) -> None:
    for wrong in (data(), torch.utils.data.Subset(data(), [1, 2])):
        with pytest.raises(ValueError, match=r"not batches: pass DataLoader\(dataset, batch_size=64, shuffle"):
            find(model, wrong)
    with pytest.raises(ValueError, match="The validation argument is a TensorDataset"):
        find(model, validation=(data(), 2))


def test_a_repeat_that_was_stopped_is_left_out(model: nn.Module) -> None:
    control = Control()

    def watch(event: Event) -> None:
        if isinstance(event, BatchEvent) and event.sweep == 2 and event.step == 20:
            control.cancel()

    result = find(model, repeats=3, control=control, on_event=watch, seed=3)
    whole = find(model, repeats=2, seed=3)
    assert [len(curve) for curve in result.curves] == [len(curve) for curve in whole.curves]
    assert result.best_guess == whole.best_guess
    assert result.end.reason == "cancelled"
    assert any("Sweep 3 of 3 did not finish (21 of 60 steps)" in note for note in result.notes)
    control = Control()
    alone = find(model, control=control, on_event=lambda e: isinstance(e, BatchEvent) and control.cancel(), repeats=2)
    assert [len(curve) for curve in alone.curves] == [1]


@pytest.mark.parametrize("repeats", [0, -1, 51])
def test_repeats_have_the_limits_of_the_window(model: nn.Module, repeats: int) -> None:
    (problem,) = SweepSettings(repeats=repeats).validate()
    with pytest.raises(ValueError, match=re.escape(str(problem))):
        find(model, repeats=repeats)


def test_an_optimizer_with_part_of_the_model_is_noted(model: nn.Module) -> None:
    both = nn.ModuleList([model, net()])
    optimizer = torch.optim.SGD(both[0].parameters())
    result = find(both, None, None, optimizer, training_step=lambda m, b: cross_entropy(m[0](b[0]), b[1]))
    assert any("has 163 of the model's 326 trainable parameters; the other 163" in note for note in result.notes)
    both[1].requires_grad_(False)
    result = find(both, None, None, optimizer, training_step=lambda m, b: cross_entropy(m[0](b[0]), b[1]))
    assert result.notes == ()


def test_a_frozen_norm_keeps_its_statistics_whoever_freezes_it(model: nn.Module) -> None:
    """The first loss, and with it the curve, is that of a training."""
    x, y = next(iter(DataLoader(data(), batch_size=64)))
    norm, layer = model[1], model[0]
    with torch.no_grad():
        layer.weight.mul_(50)
        norm.running_mean.copy_(layer(x).mean(0))
        norm.running_var.copy_(layer(x).var(0))
    model[3].p = 0.0
    model.train()
    norm.eval()
    wanted = cross_entropy(model(x), y).item()
    result = find(model, [(x, y)], optimizer=torch.optim.SGD(model[4].parameters()))
    assert result.curve.loss[0] == pytest.approx(wanted)
    assert "remained so: 1." in " ".join(result.notes)
    kept = find(model, [(x, y)], optimizer=torch.optim.SGD(model[4].parameters()), keep_modes=True)
    assert kept.curve.loss[0] == pytest.approx(wanted)
    assert "remained so" not in " ".join(kept.notes)


class Weighed(nn.Module):
    """A criterion that learns, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(1))
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        self.eval()
        loss = cross_entropy(output, target)
        self.mean.lerp_(loss.detach(), 0.1)
        return loss * torch.exp(-self.scale) + self.scale


@pytest.mark.parametrize("run", ["find", "verify"])
def test_a_criterion_is_put_back(model: nn.Module, run: str) -> None:
    criterion = Weighed()
    before = everything(criterion)
    if run == "find":
        result = find(model, loss=criterion, repeats=2, seed=1)
        first, second = (curve.loss for curve in result.curves)
        assert result.notes == ()
        assert first[0] == pytest.approx(second[0], rel=0.3)
    else:
        lrgui.verify(model, loader(), criterion, torch.optim.SGD, lr=0.01, steps=8, rates=3, rounds=1, progress=False)
    assert same(everything(criterion), before)
    assert criterion.scale.grad is None


def test_a_head_that_only_the_training_step_knows_is_put_back(model: nn.Module) -> None:
    head = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    theirs = torch.optim.Adam(head.parameters())
    before = everything(head, theirs)

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        loss = cross_entropy(head(model(batch[0])), batch[1])
        theirs.step()
        return loss

    find(model, None, None, training_step=step)
    assert same(everything(head, theirs), before)


def test_parameters_that_nothing_leads_to_are_put_back_and_said(model: nn.Module) -> None:
    hidden: dict[str, Any] = {}
    module = types.ModuleType("somewhere")
    module.head = nn.Linear(3, 3)  # type: ignore[attr-defined]
    hidden["head"] = module
    first = module.head.weight.detach().clone()

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        return cross_entropy(hidden["head"].head(model(batch[0])), batch[1])

    optimizer = torch.optim.SGD(model.parameters())
    optimizer.register_step_pre_hook(lambda *_: module.head.weight.data.add_(1))
    result = find(model, None, None, optimizer, training_step=step)
    assert torch.equal(module.head.weight, first)
    assert module.head.weight.grad is None
    (note,) = result.notes
    assert "uses 2 parameter tensors outside the model" in note
    assert "(3×3, 3)" in note


def test_an_optimizer_that_the_model_holds_is_put_back() -> None:
    class Probing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net()
            self.probe = nn.Linear(3, 3)
            self.optimizer = torch.optim.Adam(self.probe.parameters())

        def forward(self, x: torch.Tensor) -> Any:
            output = self.net(x)
            self.optimizer.zero_grad()
            self.probe(output.detach()).square().mean().backward()
            self.optimizer.step()
            return output

    model = Probing()
    model(torch.randn(4, 4))
    before = everything(model, model.optimizer)
    find(model, optimizer=torch.optim.SGD(model.net.parameters()))
    assert same(everything(model, model.optimizer), before)


@pytest.mark.parametrize("fresh", [False, True])
def test_lazy_layers_of_a_model_made_here_find_their_size(fresh: bool) -> None:
    batches = loader(generator=torch.Generator().manual_seed(2))
    assert batches.generator is not None
    before = batches.generator.get_state(), torch.get_rng_state()

    def make() -> nn.Module:
        return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(3))

    result = find(make, batches, fresh_init=fresh, repeats=2)
    assert result.lr is not None
    assert torch.equal(batches.generator.get_state(), before[0])
    assert torch.equal(torch.get_rng_state(), before[1])
    with pytest.raises(ValueError, match="one batch through the model in the function that creates it"):
        find(make, iter(list(loader())))
    with pytest.raises(ValueError, match="run one batch through the model first"):
        find(make(), batches)


def test_a_packed_sequence_goes_in_as_one() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.GRU(5, 3)

        def forward(self, *inputs: Any) -> Any:
            return self.layer(*inputs)[1][-1]

    packed = nn.utils.rnn.pack_sequence([torch.randn(4, 5), torch.randn(3, 5)])
    assert len(find(Recurrent(), [(packed, torch.tensor([0, 1]))], steps=5).curve) == 5


def test_an_integer_rate_is_swept_and_stays(model: nn.Module) -> None:
    optimizer = torch.optim.Adam(model.parameters(), lr=torch.tensor(1), foreach=False)
    result = find(model, optimizer=optimizer)
    assert result.lr is not None
    assert optimizer.param_groups[0]["lr"].item() == 1
    result.apply(optimizer)
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(result.lr)


def test_persistent_workers_are_put_back(model: nn.Module) -> None:
    batches = loader(num_workers=1, persistent_workers=True)
    assert find(model, batches, steps=10).notes == ()
    assert batches._iterator is None


@pytest.mark.parametrize("run", ["find", "count", "verify"])
def test_the_validation_loaders_own_generator_is_put_back(model: nn.Module, run: str) -> None:
    held = loader(generator=torch.Generator().manual_seed(2))
    assert held.generator is not None
    before = held.generator.get_state()
    if run != "verify":
        find(model, validation=(held, 2) if run == "count" else held, steps=5)
    else:
        fast = {"lr": 0.01, "steps": 8, "rates": 3, "rounds": 1, "progress": False}
        lrgui.verify(model, loader(), cross_entropy, torch.optim.SGD, validation=held, **fast)
    assert torch.equal(held.generator.get_state(), before)
