"""`find_lr(budget=…)`: the recommendation is measured where the sweep is not sure, as far as the budget allows."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lrgui
from lrgui.core.control import Control
from lrgui.core.events import CandidateEvent, Event


def noisy(random: bool = False) -> tuple[nn.Module, DataLoader[Any]]:
    """A line with as much noise as signal, a few examples at a time; or targets that nothing predicts."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 4, generator=generator)
    noise = torch.randn(400, 1, generator=generator)
    torch.manual_seed(0)
    return nn.Linear(4, 1), DataLoader(TensorDataset(x, noise if random else x.sum(1, keepdim=True) + noise), 2)


def find(budget: Any, net: nn.Module | None = None, loader: Any = None, **more: Any) -> Any:
    usual, batches = noisy()
    return lrgui.find_lr(
        net or usual,
        batches if loader is None else loader,
        nn.functional.mse_loss,
        torch.optim.SGD,
        seed=0,
        progress=False,
        budget=budget,
        **more,
    )


def test_where_the_sweep_is_not_sure_it_is_measured() -> None:
    net, _ = noisy()
    before = copy.deepcopy(net.state_dict())
    found = find("900 steps", net)
    assert found.reading.read is not None and found.reading.read.confidence != "high"
    assert found.measured and found.lr is not None and found.verified.steps <= 900 - len(found.curve)
    assert found.lr == pytest.approx(found.verified.lr) and found.confidence in ("high", "medium", "low")
    assert "measured · confidence" in str(found) and "★ measured" in str(found) and "trained" in str(found)
    assert found.verified.table()[1][0][1] in found._repr_html_()
    assert all(torch.equal(one, net.state_dict()[key]) for key, one in before.items()), "all is put back"


def test_what_was_read_stays_in_sight(tmp_path: Path) -> None:
    found = find("900 steps")
    document = json.loads(found.save_json(tmp_path / "run.json").read_text())
    assert document["measured"] is True and document["read"]["confidence"] != "high"
    assert document["race"]["steps"]["made"] == found.verified.steps


def test_a_sure_one_is_kept() -> None:
    x = torch.randn(512, 4)
    loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), 64)
    found = find("5000 steps", loader=loader, end_lr=10.0)
    assert found.confidence == "high" and not found.measured and found.verified is None
    assert any("nothing was measured" in note for note in found.notes)


def test_too_small_a_budget_is_said_and_keeps_what_was_read() -> None:
    alone, found = find(None), find("250 steps")
    assert (found.lr, found.confidence, found.measured) == (alone.lr, alone.confidence, False)
    assert any("The budget of 250 steps is too small to measure" in note for note in found.notes)


def test_where_no_training_helps_there_is_no_recommendation() -> None:
    net, loader = noisy(random=True)
    nn.init.zeros_(net.weight)  # type: ignore[arg-type]
    nn.init.zeros_(net.bias)  # type: ignore[arg-type]
    found = find("900 steps", net, loader, validation=[(torch.zeros(8, 4), torch.zeros(8, 1))])
    if found.reading.read is not None:
        assert found.lr is None and "ended worse than the untrained model" in found.reason


def test_a_wrong_budget_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValueError, match="The budget cannot be “soon”"):
        find("soon")


def test_a_race_that_is_stopped_keeps_the_sweep_and_what_was_raced() -> None:
    control, seen = Control(), list[Event]()

    def stop(event: Event) -> None:
        seen.append(event)
        if isinstance(event, CandidateEvent) and event.candidate == 2:
            control.cancel()

    found = find("900 steps", control=control, on_event=stop)
    assert any(isinstance(event, CandidateEvent) for event in seen)
    assert found.end.reason != "cancelled" and len(found.curve) > 100
    assert found.verified.end.reason == "cancelled" and not found.measured


def test_a_loader_that_runs_once_is_not_raced() -> None:
    x = torch.randn(2000, 4)
    batches = iter([(x[i : i + 2], x[i : i + 2].sum(1, keepdim=True) + torch.randn(2, 1)) for i in range(0, 2000, 2)])
    found = find("900 steps", loader=batches)
    assert not found.measured and any("can be read only once" in note for note in found.notes)
