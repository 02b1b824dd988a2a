"""`lrgui.LRFinder` against the real torch-lr-finder: the same numbers, and what it does better."""

from __future__ import annotations

import builtins
import gc
import importlib
import math
import os
import pickle
import random
import re
import stat
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from lrgui import LRFinder, StateCacher, TrainDataLoaderIter, ValDataLoaderIter

FINISHED = "Learning rate search finished. See the graph with {finder_name}.plot()\n"


@pytest.fixture
def real() -> Any:
    """The real package."""
    return pytest.importorskip("torch_lr_finder")


@pytest.fixture
def pyplot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """matplotlib without a screen."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    yield plt
    plt.close("all")


# -- small tasks


@dataclass
class Job:
    """What a notebook has when it makes its finder."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    criterion: Any
    train: Any
    val: Any = None


def _data(examples: int = 60, classes: int = 3) -> TensorDataset:
    x = torch.randn(examples, 6)
    return TensorDataset(x, (x[:, 0] * 2).long().clamp(0, classes - 1))


def mlp(lr: float = 1e-4) -> Job:
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    data = _data()
    return Job(model, optimizer, nn.CrossEntropyLoss(), DataLoader(data, 8, shuffle=True), DataLoader(_data(30), 7))


def norm_and_dropout() -> Job:
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
    data = _data()
    return Job(
        model,
        torch.optim.Adam(model.parameters(), lr=1e-6),
        nn.CrossEntropyLoss(),
        DataLoader(data, 16, shuffle=True),
        DataLoader(_data(30), 30, shuffle=True),
    )


def regression() -> Job:
    x = torch.randn(40, 6)
    model = nn.Linear(6, 1)
    data = TensorDataset(x, x.sum(1, keepdim=True), torch.arange(40))  # a third thing, which nobody asks for
    return Job(
        model,
        torch.optim.RMSprop(model.parameters(), lr=1e-5),
        nn.MSELoss(),
        DataLoader(data, 4),
        DataLoader(data, 16),
    )


def two_groups() -> Job:
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    groups = [{"params": model[0].parameters(), "lr": 1e-6}, {"params": model[2].parameters()}]
    return Job(
        model,
        torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.1),
        nn.CrossEntropyLoss(),
        DataLoader(_data(), 8, shuffle=True),
        DataLoader(_data(30), 8),
    )


class Lists(torch.utils.data.Dataset[Any]):
    """Batches are lists of a tuple and a tensor."""

    def __len__(self) -> int:
        return 24

    def __getitem__(self, at: int) -> Any:
        return [(torch.full((3,), at / 24), torch.ones(3)), torch.tensor([at / 24])]


class Sum(nn.Module):
    """Takes a pair of inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, pair: Any) -> torch.Tensor:
        out: torch.Tensor = self.layer(pair[0] + pair[1])
        return out


def lists() -> Job:
    model = Sum()
    return Job(
        model,
        torch.optim.SGD(model.parameters(), lr=1e-3),
        nn.L1Loss(),
        DataLoader(Lists(), 5, shuffle=True),
        DataLoader(Lists(), 5),
    )


JOBS: dict[str, Callable[[], Job]] = {
    job.__name__: job for job in (mlp, norm_and_dropout, regression, two_groups, lists)
}
SETTINGS: dict[str, dict[str, Any]] = {
    "defaults": {"num_iter": 40},
    "linear": {"num_iter": 30, "step_mode": "Linear", "end_lr": 0.5},
    "validation": {"num_iter": 15, "val": True, "end_lr": 1},
    "linear validation": {"num_iter": 12, "val": True, "end_lr": 0.1, "step_mode": "linear"},
    "accumulation": {"num_iter": 20, "accumulation_steps": 3, "end_lr": 1},
    "unsmoothed": {"num_iter": 40, "smooth_f": 0, "diverge_th": 3, "end_lr": 100},
    "start": {"num_iter": 25, "start_lr": 1e-2, "smooth_f": 0.3, "end_lr": 3.0},
    "blocking": {"num_iter": 2, "non_blocking_transfer": False},
}


def search(finder_class: Any, job: Job, settings: dict[str, Any], seed: int, **made: Any) -> Any:
    """Run one test as a notebook does; returns the finder."""
    settings = dict(settings)
    val = job.val if settings.pop("val", False) else None
    finder = finder_class(job.model, job.optimizer, job.criterion, **made)
    torch.manual_seed(seed + 100)
    finder.range_test(job.train, val_loader=val, **settings)
    return finder


def seeded(make: Callable[[], Job], seed: int) -> Job:
    torch.manual_seed(seed)
    return make()


def assert_same_state(ours: Job, theirs: Job) -> None:
    for name, tensor in theirs.model.state_dict().items():
        assert torch.equal(ours.model.state_dict()[name], tensor), name
    mine, other = ours.optimizer.state_dict(), theirs.optimizer.state_dict()
    assert mine["state"].keys() == other["state"].keys()
    for index, state in other["state"].items():
        for name, value in state.items():
            assert torch.equal(torch.as_tensor(mine["state"][index][name]), torch.as_tensor(value)), name
    for group, reference in zip(mine["param_groups"], other["param_groups"], strict=True):
        reference.pop("initial_lr", None)  # the original leaves it behind until its reset
        assert group == reference


# -- the same as the original


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("job", JOBS)
def test_histories_and_states_are_equal_to_the_original(
    real: Any, job: str, settings: str, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, ours = seeded(JOBS[job], seed), seeded(JOBS[job], seed)
    reference = search(real.LRFinder, theirs, SETTINGS[settings], seed)
    said = capsys.readouterr().out
    finder = search(LRFinder, ours, SETTINGS[settings], seed)
    assert capsys.readouterr().out == said
    assert finder.history == reference.history
    assert finder.best_loss == reference.best_loss
    assert_same_state(ours, theirs)  # as the test left them
    reference.reset()
    finder.reset()
    assert_same_state(ours, theirs)


def test_both_ends_of_a_test_are_among_those_compared(capsys: pytest.CaptureFixture[str]) -> None:
    search(LRFinder, seeded(mlp, 0), SETTINGS["unsmoothed"], 0)
    assert capsys.readouterr().out == "Stopping early, the loss has diverged\n" + FINISHED
    search(LRFinder, seeded(mlp, 0), SETTINGS["validation"], 0)
    assert capsys.readouterr().out == FINISHED


@pytest.mark.parametrize("steps", [1, 3])
def test_bfloat16_with_a_scaler_is_equal_to_the_original(real: Any, steps: int) -> None:
    def run(finder_class: Any) -> Any:
        amp = {"device_type": "cpu", "dtype": torch.bfloat16}
        scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
        return search(
            finder_class,
            seeded(mlp, 3),
            {"num_iter": 20, "end_lr": 1, "accumulation_steps": steps},
            3,
            amp_backend="torch",
            amp_config=amp,
            grad_scaler=scaler,
        )

    reference, finder = run(real.LRFinder), run(LRFinder)
    assert finder.history == reference.history
    assert finder.history != search(LRFinder, seeded(mlp, 3), {"num_iter": 20, "end_lr": 1}, 3).history


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"skip_start": 0, "skip_end": 0},
        {"log_lr": False, "show_lr": 0.1},
        {"suggest_lr": False},
        {"suggest_lr": False, "skip_start": 60, "skip_end": 9},
    ],
)
@pytest.mark.parametrize("own_axes", [True, False])
def test_plots_are_equal_to_the_original(
    real: Any, pyplot: Any, options: dict[str, Any], own_axes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    def drawn(finder_class: Any) -> tuple[Any, ...]:
        finder = search(finder_class, seeded(mlp, 5), {"num_iter": 40}, 5)
        capsys.readouterr()
        given = {} if own_axes else {"ax": pyplot.subplots()[1]}
        answer = finder.plot(**options, **given)
        axes, rate = answer if isinstance(answer, tuple) else (answer, None)
        lines = [line.get_xydata().tolist() for line in axes.lines]
        dots = [dot.get_offsets().tolist() for dot in axes.collections]
        words = (axes.get_xscale(), axes.get_xlabel(), axes.get_ylabel(), axes.get_legend_handles_labels()[1])
        return type(answer), rate, lines, dots, words, capsys.readouterr().out

    assert drawn(LRFinder) == drawn(real.LRFinder)


@pytest.mark.parametrize("points", [0, 1, 2, 10, 16, 17])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"skip_start": 0, "skip_end": 0},
        {"skip_start": -1},
        {"skip_end": -1},
        {"show_lr": 1},
        {"show_lr": "1e-3"},
        {"suggest_lr": False},
        {"skip_start": 20, "suggest_lr": False},
    ],
)
def test_short_histories_and_bad_settings_fail_like_the_original(
    real: Any, pyplot: Any, points: int, options: dict[str, Any]
) -> None:
    def fate(finder_class: Any) -> Any:
        job = mlp()
        finder = finder_class(job.model, job.optimizer, job.criterion)
        finder.history = {"lr": list(np.geomspace(1e-5, 1, points)), "loss": list(np.linspace(2, 1, points))}
        try:
            finder.plot(**options)
        except Exception as error:
            return type(error)
        return None

    assert fate(LRFinder) is fate(real.LRFinder)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"step_mode": "cosine"}, "exp, linear"),
        ({"num_iter": 1}, "num_iter"),
        ({"num_iter": 0}, "num_iter"),
        ({"smooth_f": 1}, "smooth_f"),
        ({"smooth_f": -0.1}, "smooth_f"),
        ({"train_loader": [1, 2]}, "`train_loader` has unsupported type"),
        ({"val_loader": [1, 2]}, "`val_loader` has unsupported type"),
        ({"start_lr": [0.1, 0.2, 0.3]}, "Length of `new_lrs`"),
    ],
)
def test_what_the_original_refuses_is_refused_before_anything_changes(
    real: Any, settings: dict[str, Any], words: str
) -> None:
    for finder_class in (real.LRFinder, LRFinder):
        job = mlp()
        finder = finder_class(job.model, job.optimizer, job.criterion)
        with pytest.raises(ValueError, match=words):
            finder.range_test(**({"train_loader": job.train} | settings))
        assert finder_class is real.LRFinder or job.optimizer.param_groups[0]["lr"] == 1e-4


def test_arguments_and_defaults_are_the_originals(real: Any) -> None:
    import inspect

    def arguments(function: Any) -> list[tuple[str, Any]]:
        return [(name, p.default) for name, p in inspect.signature(function).parameters.items()]

    for name in ("__init__", "range_test", "plot", "reset", "_train_batch", "_validate", "_move_to_device"):
        assert arguments(getattr(LRFinder, name)) == arguments(getattr(real.LRFinder, name)), name
    assert arguments(TrainDataLoaderIter) == arguments(real.TrainDataLoaderIter)
    assert arguments(ValDataLoaderIter) == arguments(real.ValDataLoaderIter)
    assert arguments(StateCacher) == arguments(real.lr_finder.StateCacher)


# -- loaders and batches


def _dict_job() -> Job:
    job = mlp()

    def collate(rows: list[Any]) -> dict[str, Any]:
        return {"x": torch.stack([row[0] for row in rows]), "y": torch.stack([row[1] for row in rows])}

    job.train = DataLoader(job.train.dataset, 8, shuffle=True, collate_fn=collate)
    job.val = DataLoader(job.val.dataset, 8, collate_fn=collate)
    return job


def test_dict_batches_go_through_an_override_as_in_the_originals_docs(real: Any) -> None:
    def run(package: Any) -> Any:
        class Train(package.TrainDataLoaderIter):  # type: ignore[misc]
            def inputs_labels_from_batch(self, batch_data: Any) -> Any:
                return batch_data["x"], batch_data["y"]

        class Val(package.ValDataLoaderIter):  # type: ignore[misc]
            def inputs_labels_from_batch(self, batch_data: Any) -> Any:
                return batch_data["x"], batch_data["y"]

        job = seeded(_dict_job, 2)
        finder = package.LRFinder(job.model, job.optimizer, job.criterion)
        finder.range_test(Train(job.train), val_loader=Val(job.val), num_iter=12)
        return finder.history

    import lrgui

    assert run(lrgui) == run(real)


def test_a_dict_batch_without_an_override_says_the_way_out() -> None:
    job = _dict_job()
    with pytest.raises(ValueError, match="override inputs_labels_from_batch"):
        LRFinder(job.model, job.optimizer, job.criterion).range_test(job.train)


def test_named_tuples_keep_their_type() -> None:
    Batch = namedtuple("Batch", "x y")
    job = mlp()
    seen: list[Any] = []

    class Iter(TrainDataLoaderIter):
        def inputs_labels_from_batch(self, batch_data: Any) -> Any:
            return Batch(*batch_data), batch_data[1]

    class Model(nn.Linear):
        def forward(self, batch: Any) -> torch.Tensor:
            seen.append(type(batch))
            return super().forward(batch.x)

    model = Model(6, 3)
    finder = LRFinder(model, torch.optim.SGD(model.parameters(), lr=1e-3), job.criterion)
    finder.range_test(Iter(job.train), num_iter=2)
    assert seen == [Batch, Batch]


class Stream(IterableDataset[Any]):
    """Twenty examples of unknown number."""

    def __iter__(self) -> Iterator[Any]:
        for at in range(20):
            yield torch.full((6,), at / 20), torch.tensor(at % 3)


def test_iterable_data_sets_train_and_validate() -> None:
    job = seeded(mlp, 1)
    stream = DataLoader(Stream(), 8)
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.range_test(stream, val_loader=stream, num_iter=7, start_lr=1e-9, end_lr=1e-8, smooth_f=0)
    assert len(finder.history["loss"]) == 7  # more than the three batches of a pass
    job.model.eval()
    x, y = next(iter(DataLoader(Stream(), 20)))
    assert finder.history["loss"][-1] == pytest.approx(job.criterion(job.model(x), y).item(), rel=1e-5)


def test_the_validation_loss_is_the_mean_over_the_examples_that_were_seen(real: Any) -> None:
    def last(finder_class: Any) -> tuple[float, Job]:
        job = seeded(mlp, 1)
        job.val = DataLoader(job.val.dataset, 20, drop_last=True)  # 20 of 30
        finder = search(finder_class, job, {"num_iter": 3, "val": True, "end_lr": 1e-3, "smooth_f": 0}, 1)
        return finder.history["loss"][-1], job

    loss, job = last(LRFinder)
    x, y = job.val.dataset[:20]
    job.model.eval()
    assert loss == pytest.approx(job.criterion(job.model(x), y).item(), rel=1e-5)
    assert last(real.LRFinder)[0] == pytest.approx(loss * 20 / 30, rel=1e-5)


def test_a_train_iterator_begins_again_and_a_validation_iterator_does_not() -> None:
    loader = DataLoader(_data(24), 8)
    train, val = TrainDataLoaderIter(loader), ValDataLoaderIter(loader)
    assert len([next(train) for _ in range(7)]) == 7
    assert train.dataset is loader.dataset
    assert len(list(val)) == 3
    with pytest.raises(StopIteration):
        next(val)
    assert len(list(val)) == 3
    assert len(list(iter(val))) == 3
    with pytest.raises(StopIteration):
        [next(once) for once in [TrainDataLoaderIter(loader, auto_reset=False)] for _ in range(4)]


@pytest.mark.parametrize("once", [True, False])
def test_data_that_ends_ends_the_test(once: bool, capsys: pytest.CaptureFixture[str]) -> None:
    job = mlp()
    batches = TrainDataLoaderIter(iter(job.train)) if once else TrainDataLoaderIter(job.train, auto_reset=False)
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.range_test(batches, num_iter=30)
    assert len(finder.history["lr"]) == 8
    assert capsys.readouterr().out == "Stopping early, the data has ended\n" + FINISHED
    assert finder.result().end.reason == "data_ended"


def test_empty_loaders_are_refused() -> None:
    job = mlp()
    empty = DataLoader(TensorDataset(torch.ones(0, 6), torch.ones(0)))
    with pytest.raises(ValueError, match="training loader yielded no batch"):
        LRFinder(job.model, job.optimizer, job.criterion).range_test(empty)
    with pytest.raises(ValueError, match="validation loader yielded no batch"):
        LRFinder(job.model, job.optimizer, job.criterion).range_test(job.train, val_loader=empty)


# -- stops


class Broken(nn.Module):
    """A criterion that gives these losses, in order."""

    def __init__(self, losses: list[float]) -> None:
        super().__init__()
        self.losses = iter(losses)

    def forward(self, outputs: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return outputs.sum() * 0 + next(self.losses)


def _scripted(finder_class: Any, losses: list[float], **settings: Any) -> Any:
    job = mlp()
    finder = finder_class(job.model, job.optimizer, Broken(losses))
    finder.range_test(job.train, num_iter=len(losses), **({"smooth_f": 0} | settings))
    return finder


def test_a_loss_that_is_not_a_number_stops_the_test(real: Any, capsys: pytest.CaptureFixture[str]) -> None:
    losses = [2.0, 1.5, math.nan, 1.0, 1.0, 1.0]
    assert len(_scripted(real.LRFinder, losses).history["loss"]) == 6  # what we do better
    capsys.readouterr()
    finder = _scripted(LRFinder, losses)
    assert capsys.readouterr().out == "Stopping early, the loss is not a number\n" + FINISHED
    assert finder.history["loss"][:2] == [2.0, 1.5] and math.isnan(finder.history["loss"][2])
    assert len(finder.history["loss"]) == len(finder.history["lr"]) == 3
    assert finder.best_loss == 1.5
    assert finder.result().end.reason == "not_finite"


def test_an_infinite_loss_stops_the_test_also_at_the_first_step(real: Any, capsys: pytest.CaptureFixture[str]) -> None:
    losses = [2.0, math.inf, 1.0]
    reference = _scripted(real.LRFinder, losses)
    said = capsys.readouterr().out
    assert _scripted(LRFinder, losses).history == reference.history
    assert capsys.readouterr().out == said
    assert _scripted(LRFinder, [math.inf, 1.0]).history["loss"] == [math.inf]


def test_negative_losses_stop_when_they_rise_and_not_before(real: Any) -> None:
    falling = [-1.0, -1.5, -2.0, -2.5]
    assert len(_scripted(real.LRFinder, falling).history["loss"]) == 1  # what we do better
    assert _scripted(LRFinder, falling).history["loss"] == falling
    # Above the best by 4 × the fall of 1.5 (diverge_th 5): a rise past 3.5.
    assert len(_scripted(LRFinder, [*falling, 3.4, 3.6, 0.0]).history["loss"]) == 6


def test_an_interrupted_test_can_be_read_and_undone() -> None:
    job = seeded(mlp, 0)
    before = {name: tensor.clone() for name, tensor in job.model.state_dict().items()}
    calls = iter(range(12))

    def criterion(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if next(calls) == 11:
            raise KeyboardInterrupt
        return nn.functional.cross_entropy(outputs, labels)

    finder = LRFinder(job.model, job.optimizer, criterion)
    with pytest.raises(KeyboardInterrupt):
        finder.range_test(job.train, num_iter=50)
    assert len(finder.history["lr"]) == len(finder.raw_losses) == 11
    assert finder.result().end.reason == "cancelled"
    finder.reset()
    assert all(torch.equal(before[name], tensor) for name, tensor in job.model.state_dict().items())
    assert job.optimizer.param_groups[0]["lr"] == 1e-4


# -- putting back


def _train(job: Job, steps: int = 12) -> list[float]:
    losses, batches = [], TrainDataLoaderIter(job.train)
    for _ in range(steps):
        x, y = next(batches)
        job.optimizer.zero_grad()
        loss = job.criterion(job.model(x), y)
        loss.backward()
        job.optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("memory_cache", [True, False])
@pytest.mark.parametrize("job", JOBS)
def test_training_after_a_reset_is_as_if_there_had_been_no_test(job: str, memory_cache: bool, tmp_path: Path) -> None:
    def made() -> Job:
        made = seeded(JOBS[job], 4)
        _train(made, 3)  # so that the optimizer has a state, and parameters their gradients
        random.seed(4)
        np.random.seed(4)
        return made

    expected = made()
    straight = _train(expected)
    ours = made()
    finder = LRFinder(ours.model, ours.optimizer, ours.criterion, memory_cache=memory_cache, cache_dir=tmp_path)
    for _ in range(2):
        finder.range_test(ours.train, val_loader=ours.val, num_iter=15)
        random.random()
        np.random.random()
        finder.reset()
    assert _train(ours) == straight
    assert_same_state(ours, expected)
    random.seed(4)
    np.random.seed(4)
    numbers = random.random(), np.random.random()
    finder.reset()
    assert (random.random(), np.random.random()) == numbers


def test_reset_puts_back_modes_momentum_and_gradients() -> None:
    job = norm_and_dropout()
    norm: Any = job.model[1]  # type: ignore[index]
    norm.eval()
    norm.momentum = 0.3
    norm.weight.requires_grad_(False)
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.range_test(job.train, num_iter=5)
    norm.momentum = None
    norm.weight.requires_grad_(True)
    assert norm.training
    finder.reset()
    assert not norm.training and norm.momentum == 0.3 and not norm.weight.requires_grad
    assert job.model.training
    assert torch.equal(norm.running_mean, torch.zeros(16))
    assert all(parameter.grad is None for parameter in job.model.parameters())
    assert not job.optimizer.state


def test_the_loaders_own_generator_is_put_back() -> None:
    job = mlp()
    generator = torch.Generator().manual_seed(7)
    job.train = DataLoader(job.train.dataset, 8, shuffle=True, generator=generator)
    state = generator.get_state()
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.range_test(job.train, num_iter=20)
    assert not torch.equal(generator.get_state(), state)
    first = finder.history
    finder.reset()
    assert torch.equal(generator.get_state(), state)
    finder.range_test(job.train, num_iter=20)
    assert finder.history == first


def test_a_device_that_is_asked_for_gets_the_optimizers_state_too() -> None:
    def history(**made: Any) -> Any:
        job = seeded(mlp, 3)
        _train(job, 2)
        finder = search(LRFinder, job, {"num_iter": 10}, 3, **made)
        finder.reset()
        return finder.history, job.model.state_dict()["0.weight"].tolist()

    assert history(device="cpu:0") == history()  # another name, so everything is moved


def test_the_scaler_is_put_back() -> None:
    job = mlp()
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    finder = LRFinder(job.model, job.optimizer, job.criterion, amp_backend="torch", grad_scaler=scaler)
    finder.range_test(job.train, num_iter=9, end_lr=1e-3)
    assert scaler.get_scale() > 8.0
    finder.reset()
    assert scaler.get_scale() == 8.0


def test_a_second_test_asks_for_a_reset() -> None:
    job = mlp()
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.range_test(job.train, num_iter=5)
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        finder.range_test(job.train, num_iter=5)
    finder.reset()
    finder.range_test(job.train, num_iter=5)


def test_a_test_that_failed_at_once_can_be_repeated() -> None:
    job = mlp()
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    with pytest.raises(ValueError, match="override inputs_labels_from_batch"):
        finder.range_test(_dict_job().train, num_iter=5)
    finder.range_test(job.train, num_iter=5)


@pytest.mark.parametrize(
    "attach",
    [
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5),
        lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=40),
        lambda optimizer: torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=5),
    ],
)
def test_an_attached_scheduler_is_allowed_and_goes_on_afterwards(real: Any, attach: Any) -> None:
    def continued(find: bool) -> tuple[list[float], list[float]]:
        job = seeded(norm_and_dropout, 6)
        scheduler = attach(job.optimizer)
        if find:
            with pytest.raises(RuntimeError, match="already has a scheduler"):
                real.LRFinder(job.model, job.optimizer, job.criterion)
            finder = LRFinder(job.model, job.optimizer, job.criterion)
            start = job.optimizer.param_groups[0]["lr"]
            finder.range_test(job.train, num_iter=10)
            assert finder.history["lr"][0] == start
            finder.reset()
        losses, rates = [], []
        for _ in range(6):
            losses += _train(job, 1)
            scheduler.step()
            rates.append(job.optimizer.param_groups[0]["lr"])
        return losses, rates

    assert continued(find=True) == continued(find=False)


def test_a_rate_that_is_a_tensor_stays_the_same_tensor_during_the_test() -> None:
    job = mlp()
    rate = torch.tensor(1e-3)
    optimizer = torch.optim.Adam(job.model.parameters(), lr=rate, foreach=False)
    seen: list[Any] = []

    class Finder(LRFinder):
        def _train_batch(self, *arguments: Any, **options: Any) -> float:
            seen.append(self.optimizer.param_groups[0]["lr"])
            return super()._train_batch(*arguments, **options)

    finder = Finder(job.model, optimizer, job.criterion)
    finder.range_test(job.train, num_iter=5)
    assert all(tensor is seen[0] for tensor in seen) and isinstance(seen[0], torch.Tensor)
    assert finder.history["lr"][-1] == pytest.approx(10, rel=1e-5)
    finder.reset()
    assert float(optimizer.param_groups[0]["lr"]) == float(torch.tensor(1e-3))


# -- states kept in files


def test_states_in_files_come_back_and_the_files_go(tmp_path: Path) -> None:
    cacher = StateCacher(in_memory=False, cache_dir=str(tmp_path))
    model = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    cacher.store("model", nn.Linear(2, 2).state_dict())
    cacher.store("model", model.state_dict())
    cacher.store("optimizer", optimizer.state_dict())
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    if os.name == "posix":
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert torch.equal(cacher.retrieve("model")["weight"], model.weight)
    assert torch.equal(cacher.retrieve("optimizer")["state"][0]["exp_avg"], optimizer.state[model.weight]["exp_avg"])
    del cacher
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_states_in_memory_are_copies() -> None:
    cacher = StateCacher(True)
    model = nn.Linear(2, 2)
    weight = model.weight.detach().clone()
    cacher.store("model", model.state_dict())
    with torch.no_grad():
        model.weight.zero_()
    assert torch.equal(cacher.retrieve("model")["weight"], weight)


class Trap:
    """Runs when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.putenv, ("LRGUI_TRAPPED", "1")


def test_files_are_read_without_running_code_in_them(tmp_path: Path) -> None:
    cacher = StateCacher(False, tmp_path)
    cacher.store("model", {"state": 1})
    torch.save({"state": Trap()}, cacher.cached["model"])
    assert pickle.dumps(Trap())
    with pytest.raises(RuntimeError, match="memory_cache=True"):
        cacher.retrieve("model")


def test_missing_states_fail_as_in_the_original(real: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a valid directory"):
        StateCacher(False, cache_dir=str(tmp_path / "none"))
    for cacher_class in (StateCacher, real.lr_finder.StateCacher):
        cacher = cacher_class(False, cache_dir=str(tmp_path))
        with pytest.raises(KeyError, match="was not cached"):
            cacher.retrieve("model")
        cacher.store("model", {})
        os.remove(cacher.cached["model"])
        with pytest.raises(RuntimeError, match="exist anymore"):
            cacher.retrieve("model")


def _open_files() -> list[str]:
    return [number for number in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{number}")]


def test_a_finder_leaves_no_file(tmp_path: Path) -> None:
    job = mlp()
    with pytest.raises(ValueError, match="not a valid directory"):
        LRFinder(job.model, job.optimizer, job.criterion, memory_cache=False, cache_dir=tmp_path / "none")
    finder = LRFinder(job.model, job.optimizer, job.criterion, memory_cache=False, cache_dir=str(tmp_path))
    if sys.platform == "linux":  # there the file has no name
        assert any(str(tmp_path) in os.readlink(f"/proc/self/fd/{number}") for number in _open_files())
    finder.range_test(job.train, num_iter=3)
    finder.reset()
    del finder
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_the_state_cacher_gives_the_start_to_those_who_ask_and_changes_nothing() -> None:
    job = seeded(norm_and_dropout, 0)
    weight = job.model[0].weight.detach().clone()  # type: ignore[index,union-attr,operator]

    class Finder(LRFinder):
        def reset(self) -> None:
            self.model.load_state_dict(self.state_cacher.retrieve("model"))
            self.optimizer.load_state_dict(self.state_cacher.retrieve("optimizer"))

    finder = Finder(job.model, job.optimizer, job.criterion)
    finder.range_test(job.train, num_iter=10)
    trained = job.model[0].weight.detach().clone()  # type: ignore[index,union-attr,operator]
    assert not torch.equal(trained, weight)
    assert torch.equal(finder.state_cacher.retrieve("model")["0.weight"], weight)
    assert torch.equal(job.model[0].weight, trained)  # type: ignore[index,union-attr,arg-type]
    assert job.optimizer.state
    finder.reset()
    assert torch.equal(job.model[0].weight, weight)  # type: ignore[index,union-attr,arg-type]
    assert job.optimizer.param_groups[0]["lr"] == 1e-6 and not job.optimizer.state
    finder.range_test(job.train, num_iter=10)


# -- mixed precision


def test_bfloat16_needs_no_scaler_and_no_config() -> None:
    settings = {"num_iter": 10, "end_lr": 1}
    finder = search(LRFinder, seeded(mlp, 3), settings, 3, amp_backend="torch")
    assert len(finder.history["loss"]) == 10
    assert finder.result().config.amp == "bf16"
    assert finder.history != search(LRFinder, seeded(mlp, 3), settings, 3).history


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"amp_backend": "apex"}, "apex.amp is not supported"),
        ({"amp_backend": "jax"}, "Unknown amp backend: jax"),
        ({"amp_backend": "torch", "amp_config": {"dtype": torch.float16}}, "`grad_scaler` is required"),
    ],
)
def test_precisions_that_cannot_be_used_are_refused(real: Any, made: dict[str, Any], words: str) -> None:
    job = mlp()
    with pytest.raises(ValueError, match=words):
        LRFinder(job.model, job.optimizer, job.criterion, **made)
    with pytest.raises(ValueError):
        real.LRFinder(job.model, job.optimizer, job.criterion, **made)


# -- subclasses


def test_an_override_of_the_training_step_is_used() -> None:
    class Finder(LRFinder):
        def _train_batch(self, train_iter: Any, accumulation_steps: int, non_blocking_transfer: bool = True) -> Any:
            self.optimizer.zero_grad()
            inputs, labels = self._move_to_device(*next(train_iter), non_blocking=non_blocking_transfer)
            loss = self.criterion(self.model(inputs), labels)
            loss.backward()
            self.optimizer.step()
            return loss  # the tensor itself: forgotten `.item()`

        def _validate(self, val_iter: Any, non_blocking_transfer: bool = True) -> Any:
            return super()._validate(val_iter, non_blocking_transfer) + 1

    plain = search(LRFinder, seeded(mlp, 2), {"num_iter": 10, "val": True, "smooth_f": 0, "end_lr": 1}, 2)
    own = search(Finder, seeded(mlp, 2), {"num_iter": 10, "val": True, "smooth_f": 0, "end_lr": 1}, 2)
    assert own.history["loss"] == [loss + 1 for loss in plain.history["loss"]]
    assert own.history["lr"] == plain.history["lr"]
    assert all(type(loss) is float for loss in own.history["loss"])


def test_without_the_check_a_second_test_begins_at_the_first_rates_again() -> None:
    class Finder(LRFinder):
        def _check_for_scheduler(self) -> None:
            pass

    job = mlp()
    finder = Finder(job.model, job.optimizer, job.criterion)
    finder.range_test(job.train, num_iter=5)
    rates = finder.history["lr"]
    finder.range_test(job.train, num_iter=5)
    assert finder.history["lr"] == rates


def test_each_group_may_have_its_own_start() -> None:
    job = two_groups()
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.range_test(job.train, start_lr=[1e-5, 1e-3], end_lr=1e-1, num_iter=3)
    assert finder.history["lr"] == pytest.approx([1e-5, 1e-3, 1e-1])
    with pytest.raises(ValueError, match="Length"):
        finder._set_learning_rate([0.1])


def test_a_rate_of_zero_cannot_rise_by_a_factor() -> None:
    job = mlp(lr=0.0)
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    with pytest.raises(ValueError, match="step_mode"):
        finder.range_test(job.train)
    with pytest.raises(ValueError, match="step_mode"):
        finder.range_test(job.train, start_lr=1e-3, end_lr=0)
    assert job.optimizer.param_groups[0]["lr"] == 0
    finder.range_test(job.train, step_mode="linear", num_iter=3, end_lr=0.1)
    assert finder.history["lr"] == pytest.approx([0, 0.05, 0.1])


# -- what is ours


def test_the_result_reads_the_raw_losses() -> None:
    job = seeded(mlp, 8)
    finder = search(LRFinder, job, {"num_iter": 100}, 8)
    result = finder.result()
    count = len(finder.history["lr"])
    assert list(finder.history) == ["lr", "loss"]
    assert result.curve.lr.tolist() == finder.history["lr"]
    assert result.curve.loss.tolist() == finder.raw_losses and len(finder.raw_losses) == count
    assert finder.raw_losses != finder.history["loss"]
    smoothed = finder.raw_losses[0]
    for raw, expected in zip(finder.raw_losses[1:], finder.history["loss"][1:], strict=True):
        smoothed = 0.05 * raw + (1 - 0.05) * smoothed
        assert smoothed == expected
    assert result.title == "Sequential · SGD"
    assert result.config.steps == 100 and result.config.end_lr == 10 and result.config.schedule == "exponential"
    assert result.lr is not None and 1e-3 < result.lr < 10
    assert result.zones is not None and not result.validation
    assert result.seconds > 0


def test_the_result_of_a_validation_keeps_the_training_losses_beside() -> None:
    finder = search(LRFinder, seeded(mlp, 8), {"num_iter": 20, "val": True, "step_mode": "linear", "end_lr": 1}, 8)
    result = finder.result()
    assert result.validation and result.config.schedule == "linear"
    assert result.train_loss is not None and result.train_loss.shape == result.curve.loss.shape
    assert result.curve.loss.tolist() == finder.raw_losses


def test_a_result_needs_a_test_whose_rates_rise() -> None:
    job = mlp()
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    with pytest.raises(RuntimeError, match=r"call range_test\(\)"):
        finder.result()
    finder.range_test(job.train, start_lr=1e-1, end_lr=1e-3, num_iter=5)
    with pytest.raises(ValueError, match="only a sweep that rises"):
        finder.result()


def test_the_suggestion_passes_over_what_is_not_finite(pyplot: Any) -> None:
    job = mlp()
    finder = LRFinder(job.model, job.optimizer, job.criterion)
    finder.history = {"lr": [1, 2, 3, 4, 5, 6], "loss": [4.0, 3.9, 2.0, 1.9, math.inf, math.nan]}
    assert finder.plot(skip_start=0, skip_end=0, ax=pyplot.subplots()[1])[1] == 2


def _without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Make imports of `package` fail as if it were not installed."""
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    found, imported = importlib.import_module, builtins.__import__

    def missing(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return (found if not arguments and not options else imported)(name, *arguments, **options)

    monkeypatch.setattr(importlib, "import_module", missing)


def test_without_matplotlib_plot_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    finder = search(LRFinder, mlp(), {"num_iter": 30, "end_lr": 1e-2}, 0)
    _without(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match="pip install matplotlib"):
        finder.plot()


def test_without_tqdm_there_is_no_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _without(monkeypatch, "tqdm")
    finder = search(LRFinder, mlp(), {"num_iter": 5}, 0)
    assert len(finder.history["lr"]) == 5
    assert capsys.readouterr().err == ""


def test_the_names_come_from_lrgui_and_cost_nothing_until_used() -> None:
    code = (
        "import sys, lrgui; assert 'torch' not in sys.modules\n"
        "from lrgui import LRFinder, TrainDataLoaderIter, ValDataLoaderIter, StateCacher\n"
        "assert 'torch' in sys.modules and not {'PySide6', 'matplotlib'} & sys.modules.keys()\n"
        "print(LRFinder.__name__, issubclass(TrainDataLoaderIter, ValDataLoaderIter.__bases__[0]), StateCacher(True))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("LRFinder True <lrgui.api.state_cacher.StateCacher")


def test_the_page_for_those_who_switch_runs(pyplot: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[2].joinpath("docs", "how-to", "from-torch-lr-finder.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    torch.manual_seed(0)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "from-torch-lr-finder.md", "exec"), names)
    assert len(blocks) == 3
    assert names["result"].lr is not None
    assert capsys.readouterr().out.count("Suggested LR: ") == 1
