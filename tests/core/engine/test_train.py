"""OneCycle training: its rates, its stops, and that it learns."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import pytest
import torch
from torch import nn

from lrgui.core.control import Control
from lrgui.core.engine.evaluation import evaluate
from lrgui.core.engine.objective import Objective, Supervised
from lrgui.core.engine.passes import batches_in
from lrgui.core.engine.train import train
from lrgui.core.events import BatchEvent, EndEvent, EpochEvent, Event, StateEvent
from lrgui.core.run_settings import TrainSettings
from lrgui.core.schedule_shapes import planned_lr
from lrgui.tasks.build import build_task
from lrgui.tasks.spec import TaskSpec


def digits(config: TrainSettings, control: Control | None = None, **settings: Any) -> list[Event]:
    """All events of a training on the digits."""
    task = build_task(TaskSpec(device="cpu", **settings))
    return list(
        train(
            task.model,
            task.loader,
            task.optimizer,
            task.objective,
            config,
            control,
            validation=task.validation,
        )
    )


def ending(events: list[Event]) -> EndEvent:
    assert isinstance(events[-1], EndEvent)
    return events[-1]


def tiny(steps: int = 6) -> tuple[nn.Module, list[tuple[torch.Tensor, torch.Tensor]]]:
    torch.manual_seed(0)
    data = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(steps)]
    return nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)), data


def test_digits_are_learned() -> None:
    events = digits(TrainSettings(epochs=12, max_lr=0.03))
    epochs = [e for e in events if isinstance(e, EpochEvent)]
    batches = [e for e in events if isinstance(e, BatchEvent)]
    assert ending(events).reason == "completed"
    assert [e.epoch for e in epochs] == list(range(1, 13))
    assert epochs[-1].val_accuracy is not None and epochs[-1].val_accuracy > 0.9
    assert epochs[-1].train_accuracy is not None and epochs[-1].train_accuracy > 0.9
    assert epochs[-1].val_loss is not None and epochs[-1].val_loss < 0.4
    assert [b.step for b in batches] == list(range(12 * 21))
    plan = planned_lr(TrainSettings(max_lr=0.03), 12 * 21, 12 * 21)
    assert [b.lr for b in batches] == pytest.approx(plan.tolist(), rel=1e-12)
    assert [e.lr for e in epochs] == pytest.approx(plan[20::21].tolist(), rel=1e-12)
    first = batches[:21]
    assert epochs[0].train_loss == pytest.approx(sum(b.loss for b in first) / 21)


@pytest.mark.parametrize("max_lr", [3.0, 100.0])
def test_a_rate_far_too_high_is_said_to_have_diverged_with_advice(max_lr: float) -> None:
    events = digits(TrainSettings(epochs=12, max_lr=max_lr))
    end = ending(events)
    assert end.reason in ("diverged", "not_finite")
    tenth = "3e-1" if max_lr == 3.0 else "10"
    assert f"max LR to {tenth}, a tenth" in end.detail
    assert sum(isinstance(e, EpochEvent) for e in events) < 12


def test_nan_ends_the_training_with_advice() -> None:
    model, data = tiny()
    calls = iter(range(100))

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(output, target) * (math.nan if next(calls) == 3 else 1)

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = list(train(model, data, optimizer, Supervised(criterion), TrainSettings(epochs=2, max_lr=0.2)))
    assert ending(events).reason == "not_finite"
    assert "2e-2, a tenth" in ending(events).detail
    assert sum(isinstance(e, BatchEvent) for e in events) == 4


Make = Callable[[Any], torch.optim.Optimizer]


def momenta(make: Make) -> list[float]:
    """The momentum (or first beta) at every step of a short training."""
    model, data = tiny()
    optimizer = make(model.parameters())
    seen = []

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        group = optimizer.param_groups[0]
        seen.append(group["betas"][0] if "betas" in group else group["momentum"])
        return nn.functional.cross_entropy(output, target)

    list(train(model, data, optimizer, Supervised(criterion), TrainSettings(epochs=4, max_lr=0.01)))
    assert len(seen) == 24
    return seen


def test_momentum_of_plain_sgd_stays_zero() -> None:
    assert set(momenta(lambda p: torch.optim.SGD(p, lr=0.1))) == {0.0}


@pytest.mark.parametrize(
    "make",
    [
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.Adam(p, lr=0.1),
        lambda p: torch.optim.AdamW(p, lr=0.1),
    ],
)
def test_momentum_in_use_is_cycled(make: Make) -> None:
    seen = momenta(make)
    assert seen[0] == pytest.approx(0.95)
    assert min(seen) == pytest.approx(0.85, abs=0.01)
    assert seen[-1] == pytest.approx(0.95)


def test_a_first_beta_of_zero_stays_zero() -> None:
    assert set(momenta(lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.0, 0.9)))) == {0.0}


def test_groups_keep_the_ratio_of_their_rates_and_the_largest_is_told() -> None:
    model, data = tiny()
    parts = [{"params": model[0].parameters(), "lr": 1e-4}, {"params": model[2].parameters(), "lr": 1e-3}]
    optimizer = torch.optim.SGD(parts, momentum=0.9)
    told, held = [], []
    for event in train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=2, max_lr=0.02)):
        if isinstance(event, BatchEvent):
            told.append(event.lr)
            held.append([group["lr"] for group in optimizer.param_groups])
    plan = planned_lr(TrainSettings(max_lr=0.02), 12, 12).tolist()
    assert told == pytest.approx(plan, rel=1e-9)
    assert [low for low, _ in held] == pytest.approx([lr / 10 for lr in plan], rel=1e-9)
    assert [high for _, high in held] == pytest.approx(plan, rel=1e-9)


def test_an_optimizer_without_momentum_trains() -> None:
    model, data = tiny()
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
    events = list(train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=2)))
    assert ending(events).reason == "completed"


@pytest.mark.parametrize("steps", [1, 2, 3, 10])
@pytest.mark.parametrize("pct_start", [0.1, 0.3, 0.5])
def test_very_short_trainings_follow_the_plan(steps: int, pct_start: float) -> None:
    # Ten steps with a warm-up of 10 % would divide by zero inside torch.
    model, data = tiny(steps)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=1, max_lr=0.02, pct_start=pct_start)
    events = list(train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), config))
    assert ending(events).reason == "completed"
    rates = [e.lr for e in events if isinstance(e, BatchEvent)]
    assert rates == pytest.approx(
        planned_lr(TrainSettings(max_lr=0.02, pct_start=pct_start), steps, steps).tolist(), rel=1e-9
    )
    assert sum(isinstance(e, EpochEvent) for e in events) == 1


def test_one_epoch_on_digits() -> None:
    events = digits(TrainSettings(epochs=1, max_lr=0.03))
    assert sum(isinstance(e, BatchEvent) for e in events) == 21
    assert ending(events).reason == "completed"
    assert ending(events).detail.startswith("The epoch was trained")


def test_without_validation_and_accuracy_they_are_none() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = list(train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=1)))
    (epoch,) = [e for e in events if isinstance(e, EpochEvent)]
    assert (epoch.val_loss, epoch.val_accuracy, epoch.train_accuracy) == (None, None, None)


def test_cancelled_in_an_epoch_what_was_measured_stays() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    control = Control()
    events = []
    for event in train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=3), control):
        events.append(event)
        if isinstance(event, BatchEvent) and event.step == 8:
            control.cancel()
    assert sum(isinstance(e, BatchEvent) for e in events) == 9
    assert ending(events).reason == "cancelled"
    assert "epoch 2 of 3" in ending(events).detail


def test_paused_and_resumed_from_another_thread_nothing_is_lost() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    control = Control()
    control.pause()
    events: list[Event] = []
    for event in train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=2), control):
        events.append(event)
        if event == StateEvent("paused"):
            threading.Timer(0.05, control.resume).start()
    assert [e.state for e in events if isinstance(e, StateEvent)] == ["paused", "running"]
    assert sum(isinstance(e, BatchEvent) for e in events) == 12


@pytest.mark.parametrize("ends", ["completed", "closed", "failed"])
def test_modes_are_put_back_and_the_weights_stay_trained(ends: str) -> None:
    model, data = tiny()
    model[1].eval()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls = iter(range(1000))

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if ends == "failed" and next(calls) == 4:
            raise RuntimeError("boom")
        return nn.functional.cross_entropy(output, target)

    running = train(model, data, optimizer, Supervised(criterion), TrainSettings(epochs=2), validation=data)
    if ends == "failed":
        with pytest.raises(RuntimeError, match="boom"):
            list(running)
    elif ends == "closed":
        for _ in range(4):
            next(running)
        running.close()  # type: ignore[attr-defined]
    else:
        list(running)
    assert [m.training for m in model] == [True, False, True]
    assert model.training
    assert any(not torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_an_empty_loader_is_a_clear_error() -> None:
    model, _ = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="no batch"):
        list(train(model, [], optimizer, Supervised(nn.CrossEntropyLoss()), TrainSettings()))


class Loader:
    """Says one length and gives another; counts the passes that came to their end."""

    def __init__(self, batches: list[Any], length: int, passes: int = 100) -> None:
        self.batches, self.length, self.passes, self.ended = batches, length, passes, 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Any]:
        if self.ended < self.passes:
            yield from self.batches
        self.ended += 1


def test_a_loader_that_gives_nothing_is_no_training_without_loss() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    objective, config = Supervised(nn.CrossEntropyLoss()), TrainSettings(epochs=3, max_lr=1e-3)
    with pytest.raises(ValueError, match="no batch"):
        list(train(model, Loader([], 4), optimizer, objective, config))
    events = list(train(model, Loader(data, 6, passes=2), optimizer, objective, config))
    assert [e.epoch for e in events if isinstance(e, EpochEvent)] == [1, 2]
    assert ending(events).reason == "data_ended"
    assert "after epoch 2" in ending(events).detail
    events = list(train(model, data, optimizer, objective, config, validation=[]))
    assert [e.val_loss for e in events if isinstance(e, EpochEvent)] == [None] * 3


@pytest.mark.parametrize("length", [4, 6, 9])
def test_a_pass_comes_to_its_end_whatever_the_loaders_length(length: int) -> None:
    model, data = tiny()
    loader = Loader(data, length)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=2, max_lr=1e-3)
    events = list(train(model, loader, optimizer, Supervised(nn.CrossEntropyLoss()), config))
    assert sum(isinstance(e, BatchEvent) for e in events) == 2 * min(length, 6)
    assert loader.ended == (0 if length < 6 else 2), "it may count its epochs there"


def test_the_rest_of_a_step_that_the_data_cut_off_counts_in_full() -> None:
    """A step of 4 batches of which only 2 came is a step of these 2; and no more than one is held at a time."""
    config = TrainSettings(epochs=1, max_lr=1e-2, accumulation=4)
    ends = []
    for length in (6, 8):
        model, data = tiny()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        list(train(model, Loader(data, length), optimizer, Supervised(nn.CrossEntropyLoss()), config))
        ends.append(next(model.parameters()).detach())
    torch.testing.assert_close(*ends)


def test_a_step_takes_its_batches_as_they_come() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    ahead, most = 0, 0

    class Counting(Supervised):
        def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
            nonlocal ahead
            ahead -= 1
            return super().loss(model, batch)

    def batches() -> Iterator[Any]:
        nonlocal ahead, most
        for batch in data:
            ahead += 1
            most = max(most, ahead)
            yield batch

    class Fresh:
        def __iter__(self) -> Iterator[Any]:
            return batches()

    config = TrainSettings(epochs=1, max_lr=1e-3, accumulation=6)
    objective = Counting(nn.CrossEntropyLoss())
    list(train(model, Fresh(), optimizer, objective, config, per_epoch=6))
    assert most == 1, "all batches of a step in memory at once is what accumulation is to avoid"


def test_a_training_that_hardly_learned_says_so() -> None:
    events = digits(TrainSettings(epochs=1, max_lr=1e-7))
    end = ending(events)
    assert end.reason == "completed"
    assert "hardly fell" in end.detail


def test_evaluate_means_over_examples_not_batches() -> None:
    model = nn.Flatten()
    data = [(torch.tensor([[0.0], [0.0], [0.0]]), torch.ones(3, 1)), (torch.tensor([[1.0]]), torch.ones(1, 1))]
    means = evaluate(model, data, Supervised(nn.MSELoss(), lambda o, t: (o == t).float().mean()), "cpu")
    assert means.loss == pytest.approx(0.75)
    assert means.metric == pytest.approx(0.25)
    assert evaluate(model, data, Supervised(nn.MSELoss()), "cpu").metric is None


def epochs_of(objective: Objective, loader: Any = None, **options: Any) -> list[EpochEvent]:
    """The epochs of a short training on random data, which is its validation, too."""
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    events = list(
        train(model, loader or data, optimizer, objective, TrainSettings(epochs=2), validation=data, **options)
    )
    assert ending(events).reason == "completed"
    return [event for event in events if isinstance(event, EpochEvent)]


def test_a_metric_that_is_no_accuracy_goes_by_its_name() -> None:
    def errors(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (output.argmax(1) != target).sum()

    loss = nn.CrossEntropyLoss()
    (_, last) = epochs_of(Supervised(loss, errors), metric_name="wrong answers")
    assert last.metric_name == "wrong answers"
    assert last.train_accuracy is None and last.val_accuracy is None
    assert last.train_metric is not None and 0 <= last.train_metric <= 8
    assert last.val_metric is not None and 0 <= last.val_metric <= 8


def test_of_several_metrics_the_first_counts_and_names_itself() -> None:
    def several(output: torch.Tensor, target: torch.Tensor) -> dict[str, Any]:
        return {"accuracy": (output.argmax(1) == target).float().mean(), "other": 7}

    (_, last) = epochs_of(Supervised(nn.CrossEntropyLoss(), several), metric_name="")
    assert last.val_accuracy is not None and 0 < last.val_accuracy <= 1
    assert last.metric_name == ""
    assert last.train_metrics == {"accuracy": last.train_accuracy, "other": 7.0}
    assert last.val_metrics == {"accuracy": last.val_accuracy, "other": 7.0}


def test_a_step_by_hand_has_no_metric() -> None:
    class Step:
        has_metric = False

        def loss(self, model: nn.Module, batch: Any) -> torch.Tensor:
            return nn.functional.cross_entropy(model(batch[0]), batch[1])

        def both(self, model: nn.Module, batch: Any) -> tuple[Any, Any]:
            return self.loss(model, batch), None

        def measured(self) -> Any:
            raise AssertionError("there is nothing to measure")

    (_, last) = epochs_of(Step())
    assert last.val_loss is not None
    assert (last.train_accuracy, last.val_accuracy, last.train_metric, last.val_metric) == (None,) * 4


def test_an_epochs_means_are_over_examples_also_where_its_last_batch_is_smaller() -> None:
    torch.manual_seed(0)
    data = [(torch.randn(size, 4), torch.randint(0, 2, (size,))) for size in (8, 8, 3)]
    losses: list[tuple[float, int]] = []

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        value = nn.functional.cross_entropy(output, target)
        losses.append((value.item(), len(target)))
        return value

    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    objective = Supervised(criterion, lambda output, target: float(len(target)))
    config = TrainSettings(epochs=1, max_lr=0.5)
    (epoch,) = [e for e in train(model, data, optimizer, objective, config, metric_name="size") if hasattr(e, "epoch")]
    assert epoch.train_loss == pytest.approx(sum(loss * size for loss, size in losses) / 19)
    assert epoch.train_loss != pytest.approx(sum(loss for loss, _ in losses) / 3)
    assert epoch.train_metric == pytest.approx((8 * 8 + 8 * 8 + 3 * 3) / 19)


class Sized:
    """One batch for ever, and a length all the same."""

    def __init__(self, batch: Any, count: int) -> None:
        self.batch, self.count = batch, count

    def __iter__(self) -> Iterator[Any]:
        return repeat(self.batch)

    def __len__(self) -> int:
        return self.count


def test_an_epoch_is_as_long_as_the_loader_says() -> None:
    _, data = tiny()
    first, second = epochs_of(Supervised(nn.CrossEntropyLoss()), Sized(data[0], 3))
    assert (first.epoch, second.epoch) == (1, 2)


def test_what_is_no_loss_is_said_in_a_sentence() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    each = Supervised(nn.CrossEntropyLoss(reduction="none"))
    with pytest.raises(ValueError, match="a scalar, not 8 numbers: use reduction='mean'"):
        list(train(model, data, optimizer, each, TrainSettings(epochs=1)))


class Unsized:
    """Batches that do not say how many they are."""

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)


def test_a_loader_that_does_not_know_its_length_is_counted() -> None:
    _, data = tiny()
    assert batches_in(Unsized(data)) == len(data)
    assert len(epochs_of(Supervised(nn.CrossEntropyLoss()), Unsized(data))) == 2


def test_a_loader_that_runs_once_cannot_be_trained_on() -> None:
    with pytest.raises(ValueError, match="read only once: return a DataLoader"):
        batches_in(iter([1, 2]))


def test_a_loader_that_never_ends_is_said_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forever:
        def __iter__(self) -> Iterator[int]:
            return iter(int, 1)

    monkeypatch.setattr("lrgui.core.engine.batches.MOST_BATCHES", 50)
    with pytest.raises(ValueError, match=r"training batches never end: .* or say how many steps"):
        batches_in(Forever())


@pytest.mark.parametrize("one_shot", [True, False])
def test_batches_without_an_end_are_trained_on_for_so_many_steps(one_shot: bool) -> None:
    torch.manual_seed(0)
    model, data = tiny()
    taken = 0

    class Forever:
        def __iter__(self) -> Iterator[Any]:
            nonlocal taken
            while True:
                taken += 1
                yield data[taken % len(data)]

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=3, max_lr=0.1, steps=10, accumulation=2)
    loader = iter(Forever()) if one_shot else Forever()
    events = list(train(model, loader, optimizer, Supervised(nn.CrossEntropyLoss()), config))
    lrs = [event.lr for event in events if isinstance(event, BatchEvent)]
    assert len(lrs) == 10 and taken == 20, "no batch is drawn that is not trained on"
    assert lrs == pytest.approx(planned_lr(config, 10, 10))
    assert [event.epoch for event in events if isinstance(event, EpochEvent)] == [1, 2, 3]
    assert isinstance(events[-1], EndEvent) and events[-1].detail.startswith("All 10 steps were trained")


def test_steps_that_need_several_passes_go_through_the_data_again() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=12, steps=5 * len(data) + 1)
    events = list(train(model, data, optimizer, Supervised(nn.CrossEntropyLoss()), config))
    assert sum(isinstance(event, BatchEvent) for event in events) == 5 * len(data) + 1
    assert config.batches_of_epochs(7) == config.batches_of_epochs(0), "a pass says nothing then"
    assert TrainSettings(epochs=2).batches_of_epochs(7) == [7, 7]
    assert TrainSettings(epochs=12, steps=5).batches_of_epochs(7) == [1] * 5


def test_a_one_shot_iterator_that_ends_before_the_steps_do() -> None:
    model, data = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    config = TrainSettings(epochs=2, steps=4 * len(data))
    events = list(train(model, iter(data), optimizer, Supervised(nn.CrossEntropyLoss()), config))
    assert sum(isinstance(event, BatchEvent) for event in events) == len(data)
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "data_ended"


def test_validation_batches_that_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrgui.core.engine.batches.MOST_BATCHES", 50)
    batch = (torch.zeros(2, 4), torch.zeros(2, 4))
    with pytest.raises(ValueError, match="validation batches never end"):
        evaluate(nn.Flatten(), repeat(batch), Supervised(nn.MSELoss()), "cpu")


def test_many_validation_batches_are_not_taken_for_endless_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrgui.core.engine.batches.MOST_BATCHES", 3)
    batch = (torch.zeros(2, 4), torch.ones(2, 4))
    assert evaluate(nn.Flatten(), [batch] * 5, Supervised(nn.MSELoss()), "cpu").loss == 1


def test_one_epoch_is_told_as_one() -> None:
    assert ending(digits(TrainSettings(epochs=1, max_lr=0.05))).detail.startswith(
        "The epoch was trained with OneCycle, max LR 5e-2"
    )
