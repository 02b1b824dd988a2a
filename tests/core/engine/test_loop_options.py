"""What torch offers for every step: label smoothing, weight decay without norms, compiling, determinism."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine import loop_options
from lrgui.core.engine.loop_options import apply_options, take_back
from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.param_groups import ratios
from lrgui.core.engine.train import train
from lrgui.core.events import BatchEvent, EpochEvent, RateEvent
from lrgui.core.run_settings import LoopSettings, TrainSettings


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(16, 4), torch.randint(0, 3, (16,))


def applied(config: LoopSettings, model: nn.Module, optimizer: Any = None, loss: Any = None) -> tuple[Any, list[str]]:
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.01)
    return apply_options(config, model, optimizer, loss or Supervised(nn.CrossEntropyLoss()).loss)


# ---------------------------------------------------------------- label smoothing
WEIGHT = torch.tensor([1.0, 2.0, 0.5])


def own(output: torch.Tensor, target: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    return nn.functional.cross_entropy(output, target, label_smoothing=label_smoothing)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.2)),
        (nn.CrossEntropyLoss(weight=WEIGHT), nn.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.2)),
        (nn.functional.cross_entropy, nn.CrossEntropyLoss(label_smoothing=0.2)),
        (own, nn.CrossEntropyLoss(label_smoothing=0.2)),
    ],
)
def test_labels_are_smoothed_where_something_is_learned(criterion: Any, expected: Any) -> None:
    model, data, objective = network(), batch(), Supervised(criterion)
    undo, notes = applied(LoopSettings(label_smoothing=0.2), model, loss=objective.loss)
    assert notes == []
    output = model(data[0])
    assert objective.loss(model, data).item() == pytest.approx(expected(output, data[1]).item())
    with torch.no_grad():
        plain = float(objective.both(model, data)[0])
    assert plain == pytest.approx(criterion(output, data[1]).item()), "an evaluation has the plain loss"
    take_back(undo)
    assert objective.criterion is criterion


@pytest.mark.parametrize("loss", [Supervised(nn.MSELoss()).loss, lambda model, batch: model(batch[0]).mean()])
def test_a_loss_without_smoothing_is_refused(loss: Any) -> None:
    with pytest.raises(ValueError, match=r"Label smoothing needs a loss that has it, such as nn\.CrossEntropyLoss"):
        applied(LoopSettings(label_smoothing=0.1), network(), loss=loss)


# ---------------------------------------------------------------- weight decay
def test_norms_and_biases_have_no_weight_decay_and_the_rates_their_ratio() -> None:
    model = network()
    parts = [{"params": model[0].parameters(), "lr": 0.1}, {"params": [*model[1:].parameters()], "lr": 0.01}]
    optimizer = torch.optim.AdamW(parts, weight_decay=0.05)
    before = [list(group["params"]) for group in optimizer.param_groups]
    undo, notes = applied(LoopSettings(decay_norms=False), model, optimizer)
    decays = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert [decays[id(p)] for p in model.parameters()] == [0.05 if p.dim() > 1 else 0.0 for p in model.parameters()]
    assert [rates[id(p)] for p in model.parameters()] == [0.1, 0.1, 0.01, 0.01, 0.01, 0.01]
    assert ratios(optimizer.param_groups) == pytest.approx([1, 0.1, 1, 0.1])
    assert notes == [
        "4 parameters of at most one dimension (biases, norms) have no weight decay. Each of the optimizer's 2 "
        "parameter groups was split for that."
    ]
    take_back(undo)
    after = [list(group["params"]) for group in optimizer.param_groups]
    assert all(map(lambda one, two: all(a is b for a, b in zip(one, two, strict=True)), before, after))
    assert len(after) == 2 and {group["weight_decay"] for group in optimizer.param_groups} == {0.05}


def test_a_group_of_norms_alone_loses_its_decay_and_gets_it_back() -> None:
    norm = nn.LayerNorm(3)
    optimizer = torch.optim.SGD(norm.parameters(), lr=0.1, weight_decay=0.1)
    undo, notes = applied(LoopSettings(decay_norms=False), norm, optimizer)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0] and notes[0].startswith("2 parameters")
    take_back(undo)
    assert optimizer.param_groups[0]["weight_decay"] == 0.1


def test_where_nothing_decays_that_is_said() -> None:
    model = network()
    _, notes = applied(LoopSettings(decay_norms=False), model, torch.optim.SGD(model.parameters(), lr=0.1))
    assert "changes nothing here" in notes[0]
    with pytest.raises(ValueError, match="LBFGS has no weight decay"):
        applied(LoopSettings(decay_norms=False), model, torch.optim.LBFGS(model.parameters()))


# ---------------------------------------------------------------- compiling
def test_a_compiled_model_is_the_same_object_and_compiled_no_more_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    model, calls = network(), []

    def compiled(function: Any, *_: Any, **__: Any) -> Any:
        def call(*words: Any) -> Any:
            calls.append(1)
            return function(*words)

        return call

    monkeypatch.setattr(torch, "compile", compiled)
    monkeypatch.setattr(loop_options, "_why_not_compiled", lambda model: "")
    undo, _ = applied(LoopSettings(compile=True), model)
    model(batch()[0])
    assert calls == [1]
    take_back(undo)
    model(batch()[0])
    assert calls == [1]


def test_without_a_compiler_that_is_refused_and_nothing_else_stays_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_options.shutil, "which", lambda name: None)
    objective = Supervised(nn.CrossEntropyLoss())
    before = objective.criterion
    with pytest.raises(ValueError, match=r"The model cannot be compiled: .+\. Switch Compile off\."):
        applied(LoopSettings(compile=True, label_smoothing=0.1), network(), loss=objective.loss)
    assert objective.criterion is before


# ---------------------------------------------------------------- determinism
def test_deterministic_algorithms_are_used_and_the_program_s_own_choice_comes_back() -> None:
    cudnn = torch.backends.cudnn
    before = (torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark)
    variable = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    undo, _ = applied(LoopSettings(deterministic=True), network())
    assert torch.are_deterministic_algorithms_enabled() and cudnn.deterministic and not cudnn.benchmark
    take_back(undo)
    assert before == (torch.are_deterministic_algorithms_enabled(), cudnn.deterministic, cudnn.benchmark)
    assert os.environ.get("CUBLAS_WORKSPACE_CONFIG") == variable


# ---------------------------------------------------------------- averaged weights
def trained(decay: float | None, **settings: Any) -> tuple[nn.Module, list[Any]]:
    model = network()
    data = [batch()] * 5
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    config = TrainSettings(**{"epochs": 3, "max_lr": 0.1, "ema_decay": decay, **settings})
    events = list(train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), config, validation=[batch()]))
    return model, events


def test_the_average_of_the_weights_is_torchs_is_evaluated_and_is_kept() -> None:
    reference = network()
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(0.8)
    averaged = torch.optim.swa_utils.AveragedModel(reference, multi_avg_fn=average, use_buffers=True)
    plain, without = trained(None)
    model, events = trained(0.8)
    assert [e.loss for e in events if isinstance(e, BatchEvent)] == [
        e.loss for e in without if isinstance(e, BatchEvent)
    ], "the training itself is the same"
    # The same training again, by hand, with torch's own average beside it.
    optimizer = torch.optim.SGD(reference.parameters(), lr=0.1, momentum=0.9)
    rates = [(e.lr, e.momentum) for e in without if isinstance(e, BatchEvent)]
    losses = []
    for number, (lr, momentum) in enumerate(rates):
        optimizer.param_groups[0].update(lr=lr, momentum=momentum)
        reference.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(reference(batch()[0]), batch()[1]).backward()
        optimizer.step()
        averaged.update_parameters(reference)
        if number % 5 == 4:
            averaged.eval()
            losses.append(nn.functional.cross_entropy(averaged(batch()[0]), batch()[1]).item())
    assert [e.val_loss for e in events if isinstance(e, EpochEvent)] == pytest.approx(losses, rel=1e-5)
    for name, value in averaged.module.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(model.state_dict()[name], value, rtol=1e-4, atol=1e-6), name
    assert any(not torch.equal(a, b) for a, b in zip(model.parameters(), plain.parameters(), strict=True))
    assert events[-1].detail.endswith("The weights are their average (EMA, decay 0.8).")


def test_early_stopping_restores_the_best_average() -> None:
    model, events = trained(0.5, patience=1, epochs=40, max_lr=5.0, schedule="constant")
    epochs = [e for e in events if isinstance(e, EpochEvent)]
    model.eval()
    loss = nn.functional.cross_entropy(model(batch()[0]), batch()[1]).item()
    assert len(epochs) < 40, events[-1]
    assert loss == pytest.approx(min(e.val_loss for e in epochs), rel=1e-4)


def test_a_training_that_goes_back_takes_its_average_along() -> None:
    model = network()
    calls = iter(range(1000))

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        loss = nn.functional.cross_entropy(output, target)
        return loss * (1e30 if torch.is_grad_enabled() and next(calls) in (12, 13) else 1)

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=4, max_lr=0.1, ema_decay=0.9, recover=True)
    events = list(train(model, [batch()] * 5, optimizer, Supervised(criterion), config, validation=[batch()]))
    assert any(isinstance(event, RateEvent) for event in events), "it went back"
    assert events[-1].reason == "completed" and all(torch.isfinite(p).all() for p in model.parameters())
    assert all(e.val_loss < 10 for e in events if isinstance(e, EpochEvent))
