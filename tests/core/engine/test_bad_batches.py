"""Whose fault a loss is that is not finite: measured, not guessed."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrgui import LRFinder
from lrgui.core.engine.bad_batches import MOST, Suspects, holds_bad_values
from lrgui.core.engine.objective import Supervised
from lrgui.core.engine.race import race
from lrgui.core.engine.sweep import sweep
from lrgui.core.engine.train import train
from lrgui.core.engine.validation import Probe
from lrgui.core.events import BatchEvent, CandidateEvent, EndEvent, StandingEvent
from lrgui.core.run_settings import RaceSettings, SweepSettings, TrainSettings

NAN = float("nan")


def cross_entropy(model: nn.Module, batch: Any) -> torch.Tensor:
    x, y = batch
    return nn.functional.cross_entropy(model(x), y)


def data(bad: int | None = None, size: int = 640, value: float = NAN) -> DataLoader[Any]:
    torch.manual_seed(0)
    x = torch.randn(size, 8)
    y = (x @ torch.randn(8, 3)).argmax(1)
    if bad is not None:
        x[bad] = value
    return DataLoader(TensorDataset(x, y), 32)


def swept(loader: Any, loss: Any = cross_entropy, **settings: Any) -> tuple[int, EndEvent, nn.Module]:
    """Finite points, the end, and the model as it was left."""
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3))
    config = SweepSettings(**{"steps": 60, **settings})
    *events, end = sweep(model, loader, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), loss, config)
    assert isinstance(end, EndEvent)
    return sum(math.isfinite(e.loss) for e in events if isinstance(e, BatchEvent)), end, model


@pytest.mark.parametrize("value", [NAN, math.inf])
@pytest.mark.parametrize("bad", [0, 33, 600])
def test_a_bad_row_is_found_wherever_it_lies(bad: int, value: float) -> None:
    points, end, _ = swept(data(bad, value=value))
    assert (points, end.reason) == (bad // 32, "bad_batch")
    batch = bad // 32 + 1
    assert end.detail == f"Batch {batch} contains NaN or infinite values, so its loss is not finite: clean the data."


@pytest.mark.parametrize(
    "settings",
    [{"accumulation": 3}, {"accumulation": 16}, {"batches_per_lr": 3}, {"accumulation": 2, "batches_per_lr": 2}],
)
def test_also_among_the_batches_of_one_point(settings: dict[str, int]) -> None:
    for row in range(96, 96 + 32 * 6, 32):
        _, end, _ = swept(data(row), **settings)
        assert end.reason == "bad_batch"
        assert end.detail.startswith(f"Batch {row // 32 + 1} contains NaN")


def test_a_rate_that_breaks_the_weights_is_no_fault_of_the_batch() -> None:
    _, end, _ = swept(data(), end_lr=1e30, stop_factor=0)
    assert end.reason == "not_finite"
    assert ", where the loss became NaN, as" in end.detail or ", where the loss became infinite, as" in end.detail


def test_a_loss_function_that_cannot_deal_with_a_batch() -> None:
    def wrong(model: nn.Module, batch: Any) -> torch.Tensor:
        loss = cross_entropy(model, batch)
        return loss * NAN if bool((batch[0] > 2.9).any()) else loss

    _, end, _ = swept(data(), wrong)
    assert end.reason == "bad_batch"
    assert "is NaN even with the initial weights" in end.detail


def test_a_model_that_gives_nan_before_anything_was_trained() -> None:
    counted = []

    def first_only(model: nn.Module, batch: Any) -> torch.Tensor:
        counted.append(1)
        return cross_entropy(model, batch) * (NAN if len(counted) == 1 else 1.0)

    points, end, _ = swept(data(), first_only)
    assert (points, end.reason) == (0, "bad_batch")
    assert "before anything was trained" in end.detail


def test_a_failure_of_the_second_look_hides_nothing() -> None:
    def fails_later(model: nn.Module, batch: Any) -> torch.Tensor:
        seen.append(1)
        if len(seen) > 21:
            raise RuntimeError("not again")
        return cross_entropy(model, batch) * (NAN if len(seen) == 21 else 1.0)

    seen: list[int] = []
    _, end, _ = swept(data(), fails_later)
    assert end.reason == "not_finite"


@pytest.mark.parametrize("bad", [0, 200, None])
def test_everything_is_put_back_all_the_same(bad: int | None) -> None:
    loader = data(bad)
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3)).eval()
    model[3].train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random = torch.get_rng_state()
    list(sweep(model, loader, optimizer, cross_entropy, SweepSettings(steps=60, end_lr=1e30, stop_factor=0)))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert [module.training for module in model] == [False, False, False, True, False]
    assert torch.equal(torch.get_rng_state(), random)
    assert not optimizer.state and optimizer.param_groups[0]["lr"] == 0.1
    assert all(p.grad is None for p in model.parameters())


def test_a_validation_loss_that_was_never_finite() -> None:
    model = nn.Linear(8, 3)
    probe = Probe(lambda net, batch: (cross_entropy(net, batch), None), data(5, size=64))
    *_, end = sweep(
        model, data(), torch.optim.SGD(model.parameters(), lr=0.1), cross_entropy, SweepSettings(steps=20), probe=probe
    )
    assert isinstance(end, EndEvent)
    assert end.reason == "bad_batch" and "before anything was trained" in end.detail


@pytest.mark.parametrize(
    ("batch", "bad"),
    [
        (torch.ones(3), False),
        (torch.tensor([1.0, NAN]), True),
        (torch.tensor([1, 2]), False),
        ({"x": [torch.ones(2), (torch.tensor([math.inf]),)]}, True),
        (torch.tensor([complex(0, NAN)]), True),
        (["words"], False),
    ],
)
def test_what_a_batch_holds(batch: Any, bad: bool) -> None:
    assert holds_bad_values(batch) == bad


def test_of_large_batches_only_the_last_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(place: int) -> str:
        suspects = Suspects(100)
        for number in range(20):
            suspects.add(torch.tensor([NAN if number == place else 0.0]))
        return suspects.found(None, 1)

    assert found(0).startswith("Batch 1 contains NaN")
    monkeypatch.setattr("lrgui.core.engine.bad_batches.MOST_BYTES", 4 * 10)
    assert found(20 - 10).startswith("Batch 11 contains NaN")
    assert found(20 - 10 - 1) == ""
    monkeypatch.setattr("lrgui.core.engine.bad_batches.MOST_BYTES", 0)
    assert found(20 - MOST).startswith(f"Batch {20 - MOST + 1} contains NaN")
    assert found(20 - MOST - 1) == ""


# ------------------------------------------------------------------ trainings, races and the drop-in
def never_finite(model: nn.Module, batch: Any) -> torch.Tensor:
    """A loss function that can't deal with large inputs."""
    loss = cross_entropy(model, batch)
    return loss * NAN if bool((batch[0] == 1e3).any()) else loss


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


@pytest.mark.parametrize(("value", "what"), [(NAN, "Batch 12 contains NaN"), (1e3, "The loss of batch 12 is NaN even")])
@pytest.mark.parametrize("accumulation", [1, 5])
def test_a_training_blames_the_batch_and_keeps_what_it_has_learned(value: float, what: str, accumulation: int) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    config = TrainSettings(epochs=2, max_lr=0.05, accumulation=accumulation)
    loader, objective = data(11 * 32 + 3, value=value), Supervised(nn.CrossEntropyLoss())
    objective.loss = never_finite  # type: ignore[method-assign]
    seen: list[Any] = []
    for event in train(model, loader, optimizer, objective, config):
        if isinstance(event, BatchEvent):
            seen.append({key: weights.clone() for key, weights in model.state_dict().items()})
        last = event
    assert isinstance(last, EndEvent) and last.reason == "bad_batch"
    assert last.detail.startswith(what) and "tenth" not in last.detail
    assert all(
        torch.equal(weights, seen[-1][key]) for key, weights in model.state_dict().items() if "running" not in key
    )
    assert not torch.equal(model.state_dict()["0.weight"], network().state_dict()["0.weight"])
    assert len(optimizer.state) == 6


def test_a_training_whose_rate_breaks_the_weights_is_told_to_lower_it() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=2, max_lr=1e38)
    *_, end = train(model, data(), optimizer, Supervised(nn.CrossEntropyLoss()), config)
    assert isinstance(end, EndEvent) and end.reason == "not_finite" and "tenth" in end.detail


def test_a_training_that_never_had_a_finite_loss() -> None:
    model = network()
    with torch.no_grad():
        next(model.parameters()).fill_(NAN)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    *_, end = train(model, data(), optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=2))
    assert isinstance(end, EndEvent) and end.reason == "bad_batch"
    assert end.detail.startswith("The loss of batch 1 is NaN even with the initial weights")


def raced(loader: Any, probe: Probe | None = None, loss: Any = never_finite, **settings: Any) -> tuple[list[Any], Any]:
    model = network()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = RaceSettings(**{"around": 0.05, "rates": 3, "steps": 16, **settings})
    *events, end = race(model, loader, optimizer, loss, config, probe=probe)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    return events, end


@pytest.mark.parametrize(("value", "what"), [(NAN, "Batch 3 contains NaN"), (1e3, "The loss of batch 3 is NaN even")])
@pytest.mark.parametrize("accumulation", [1, 12])
def test_a_race_blames_the_batch(value: float, what: str, accumulation: int) -> None:
    events, end = raced(data(2 * 32 + 3, value=value), accumulation=accumulation)
    assert end.reason == "bad_batch" and end.detail.startswith(what)
    assert sum(isinstance(event, CandidateEvent) for event in events) == (3 if accumulation == 1 else 1)
    assert not any(isinstance(event, StandingEvent) for event in events)


def test_a_race_goes_on_past_rates_that_are_too_high() -> None:
    _, end = raced(data(), around=1e38)
    assert end.reason == "completed" and "Every rate diverged" in end.detail


def test_a_race_blames_validation_data() -> None:
    probe = Probe(lambda model, batch: (cross_entropy(model, batch), None), data(5, size=64))
    events, end = raced(data(), probe)
    assert end.reason == "bad_batch" and "validation loss is not finite even with the initial weights" in end.detail
    assert not any(isinstance(event, StandingEvent) for event in events)


def dropped_in(loader: Any, val: Any = None, finder: Any = LRFinder, **settings: Any) -> tuple[Any, Any]:
    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(output, target)

    model = network()
    test = finder(model, torch.optim.SGD(model.parameters(), lr=1e-4), criterion)
    test.range_test(loader, val, **{"end_lr": 1.0, "num_iter": 15, **settings})
    return test, test.result().end


@pytest.mark.parametrize("accumulation", [1, 2, 12])
def test_the_drop_in_blames_the_batch_and_leaves_the_rest_as_the_test_left_it(
    accumulation: int, capsys: pytest.CaptureFixture[str]
) -> None:
    test, end = dropped_in(data(11 * 32), accumulation_steps=accumulation)
    assert end.reason == "bad_batch" and end.detail.startswith("Batch 12 contains NaN")
    assert end.detail in capsys.readouterr().out
    assert test.optimizer.param_groups[0]["lr"] > 1e-4
    test.reset()
    assert torch.equal(test.model.state_dict()["0.weight"], network().state_dict()["0.weight"])


def test_the_drop_in_tells_rates_and_validation_data_apart() -> None:
    assert dropped_in(data(), end_lr=1e38, diverge_th=1e300)[1].reason == "not_finite"
    assert dropped_in(data(), data(), end_lr=1e38, diverge_th=1e300)[1].reason == "not_finite"
    _, end = dropped_in(data(), data(5, size=64))
    assert end.reason == "bad_batch" and "validation loss is not finite even with the initial weights" in end.detail


def test_the_drop_in_with_a_step_of_its_own_knows_no_batches() -> None:
    class Own(LRFinder):
        def _train_batch(self, *args: Any, **more: Any) -> float:
            taken.append(1)
            return 1.0 if len(taken) < first else NAN

    first, taken = 3, list[int]()
    assert dropped_in(data(), finder=Own)[1].reason == "not_finite"
    first, taken = 1, []
    _, end = dropped_in(data(), finder=Own)
    assert end.reason == "bad_batch" and "before anything was trained" in end.detail
