"""`lrgui.integrations.optuna`, against the real Optuna."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

pytest.importorskip("optuna")

import optuna
from conftest_of_studies import FOUR, Scripted, drive, events_of, folder  # noqa: F401

import lrgui
from lrgui.core.events import BatchEvent, EndEvent, EndReason, EpochEvent, Event, TaskEvent
from lrgui.integrations.optuna import LRSpace, Objective, StudySpace, reported
from lrgui.runs.in_process import InProcess
from lrgui.runs.opened import open_run
from lrgui.studies.folder import StudyFolder

SMALL = {"model": "mlp", "subset": 256, "train.epochs": 2}


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def epochs(losses: list[float]) -> list[Event]:
    said: list[Event] = [EpochEvent(n, 1.0, loss, None, None, 1e-2, 0.1) for n, loss in enumerate(losses, 1)]
    return [*said, EndEvent(EndReason.COMPLETED, "Trained.")]


class OneByOne(Scripted):
    """Says one event at a time; `told` is how many were asked for."""

    told = 0

    def chunks(self):
        for event in self.events:
            self.told += 1
            yield [event]


def test_the_zones_are_the_bounds(examples: Any) -> None:
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
    found = lrgui.find_lr(model, DataLoader(examples, 16), cross_entropy, torch.optim.SGD, steps=80, progress=False)
    space = LRSpace.of(found)
    zones = found.zones
    assert zones is not None and found.lr is not None
    assert space.low <= zones.low_end < zones.high_start <= space.high
    assert space.low <= found.lr <= space.high and space.pick == found.lr
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    space.enqueue(study)
    space.enqueue(study)
    rates: list[float] = []
    study.optimize(lambda trial: rates.append(space.suggest(trial)) or 1.0, n_trials=30)
    assert rates[0] == pytest.approx(found.lr), "the pick is tried first, once"
    assert all(space.low <= rate <= space.high for rate in rates) and len(set(rates)) == 30
    assert study.trials[0].distributions["lr"].log
    narrow = space.with_factor(2)
    assert (narrow.low, narrow.high) == pytest.approx((found.lr / 2, found.lr * 2))


def test_a_saved_sweep_is_as_good(drive: Callable[..., Any]) -> None:  # noqa: F811
    row = drive().rows[0]
    space = LRSpace.of(row.log)
    assert space.pick == row.lr and space.low < row.lr < space.high


def test_a_study_is_handed_over(drive: Callable[..., Any], folder: StudyFolder) -> None:  # noqa: F811
    results = drive()
    space = StudySpace.of(type("Study", (), {"results": results}))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    space.enqueue(study)
    tried: list[dict] = []
    study.optimize(lambda trial: tried.append(dict(space.suggest(trial))) or 1.0, n_trials=12)
    assert [each["train.max_lr"] for each in tried[:4]] == pytest.approx([cell.lr for cell in results.cells])
    bounds = {repr(cell.values): each for cell, each in zip(space.cells, space.spaces, strict=True)}
    for each in tried:
        lr = each.pop("train.max_lr")
        assert bounds[repr(each)].low <= lr <= bounds[repr(each)].high


def test_a_pruner_hears_every_epoch_and_ends_the_run() -> None:
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=1.0))
    trial = study.ask()
    source = OneByOne(epochs([0.9, 0.8, 1.5, 0.2]))
    heard: list[Event] = []  # what was heard before stays with whoever listened
    with pytest.raises(optuna.TrialPruned, match="after step 3"):
        heard.extend(event for events in reported(trial, source) for event in events)
    assert source.told == 3 == len(heard)
    assert study.trials[0].intermediate_values == {1: 0.9, 2: 0.8, 3: 1.5}


def test_batches_prune_sooner() -> None:
    task = TaskEvent("t", "", 80, 0, 1, None, "cpu", batches_per_epoch=8, steps=16)
    batches = [BatchEvent(0, n, 0.1, float(n), 0.0) for n in range(6)]
    study = optuna.create_study()
    trial = study.ask()
    list(reported(trial, OneByOne([task, *batches, *epochs([0.5])]), metric="batch"))
    assert study.trials[0].intermediate_values == {1: 0.5, 2: 2.5, 3: 4.5}
    with pytest.raises(ValueError, match="Use loss or batch"):
        next(reported(trial, OneByOne([]), metric="f1"))


def test_a_loss_that_is_no_number_is_the_worst() -> None:
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=1e6))
    with pytest.raises(optuna.TrialPruned):
        list(reported(study.ask(), OneByOne(epochs([math.nan, 0.1]))))


def test_real_trainings_are_tuned(tmp_path: Path) -> None:
    space = LRSpace(1e-3, 0.3, 0.05)
    objective = Objective("digits", space, fixed=SMALL, open_source=InProcess)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1), pruner=optuna.pruners.NopPruner())
    space.enqueue(study)
    study.optimize(objective, n_trials=3)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 3
    assert study.trials[0].params["lr"] == pytest.approx(0.05)
    for trial in study.trials:
        opened = open_run(trial.user_attrs["log"])
        assert opened.job.train.max_lr == pytest.approx(trial.params["lr"]) and opened.origin == "optuna"
        losses = [epoch.val_loss for epoch in opened.record.epochs]
        assert trial.value == min(losses) and list(trial.intermediate_values.values()) == losses


def test_a_pruned_training_keeps_what_it_measured() -> None:
    objective = Objective("digits", LRSpace(0.01, 0.1), fixed={**SMALL, "train.epochs": 3}, open_source=InProcess)
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.0))
    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert trial.state.name == "PRUNED"
    opened = open_run(trial.user_attrs["log"])
    assert len(opened.record.epochs) == 1 and opened.record.end.reason == EndReason.CANCELLED
    assert opened.record.end.detail.startswith("Pruned")


def test_what_fails_and_what_there_is_not_is_said() -> None:
    with pytest.raises(ValueError, match="depth_of_sea"):
        Objective("digits", LRSpace(1e-3, 1e-1), fixed={"depth_of_sea": 1})
    failing = [EndEvent(EndReason.FAILED, "Your code raised.")]
    objective = Objective("digits", LRSpace(1e-3, 1e-1), open_source=lambda job: Scripted(failing))
    with pytest.raises(RuntimeError, match="Your code raised"):
        objective(optuna.create_study().ask())
    settings = Objective("digits", lambda trial: {"batch_size": trial.suggest_categorical("b", [0])})
    with pytest.raises(ValueError, match="A batch of 0"):
        settings(optuna.create_study().ask())
