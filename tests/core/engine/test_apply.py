"""A rate that is set reaches the training, whatever schedules it."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as schedulers
from torch.optim.swa_utils import SWALR

from lrgui.core.engine.apply import set_rate

PICK = 3e-2
LOW = 1e-5
Rates = list[list[float]]


def sgd(*rates: float, tensor: bool = False) -> torch.optim.SGD:
    groups = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": torch.tensor(rate) if tensor else rate} for rate in rates
    ]
    return torch.optim.SGD(groups, lr=rates[-1], momentum=0.9)


def rates_of(optimizer: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in optimizer.param_groups]


def trace(optimizer: torch.optim.Optimizer, scheduler: Any, steps: int) -> Rates:
    """The rates of `steps` optimizer steps."""
    seen = []
    for _ in range(steps):
        seen.append(rates_of(optimizer))
        optimizer.step()
        scheduler.step(*([1.0] if isinstance(scheduler, schedulers.ReduceLROnPlateau) else []))
    return seen


# Each makes a scheduler whose highest rate is `top`, for an optimizer whose groups have top / 10 and top.
Make = Callable[[torch.optim.Optimizer, float], Any]
KINDS: dict[str, Make] = {
    "LambdaLR": lambda o, top: schedulers.LambdaLR(o, lambda e: min(e / 5, 1 - (e - 5) / 40)),
    "MultiplicativeLR": lambda o, top: schedulers.MultiplicativeLR(o, lambda e: 0.9),
    "StepLR": lambda o, top: schedulers.StepLR(o, 5, 0.5),
    "MultiStepLR": lambda o, top: schedulers.MultiStepLR(o, [4, 9], 0.5),
    "ConstantLR": lambda o, top: schedulers.ConstantLR(o, 0.25, 6),
    "LinearLR": lambda o, top: schedulers.LinearLR(o, 0.01, total_iters=8),
    "ExponentialLR": lambda o, top: schedulers.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o, top: schedulers.PolynomialLR(o, 20, 2.0),
    "CosineAnnealingLR": lambda o, top: schedulers.CosineAnnealingLR(o, 20, eta_min=top / 100),
    "CosineAnnealingWarmRestarts": lambda o, top: schedulers.CosineAnnealingWarmRestarts(o, 5, 2, eta_min=top / 100),
    "CyclicLR": lambda o, top: schedulers.CyclicLR(o, [top / 100, top / 20], [top / 10, top], 6),
    "OneCycleLR": lambda o, top: schedulers.OneCycleLR(o, [top / 10, top], total_steps=40),
    "ReduceLROnPlateau": lambda o, top: schedulers.ReduceLROnPlateau(o, patience=2, min_lr=[top / 300, top / 30]),
    "SequentialLR": lambda o, top: schedulers.SequentialLR(
        o, [schedulers.LinearLR(o, 0.01, total_iters=6), schedulers.CosineAnnealingLR(o, 20)], [6]
    ),
    "ChainedScheduler": lambda o, top: schedulers.ChainedScheduler(
        [schedulers.LinearLR(o, 0.1, total_iters=4), schedulers.MultiStepLR(o, [8, 12], 0.5)]
    ),
    "SWALR": lambda o, top: SWALR(o, [top / 100, top / 20], anneal_epochs=6),
}
NESTED: dict[str, Make] = {
    "sequential in sequential": lambda o, top: schedulers.SequentialLR(
        o,
        [
            schedulers.SequentialLR(
                o, [schedulers.ConstantLR(o, 0.01, 3), schedulers.LinearLR(o, 0.1, total_iters=4)], [3]
            ),
            schedulers.ExponentialLR(o, 0.9),
        ],
        [8],
    ),
    "chained with a sequential": lambda o, top: schedulers.ChainedScheduler([KINDS["SequentialLR"](o, top)]),
    "OneCycleLR with three phases": lambda o, top: schedulers.OneCycleLR(
        o, [top / 10, top], total_steps=40, three_phase=True, anneal_strategy="linear"
    ),
    "CyclicLR that shrinks": lambda o, top: schedulers.CyclicLR(
        o, [top / 100, top / 20], [top / 10, top], 6, mode="triangular2"
    ),
    "one function per group": lambda o, top: schedulers.LambdaLR(o, [lambda e: 0.9**e, lambda e: 1 / (1 + e)]),
    "a warm-up that stays 0 for a step, then a floor": lambda o, top: schedulers.LambdaLR(
        o, lambda e: min(1.0, max(0, e - 1) / 9)
    ),
    "a swa rate": lambda o, top: SWALR(o, [top / 100, top / 20], anneal_epochs=6, anneal_strategy="linear"),
}


def test_every_scheduler_of_torch_is_tried() -> None:
    there = {name for name in schedulers.__all__ if isinstance(getattr(schedulers, name), type)} | {"SWALR"}
    assert there - {"LRScheduler"} == set(KINDS)


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")  # torch's, where schedules are nested
@pytest.mark.parametrize(
    ("kind", "begun"),
    # Nothing in a plateau says what it started from: the next test.
    [(kind, begun) for kind in [*KINDS, *NESTED] for begun in (0, 9) if (kind, begun) != ("ReduceLROnPlateau", 9)],
)
def test_the_schedule_is_one_made_with_the_rate(kind: str, begun: int) -> None:
    make = {**KINDS, **NESTED}[kind]
    plain = sgd(PICK / 10, PICK)
    if max(row[1] for row in trace(plain, make(plain, PICK), 25)) > 2 * PICK:
        pytest.skip("This torch nests schedules wrongly: 100 times the rate for a step.")
    optimizer, fresh = sgd(LOW / 10, LOW), sgd(PICK / 10, PICK)
    scheduler, wanted = make(optimizer, LOW), make(fresh, PICK)
    trace(optimizer, scheduler, begun), trace(fresh, wanted, begun)
    set_rate(optimizer, PICK, scheduler=scheduler if begun else None)  # passed, or found
    assert [float(rate) for rate in scheduler.get_last_lr()] == pytest.approx(rates_of(optimizer))
    assert [group["momentum"] for group in optimizer.param_groups] == [g["momentum"] for g in fresh.param_groups]
    steps = 25
    assert trace(optimizer, scheduler, steps) == [pytest.approx(row, rel=1e-6) for row in trace(fresh, wanted, steps)]
    set_rate(optimizer, PICK, scheduler=scheduler)  # a second time changes nothing
    assert kind == "ReduceLROnPlateau" or rates_of(optimizer) == pytest.approx(rates_of(fresh), rel=1e-6)


def test_a_plateau_goes_on_from_the_rate() -> None:
    optimizer = sgd(LOW / 10, LOW)
    scheduler = KINDS["ReduceLROnPlateau"](optimizer, LOW)
    trace(optimizer, scheduler, 6)
    assert rates_of(optimizer)[1] < LOW / 5
    set_rate(optimizer, PICK)
    floors = scheduler.min_lrs
    assert floors[1] == pytest.approx(10 * floors[0]) and floors[1] > PICK / 30  # they went along
    seen = trace(optimizer, scheduler, 12)
    assert seen[0] == pytest.approx([PICK / 10, PICK]) and seen[-1] == pytest.approx(
        [max(PICK / 10000, f) for f in floors]
    )


def test_a_plateau_beside_a_warm_up_keeps_what_it_has_reduced() -> None:
    optimizer = sgd(LOW)
    warm_up = schedulers.LinearLR(optimizer, 0.1, total_iters=3)
    plateau = schedulers.ReduceLROnPlateau(optimizer, patience=0, min_lr=LOW / 1000)
    trace(optimizer, warm_up, 4), trace(optimizer, plateau, 3)
    before = rates_of(optimizer)[0]
    set_rate(optimizer, PICK)
    assert rates_of(optimizer) == [pytest.approx(before * PICK / LOW)] and before < LOW / 5
    assert plateau.min_lrs == [pytest.approx(PICK / 1000)] and warm_up.base_lrs == [pytest.approx(PICK)]


def test_the_end_of_a_warm_up_counts_not_the_base() -> None:
    """The schedule of "Attention is all you need": its rates are far below the optimizer's own, 1."""
    optimizer = sgd(1.0)
    noam = schedulers.LambdaLR(optimizer, lambda e: 512**-0.5 * min((e + 1) ** -0.5, (e + 1) * 4000**-1.5))
    set_rate(optimizer, PICK)
    assert max(row[0] for row in trace(optimizer, noam, 4500)) == pytest.approx(PICK)


@pytest.mark.parametrize(
    "make",
    [
        lambda o: schedulers.SequentialLR(
            o, [schedulers.ConstantLR(o, 0.01, 5000), schedulers.ExponentialLR(o, 0.999)], [5000]
        ),
        lambda o: schedulers.LinearLR(o, 0.001, total_iters=300_000),
        lambda o: schedulers.OneCycleLR(o, LOW, total_steps=10_000_000),
        lambda o: schedulers.CyclicLR(o, LOW / 100, LOW, 1_000_000),
    ],
    ids=["late", "long warm-up", "long cycle", "slow cycle"],
)
def test_long_schedules(make: Callable[[torch.optim.Optimizer], Any]) -> None:
    optimizer = sgd(LOW)
    scheduler = make(optimizer)
    before = rates_of(optimizer)[0]
    set_rate(optimizer, PICK)
    assert rates_of(optimizer) == [pytest.approx(before * PICK / LOW)]
    assert scheduler.optimizer is optimizer


def test_one_that_rises_without_end_multiplies_the_rate() -> None:
    optimizer = sgd(LOW)
    scheduler = schedulers.LambdaLR(optimizer, lambda e: 1.1**e)
    set_rate(optimizer, PICK)
    assert trace(optimizer, scheduler, 2) == [[pytest.approx(PICK)], [pytest.approx(PICK * 1.1)]]
    optimizer = sgd(LOW)
    scheduler = schedulers.LambdaLR(optimizer, lambda e: e / 24)
    set_rate(optimizer, PICK)
    assert trace(optimizer, scheduler, 13)[-1] == [pytest.approx(PICK / 2)]


def test_following_moves_nothing_of_the_users() -> None:
    asked: list[int] = []
    optimizer = sgd(LOW)
    inner = [schedulers.LambdaLR(optimizer, lambda e: asked.append(e) or 1.0), schedulers.StepLR(optimizer, 3)]
    scheduler = schedulers.SequentialLR(optimizer, inner, [4])
    trace(optimizer, scheduler, 2)
    before = [dict(vars(part)) for part in (scheduler, *inner)]
    set_rate(optimizer, LOW)
    after = [dict(vars(part)) for part in (scheduler, *inner)]
    assert before == after and optimizer.param_groups[0]["lr"] == pytest.approx(LOW)
    assert "_wrapped_by_lr_sched" in vars(optimizer.step)


# Which scheduler ----------------------------------------------------------------------------------


def test_one_that_is_gone_does_not_count() -> None:
    optimizer = sgd(LOW)
    scheduler = schedulers.LambdaLR(optimizer, lambda e: e / 10)
    scheduler = schedulers.CyclicLR(optimizer, LOW, 5 * LOW)  # holds on to itself, until collected
    scheduler = schedulers.CyclicLR(optimizer, LOW, 9 * LOW)
    set_rate(optimizer, PICK)
    assert scheduler.max_lrs == [pytest.approx(PICK)]
    del scheduler
    gc.collect()
    optimizer.param_groups[0]["lr"] = 0.0  # as a schedule leaves it
    set_rate(optimizer, PICK)
    group = optimizer.param_groups[0]
    assert group["lr"] == group["initial_lr"] == pytest.approx(PICK)


def test_one_of_another_optimizer_is_left_alone() -> None:
    optimizer, other = sgd(LOW), sgd(LOW)
    scheduler = schedulers.LambdaLR(other, lambda e: 1.0)
    set_rate(optimizer, PICK)
    assert rates_of(optimizer) == [PICK] and rates_of(other) == [LOW] and scheduler.base_lrs == [LOW]
    with pytest.raises(ValueError, match="LambdaLR belongs to another optimizer"):
        set_rate(optimizer, PICK, scheduler=scheduler)


def test_several_that_change_the_highest_rate_are_refused_unless_one_is_passed() -> None:
    optimizer = sgd(LOW)
    old = schedulers.OneCycleLR(optimizer, 2 * LOW, total_steps=10)
    new = schedulers.OneCycleLR(optimizer, LOW, total_steps=20)
    before = (rates_of(optimizer), list(new.base_lrs), dict(optimizer.defaults))
    with pytest.raises(ValueError, match=r"Several schedulers .*or pass yours: result"):
        set_rate(optimizer, PICK)
    assert before == (rates_of(optimizer), new.base_lrs, optimizer.defaults) and old.base_lrs
    set_rate(optimizer, PICK, scheduler=new)
    assert max(row[0] for row in trace(optimizer, new, 20)) == pytest.approx(PICK)


def test_none_where_none_is_to_count() -> None:
    optimizer = sgd(LOW)
    scheduler = schedulers.LambdaLR(optimizer, lambda e: 1.0)
    set_rate(optimizer, PICK, scheduler=[])
    assert rates_of(optimizer) == [PICK] and scheduler.base_lrs == [LOW]


def test_schedulers_in_wrappers() -> None:
    class Config:
        def __init__(self, scheduler: Any) -> None:
            self.scheduler = scheduler

    for wrap in (
        Config,
        lambda s: {"scheduler": s, "interval": "step"},
        lambda s: [s],
        lambda s: [Config({"lr_scheduler": s})],
    ):
        optimizer = sgd(LOW)
        scheduler = schedulers.LambdaLR(optimizer, lambda e: 1.0)
        set_rate(optimizer, PICK, scheduler=wrap(scheduler))
        assert scheduler.base_lrs == [pytest.approx(PICK)]


def test_what_is_no_scheduler() -> None:
    with pytest.raises(TypeError, match=r"0\.1 is not a scheduler; to set this rate, pass lr=0\.1"):
        set_rate(sgd(LOW), PICK, scheduler=0.1)
    with pytest.raises(TypeError, match="Linear is not a learning rate scheduler"):
        set_rate(sgd(LOW), PICK, scheduler=torch.nn.Linear(1, 1))
    with pytest.raises(TypeError, match="SGD is not a learning rate scheduler"):
        set_rate(sgd(LOW), PICK, scheduler=sgd(LOW))


# Schedulers of other classes ----------------------------------------------------------------------


class NamedByItself(schedulers.LRScheduler):
    """Its rates stand under names that torch does not use."""

    def __init__(self, optimizer: torch.optim.Optimizer, peak_lr: float, floor: float = 0.0) -> None:
        self.peak_lr, self.floor = peak_lr, floor
        super().__init__(optimizer)

    def get_lr(self) -> list[float]:  # type: ignore[override]
        return [max(self.floor, self.peak_lr * min(1.0, (self.last_epoch + 1) / 5)) for _ in self.base_lrs]


class Counting(NamedByItself):
    """Knows by itself how far it is."""

    calls = 0

    def get_lr(self) -> list[float]:  # type: ignore[override]
        self.calls += 1
        return [self.peak_lr / self.calls for _ in self.base_lrs]


class Bound(schedulers.LambdaLR):
    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.warm = 4
        super().__init__(optimizer, self.factor)

    def factor(self, epoch: int) -> float:
        return min(1.0, epoch / self.warm)


class GreedyLR:
    """No torch scheduler at all, but it sets the rates."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    def step(self) -> None:
        self.optimizer.param_groups[0]["lr"] = LOW


def test_rates_under_other_names_are_found_where_they_make_the_schedule() -> None:
    optimizer = sgd(LOW)
    scheduler = NamedByItself(optimizer, LOW)
    set_rate(optimizer, PICK)
    assert [row[0] for row in trace(optimizer, scheduler, 6)] == pytest.approx(
        [PICK * n / 5 for n in (1, 2, 3, 4, 5, 5)]
    )


def test_a_subclass_with_its_own_function() -> None:
    optimizer = sgd(LOW)
    scheduler = Bound(optimizer)
    trace(optimizer, scheduler, 2)
    set_rate(optimizer, PICK)
    assert [row[0] for row in trace(optimizer, scheduler, 3)] == pytest.approx([PICK / 2, 0.75 * PICK, PICK])


@pytest.mark.parametrize(
    ("make", "begun", "said"),
    [
        (lambda o: NamedByItself(o, LOW, LOW / 2), 0, "NamedByItself cannot be scaled"),
        (lambda o: Counting(o, LOW), 3, "Counting has already started"),
        (GreedyLR, 0, "GreedyLR controls this optimizer's rates"),
    ],
)
def test_what_cannot_be_rescaled_is_refused(make: Callable[[Any], Any], begun: int, said: str) -> None:
    optimizer = sgd(LOW)
    scheduler = make(optimizer)
    trace(optimizer, scheduler, begun)
    before = (rates_of(optimizer), dict(optimizer.param_groups[0]), dict(vars(scheduler)))
    with pytest.raises(ValueError, match=said + r".*Create the scheduler after result\.apply.*, for a rate of 3e-2"):
        set_rate(optimizer, PICK)
    assert before == (rates_of(optimizer), optimizer.param_groups[0], vars(scheduler))
    set_rate(optimizer, PICK, scheduler=[])
    assert rates_of(optimizer) == [pytest.approx(PICK)] or begun


def test_all_rates_zero() -> None:
    optimizer = sgd(0.0)
    scheduler = schedulers.LambdaLR(optimizer, lambda e: 1.0)
    with pytest.raises(ValueError, match="rates of the schedule are all 0"):
        set_rate(optimizer, PICK)
    assert scheduler.base_lrs == [0.0]


# Groups and tensors -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["LambdaLR", "OneCycleLR", "CyclicLR", "SequentialLR", "ReduceLROnPlateau"])
def test_only_the_swept_groups(kind: str) -> None:
    optimizer, fresh = sgd(LOW / 10, LOW), sgd(PICK, LOW)
    make = {
        "CyclicLR": lambda o, a: schedulers.CyclicLR(o, [a / 10, LOW / 10], [a, LOW], 6),
        "OneCycleLR": lambda o, a: schedulers.OneCycleLR(o, [a, LOW], total_steps=40),
        "ReduceLROnPlateau": lambda o, a: schedulers.ReduceLROnPlateau(o, patience=2, min_lr=[a / 30, LOW / 30]),
    }.get(kind, KINDS[kind])
    scheduler, wanted = make(optimizer, LOW / 10), make(fresh, PICK)
    set_rate(optimizer, PICK, swept=[0])
    assert trace(optimizer, scheduler, 12) == [pytest.approx(row, rel=1e-6) for row in trace(fresh, wanted, 12)]


def test_a_floor_for_all_groups_cannot_be_scaled_for_one() -> None:
    optimizer = sgd(LOW / 10, LOW)
    scheduler = schedulers.CosineAnnealingLR(optimizer, 10, eta_min=LOW / 100)
    with pytest.raises(ValueError, match="CosineAnnealingLR cannot be scaled"):
        set_rate(optimizer, PICK, swept=[1])
    assert scheduler.eta_min == LOW / 100


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_are_changed_in_place(kind: str) -> None:
    optimizer, fresh = sgd(LOW / 10, LOW, tensor=True), sgd(PICK / 10, PICK)
    scheduler, wanted = KINDS[kind](optimizer, LOW), KINDS[kind](fresh, PICK)
    held = [group["lr"] for group in optimizer.param_groups]
    if held[0] is optimizer.param_groups[0].get("initial_lr"):
        pytest.skip("This torch steps on its own initial rate.")
    set_rate(optimizer, PICK, scheduler=scheduler)
    assert all(group["lr"] is tensor for group, tensor in zip(optimizer.param_groups, held, strict=True))
    assert trace(optimizer, scheduler, 12) == [pytest.approx(row, rel=1e-4) for row in trace(fresh, wanted, 12)]


def test_one_tensor_for_several_groups() -> None:
    rate = torch.tensor(LOW)
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(2)]
    optimizer = torch.optim.Adam(groups, lr=rate)
    if optimizer.param_groups[1]["lr"] is not rate:
        pytest.skip("This torch gives each group a tensor of its own.")
    set_rate(optimizer, PICK)
    assert rates_of(optimizer) == pytest.approx([PICK, PICK]) and optimizer.param_groups[0]["lr"] is rate
    set_rate(optimizer, 2 * PICK, swept=[1])
    assert rates_of(optimizer) == pytest.approx([PICK, 2 * PICK])


def test_a_group_that_is_added_later_gets_the_rate() -> None:
    optimizer = sgd(LOW / 10, LOW)
    set_rate(optimizer, PICK)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    assert rates_of(optimizer) == pytest.approx([PICK / 10, PICK, PICK])
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = schedulers.OneCycleLR(optimizer, LOW, total_steps=9)
    set_rate(optimizer, PICK)
    assert optimizer.defaults["lr"] == 0.1 and scheduler.total_steps == 9  # its groups do not have that rate


def test_an_optimizer_that_sets_its_own_rate() -> None:
    optimizer = sgd(LOW)
    optimizer.param_groups[0]["lr"] = None  # as transformers' Adafactor has it with relative_step
    with pytest.raises(ValueError, match=r"SGD sets its own learning rate \(lr=None\): create it with lr=3e-2"):
        set_rate(optimizer, PICK)


# Other packages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "linear",
        "cosine",
        "cosine_with_restarts",
        "polynomial",
        "constant",
        "constant_with_warmup",
        "inverse_sqrt",
        "cosine_with_min_lr",
        "warmup_stable_decay",
    ],
)
def test_the_schedules_of_transformers(name: str) -> None:
    transformers = pytest.importorskip("transformers")
    more = {"cosine_with_min_lr": {"min_lr_rate": 0.1}, "warmup_stable_decay": {"num_decay_steps": 5}}.get(name, {})

    def make(optimizer: torch.optim.Optimizer) -> Any:
        return transformers.get_scheduler(name, optimizer, 4, 20, scheduler_specific_kwargs=more)

    optimizer, fresh = sgd(LOW), sgd(PICK)
    scheduler, wanted = make(optimizer), make(fresh)
    set_rate(optimizer, PICK, scheduler=scheduler)
    found, expected = trace(optimizer, scheduler, 12), trace(fresh, wanted, 12)
    if name == "polynomial":  # its last rate is a number of its own, 1e-7
        expected = [[row[0]] for row in expected]
        assert found == [pytest.approx(row, rel=1e-2) for row in expected]
    else:
        assert found == [pytest.approx(row, rel=1e-6) for row in expected]
    assert max(row[0] for row in found) == pytest.approx(PICK)


@pytest.mark.parametrize("name", ["CosineLRScheduler", "StepLRScheduler", "TanhLRScheduler", "PolyLRScheduler"])
def test_the_schedulers_of_timm(name: str) -> None:
    scheduler = pytest.importorskip("timm.scheduler")
    length = {"decay_t": 5, "decay_rate": 0.5} if name == "StepLRScheduler" else {"t_initial": 20, "lr_min": 0.0}

    def rates(low: float, pick: float | None) -> Rates:
        optimizer = sgd(low / 10, low)
        made = getattr(scheduler, name)(optimizer, warmup_t=4, warmup_lr_init=low / 50, **length)
        if pick:
            set_rate(optimizer, pick)
        seen = []
        for step in range(1, 12):
            seen.append(rates_of(optimizer))
            made.step(step)
        return seen

    top = max(row[1] for row in rates(PICK, None))
    assert rates(LOW, top) == [pytest.approx(row, rel=1e-6) for row in rates(PICK, None)]


def test_the_plateau_of_timm_is_refused() -> None:
    scheduler = pytest.importorskip("timm.scheduler")
    optimizer = sgd(LOW)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it will be gone some day
        made = scheduler.PlateauLRScheduler(optimizer, warmup_t=4)
    with pytest.raises(ValueError, match="Create the scheduler after"):
        set_rate(optimizer, PICK)
    assert made.base_values == [LOW]


def test_a_scheduler_of_ignite_is_refused_and_its_wrapper_of_torchs_is_not() -> None:
    pytest.importorskip("ignite")
    from ignite.handlers.param_scheduler import CosineAnnealingScheduler, LRScheduler

    optimizer = sgd(LOW)
    made = CosineAnnealingScheduler(optimizer, "lr", LOW, LOW / 10, 20)
    with pytest.raises(ValueError, match="CosineAnnealingScheduler controls this optimizer's rates"):
        set_rate(optimizer, PICK)
    del made
    optimizer = sgd(LOW)
    inner = schedulers.StepLR(optimizer, 5)
    wrapper = LRScheduler(inner)
    set_rate(optimizer, PICK)
    set_rate(optimizer, 2 * PICK, scheduler=wrapper)
    assert inner.base_lrs == [pytest.approx(2 * PICK)]
