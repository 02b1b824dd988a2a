"""The race: equal chances, halving, what it costs, how it ends, and that nothing is left changed."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrgui.core.control import Control
from lrgui.core.engine.race import race
from lrgui.core.engine.readback import Readings, at_once
from lrgui.core.engine.validation import Probe
from lrgui.core.events import CandidateEvent, EndEvent, Event, StandingEvent, StateEvent, UntrainedEvent
from lrgui.core.run_settings import RaceSettings, TrainSettings
from lrgui.core.schedule_shapes import planned_lr
from lrgui.core.standings import Standings

#: A fixed field of three rounds.
SMALL = RaceSettings(around=0.05, rates=5, steps=16)
#: Losses of the untrained model are measured first, so many where there is no validation data.
FIRST = {8: 2, 14: 3, 16: 3, 20: 4}


def loss(model: nn.Module, batch: Any) -> torch.Tensor:
    x, y = batch
    return nn.functional.mse_loss(model(x), y)


def parts(shuffled: bool = True, momentum: float = 0.9) -> tuple[nn.Module, DataLoader[Any], torch.optim.Optimizer]:
    torch.manual_seed(3)
    x = torch.randn(96, 4)
    y = x @ torch.randn(4, 1) + 0.05 * torch.randn(96, 1)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.BatchNorm1d(8), nn.Dropout(0.1), nn.Linear(8, 1))
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=shuffled)
    return model, loader, torch.optim.SGD(model.parameters(), lr=0.123, momentum=momentum)


def probe(loader: DataLoader[Any]) -> Probe:
    return Probe(lambda model, batch: (loss(model, batch), 0.5), list(loader))


def run(config: RaceSettings = SMALL, control: Control | None = None, **more: Any) -> list[Event]:
    model, loader, optimizer = parts()
    return list(race(model, loader, optimizer, loss, config, control, **more))


def state(model: nn.Module, optimizer: torch.optim.Optimizer) -> list[Any]:
    return [
        {name: value.clone() for name, value in model.state_dict().items()},
        [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups],
        len(optimizer.state),
        torch.get_rng_state(),
        [module.training for module in model.modules()],
    ]


def same(one: list[Any], other: list[Any]) -> bool:
    weights = all(torch.equal(one[0][name], other[0][name]) for name in one[0])
    return weights and one[1:3] == other[1:3] and torch.equal(one[3], other[3]) and one[4] == other[4]


def test_the_worse_half_leaves_after_each_round_and_the_cost_is_what_was_said() -> None:
    config = RaceSettings(around=0.05, rates=7, steps=32)
    events = run(config)
    trained = [e for e in events if isinstance(e, CandidateEvent)]
    assert len(trained) == config.total_steps() == 7 * 8 + 4 * 16 + 3 * 32
    by_round = [{e.candidate for e in trained if e.round == number} for number in range(3)]
    assert [len(racing) for racing in by_round] == [7, 4, 3]
    assert by_round[2] < by_round[1] < by_round[0]
    for number in (0, 1):
        said = [e for e in events if isinstance(e, StandingEvent) and e.round == number]
        alive = {e.candidate for e in said[len(said) // 2 :] if e.alive}
        assert alive == by_round[number + 1]
        stays = [e.loss for e in said if e.candidate in alive]
        leaves = [e.loss for e in said if e.candidate not in alive]
        assert max(stays) <= min(leaves)
    assert isinstance(events[-1], EndEvent) and events[-1].reason == "completed"


def test_the_pick_runs_first_and_then_ever_farther_from_it() -> None:
    order = list(dict.fromkeys(e.candidate for e in run() if isinstance(e, CandidateEvent) and e.round == 0))
    assert order == [2, 1, 3, 0, 4]


def test_all_have_the_same_weights_data_and_dropout() -> None:
    """At the same rate every candidate would do exactly the same; the first loss comes before any step."""
    events = run()
    first = {e.loss for e in events if isinstance(e, CandidateEvent) and e.step == 0}
    assert len(first) == 1
    # A candidate's second training begins as its first did, and the whole race can be repeated.
    assert [e.loss for e in run() if isinstance(e, CandidateEvent)] == [
        e.loss for e in events if isinstance(e, CandidateEvent)
    ]


def test_the_order_of_the_data_is_the_same_for_all() -> None:
    model, loader, optimizer = parts()
    seen: list[tuple[int, ...]] = []

    def noting(m: nn.Module, batch: Any) -> torch.Tensor:
        seen.append(tuple((batch[0].sum(1) * 1e4).long().tolist()))
        return loss(m, batch)

    config = RaceSettings(around=0.05, rates=3, rounds=1, steps=14)
    list(race(model, loader, optimizer, noting, config))
    before, seen = seen[:3], seen[3:]
    assert before == seen[:3]
    assert seen[:14] == seen[14:28] == seen[28:]
    assert len(set(seen[:14])) == 14  # two passes and a bit, in another order each


@pytest.mark.parametrize(
    "name",
    ["sgd", "plain", "adam", "rmsprop"],
)
def test_each_training_is_a_one_cycle_of_the_rounds_length_momentum_cycled_only_where_in_use(name: str) -> None:
    model, loader, _ = parts()
    make: dict[str, Any] = {
        "sgd": lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9),
        "plain": lambda p: torch.optim.SGD(p, lr=1.0),
        "adam": lambda p: torch.optim.Adam(p, lr=1.0),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=1.0),
    }
    optimizer = make[name](model.parameters())
    used: list[tuple[float, float]] = []

    def noting(m: nn.Module, batch: Any) -> torch.Tensor:
        group = optimizer.param_groups[0]
        used.append((group["lr"], group["betas"][0] if "betas" in group else group["momentum"]))
        return loss(m, batch)

    config = RaceSettings(around=1e-3, rates=3, rounds=2, steps=20)
    list(race(model, loader, optimizer, noting, config))
    rates = [lr for lr, _ in used[FIRST[20] :]]
    middle = config.lrs()[1]
    assert rates[:10] == pytest.approx(planned_lr(TrainSettings(max_lr=middle), 10, 10).tolist())
    assert rates[30:50] == pytest.approx(planned_lr(TrainSettings(max_lr=middle), 20, 20).tolist())
    momenta = {momentum for _, momentum in used[FIRST[20] :]}
    assert (len(momenta) > 1) == (name in ("sgd", "adam"))
    assert name in ("sgd", "adam") or momenta == {0}


def test_groups_keep_the_ratio_of_their_rates() -> None:
    model, loader, _ = parts()
    optimizer = torch.optim.SGD(
        [{"params": model[0].parameters(), "lr": 0.02}, {"params": model[4].parameters(), "lr": 0.2}]  # type: ignore[index]
    )
    seen: list[tuple[float, float]] = []

    def noting(m: nn.Module, batch: Any) -> torch.Tensor:
        seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"]))
        return loss(m, batch)

    list(race(model, loader, optimizer, noting, SMALL))
    seen = seen[FIRST[16] :]
    assert all(small == pytest.approx(large / 10) for small, large in seen)
    assert max(large for _, large in seen) == pytest.approx(SMALL.lrs()[-1], rel=0.05)


def test_everything_is_put_back() -> None:
    model, loader, optimizer = parts()
    model[1].eval()  # type: ignore[index]
    judge = probe(loader)
    before = state(model, optimizer)
    list(race(model, loader, optimizer, loss, SMALL, probe=judge))
    assert same(before, state(model, optimizer))


def test_everything_is_put_back_after_an_exception_and_when_the_race_is_left() -> None:
    model, loader, optimizer = parts()
    before = state(model, optimizer)
    calls = iter(range(1000))

    def breaking(m: nn.Module, batch: Any) -> torch.Tensor:
        if next(calls) == 11:
            raise RuntimeError("broken")
        return loss(m, batch)

    with pytest.raises(RuntimeError, match="broken"):
        list(race(model, loader, optimizer, breaking, SMALL))
    assert same(before, state(model, optimizer))
    events = race(model, loader, optimizer, loss, SMALL)
    for _ in range(9):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert same(before, state(model, optimizer))


def test_who_diverges_is_out_at_once() -> None:
    config = RaceSettings(around=30.0, rates=7, octaves=2, steps=64)
    model, loader, optimizer = parts(momentum=0.0)
    model = nn.Sequential(nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    events = list(race(model, loader, optimizer, loss, config))
    standings = Standings(config)
    standings.add(events)
    assert math.isinf(standings.scores[0, 6]) and math.isfinite(standings.scores[0, 0])
    steps = [e for e in events if isinstance(e, CandidateEvent) and e.candidate == 6]
    assert len(steps) < 16 and all(e.round == 0 for e in steps)
    said = next(e for e in events if isinstance(e, StandingEvent) and e.candidate == 6)
    assert not said.alive and math.isinf(said.loss)
    ranking = standings.ranking()
    assert ranking.rows[-1].diverged and ranking.lr is not None and ranking.lr < 10


def test_where_all_diverge_the_race_ends_and_says_what_to_try() -> None:
    model, loader, _ = parts()
    model = nn.Sequential(nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    events = list(race(model, loader, optimizer, loss, RaceSettings(around=1e9, steps=40)))
    assert isinstance(events[-1], EndEvent)
    assert "diverged: race again around a lower one" in events[-1].detail
    assert all(e.round == 0 for e in events if isinstance(e, CandidateEvent))


def test_validation_losses_decide_where_there_are_such() -> None:
    model, loader, optimizer = parts()
    values = iter(
        [6.0, 5.0, 4.0, 3.0, 2.0, 1.0, *[1.0] * 20]
    )  # untrained, then in the order in which they run: 2, 1, 3, 0, 4
    decided = Probe(lambda m, batch: (next(values), None), [next(iter(loader))])
    events = list(race(model, loader, optimizer, loss, SMALL, probe=decided))
    out = {e.candidate for e in events if isinstance(e, CandidateEvent) and e.round == 1}
    assert out == {0, 3, 4}


def test_a_metric_decides_where_it_is_asked_for_and_is_needed_then() -> None:
    model, loader, optimizer = parts()
    values = iter([0.1, 0.8, 0.5, 0.9])  # untrained, then the middle, below and above
    measured = Probe(lambda m, batch: (1.0, next(values)), [next(iter(loader))])
    config = RaceSettings(around=0.05, steps=8, trainings=3, judge="metric")
    events = list(race(model, loader, optimizer, loss, config, probe=measured, metric_name="accuracy"))
    end = events[-1]
    assert isinstance(end, EndEvent) and "the best training was 1.2e-1 (accuracy 90.0 %)" in end.detail
    standings = Standings(config, "accuracy")
    standings.add(events)
    assert [row.metric for row in standings.ranking().rows] == pytest.approx([0.9, 0.8, 0.5])
    for probed, name, words in (
        (None, "accuracy", "there is no validation data"),
        (measured, "", "there is no metric"),
        (measured, "agreement", "“agreement” does not say whether a higher one is better"),
    ):
        with pytest.raises(ValueError, match=words):
            list(race(model, loader, optimizer, loss, config, probe=probed, metric_name=name))


def test_without_validation_the_last_training_losses_decide() -> None:
    events = run(RaceSettings(around=0.05, rates=3, rounds=1, steps=20))
    trained = [e.loss for e in events if isinstance(e, CandidateEvent) and e.candidate == 0]
    said = next(e for e in events if isinstance(e, StandingEvent) and e.candidate == 0)
    assert said.loss == pytest.approx(sum(trained[-4:]) / 4)


def test_a_cancelled_race_has_the_ranking_so_far() -> None:
    control, seen = Control(), []
    model, loader, optimizer = parts()
    before = state(model, optimizer)
    for event in race(model, loader, optimizer, loss, SMALL, control):
        seen.append(event)
        if isinstance(event, StandingEvent) and event.round == 1:
            control.cancel()
    end = seen[-1]
    assert isinstance(end, EndEvent) and end.reason == "cancelled"
    assert "After 1 of 3 rounds" in end.detail and f"of {SMALL.total_steps()} steps" in end.detail
    assert same(before, state(model, optimizer))


def test_a_paused_race_waits() -> None:
    control, seen = Control(), []
    model, loader, optimizer = parts()
    for event in race(model, loader, optimizer, loss, SMALL, control):
        seen.append(event)
        if isinstance(event, CandidateEvent) and len(seen) == 3:
            control.pause()
        if event == StateEvent("paused"):
            threading.Timer(0.05, control.resume).start()
    states = [e.state for e in seen if isinstance(e, StateEvent)]
    assert states == ["paused", "running"]
    assert isinstance(seen[-1], EndEvent) and seen[-1].reason == "completed"


def test_losses_that_arrive_late_as_on_an_accelerator_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    soon = [event for event in run() if not isinstance(event, EndEvent)]
    monkeypatch.setattr("lrgui.core.engine.race.readings_for", lambda _device, _waits: Readings(at_once, 2))
    late = [event for event in run() if not isinstance(event, EndEvent)]

    def said(events: list[Event]) -> list[tuple[float, ...]]:
        return [
            (e.round, e.candidate, e.step, e.loss) if isinstance(e, CandidateEvent) else (e.round, e.candidate, e.loss)
            for e in events
            if isinstance(e, CandidateEvent | StandingEvent)
        ]

    assert said(late) == said(soon)


def test_batches_that_come_once_cannot_race() -> None:
    model, loader, optimizer = parts()
    before = state(model, optimizer)

    def once() -> Iterator[Any]:
        yield from loader

    with pytest.raises(ValueError, match="on the same batches repeatedly"):
        list(race(model, once(), optimizer, loss, SMALL))
    assert same(before, state(model, optimizer))


def test_accumulation_clipping_and_bf16_are_as_in_the_training() -> None:
    model, loader, optimizer = parts()
    calls = []

    def counting(m: nn.Module, batch: Any) -> torch.Tensor:
        calls.append(torch.is_autocast_enabled("cpu"))
        return loss(m, batch)

    config = RaceSettings(around=0.05, rates=3, rounds=1, steps=8, accumulation=2, clip_grad_norm=0.5, amp="bf16")
    events = list(race(model, loader, optimizer, counting, config))
    assert len([e for e in events if isinstance(e, CandidateEvent)]) == 24
    assert len(calls) == FIRST[8] * 2 + 48 and all(calls)


# ---------------------------------------------------------------- bracketing
def test_a_race_brackets_and_its_cost_is_within_what_was_said() -> None:
    config = RaceSettings(around=0.05, steps=16)
    events = run(config)
    order = list(dict.fromkeys(e.candidate - config.middle for e in events if isinstance(e, CandidateEvent)))
    assert order[:3] == [0, -1, 1] and len(order) <= 5
    steps = [e for e in events if isinstance(e, CandidateEvent)]
    assert (
        len(steps) <= 16 * len(order) <= config.total_steps()
        and {e.steps for e in steps} == {16}
        and {e.round for e in steps} == {0}
    )
    standings = Standings(config)
    standings.add(events)
    assert standings.complete(0) and standings.ranking().lr is not None
    assert isinstance(events[-1], EndEvent) and events[-1].detail == standings.ranking().reason


@pytest.mark.parametrize(("around", "sides"), [(1e-4, 1), (50.0, -1)])
def test_it_walks_towards_the_better_rates(around: float, sides: int) -> None:
    _, loader, _ = parts()
    model = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters())
    config = RaceSettings(around=around, steps=12)
    events = list(race(model, loader, optimizer, loss, config, probe=probe(loader)))
    tried = {e.candidate - config.middle for e in events if isinstance(e, StandingEvent)}
    assert tried == {0, -sides, sides, 2 * sides, 3 * sides}
    assert "race again around it" in events[-1].detail  # type: ignore[union-attr]


def test_the_untrained_model_is_measured_as_the_candidates_are() -> None:
    model, loader, optimizer = parts()
    judge = probe(loader)
    expected = float(judge(model)[0])
    events = list(race(model, loader, optimizer, loss, SMALL, probe=judge))
    (untrained,) = [e for e in events if isinstance(e, UntrainedEvent)]
    assert events.index(untrained) == 0
    assert untrained.loss == pytest.approx(expected) and untrained.metric == 0.5
    # Without validation data: the mean loss of the first batches, which all candidates begin with.
    events = run()
    (untrained,) = [e for e in events if isinstance(e, UntrainedEvent)]
    first = next(e.loss for e in events if isinstance(e, CandidateEvent))
    assert untrained.loss == pytest.approx(first, rel=0.5) and untrained.metric is None


def test_random_labels_have_no_winner() -> None:
    """What is learned of them is wrong for other examples: every rate does harm."""
    torch.manual_seed(0)
    x, y = torch.randn(64, 8), torch.randint(0, 4, (64,))
    held_out = [(torch.randn(400, 8), torch.randint(0, 4, (400,)))]
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    nn.init.zeros_(model[2].weight)
    nn.init.zeros_(model[2].bias)
    loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)

    def guess(m: nn.Module, batch: Any) -> torch.Tensor:
        return nn.functional.cross_entropy(m(batch[0]), batch[1])

    optimizer = torch.optim.Adam(model.parameters())
    config = RaceSettings(around=0.02, steps=60)
    judge = Probe(lambda m, batch: (guess(m, batch), None), held_out)
    events = list(race(model, loader, optimizer, guess, config, probe=judge))
    (untrained,) = [e for e in events if isinstance(e, UntrainedEvent)]
    losses = [e.loss for e in events if isinstance(e, StandingEvent)]
    assert untrained.loss == pytest.approx(math.log(4)) and min(losses) > untrained.loss
    standings = Standings(config)
    standings.add(events)
    assert standings.ranking().lr is None
    assert isinstance(events[-1], EndEvent) and "worse than the untrained model" in events[-1].detail


def test_batches_that_are_left_out_do_not_count_for_the_untrained_model() -> None:
    model, loader, optimizer = parts()
    calls = iter(range(10_000))

    def every_other(m: nn.Module, batch: Any) -> torch.Tensor | None:
        return None if next(calls) % 2 else loss(m, batch)

    events = list(race(model, loader, optimizer, every_other, RaceSettings(around=0.05, trainings=3, steps=8)))
    (untrained,) = [e for e in events if isinstance(e, UntrainedEvent)]
    first = next(e.loss for e in events if isinstance(e, CandidateEvent))
    assert untrained.loss == pytest.approx(first)  # two batches, of which one had a loss


def test_a_race_cancelled_at_once_measures_nothing() -> None:
    control = Control()
    control.cancel()
    (end,) = run(control=control)
    assert isinstance(end, EndEvent) and end.reason == "cancelled"


def test_modes_can_be_left_alone() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1)).eval()
    batches = [(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(4)]
    seen: set[bool] = set()

    def loss(m: nn.Module, batch: Any) -> torch.Tensor:
        seen.add(m.training)
        return nn.functional.mse_loss(m(batch[0]), batch[1])

    config = RaceSettings(around=0.01, steps=8, trainings=3)
    for keep, mode in ((True, False), (False, True)):
        seen.clear()
        list(race(model, batches, torch.optim.SGD(model.parameters(), lr=0.1), loss, config, keep_modes=keep))
        assert seen == {mode} and not model.training
