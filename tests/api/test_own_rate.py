"""The optimizer's own rate in `find_lr`: how far the range reaches because of it, and where it lies."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import pytest
import torch
from torch import nn

import lrgui

BATCHES = [(torch.randn(16, 4), torch.randn(16, 1))] * 4


def find(optimizer: Any, net: nn.Module, **more: Any) -> Any:
    return lrgui.find_lr(
        net, BATCHES, nn.functional.mse_loss, optimizer, progress=False, **{"steps": 12, "stop_factor": 0, **more}
    )


@pytest.mark.parametrize(
    ("make", "end"),
    [
        (lambda net: torch.optim.SGD(net.parameters(), lr=20), 200.0),
        (lambda net: torch.optim.Adadelta, 10.0),
        (lambda net: partial(torch.optim.SGD, lr=2), 20.0),
        (lambda net: torch.optim.SGD, 1.0),
        (lambda net: "adam", 1.0),
        (lambda net: None, 1.0),
    ],
)
def test_a_range_that_nobody_chose_reaches_beyond_it(make: Any, end: float) -> None:
    net = nn.Linear(4, 1)
    found = find(make(net), net)
    assert found.config.end_lr == pytest.approx(end)
    assert any(f"goes up to {end:g}: ten times" in note for note in found.notes) == (end != 1)
    chosen = find(make(net), net, end_lr=1.0)
    assert chosen.config.end_lr == 1 and not any("ten times" in note for note in chosen.notes)


def test_of_groups_that_keep_their_rate_it_does_not_count() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(
        [{"params": net[0].parameters(), "lr": 5.0}, {"params": net[1].parameters(), "lr": 0.01}], lr=1e-3
    )
    assert find(optimizer, net).config.end_lr == 50
    alone = find(optimizer, net, param_groups=[1])
    assert alone.config.end_lr == 1 and alone.own_lr == pytest.approx(0.01)
    assert [part.own_lr for part in find(optimizer, net, param_groups="each").groups.values()] == [5.0, 0.01]


def test_it_is_said_in_every_form_of_the_result() -> None:
    net = nn.Linear(4, 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(torch.optim.SGD(net.parameters(), lr=1e-3), 3e-6, total_steps=50)
    found = find(schedule.optimizer, net, steps=60)
    assert found.own_lr == pytest.approx(3e-6), "the schedule's maximum"
    words = found.reading.own_words
    assert words.startswith("Your optimizer's 3e-6 ")
    assert words in " ".join(str(found).split()) and escape(words) in found._repr_html_()


def test_nobody_chose_the_rate_of_no_optimizer() -> None:
    found = find(None, nn.Linear(4, 1))
    assert found.own_lr is None and found.reading.own_words == ""


def test_without_a_recommendation_the_optimizer_keeps_its_own_and_is_told_so() -> None:
    net = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    found = find(optimizer, net, steps=5)
    assert found.lr is None
    with pytest.raises(ValueError, match=r"The optimizer keeps its own \(2e-2\)"):
        found.apply(optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.02
