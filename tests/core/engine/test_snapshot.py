"""Snapshots by themselves: what a sweep needs of them is in test_sweep."""

from __future__ import annotations

import copy
import gc
import random
import signal
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from lrgui.core.engine.snapshot import RandomState, Snapshot, generators_of


class Net(nn.Module):
    """A bit of everything that training changes."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.norm = nn.BatchNorm1d(6)
        self.again = self.first  # the same module twice
        self.last = nn.Linear(6, 4)
        self.last.weight = nn.Parameter(torch.randn(4, 6))
        self.head = nn.Linear(6, 4, bias=False)
        self.head.weight = self.last.weight  # tied
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64), persistent=False)
        self.register_buffer("mask", torch.ones(6, dtype=torch.bool))
        self.register_buffer("phase", torch.ones(3, dtype=torch.complex64))
        self.register_buffer("short", torch.ones(3, dtype=torch.bfloat16))
        self.register_buffer("nothing", torch.empty(0, 3))
        self.register_buffer("later", None)
        self.register_buffer("wide", torch.ones(3, 1).expand(3, 5))
        self.register_parameter("missing", None)
        self.calls = 0
        self.losses: list[float] = []
        self.centre = torch.zeros(2)  # a tensor that somebody forgot to register

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.losses.append(0.0)
        self.centre += 1
        self.seen = self.seen + 1
        self.mask ^= True
        self.phase *= 1j
        self.short += 1
        self.later = torch.ones(2)
        return self.last(self.norm(self.first(x)).relu()) + self.head(self.first(x))


def loss_of(net: nn.Module) -> torch.Tensor:
    return net(torch.randn(8, 4)).square().mean()


def train(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 2) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(net).backward()
        optimizer.step()


OPTIMIZERS: dict[str, Callable[[Any], torch.optim.Optimizer]] = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01, amsgrad=True),
    "tensor rate": lambda parameters: torch.optim.AdamW(parameters, lr=torch.tensor(0.01), foreach=False),
    "adafactor": lambda parameters: torch.optim.Adafactor(parameters, lr=0.01),
}


def bits(value: Any) -> Any:
    """Something to compare that tells every bit, and which object is where."""
    if isinstance(value, torch.Tensor):
        raw = value.detach().resolve_conj().contiguous().reshape(-1).view(torch.uint8).tolist()
        return type(value), value.dtype, tuple(value.shape), value.requires_grad, raw
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return [(bits(key) if not isinstance(key, torch.Tensor) else id(key), bits(v)) for key, v in value.items()]
    if isinstance(value, list | tuple):
        return [bits(inner) for inner in value]
    return value


def everything(net: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> Any:
    """All that a snapshot has to put back, deeply copied, with the identity of what must stay the same object."""
    modules = list(net.modules())
    tensors = [tensor for m in modules for tensor in (*m._parameters.values(), *m._buffers.values())]
    state = [
        [(list(m._parameters), list(m._buffers), list(m._modules), m.training) for m in modules],
        [sorted(m._non_persistent_buffers_set) for m in modules],
        [id(tensor) for tensor in tensors],
        bits(tensors),
        bits([None if tensor is None else tensor.grad for tensor in tensors]),
        bits([getattr(m, "momentum", None) for m in modules]),
        bits([getattr(net, name, None) for name in ("calls", "losses", "centre")]),
        [random.getstate(), bits(np.random.get_state()), bits(torch.get_rng_state())],
    ]
    if optimizer is not None:
        state += [
            bits(dict(optimizer.state)),
            [{key: id(value) for key, value in held.items()} for held in optimizer.state.values()],
            bits(optimizer.param_groups),
            [id(value) for group in optimizer.param_groups for value in (group, group["params"], group["lr"])],
            sorted(vars(optimizer)),
        ]
    return copy.deepcopy(state)


def harm(net: Net, optimizer: torch.optim.Optimizer) -> None:
    """Change all that can change."""
    train(net, optimizer)
    net.eval()
    net.norm.train()
    net.norm.momentum = None
    net.first.weight.requires_grad_(False)
    net.last.weight = nn.Parameter(torch.zeros(4, 6))
    net.missing = nn.Parameter(torch.ones(1))
    net.register_parameter("extra", nn.Parameter(torch.ones(1)))
    net.register_buffer("more", torch.ones(1), persistent=False)
    net.register_buffer("seen", net.seen)
    net.add_module("child", nn.Linear(1, 1))
    net.first.bias.data = torch.zeros(6, dtype=torch.float64)
    net.wide.untyped_storage().fill_(1)
    net.brand_new = 3
    del net.phase
    optimizer.add_param_group({"params": [net.extra]})
    optimizer.param_groups[0]["max_lr"] = 1.0
    optimizer.param_groups[0]["weight_decay"] = 0.5
    random.random()
    np.random.random()


@pytest.mark.parametrize("where", ["memory", "file"])
@pytest.mark.parametrize("warm", [False, True], ids=["new", "warm"])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_everything_is_as_before_every_time(
    make: Callable[[Any], torch.optim.Optimizer], warm: bool, where: str, tmp_path: Path
) -> None:
    net = Net()
    optimizer = make(net.parameters())
    if warm:
        train(net, optimizer)
        net.first.bias.grad = None
    before = everything(net, optimizer)
    snapshot = Snapshot(net, optimizer, folder=tmp_path if where == "file" else None, limit_bytes=0)
    for _ in range(3):
        harm(net, optimizer)
        assert everything(net, optimizer) != before
        snapshot.restore()
        assert everything(net, optimizer) == before
        assert not hasattr(net, "brand_new")
    snapshot.close()


def test_a_training_goes_on_as_if_nothing_had_been() -> None:
    def trained(interrupted: bool) -> list[Any]:
        torch.manual_seed(0)
        net = Net()
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        scheduler = lr_scheduler.StepLR(optimizer, 1)
        train(net, optimizer)
        if interrupted:
            snapshot = Snapshot(net, optimizer, schedulers=[scheduler])
            train(net, optimizer)
            scheduler.step()
            snapshot.restore()
        train(net, optimizer)
        scheduler.step()
        train(net, optimizer)
        return [bits(tensor) for tensor in net.parameters()]

    assert trained(interrupted=True) == trained(interrupted=False)


def test_restore_does_not_hand_out_its_own_copy() -> None:
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    before = everything(layer, optimizer)
    snapshot = Snapshot(layer, optimizer)
    snapshot.restore()
    assert layer.weight.grad is not None
    layer.weight.grad.add_(1)
    optimizer.state[layer.weight]["momentum_buffer"].add_(1)
    snapshot.restore()
    assert everything(layer, optimizer) == before


def test_a_gradient_that_somebody_holds_stays_the_same_object() -> None:
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    held = layer.weight.grad
    snapshot = Snapshot(layer)
    layer.zero_grad()
    snapshot.restore()
    assert layer.weight.grad is held
    assert layer.bias.grad is not None
    assert layer.bias.grad.tolist() == [1.0]


def test_a_gradient_that_is_let_go_does_not_stay_in_memory() -> None:
    layer = nn.Linear(2, 1)
    layer(torch.ones(1, 2)).sum().backward()
    gone = weakref.ref(layer.weight.grad)
    snapshot = Snapshot(layer)
    layer.zero_grad()
    gc.collect()
    assert gone() is None
    snapshot.restore()


def test_sparse_gradients_are_put_back() -> None:
    layer = nn.Embedding(5, 2, sparse=True)
    layer(torch.tensor([1, 3])).sum().backward()
    snapshot = Snapshot(layer)
    assert layer.weight.grad is not None
    before = layer.weight.grad.to_dense()
    layer(torch.tensor([0, 2])).sum().backward()
    snapshot.restore()
    assert torch.equal(layer.weight.grad.to_dense(), before)


def test_tied_and_shared_memory_is_copied_once() -> None:
    first = nn.Linear(100, 100, bias=False)
    second = nn.Linear(100, 100, bias=False)
    second.weight.data = first.weight.data
    snapshot = Snapshot(nn.Sequential(first, second, first))
    assert sum(kept.nbytes for kept in snapshot._copies._kept if isinstance(kept, torch.Tensor)) == 40_000


def test_parameters_that_only_the_optimizer_knows_are_put_back() -> None:
    layer, other = nn.Linear(2, 1), nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([*layer.parameters(), other], lr=0.1)
    snapshot = Snapshot(layer, optimizer)
    other.data.fill_(5)
    snapshot.restore()
    assert other.tolist() == [1.0, 1.0]


def test_lbfgs_with_its_lists_of_tensors_is_put_back() -> None:
    layer = nn.Linear(2, 1)
    optimizer = torch.optim.LBFGS(layer.parameters(), lr=0.1)
    inputs = torch.randn(8, 2)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (layer(inputs) - 1).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    state = copy.deepcopy(optimizer.state_dict())
    snapshot = Snapshot(layer, optimizer)
    optimizer.step(closure)
    snapshot.restore()
    assert bits(optimizer.state_dict()) == bits(state)


def test_a_module_with_lists_of_its_parameters_keeps_working() -> None:
    lstm = nn.LSTM(3, 4, batch_first=True)
    inputs = torch.randn(2, 5, 3)
    before = lstm(inputs)[0]
    snapshot = Snapshot(lstm)
    lstm.weight_hh_l0 = nn.Parameter(torch.zeros(16, 4))
    snapshot.restore()
    assert torch.equal(lstm(inputs)[0], before)


def test_a_module_that_builds_itself_late_can_do_it_again() -> None:
    class Late(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.built = False

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not self.built:
                self.scale = nn.Parameter(torch.ones(x.shape[-1]))
                self.built = True
            return x * self.scale

    net = Late()
    snapshot = Snapshot(net)
    for _ in range(2):
        net(torch.ones(3))
        snapshot.restore()
        assert list(net.parameters()) == []


def test_a_model_without_parameters_or_optimizer_will_do() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Dropout())
    snapshot = Snapshot(net)
    net.eval()
    snapshot.restore()
    assert net[1].training


def test_lazy_layers_are_told_before_anything_is_changed() -> None:
    with pytest.raises(ValueError, match="run one batch through the model first"):
        Snapshot(nn.Sequential(nn.Linear(2, 2), nn.LazyLinear(2)))


# ----- schedulers and scaler

SCHEDULERS: dict[str, Callable[[torch.optim.Optimizer], Any]] = {
    "step": lambda optimizer: lr_scheduler.StepLR(optimizer, 1),
    "one cycle": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=50),
    "lambda": lambda optimizer: lr_scheduler.LambdaLR(optimizer, Warmup()),
    "plateau": lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, patience=0),
    "sequence": lambda optimizer: lr_scheduler.SequentialLR(
        optimizer,
        [lr_scheduler.LinearLR(optimizer), lr_scheduler.ExponentialLR(optimizer, 0.5)],
        milestones=[2],
    ),
}


class Warmup:
    """A callable with a state."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, epoch: int) -> float:
        self.calls += 1
        return 0.5**self.calls


@pytest.mark.parametrize("make", SCHEDULERS.values(), ids=SCHEDULERS)
def test_a_scheduler_gives_the_same_rates_again(make: Callable[[torch.optim.Optimizer], Any]) -> None:
    layer = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    scheduler = make(optimizer)

    def rates() -> list[float]:
        found = []
        for number in range(5):
            train(layer, optimizer, 1)
            scheduler.step(*([float(number)] if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau) else []))
            found.append(optimizer.param_groups[0]["lr"])
        return found

    train(layer, optimizer, 1)
    snapshot = Snapshot(layer, optimizer, schedulers=[scheduler])
    first = rates()
    state = bits(scheduler.state_dict())
    for _ in range(2):
        snapshot.restore()
        assert scheduler.optimizer is optimizer
        assert rates() == first
        assert bits(scheduler.state_dict()) == state


def test_a_scheduler_that_was_attached_since_leaves_nothing_at_the_optimizer() -> None:
    layer = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    names = set(vars(optimizer))
    snapshot = Snapshot(layer, optimizer)
    scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=9)
    train(layer, optimizer, 1)
    scheduler.step()
    assert set(vars(optimizer)) != names
    snapshot.restore()
    assert set(vars(optimizer)) == names
    assert "initial_lr" not in optimizer.param_groups[0]
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_the_wrapper_and_counts_of_an_attached_scheduler_stay() -> None:
    layer = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    wrapper = optimizer.step
    before = {name: value for name, value in vars(optimizer).items() if name.startswith("_")}
    snapshot = Snapshot(layer, optimizer, schedulers=[scheduler])
    del optimizer.__dict__["step"]
    optimizer._opt_called = True
    snapshot.restore()
    assert optimizer.step == wrapper
    assert {name: value for name, value in vars(optimizer).items() if name.startswith("_")} == before


def test_hooks_of_the_optimizer_that_came_since_are_removed() -> None:
    layer = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    calls: list[int] = []
    snapshot = Snapshot(layer, optimizer)
    optimizer.register_step_pre_hook(lambda *_: calls.append(1))
    snapshot.restore()
    train(layer, optimizer, 1)
    assert calls == []


def scaled_step(scaler: torch.amp.GradScaler, layer: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    scaler.scale(loss_of(layer)).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()


@pytest.mark.parametrize("warm", [False, True], ids=["new", "warm"])
def test_a_scaler_is_put_back(warm: bool) -> None:
    layer = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    if warm:
        scaled_step(scaler, layer, optimizer)
        scaler.scale(torch.ones(()))
        scaler.unscale_(optimizer)  # between unscaling and the step
    before = (bits(scaler.state_dict()), bits(dict(scaler._per_optimizer_states)), scaler._scale)
    snapshot = Snapshot(layer, optimizer, scaler=scaler)
    for _ in range(2):
        other = torch.optim.SGD(layer.parameters(), lr=0.1)
        for _ in range(3):
            scaled_step(scaler, layer, other)
        assert scaler.get_scale() > 8.0
        snapshot.restore()
        assert (bits(scaler.state_dict()), bits(dict(scaler._per_optimizer_states))) == before[:2]
        assert scaler._scale is before[2]


# ----- loaders


def test_the_loader_gives_the_same_order_again() -> None:
    held = torch.Generator().manual_seed(1)
    loader = DataLoader(TensorDataset(torch.arange(20)), shuffle=True, generator=held)
    assert generators_of(loader) == [held]
    snapshot = Snapshot(nn.Linear(1, 1), loader=loader)
    first = [int(batch) for (batch,) in loader]
    snapshot.restore()
    assert [int(batch) for (batch,) in loader] == first
    assert snapshot.notes == ()


def test_what_cannot_be_put_back_is_said() -> None:
    assert len(Snapshot(nn.Linear(1, 1), loader=iter([1])).notes) == 1


# ----- wrapped models


@pytest.mark.parametrize("wrap", ["compiled", "parallel"])
def test_wrapped_models_are_put_back(wrap: str) -> None:
    net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    model: Any = torch.compile(net, backend="eager") if wrap == "compiled" else nn.DataParallel(net)
    train(model, optimizer)
    before = everything(net, optimizer)
    snapshot = Snapshot(model, optimizer)
    for _ in range(2):
        train(model, optimizer)
        model.eval()
        snapshot.restore()
        assert everything(net, optimizer) == before
        assert model.training
    train(model, optimizer)
    torch.compiler.reset()


def test_wrappers_attributes_are_left_alone() -> None:
    """They have to agree with a state that is not in Python."""
    wrapped = nn.DataParallel(nn.Linear(1, 1))
    snapshot = Snapshot(wrapped)
    wrapped.dim = 1
    snapshot.restore()
    assert wrapped.dim == 1


@pytest.fixture
def alone() -> Iterator[Any]:
    """A process group of this process only, as a mesh."""
    distributed = pytest.importorskip("torch.distributed")
    if not distributed.is_available() or not distributed.is_gloo_available():
        pytest.skip("torch without gloo")
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    from torch.distributed.device_mesh import init_device_mesh

    try:
        yield init_device_mesh("cpu", (1,))
    finally:
        distributed.destroy_process_group()


@pytest.mark.parametrize("where", ["memory", "file"])
def test_fully_sharded_models_are_put_back_also_between_forward_and_backward(
    alone: Any, where: str, tmp_path: Path
) -> None:
    fully_shard = pytest.importorskip("torch.distributed.fsdp").fully_shard
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 1))
    net.calls = 0
    fully_shard(net[0], mesh=alone)
    fully_shard(net, mesh=alone)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    train(net, optimizer)
    inputs = torch.randn(8, 4)

    def shards() -> list[Any]:
        held = [value for state in optimizer.state.values() for value in state.values()]
        held += [*net.parameters(), *(p.grad for p in net.parameters())]
        return [tensor.to_local().tolist() if hasattr(tensor, "to_local") else tensor.tolist() for tensor in held]

    before, parameters = shards(), list(net.parameters())
    snapshot = Snapshot(net, optimizer, folder=tmp_path if where == "file" else None, limit_bytes=0)
    for _ in range(2):
        train(net, optimizer)
        net(inputs).sum()  # as a sweep that ends on this loss
        net.calls += 1
        snapshot.restore()
        assert shards() == before
        assert net.calls == 0
        assert all(a is b for a, b in zip(net.parameters(), parameters, strict=True))
    train(net, optimizer)
    snapshot.close()


# ----- ways to end


def test_what_can_be_put_back_is_put_back_although_something_fails() -> None:
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    train(net, optimizer)
    before = everything(net, optimizer)
    first, phase = net.first.weight.detach().clone(), net.phase.clone()
    snapshot = Snapshot(net, optimizer)
    kept = snapshot._copies._kept
    for number in [i for i, copy_ in enumerate(kept) if torch.equal(copy_, first) or torch.equal(copy_, phase)]:
        kept[number] = torch.zeros(1, 1)
    harm(net, optimizer)
    net.first.weight.data.fill_(7)
    with pytest.raises(ValueError, match=r"\(1, 1\) now has shape"):
        snapshot.restore()
    assert (net.first.weight == 7).all()
    net.first.weight.data.copy_(first)
    net.phase.copy_(phase)
    assert everything(net, optimizer) == before


def test_restoring_waits_for_devices_and_lets_interrupts_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    usual = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: seen.append(signal.getsignal(signal.SIGINT)))
    snapshot = Snapshot(nn.Linear(2, 1))
    snapshot._copies._devices = {torch.device("cuda", 0)}
    snapshot.restore()
    (during,) = seen
    assert during is not usual
    assert signal.getsignal(signal.SIGINT) is usual


def test_a_closed_snapshot_gives_its_memory_back_and_says_so() -> None:
    layer = nn.Linear(2, 1)
    with Snapshot(layer) as snapshot:
        kept = weakref.ref(snapshot._copies._kept[0])
        layer.weight.data.zero_()
        snapshot.restore()
        assert layer.weight.abs().sum() > 0
    gc.collect()
    assert kept() is None
    with pytest.raises(ValueError, match="take a new one"):
        snapshot.restore()


def test_a_snapshot_goes_as_soon_as_nobody_holds_it() -> None:
    snapshot = Snapshot(nn.Linear(2, 1))
    gone = weakref.ref(snapshot._copies)
    gc.disable()
    try:
        del snapshot
        assert gone() is None
    finally:
        gc.enable()


def test_taking_a_snapshot_changes_nothing(tmp_path: Path) -> None:
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    train(net, optimizer)
    before = everything(net, optimizer)
    Snapshot(net, optimizer).close()
    Snapshot(net, optimizer, folder=tmp_path, limit_bytes=0).close()
    with pytest.raises(FileNotFoundError):
        Snapshot(net, optimizer, folder=tmp_path / "none")
    assert everything(net, optimizer) == before


def test_random_state_can_be_had_from_here() -> None:
    before = RandomState()
    first = random.random()
    before.restore()
    assert random.random() == first


# ----- what stands behind the loss


def test_what_the_loss_reaches_is_put_back() -> None:
    model, head = nn.Linear(4, 3), nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    optimizer = torch.optim.Adam(head.parameters())
    scale = torch.ones(1, requires_grad=True)

    def loss(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
        return (head(model(x)) * scale).square().mean() + 0 * len(optimizer.param_groups)

    def step() -> None:
        loss(model, torch.randn(8, 4)).backward()
        optimizer.step()
        scale.data += 1

    def state() -> Any:
        tensors = [*head.state_dict().values(), scale]
        grads = [p.grad for p in (*head.parameters(), scale)]
        return copy.deepcopy(
            [bits(tensors), bits(grads), bits(dict(optimizer.state)), [m.training for m in head.modules()]]
        )

    for _ in range(2):
        before = state()
        with Snapshot(model, loss=loss) as snapshot:
            step()
            head.eval()
            snapshot.restore()
            assert state() == before
        step()


def test_parameters_of_the_graph_are_put_back_and_lazy_modules_elsewhere_are_left() -> None:
    model, hidden, unused = nn.Linear(4, 3), nn.Parameter(torch.ones(3)), nn.LazyLinear(2)
    places = [[[[[[[hidden]]]]]]]  # farther than anybody looks

    def loss(x: torch.Tensor) -> torch.Tensor:
        inner: Any = places
        while isinstance(inner, list):
            inner = inner[0]
        return (model(x) * inner).square().mean() if unused is not None else x

    snapshot = Snapshot(model, loss=loss)
    assert snapshot.notes == ()
    value = loss(torch.randn(2, 4))
    snapshot.add_behind(value)
    snapshot.add_behind(value)
    (note,) = snapshot.notes
    assert "uses a parameter tensor outside the model" in note
    value.backward()
    hidden.data += 1
    snapshot.restore()
    assert hidden.tolist() == [1.0] * 3
    assert hidden.grad is None


def test_only_what_was_changed_is_put_back_a_second_time() -> None:
    layer = nn.Linear(1, 1)
    with Snapshot(layer) as snapshot:
        layer.weight.data.fill_(7)
        snapshot.restore_changed()
        assert layer.weight.item() == 7
        snapshot.changed = True
        snapshot.restore_changed()
        assert layer.weight.item() != 7
        assert not snapshot.changed


# ------------------------------------------------------------------ for a moment
def test_for_a_moment_everything_is_as_it_was_and_then_again_as_it_is() -> None:
    """Also a parameter that only the loss knows, and also where the moment ends in an error."""
    head = nn.Parameter(torch.ones(2))
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.SGD([*model.parameters(), head], lr=0.1, momentum=0.9)

    def state() -> list[Any]:
        weights = [
            *model.state_dict().values(),
            head,
            *(entry["momentum_buffer"] for entry in optimizer.state.values()),
        ]
        return [*(value.detach().clone() for value in weights), torch.get_rng_state()]

    def trained() -> None:
        loss = (model(torch.randn(8, 2)) * head).square().mean()
        start.add_behind(loss)
        loss.backward()
        optimizer.step()

    with Snapshot(model) as start:
        first = state()
        trained()
        now = state()
        inside = []

        def looked() -> None:
            with start.for_a_moment():
                inside.extend(state())
                torch.rand(3)
                raise KeyError

        with pytest.raises(KeyError):
            looked()
        after = state()
    assert len(inside) == len(first) + 5 and len(after) == len(now)  # the optimizer was not in this snapshot
    assert all(map(torch.equal, inside[: len(first) - 1], first[:-1]))
    assert torch.equal(inside[-1], first[-1]) and not torch.equal(first[-1], now[-1])
    assert all(map(torch.equal, after, now))
    assert not torch.equal(first[0], now[0]) and not torch.equal(head, torch.ones(2))
