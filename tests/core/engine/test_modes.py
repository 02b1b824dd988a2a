"""Train and eval mode: of models with a `train` of their own, and of optimizers that have such modes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.modes import evaluating, has_modes, kept_in_eval, modes_note, to_eval_mode, to_train_mode
from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.schedulers import Schedule
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.train import train
from lrgui.core.engine.validation import Probe
from lrgui.core.events import BatchEvent
from lrgui.core.run_settings import SweepSettings, TrainSettings

BATCHES = [(torch.randn(8, 3), torch.randn(8, 1)) for _ in range(4)]


class OwnLoop(nn.Module):
    """`train` is its author's training loop."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.inner = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(self.layer(x))

    def train(self, x: Any, y: Any) -> None:  # type: ignore[override]
        raise AssertionError("the author's own loop is not ours to start")


class Frozen(nn.Sequential):
    """Stays in eval mode, as backbones are frozen."""

    def train(self, mode: bool = True) -> Frozen:
        return super().train(False)


class Averaging(torch.optim.SGD):
    """SGD whose modes are written down, as a schedule-free optimizer has them."""

    said: list[str]  # the class's own: what an optimizer holds is put back

    def __init__(self, params: Any, lr: float) -> None:
        super().__init__(params, lr)
        self.param_groups[0]["train_mode"] = False
        type(self).said = []

    def train(self) -> None:
        self.said.append("train")
        self.param_groups[0]["train_mode"] = True

    def eval(self) -> None:
        self.said.append("eval")
        self.param_groups[0]["train_mode"] = False

    def step(self, closure: Any = None) -> Any:
        assert self.param_groups[0]["train_mode"], "stepped in eval mode"
        self.said.append("step")
        return super().step(closure)


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


@pytest.mark.parametrize("model", [OwnLoop(), nn.Sequential(OwnLoop(), nn.Dropout()), nn.Sequential(nn.Dropout())])
def test_every_module_is_switched_whatever_its_train_is(model: nn.Module) -> None:
    to_eval_mode(model)
    assert not any(modes(model))
    to_train_mode(model)
    assert all(modes(model))
    with evaluating(model):
        assert not any(modes(model))
    assert all(modes(model))


def test_a_train_of_torchs_form_is_called() -> None:
    model = nn.Sequential(Frozen(nn.Dropout()), nn.Dropout())
    to_train_mode(model)
    assert modes(model) == [True, False, False, True]


def test_modules_may_stay_in_eval_mode() -> None:
    model = nn.Sequential(nn.Dropout(), nn.Dropout())
    to_train_mode(model, [model[0]])
    assert modes(model) == [True, False, True]


def test_which_optimizers_have_modes() -> None:
    layer = nn.Linear(1, 1)
    assert has_modes(Averaging(layer.parameters(), 0.1))
    assert not has_modes(torch.optim.SGD(layer.parameters(), 0.1))
    assert not has_modes(None)


def test_a_sweep_steps_in_train_mode_and_validates_in_eval_mode() -> None:
    model = nn.Linear(3, 1)
    optimizer = Averaging(model.parameters(), 0.1)
    objective = Supervised(nn.functional.mse_loss)
    probe = Probe(objective.both, BATCHES, count=1)
    list(sweep(model, BATCHES, optimizer, objective.loss, SweepSettings(steps=3, end_lr=1e-3), probe=probe))
    assert optimizer.said == ["train", *["eval", "train", "step"] * 3]
    assert not optimizer.param_groups[0]["train_mode"]  # as it was


def test_a_training_leaves_the_weights_that_it_was_made_for() -> None:
    model = nn.Linear(3, 1)
    optimizer = Averaging(model.parameters(), 0.1)
    objective = Supervised(nn.functional.mse_loss)
    list(train(model, BATCHES, optimizer, objective, TrainSettings(max_lr=1e-3, epochs=2), validation=BATCHES))
    assert optimizer.said == [*["train", *["step"] * 4, "eval"] * 2, "eval"]


def test_the_first_beta_of_a_schedule_free_optimizer_stays() -> None:
    schedulefree = pytest.importorskip("schedulefree")
    optimizer = schedulefree.AdamWScheduleFree(nn.Linear(3, 1).parameters(), lr=1e-3)
    Schedule(optimizer, TrainSettings(max_lr=1e-3), 10)
    assert optimizer.param_groups[0]["betas"][0] == 0.9


@pytest.mark.parametrize("trained", [0, 3])
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("kind", ["AdamWScheduleFree", "SGDScheduleFree", "RAdamScheduleFree"])
def test_a_schedule_free_optimizer_is_swept_and_put_back_to_the_bit(kind: str, mode: str, trained: int) -> None:
    schedulefree = pytest.importorskip("schedulefree")
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = getattr(schedulefree, kind)(model.parameters(), lr=1e-2)
    optimizer.train()
    for x, y in BATCHES[:trained]:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    getattr(optimizer, mode)()
    weights = [p.detach().clone() for p in model.parameters()]
    states = {(p, key): value.clone() for p in model.parameters() for key, value in optimizer.state[p].items()}
    settings = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    loss = Supervised(nn.functional.mse_loss).loss
    events = list(sweep(model, BATCHES, optimizer, loss, SweepSettings(steps=20, end_lr=1e-1)))
    assert sum(isinstance(event, BatchEvent) for event in events) == 20
    assert all(torch.equal(old, new) for old, new in zip(weights, model.parameters(), strict=True))
    assert all(torch.equal(value, optimizer.state[p][key]) for (p, key), value in states.items())
    assert sum(len(optimizer.state[p]) for p in model.parameters()) == len(states)
    assert settings == [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]


# ----- parts in eval mode


def net() -> nn.Sequential:
    body = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    return nn.Sequential(body, nn.Linear(2, 1))


def begin(model: nn.Module) -> list[bool]:
    to_train_mode(model, kept_in_eval(model))
    return modes(model)


class NormEval(nn.Module):
    """As models with `norm_eval=True` have it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2)

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        self.norm.eval()
        return self

    def forward(self, x: torch.Tensor) -> Any:
        return self.norm(x)


def test_a_model_in_eval_mode_goes_into_train_mode() -> None:
    model = net().eval()
    assert modes_note(model) is None
    assert all(begin(model))


def test_parts_that_somebody_put_into_eval_mode_stay_so_and_are_named() -> None:
    model = net()
    model[0].eval()
    note = modes_note(model)
    assert note is not None
    assert "remained so: 0. If" in note
    assert begin(model) == [True, False, False, False, False, True]


def test_the_head_of_a_model_in_eval_mode_does_not_hold_the_rest_back() -> None:
    model = net().eval()
    model[1].train()
    assert all(begin(model))


def test_the_models_own_train_decides() -> None:
    model = nn.Sequential(NormEval(), nn.Linear(2, 1))
    assert begin(model) == [True, True, False, True]  # a fresh one, in train mode everywhere
    assert begin(model) == [True, True, False, True]
    assert modes_note(model) is None
    model.eval()
    assert begin(model) == [True, True, False, True]


def test_many_parts_are_counted() -> None:
    model = nn.Sequential(*(nn.Dropout() for _ in range(5)))
    model.train()
    for part in model:
        part.eval()
    note = modes_note(model)
    assert note is not None
    assert "0, 1, 2 and 2 more" in note
