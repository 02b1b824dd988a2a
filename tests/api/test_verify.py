"""`verify`: a race of the caller's own model, what it returns, and that nothing of theirs is changed."""

from __future__ import annotations

import copy
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrgui.api.result import Result
from lrgui.api.verified import Verified
from lrgui.api.verify import verify
from lrgui.core.control import Control
from lrgui.core.events import CandidateEvent, EndEvent, Event, StandingEvent, TaskEvent
from lrgui.core.formats import format_loss
from lrgui.core.learning_rate import format_lr

Data = tuple[torch.Tensor, torch.Tensor]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def data() -> Data:
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(160, 4, generator=draw)
    return x, x @ torch.randn(4, 1, generator=draw) + 0.05 * torch.randn(160, 1, generator=draw)


def loader(**more: Any) -> DataLoader[Any]:
    x, y = data()
    return DataLoader(TensorDataset(x[:128], y[:128]), batch_size=16, shuffle=True, **more)


def held_out() -> list[Data]:
    x, y = data()
    return [(x[128:], y[128:])]


def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.BatchNorm1d(12), nn.Linear(12, 1))


def small(**more: Any) -> Verified:
    net = model()
    settings: dict[str, Any] = {"lr": 0.05, "rates": 5, "steps": 16, "validation": held_out(), "seed": 3}
    return verify(net, loader(), nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=0.1), **{**settings, **more})


def test_a_winner_a_ranked_table_and_the_cost() -> None:
    verified = small()
    assert verified.end.reason == "completed" and verified.lr is not None
    assert 0.02 < verified.lr < 0.11
    assert [row.place for row in verified.rows] == [1, 2, 3, 4, 5]
    finalists = [row for row in verified.rows if row.round == 2]
    assert len(finalists) == 3 and finalists == sorted(finalists, key=lambda row: row.loss)
    assert verified.steps == verified.config.total_steps() == 5 * 4 + 3 * 8 + 3 * 16
    assert verified.validation and verified.seconds > 0


def test_a_race_brackets_unless_a_fixed_field_is_asked_for() -> None:
    verified = small(rates=None)
    assert verified.config.rates is None and 3 <= len(verified.rows) <= 5
    assert verified.steps <= len(verified.rows) * 16 and verified.lr is not None and verified.untrained is not None
    best = verified.rows[0]
    assert verified.lr == pytest.approx(best.lr, rel=0.7) and best.loss < verified.untrained
    around = next(row for row in verified.rows if row.lr == pytest.approx(0.05))
    near = best.loss + 0.02 * (verified.untrained - best.loss)
    assert verified.confirmed == (around.loss <= near)
    assert len(small(rates=None, trainings=3).rows) == 3


def test_where_every_training_is_worse_than_none_there_is_no_winner() -> None:
    net = nn.Linear(4, 1)
    with torch.no_grad():
        net.weight.zero_()
        net.bias.zero_()
    x = data()[0]
    labels = torch.Generator().manual_seed(2)
    wrong = [(x[:48], torch.randn(48, 1, generator=labels))] * 2
    held = [(x[48:], torch.randn(112, 1, generator=labels) * 0.1)]
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    verified = verify(net, wrong, nn.MSELoss(), optimizer, lr=0.05, steps=30, validation=held)
    assert verified.untrained is not None and all(row.loss > verified.untrained for row in verified.rows)
    assert verified.lr is None and not verified.confirmed and "worse than the untrained model" in verified.reason
    assert "Learning rate: none" in str(verified) and "No winner" in verified._repr_html_()
    legend = [text.get_text() for text in verified.plot(Figure().add_subplot()).get_legend().get_texts()]
    assert any(words.startswith("untrained") for words in legend) and not any("measured" in words for words in legend)


def test_everything_of_the_callers_stays_as_it_was() -> None:
    net, batches = model(), loader(generator=torch.Generator().manual_seed(5))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.123)
    net(data()[0]).sum().backward()
    optimizer.step()
    weights, memory = copy.deepcopy(net.state_dict()), copy.deepcopy(optimizer.state_dict())
    grads = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    random, own = torch.get_rng_state(), batches.generator.get_state()
    for seed in (None, 7):
        verify(net, batches, nn.MSELoss(), optimizer, lr=0.01, rates=3, steps=8, seed=seed)
        assert all(torch.equal(weights[k], v) for k, v in net.state_dict().items())
        assert str(memory) == str(optimizer.state_dict())
        assert all(torch.equal(a, b.grad) for a, b in zip(grads, net.parameters(), strict=True) if b.grad is not None)
        assert torch.equal(random, torch.get_rng_state())
        assert torch.equal(own, batches.generator.get_state())


def test_the_same_seed_gives_the_same_race() -> None:
    one, other, third = (small(seed=seed) for seed in (3, 3, 4))
    losses = [[row.loss for row in verified.rows] for verified in (one, other, third)]
    assert losses[0] == losses[1] != losses[2]


def test_a_function_makes_the_model_and_a_class_the_optimizer() -> None:
    verified = verify(model, loader(), nn.MSELoss(), torch.optim.AdamW, lr=0.02, rates=3, steps=8, device="cpu")
    assert verified.title == "Sequential · AdamW" and not verified.validation
    assert "training loss" in str(verified)


def test_a_result_is_raced_around(make: Callable[..., Result], doubtful: Result) -> None:
    result = make()
    assert result.lr is not None
    assert small(lr=None, result=result, rates=3).config.around == result.lr
    assert small(lr=None, result=doubtful, rates=3).config.around == doubtful.best_guess


def test_a_training_step_and_a_metric() -> None:
    net = model()

    def step(m: nn.Module, batch: Data) -> torch.Tensor:
        return nn.functional.mse_loss(m(batch[0]), batch[1])

    def near(m: nn.Module, batch: Data) -> float:
        return float(((m(batch[0]) - batch[1]).abs() < 0.5).float().mean())

    verified = verify(net, loader(), training_step=step, metric=near, validation=held_out(), lr=0.02, rates=3, steps=8)
    assert all(row.metric is not None and 0 <= row.metric <= 1 for row in verified.rows)
    assert "near" in str(verified)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lr": None}, "Pass the rate to race around"),
        ({"result": object()}, r"lr=… .* or result=… .*, not both\."),
        ({"lr": 0.0}, "cannot be “0”"),
        ({"rates": 2}, "The rates of a fixed field cannot be “2”"),
        ({"metric": lambda o, t: 0.0, "validation": None}, "needs validation batches"),
        ({"amp": "fp8"}, "Precision cannot be"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        small(**settings)


def test_a_cancelled_race_gives_the_ranking_so_far() -> None:
    control = Control()

    def watch(event: Event) -> None:
        if isinstance(event, StandingEvent) and event.round == 1:
            control.cancel()

    verified = small(control=control, on_event=watch)
    assert verified.end.reason == "cancelled" and verified.lr is not None
    assert str(verified).count("a safety step (÷1.19) below") == 1


def test_an_error_of_the_callers_passes_through_at_first_and_ends_the_race_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    net = model()
    for allowed, steps in ((0, 0), (30, 30)):
        calls = iter(range(1000))

        def breaking(m: nn.Module, batch: Data, calls: Any = calls, allowed: int = allowed) -> torch.Tensor:
            if next(calls) == allowed:
                raise RuntimeError("my own mistake")
            return nn.functional.mse_loss(m(batch[0]), batch[1])

        if not steps:
            with pytest.raises(RuntimeError, match="my own mistake"):
                verify(net, loader(), training_step=breaking, lr=0.02, rates=5, steps=16)
            continue
        verified = verify(net, loader(), training_step=breaking, lr=0.05, steps=16)
        assert verified.end.reason == "failed" and "my own mistake" in verified.end.traceback
        assert verified.lr is not None and verified.steps == 27  # three more batches measured the untrained model
        assert "The race ended early" in capsys.readouterr().err


def test_ctrl_c_passes_through_a_script_and_everything_is_put_back() -> None:
    net = model()
    before = copy.deepcopy(net.state_dict())

    def stop(event: Event) -> None:
        if isinstance(event, CandidateEvent) and event.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(net, loader(), nn.MSELoss(), lr=0.02, rates=3, steps=8, on_event=stop)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


def test_the_events_come_as_they_happen() -> None:
    events: list[Event] = []
    verified = small(on_event=events.append)
    assert isinstance(events[0], TaskEvent) and events[0].steps == verified.config.total_steps()
    assert isinstance(events[-1], EndEvent)
    assert sum(isinstance(e, CandidateEvent) for e in events) == verified.steps


def test_words_and_html_hold_the_table() -> None:
    verified = small(title="nets <b> & co")
    words, html = str(verified), verified._repr_html_()
    assert words.startswith("nets <b> & co\nLearning rate: ")
    for row in verified.rows:
        assert f"{format_lr(row.lr)}" in words and f"{format_lr(row.lr)}" in html
    assert "<Verified nets <b> & co: " in repr(verified)
    ET.fromstring(html)
    ax = verified.plot(Figure().add_subplot())
    heights: dict[str, list[float]] = {}
    for bars in ax.containers:
        heights.setdefault(bars.get_label(), []).append(bars.patches[0].get_height())
    rows = sorted(verified.rows, key=lambda row: row.candidate)
    assert heights["training"] == [row.loss for row in rows if row.alive]
    assert heights["left after a shorter round"] == [row.loss for row in rows if not row.alive]
    assert len(ax.patches) == 5 and len(heights["training"]) == 3
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert f"measured: {format_lr(verified.lr)} (safety step ÷1.19)" in legend and "parabola" in legend
    assert f"lowest: {format_lr(verified.ranking.lowest)}" in legend
    assert f"untrained: {format_loss(verified.untrained)}" in legend


def test_a_race_where_all_diverge_is_drawn_too() -> None:
    net = nn.Linear(4, 1)
    verified = verify(net, loader(), nn.MSELoss(), torch.optim.SGD(net.parameters(), lr=1.0), lr=1e6, steps=40)
    assert verified.lr is None and all(math.isinf(row.loss) for row in verified.rows)
    assert "Learning rate: none" in str(verified)
    assert "No winner" in verified._repr_html_() or "none" in verified._repr_html_()
    ax = verified.plot(Figure().add_subplot())
    assert [text.get_text() for text in ax.texts] == ["diverged"] * len(verified.rows) and not ax.patches


def test_out_of_memory_the_advice_knows_the_accumulation() -> None:
    calls = iter(range(1000))

    def step(net: nn.Module, batch: Data) -> torch.Tensor:
        if next(calls) == 9:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return nn.functional.mse_loss(net(batch[0]), batch[1])

    net = model()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    verified = verify(
        net, loader(), optimizer=optimizer, training_step=step, lr=0.05, rates=3, steps=16, accumulation=2
    )
    assert verified.end.reason == "out_of_memory"
    assert "half the batch size (8) and an accumulation of 4" in verified.end.detail
