"""A script's own loop gives the curve that a sweep of ours gives on the same batches."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from lrgui.core.engine.guessing import Guessing
from lrgui.core.events import EndEvent, EndReason, TaskEvent
from lrgui.core.run_settings import SweepSettings

CONFIG = SweepSettings(start_lr=1e-4, end_lr=10.0, steps=30)
SHORT = SweepSettings(start_lr=1e-4, end_lr=1e-2, steps=8)


def loss_of(model: nn.Module, batch: Any) -> torch.Tensor:
    x, y = batch
    return functional.cross_entropy(model(x), y)


def again(batches: list[Any]) -> Iterator[Any]:
    while True:
        yield from batches


def test_an_ordinary_loop(follow: Any, ours: Any, model: nn.Module, batches: list[Any]) -> None:
    mine = copy.deepcopy(model)
    other = torch.optim.SGD(mine.parameters(), 0.1, momentum=0.9)
    expected = ours(mine, batches, other, CONFIG)
    seen: list[float] = []

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        for batch in again(batches):
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()
            schedule.step()
            seen.append(optimizer.param_groups[0]["lr"])

    done = follow(script, CONFIG)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]
    assert len(expected) > 20
    assert done.end.reason in (EndReason.DIVERGED, EndReason.COMPLETED)
    assert seen == pytest.approx([0.1 * 0.9 ** (n + 1) for n in range(len(seen))])  # the script's schedule goes on
    assert done.facts.schedule == "ExponentialLR"
    assert done.facts.own_lr == 0.1
    assert done.facts.last_lr == pytest.approx(seen[-1], rel=1e-6)
    assert done.facts.optimizer == "SGD"
    assert done.facts.file == __file__
    assert done.facts.line > 0
    task = next(e for e in done.events if isinstance(e, TaskEvent))
    assert (task.name, task.schedule, task.optimizer_family) == ("train.py · SGD", "decay", "momentum")


def test_accumulation_and_groups_that_keep_their_ratio(
    follow: Any, ours: Any, model: nn.Module, batches: list[Any]
) -> None:
    config = SweepSettings(start_lr=1e-4, end_lr=1.0, steps=20, accumulation=2)

    def groups(model: Any) -> list[dict[str, Any]]:
        return [{"params": model[0].parameters(), "lr": 1e-3}, {"params": model[1:].parameters(), "lr": 1e-2}]

    mine = copy.deepcopy(model)
    expected = ours(mine, batches, torch.optim.AdamW(groups(mine)), config)

    def script() -> None:
        optimizer = torch.optim.AdamW(groups(model))
        for index, batch in enumerate(again(batches)):
            (loss_of(model, batch) / 2).backward()
            if index % 2:
                optimizer.step()
                optimizer.zero_grad()

    done = follow(script, config)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]
    assert done.facts.losses == 2
    assert done.facts.groups == 2
    guessed = Guessing()
    for _, batch in zip(range(2 * len(done.points)), again(batches), strict=False):
        guessed.add(loss_of(model, batch))
    assert (done.end.guessing, done.end.uniform) == (pytest.approx(guessed.loss), pytest.approx(guessed.uniform))
    assert guessed.loss is not None


@pytest.mark.parametrize("to_none", [True, False])
def test_gradients_that_are_clipped_after_each_micro_batch_are_not_cleared(
    follow: Any, model: nn.Module, batches: list[Any], to_none: bool
) -> None:
    expected: list[float] = []

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        parts = again(batches)
        while True:
            loss_of(model, next(parts)).backward()  # of something else: thrown away
            optimizer.zero_grad(set_to_none=to_none)
            losses = [loss_of(model, next(parts)) / 3 for _ in range(3)]
            expected.append(sum(loss.item() for loss in losses))
            for loss in losses:
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            optimizer.zero_grad(set_to_none=to_none)

    done = follow(script, SHORT)
    assert done.facts.losses == 3
    assert [loss for _, loss in done.points] == pytest.approx(expected[: len(done.points)])


def test_several_steps_at_each_rate(follow: Any, ours: Any, model: nn.Module, batches: list[Any]) -> None:
    config = SweepSettings(start_lr=1e-4, end_lr=1.0, steps=8, batches_per_lr=3, schedule="linear")
    mine = copy.deepcopy(model)
    expected = ours(mine, batches, torch.optim.Adam(mine.parameters()), config)

    def script() -> None:
        optimizer = torch.optim.Adam(model.parameters())
        for batch in again(batches):
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()

    done = follow(script, config)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]
    assert done.end.reason == EndReason.COMPLETED


def test_fp16s_scaler_is_divided_out(follow: Any, ours: Any, model: nn.Module, batches: list[Any]) -> None:
    mine = copy.deepcopy(model)
    expected = ours(mine, batches, torch.optim.SGD(mine.parameters(), 0.1), SHORT)

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu")
        for index, batch in enumerate(again(batches)):
            optimizer.zero_grad()
            scaled = scaler.scale(loss_of(model, batch))
            (scaled if index % 2 else scaled * 1.0).backward()  # also where something was done with it
            scaler.step(optimizer)
            scaler.update()

    done = follow(script, SHORT)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]


def test_fp16_that_overflows_again_and_again_is_a_divergence(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu")
        for index, batch in enumerate(again(batches)):
            optimizer.zero_grad()
            loss = loss_of(model, batch)
            scaler.scale(loss).backward()
            if index > 3:
                model[0].weight.grad.fill_(math.inf)  # type: ignore[union-attr]
            scaler.step(optimizer)
            scaler.update()

    done = follow(script, SHORT)
    assert len(done.points) == 4
    assert done.end.reason == EndReason.DIVERGED
    assert "overflowed 8 times" in done.end.detail


@pytest.mark.parametrize("in_a_list", [False, True])
@pytest.mark.parametrize("weights_of", [nn.Module.parameters, lambda model: list(model.parameters())])
@pytest.mark.parametrize("backward_too", [False, True])
def test_gradients_that_are_put_in_by_hand(
    follow: Any, ours: Any, model: nn.Module, batches: list[Any], backward_too: bool, weights_of: Any, in_a_list: bool
) -> None:
    """As after `torch.autograd.grad`; where a backward pass follows, the gradients were only looked at."""
    mine = copy.deepcopy(model)
    expected = ours(mine, batches, torch.optim.SGD(mine.parameters(), 0.1), SHORT)

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for batch in again(batches):
            optimizer.zero_grad()
            loss = loss_of(model, batch)
            outputs = [loss] if in_a_list else loss
            gradients = torch.autograd.grad(outputs, weights_of(model), retain_graph=backward_too)
            if backward_too:
                loss.backward()
            else:
                for weight, gradient in zip(model.parameters(), gradients, strict=True):
                    weight.grad = gradient
            optimizer.step()

    done = follow(script, SHORT)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]
    assert done.facts.losses == 1


def test_gradients_with_respect_to_something_else_are_no_loss(
    follow: Any, model: nn.Module, batches: list[Any]
) -> None:
    """A gradient penalty asks for those of the inputs."""
    told: list[float] = []

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for x, y in again(batches):
            x = x.clone().requires_grad_()
            loss = functional.cross_entropy(model(x), y)
            (slope,) = torch.autograd.grad(loss, x, create_graph=True)
            loss = loss + slope.square().sum()
            told.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    done = follow(script, SHORT)
    assert [loss for _, loss in done.points] == pytest.approx(told[: SHORT.steps])


def test_a_closure_that_the_step_calls(follow: Any, ours: Any, model: nn.Module, batches: list[Any]) -> None:
    mine = copy.deepcopy(model)
    expected = ours(mine, batches, torch.optim.SGD(mine.parameters(), 0.1), SHORT)

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for batch in again(batches):

            def closure(batch: Any = batch) -> torch.Tensor:
                optimizer.zero_grad()
                loss = loss_of(model, batch)
                loss.backward()
                return loss

            optimizer.step(closure)

    done = follow(script, SHORT)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]


def test_lbfgs_is_measured_at_the_weights_before_its_step(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    first: list[float] = []

    def script() -> None:
        optimizer = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=3)
        for batch in again(batches):
            losses = []

            def closure(batch: Any = batch, losses: list[float] = losses) -> torch.Tensor:
                optimizer.zero_grad()
                loss = loss_of(model, batch)
                loss.backward()
                losses.append(loss.item())
                return loss

            try:
                optimizer.step(closure)
            finally:
                first.append(losses[0])

    done = follow(script, SHORT)
    assert [loss for _, loss in done.points] == pytest.approx(first)
    assert done.end.reason == EndReason.COMPLETED


class Perturbed(torch.optim.Optimizer):
    """Sharpness-aware minimisation, as it is usually written."""

    def __init__(self, parameters: Any, **options: Any) -> None:
        super().__init__(parameters, options)
        self.base = torch.optim.SGD(self.param_groups, **options)
        self.param_groups = self.base.param_groups

    @torch.no_grad()
    def first(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["old"] = p.clone()
                p.add_(0.1 * p.grad)
        self.zero_grad()

    @torch.no_grad()
    def second(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.copy_(self.state[p]["old"])
        self.base.step()
        self.zero_grad()


def test_the_second_loss_of_sharpness_aware_steps_is_not_counted(
    follow: Any, model: nn.Module, batches: list[Any]
) -> None:
    first: list[float] = []

    def script() -> None:
        optimizer = Perturbed(model.parameters(), lr=0.1)
        for batch in again(batches):
            loss = loss_of(model, batch)
            first.append(loss.item())
            loss.backward()
            optimizer.first()
            loss_of(model, batch).backward()
            optimizer.second()

    done = follow(script, SHORT)
    assert [loss for _, loss in done.points] == pytest.approx(first)
    assert len(done.points) == SHORT.steps


class OwnStep(torch.optim.SGD):
    """A subclass that calls its parent's step: one step, not two."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad.mul_(0.5)
        return super().step(closure)


def test_a_step_within_a_step_is_one(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    def script() -> None:
        optimizer = OwnStep(model.parameters(), lr=0.1)
        for batch in again(batches):
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()

    done = follow(script, SHORT)
    assert len(done.points) == SHORT.steps
    assert done.sweep.hooks.counts.steps == SHORT.steps
    assert done.sweep.hooks.counts.backward == SHORT.steps


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("clear_first", [True, False])
def test_of_two_optimizers_each_has_its_own_loss(follow: Any, number: int, clear_first: bool) -> None:
    torch.manual_seed(0)
    critic, maker = nn.Linear(4, 1), nn.Linear(2, 4)
    told: dict[int, list[float]] = {0: [], 1: []}
    rates: dict[int, set[float]] = {0: set(), 1: set()}

    def script() -> None:
        optimizers = [torch.optim.Adam(critic.parameters(), 2e-4), torch.optim.Adam(maker.parameters(), 3e-4)]
        for _ in range(100):
            real, noise = torch.randn(8, 4), torch.randn(8, 2)
            if clear_first:
                for one in optimizers:
                    one.zero_grad()
            else:
                critic.zero_grad()
            on_real = functional.softplus(-critic(real)).mean()
            on_real.backward()
            fake = maker(noise)
            on_fake = functional.softplus(critic(fake.detach())).mean()
            on_fake.backward()
            told[0].append((on_real + on_fake).item())
            rates[0].add(optimizers[0].param_groups[0]["lr"])
            optimizers[0].step()
            if not clear_first:
                maker.zero_grad()
            loss = functional.softplus(-critic(fake)).mean()
            told[1].append(loss.item())
            loss.backward()
            rates[1].add(optimizers[1].param_groups[0]["lr"])
            optimizers[1].step()

    done = follow(script, SHORT, number)
    assert [loss for _, loss in done.points] == pytest.approx(told[number], rel=1e-6)
    assert len(done.points) == SHORT.steps
    assert rates == {0: {2e-4}, 1: {3e-4}}  # what the script sees are its own
    assert (done.facts.number, done.facts.optimizers) == (number, 2)


@pytest.mark.parametrize("number", [0, 1])
def test_steps_of_others_count_while_this_one_is_swept(
    follow: Any, model: nn.Module, batches: list[Any], number: int
) -> None:
    def script() -> None:
        body = torch.optim.SGD(model[:-1].parameters(), lr=0.1)
        head = torch.optim.Adam(model[-1:].parameters())
        for batch in again(batches):
            loss_of(model, batch).backward()
            body.step()
            head.step()

    facts = follow(script, SHORT, number).facts
    assert (facts.number, facts.optimizers, facts.steps, facts.meanwhile) == (number, 2, 8, 7)


def test_steps_before_and_after_a_sweep_are_not_made_meanwhile(
    followed: Any, model: nn.Module, batches: list[Any]
) -> None:
    one = followed(SHORT, 1)

    def script() -> None:
        for count, parts in ((4, model[:-1]), (5, model), (6, model[-1:])):
            optimizer = torch.optim.SGD(parts.parameters(), lr=0.1)
            for _ in range(count):
                loss_of(model, batches[0]).backward()
                optimizer.step()

    one.run(script)
    facts = one.sweep.seen_facts()
    assert (facts.number, facts.optimizers, facts.steps, facts.meanwhile) == (1, 3, 5, 0)


def test_a_rate_that_is_a_tensor(follow: Any, ours: Any, model: nn.Module, batches: list[Any]) -> None:
    mine = copy.deepcopy(model)
    expected = ours(mine, batches, torch.optim.Adam(mine.parameters(), torch.tensor(0.1)), SHORT)
    rate = torch.tensor(0.1)

    def script() -> None:
        optimizer = torch.optim.Adam(model.parameters(), lr=rate)
        for batch in again(batches):
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()
            assert optimizer.param_groups[0]["lr"] is rate

    done = follow(script, SHORT)
    assert done.points == [pytest.approx(point, rel=1e-6) for point in expected]


def test_a_warm_up_that_begins_at_nothing(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 4)
        for batch in again(batches):
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()
            schedule.step()

    done = follow(script, SHORT)
    assert len(done.points) == SHORT.steps
    assert (done.facts.own_lr, done.facts.highest_lr) == (0.0, pytest.approx(0.5 * 7 / 4))


def test_recomputed_parts_are_no_losses(follow: Any, batches: list[Any]) -> None:
    from torch.utils.checkpoint import checkpoint

    torch.manual_seed(0)
    inner, outer = nn.Linear(8, 8), nn.Linear(8, 4)
    told: list[float] = []

    def script() -> None:
        optimizer = torch.optim.SGD([*inner.parameters(), *outer.parameters()], lr=0.1)
        for x, y in again(batches):
            optimizer.zero_grad()
            hidden = checkpoint(inner, x.clone().requires_grad_(), use_reentrant=True)
            loss = functional.cross_entropy(outer(hidden), y)
            told.append(loss.item())
            loss.backward()
            optimizer.step()

    done = follow(script, SHORT)
    assert [loss for _, loss in done.points] == pytest.approx(told)
    assert done.facts.losses == 1


def test_a_loss_that_is_not_finite_at_once_is_no_fault_of_the_rate(
    follow: Any, model: nn.Module, batches: list[Any]
) -> None:
    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        (loss_of(model, batches[0]) * math.nan).backward()
        optimizer.step()

    done = follow(script, SHORT)
    assert done.end.reason == EndReason.BAD_BATCH
    assert "before anything was trained" in done.end.detail


@pytest.mark.parametrize("what", ["input", "infinite input", "target", "frozen below"])
def test_data_that_is_not_finite_is_no_fault_of_the_rate(
    follow: Any, model: nn.Module, batches: list[Any], what: str
) -> None:
    clean = batches[0][0].flatten(1)
    bad = clean.clone()
    bad[3, 2] = math.inf if what == "infinite input" else math.nan
    head = nn.Linear(clean.shape[1], clean.shape[1])

    def script() -> None:
        optimizer = torch.optim.Adam(head.parameters())
        for step in range(SHORT.steps):
            given = bad if step == 5 else clean
            if what == "target":
                loss = functional.mse_loss(head(clean), given)
            else:
                with torch.no_grad():
                    below = given.cos() if what == "frozen below" else given
                loss = head(below).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    done = follow(script, SHORT)
    assert done.end == EndEvent(
        EndReason.BAD_BATCH,
        "The data of step 6 contains NaN or infinite values, so its loss is not finite: clean the data.",
    )


@pytest.mark.parametrize("why", ["the loss function", "the weights"])
def test_what_is_not_finite_for_another_reason_is_not_blamed_on_the_data(follow: Any, why: str) -> None:
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    head = nn.Linear(4, 4)
    mask = torch.zeros(4).masked_fill(torch.arange(4) > 2, -math.inf)  # as attention has it

    def script() -> None:
        optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
        for step in range(SHORT.steps):
            scores = (head(x) + mask).softmax(1) * (x + mask).exp()
            loss = scores.mean()
            if step == 5 and why == "the loss function":
                loss = loss + (loss - loss).log()
            if step == 5 and why == "the weights":
                with torch.no_grad():
                    head.weight.fill_(math.nan)
                loss = head(x).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    assert follow(script, SHORT).end.reason == EndReason.NOT_FINITE


def test_a_run_that_is_cancelled_ends_at_the_next_step(followed: Any, model: nn.Module, batches: list[Any]) -> None:
    one = followed(SHORT)

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for index, batch in enumerate(again(batches)):
            if index == 3:
                one.control.cancel()
            loss_of(model, batch).backward()
            optimizer.step()

    done = one.run(script)
    assert len(done.points) == 3
    assert done.end == EndEvent(EndReason.CANCELLED, "Stopped after 3 of 8 steps; everything measured so far is kept.")


def test_a_script_that_catches_everything_is_ended_at_its_next_step(
    follow: Any, model: nn.Module, batches: list[Any]
) -> None:
    caught = 0

    def script() -> None:
        nonlocal caught
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for batch in again(batches):
            loss_of(model, batch).backward()
            try:
                optimizer.step()
            except BaseException:
                caught += 1
                if caught == 3:
                    raise

    done = follow(script, SHORT)
    assert len(done.points) == SHORT.steps
    assert done.end.reason == EndReason.COMPLETED


@pytest.mark.parametrize("hidden", [True, False])
def test_weights_that_are_changed_by_hand(follow: Any, model: nn.Module, batches: list[Any], hidden: bool) -> None:
    def script() -> None:
        for batch in again(batches):
            model.zero_grad()
            loss_of(model, batch).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    (parameter.data if hidden else parameter).sub_(0.1 * parameter.grad)

    done = follow(script, SHORT)
    assert done.end.reason == EndReason.FAILED
    assert done.end.detail == (
        "train.py changes its weights itself (4 forward passes, 3 backward passes, no optimizer step): use an "
        "optimizer of torch.optim, so that there is a rate to set."
    )


def test_many_micro_batches_are_no_change_by_hand(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    config = SweepSettings(start_lr=1e-4, end_lr=1e-2, steps=2)

    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for index, batch in enumerate(again(batches), start=1):
            (loss_of(model, batch) / 100).backward()
            if index % 100 == 0:
                optimizer.step()
                optimizer.zero_grad()

    done = follow(script, config)
    assert len(done.points) == 2
    assert done.facts.losses == 100


def test_a_script_that_stops_because_the_rates_are_low_is_told_so(
    follow: Any, model: nn.Module, batches: list[Any]
) -> None:
    """As early stopping does; and one that learned is just short."""

    def train(lr: float) -> Any:
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        for x, y in batches * 2:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    early = follow(lambda: train(0.1), SweepSettings(steps=100)).sweep.ran_out()
    assert early.reason == EndReason.DATA_ENDED
    assert early.detail == (
        "train.py ended after 20 of 100 steps, at 1.4e-5, where the loss had not fallen yet: if it stops by itself "
        "when the loss does not fall, switch that off for the sweep or begin nearer to its own rate (--from 1e-3); "
        "else let it train for longer, or sweep fewer steps (--steps 20)."
    )
    short = follow(lambda: train(1e-6), SweepSettings(steps=100)).sweep.ran_out()
    assert short.detail.startswith("train.py ended after 20 of 100 steps: let it train for longer")


def test_nothing_stays_behind(follow: Any, model: nn.Module) -> None:
    def now() -> tuple[Any, ...]:
        made = torch.optim.Optimizer.__init__
        return torch.autograd.backward, torch.autograd.grad, made, torch.amp.GradScaler.scale, list(warnings.filters)

    before = now()
    follow(lambda: model(torch.zeros(2, 8)), CONFIG)
    assert now() == before


def test_a_compiled_model_is_not_warned_of_our_hooks(follow: Any, model: nn.Module, batches: list[Any]) -> None:
    def script() -> None:
        compiled = torch.compile(model, backend="eager")
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for batch in again(batches):
            loss_of(compiled, batch).backward()
            optimizer.step()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert len(follow(script, SHORT).points) == SHORT.steps
    assert not [one for one in seen if "global hooks" in str(one.message)]


def trained(model: nn.Module, batches: list[Any], rate: Callable[[int], float], made: float) -> Callable[[], None]:
    def script() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=made)
        for step, batch in enumerate(again(batches)):
            optimizer.param_groups[0]["lr"] = rate(step)
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()

    return script


@pytest.mark.parametrize(
    ("rate", "made", "peak", "rising"),
    [
        (lambda k: 0.2 * min(1, (k + 1) / 50), 0.2, 0.2, False),  # its warm-up is longer than the sweep
        (lambda k: 0.2 * min(1, (k + 1) / 4) * (1 - k / 100), 0.2, 0.2, False),  # never quite there
        (lambda k: 0.2 * min(1, (k + 1) / 4), 0.01, 0.2, False),
        (lambda k: 0.2 * (k + 1) / 50, 0.01, 0.2 * 12 / 50, True),
        (lambda k: 0.05, 0.5, 0.05, False),  # what it was made with is never used
    ],
)
def test_a_rate_set_by_hand_counts_with_its_highest(
    follow: Any,
    model: nn.Module,
    batches: list[Any],
    rate: Callable[[int], float],
    made: float,
    peak: float,
    rising: bool,
) -> None:
    config = SweepSettings(start_lr=1e-5, end_lr=1e-3, steps=12)
    facts = follow(trained(model, batches, rate, made), config).facts
    assert (facts.peak_lr, facts.rising) == (pytest.approx(peak), rising)


@pytest.mark.parametrize("made", [1e-3, 2e-3, 4e-3])
@pytest.mark.parametrize(
    "schedule_of",
    [
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 4e-3, total_steps=500),
        lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda k: 4e-3 / o.defaults["lr"] * (0.1 if k < 50 else 1)),
    ],
)
def test_a_schedule_counts_with_its_maximum(
    model: nn.Module, batches: list[Any], followed: Any, made: float, schedule_of: Callable[[Any], Any]
) -> None:
    def script() -> None:
        optimizer = torch.optim.AdamW(model.parameters(), lr=made)
        schedule = schedule_of(optimizer)
        for batch in again(batches):
            optimizer.zero_grad()
            loss_of(model, batch).backward()
            optimizer.step()
            schedule.step()

    run = followed(SHORT)
    asked: list[float] = []
    run.sweep._script = replace(run.sweep._script, option=lambda rate: asked.append(rate) or "--lr")
    facts = run.run(script).facts
    assert (facts.peak_lr, facts.rising, facts.option) == (4e-3, False, "--lr")
    assert set(asked) == {4e-3}
