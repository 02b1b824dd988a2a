"""Looking on: what a script's training says of itself, with nothing changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from lrgui.core.control import Control
from lrgui.core.events import BatchEvent, EndReason, Event, OutputEvent, TaskEvent
from lrgui.core.formats import format_loss
from lrgui.script.sweeping import Script, SweepOver
from lrgui.script.watching import GRADIENT_NORM, ScriptWatch, gradient_norm


def train(steps: int, lr: float = 0.05, seen: Callable[[float], object] = lambda norm: None) -> torch.nn.Module:
    """A small training with a schedule; `seen` is told each gradient norm."""
    torch.manual_seed(0)
    x = torch.randn(32, 4)
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, 0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        (model(x) - x.sum(1, keepdim=True)).square().mean().backward()
        seen(torch.nn.utils.clip_grad_norm_(model.parameters(), 1e9).item())
        optimizer.step()
        schedule.step()
    return model


class Watched:
    """What was said while a script ran."""

    def __init__(self, script: Callable[[], object], control: Control | None = None) -> None:
        self.events: list[Event] = []
        self.follower = ScriptWatch(Script("train.py", 0, self.events.append, control or Control(), lambda rate: ""))
        self.raised: BaseException | None = None
        self.follower.hooks.install()
        try:
            script()
        except (KeyboardInterrupt, SweepOver) as error:
            self.raised = error
        finally:
            self.follower.hooks.remove()

    @property
    def steps(self) -> list[BatchEvent]:
        return [event for event in self.events if isinstance(event, BatchEvent)]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, OutputEvent)]


def test_it_sees_each_step_and_changes_nothing() -> None:
    norms: list[float] = []
    watched = Watched(lambda: train(25, seen=norms.append))
    assert [event.step for event in watched.steps] == list(range(25))
    assert [event.lr for event in watched.steps] == pytest.approx([0.05] * 10 + [0.025] * 10 + [0.0125] * 5)
    assert [event.metric for event in watched.steps] == pytest.approx(norms, rel=1e-5)
    (task,) = (event for event in watched.events if isinstance(event, TaskEvent))
    assert (task.metric_name, task.steps, task.own_lr) == (GRADIENT_NORM, 0, 0.05)
    end = watched.follower.ran_out()
    assert end.reason == EndReason.COMPLETED
    assert end.detail.startswith("train.py ended after 25 steps: the loss went from ")
    assert f"from {format_loss(watched.steps[0].loss)} to " in end.detail, "the first loss, as it was"
    facts = watched.follower.seen_facts()
    assert facts is not None
    assert (facts.own_lr, facts.last_lr, facts.highest_lr) == (0.05, 0.0125, 0.05)
    watched_weights = [torch.empty(0)]
    Watched(lambda: watched_weights.__setitem__(0, _weights(train(25))))
    assert torch.equal(watched_weights[0], _weights(train(25)))


def _weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in model.state_dict().values()])


def test_divergence_is_said_once_and_ends_nothing() -> None:
    def script() -> None:
        torch.manual_seed(0)
        weight = torch.ones(4, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=1.5)
        for _ in range(80):
            optimizer.zero_grad()
            weight.square().sum().backward()
            optimizer.step()

    watched = Watched(script)
    assert len(watched.steps) == 80
    (note,) = watched.notes
    assert note.startswith("Step ")
    assert "Training diverged: the loss became infinite. Lower max LR to 1.5e-1, a tenth" in note


def test_a_plateau_is_said_once() -> None:
    def script() -> None:
        torch.manual_seed(0)
        weight = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=1e-6)
        for _ in range(700):
            optimizer.zero_grad()
            (weight.sum() + 1 + 0.1 * torch.randn(())).backward()
            optimizer.step()

    (note,) = Watched(script).notes
    assert note.startswith("Plateau: the loss has not fallen for 300 steps (mean ")


def test_stopping_is_what_it_is_at_a_terminal() -> None:
    control, saved = Control(), list[str]()

    def script() -> None:
        try:
            train(10, seen=lambda norm: control.cancel())
        except KeyboardInterrupt:
            saved.append("weights")
            raise

    watched = Watched(script, control)
    assert isinstance(watched.raised, KeyboardInterrupt)
    assert saved == ["weights"]
    assert watched.follower.end is not None
    assert watched.follower.end.reason == EndReason.CANCELLED
    assert not watched.follower.looks_broken
    assert not watched.follower.is_beyond


def test_a_closure_and_a_hand_written_step() -> None:
    def script() -> None:
        weight = torch.ones(2, requires_grad=True)
        optimizer = torch.optim.LBFGS([weight], lr=0.1)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = weight.square().sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)  # type: ignore[arg-type]

    watched = Watched(script)
    assert len(watched.steps) == 3
    watched.follower.by_hand()
    watched.follower.by_hand()
    assert sum("changes its weights itself" in note for note in watched.notes) == 1


def test_gradients_without_a_norm() -> None:
    assert gradient_norm([]) is None
    embedding = torch.nn.Embedding(5, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    assert gradient_norm(list(embedding.parameters())) is None
    weight = torch.zeros(2, requires_grad=True)
    weight.grad = torch.tensor([3.0, 4.0])
    assert gradient_norm([weight, torch.zeros(1)]).item() == 5.0
