"""Running statistics begin anew where a norm learns them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.engine.running_stats import FreshStats


def begun(model: nn.Module, plain_average: bool = True) -> FreshStats:
    stats = FreshStats(model, plain_average)
    stats.begin()
    return stats


def learned(kind: type[Any] = nn.BatchNorm1d, **settings: Any) -> Any:
    norm = kind(3, track_running_stats=True, **settings)
    norm.running_mean.fill_(5)
    norm.running_var.fill_(7)
    return norm


X = torch.tensor([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]])


def test_statistics_become_plain_averages_where_the_norm_first_runs() -> None:
    norm = learned(momentum=0.3)
    stats = begun(norm)
    assert norm.running_mean.tolist() == [5.0] * 3
    norm(X)
    norm(X + 2)
    assert norm.running_mean.tolist() == [3.0, 4.0, 5.0]
    stats.leave()
    assert norm.momentum == 0.3
    assert not norm._forward_pre_hooks


def test_without_a_plain_average_momentum_stays() -> None:
    norm = learned()
    begun(norm, plain_average=False)
    norm(X)
    assert norm.running_mean.tolist() == pytest.approx([0.2, 0.3, 0.4])
    assert norm.momentum == 0.1


def test_instance_norm_goes_on_learning() -> None:
    norm = learned(nn.InstanceNorm1d)
    begun(norm)
    norm(torch.ones(2, 3, 4))
    assert norm.running_mean.tolist() == pytest.approx([0.1] * 3)
    assert norm.momentum == 0.1


def test_a_lazy_batch_norm_finds_its_size() -> None:
    norm = nn.LazyBatchNorm1d()
    stats = begun(norm)
    norm(torch.ones(2, 3))
    assert norm.running_mean.tolist() == [1.0] * 3
    stats.leave()
    assert norm.momentum == 0.1


def _eval_in_forward(norm: nn.Module) -> nn.Module:
    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = norm

        def forward(self, x: torch.Tensor) -> Any:
            self.norm.eval()
            return self.norm(x)

    return Frozen()


def _eval_by_hook(norm: nn.Module) -> nn.Module:
    model = nn.Sequential(norm)
    model.register_forward_pre_hook(lambda module, _: module[0].eval() and None)
    return model


def _eval_by_own_hook(norm: nn.Module) -> nn.Module:
    norm.register_forward_pre_hook(lambda module, _: module.eval() and None)
    return norm


def _eval_before(norm: nn.Module) -> nn.Module:
    return norm.eval()


FREEZING = {"before": _eval_before, "forward": _eval_in_forward, "hook": _eval_by_hook, "own": _eval_by_own_hook}


@pytest.mark.parametrize("freeze", FREEZING.values(), ids=FREEZING)
@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.InstanceNorm1d])
def test_a_frozen_norm_computes_with_what_it_has(freeze: Callable[[nn.Module], nn.Module], kind: type[Any]) -> None:
    norm = learned(kind)
    x = torch.randn(2, 3, 4)
    wanted = (x - 5) / (7 + norm.eps) ** 0.5
    model = freeze(norm)
    stats = begun(model)
    for _ in range(2):
        torch.testing.assert_close(model(x), wanted)
    stats.leave()
    assert (norm.running_mean.tolist(), norm.momentum, norm.num_batches_tracked.item()) == ([5.0] * 3, 0.1, 0)


def test_a_norm_that_runs_in_both_modes_has_its_own_in_eval_mode() -> None:
    norm = learned()
    begun(norm)
    learning = norm(X.requires_grad_())
    norm.eval()
    torch.testing.assert_close(norm(X), (X - 5) / (7 + norm.eps) ** 0.5)
    assert norm.momentum == 0.1
    learning.square().sum().backward()  # autograd has not noticed


def test_one_that_did_not_run_in_the_first_step_stays_as_it_is() -> None:
    norm = learned()
    stats = begun(norm)
    stats.settled()
    norm(X)
    assert norm.running_mean.tolist() == pytest.approx([4.7, 4.8, 4.9])


class OwnForward(nn.BatchNorm1d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        momentum: Any = self.momentum
        return nn.functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, momentum, self.eps
        )


class Renorm(nn.BatchNorm1d):
    """Statistics that count in train mode too (as BatchRenorm's do)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert self.running_mean is not None and self.momentum is not None
        self.running_mean.lerp_(x.detach().mean(0), self.momentum)
        return x - self.running_mean


def _patched() -> nn.Module:
    norm = learned()
    norm.forward = lambda x: x * norm.momentum
    return norm


@pytest.mark.parametrize("norm", [learned(OwnForward), learned(Renorm), _patched()], ids=["own", "renorm", "patched"])
def test_somebody_elses_forward_pass_finds_what_it_left(norm: Any) -> None:
    first, momentum = norm.running_mean.clone(), norm.momentum
    stats = begun(norm)
    seen = norm(X)
    after = norm.running_mean.clone()
    assert norm.momentum == momentum
    stats.leave()
    norm.running_mean.copy_(first)
    norm.num_batches_tracked.zero_()
    torch.testing.assert_close(norm(X), seen)
    torch.testing.assert_close(norm.running_mean, after)


def test_a_norm_that_its_parent_computes_keeps_its_momentum() -> None:
    class Fused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = learned()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            n = self.norm
            return nn.functional.batch_norm(x, n.running_mean, n.running_var, n.weight, n.bias, True, n.momentum, n.eps)

    model = Fused()
    begun(model)
    model(X)
    assert model.norm.running_mean.tolist() == pytest.approx([4.7, 4.8, 4.9])


def test_a_compiled_model_stays_as_it_is() -> None:
    net = nn.Sequential(learned())
    model: Any = torch.compile(net, backend="eager")
    stats = begun(model)
    model(X)
    stats.settled()
    model(X)
    stats.leave()
    assert net[0].running_mean.tolist() == pytest.approx([4.43, 4.62, 4.81])
    assert net[0].momentum == 0.1
    assert not net[0]._forward_pre_hooks
    torch.compiler.reset()
